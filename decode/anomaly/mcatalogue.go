package anomaly

// protocolEntries are about what looks like DNS and is something else, or more.
var protocolEntries = []entry{
	1: {Info, Pair, Either, NotDNS, "mdns", "RFC 6762 section 18", "The message is Multicast DNS, which has rules of its own for the header and for questions."},
	2: {Info, Pair, Either, NotDNS, "llmnr", "RFC 4795 section 2.1.1", "The message is LLMNR, whose header flags mean other things."},
	3: {Info, Pair, Either, NotDNS, "netbios-ns", "RFC 1002 section 4.2.1.1", "The message is of the NetBIOS name service, which looks like DNS."},
	4: {Info, Message, Either, NotDNS, "dnscrypt", "", "The message is DNSCrypt, which is encrypted."},
	5: {Suspicious, Message, Either, NotDNS | Attack, "foreign-udp-on-53", "", "The datagrams on a DNS port are of another protocol, such as QUIC or a VPN."},
	6: {Suspicious, History, Either, Attack, "dns-tunnel", "", "The names or answers of a zone carry data: many long, random names, or NULL and TXT answers."},
	7: {Suspicious, Message, Either, Network | Client, "zero-filled", "RFC 1035 section 4.1.1", "The message is of zeros only."},
	8: {Info, Message, Either, Client | Server, "dso", "RFC 8490 section 5.4", "The message is of DNS Stateful Operations, which has no sections."},
}
