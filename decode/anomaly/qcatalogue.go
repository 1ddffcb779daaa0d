package anomaly

// questionEntries are about what is asked.
var questionEntries = []entry{
	1:  {Suspicious, Message, Query, Client | Attack, "qtype-0", "RFC 6895 section 3.1", "The type asked for is 0, which is no type."},
	2:  {Suspicious, Message, Query, Client | Attack, "qtype-meta", "RFC 6895 section 3.1", "The type asked for is one that accompanies messages and cannot be asked for."},
	3:  {Info, Message, Query, Client | Attack, "qtype-mail", "RFC 1035 section 3.2.3", "The type asked for is MAILA or MAILB, long obsolete."},
	4:  {Info, Message, Query, Client | Attack, "qtype-any", "RFC 8482 section 4", "All types are asked for, which servers may answer with one of them."},
	5:  {Info, Message, Query, Client | Attack, "qtype-dnssec-direct", "RFC 4035 section 3", "RRSIG, NSEC or NSEC3 records are asked for by their own type."},
	6:  {Suspicious, Pair, Query, Client | Attack, "xfr-to-resolver", "RFC 5936 section 2.2.1", "A zone transfer fails, and not by REFUSED, at a server that offers recursion and is not authoritative."},
	7:  {Info, Message, Query, Client | Attack, "qtype-unassigned", "RFC 6895 section 3.1, RFC 3597 section 3", "The type asked for is not assigned, or is for private use."},
	8:  {Info, Message, Query, Client | Attack, "qclass-ch", "RFC 4892 section 2", "The server is asked, in class CH, about itself."},
	9:  {Suspicious, Message, Query, Client | Attack, "qclass-none", "RFC 2136 section 1.3, RFC 6895 section 3.2", "The class asked for is NONE, which only UPDATE knows."},
	10: {Info, Message, Query, Client | Attack, "qclass-any", "RFC 1035 section 3.2.5", "All classes are asked for, which servers treat in different ways."},
	11: {Suspicious, Message, Query, Client, "qclass-other", "RFC 6895 section 3.2, RFC 6762 section 5.4", "The class asked for is not one of the Internet's; 0x8001 comes from code for mDNS."},
	12: {Suspicious, Pair, Response, Server | Middlebox, "case-0x20", "RFC 4343 section 4", "The response spells the name asked for in other letter case than the query."},
	13: {Suspicious, History, Query, Client | Server, "retry-storm", "RFC 9520 section 3.1, RFC 4697 section 2.1", "A client asks the same question over and over."},
	14: {Info, Message, Query, Client, "probe-name", "RFC 8145 section 5.1, RFC 9609 section 3", "The query tells of its sender: it is a trust-anchor signal or a priming query."},
}
