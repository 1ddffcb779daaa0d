package packet

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/google/gopacket/layers"

	"github.com/dnssniff/dnssniff/capture"
)

// within says whether part lies in whole's memory.
func within(part, whole []byte) bool {
	if len(part) == 0 {
		return true
	}
	whole = whole[:cap(whole)]
	for i := range whole {
		if &whole[i] == &part[0] {
			return i+len(part) <= len(whole)
		}
	}
	return false
}

// checkTransport fails on what no packet may give.
func checkTransport(tb testing.TB, p *Parser, pkt *capture.Packet, tr *Transport) {
	tb.Helper()
	bad := ""
	switch {
	case (tr.Kind == KindBad) && tr.Fault == FaultNone, tr.Kind != KindBad && tr.Kind != KindFragment && tr.Fault != FaultNone:
		bad = "fault without cause, or cause without fault"
	case (tr.Kind == KindUDP || tr.Kind == KindTCP) && (tr.PayloadLen < len(tr.Payload) || tr.IPVersion == 0):
		bad = "payload longer than claimed, or without addresses"
	case tr.Cut && int(pkt.Length) <= len(pkt.Data) && len(tr.Payload) >= tr.PayloadLen, tr.Fault == FaultCut && int(pkt.Length) <= len(pkt.Data) && tr.Kind == KindBad:
		bad = "cut, but whole"
	case !within(tr.Payload, pkt.Data) && !within(tr.Payload, p.fragments.whole), !within(tr.Quote.Payload, pkt.Data) && !within(tr.Quote.Payload, p.fragments.whole):
		bad = "payload out of bounds"
	case len(tr.Payload) < tr.PayloadLen && tr.L4Check != CheckUnverified:
		bad = "checksum of bytes that are not there"
	case int(tr.Depth) > p.depth:
		bad = "too deep"
	}
	if bad != "" {
		tb.Fatalf("%s: %+v of %x, link %d, length %d", bad, *tr, pkt.Data, pkt.Link, pkt.Length)
	}
}

func FuzzParse(f *testing.F) {
	for _, c := range wardrobe(f) {
		f.Add(uint16(c.link), uint16(0), c.data)
	}
	for _, v := range []int{4, 6} {
		for _, b := range fragmentsOf(f, v, 1, 40, 24) {
			f.Add(uint16(101), uint16(9), b)
		}
	}
	f.Add(uint16(101), uint16(0), tcpIn(f, ip4Header(layers.IPProtocolTCP), nil, []byte("x")))
	f.Add(uint16(101), uint16(0), in4(f, 1, join(f, "0304 0000 0000 05dc", udp4(f))))
	f.Fuzz(func(t *testing.T, link, missing uint16, data []byte) {
		pkt := frame(capture.LinkType(link), data[:len(data):len(data)])
		pkt.Length += uint32(missing)
		p := NewParser(Limits{})
		var tr Transport
		for range 2 {
			p.Parse(pkt, &tr)
			checkTransport(t, p, pkt, &tr)
			if tr.Fragments == 0 {
				checkPeek(t, pkt, &tr)
			} else if _, ok := Peek(pkt); ok {
				t.Fatal("Peek knows a fragment")
			}
		}
	})
}

// naive is a reassembler as simple as can be: a byte for each byte, and no bounds.
type naive struct {
	data    [8192]byte
	have    [8192]bool
	total   int
	end     int
	pieces  int
	refused bool
}

// add returns the datagram if the fragment completes it.
func (n *naive) add(off int, more bool, b []byte) []byte {
	end := off + len(b)
	n.refused = n.refused || (n.total >= 0 && (end > n.total || (!more && end != n.total))) || (!more && n.end > end)
	for i, c := range b {
		n.refused = n.refused || (n.have[off+i] && n.data[off+i] != c)
	}
	if n.refused {
		return nil
	}
	added := false
	for i, c := range b {
		added = added || !n.have[off+i]
		n.data[off+i], n.have[off+i] = c, true
	}
	if added {
		n.pieces++
	}
	n.end = max(n.end, end)
	if !more {
		n.total = end
	}
	if n.total < 0 || slices.Contains(n.have[:n.total], false) {
		return nil
	}
	return n.data[:n.total]
}

