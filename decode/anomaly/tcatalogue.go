package anomaly

// tsigEntries are about the authentication of messages.
var tsigEntries = []entry{
	1:  {Malformed, Message, Either, Client | Middlebox, "tsig-not-last", "RFC 8945 section 5.2", "The TSIG record is not the last one of the message."},
	2:  {Malformed, Message, Either, Attack | Client, "tsig-multiple", "RFC 8945 section 5.2", "The message has more than one TSIG record."},
	3:  {Violation, Message, Either, Client, "tsig-class-ttl", "RFC 8945 section 4.2", "The TSIG record does not have class ANY and TTL 0."},
	4:  {Malformed, Message, Either, Client | Middlebox, "tsig-rdata-bad", "RFC 8945 section 5.2, RFC 8945 section 5.2.2.1", "The lengths inside a TSIG record do not fit it, or its MAC is shorter than its algorithm allows."},
	5:  {Suspicious, Message, Query, Client, "tsig-unknown-alg", "RFC 8945 section 5.2.1, RFC 8945 section 6", "The TSIG record names an algorithm that is not registered."},
	6:  {Suspicious, Pair, Response, Client | Server, "tsig-badkey", "RFC 8945 section 5.2.1", "The server does not know the key, or the algorithm, that signed the query."},
	7:  {Suspicious, Pair, Response, Client | Server | Middlebox, "tsig-badsig", "RFC 8945 section 5.2.2", "The server finds the signature wrong: the secrets differ, or the query was changed on the way."},
	8:  {Suspicious, Pair, Response, Client | Server, "tsig-badtime", "RFC 8945 section 5.2.3", "The clocks of client and server differ by more than the signature allows."},
	9:  {Suspicious, Pair, Response, Client | Server, "tsig-badtrunc", "RFC 8945 section 5.2.4", "The server does not take a signature cut that short."},
	10: {Suspicious, Pair, Response, Client | Server, "tkey-error", "RFC 2930 section 2.6", "The server refuses the mode, the name or the algorithm of a TKEY record."},
	11: {Violation, Message, Either, Client, "sig0-placement", "RFC 2931 section 3, RFC 2931 section 3.1", "A SIG(0) record is not the last one of the additional section."},
	12: {Violation, Message, Either, Client, "tkey-section", "RFC 2930 section 4", "A TKEY record is in a section where it does not belong."},
	13: {Violation, Pair, Response, Server, "unsigned-error-reply", "RFC 8945 section 5.3, RFC 8945 section 5.3.2", "The query is signed and the response is not, for an error that does not excuse it."},
	14: {Info, Pair, Response, Server, "tsig-refused", "RFC 3007 section 2, RFC 8945 section 5.2", "A signed query is REFUSED without a word about its signature, which may be what is wrong."},
}
