package live

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/dnssniff/dnssniff/capture"
)

// stuck is when a test gives up on what should come at once.
const stuck = 30 * time.Second

// namespace moves the test's goroutine, and what it starts, into a network namespace of its own, with a pair of Ethernet interfaces, vA and vB. It
// goes away with the goroutine's thread.
func namespace(t testing.TB) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("network namespaces need root")
	}
	if _, err := exec.LookPath("ip"); err != nil {
		t.Skip("no ip command (iproute2)")
	}
	runtime.LockOSThread() // and never unlocked: the thread is not to be used again
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		t.Skipf("no network namespaces here: %v", err)
	}
	run(t, "sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1") // no neighbour discovery among the packets
	pair(t)
}

// pair makes the interfaces.
func pair(t testing.TB) {
	t.Helper()
	run(t, "ip link add vA type veth peer name vB", "ip link set vA up arp off", "ip link set vB up arp off")
}

// run runs commands, without a shell.
func run(t testing.TB, lines ...string) {
	t.Helper()
	for _, line := range lines {
		f := strings.Fields(line)
		if out, err := exec.Command(f[0], f[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", line, err, out)
		}
	}
}

// open opens a capture and closes it with the test.
func open(t testing.TB, o Options) *Capture {
	t.Helper()
	c, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// sender sends frames as they are.
type sender struct {
	t  testing.TB
	fd int
}

func newSender(t testing.TB, name string) *sender {
	t.Helper()
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	ifr, _ := unix.NewIfreq(name)
	if err := unix.IoctlIfreq(fd, unix.SIOCGIFINDEX, ifr); err != nil {
		t.Fatal(err)
	}
	index := int(ifr.Uint32())
	running(t, fd, name)
	if err := unix.Bind(fd, &unix.SockaddrLinklayer{Ifindex: index}); err != nil {
		t.Fatal(err)
	}
	return &sender{t, fd}
}

// running waits until an interface that is up has its link: until then, the kernel throws away in silence what it is to send.
func running(t testing.TB, fd int, name string) {
	t.Helper()
	ifr, _ := unix.NewIfreq(name)
	for end := time.Now().Add(stuck); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if err := unix.IoctlIfreq(fd, unix.SIOCGIFFLAGS, ifr); err != nil {
			t.Fatal(err)
		}
		if ifr.Uint16()&unix.IFF_RUNNING != 0 {
			time.Sleep(time.Millisecond) // it is told a little before it is so
			return
		}
	}
	t.Fatal(name + " gets no link")
}

func (s *sender) send(frames ...[]byte) {
	s.t.Helper()
	for _, f := range frames {
		if _, err := unix.Write(s.fd, f); err != nil {
			s.t.Fatal(err)
		}
	}
}

// ether makes an Ethernet frame around a payload, with VLAN tags given as TPID and TCI. It is to vB where it says so, else to another machine.
func ether(mac byte, payload string, tags ...uint16) []byte {
	b := []byte{2, 0, 0, 0, 0, mac, 2, 0, 0, 0, 0, 1}
	for _, v := range tags {
		b = append(b, byte(v>>8), byte(v))
	}
	return append(append(b, 0x08, 0x00), ip(payload)...)
}

// ip makes an IPv4 packet of UDP from port 5353 to 53 around a payload.
func ip(payload string) []byte {
	total, udp := 28+len(payload), 8+len(payload)
	b := []byte{
		0x45, 0, byte(total >> 8), byte(total), 0, 0, 0, 0, 64, 17, 0, 0, // no header checksum: nobody looks
		10, 0, 0, 1,
		10, 0, 0, 2,
		0x14, 0xe9, 0, 53, byte(udp >> 8), byte(udp), 0, 0,
	}
	return append(b, payload...)
}

// kept is a packet with bytes of its own.
type kept struct {
	capture.Packet
	data []byte
}

// read reads n packets, and fails where they do not come.
func read(t testing.TB, src capture.Source, n int) []kept {
	t.Helper()
	var out []kept
	batch := make([]capture.Packet, 16)
	for end := time.Now().Add(stuck); len(out) < n; {
		k, err := src.ReadBatch(batch)
		if err != nil {
			t.Fatalf("after %d packets: %v", len(out), err)
		}
		for _, p := range batch[:k] {
			out = append(out, kept{p, bytes.Clone(p.Data)})
		}
		if time.Now().After(end) {
			t.Fatalf("%d packets came, not %d", len(out), n)
		}
	}
	if len(out) > n {
		t.Fatalf("%d packets came, not %d", len(out), n)
	}
	return out
}

// rest reads until the end.
func rest(t testing.TB, src capture.Source) []kept {
	t.Helper()
	var out []kept
	batch := make([]capture.Packet, 16)
	for end := time.Now().Add(stuck); ; {
		n, err := src.ReadBatch(batch)
		for _, p := range batch[:n] {
			out = append(out, kept{p, bytes.Clone(p.Data)})
		}
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		if time.Now().After(end) {
			t.Fatal("no end comes")
		}
	}
}

// output runs a command and returns what it says.
func output(t testing.TB, line string) string {
	t.Helper()
	f := strings.Fields(line)
	out, err := exec.Command(f[0], f[1:]...).Output()
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	return string(out)
}

// received waits until the kernel has counted n packets: what was sent can be on its way for a while.
func received(t testing.TB, c *Capture, n int) Stats {
	t.Helper()
	for end := time.Now().Add(stuck); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if st := c.Stats(); st.Received >= uint64(n) {
			return st
		}
	}
	t.Fatalf("the kernel has not seen %d packets: %+v", n, c.Stats())
	return Stats{}
}
