// Package filter compiles capture filters: a subset of pcap-filter(7), with the meaning libpcap gives it.
//
// An expression becomes a classic BPF program for a kernel ([Filter.Program], [Filter.KernelProgram]) and a predicate over captured
// frames ([Filter.Match]); the two give one verdict. What is outside the subset is an error with a column, never another meaning: for the
// rest, [FromDDD] reads what "tcpdump -ddd" compiled.
//
// # Grammar
//
//	expr   = term { ( "and" | "or" ) ( term | ids ) }                     "&&", "||" and "!" too
//	term   = "(" expr ")" | "not" term | head ids | proto | "vlan" [ number ]
//	head   = [ proto ] [ dir ] [ type ]                                   at least dir or type
//	proto  = "ip" | "ip6" | "arp" | "tcp" | "udp" | "icmp" | "icmp6"
//	dir    = "src" | "dst" | "src or dst" | "src and dst"                 "src or dst" when left out
//	type   = "host" | "net" | "port" | "portrange" | "proto"              "host" when left out
//	ids    = id | "not" ids | "(" first { ( "and" | "or" ) ids } ")"
//	first  = id | "not" ids | "(" number ")"
//	id     = address                                                      host: 192.0.2.1, 2001:db8::1
//	       | address "/" bits | IPv4 "mask" IPv4 | leading octets         net: 10.0.0.0/8, 10.1, 10, 2001:db8::/32
//	       | number | "domain" | "domain-s"                               port: 0 to 65535
//	       | number "-" number                                            portrange
//	       | number | "\tcp" | "\udp" | "\icmp" | ...                     proto: 0 to 255
//
// The empty expression matches every frame. "and" and "or" bind alike and from the left, "not" binds closer, so "a or b and c" is
// "(a or b) and c". An id without a head takes that of the term before it: "port 53 or 5353", "src host 192.0.2.1 or 192.0.2.2".
// Numbers are decimal or 0x-hexadecimal; one with a leading zero is refused, being octal to some tools and decimal to others.
//
// # Meaning
//
// As in libpcap 1.10: "port" without a protocol is TCP, UDP or SCTP; in IPv4 it matches no fragment but the first, and in IPv6 it looks
// only right behind the fixed header, never behind an extension header; "proto N", "tcp" and "udp" see through one IPv6 fragment header.
// "host" and "net" of IPv4 also match the addresses in ARP and RARP. A load beyond the captured bytes rejects the frame, under a "not"
// as well. After "vlan", everything that follows in the text, in brackets or not, looks one tag further; it works on Ethernet only.
//
// Two things are wider than in libpcap: BSD loopback (NULL) headers are read in either byte order, and with the IPv6 family number of
// every system (10, 24, 28, 30), since a capture may come from another machine.
package filter
