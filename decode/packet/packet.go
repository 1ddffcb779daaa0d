package packet

// Kind says what a frame turned out to be.
type Kind uint8

// The kinds of frame.
const (
	KindOther    Kind = iota // read to its end, and neither UDP nor TCP nor an ICMP error: ARP, OSPF, an unknown ethertype
	KindUDP                  // a whole UDP datagram, or what the snaplen left of one
	KindTCP                  // a TCP segment
	KindICMP                 // an ICMP or ICMPv6 error; Quote holds what it quotes
	KindFragment             // an IP fragment that does not (yet) complete its datagram
	KindBad                  // a header that cannot be read: Fault says which
)

// Fault says why a frame could not be read to its transport header.
type Fault uint8

// The faults. FaultNone is the zero value.
const (
	FaultNone        Fault = iota
	FaultLink              // unknown link type
	FaultCut               // the snaplen cut the frame within its headers (a capture artefact, never malformed)
	FaultHeader            // a header with impossible values
	FaultDepth             // more nested headers than the limit
	FaultFragOverlap       // overlapping fragments: the datagram is refused (RFC 5722, RFC 8200 section 4.5)
	FaultFragLimit         // a fragment dropped because a bound was reached
)

// CheckState is the verdict on a checksum.
type CheckState uint8

// The verdicts. Unverified: cut by the snaplen, fragment not complete, left for the network card to compute, or zero over IPv4 UDP (RFC 768: none
// was computed).
const (
	CheckUnverified CheckState = iota
	CheckGood
	CheckBad
)

// TCP flag bits as on the wire (RFC 9293 section 3.1).
const (
	FlagFIN = 1 << iota
	FlagSYN
	FlagRST
	FlagPSH
	FlagACK
)

// Transport is the innermost datagram, segment or ICMP error of a frame.
type Transport struct {
	Kind  Kind
	Fault Fault

	// Src, Dst and IPVersion (4 or 6) are valid iff the innermost IP header was read (IPVersion != 0).
	Src, Dst  Addr
	IPVersion uint8
	HopLimit  uint8  // TTL or hop limit
	Proto     uint8  // IP protocol number after all extension headers
	IPID      uint32 // IPv4 identification, or that of the IPv6 fragment header (0 without one)
	Depth     uint8  // carriers around this packet: 0 = none (VLAN tags and MPLS labels do not count)
	VLAN      uint16 // outermost 802.1Q VLAN identifier, 0 = none

	// SrcPort, DstPort and Payload are valid iff Kind is KindUDP or KindTCP. Payload aliases the frame, or for a reassembled datagram a
	// buffer of the parser: valid until its next call.
	SrcPort, DstPort uint16
	Payload          []byte
	// PayloadLen is the length that the headers claim, in bytes; above len(Payload) where bytes are missing.
	PayloadLen int
	// Cut says that bytes are missing because the capture's snaplen cut the frame, which shows in its length on the wire, or in an IP packet that is
	// longer than its frame where a tool has lost that length. The transport's header has no part in it: where it lies, the sender did.
	Cut bool
	// LengthMismatch says that the UDP length and the IP length disagree (X11).
	LengthMismatch bool

	// Seq, Ack and Flags are valid iff Kind is KindTCP.
	Seq, Ack uint32
	Flags    uint8

	// Fragments is the number of fragments that made the datagram; 0 for one that was whole.
	Fragments uint16
	// IPCheck and L4Check are the verdicts on the IPv4 header's and the transport's checksum.
	IPCheck, L4Check CheckState

	// Quote is valid iff Kind is KindICMP.
	Quote Quote
}

// Quote is what an ICMP error says and quotes (RFC 792, RFC 4443).
type Quote struct {
	Type, Code       uint8
	Src, Dst         Addr // of the quoted packet
	IPVersion        uint8
	Proto            uint8
	SrcPort, DstPort uint16 // valid iff HasPorts
	HasPorts         bool
	Length           uint16 // of the quoted packet in bytes, by its header, at most 65535; 0 where that cannot be
	MTU              uint32 // of "fragmentation needed" and "packet too big"
	Payload          []byte // what is quoted after the UDP or TCP header; aliases the frame
}

// ICMP is what is kept of an ICMP error.
type ICMP struct {
	Seen       bool
	Type, Code uint8
	IPVersion  uint8  // 4: ICMP, 6: ICMPv6
	From       Addr   // who sent it: the host at the end, or a router on the way
	MTU        uint32 // in bytes, of type 3 code 4 and of ICMPv6 type 2; 0 where a router does not say
}
