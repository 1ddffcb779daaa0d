package packet

import (
	"encoding/binary"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"github.com/dnssniff/dnssniff/capture"
)

// maxHeaders bounds the headers of one frame below the link layer: tags, labels, extension headers and carriers together.
const maxHeaders = 32

// Limits bound what a [Parser] keeps and how deep it looks. A field that is not positive takes its default.
type Limits struct {
	// Depth is the number of carriers around the innermost packet. Default 8; the maximum is 32, as for headers of all kinds.
	Depth int
	// FragmentBytes bounds the fragments held, in bytes of memory. It is taken in chunks of 2080 bytes as fragments arrive, and kept.
	// Default 4 MiB.
	FragmentBytes int
	// Datagrams bounds the incomplete datagrams, of up to 256 bytes each besides their fragments. Default 2048: 0.5 MiB.
	Datagrams int
	// FragmentAge is how long, in packet time, a datagram may stay incomplete. Default 30 s.
	FragmentAge time.Duration
}

// DefaultLimits returns the limits of a parser that nobody tuned: 4.6 MiB at most, and next to nothing where there are no fragments.
func DefaultLimits() Limits {
	return Limits{Depth: 8, FragmentBytes: 4 << 20, Datagrams: 2048, FragmentAge: 30 * time.Second}
}

func (l Limits) orDefault() Limits {
	d := DefaultLimits()
	if l.Depth <= 0 {
		l.Depth = d.Depth
	}
	l.Depth = min(l.Depth, maxHeaders)
	if l.FragmentBytes <= 0 {
		l.FragmentBytes = d.FragmentBytes
	}
	if l.Datagrams <= 0 {
		l.Datagrams = d.Datagrams
	}
	if l.FragmentAge <= 0 {
		l.FragmentAge = d.FragmentAge
	}
	return l
}

// Parser takes frames apart, one after the other. It is for one goroutine at a time. What a call finds depends on the frame and on the
// fragments that came before.
type Parser struct {
	eth   layers.Ethernet
	dot1q layers.Dot1Q
	ip4   layers.IPv4
	ip6   layers.IPv6
	udp   layers.UDP
	tcp   layers.TCP
	fixed [40]byte // a header's fixed part, for a layer that must not see the rest

	depth     int // carriers allowed
	fragments fragments

	now      int64 // the packet's time, number and file
	number   uint64
	file     uint16
	missing  int  // bytes that the snaplen cut off the end of what is being read
	headers  int  // headers read, against maxHeaders
	guessed  bool // nothing but the frame gives the length of the IP payload
	rerouted bool // a routing header hides the address that the checksum covers
	padWLAN  bool // the 802.11 header is padded to 4 bytes
}

// NewParser returns a parser with the given limits.
func NewParser(limits Limits) *Parser {
	limits = limits.orDefault()
	return &Parser{depth: limits.Depth, fragments: newFragments(limits)}
}

// Parse reads pkt down to its innermost transport header and overwrites t with what it found. It does not fail: t.Kind and t.Fault say
// how far it came. t.Payload and t.Quote.Payload alias pkt.Data, or for a reassembled datagram memory of the parser: they are valid as
// long as pkt.Data is and until the next call.
//
// A fragment that completes its datagram gives the whole of it. Any other fragment is KindFragment, with FaultFragOverlap or
// FaultFragLimit where it was thrown away. A first fragment that the snaplen cut can never be made whole: it gives what it has of its
// datagram at once, with Cut set and Fragments 1.
func (p *Parser) Parse(pkt *capture.Packet, t *Transport) {
	*t = Transport{}
	p.now, p.number, p.file, p.headers = pkt.Time, pkt.Number, pkt.File, 0
	p.missing = max(0, int(pkt.Length)-len(pkt.Data))
	p.link(t, pkt.Data, pkt.Link)
}

// Stats returns what became of the fragments so far.
func (p *Parser) Stats() FragStats { return p.fragments.stats }

// short ends the frame at a header that does not fit: the snaplen's doing, or a lie.
func (p *Parser) short(t *Transport) {
	t.Kind, t.Fault = KindBad, FaultHeader
	if p.missing > 0 {
		t.Fault = FaultCut
	}
}

// bad ends the frame at a header that cannot be.
func (p *Parser) bad(t *Transport, f Fault) { t.Kind, t.Fault = KindBad, f }

// header counts a header against the bound. False: there were too many, and t says so.
func (p *Parser) header(t *Transport) bool {
	if p.headers++; p.headers > maxHeaders {
		p.bad(t, FaultDepth)
		return false
	}
	return true
}

// carrier counts a carrier against the bound. False: there were too many, and t says so.
func (p *Parser) carrier(t *Transport) bool {
	if int(t.Depth) >= p.depth {
		p.bad(t, FaultDepth)
		return false
	}
	t.Depth++
	return p.header(t)
}

// clip cuts b to the n bytes that a header claims. What is missing then is what is missing of those.
func (p *Parser) clip(b []byte, n int) []byte {
	if n <= len(b) {
		p.missing = 0
		return b[:n]
	}
	p.missing = min(p.missing, n-len(b))
	return b
}

// feedback is told by the layers that a packet is truncated, which the lengths say better.
var feedback = gopacket.NilDecodeFeedback

func be16(b []byte) int { return int(binary.BigEndian.Uint16(b)) }
