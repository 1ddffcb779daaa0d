package filter

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"github.com/dnssniff/dnssniff/capture"
)

// kernelFilter is a pair of sockets of which one has a filter: what it receives, the kernel accepted. Nothing leaves the process.
type kernelFilter struct {
	tb   testing.TB
	pair [2]int
	buf  []byte
}

func newKernelFilter(tb testing.TB, code []bpf.Instruction) *kernelFilter {
	tb.Helper()
	raw, err := bpf.Assemble(code)
	if err != nil {
		tb.Fatal(err)
	}
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { unix.Close(pair[0]); unix.Close(pair[1]) })
	prog := unix.SockFprog{Len: uint16(len(raw)), Filter: (*unix.SockFilter)(unsafe.Pointer(&raw[0]))}
	if err := unix.SetsockoptSockFprog(pair[1], unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &prog); err != nil {
		tb.Fatalf("the kernel refuses %d instructions: %v", len(raw), err)
	}
	return &kernelFilter{tb: tb, pair: pair, buf: make([]byte, 1<<16)}
}

// kept returns how many bytes of a frame the kernel kept, -1 for none and no frame.
func (k *kernelFilter) kept(frame []byte) int {
	k.tb.Helper()
	if err := unix.Send(k.pair[0], frame, 0); err != nil && !errors.Is(err, unix.EPERM) { // EPERM: filtered
		k.tb.Fatal(err)
	}
	n, _, err := unix.Recvfrom(k.pair[1], k.buf, 0)
	if errors.Is(err, unix.EAGAIN) {
		return -1
	}
	if err != nil {
		k.tb.Fatal(err)
	}
	return n
}

// TestKernelVerdicts runs our programs where they are meant to run.
func TestKernelVerdicts(t *testing.T) {
	rng := rand.New(rand.NewPCG(17, 18))
	all := samples(t, 2)
	filters := []*Filter{mustDNS(t, nil, nil), mustDNS(t, nil, mustParse(t, "net 10 and vlan 10")), mustParse(t, "")}
	for _, e := range []string{"port 53 or 5353", "not (host 10.1.2.3 or net 2001:db8::/32)", "vlan and vlan and portrange 1-1023", "not vlan and udp", "proto 17 or icmp6", "ip and ip6"} {
		filters = append(filters, mustParse(t, e))
	}
	for _, f := range filters {
		for _, link := range []capture.LinkType{linkEthernet, linkRaw, linkNull} {
			code, err := f.KernelProgram(link, 0)
			if err != nil {
				if f.Supports(link) == nil {
					t.Errorf("%s on %s: %v", f, link, err)
				}
				continue
			}
			k := newKernelFilter(t, code)
			for _, frame := range framesFor(rng, link, all) {
				if len(frame) == 0 {
					continue
				}
				if want, got := f.Match(&capture.Packet{Link: link, Data: frame}), k.kept(frame) >= 0; got != want {
					t.Fatalf("%s on %s: the kernel says %v, we %v of %x\n%s", f, link, got, want, frame, listing(code))
				}
			}
		}
	}
}

func TestKernelSnaplen(t *testing.T) {
	frame := dress(linkEthernet, ip4(17, 0, 0, 40000, 53))
	ddd := mustDDD(t, fromTcpdump(t, "EN10MB", "udp"), linkEthernet)
	for _, f := range []*Filter{mustParse(t, "udp"), mustParse(t, ""), ddd} {
		code, err := f.KernelProgram(linkEthernet, 40)
		if err != nil {
			t.Fatal(err)
		}
		if n := newKernelFilter(t, code).kept(frame); n != 40 {
			t.Errorf("%s: %d bytes kept, want 40", f, n)
		}
	}
}

// beside is what the kernel knows of a frame beside its bytes.
type beside struct {
	protocol uint16
	tagged   bool
	tci      uint16
}

// seenBy returns what a packet socket shows its filter: the outermost tag is beside the frame and, where cooked, the link header gone.
func seenBy(frame []byte, isCooked bool) (b beside, data []byte) {
	typ := binary.BigEndian.Uint16(frame[12:])
	header, rest := append([]byte(nil), frame[:12]...), frame[14:]
	if typ == etherVLAN || typ == etherQinQ { // the two that the kernel strips
		b.tagged, b.tci = true, binary.BigEndian.Uint16(rest)
		typ, rest = binary.BigEndian.Uint16(rest[2:]), rest[4:]
	}
	b.protocol = typ
	if isCooked {
		return b, rest
	}
	return b, append(binary.BigEndian.AppendUint16(header, typ), rest...)
}

// run runs a program that asks for what is beside the frame.
func (b beside) run(tb testing.TB, code []bpf.Instruction, data []byte) bool {
	tb.Helper()
	known := make([]bpf.Instruction, len(code))
	for i, ins := range code {
		known[i] = b.answer(tb, ins)
	}
	return verdict(tb, machine(tb, known), data)
}

func (b beside) answer(tb testing.TB, ins bpf.Instruction) bpf.Instruction {
	tb.Helper()
	var num uint32
	switch ins := ins.(type) {
	case bpf.LoadExtension:
		num = uint32(ins.Num)
	case bpf.LoadAbsolute: // libpcap loads a byte; the kernel does not care
		if ins.Off < kernelLoads {
			return ins
		}
		num = ins.Off - kernelLoads
	default:
		return ins
	}
	value := uint32(0)
	switch bpf.Extension(num) {
	case bpf.ExtProto:
		value = uint32(b.protocol)
	case bpf.ExtVLANTag:
		value = uint32(b.tci)
	case bpf.ExtVLANTagPresent:
		if b.tagged {
			value = 1
		}
	default:
		tb.Fatalf("program asks for %d", num)
	}
	return bpf.LoadConstant{Dst: bpf.RegA, Val: value}
}

