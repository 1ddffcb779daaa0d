package filter

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/dnssniff/dnssniff/capture"
)

func TestSupports(t *testing.T) {
	tests := []struct {
		expr string
		link capture.LinkType
		want string // a part of the error; "" for none
	}{
		{"udp", linkEthernet, ""},
		{"udp", linkRawOBSD, ""},
		{"udp", linkRawBSD, ""},
		{"udp", 127, "filter: link type IEEE802_11_RADIO: capture filters know Ethernet"},
		{"vlan", linkEthernet, ""},
		{"udp or not (vlan and tcp)", linkSLL2, `filter: link type LINUX_SLL2: "vlan" works on Ethernet only`},
		{"", 127, ""},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%s on %s", tt.expr, tt.link), func(t *testing.T) {
			f := mustParse(t, tt.expr)
			err := f.Supports(tt.link)
			if (err == nil) != (tt.want == "") || err != nil && !strings.HasPrefix(err.Error(), tt.want) {
				t.Fatalf("got %v, want %s", err, tt.want)
			}
			var e *LinkError
			if err != nil && (!errors.As(err, &e) || e.Link != tt.link) {
				t.Errorf("%#v is no LinkError of %s", err, tt.link)
			}
			if err != nil && f.Match(&capture.Packet{Link: tt.link, Data: make([]byte, 100)}) {
				t.Error("a frame kept that cannot be judged")
			}
		})
	}
}

func TestEmptyKeepsAll(t *testing.T) {
	f := mustParse(t, " \t\n")
	for _, link := range []capture.LinkType{linkEthernet, linkSLL2, 127, 65535} {
		o := compileOurs(t, f, link)
		if !o.verdict(t, nil) || !o.verdict(t, []byte("any")) {
			t.Errorf("%s: a frame not kept", link)
		}
		if _, err := f.KernelProgram(link, 0); err != nil {
			t.Errorf("%s: %v", link, err)
		}
	}
}

func TestAndText(t *testing.T) {
	for _, tt := range [][3]string{{"udp", "ip", "(udp) and (ip)"}, {"", "ip", "ip"}, {"udp", "", "udp"}, {"", "", ""}} {
		f, err := mustParse(t, tt[0]).And(mustParse(t, tt[1]))
		if err != nil {
			t.Fatal(err)
		}
		if f.String() != tt[2] {
			t.Errorf("got %q, want %q", f, tt[2])
		}
	}
}

func TestTooLong(t *testing.T) {
	large := mustParse(t, worst(t))
	if _, err := large.And(large); !errors.Is(err, ErrTooLong) {
		t.Errorf("And: got %v", err)
	}
	if _, err := Parse(worst(t) + strings.Repeat(" or udp port 1", 100)); !errors.Is(err, ErrTooLong) {
		t.Errorf("Parse: got %v", err)
	}
	program := mustDDD(t, "4096\n"+strings.Repeat("0 0 0 0\n", 4095)+"6 0 0 1\n", linkEthernet)
	both, err := program.And(mustParse(t, "udp"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := both.Program(linkEthernet, 0); !errors.Is(err, ErrTooLong) {
		t.Errorf("Program: got %v", err)
	}
	// Live, a filter with "vlan" is there twice: for tags beside the frame and in it.
	twice := mustParse(t, strings.Repeat("udp port 53 or ", 300)+"vlan")
	if _, err := twice.KernelProgram(linkEthernet, 0); !errors.Is(err, ErrTooLong) {
		t.Errorf("KernelProgram: got %v", err)
	}
}

// TestBSDFamilies reads loopback headers as the machines that capture write them, which libpcap does on the same system only.
func TestBSDFamilies(t *testing.T) {
	udp4, udp6 := ip4(17, 0, 0, 1, 53).payload, ip6(17, transport(1, 53)).payload
	tests := []struct {
		name   string
		link   capture.LinkType
		header string
		frame  []byte
		want   bool
	}{
		{"null_little_endian_ipv4", linkNull, "\x02\x00\x00\x00", udp4, true},
		{"null_big_endian_ipv4", linkNull, "\x00\x00\x00\x02", udp4, true},
		{"null_linux_ipv6", linkNull, "\x0a\x00\x00\x00", udp6, true},
		{"null_openbsd_ipv6", linkNull, "\x18\x00\x00\x00", udp6, true},
		{"null_freebsd_ipv6", linkNull, "\x1c\x00\x00\x00", udp6, true},
		{"null_macos_ipv6", linkNull, "\x1e\x00\x00\x00", udp6, true},
		{"null_big_endian_ipv6", linkNull, "\x00\x00\x00\x1c", udp6, true},
		{"null_appletalk", linkNull, "\x10\x00\x00\x00", udp4, false},
		{"loop_ipv4", linkLoop, "\x00\x00\x00\x02", udp4, true},
		{"loop_openbsd_ipv6", linkLoop, "\x00\x00\x00\x18", udp6, true},
		{"loop_little_endian", linkLoop, "\x02\x00\x00\x00", udp4, false},
		{"null_ipv4_said_to_be_ipv6", linkNull, "\x1e\x00\x00\x00", udp4, false},
		{"null_cut", linkNull, "\x02\x00\x00", nil, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := compileOurs(t, mustParse(t, "udp port 53"), tt.link)
			if got := o.verdict(t, append([]byte(tt.header), tt.frame...)); got != tt.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

// TestCutFrames: a load beyond the end rejects, whatever is around it; what comes before decides without it.
func TestCutFrames(t *testing.T) {
	frame := dress(linkEthernet, ip4(17, 0, 0, 53, 40000))
	tests := []struct {
		expr string
		size int
		want bool
	}{
		{"port 53", 36, true}, // the source port is the last half-word
		{"port 53", 35, false},
		{"not port 53", 35, false},
		{"not port 54", 35, false},
		{"port 54", 36, false},
		{"udp or port 54", 24, true},
		{"udp or port 54", 23, false},
		{"not udp", 13, false},
		{"ip or not ip", 14, true},
		{"ip or not ip", 13, false},
		{"not tcp", 0, false},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%s of %d", tt.expr, tt.size), func(t *testing.T) {
			o := compileOurs(t, mustParse(t, tt.expr), linkEthernet)
			if got := o.verdict(t, frame[:tt.size]); got != tt.want {
				t.Errorf("got %v", got)
			}
		})
	}
}
