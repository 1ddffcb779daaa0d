package packet

import (
	"bytes"
	"encoding/binary"
	"math/rand"
	"testing"
	"time"

	"github.com/google/gopacket/layers"

	"github.com/dnssniff/dnssniff/capture"
)

// payloadOf returns n bytes that differ from place to place.
func payloadOf(n int) []byte {
	b := make([]byte, n)
	rand.New(rand.NewSource(int64(n))).Read(b)
	return b
}

// rawFragment makes one fragment of UDP with the given part of its payload, of either IP version.
func rawFragment(tb testing.TB, version int, id uint32, offset int, more bool, part []byte) []byte {
	tb.Helper()
	if version == 4 {
		ip := ip4Header(layers.IPProtocolUDP)
		ip.Id, ip.FragOffset = uint16(id), uint16(offset/8)
		if more {
			ip.Flags = layers.IPv4MoreFragments
		}
		buf := serialize(tb, ip)
		b := append(buf[:20:20], part...)
		binary.BigEndian.PutUint16(b[2:], uint16(len(b)))
		b[10], b[11] = 0, 0
		binary.BigEndian.PutUint16(b[10:], checksumOf(b[:20]))
		return b
	}
	field := uint16(offset)
	if more {
		field |= 1
	}
	head := join(tb, "1100", binary.BigEndian.AppendUint16(nil, field), binary.BigEndian.AppendUint32(nil, id))
	out := join(tb, "60000000", binary.BigEndian.AppendUint16(nil, uint16(8+len(part))), "2c40", []byte(testSrc6), []byte(testDst6), head, part)
	return out
}

// checksumOf is RFC 1071 as it stands there.
func checksumOf(b []byte) uint16 {
	var s uint32
	for i := 0; i < len(b); i++ {
		s += uint32(b[i]) << (8 * uint(1-i%2))
	}
	for s>>16 != 0 {
		s = s>>16 + s&0xffff
	}
	return ^uint16(s)
}

// datagramOf returns a UDP datagram with n bytes of payload, its checksum right.
func datagramOf(tb testing.TB, version, n int) []byte {
	tb.Helper()
	if version == 4 {
		return udpIn(tb, ip4Header(layers.IPProtocolUDP), 53, 4242, payloadOf(n))[20:]
	}
	return udpIn(tb, ip6Header(layers.IPProtocolUDP), 53, 4242, payloadOf(n))[40:]
}

// fragmentsOf cuts such a datagram into fragments of size bytes.
func fragmentsOf(tb testing.TB, version int, id uint32, n, size int) [][]byte {
	tb.Helper()
	var out [][]byte
	d := datagramOf(tb, version, n)
	for off := 0; off < len(d); off += size {
		end := min(off+size, len(d))
		out = append(out, rawFragment(tb, version, id, off, end < len(d), d[off:end]))
	}
	return out
}

func TestReassembly(t *testing.T) {
	for _, version := range []int{4, 6} {
		for name, c := range map[string]struct {
			n, size int
			order   []int
		}{
			"in_order":                   {3000, 1480, []int{0, 1, 2}},
			"reverse":                    {3000, 1480, []int{2, 1, 0}},
			"duplicates":                 {3000, 1480, []int{1, 1, 0, 0, 1, 2}},
			"last_of_1_byte":             {1473, 1480, []int{1, 0}},
			"header_of_8_bytes_alone":    {20, 8, []int{0, 1, 2, 3}},
			"across_chunks":              {10000, 4096, []int{2, 0, 1}},
			"as_large_as_can_be":         {65000, 32768, []int{1, 0}},
			"tiny_fragments_of_one_unit": {100, 8, []int{13, 3, 2, 1, 0, 4, 5, 6, 12, 11, 10, 9, 8, 7}},
		} {
			t.Run(name, func(t *testing.T) {
				frags := fragmentsOf(t, version, 7, c.n, c.size)
				p := NewParser(Limits{})
				var tr Transport
				for i, k := range c.order {
					p.Parse(frame(101, frags[k]), &tr)
					if i < len(c.order)-1 && (tr.Kind != KindFragment || tr.Fault != FaultNone || tr.IPID != 7 || tr.Proto != 17) {
						t.Fatalf("fragment %d: %+v", k, tr)
					}
				}
				if tr.Kind != KindUDP || int(tr.Fragments) != len(frags) || tr.SrcPort != 53 || tr.L4Check != CheckGood || tr.LengthMismatch || tr.Cut {
					t.Fatalf("kind %d, %d fragments, check %d", tr.Kind, tr.Fragments, tr.L4Check)
				}
				if !bytes.Equal(tr.Payload, payloadOf(c.n)) || tr.PayloadLen != c.n {
					t.Error("wrong payload")
				}
				if s := p.Stats(); s.Completed != uint64(len(frags)) || s.Held != 0 || int(s.Completed+s.Duplicate) != len(c.order) || s.Lost() != 0 {
					t.Errorf("%+v", s)
				}
			})
		}
	}
}

