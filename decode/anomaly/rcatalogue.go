package anomaly

// recordEntries are about sections and the records in them.
var recordEntries = []entry{
	1:  {Malformed, Message, Either, Middlebox | Attack, "question-truncated", "RFC 1035 section 4.1.2", "The message ends before the type and class of a question."},
	2:  {Malformed, Message, Either, Middlebox | Server, "rr-header-truncated", "RFC 1035 section 4.1.3", "The message ends inside the type, class, TTL or length of a record."},
	3:  {Malformed, Message, Either, Middlebox | Server, "rdlen-overrun", "RFC 1035 section 4.1.3", "The data of a record are longer than what is left of the message."},
	4:  {Violation, Message, Either, Server, "rdlen-zero", "RFC 1035 section 3.3, RFC 2136 section 2.4", "A record has no data, which its type demands and only UPDATE leaves out."},
	5:  {Malformed, Message, Either, Server, "rdata-size-fixed", "RFC 1035 section 3.4.1, RFC 3596 section 2.2", "The data of a record do not have the one length that its type allows, or end inside a number."},
	6:  {Malformed, Message, Either, Server, "rdata-underrun", "RFC 1035 section 3.3", "The fields of a record's type do not fill its data."},
	7:  {Malformed, Message, Either, Server, "rdata-soa-short", "RFC 1035 section 3.3.13", "A SOA record is too short for its two names and five numbers."},
	8:  {Malformed, Message, Either, Server, "charstring-overrun", "RFC 1035 section 3.3", "A character string is longer than what is left of its record."},
	9:  {Violation, Message, Either, Server, "compressed-rdata-illegal", "RFC 3597 section 4", "A name is compressed in the data of a type where it must not be."},
	10: {Malformed, Message, Either, Server, "svcb-bad", "RFC 9460 section 2.2", "The parameters of an SVCB or HTTPS record overrun it, are out of order, repeat, or have a wrong length."},
	11: {Malformed, Message, Either, Server, "nsec-bitmap", "RFC 4034 section 4.1.2", "The windows of a type bitmap are empty, out of order or too long."},
	12: {Violation, Message, Response, Server, "nsec3-owner", "RFC 5155 section 3", "The first label of an NSEC3 record's owner is not a hash in base 32."},
	13: {Violation, Message, Either, Server | Attack, "rrsig-covers-meta", "RFC 4035 section 2.2, RFC 4034 section 3.1.1", "An RRSIG record signs a type that is never signed."},
	14: {Violation, Message, Either, Server, "ttl-msb", "RFC 2181 section 8", "The TTL has its highest bit set and counts as zero."},
	15: {Violation, Message, Response, Server, "ttl-mismatch-rrset", "RFC 2181 section 5.2", "The records of an RRset have different TTLs."},
	16: {Violation, Message, Response, Server, "singleton-dup", "RFC 2181 section 10.1, RFC 6672 section 2.4, RFC 1035 section 5.2", "A name has two different CNAME, DNAME or SOA records, of which there can be one."},
	17: {Suspicious, Message, Either, Server, "rr-duplicate", "RFC 2181 section 5", "The same record comes twice in a section."},
	18: {Suspicious, Message, Either, Server, "class-mismatch", "RFC 1034 section 3.7.1", "The class of a record is not the class asked for."},
	19: {Violation, Message, Either, Attack | Server, "question-only-type-as-rr", "RFC 6895 section 3.1, RFC 1035 section 3.2.3", "A record has a type that exists in questions only."},
	20: {Suspicious, Message, Either, Attack | Server | NotDNS, "reserved-type-or-class", "RFC 6895 section 3.1, RFC 6895 section 3.2, RFC 1035 section 3.3.10", "A record has type 0 or NULL, or a class that is reserved."},
	21: {Malformed, Message, Either, Server | Middlebox | Client, "trailing-bytes", "RFC 1035 section 4.1", "Bytes follow the last record that the header counts."},
	22: {Violation, Message, Either, Server | Middlebox, "trailing-is-opt", "RFC 6891 section 6.1.1", "The bytes after the last record are an OPT record that the header does not count."},
	23: {Suspicious, Message, Response, Server, "section-misplaced", "RFC 2308 section 2.2, RFC 2308 section 3", "A record is in a section where it means nothing, such as the SOA of a negative answer among the answers."},
	24: {Suspicious, Message, Response, Server, "response-no-question", "RFC 5452 section 9.1, RFC 6891 section 7", "The response lacks the question, so that nothing but ID and ports ties it to a query."},
}
