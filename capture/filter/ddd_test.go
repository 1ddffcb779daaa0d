package filter

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os/exec"
	"strings"
	"testing"
	"testing/iotest"

	"golang.org/x/net/bpf"

	"github.com/dnssniff/dnssniff/capture"
)

// ddd prints a program as tcpdump -ddd does.
func ddd(tb testing.TB, code ...bpf.Instruction) string {
	tb.Helper()
	raw, err := bpf.Assemble(code)
	if err != nil {
		tb.Fatal(err)
	}
	return dddRaw(raw...)
}

func dddRaw(raw ...bpf.RawInstruction) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d\n", len(raw))
	for _, ri := range raw {
		fmt.Fprintf(&b, "%d %d %d %d\n", ri.Op, ri.Jt, ri.Jf, ri.K)
	}
	return b.String()
}

func TestFromDDDErrors(t *testing.T) {
	ret := bpf.RetConstant{Val: 1}
	tests := []struct{ name, text, want string }{
		{"empty", "", "ends after 0 of 0"},
		{"no_count", "udp port 53\n", "line 1: expected the number"},
		{"count_of_none", "0\n", "line 1: expected the number"},
		{"count_below_none", "-1\n", "line 1: expected the number"},
		{"count_too_large", "4097\n", "1 to 4096"},
		{"short", "2\n6 0 0 1\n", "ends after 1 of 2"},
		{"long", "1\n6 0 0 1\n6 0 0 1\n", "line 3: more than the 1"},
		{"three_numbers", "1\n6 0 0\n", "line 2: expected four numbers"},
		{"words", "1\nret 0\n", "line 2: expected four numbers"},
		{"jump_does_not_fit", "1\n21 256 0 1\n", "line 2: expected four numbers"},
		{"negative", "1\n6 0 0 -1\n", "line 2: expected four numbers"},
		{"unknown_code", "1\n65535 0 0 0\n", "line 2: no instruction"},
		{"no_return", ddd(t, bpf.LoadAbsolute{Size: 1}), "must end with"},
		{"computed_return", ddd(t, bpf.RetA{}), "line 2: the length to keep is computed"},
		{"jump_beyond_end", ddd(t, bpf.Jump{Skip: 1}, ret), "past program bounds"},
		{"branch_beyond_end", ddd(t, bpf.JumpIf{Cond: bpf.JumpEqual, SkipTrue: 9}, ret), "past program bounds"},
		{"jump_back", "2\n5 0 0 4294967295\n6 0 0 1\n", "past program bounds"},
		{"divides_by_zero", dddRaw(bpf.RawInstruction{Op: 0x34}, bpf.RawInstruction{Op: 6}), "divide by zero"},
		{"scratch_beyond_memory", dddRaw(bpf.RawInstruction{Op: 0x60, K: 16}, bpf.RawInstruction{Op: 6}), "no instruction"},
		{"scratch_far_beyond_memory", dddRaw(bpf.RawInstruction{Op: 2, K: 1 << 31}, bpf.RawInstruction{Op: 6}), "no instruction"},
		{"negation", ddd(t, bpf.NegateA{}, ret), "negation"},
		{"offset_overflows", ddd(t, bpf.LoadAbsolute{Off: 1 << 31, Size: 4}, ret), "too large"},
		{"indirect_offset_overflows", ddd(t, bpf.LoadIndirect{Off: 1 << 31, Size: 4}, ret), "too large"},
		{"shift_offset_overflows", ddd(t, bpf.LoadMemShift{Off: 1 << 31}, ret), "too large"},
		{"a_long_line", "1\n" + strings.Repeat("6", 100_000), "token too long"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := FromDDD(strings.NewReader(tt.text), linkEthernet)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("got %v, want ...%s...", err, tt.want)
			}
			if tt.name != "a_long_line" && !errors.Is(err, ErrProgram) {
				t.Errorf("%v is no ErrProgram", err)
			}
		})
	}
	if _, err := FromDDD(iotest.ErrReader(io.ErrClosedPipe), linkEthernet); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("got %v, want the reader's error", err)
	}
}

// full is what our grammar has not.
const full = "udp[8] & 0x80 = 0x80 and ip[8] < 128 and greater 60"

