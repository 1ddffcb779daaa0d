package packet

import (
	"fmt"
	"slices"
	"testing"
	"time"
	"unsafe"

	"github.com/dnssniff/dnssniff/capture"
)

// A datagram takes no more memory than Limits says.
func TestDatagramSize(t *testing.T) {
	if n := unsafe.Sizeof(datagram{}); n > 256 {
		t.Errorf("a datagram takes %d bytes", n)
	}
}

// String says what matters of a loss, in the order of the fields.
func (l *Lost) String() string {
	s := fmt.Sprintf("packet %d at %d ms, from %d ms, %d fragments, %d of %d bytes", l.Number, l.Time/1e6, l.First/1e6, l.Fragments, l.Bytes, l.Length)
	if l.FirstFragment {
		s += ", first"
	}
	if l.HasPorts {
		s += fmt.Sprintf(", %d to %d", l.SrcPort, l.DstPort)
	}
	if l.Contradicted {
		s += ", contradicted"
	}
	return s
}

// TestLost plays fragments of 800 bytes of UDP datagrams with 2000 bytes of payload, 2008 with the header, a millisecond apart, and asks 6 s later.
func TestLost(t *testing.T) {
	type fragment struct {
		id, n, cut int
		other      bool // bytes
	}
	all := func(id int) []fragment { return []fragment{{id: id}, {id: id, n: 1}, {id: id, n: 2}} }
	tests := []struct {
		name  string
		plays []fragment
		want  []string
	}{
		{"all_come", all(1), nil},
		{"last_lost", all(1)[:2], []string{"packet 2 at 2 ms, from 1 ms, 2 fragments, 1600 of 0 bytes, first, 53 to 4242"}},
		{"middle_lost", []fragment{{id: 1}, {id: 1, n: 2}}, []string{"packet 2 at 2 ms, from 1 ms, 2 fragments, 1208 of 2008 bytes, first, 53 to 4242"}},
		{"first_lost", all(1)[1:], []string{"packet 2 at 2 ms, from 1 ms, 2 fragments, 1208 of 2008 bytes"}},
		{"only_first", all(1)[:1], []string{"packet 1 at 1 ms, from 1 ms, 1 fragments, 800 of 0 bytes, first, 53 to 4242"}},
		{"two_in_turns", []fragment{{id: 1}, {id: 2}, {id: 1, n: 1}, {id: 2, n: 1}, {id: 1, n: 2}}, []string{"packet 4 at 4 ms, from 2 ms, 2 fragments, 1600 of 0 bytes, first, 53 to 4242"}},
		{"each_captured_twice", []fragment{{id: 1}, {id: 1}, {id: 1, n: 1}, {id: 1, n: 1}, {id: 1, n: 2}, {id: 1, n: 2}}, nil},
		{"first_captured_twice_and_the_last_first", []fragment{{id: 1, n: 2}, {id: 1, n: 2}, {id: 1, n: 1}, {id: 1, n: 1}, {id: 1}, {id: 1}}, nil},
		{"last_lost_captured_twice", []fragment{{id: 1}, {id: 1}}, []string{"packet 2 at 2 ms, from 1 ms, 1 fragments, 800 of 0 bytes, first, 53 to 4242"}},
		{"cut_by_the_snaplen", []fragment{{id: 1}, {id: 1, n: 1, cut: 700}}, nil},
		{"first_cut_by_the_snaplen", []fragment{{id: 1, cut: 700}, {id: 1, n: 1}}, nil},
		{"contradicted", []fragment{{id: 1}, {id: 1, n: 1}, {id: 1, n: 1, other: true}, {id: 1, n: 2}}, []string{"packet 3 at 3 ms, from 1 ms, 2 fragments, 1600 of 0 bytes, first, 53 to 4242, contradicted"}},
	}
	for _, version := range []int{4, 6} {
		for _, tt := range tests {
			t.Run(fmt.Sprintf("%s/ipv%d", tt.name, version), func(t *testing.T) {
				var got []string
				p := NewParser(Limits{})
				p.Watch(5*time.Second, func(l *Lost) { got = append(got, l.String()) })
				var tr Transport
				for i, f := range tt.plays {
					pkt := frame(linkRaw, fragmentsOf(t, version, uint32(f.id), 2000, 800)[f.n])
					pkt.Number, pkt.Time = uint64(i+1), int64(i+1)*1e6
					if f.other {
						pkt.Data[len(pkt.Data)-1] ^= 1
					}
					if f.cut > 0 {
						pkt.Data = pkt.Data[:len(pkt.Data)-f.cut]
					}
					p.Parse(pkt, &tr)
				}
				p.Advance(6e9)
				p.Advance(60e9)
				if !slices.Equal(got, tt.want) {
					t.Errorf("got %q, want %q", got, tt.want)
				}
			})
		}
	}
}

// TestLostByTime has the first fragments of datagrams with nothing after them: when each is told, at most once, and what a bound forgot is not.
func TestLostByTime(t *testing.T) {
	first := fragmentsOf(t, 4, 1, 2000, 800)[0]
	at := func(id byte, ms int64) *capture.Packet {
		b := slices.Clone(first)
		b[5] = id
		pkt := frame(linkRaw, b)
		pkt.Time, pkt.Number = ms*1e6, uint64(id)
		return pkt
	}
	var got []uint64
	p := NewParser(Limits{Datagrams: 3})
	p.Watch(5*time.Second, func(l *Lost) { got = append(got, l.Number) })
	told := func(what string, want ...uint64) {
		t.Helper()
		if !slices.Equal(got, want) {
			t.Errorf("%s: told of %v, want %v", what, got, want)
		}
	}
	var tr Transport
	p.Parse(at(1, 0), &tr)
	p.Parse(at(2, 1000), &tr)
	p.Advance(5000e6)
	told("just in time")
	p.Advance(5001e6)
	told("a moment later", 1)
	p.Parse(at(3, 6000), &tr)
	p.Parse(at(4, 6000), &tr) // 1 goes
	p.Parse(at(5, 6000), &tr) // 2 goes, before it was late
	p.Advance(12_000e6)
	told("the second was forgotten", 1, 3, 4, 5)
	p.Parse(at(6, 20_000), &tr)
	p.Parse(at(7, 60_000), &tr) // 6 is older than 30 s, and nothing has called Advance
	told("dropped for its age", 1, 3, 4, 5, 6)
}
