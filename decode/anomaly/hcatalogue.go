package anomaly

// headerEntries are about the twelve bytes of the header.
var headerEntries = []entry{
	1:  {Malformed, Message, Either, NotDNS | Attack | Middlebox, "msg-too-short", "RFC 1035 section 4.1.1", "The payload is shorter than the 12 bytes of a DNS header."},
	2:  {Suspicious, Pair, Response, Attack | Server | Middlebox, "qr-in-query", "RFC 1035 section 4.1.1", "A response came to the port of a server that had asked nothing."},
	3:  {Suspicious, Pair, Query, Server | Middlebox, "qr0-from-server", "RFC 1035 section 4.1.1", "A server sent a query to a client's port."},
	4:  {Suspicious, Message, Either, Client | Attack | NotDNS, "opcode-unassigned", "RFC 6895 section 2.2", "The OPCODE has no meaning assigned to it."},
	5:  {Suspicious, Message, Either, Client, "opcode-iquery", "RFC 3425 section 3", "The OPCODE is IQUERY, which is obsolete."},
	6:  {Info, Message, Either, Client | Attack, "opcode-status", "RFC 1035 section 4.1.1, RFC 6895 section 2.2", "The OPCODE is STATUS, whose behaviour was never specified."},
	7:  {Violation, Message, Either, Client, "opcode-dso", "RFC 8490 section 4.2, RFC 8490 section 5.4", "A message of DNS Stateful Operations came over UDP, or its header counts records."},
	8:  {Suspicious, Message, Query, Client | Attack, "qdcount-0", "RFC 1035 section 4.1.2, RFC 7873 section 5.4", "A query has no question, and no COOKIE option to make sense of that."},
	9:  {Malformed, Message, Either, Client | Attack | NotDNS, "qdcount-gt1", "RFC 9619 section 4", "A query or its response has more than one question."},
	10: {Malformed, Message, Either, Middlebox | Attack | NotDNS, "count-overrun", "RFC 1035 section 4.1.1", "The header counts more questions or records than the message holds."},
	11: {Suspicious, Message, Query, Client, "an-in-query", "RFC 1035 section 4.1", "A query has records in its answer section."},
	12: {Suspicious, Message, Query, Client, "ns-in-query", "RFC 1995 section 3", "A query has records in its authority section, where only IXFR has one."},
	13: {Info, Message, Query, Client, "ar-too-many", "RFC 6891 section 6.1.1", "A query has several additional records, which is legal as OPT with TSIG, and which some servers refuse."},
	14: {Suspicious, Message, Query, Client, "rcode-in-query", "RFC 1035 section 4.1.1", "A query has a response code other than NOERROR."},
	15: {Suspicious, Message, Either, Client | Server | Attack, "z-bit", "RFC 1035 section 4.1.1, RFC 6895 section 2.1", "The reserved bit of the header is set."},
	16: {Suspicious, Message, Query, Client, "tc-in-query", "RFC 1035 section 4.1.1", "A query says that it was truncated."},
	17: {Info, Message, Query, Client | Attack, "aa-ra-in-query", "RFC 1035 section 4.1.1", "A query has AA or RA set, which mean something in responses only."},
	18: {Info, Message, Query, Client, "ad-cd-semantics", "RFC 6840 section 5.7, RFC 6840 section 5.9", "A query has CD set without DO: legal, and a sign of what the client knows of DNSSEC."},
	19: {Suspicious, History, Query, Client, "id-predictable", "RFC 5452 section 9.2", "A client's message IDs are constant or count up, which makes answers to it easy to forge."},
	20: {Suspicious, Pair, Response, Middlebox | Server, "header-echo", "RFC 1035 section 4.1.1", "The response has the header of its query, changed in nothing but QR."},
}
