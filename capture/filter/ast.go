package filter

// operator of a node of an expression.
type operator uint8

const (
	opPrimitive operator = iota
	opAnd
	opOr
	opNot // of left
	opAll // matches everything: the empty expression
)

// node of an expression's tree.
type node struct {
	op          operator
	left, right *node
	prim        primitive // where op is opPrimitive
}

// protocol qualifiers.
type protocol uint8

const (
	protoAny protocol = iota
	protoIP
	protoIP6
	protoARP
	protoTCP
	protoUDP
	protoICMP
	protoICMP6
)

var protocols = map[string]protocol{
	"ip": protoIP, "ip6": protoIP6, "arp": protoARP, "tcp": protoTCP, "udp": protoUDP, "icmp": protoICMP, "icmp6": protoICMP6,
}

// direction qualifiers.
type direction uint8

const (
	dirEither direction = iota // src or dst
	dirSrc
	dirDst
	dirBoth // src and dst
)

// idType qualifiers.
type idType uint8

const (
	typeNone idType = iota // no head: an id may not stand here
	typeDefault
	typeHost
	typeNet
	typePort
	typePortRange
	typeProto
)

var idTypes = map[string]idType{
	"host": typeHost, "net": typeNet, "port": typePort, "portrange": typePortRange, "proto": typeProto,
}

// head is what qualifies an id.
type head struct {
	proto protocol
	dir   direction
	typ   idType
}

// primKind says which fields of a primitive hold.
type primKind uint8

const (
	primProtocol primKind = iota // head.proto
	primAddr4                    // head, addr[:4], mask[:4]
	primAddr6                    // head, addr, mask
	primPorts                    // head, low, high
	primIPProto                  // head.proto, low: a protocol number
	primVLAN                     // any tag
	primVLANID                   // low: the tag's VLAN
)

// primitive is a test of a frame.
type primitive struct {
	kind       primKind
	head       head
	addr, mask [16]byte
	low, high  uint32
	vlans      int // how many "vlan" stand before it in the expression
}
