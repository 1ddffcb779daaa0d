package live

import (
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/bpf"
)

func TestOptions(t *testing.T) {
	good := Options{Interface: "x0"}
	if err := good.complete(); err != nil {
		t.Error(err)
	}
	if good.Buffer != DefaultBuffer || good.Snaplen != DefaultSnaplen || good.Latency != DefaultLatency || good.Idle != DefaultIdle {
		t.Errorf("%+v", good)
	}
	for _, o := range []Options{
		{Buffer: 1}, {Buffer: maxBuffer + 1}, {Buffer: -1}, {Snaplen: -1}, {Snaplen: DefaultSnaplen + 1}, {Latency: time.Microsecond}, {Latency: time.Hour},
		{Idle: -1}, {Interface: Any, AdapterTime: true},
	} {
		if o.Interface == "" {
			o.Interface = "x0"
		}
		if _, err := Open(o); !errors.Is(err, ErrOption) {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

func TestLimitFilter(t *testing.T) {
	in := []bpf.RawInstruction{{Op: 0x28, K: 70000}, {Op: opReturn, K: 262144}, {Op: opReturn, K: 10}, {Op: opReturn}}
	out, err := limitFilter(in, 1000)
	if err != nil || out[0].K != 70000 || out[1].K != 1000 || out[2].K != 10 || out[3].K != 0 || in[1].K != 262144 {
		t.Error(out, err)
	}
	if out, err = limitFilter(nil, 99); err != nil || len(out) != 1 || out[0] != (bpf.RawInstruction{Op: opReturn, K: 99}) {
		t.Error(out, err)
	}
	if _, err = limitFilter(make([]bpf.RawInstruction, maxInstructions+1), 99); !errors.Is(err, ErrFilter) {
		t.Error(err)
	}
}

func TestShellQuote(t *testing.T) {
	for in, want := range map[string]string{
		"/usr/bin/dnssniff": "/usr/bin/dnssniff", "/my dir/x": "'/my dir/x'", "it's": `'it'\''s'`, "a\x1b[2Jb": "'a?[2Jb'", "": "",
	} {
		if got := shellQuote(in); got != want {
			t.Errorf("%q: %s, not %s", in, got, want)
		}
	}
	if e := (&PermissionError{Interface: "x0", Err: errors.New("no")}); !strings.Contains(e.Error(), "PROGRAM") {
		t.Error(e)
	}
}

func TestStates(t *testing.T) {
	for s, want := range map[State]string{Up: "up", NoCarrier: "no carrier", Down: "down", Away: "away", 9: "state 9"} {
		if s.String() != want {
			t.Errorf("%s, not %s", s, want)
		}
	}
}

func TestPrefixOf(t *testing.T) {
	for _, c := range []struct {
		addr net.Addr
		want string
	}{
		{&net.IPNet{IP: net.IPv4(192, 0, 2, 1), Mask: net.CIDRMask(24, 32)}, "192.0.2.1/24"},
		{&net.IPNet{IP: net.IPv4(192, 0, 2, 1), Mask: net.CIDRMask(120, 128)}, "192.0.2.1/24"},
		{&net.IPNet{IP: net.ParseIP("2001:db8::1"), Mask: net.CIDRMask(64, 128)}, "2001:db8::1/64"},
		{&net.UnixAddr{}, ""},
	} {
		p, ok := prefixOf(c.addr)
		if ok != (c.want != "") || ok && p != netip.MustParsePrefix(c.want) {
			t.Errorf("%v: %v, %v", c.addr, p, ok)
		}
	}
}