func fromTcpdump(tb testing.TB, link string, expr string) string {
	tb.Helper()
	needTcpdump(tb)
	out, err := exec.Command("tcpdump", "-ddd", "-y", link, expr).Output()
	if err != nil {
		tb.Fatal(err)
	}
	return string(out)
}

func mustDDD(tb testing.TB, text string, link capture.LinkType) *Filter {
	tb.Helper()
	f, err := FromDDD(strings.NewReader(text), link)
	if err != nil {
		tb.Fatal(err)
	}
	return f
}

func TestFromDDD(t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 14))
	all := samples(t, 4)
	for _, l := range tcpdumpLinks[:6] {
		f := mustDDD(t, fromTcpdump(t, l.name, full), l.link)
		n := agree(t, compileOurs(t, f, l.link), compileLibpcap(t, l.name, full), framesFor(rng, l.link, all))
		if n.kept == 0 || n.kept == n.frames {
			t.Errorf("%s: %d of %d frames kept", l.name, n.kept, n.frames)
		}
	}
}

// TestFromDDDAnd joins programs: each has the last word on what it rejects.
func TestFromDDDAnd(t *testing.T) {
	parts := []*Filter{
		mustDDD(t, fromTcpdump(t, "EN10MB", full), linkEthernet),
		mustDDD(t, fromTcpdump(t, "EN10MB", "ip[0] & 0xf = 5 or ip6"), linkEthernet),
		mustParse(t, "src port 53"),
	}
	f := parts[0]
	for _, p := range parts[1:] {
		var err error
		if f, err = f.And(p); err != nil {
			t.Fatal(err)
		}
	}
	if want := " and (src port 53)"; !strings.HasSuffix(f.String(), want) {
		t.Errorf("got %q, want ...%s", f, want)
	}
	o := compileOurs(t, f, linkEthernet)
	kept := 0
	for _, frame := range framesFor(rand.New(rand.NewPCG(15, 16)), linkEthernet, samples(t, 4)) {
		p := capture.Packet{Link: linkEthernet, Data: frame}
		want := parts[0].Match(&p) && parts[1].Match(&p) && parts[2].Match(&p)
		if got := o.verdict(t, frame); got != want {
			t.Fatalf("got %v of %x", got, frame)
		}
		if want {
			kept++
		}
	}
	if kept == 0 {
		t.Error("no frame passed all three")
	}
}

func TestFromDDDLinkTypes(t *testing.T) {
	radio := mustDDD(t, ddd(t, bpf.RetConstant{Val: 1}), 127)
	raw := mustDDD(t, ddd(t, bpf.RetConstant{Val: 1}), linkRaw)
	kernel := mustDDD(t, ddd(t, bpf.LoadExtension{Num: bpf.ExtVLANTagPresent}, bpf.RetConstant{Val: 1}), linkEthernet)
	both, err := radio.And(mustParse(t, "udp"))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		f    *Filter
		link capture.LinkType
		want bool
	}{
		{"its_own", radio, 127, true},
		{"another", radio, linkEthernet, false},
		{"same_layout", raw, linkRawBSD, true},
		{"needs_the_kernel", kernel, linkEthernet, false},
		{"expression_knows_no_radio", both, 127, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.f.Supports(tt.link)
			var e *LinkError
			if tt.want != (err == nil) || err != nil && !errors.As(err, &e) {
				t.Errorf("Supports: %v", err)
			}
			if got := tt.f.Match(&capture.Packet{Link: tt.link, Data: make([]byte, 64)}); got != tt.want {
				t.Errorf("Match: %v", got)
			}
			if _, err := tt.f.Program(tt.link, 0); tt.want != (err == nil) {
				t.Errorf("Program: %v", err)
			}
		})
	}
	if _, err := kernel.KernelProgram(linkEthernet, 0); err != nil {
		t.Errorf("the kernel has what it asks for: %v", err)
	}
	if _, err := kernel.KernelProgram(linkRaw, 0); err == nil {
		t.Error("a program for Ethernet taken for raw IP")
	}
	if _, err := both.KernelProgram(127, 0); err == nil {
		t.Error("an expression taken for radio headers")
	}
}
