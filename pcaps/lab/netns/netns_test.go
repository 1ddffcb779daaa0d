//go:build linux

package netns

import (
	"bytes"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"
)

func TestImpairments(t *testing.T) {
	for text, want := range map[string]impairment{
		"":                                   {},
		"loss 20%":                           {loss: 0.2},
		"delay 30ms":                         {delay: 30 * time.Millisecond},
		"delay 30ms 5ms loss 1%":             {delay: 30 * time.Millisecond, jitter: 5 * time.Millisecond, loss: 0.01},
		"corrupt 0.5% duplicate 2% delay 1s": {corrupt: 0.005, duplicate: 0.02, delay: time.Second},
	} {
		if got, err := parseImpairment(text); err != nil || got != want {
			t.Errorf("%q: got %+v, %v, want %+v", text, got, err, want)
		}
	}
	for _, text := range []string{"loss", "loss 20", "loss -1%", "loss 101%", "delay", "delay soon", "delay 1ms 2", "rate 1mbit", "loss x%"} {
		if got, err := parseImpairment(text); err == nil {
			t.Errorf("%q: got %+v, want an error", text, got)
		}
	}
}

func TestFateFollowsTheSeed(t *testing.T) {
	m := impairment{loss: 0.2, duplicate: 0.1, corrupt: 0.3, delay: 10 * time.Millisecond, jitter: 2 * time.Millisecond}
	count := func(seed uint64) (lost, twice, corrupt int, fates []time.Duration) {
		r := rand.New(rand.NewPCG(seed, 1))
		for range 10_000 {
			copies, after, bad := m.fate(r)
			if copies == 0 {
				lost++
			}
			if copies == 2 {
				twice++
			}
			if bad {
				corrupt++
			}
			if after < 8*time.Millisecond || after > 12*time.Millisecond {
				t.Fatalf("a delay of %v", after)
			}
			fates = append(fates, after)
		}
		return lost, twice, corrupt, fates
	}
	lost, twice, corrupt, first := count(1)
	for what, n := range map[string][3]int{"lost": {lost, 1800, 2200}, "twice": {twice, 700, 900}, "corrupt": {corrupt, 2800, 3200}} {
		if n[0] < n[1] || n[0] > n[2] {
			t.Errorf("%s: %d of 10000, want %d to %d", what, n[0], n[1], n[2])
		}
	}
	_, _, _, again := count(1)
	_, _, _, other := count(2)
	if !slices.Equal(first, again) || slices.Equal(first, other) {
		t.Error("the seed does not decide")
	}
}

func TestFlipTurnsOneBitBehindTheHeader(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, size := range []int{0, 14, 15, 60} {
		frame := make([]byte, size)
		flip(r, frame)
		bits := 0
		for i, b := range frame {
			for ; b > 0; b &= b - 1 {
				bits++
			}
			if i < 14 && bits > 0 {
				t.Errorf("%d bytes: the Ethernet header is hit", size)
			}
		}
		if want := min(1, max(0, size-14)); bits != want {
			t.Errorf("%d bytes: %d bits turned, want %d", size, bits, want)
		}
	}
}

func TestTag(t *testing.T) {
	frame := append(bytes.Repeat([]byte{2}, 12), 0x08, 0x00, 0x45)
	want := append(bytes.Repeat([]byte{2}, 12), 0x81, 0x00, 0, 20, 0x08, 0x00, 0x45)
	if got := tagged(nil, frame, 20); !bytes.Equal(got, want) {
		t.Errorf("got % x, want % x", got, want)
	}
}

func TestGateways(t *testing.T) {
	h := &Host{}
	for _, a := range []string{"10.53.1.11/24", "10.53.1.12/24", "2001:db8:53:1::11/64", "192.0.2.18/28"} {
		h.prefixes = append(h.prefixes, netip.MustParsePrefix(a))
	}
	var got []string
	for _, n := range h.networks() {
		got = append(got, gateway(n).String())
	}
	if want := []string{"10.53.1.1/24", "2001:db8:53:1::1/64", "192.0.2.17/28"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestCaptureArguments(t *testing.T) {
	got := tcpdump("f.pcap", CaptureOptions{Interface: "any", LinkType: "LINUX_SLL", Nano: true, Snaplen: 96, Filter: "udp port 53"})
	for _, want := range [][]string{{"-i", "any"}, {"-y", "LINUX_SLL"}, {"-s", "96"}, {"-w", "f.pcap"}, {"--time-stamp-precision=nano", "udp", "port", "53"}} {
		if i := slices.Index(got, want[0]); i < 0 || !slices.Equal(got[i:i+len(want)], want) {
			t.Errorf("%v is not in %v", want, got)
		}
	}
	if m := lost.FindString("10 packets captured\n0 packets dropped by kernel\n"); m != "" {
		t.Errorf("no packet was lost, got %q", m)
	}
	if m := lost.FindString("12 packets dropped by kernel\n"); m == "" {
		t.Error("lost packets are not seen")
	}
}

func TestNeighbours(t *testing.T) {
	frame := func(kind uint16, next, icmp byte) []byte {
		f := make([]byte, 14+40+8)
		f[12], f[13], f[14+6], f[14+40] = byte(kind>>8), byte(kind), next, icmp
		return f
	}
	for what, c := range map[string]struct {
		frame []byte
		want  bool
	}{
		"arp": {frame(0x0806, 0, 0), true}, "solicitation": {frame(0x86dd, 58, 135), true}, "advertisement": {frame(0x86dd, 58, 136), true},
		"icmpv6_error": {frame(0x86dd, 58, 1), false}, "udp": {frame(0x86dd, 17, 135), false}, "ipv4": {frame(0x0800, 58, 135), false}, "short": {make([]byte, 13), false},
		"cut_before_the_type": {frame(0x86dd, 58, 135)[:54], false},
	} {
		if got := neighbours(c.frame); got != c.want {
			t.Errorf("%s: %v", what, got)
		}
	}
}

func TestOwners(t *testing.T) {
	for space, want := range map[string]int{"lab123-router": 123, "lab-router": 0, "lab12": 0, "other12-router": 0, "lab0-x": 0, "lab-5-x": 0, "labx1-y": 0} {
		if pid, ok := owner(space, "lab"); ok != (want > 0) || ok && pid != want {
			t.Errorf("%s: %d, %v", space, pid, ok)
		}
	}
}
