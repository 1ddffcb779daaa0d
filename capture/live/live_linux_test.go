package live

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"github.com/dnssniff/dnssniff/capture"
)

// equal compares packets with the frames that were sent.
func equal(t *testing.T, got []kept, frames [][]byte) {
	t.Helper()
	if len(got) != len(frames) {
		t.Fatalf("%d packets, not %d", len(got), len(frames))
	}
	for i, p := range got {
		if !bytes.Equal(p.data, frames[i]) || int(p.Length) != len(frames[i]) {
			t.Errorf("packet %d: %x, not %x; length %d", i+1, p.data, frames[i], p.Length)
		}
	}
}

func TestSees(t *testing.T) {
	namespace(t)
	c := open(t, Options{Interface: "vB"})
	src := c.Sources(1)[0]
	var frames [][]byte
	for i := range 100 {
		frames = append(frames, ether(9, fmt.Sprint("packet ", i)))
	}
	before := time.Now().UnixNano()
	newSender(t, "vA").send(frames...)
	got := read(t, src, len(frames))
	equal(t, got, frames)
	for i, p := range got {
		if p.Number != uint64(i+1) || p.Link != 1 || p.File != 0 || p.Time < before || p.Time > time.Now().UnixNano() {
			t.Errorf("packet %d: %+v", i+1, p.Packet)
		}
		before = p.Time
	}
	if st := c.Stats(); st.Received != 100 || st.Dropped != 0 || st.State != Up || st.Buffer != DefaultBuffer || st.Losses != 0 {
		t.Errorf("%+v", st)
	}
	if c.Link() != 1 {
		t.Error(c.Link())
	}
}

// tagged are frames whose tags the kernel takes off, and one without.
func tagged() [][]byte {
	return [][]byte{
		ether(9, "802.1Q", 0x8100, 10),
		ether(9, "priority tag", 0x8100, 0x6000),
		ether(9, "QinQ", 0x88a8, 20, 0x8100, 30),
		ether(9, "none"),
	}
}

func TestVLAN(t *testing.T) {
	namespace(t)
	src := open(t, Options{Interface: "vB"}).Sources(1)[0]
	newSender(t, "vA").send(tagged()...)
	equal(t, read(t, src, len(tagged())), tagged())
}

// libpcap leaves tags out of what it captures from all interfaces. Here the pseudo-header says what the tag's protocol is.
func TestAnyVLAN(t *testing.T) {
	namespace(t)
	c := open(t, Options{Interface: Any, Filter: payloadIs(0)[2:3]}) // a filter that takes all
	src := c.Sources(1)[0]
	newSender(t, "vA").send(ether(9, "x", 0x8100, 10), ether(9, "x", 0x88a8, 20))
	for i, p := range read(t, src, 4) { // out and in
		want := append([]byte{0, 10, 8, 0}, ip("x")...)
		tpid := []byte{0x81, 0}
		if i > 1 {
			want[1], tpid = 20, []byte{0x88, 0xa8}
		}
		if !bytes.Equal(p.data[sll2:], want) || !bytes.Equal(p.data[:2], tpid) || int(p.Length) != len(p.data) {
			t.Errorf("packet %d: %x", i+1, p.data)
		}
	}
}

// What an interface sends is seen too, its tags as well.
func TestOutgoing(t *testing.T) {
	namespace(t)
	src := open(t, Options{Interface: "vA"}).Sources(1)[0]
	newSender(t, "vA").send(tagged()...)
	equal(t, read(t, src, len(tagged())), tagged())
}

func TestCounts(t *testing.T) {
	namespace(t)
	const packets, sources = 50_000, 3
	c := open(t, Options{Interface: "vB"})
	s, frame := newSender(t, "vA"), ether(9, "count me")
	sums := make([]uint64, sources) // of the numbers
	var wg sync.WaitGroup
	for i, src := range c.Sources(sources) {
		wg.Go(func() {
			batch := make([]capture.Packet, 100)
			for {
				n, err := src.ReadBatch(batch)
				for _, p := range batch[:n] {
					if !bytes.Equal(p.Data, frame) {
						t.Errorf("%x", p.Data)
					}
					sums[i] += p.Number
				}
				if err != nil {
					return
				}
			}
		})
	}
	for range packets {
		s.send(frame)
	}
	received(t, c, packets)
	c.Stop()
	wg.Wait()
	for i, sum := range sums {
		if sum != packets*(packets+1)/2 {
			t.Errorf("source %d has other packets: %d", i, sum)
		}
	}
	if st := c.Stats(); st.Received != packets || st.Dropped != 0 || st.Frozen != 0 {
		t.Errorf("%+v", st)
	}
}

