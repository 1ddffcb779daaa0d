package live

import (
	"bytes"
	"os"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/dnssniff/dnssniff/capture"
)

// until reads, without a packet, until the interface has come to a state.
func until(t *testing.T, c *Capture, src capture.Source, want State) {
	t.Helper()
	batch := make([]capture.Packet, 1)
	for end := time.Now().Add(stuck); c.Stats().State != want; {
		if n, err := src.ReadBatch(batch); n != 0 || err != nil {
			t.Fatalf("%d packets, %v", n, err)
		}
		if time.Now().After(end) {
			t.Fatalf("it is %s, not %s", c.Stats().State, want)
		}
	}
}

func TestDownAndUp(t *testing.T) {
	namespace(t)
	c := open(t, Options{Interface: "vB", Idle: 10 * time.Millisecond})
	src := c.Sources(1)[0]
	for i, f := range []string{"1", "2"} {
		run(t, "ip link set vB down")
		until(t, c, src, Down)
		run(t, "ip link set vB up", "ip link set vA down")
		until(t, c, src, NoCarrier)
		run(t, "ip link set vA up")
		until(t, c, src, Up)
		newSender(t, "vA").send(ether(9, f))
		equal(t, read(t, src, 1), [][]byte{ether(9, f)})
		if st := c.Stats(); st.Losses != uint64(i+1) || st.Since.IsZero() || st.Trouble != nil {
			t.Errorf("%+v", st)
		}
	}
}

func TestDownFromTheStart(t *testing.T) {
	namespace(t)
	run(t, "ip link set vB down")
	c := open(t, Options{Interface: "vB", Idle: 10 * time.Millisecond})
	src := c.Sources(1)[0]
	until(t, c, src, Down)
	run(t, "ip link set vB up")
	until(t, c, src, Up)
	newSender(t, "vA").send(ether(9, "x"))
	equal(t, read(t, src, 1), [][]byte{ether(9, "x")})
}

func TestRemovedAndMadeAgain(t *testing.T) {
	namespace(t)
	c := open(t, Options{Interface: "vB", Idle: 10 * time.Millisecond, Filter: payloadIs('y')})
	src := c.Sources(1)[0]
	for i := range 2 {
		newSender(t, "vA").send(ether(9, "y"), ether(9, "n"))
		if p := read(t, src, 1)[0]; p.Number != uint64(i+1) || !bytes.Equal(p.data, ether(9, "y")) {
			t.Errorf("%+v", p.Packet)
		}
		run(t, "ip link del vA")
		until(t, c, src, Away)
		pair(t)
		until(t, c, src, Up)
	}
	if st := c.Stats(); st.Received != 2 || st.Losses != 2 {
		t.Errorf("%+v", st)
	}
}

// An interface that is down is removed without a word from the kernel.
func TestRemovedWhileDown(t *testing.T) {
	namespace(t)
	c := open(t, Options{Interface: "vB", Idle: 10 * time.Millisecond})
	src := c.Sources(1)[0]
	run(t, "ip link set vB down")
	until(t, c, src, Down)
	run(t, "ip link del vA")
	until(t, c, src, Away)
	pair(t)
	until(t, c, src, Up)
}

// A renamed interface is still the same one.
func TestRenamed(t *testing.T) {
	namespace(t)
	c := open(t, Options{Interface: "vB", Idle: 10 * time.Millisecond})
	src := c.Sources(1)[0]
	run(t, "ip link set vB down", "ip link set vB name vC")
	until(t, c, src, Down)
	run(t, "ip link set vC up")
	until(t, c, src, Up)
	newSender(t, "vA").send(ether(9, "x"))
	read(t, src, 1)
}

// tun makes a tun interface, and returns a file that puts packets into it.
func tun(t *testing.T, name string) *os.File {
	t.Helper()
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Skipf("no tun interfaces here: %v", err)
	}
	f := os.NewFile(uintptr(fd), "tun")
	t.Cleanup(func() { f.Close() })
	ifr, _ := unix.NewIfreq(name)
	ifr.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
	if err := unix.IoctlIfreq(fd, unix.TUNSETIFF, ifr); err != nil {
		t.Skipf("no tun interfaces here: %v", err)
	}
	run(t, "ip link set "+name+" up")
	return f
}

func TestRawIP(t *testing.T) {
	namespace(t)
	f := tun(t, "tun0")
	src := open(t, Options{Interface: "tun0"}).Sources(1)[0]
	if _, err := f.Write(ip("in")); err != nil {
		t.Fatal(err)
	}
	p := read(t, src, 1)[0]
	if !bytes.Equal(p.data, ip("in")) || p.Link != linkRaw || int(p.Length) != len(p.data) {
		t.Errorf("%+v %x", p.Packet, p.data)
	}
}

// One of the same name but of another kind is not taken for the old one.
func TestMadeAgainAsAnother(t *testing.T) {
	namespace(t)
	c := open(t, Options{Interface: "vB", Idle: 10 * time.Millisecond})
	src := c.Sources(1)[0]
	run(t, "ip link del vA")
	until(t, c, src, Away)
	tun(t, "vB")
	for end := time.Now().Add(stuck); c.Stats().Trouble == nil; {
		if _, err := src.ReadBatch(make([]capture.Packet, 1)); err != nil || time.Now().After(end) {
			t.Fatal("no trouble is told", err)
		}
	}
	if got, want := c.Stats().Trouble.Error(), "vB: its link type was EN10MB, and is RAW now"; got != want {
		t.Errorf("%q, not %q", got, want)
	}
}

// A packet of the loopback interface goes out and comes in, but is one packet.
func TestLoopback(t *testing.T) {
	namespace(t)
	run(t, "ip link set lo up")
	for _, name := range []string{"lo", Any} {
		c := open(t, Options{Interface: name})
		src := c.Sources(1)[0]
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer unix.Close(fd)
		if err := unix.Sendto(fd, []byte("once"), 0, &unix.SockaddrInet4{Port: 9, Addr: [4]byte{127, 0, 0, 1}}); err != nil {
			t.Fatal(err)
		}
		received(t, c, 1)
		c.Stop()
		udp := 0
		for _, p := range rest(t, src) {
			if bytes.HasSuffix(p.data, []byte("once")) && !bytes.Contains(p.data, []byte{0x45, 0xc0}) { // not in an ICMP error
				udp++
			}
		}
		if udp != 1 {
			t.Errorf("%s: %d times", name, udp)
		}
	}
}

// Everything that comes later belongs to any, and what goes is no loss.
func TestAnyComesAndGoes(t *testing.T) {
	namespace(t)
	run(t, "ip link del vA")
	c := open(t, Options{Interface: Any, Idle: 10 * time.Millisecond})
	src := c.Sources(1)[0]
	for range 2 {
		pair(t)
		newSender(t, "vA").send(ether(9, "x"))
		for i, p := range read(t, src, 2) {
			if want := []byte{unix.PACKET_OUTGOING, unix.PACKET_OTHERHOST}[i]; p.data[10] != want || p.Link != linkSLL2 {
				t.Errorf("%x", p.data)
			}
		}
		run(t, "ip link del vA")
		if _, err := src.ReadBatch(make([]capture.Packet, 1)); err != nil {
			t.Fatal(err)
		}
	}
	if st := c.Stats(); st.State != Up || st.Losses != 0 {
		t.Errorf("%+v", st)
	}
}

func TestNetworkOrder(t *testing.T) {
	v := networkOrder(0x0102)
	if b := *(*[2]byte)(unsafe.Pointer(&v)); b != [2]byte{1, 2} {
		t.Error(b)
	}
}
