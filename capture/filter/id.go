package filter

import (
	"encoding/binary"
	"net/netip"
	"strconv"
	"strings"
)

const (
	maxPort    = 65535
	maxIPProto = 255
	maxVLANID  = 4095
)

// ports known by name. libpcap asks the machine's /etc/services; these are the same everywhere.
var portNames = map[string]uint32{"domain": 53, "domain-s": 853}

// ipProtocols known by name. tcpdump takes those that are keywords only behind a backslash.
var ipProtocols = map[string]uint32{
	"icmp": 1, "tcp": 6, "udp": 17, "ipv6": 41, "ipv6-route": 43, "ipv6-frag": 44, "gre": 47, "ipv6-icmp": 58, "sctp": 132,
}

// id reads what h qualifies.
func (p *parser) id(h head) (*node, error) {
	if h.typ == typeNone {
		return nil, p.expected(`"host", "net", "port", "portrange", "proto", "src" or "dst" before it`)
	}
	var prim primitive
	var err error
	switch h.typ {
	case typePort:
		prim, err = p.port()
	case typePortRange:
		prim, err = p.portRange()
	case typeProto:
		prim, err = p.ipProto()
	default:
		prim, err = p.address(h)
	}
	prim.head = h
	return p.primitive(prim), err
}

// number reads a number of at most limit.
func (p *parser) number(limit uint32, what string) (uint32, error) {
	if p.tok.kind != number {
		return 0, p.expected(what)
	}
	v, ok := parseNumber(p.tok.text, limit)
	if !ok {
		return 0, p.expected(what)
	}
	p.next()
	return v, nil
}

// parseNumber reads decimal digits without a leading zero, or 0x and hexadecimal digits.
func parseNumber(s string, limit uint32) (uint32, bool) {
	if !isHex(s) {
		return parseDecimal(s, limit)
	}
	v, err := strconv.ParseUint(s[2:], 16, 32)
	return uint32(v), err == nil && uint32(v) <= limit
}

func parseDecimal(s string, limit uint32) (uint32, bool) {
	if len(s) > 1 && s[0] == '0' {
		return 0, false
	}
	v, err := strconv.ParseUint(s, 10, 32)
	return uint32(v), err == nil && uint32(v) <= limit
}

func (p *parser) port() (primitive, error) {
	const what = "a port: 0 to 65535, domain or domain-s"
	if v, ok := portNames[p.tok.text]; ok && p.tok.kind == word {
		p.next()
		return primitive{kind: primPorts, low: v, high: v}, nil
	}
	v, err := p.number(maxPort, what)
	return primitive{kind: primPorts, low: v, high: v}, err
}

func (p *parser) portRange() (primitive, error) {
	const what = "ports as in 5300-5399, each 0 to 65535"
	if p.tok.kind == number {
		v, err := p.number(maxPort, what)
		return primitive{kind: primPorts, low: v, high: v}, err
	}
	low, high, _ := strings.Cut(p.tok.text, "-")
	a, ok := parseDecimal(low, maxPort)
	b, ok2 := parseDecimal(high, maxPort)
	if p.tok.kind != word || !ok || !ok2 {
		return primitive{}, p.expected(what)
	}
	p.next()
	return primitive{kind: primPorts, low: min(a, b), high: max(a, b)}, nil
}

func (p *parser) ipProto() (primitive, error) {
	const what = `an IP protocol: 0 to 255, or a name such as \tcp, \udp, \icmp or ipv6-icmp`
	isName := p.tok.kind == escaped || p.tok.kind == word && !keywords[p.tok.text]
	if v, ok := ipProtocols[p.tok.text]; ok && isName {
		p.next()
		return primitive{kind: primIPProto, low: v}, nil
	}
	v, err := p.number(maxIPProto, what)
	return primitive{kind: primIPProto, low: v}, err
}

// vlan reads the tag behind "vlan", if there is one. What follows looks one tag further.
func (p *parser) vlan() (*node, error) {
	prim := primitive{kind: primVLAN}
	brackets := p.brackets()
	if brackets > 0 || p.tok.kind == number {
		v, err := p.number(maxVLANID, "a VLAN identifier: 0 to 4095")
		if err != nil {
			return nil, err
		}
		prim.kind, prim.low = primVLANID, v
	}
	if err := p.closing(brackets); err != nil {
		return nil, err
	}
	n := p.primitive(prim)
	p.vlans++
	return n, nil
}