// A buffer that nobody reads fills up; what is lost is counted.
func TestDrops(t *testing.T) {
	namespace(t)
	c := open(t, Options{Interface: "vB", Buffer: minBuffer})
	src := c.Sources(1)[0]
	s, frame := newSender(t, "vA"), ether(9, strings.Repeat("x", 1000))
	const packets = 5000
	for range packets {
		s.send(frame)
	}
	before := received(t, c, packets)
	c.Stop()
	got := rest(t, src)
	st := c.Stats()
	if st.Received != packets || st.Dropped == 0 || st.Frozen == 0 || uint64(len(got)) != packets-st.Dropped || st.Buffer != minBuffer {
		t.Errorf("%d packets, %+v", len(got), st)
	}
	if before != st {
		t.Errorf("%+v was %+v before: reading must not reset", st, before)
	}
}

func TestSnaplen(t *testing.T) {
	namespace(t)
	const snaplen = 64
	src := open(t, Options{Interface: "vB", Snaplen: snaplen}).Sources(1)[0]
	long, short := strings.Repeat("x", 100), ""
	frames := [][]byte{ether(9, long), ether(9, long, 0x8100, 10), ether(9, short), ether(9, strings.Repeat("x", snaplen-46), 0x8100, 10)}
	newSender(t, "vA").send(frames...)
	for i, p := range read(t, src, len(frames)) {
		want := frames[i][:min(snaplen, len(frames[i]))]
		if !bytes.Equal(p.data, want) || int(p.Length) != len(frames[i]) {
			t.Errorf("%x, not %x; length %d", p.data, want, p.Length)
		}
	}
}

// payloadIs lets Ethernet frames pass whose byte after the UDP header is c.
func payloadIs(c byte) []bpf.RawInstruction {
	raw, err := bpf.Assemble([]bpf.Instruction{
		bpf.LoadAbsolute{Off: 42, Size: 1},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: uint32(c), SkipFalse: 1},
		bpf.RetConstant{Val: 1 << 20},
		bpf.RetConstant{},
	})
	if err != nil {
		panic(err)
	}
	return raw
}

// The filter holds from the first packet on, though others come all the time.
func TestFilter(t *testing.T) {
	namespace(t)
	s := newSender(t, "vA")
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			default:
				_, _ = unix.Write(s.fd, ether(9, "no"))
			}
		}
	}()
	for range 20 {
		c := open(t, Options{Interface: "vB", Filter: payloadIs('y'), Buffer: minBuffer, Snaplen: 60})
		src := c.Sources(1)[0]
		s.send(ether(9, "yes, and long enough to be cut"))
		received(t, c, 1)
		c.Stop()
		got := rest(t, src)
		if len(got) != 1 || len(got[0].data) != 60 || got[0].data[42] != 'y' || c.Stats().Received != 1 {
			t.Fatalf("%d packets, %+v", len(got), c.Stats())
		}
		_ = c.Close()
	}
	close(stop)
	<-done
}

func TestBadFilter(t *testing.T) {
	namespace(t)
	_, err := Open(Options{Interface: "vB", Filter: []bpf.RawInstruction{{Op: 0xffff}}})
	if !errors.Is(err, ErrFilter) {
		t.Error(err)
	}
}

func TestPromiscuous(t *testing.T) {
	namespace(t)
	mode := func() string {
		t.Helper()
		_, after, _ := strings.Cut(output(t, "ip -d link show vB"), "promiscuity ")
		return after[:1]
	}
	for _, not := range []bool{false, true} {
		want := "1"
		if not {
			want = "0"
		}
		c := open(t, Options{Interface: "vB", NotPromiscuous: not, Buffer: minBuffer})
		if got := mode(); got != want {
			t.Errorf("not promiscuous %v: promiscuity %s", not, got)
		}
		_ = c.Close()
		if got := mode(); got != "0" {
			t.Errorf("after Close: promiscuity %s", got)
		}
	}
}