// wholeFrames returns Ethernet frames with nothing cut.
func wholeFrames(t *testing.T) [][]byte {
	t.Helper()
	var frames [][]byte
	for _, c := range samples(t, 1) {
		frames = append(frames, append(dress(linkEthernet, c), make([]byte, whole)...))
	}
	return frames
}

// liveExpressions begin with their tags, so that libpcap's shift at run time is also a shift by the text.
var liveExpressions = []string{
	"udp port 53", "not ip", "host 10.1.2.3 or 192.0.2.53", "port 53 or 5353", "vlan", "vlan 10", "vlan 20", "not vlan", "vlan and ip", "vlan and udp port 53",
	"vlan 10 and udp port 53", "vlan 20 and vlan 10 and udp", "vlan and vlan and port 53", "vlan and net 2001:db8::/32", "vlan and arp", "vlan 20 and vlan 10 and port 53 or 853",
}

// TestKernelProgramAgainstLibpcap compares with what tcpdump compiles for a live interface.
func TestKernelProgramAgainstLibpcap(t *testing.T) {
	needTcpdump(t)
	frames := wholeFrames(t)
	for _, expr := range liveExpressions {
		out, err := exec.Command("unshare", "--net", "sh", "-c", `ip link set lo up && exec tcpdump -ddd -i lo "$1"`, "sh", expr).CombinedOutput()
		if err != nil {
			t.Skipf("no namespace to open an interface in (root may): %v %s", err, out)
		}
		theirs := mustDDD(t, string(out), linkEthernet).programs[0].code
		asksVLAN := strings.Contains(expr, "vlan")
		if slices.ContainsFunc(theirs, asksKernel) != asksVLAN {
			t.Fatalf("%s: this libpcap does not ask the kernel for tags:\n%s", expr, listing(theirs))
		}
		f := mustParse(t, expr)
		ours, err := f.KernelProgram(linkEthernet, 0)
		if err != nil {
			t.Fatal(err)
		}
		inCooked, err := f.KernelProgram(linkSLL2, 0)
		if err != nil {
			t.Fatal(err)
		}
		newKernelFilter(t, ours)
		newKernelFilter(t, inCooked)
		for _, frame := range frames {
			b, data := seenBy(frame, false)
			want := b.run(t, theirs, data)
			if got := b.run(t, ours, data); got != want {
				t.Fatalf("%s: libpcap %v, we %v of %x\n%s", expr, want, got, frame, listing(ours))
			}
			b, data = seenBy(frame, true)
			if got := b.run(t, inCooked, data); got != want {
				t.Fatalf("%s, cooked: libpcap %v, we %v of %x\n%s", expr, want, got, frame, listing(inCooked))
			}
		}
	}
}

// TestKernelProgramOfDDD moves programs for cooked captures to where the kernel has the bytes.
func TestKernelProgramOfDDD(t *testing.T) {
	frames := wholeFrames(t)
	for _, name := range []string{"LINUX_SLL", "LINUX_SLL2"} {
		link := linkSLL
		if name == "LINUX_SLL2" {
			link = linkSLL2
		}
		f := mustDDD(t, fromTcpdump(t, name, "udp port 53 and (ip[8] > 3 or ip6)"), link)
		code, err := f.KernelProgram(link, 0)
		if err != nil {
			t.Fatal(err)
		}
		newKernelFilter(t, code)
		kept := 0
		for _, frame := range frames {
			typ := binary.BigEndian.Uint16(frame[12:])
			want := f.Match(&capture.Packet{Link: link, Data: dress(link, carried{uint32(typ), frame[14:]})})
			if got := (beside{protocol: typ}).run(t, code, frame[14:]); got != want {
				t.Fatalf("%s: got %v of %x\n%s", name, got, frame, listing(code))
			}
			if want {
				kept++
			}
		}
		if kept == 0 {
			t.Errorf("%s: nothing kept", name)
		}
	}
	f := mustDDD(t, ddd(t, bpf.LoadAbsolute{Off: 2, Size: 2}, bpf.RetConstant{Val: 1}), linkSLL)
	var e *LinkError
	if _, err := f.KernelProgram(linkSLL, 0); !errors.As(err, &e) {
		t.Errorf("got %v of a program that looks at the cooked header", err)
	}
}

// TestKernelDNS runs the default filter as a live capture does, with the tag beside the frame.
func TestKernelDNS(t *testing.T) {
	f := mustDNS(t, nil, nil)
	for _, link := range []capture.LinkType{linkEthernet, linkSLL, linkSLL2} {
		code, err := f.KernelProgram(link, 0)
		if err != nil {
			t.Fatal(err)
		}
		newKernelFilter(t, code)
		for _, frame := range wholeFrames(t) {
			b, data := seenBy(frame, link != linkEthernet)
			untagged, _ := seenBy(frame, false)
			_, bytes := seenBy(frame, false)
			want := f.Match(&capture.Packet{Link: linkEthernet, Data: bytes})
			if got := b.run(t, code, data); got != want {
				t.Fatalf("%s: got %v of %x (%v)", link, got, frame, untagged)
			}
		}
	}
}