// FuzzFragments reads from plan which part of a datagram comes next, three bytes a fragment: offset and length in units, and flags.
func FuzzFragments(f *testing.F) {
	f.Add(false, []byte{0, 2, 1, 2, 3, 0})
	f.Add(true, []byte{2, 3, 0, 0, 2, 1})
	f.Add(false, []byte{0, 2, 1, 1, 2, 1, 3, 1, 0})
	f.Add(false, []byte{0, 2, 1, 1, 2, 3, 3, 1, 0})
	f.Add(true, []byte{0, 255, 1, 254, 3, 1, 255, 2, 4})
	sources := map[int][]byte{4: datagramOf(f, 4, 4200), 6: datagramOf(f, 6, 4200)}
	f.Fuzz(func(t *testing.T, v6 bool, plan []byte) {
		version := 4
		if v6 {
			version = 6
		}
		const odd, dirty = 4, 2
		source := sources[version]
		p, ref, completed := NewParser(Limits{}), &naive{total: -1}, false
		var lost []Lost
		p.Watch(time.Second, func(l *Lost) { lost = append(lost, *l) })
		var tr Transport
		for ; len(plan) >= 3; plan = plan[3:] {
			off, n, more := int(plan[0])*8, int(plan[1])*8, plan[2]&1 != 0
			if !more && plan[2]&odd != 0 {
				n -= 3
			}
			if n <= 0 || off+n > len(source) || off == 0 && !more {
				continue
			}
			part := append([]byte(nil), source[off:off+n]...)
			if plan[2]&dirty != 0 {
				part[n-1] ^= 0xff
			}
			p.Parse(frame(101, rawFragment(t, version, 1, off, more, part)), &tr)
			whole := ref.add(off, more, part)
			switch {
			case ref.refused:
				if tr.Kind != KindFragment || tr.Fault != FaultFragOverlap {
					t.Fatalf("not refused: %+v", tr)
				}
			case whole == nil:
				if tr.Kind != KindFragment || tr.Fault != FaultNone {
					t.Fatalf("neither whole nor refused: %+v", tr)
				}
			default:
				checkWhole(t, &tr, whole, ref.pieces)
				ref, completed = &naive{total: -1}, true
			}
		}
		p.Advance(2e9)
		if !completed { // what comes after could have been captured twice
			checkLost(t, lost, ref)
		}
		if s := p.Stats(); s.Held > 600 || s.Evicted+s.TimedOut+s.Invalid+s.Cut != 0 {
			t.Fatalf("%+v", s)
		}
	})
}

// checkLost says whether the loss of what is left over was told, once.
func checkLost(tb testing.TB, lost []Lost, ref *naive) {
	tb.Helper()
	if len(lost) != min(1, ref.pieces) {
		tb.Fatalf("%d pieces left, told %+v", ref.pieces, lost)
	}
	if len(lost) == 0 {
		return
	}
	have := 0
	for _, b := range ref.have {
		if b {
			have++
		}
	}
	if l := &lost[0]; l.Contradicted != ref.refused || !ref.refused && (l.Bytes != have || l.FirstFragment != (have > 0 && ref.have[0]) || l.Length != max(0, ref.total)) {
		tb.Fatalf("%d bytes of %d there, refused %t, told %+v", have, ref.total, ref.refused, *l)
	}
}

func checkWhole(tb testing.TB, tr *Transport, whole []byte, pieces int) {
	tb.Helper()
	if tr.Kind != KindUDP || int(tr.Fragments) != pieces {
		tb.Fatalf("complete with %d fragments, but %+v", pieces, *tr)
	}
	if n := min(len(whole), max(8, be16(whole[4:]))); !bytes.Equal(tr.Payload, whole[8:n]) {
		tb.Fatalf("payload %x of %x", tr.Payload, whole)
	}
}

// FuzzChecksum compares the fast sum with RFC 1071's.
func FuzzChecksum(f *testing.F) {
	for n := range 70 {
		f.Add(bytes.Repeat([]byte{0xff, 0xfe, 0x01}, n))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		want := CheckBad
		if checksumOf(b) == 0 {
			want = CheckGood
		}
		if got := verdict(sum(b, 0)); got != want {
			t.Fatalf("%x: %d, want %d", b, got, want)
		}
		if len(b) < 2 || len(b)%2 != 0 { // make it right, and see it accepted
			return
		}
		b = append([]byte(nil), b...)
		b[0], b[1] = 0, 0
		c := checksumOf(b)
		b[0], b[1] = byte(c>>8), byte(c)
		if c != 0xffff && verdict(sum(b, 0)) != CheckGood {
			t.Fatalf("%x: right, but refused", b)
		}
	})
}