// Sources of a quiet interface return none now and then, and end with the capture.
func TestQuiet(t *testing.T) {
	namespace(t)
	for name, end := range map[string]func(*Capture){"Close": func(c *Capture) { _ = c.Close() }, "Stop": (*Capture).Stop} {
		c := open(t, Options{Interface: "vB", Idle: time.Millisecond})
		sources := c.Sources(2)
		if n, err := sources[0].ReadBatch(make([]capture.Packet, 1)); n != 0 || err != nil {
			t.Errorf("%d, %v", n, err)
		}
		_ = c.Close()
		c = open(t, Options{Interface: "vB", Idle: time.Hour})
		sources = c.Sources(2)
		errs := make(chan error)
		for _, src := range sources {
			go func() {
				_, _, err := src.ZeroCopyReadPacketData()
				errs <- err
			}()
		}
		time.AfterFunc(10*time.Millisecond, func() { end(c) })
		for range sources {
			select {
			case err := <-errs:
				if !errors.Is(err, io.EOF) {
					t.Errorf("%s: %v", name, err)
				}
			case <-time.After(stuck):
				t.Fatalf("%s: a source still waits", name)
			}
		}
		for _, src := range sources {
			if _, err := src.ReadBatch(make([]capture.Packet, 1)); !errors.Is(err, io.EOF) {
				t.Error(err)
			}
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
}

// What was sent before a Stop is handed out after it, and nothing else.
func TestStop(t *testing.T) {
	namespace(t)
	c := open(t, Options{Interface: "vB"})
	src := c.Sources(1)[0]
	s := newSender(t, "vA")
	s.send(ether(9, "1"), ether(9, "2"))
	received(t, c, 2)
	c.Stop()
	c.Stop()
	s.send(ether(9, "3"))
	equal(t, rest(t, src), [][]byte{ether(9, "1"), ether(9, "2")})
	if st := c.Stats(); st.Received != 2 {
		t.Errorf("%+v", st)
	}
}

// Packets stay readable after Close, until the Source is asked again.
func TestCloseKeepsBatch(t *testing.T) {
	namespace(t)
	c := open(t, Options{Interface: "vB"})
	src := c.Sources(1)[0]
	newSender(t, "vA").send(ether(9, "x"))
	data, info, err := src.ZeroCopyReadPacketData()
	if err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
	if !bytes.Equal(data, ether(9, "x")) || info.CaptureLength != len(data) || info.Length != len(data) {
		t.Errorf("%x, %+v", data, info)
	}
	if c.freed {
		t.Error("the buffer is gone")
	}
	if _, _, err := src.ZeroCopyReadPacketData(); !errors.Is(err, io.EOF) || !c.freed {
		t.Errorf("%v, freed %v", err, c.freed)
	}
}

func TestSourcesTwice(t *testing.T) {
	namespace(t)
	c := open(t, Options{Interface: "vB", Buffer: minBuffer})
	c.Sources(1)
	if _, err := c.Sources(1)[0].ReadBatch(make([]capture.Packet, 1)); !errors.Is(err, capture.ErrSourcesTaken) {
		t.Error(err)
	}
}

// A socket that makes no more files fails where it is read.
func TestNoFiles(t *testing.T) {
	namespace(t)
	c := open(t, Options{Interface: "vB", Buffer: minBuffer})
	boom := errors.New("too many files")
	s := &source{c: c, failed: boom}
	c.readers++
	for range 2 {
		if _, err := s.ReadBatch(make([]capture.Packet, 1)); !errors.Is(err, boom) {
			t.Error(err)
		}
	}
}

func TestNoSuchInterface(t *testing.T) {
	for _, name := range []string{"", "no0", "a name that is too long"} {
		if _, err := Open(Options{Interface: name}); !errors.Is(err, ErrNoInterface) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestNoRight(t *testing.T) {
	namespace(t) // also makes the thread one that is thrown away
	var none [2]unix.CapUserData
	if err := unix.Capset(&unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}, &none[0]); err != nil {
		t.Fatal(err)
	}
	_, err := Open(Options{Interface: "vB", Program: "/opt/my tools/dnssniff"})
	var pe *PermissionError
	if !errors.As(err, &pe) || !errors.Is(err, os.ErrPermission) {
		t.Fatal(err)
	}
	for _, want := range []string{"vB: ", "sudo setcap cap_net_raw,cap_net_admin=eip '/opt/my tools/dnssniff'", "docker run --network host --cap-add NET_RAW --cap-add NET_ADMIN"} {
		if !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v lacks %q", err, want)
		}
	}
}

func TestNoAdapterTime(t *testing.T) {
	namespace(t)
	if _, err := Open(Options{Interface: "vB", AdapterTime: true}); !errors.Is(err, ErrAdapterTime) {
		t.Error(err)
	}
}

func TestInterfaces(t *testing.T) {
	namespace(t)
	run(t, "ip addr add 192.0.2.1/24 dev vA", "ip link set vB down")
	all, err := Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, i := range all {
		got = append(got, fmt.Sprintf("%s %v %s %v %s", i.Name, i.Addresses, i.Link, i.Err, i.Flags&^net.FlagRunning)) // the link of vA goes down later
	}
	for _, want := range []string{
		"lo [] EN10MB <nil> loopback",
		"vA [192.0.2.1/24] EN10MB <nil> up|broadcast|multicast",
		"vB [] EN10MB <nil> broadcast|multicast",
		"any [] LINUX_SLL2 <nil> up",
	} {
		if !strings.Contains(strings.Join(got, "\n")+"\n", want+"\n") {
			t.Errorf("%q is not in %q", want, got)
		}
	}
}