// TestFragmentRefused has fragments that are never to be believed.
func TestFragmentRefused(t *testing.T) {
	d := datagramOf(t, 4, 100) // 108 bytes
	other := bytes.Repeat([]byte{0xee}, 108)
	type fr struct {
		off  int
		more bool
		b    []byte
	}
	for name, frags := range map[string][]fr{
		"same_place_other_bytes":     {{0, true, d[:64]}, {0, true, other[:64]}, {64, false, d[64:]}},
		"overlap_by_8_bytes":         {{0, true, d[:64]}, {56, false, other[56:]}, {64, false, d[64:]}},
		"teardrop":                   {{0, true, d[:64]}, {24, false, other[24:32]}, {64, false, d[64:]}},
		"two_ends":                   {{64, false, d[64:]}, {64, false, d[64:104]}, {0, true, d[:64]}},
		"beyond_the_end":             {{64, false, d[64:]}, {128, true, other[:64]}, {0, true, d[:64]}},
		"end_before_what_came":       {{0, true, d[:64]}, {8, false, d[8:16]}, {64, false, d[64:]}},
		"last_unit_longer_than_last": {{104, true, other[:8]}, {64, false, d[64:]}, {0, true, d[:64]}},
	} {
		for _, version := range []int{4, 6} {
			p := NewParser(Limits{})
			var tr Transport
			for i, f := range frags {
				p.Parse(frame(101, rawFragment(t, version, 9, f.off, f.more, f.b)), &tr)
				want := FaultNone
				if i > 0 {
					want = FaultFragOverlap
				}
				if tr.Kind != KindFragment || tr.Fault != want {
					t.Errorf("%s: fragment %d: kind %d fault %d", name, i, tr.Kind, tr.Fault)
				}
			}
			if s := p.Stats(); s.Overlapped != 3 || s.Held != 0 {
				t.Errorf("%s: %+v", name, s)
			}
		}
	}
}

// TestFragmentOverlapAgrees has overlapping fragments that leave no doubt.
func TestFragmentOverlapAgrees(t *testing.T) {
	d := datagramOf(t, 4, 100)
	p := NewParser(Limits{})
	var tr Transport
	for _, f := range [][2]int{{0, 64}, {32, 96}, {80, 108}} {
		p.Parse(frame(101, rawFragment(t, 4, 9, f[0], f[1] < len(d), d[f[0]:f[1]])), &tr)
	}
	if tr.Kind != KindUDP || tr.Fragments != 3 || !bytes.Equal(tr.Payload, d[8:]) {
		t.Errorf("%+v", tr)
	}
}

func TestFragmentInvalid(t *testing.T) {
	for _, c := range []struct {
		name    string
		version int
		off     int
		more    bool
		n       int
		kind    Kind
	}{
		{"ping_of_death", 4, 65528, false, 100, KindBad},
		{"ping_of_death_6", 6, 65528, false, 100, KindBad},
		{"empty_first", 4, 0, true, 0, KindBad},
		{"empty_last", 6, 8, false, 0, KindBad},
		{"odd_length_6", 6, 0, true, 13, KindBad},
		{"odd_length_rounded_down", 4, 0, true, 13, KindFragment},
		{"odd_length_below_a_unit", 4, 0, true, 7, KindBad},
	} {
		p := NewParser(Limits{})
		var tr Transport
		p.Parse(frame(101, rawFragment(t, c.version, 1, c.off, c.more, make([]byte, c.n))), &tr)
		if tr.Kind != c.kind || (tr.Kind == KindBad) != (tr.Fault == FaultHeader) || (p.Stats().Invalid == 1) != (c.kind == KindBad) {
			t.Errorf("%s: kind %d fault %d, %+v", c.name, tr.Kind, tr.Fault, p.Stats())
		}
	}
}

