package evidence

import (
	"testing"

	"github.com/dnssniff/dnssniff/decode"
)

func TestLongName(t *testing.T) {
	label := func(n int) string {
		s := string(byte(n))
		for range n {
			s += "a"
		}
		return s
	}
	for _, tt := range []struct {
		what, name string
		want       bool
	}{
		{"data in two labels", label(40) + label(20) + label(3) + "\x00", true},
		{"long, of short labels", label(20) + label(20) + label(20) + label(3) + "\x00", false},
		{"a long label, a short name", label(31) + label(3) + "\x00", false},
		{"nothing", "", false},
		{"a label past the end", label(60)[:30] + label(40) + "\x3f", true},
	} {
		if got := longName([]byte(tt.name)); got != tt.want {
			t.Errorf("%s: %v", tt.what, got)
		}
	}
}

func TestRetryTimer(t *testing.T) {
	for d, want := range map[int64]bool{1e9: true, 5e9: true, 2e9 + 39e6: true, 1e9 - 41e6: false, 15e8: false, 6e9: false, 0: false, -1e9: false} {
		if got := retryTimer(d); got != want {
			t.Errorf("%d ns: %v", d, got)
		}
	}
}

// TestPace adds answers at odd times, in one pace and in two that merge: the sums and the places must be the same.
func TestPace(t *testing.T) {
	for _, tt := range []struct {
		name  string
		times []int64
	}{
		{"in one bucket", []int64{1e9, 1e9 + 1}},
		{"backwards", []int64{9e9, 5e9, 1e9}},
		{"wider and wider", []int64{1e9, 100e9, 5000e9, 20, 1e18}},
		{"two far apart", []int64{0, 1<<62 - 1}},
		{"many", func() (list []int64) {
			for i := range int64(1000) {
				list = append(list, i*i*7e6)
			}
			return list
		}()},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var one, a, b pace
			for i, at := range tt.times {
				addTo(&one.at(at)[i%RTTBuckets], 1)
				half := &a
				if i%2 == 1 {
					half = &b
				}
				addTo(&half.at(at)[i%RTTBuckets], 1)
			}
			a.merge(&b)
			got, want := a.facts(), one.facts()
			if got.Width < want.Width {
				t.Fatalf("width %d, want %d or more", got.Width, want.Width)
			}
			sum, total := countsOf(&want, got.Width), uint32(0)
			for at, n := range countsOf(&got, got.Width) {
				if total += n; sum[at] != n {
					t.Errorf("at %d: %d, want %d", at, n, sum[at])
				}
			}
			if total != uint32(len(tt.times)) {
				t.Errorf("%d answers, want %d", total, len(tt.times))
			}
		})
	}
}

func countsOf(p *Pace, width int64) map[int64]uint32 {
	m := make(map[int64]uint32)
	for i := range p.Buckets {
		for _, n := range p.Buckets[i] {
			if n > 0 {
				m[(p.First+int64(i))*p.Width/width] += n
			}
		}
	}
	return m
}

func TestDubious(t *testing.T) {
	for _, tt := range []struct {
		name string
		q    decode.Query
		want bool
	}{
		{"plain", decode.Query{Flags: 0x0100}, false},
		{"malformed", decode.Query{Malformed: true}, true},
		{"opcode 7", decode.Query{Flags: 7 << 11}, true},
		{"UPDATE", decode.Query{Flags: 5 << 11}, false},
	} {
		if got := dubious(&tt.q); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}
