package anomaly

// protocolEntries are about what looks like DNS and is something else, or more.
var protocolEntries = []entry{
	1: {Info, Pair, Query, NotDNS, "mdns", "RFC 6762 section 5.4, RFC 6762 section 18", "A query over unicast DNS has class 0x8001, by which Multicast DNS wants a unicast answer."},
	2: {Info, Pair, Either, NotDNS, "llmnr", "RFC 4795 section 2.1.1", "The message is LLMNR, whose header flags mean other things."},
	3: {Info, Pair, Query, NotDNS, "netbios-ns", "RFC 1002 section 4.2.1.1", "The question is of the NetBIOS name service, by its type and the form of its name."},
	4: {Info, Message, Either, NotDNS, "dnscrypt", "", "The message is DNSCrypt, which is encrypted."},
	5: {Suspicious, Message, Either, NotDNS | Attack, "foreign-udp-on-53", "", "The datagrams on a DNS port are of another protocol, such as QUIC or a VPN."},
	6: {Suspicious, History, Query, Attack, "dns-tunnel", "", "The name asked for is as long as names that carry data: 80 octets or more, 50 or more of them in one label."},
	7: {Suspicious, Message, Either, Network | Client, "zero-filled", "RFC 1035 section 4.1.1", "The message is of zeros only."},
	8: {Info, Message, Either, Client | Server, "dso", "RFC 8490 section 5.4", "The message is of DNS Stateful Operations, which has no sections."},
}