// address reads a host or a net.
func (p *parser) address(h head) (primitive, error) {
	switch {
	case p.tok.kind == colons:
		return p.address6(h)
	case p.tok.kind == dotted, p.tok.kind == number && h.typ == typeNet:
		return p.address4(h)
	case h.typ == typeNet:
		return primitive{}, p.expected("an IPv4 or IPv6 network such as 192.0.2.0/24 or 2001:db8::/32")
	}
	return primitive{}, p.expected("an IPv4 or IPv6 address: names are not looked up")
}

func (p *parser) address4(h head) (primitive, error) {
	first := p.tok
	addr, mask, ok := parseIPv4(first.text)
	switch {
	case !ok:
		return primitive{}, p.expected("an IPv4 address: octets of 0 to 255 without leading zeros")
	case h.proto == protoIP6:
		return primitive{}, p.expected(`an IPv6 address after "ip6"`)
	case h.typ != typeNet && mask != ^uint32(0):
		return primitive{}, p.expected("an IPv4 address of four octets")
	}
	p.next()
	if first.kind == dotted {
		var err error
		if mask, err = p.mask4(h, mask); err != nil {
			return primitive{}, err
		}
	}
	if addr&^mask != 0 {
		return primitive{}, p.errorAt(first, "no address bits outside the mask")
	}
	prim := primitive{kind: primAddr4}
	binary.BigEndian.PutUint32(prim.addr[:], addr)
	binary.BigEndian.PutUint32(prim.mask[:], mask)
	return prim, nil
}

// mask4 reads the mask behind an IPv4 net; without one it is that of the octets given.
func (p *parser) mask4(h head, mask uint32) (uint32, error) {
	if h.typ != typeNet && p.tok.is("/", "mask") {
		return 0, p.expected(`"net" before an address with a mask`)
	}
	if p.accept("/") {
		bits, err := p.number(32, "a prefix length: 0 to 32")
		return ^uint32(0) << (32 - bits), err
	}
	if !p.accept("mask") {
		return mask, nil
	}
	m, _, ok := parseIPv4(p.tok.text)
	if p.tok.kind != dotted || !ok {
		return 0, p.expected("a mask such as 255.255.255.0")
	}
	p.next()
	return m, nil
}

// parseIPv4 reads one to four octets as the leading ones of an address, and returns the mask that covers them.
func parseIPv4(s string) (addr, mask uint32, ok bool) {
	octets := strings.Split(s, ".")
	if len(octets) > 4 {
		return 0, 0, false
	}
	for i, o := range octets {
		v, good := parseDecimal(o, 255)
		if !good {
			return 0, 0, false
		}
		addr |= v << (24 - 8*i)
	}
	return addr, ^uint32(0) << (32 - 8*len(octets)), len(octets) > 1 || addr != 0
}

func (p *parser) address6(h head) (primitive, error) {
	first := p.tok
	a, err := netip.ParseAddr(first.text)
	switch {
	case err != nil:
		return primitive{}, p.expected("an IPv6 address")
	case h.proto != protoAny && h.proto != protoIP6:
		return primitive{}, p.expected("an IPv4 address after this protocol")
	}
	p.next()
	bits := uint32(128)
	if p.tok.is("/") {
		slash := p.tok
		p.next()
		if bits, err = p.number(128, "a prefix length: 0 to 128"); err != nil {
			return primitive{}, err
		}
		if h.typ != typeNet && bits != 128 {
			return primitive{}, p.errorAt(slash, `"net" before an address with a mask`)
		}
	}
	prim := primitive{kind: primAddr6, addr: a.As16(), mask: mask6(bits)}
	for i, m := range prim.mask {
		if prim.addr[i]&^m != 0 {
			return primitive{}, p.errorAt(first, "no address bits outside the prefix")
		}
	}
	return prim, nil
}

func mask6(bits uint32) (mask [16]byte) {
	for i := range bits {
		mask[i/8] |= 0x80 >> (i % 8)
	}
	return mask
}