// TestFragmentCut has fragments cut by the snaplen: a first one is read as far as it goes, the rest is for nothing.
func TestFragmentCut(t *testing.T) {
	for _, version := range []int{4, 6} {
		frags := fragmentsOf(t, version, 3, 3000, 1480)
		p := NewParser(Limits{})
		var tr Transport
		p.Parse(frame(101, frags[2]), &tr)
		p.Parse(cut(frame(101, frags[0]), 200), &tr)
		if tr.Kind != KindUDP || !tr.Cut || tr.PayloadLen != 3000 || tr.LengthMismatch || tr.Fragments != 1 || tr.L4Check != CheckUnverified ||
			!bytes.HasPrefix(payloadOf(3000), tr.Payload) || len(tr.Payload) < 100 {
			t.Errorf("first: %+v", tr)
		}
		p.Parse(cut(frame(101, frags[1]), 200), &tr)
		if tr.Kind != KindFragment || tr.Fault != FaultCut {
			t.Errorf("second: kind %d fault %d", tr.Kind, tr.Fault)
		}
		p.Parse(frame(101, frags[2]), &tr)
		if tr.Kind != KindFragment || tr.Fault != FaultCut || p.Stats() != (FragStats{Cut: 4, Later: 3}) {
			t.Errorf("third: kind %d fault %d %+v", tr.Kind, tr.Fault, p.Stats())
		}
		p.Parse(cut(frame(101, frags[0]), 50), &tr)
		if version == 4 && (tr.Kind != KindUDP || len(tr.Payload) != 22) || version == 6 && (tr.Kind != KindBad || tr.Fault != FaultCut) {
			t.Errorf("first again: kind %d fault %d", tr.Kind, tr.Fault)
		}
		lie := frame(101, frags[1][:200]) // longer by its header than on the wire
		p.Parse(lie, &tr)
		if tr.Kind != KindBad || tr.Fault != FaultHeader {
			t.Errorf("lie: kind %d fault %d", tr.Kind, tr.Fault)
		}
	}
}

func TestFragmentTimeout(t *testing.T) {
	frags := fragmentsOf(t, 4, 3, 2000, 1480)
	at := func(i int, d time.Duration) *capture.Packet {
		pkt := frame(101, frags[i])
		pkt.Time = int64(time.Hour + d)
		return pkt
	}
	for _, c := range []struct {
		apart time.Duration
		kind  Kind
		stats FragStats
	}{
		{30 * time.Second, KindUDP, FragStats{Completed: 2, Later: 1}},
		{30*time.Second + 1, KindFragment, FragStats{Held: 1, TimedOut: 1, Later: 1}},
		{-30 * time.Second, KindUDP, FragStats{Completed: 2, Later: 1}},
		{-time.Minute, KindFragment, FragStats{Held: 1, TimedOut: 1, Later: 1}},
	} {
		p := NewParser(Limits{})
		var tr Transport
		p.Parse(at(0, 0), &tr)
		p.Parse(at(1, c.apart), &tr)
		if tr.Kind != c.kind || p.Stats() != c.stats {
			t.Errorf("%v apart: kind %d, %+v", c.apart, tr.Kind, p.Stats())
		}
	}
}

// TestFragmentTimeoutBehindOlder has a datagram too old for its own time while an older entry is not: time went back between them.
func TestFragmentTimeoutBehindOlder(t *testing.T) {
	p := NewParser(Limits{})
	var tr Transport
	feed := func(id uint32, i int, at time.Duration) {
		pkt := frame(101, fragmentsOf(t, 4, id, 2000, 1480)[i])
		pkt.Time = int64(time.Hour + at)
		p.Parse(pkt, &tr)
	}
	feed(1, 0, 20*time.Second)
	feed(2, 0, 0)
	feed(2, 1, 40*time.Second)
	if tr.Kind != KindFragment || p.Stats() != (FragStats{Held: 2, TimedOut: 1, Later: 1}) {
		t.Errorf("kind %d, %+v", tr.Kind, p.Stats())
	}
}

