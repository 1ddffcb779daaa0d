package anomaly

// transportEntries are about what carries messages.
var transportEntries = []entry{
	1:  {Suspicious, Flow, Either, Attack | Client, "tcp-len-0", "RFC 1035 section 4.2.2", "The length before a message over TCP is 0."},
	2:  {Malformed, Flow, Either, Attack | NotDNS, "tcp-len-short", "RFC 1035 section 4.2.2, RFC 1035 section 4.1.1", "The length before a message over TCP is less than that of a header."},
	3:  {Suspicious, Flow, Either, Network | Server | Client, "tcp-len-mismatch", "RFC 1035 section 4.2.2", "The TCP connection ends before the message that was announced does."},
	4:  {Info, Flow, Either, Client | Server, "tcp-split-prefix", "RFC 7766 section 8", "The length and the message came in different TCP segments, which is legal and breaks simple programs."},
	5:  {Info, Flow, Either, Client | Server, "tcp-many-per-segment", "RFC 7766 section 6.2.1.1", "A TCP segment holds several messages."},
	6:  {Info, Flow, Either, Capture | Network, "tcp-gap", "", "Bytes of a TCP stream were not captured."},
	7:  {Malformed, Flow, Either, Client, "tcp-no-prefix", "RFC 1035 section 4.2.2", "A message came over TCP without its length before it."},
	8:  {Info, Flow, Either, Server | Middlebox, "tcp-rst-after-query", "RFC 7766 section 6.2.4", "The TCP connection was reset with a query unanswered."},
	9:  {Suspicious, Flow, Query, Client, "tcp-after-keepalive", "RFC 7828 section 3.2.2", "The client went on using a TCP connection after the idle time that its server granted."},
	10: {Suspicious, Flow, Either, Attack | NotDNS, "foreign-tcp-on-53", "", "The TCP connection to a DNS port speaks TLS or HTTP."},
	11: {Suspicious, Flow, Either, Network | Attack, "udp-len-mismatch", "RFC 768", "The length of the UDP header is not that of its IP payload."},
	12: {Suspicious, Flow, Either, Network, "bad-checksum", "RFC 768, RFC 1122 section 4.1.3.4", "The checksum of UDP or TCP is wrong, so that the receiver discards the packet."},
	13: {Suspicious, Flow, Query, Middlebox | Attack, "srcport-0", "RFC 768", "The query came from port 0, which stands for no port, so that many servers cannot answer."},
	14: {Suspicious, Flow, Query, Attack, "srcport-of-service", "", "The query came from the port of another service, such as echo or chargen, as to start a loop."},
	15: {Info, Flow, Either, Network | Server | Middlebox, "icmp-error", "RFC 1122 section 3.2.2.1, RFC 8201 section 4", "An ICMP error says that a message over UDP did not arrive: nobody listens, or the packet was too big."},
	16: {Suspicious, Flow, Either, Attack | Network, "frag-odd", "RFC 8200 section 4.5, RFC 5722 section 4", "The IP fragments of a message overlap with different bytes, or have an offset or length that cannot be."},
	17: {Suspicious, History, Response, Attack | Middlebox | Network, "ip-ttl-outlier", "", "The IP TTL or hop limit of a response is not what its server's packets have: it may come from elsewhere."},
	18: {Suspicious, History, Either, Server | Attack, "error-loop", "", "Two servers answer each other's errors with errors."},
}
