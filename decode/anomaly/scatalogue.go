package anomaly

// responseEntries are about what responses mean.
var responseEntries = []entry{
	1:  {Suspicious, Message, Response, Server | Middlebox, "nodata-no-soa", "RFC 2308 section 3, RFC 2308 section 2.2", "A response without an answer has neither SOA nor NS, so that nobody can cache it."},
	2:  {Suspicious, Message, Response, Server | Middlebox, "nxdomain-no-soa", "RFC 2308 section 3, RFC 2308 section 2.1", "A response that denies a name has no SOA, so that nobody can cache it."},
	3:  {Suspicious, History, Response, Server, "nxdomain-flip", "RFC 8020 section 2", "A server denies a name for one type and has it for another."},
	4:  {Suspicious, History, Response, Server, "nxdomain-for-ent", "RFC 8020 section 2", "A server denies a name although a name below it exists."},
	5:  {Info, Message, Response, Server, "nxdomain-with-answer", "RFC 6604 section 3", "The response has aliases and denies a name: the last target, not the name asked for."},
	6:  {Suspicious, Message, Response, Server, "cname-loop", "RFC 1034 section 3.6.2", "The aliases of the answer form a loop, or a very long chain."},
	7:  {Suspicious, Pair, Response, Server, "lame-referral", "RFC 1912 section 2.8, RFC 4697 section 2.2", "The server refers to the root: it does not have a zone that was delegated to it, or was never meant to be asked."},
	8:  {Info, Message, Response, Server, "aa-inconsistent", "RFC 1035 section 4.1.1, RFC 1034 section 4.3.1", "A referral claims authority, or an answer comes with neither authority nor recursion."},
	9:  {Info, Pair, Response, Client | Server, "ra-missing-with-rd", "RFC 1035 section 4.1.1, RFC 4697 section 2.10", "The client wants recursion and the server does not offer it to this client."},
	10: {Suspicious, History, Response, Server | Client, "refused-burst", "RFC 1035 section 4.1.1", "A server refuses many queries of one client, or of few, within a second."},
	11: {Suspicious, Message, Response, Server, "servfail-with-ede", "RFC 8914 section 3", "The server failed, and says why."},
	12: {Suspicious, History, Response, Server, "servfail-validation", "RFC 4035 section 3.2.2", "The server fails for a name and answers when checking is disabled: DNSSEC validation fails."},
	13: {Info, History, Response, Server, "servfail-cached", "RFC 9520 section 3.2, RFC 2308 section 7.1", "The server fails at once after failing slowly: it remembers the failure."},
	14: {Info, Message, Response, Server, "stale-answer", "RFC 8767 section 4, RFC 8914 section 4.4, RFC 8914 section 4.20", "The answer has expired and is served because no better one can be had."},
	15: {Info, Message, Response, Server | Middlebox, "filtered-answer", "RFC 8914 section 4.16, RFC 8914 section 4.17, RFC 8914 section 4.18, RFC 8914 section 4.19", "The answer was blocked, filtered or replaced by policy."},
	16: {Suspicious, Message, Response, Server | Attack, "answer-unrelated", "RFC 5452 section 6", "A record of the answer is at a name to which no alias leads from the name asked for."},
	17: {Info, Message, Response, Server | Attack, "out-of-bailiwick", "RFC 5452 section 6", "A record of the authority section is at a name that is neither the one asked for nor above it."},
	18: {Info, Message, Response, Server, "ttl-extreme", "RFC 2181 section 8", "The TTL of a record is zero, or longer than caches keep."},
	19: {Suspicious, Pair, Response, Server, "ad-unasked", "RFC 6840 section 5.8", "The response claims to be validated, to a client that asked for no such thing."},
	20: {Suspicious, Message, Response, Server | Network, "rrsig-not-valid-now", "RFC 4034 section 3.1.5", "A signature was not valid at the time of the packet."},
	21: {Suspicious, Message, Response, Server | Middlebox, "rcode-unassigned", "RFC 6895 section 2.3", "The response code has no meaning assigned to it."},
	22: {Info, Message, Either, Server, "error-report", "RFC 9567 section 6.1.1, RFC 9567 section 5", "The response says where to report errors, or the query is such a report."},
}