// TestFragmentFlood fills the tables with datagrams that never complete: memory stays bounded, and a real datagram still gets through.
func TestFragmentFlood(t *testing.T) {
	for name, l := range map[string]Limits{
		"datagrams": {Datagrams: 16},
		"bytes":     {FragmentBytes: 16 * chunkSize},
	} {
		p := NewParser(l)
		var tr Transport
		for id := range uint32(100) {
			p.Parse(frame(101, rawFragment(t, 6, id, 8, true, make([]byte, 8))), &tr)
			if tr.Kind != KindFragment || tr.Fault != FaultNone {
				t.Fatalf("%s: %+v", name, tr)
			}
		}
		if s := p.Stats(); s.Held != 16 || s.Evicted != 84 {
			t.Errorf("%s: %+v", name, s)
		}
		for _, f := range fragmentsOf(t, 6, 1000, 3000, 1480) {
			p.Parse(frame(101, f), &tr)
		}
		if tr.Kind != KindUDP {
			t.Errorf("%s: the real one: %+v", name, tr)
		}
		if got := len(p.fragments.chunks) - 1; got > 16 && name == "bytes" {
			t.Errorf("%d chunks", got)
		}
	}
}

// TestFragmentLimit has one datagram that is larger than all that may be held.
func TestFragmentLimit(t *testing.T) {
	p := NewParser(Limits{FragmentBytes: 2 * chunkSize})
	var tr Transport
	faults := 0
	for _, f := range fragmentsOf(t, 4, 3, 9000, 1480) {
		p.Parse(frame(101, f), &tr)
		if tr.Fault == FaultFragLimit {
			faults++
		}
	}
	if s := p.Stats(); faults == 0 || s.Completed != 0 || s.Held+s.Evicted != 7 {
		t.Errorf("%d faults, %+v", faults, s)
	}
}

// TestFragmentsInCarriers has fragments inside a tunnel whose own packets are fragments.
func TestFragmentsInCarriers(t *testing.T) {
	p := NewParser(Limits{})
	var tr Transport
	kinds := map[Kind]int{}
	for i, inner := range fragmentsOf(t, 6, 5, 3000, 1480) {
		outer := in4(t, 41, inner)[20:]
		for off := 0; off < len(outer); off += 800 {
			end := min(off+800, len(outer))
			f := rawFragment(t, 4, uint32(100+i), off, end < len(outer), outer[off:end])
			f[9] = 41
			p.Parse(frame(101, f), &tr)
			kinds[tr.Kind]++
		}
	}
	if tr.Kind != KindUDP || tr.Depth != 1 || tr.IPVersion != 6 || !bytes.Equal(tr.Payload, payloadOf(3000)) || tr.L4Check != CheckGood || kinds[KindUDP] != 1 {
		t.Errorf("%+v", tr)
	}
}

// TestFragmentKeys checks that fragments of different datagrams stay apart.
func TestFragmentKeys(t *testing.T) {
	first, last := fragmentsOf(t, 4, 7, 2000, 1480)[0], fragmentsOf(t, 4, 7, 2000, 1480)[1]
	for name, b := range map[string][]byte{
		"id": patch(t, last, 4, "0008"), "source": patch(t, last, 12, "0b"), "destination": patch(t, last, 16, "0b"), "protocol": patch(t, last, 9, "06"),
	} {
		p := NewParser(Limits{})
		var tr Transport
		p.Parse(frame(101, first), &tr)
		p.Parse(frame(101, b), &tr)
		if tr.Kind != KindFragment || p.Stats().Held != 2 {
			t.Errorf("%s: %+v", name, tr)
		}
	}
}

// TestIPv6FragmentWithOptions has destination options in the fragmentable part: only the first fragment says what the payload is.
func TestIPv6FragmentWithOptions(t *testing.T) {
	d := append(unhex(t, "1100 0104 00000000"), datagramOf(t, 6, 100)...)
	first, last := rawFragment(t, 6, 1, 0, true, d[:8]), rawFragment(t, 6, 1, 8, false, d[8:])
	first[40] = 60
	p := NewParser(Limits{})
	var tr Transport
	p.Parse(frame(101, last), &tr)
	p.Parse(frame(101, first), &tr)
	if tr.Kind != KindUDP || tr.Proto != 17 || !bytes.Equal(tr.Payload, payloadOf(100)) || tr.L4Check != CheckGood {
		t.Errorf("%+v", tr)
	}
}
