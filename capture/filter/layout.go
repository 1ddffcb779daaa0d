package filter

import (
	"golang.org/x/net/bpf"

	"github.com/dnssniff/dnssniff/capture"
)

// Link types of the tcpdump.org registry, with what BSDs call raw IP.
const (
	linkNull     capture.LinkType = 0
	linkEthernet capture.LinkType = 1
	linkRawBSD   capture.LinkType = 12
	linkRawOBSD  capture.LinkType = 14
	linkRaw      capture.LinkType = 101
	linkLoop     capture.LinkType = 108
	linkSLL      capture.LinkType = 113
	linkIPv4     capture.LinkType = 228
	linkIPv6     capture.LinkType = 229
	linkSLL2     capture.LinkType = 276
)

// Ethertypes (IANA IEEE 802 numbers).
const (
	etherIPv4    = 0x0800
	etherARP     = 0x0806
	etherRARP    = 0x8035
	etherVLAN    = 0x8100
	etherIPv6    = 0x86dd
	etherQinQ    = 0x88a8
	etherQinQOld = 0x9100
)

const vlanLen = 4

// typing says how a link header names what it carries.
type typing uint8

const (
	byEthertype     typing = iota // at layout.typ
	byVersion                     // not at all: the IP version is looked at
	byFamilyAnyEnd                // a BSD address family in the byte order of the machine that captured
	byFamilyNetwork               // a BSD address family in network byte order
	onlyIPv4
	onlyIPv6
)

// layout is how the frames of a link type begin.
type layout struct {
	typing  typing
	vlan    bool   // "vlan" may be asked of it, as libpcap has it
	typ     load   // the ethertype of the outermost header
	payload uint32 // where that header ends
}

// layouts that filters can judge, and how the link types name them.
const (
	layoutEthernet = iota
	layoutSLL
	layoutSLL2
	layoutRaw
	layoutNull
	layoutLoop
	layoutIPv4
	layoutIPv6
	numLayouts
)

var layouts = [numLayouts]layout{
	layoutEthernet: {vlan: true, typ: halfAt(12), payload: 14},
	layoutSLL:      {typ: halfAt(14), payload: 16},
	layoutSLL2:     {typ: halfAt(0), payload: 20},
	layoutRaw:      {typing: byVersion},
	layoutNull:     {typing: byFamilyAnyEnd, payload: 4},
	layoutLoop:     {typing: byFamilyNetwork, payload: 4},
	layoutIPv4:     {typing: onlyIPv4},
	layoutIPv6:     {typing: onlyIPv6},
}

// cooked is what a Linux packet socket of type SOCK_DGRAM shows its filter: the payload, and the ethertype beside it.
var cooked = layout{vlan: true, typ: load{base: kernelField, off: uint32(bpf.ExtProto), size: 4, mask: ^uint32(0)}}

// layoutOf returns the index in layouts, or -1.
func layoutOf(link capture.LinkType) int {
	switch link {
	case linkEthernet:
		return layoutEthernet
	case linkSLL:
		return layoutSLL
	case linkSLL2:
		return layoutSLL2
	case linkRaw, linkRawBSD, linkRawOBSD:
		return layoutRaw
	case linkNull:
		return layoutNull
	case linkLoop:
		return layoutLoop
	case linkIPv4:
		return layoutIPv4
	case linkIPv6:
		return layoutIPv6
	}
	return -1
}

// at returns where what is behind a number of VLAN tags begins.
func (l *layout) at(vlans int) uint32 { return l.payload + vlanLen*uint32(vlans) }

// carries is true where the frame carries an ethertype behind a number of VLAN tags.
func (l *layout) carries(vlans int, ethertype uint32) *cond {
	if l.typing == byEthertype {
		return is(l.typeAt(vlans), ethertype)
	}
	switch ethertype {
	case etherIPv4:
		return l.carriesIP(4, 2)
	case etherIPv6:
		return l.carriesIP(6, 10, 24, 28, 30) // Linux, NetBSD and OpenBSD, FreeBSD, macOS
	}
	return never
}

func (l *layout) typeAt(vlans int) load {
	if vlans == 0 {
		return l.typ
	}
	return halfAt(l.at(vlans) - 2)
}

// carriesIP is for links without an ethertype; families are those of BSD loopback headers.
func (l *layout) carriesIP(version uint32, families ...uint32) *cond {
	switch l.typing {
	case byVersion:
		return is(byteAt(0).masked(0xf0), version<<4)
	case onlyIPv4, onlyIPv6:
		if (l.typing == onlyIPv4) == (version == 4) {
			return always
		}
		return never
	case byFamilyAnyEnd:
		for _, f := range families {
			families = append(families, f<<24)
		}
	}
	return oneOf(wordAt(0), families...)
}
