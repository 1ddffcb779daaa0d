package filter

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/bits"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/net/bpf"

	"github.com/dnssniff/dnssniff/capture"
)

// tcpdumpLinks are the link types that filters know, by the names tcpdump takes.
var tcpdumpLinks = []struct {
	name string
	link capture.LinkType
}{
	{"EN10MB", linkEthernet}, {"LINUX_SLL", linkSLL}, {"LINUX_SLL2", linkSLL2}, {"RAW", linkRaw}, {"NULL", linkNull}, {"LOOP", linkLoop},
	{"IPV4", linkIPv4}, {"IPV6", linkIPv6},
}

// needTcpdump skips a test where there is nothing to compare with.
func needTcpdump(tb testing.TB) {
	tb.Helper()
	if _, err := exec.LookPath("tcpdump"); err != nil {
		tb.Skip("tcpdump is not installed: nothing to compare with")
	}
}

// tcpdump compiles an expression with libpcap, by default with its optimiser.
func tcpdump(linkName, expr string, flags ...string) ([]bpf.Instruction, error) {
	var stderr bytes.Buffer
	cmd := exec.Command("tcpdump", append(flags, "-ddd", "-y", linkName, expr)...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if strings.Contains(stderr.String(), "expression rejects all packets") {
		return []bpf.Instruction{bpf.RetConstant{}}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, stderr.String())
	}
	raw, err := readDDD(bytes.NewReader(out))
	if err != nil {
		return nil, err
	}
	code, ok := bpf.Disassemble(raw)
	if !ok {
		return nil, fmt.Errorf("tcpdump wrote %s", out)
	}
	return code, nil
}

// machine returns a virtual machine for a program.
func machine(tb testing.TB, code []bpf.Instruction) *bpf.VM {
	tb.Helper()
	vm, err := bpf.NewVM(code)
	if err != nil {
		tb.Fatalf("no machine for %v: %v", code, err)
	}
	return vm
}

// verdict of a program on a frame.
func verdict(tb testing.TB, vm *bpf.VM, frame []byte) bool {
	tb.Helper()
	kept, err := vm.Run(frame)
	if err != nil {
		tb.Fatal(err)
	}
	return kept > 0
}

// mustParse is [Parse] of what is right.
func mustParse(tb testing.TB, expr string) *Filter {
	tb.Helper()
	f, err := Parse(expr)
	if err != nil {
		tb.Fatalf("%s: %v", expr, err)
	}
	return f
}

// listing is a program for a person.
func listing(code []bpf.Instruction) string {
	var b strings.Builder
	for i, ins := range code {
		fmt.Fprintf(&b, "%3d %v\n", i, ins)
	}
	return b.String()
}

// libpcap is a pair of programs for one expression. The optimiser swaps and drops loads, so the two differ on some frames that end within
// what the expression asks for; libpcap documents neither as the right one.
type libpcap struct {
	optimised, plain *bpf.VM
}

func compileLibpcap(tb testing.TB, linkName, expr string) libpcap {
	tb.Helper()
	optimised, err := tcpdump(linkName, expr)
	if err != nil {
		tb.Fatalf("tcpdump takes no %q on %s: %v", expr, linkName, err)
	}
	plain, err := tcpdump(linkName, expr, "-O")
	if err != nil {
		tb.Fatalf("tcpdump -O takes no %q on %s: %v", expr, linkName, err)
	}
	return libpcap{machine(tb, optimised), machine(tb, plain)}
}

// ours is what we make of an expression.
type ours struct {
	filter *Filter
	vm     *bpf.VM
	link   capture.LinkType
}

func compileOurs(tb testing.TB, f *Filter, link capture.LinkType) ours {
	tb.Helper()
	code, err := f.Program(link, 0)
	if err != nil {
		tb.Fatalf("%s on %s: %v", f, link, err)
	}
	return ours{f, machine(tb, code), link}
}

// verdict of our program, which must be that of our predicate.
func (o ours) verdict(tb testing.TB, frame []byte) bool {
	tb.Helper()
	v := verdict(tb, o.vm, frame)
	if m := o.filter.Match(&capture.Packet{Link: o.link, Data: frame}); m != v {
		tb.Fatalf("%s on %s: program %v, predicate %v of %x", o.filter, o.link, v, m, frame)
	}
	return v
}

// tally counts what was compared.
type tally struct {
	frames, kept, undecided int
}

// whole is a length beyond which no filter here looks.
const whole = 256

// foldFamily puts into a BSD loopback header what libpcap on Linux knows: its own numbers and, for NULL, a little-endian machine's order.
func foldFamily(link capture.LinkType, frame []byte) []byte {
	if link != linkNull && link != linkLoop || len(frame) < 4 {
		return frame
	}
	folded := append([]byte(nil), frame...)
	family := binary.BigEndian.Uint32(folded)
	if link == linkNull && family >= 1<<24 {
		family = bits.ReverseBytes32(family)
	}
	switch family {
	case 24, 28, 30:
		family = 10
	}
	binary.BigEndian.PutUint32(folded, family)
	if link == linkNull {
		binary.LittleEndian.PutUint32(folded, family)
	}
	return folded
}

// agree compares our verdicts with libpcap's. Where its two programs differ, they and ours must agree on the frame once it is made longer.
func agree(tb testing.TB, o ours, pcap libpcap, frames [][]byte) (n tally) {
	tb.Helper()
	for _, frame := range frames {
		n.frames++
		theirs := foldFamily(o.link, frame)
		want, got := verdict(tb, pcap.optimised, theirs), o.verdict(tb, frame)
		if want != verdict(tb, pcap.plain, theirs) {
			n.undecided++
			frame = append(append([]byte(nil), frame...), make([]byte, whole)...)
			theirs = foldFamily(o.link, frame)
			if want, got = verdict(tb, pcap.optimised, theirs), o.verdict(tb, frame); want != verdict(tb, pcap.plain, theirs) {
				tb.Fatalf("libpcap disagrees with itself on whole frame %x", frame)
			}
		}
		if want != got {
			code, _ := o.filter.Program(o.link, 0)
			tb.Fatalf("%s on %s: libpcap %v, we %v of\n%x\n%s", o.filter, o.link, want, got, frame, listing(code))
		}
		if want {
			n.kept++
		}
	}
	return n
}
