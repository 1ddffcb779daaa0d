package anomaly

// pairingEntries are about what belongs to what, and when.
var pairingEntries = []entry{
	1:  {Info, Pair, Query, Server | Network | Middlebox, "no-response", "RFC 8906 section 2", "No response to the query was seen in time."},
	2:  {Suspicious, Pair, Response, Attack | Network | Capture, "orphan-response", "RFC 5452 section 9.1", "No query to which the response belongs was seen."},
	3:  {Info, Pair, Query, Network | Client, "query-retransmit", "RFC 1035 section 4.2.1", "The client sent the same query again, with the same ID and port."},
	4:  {Info, History, Query, Network | Client, "client-retry", "RFC 1035 section 4.2.1", "The client asked the same again, with another ID or port."},
	5:  {Info, Pair, Response, Network | Capture | Server, "response-duplicate-identical", "", "The same response came again."},
	6:  {Suspicious, Pair, Response, Attack | Middlebox | Server, "response-duplicate-different", "RFC 5452 section 3, RFC 5452 section 4.6", "A second, different response came to an answered query; clients take the first."},
	7:  {Suspicious, History, Response, Attack, "id-mismatch-flood", "RFC 5452 section 9.3", "Many responses with wrong IDs reach a client's port, as when somebody guesses."},
	8:  {Suspicious, Pair, Response, Server | Middlebox, "reply-from-other-address", "RFC 2181 section 4.1", "The response came from another address than the one asked, so that clients discard it."},
	9:  {Suspicious, Pair, Response, Middlebox | Server, "reply-to-other-port", "RFC 2181 section 4.2", "The response went to another port than the one that asked, or came from another than was asked."},
	10: {Suspicious, Pair, Response, Server | Attack | Client, "question-mismatch", "RFC 5452 section 9.1", "The response has the ID of the query and another question."},
	11: {Suspicious, Pair, Query, Client, "id-reuse-in-flight", "RFC 1035 section 4.1.1, RFC 5452 section 9.2", "The client uses an ID for a new question while the old one is unanswered."},
	12: {Suspicious, History, Query, Client | Middlebox, "low-entropy-port", "RFC 5452 section 9.2", "The client sends its queries from one port, or from ports that count up, which makes answers to it easy to forge."},
	13: {Info, Pair, Response, Capture | Network, "negative-latency", "", "The response has an earlier timestamp than its query."},
	14: {Suspicious, Pair, Response, Attack | Middlebox, "latency-implausible", "RFC 5452 section 4.6", "The response came sooner than its server can be reached."},
	15: {Info, Flow, Response, Server, "ooo-tcp-pipelining", "RFC 7766 section 7", "The responses of a TCP connection come in another order than its queries, as they may."},
	16: {Info, History, Response, Server | Network, "servfail-after-timeout", "RFC 9520 section 2.3", "The failures of a server take a fixed time: it waits in vain for another server."},
}
