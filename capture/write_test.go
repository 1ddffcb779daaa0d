package capture

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// written returns the file that a Writer makes of packets.
func written(t testing.TB, packets []Packet) []byte {
	t.Helper()
	var b bytes.Buffer
	w := NewWriter(&b)
	for i := range packets {
		if err := w.Write(&packets[i]); err != nil {
			t.Fatalf("packet %d: %v", i+1, err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// readBack returns copies of the packets of a file, which must be without fault.
func readBack(t testing.TB, file []byte) (packets []Packet) {
	t.Helper()
	in, err := Open([]string{"-"}, Options{Stdin: bytes.NewReader(file)})
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	src := in.Sources(1)[0]
	batch := make([]Packet, 7)
	for {
		n, err := src.ReadBatch(batch)
		for _, p := range batch[:n] {
			p.Data = bytes.Clone(p.Data)
			packets = append(packets, p)
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range in.Faults() {
		t.Error(f)
	}
	return packets
}

// checkSame compares what was read with what was written.
func checkSame(t testing.TB, got, want []Packet) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d packets, want %d", len(got), len(want))
	}
	for i := range got {
		g, w := &got[i], &want[i]
		if g.Number != uint64(i+1) || g.Time != w.Time || g.Length != w.Length || g.Link != w.Link || !bytes.Equal(g.Data, w.Data) {
			t.Errorf("packet %d is %+v, want %+v", i+1, *g, *w)
		}
	}
}

// assorted are packets with what can go wrong about each field.
func assorted() []Packet {
	const now = 1_700_000_000_123_456_789
	long := bytes.Repeat([]byte{0xab}, maxCaptured)
	return []Packet{
		{Data: []byte("exactly 16 bytes"), Time: now, Length: 16, Link: 1},
		{Data: []byte("one more than a word"[:17]), Time: now + 1, Length: 1500, Link: 1},
		{Data: []byte("linux cooked"), Time: now + 2, Length: 12, Link: 276},
		{Data: nil, Time: now - 5e9, Length: 0, Link: 1},
		{Data: []byte("abc"), Time: 0, Length: 3, Link: 65535},
		{Data: []byte("more than its length"), Time: now, Length: 4, Link: 101},
		{Data: []byte("before 1970"), Time: -1, Length: 11, Link: 1},
		{Data: []byte("long before"), Time: -4_000_000_000_123_456_789, Length: math.MaxUint32, Link: 276},
		{Data: []byte("far"), Time: maxTime, Length: 3, Link: 0},
		{Data: long, Time: now + 3, Length: uint32(len(long)), Link: 1},
		{Data: []byte("second of an interface"), Time: now + 4, Length: 22, Link: 276},
	}
}

func TestWriterRoundTrip(t *testing.T) {
	all := assorted()
	checkSame(t, readBack(t, written(t, all)), all)
	for i := range all {
		checkSame(t, readBack(t, written(t, all[i:i+1])), all[i:i+1])
	}
}

func TestWriterWithoutPackets(t *testing.T) {
	file := written(t, nil)
	checkSame(t, readBack(t, file), nil)
	var b bytes.Buffer
	w := NewWriter(&b)
	if err := errors.Join(w.Flush(), w.Flush()); err != nil || !bytes.Equal(b.Bytes(), file) {
		t.Errorf("flushed twice: %v, %x, want %x", err, b.Bytes(), file)
	}
	p := Packet{Data: []byte("after"), Link: 276, Length: 5}
	if err := errors.Join(w.Write(&p), w.Flush()); err != nil {
		t.Fatal(err)
	}
	checkSame(t, readBack(t, b.Bytes()), []Packet{p})
}

// TestWriterClampsTimes: what no 64 bits can tell is the earliest time that readers of ours give.
func TestWriterClampsTimes(t *testing.T) {
	got := readBack(t, written(t, []Packet{{Time: math.MinInt64}, {Time: math.MaxInt64}}))
	if got[0].Time != earliest*1e9 || got[1].Time != maxTime {
		t.Errorf("times %d and %d", got[0].Time, got[1].Time)
	}
}

func TestWriterRefuses(t *testing.T) {
	var b bytes.Buffer
	w := NewWriter(&b)
	if err := w.Write(&Packet{Data: make([]byte, maxCaptured+1)}); !errors.Is(err, ErrUnwritable) {
		t.Errorf("a packet that is too long: %v", err)
	}
	for i := range 1 << 16 {
		if err := w.Write(&Packet{Link: LinkType(i)}); err != nil {
			t.Fatalf("interface %d: %v", i, err)
		}
	}
	if err := w.Write(&Packet{Time: -1}); !errors.Is(err, ErrUnwritable) {
		t.Errorf("an interface too many: %v", err)
	}
	if err := errors.Join(w.Write(&Packet{Link: 3}), w.Flush()); err != nil {
		t.Fatal(err)
	}
	if got := readBack(t, b.Bytes()); len(got) != 1<<16+1 || got[1<<16].Link != 3 {
		t.Errorf("%d packets", len(got))
	}
}

// full is a writer that has room for some bytes.
type full struct{ room int }

func (f *full) Write(b []byte) (int, error) {
	if f.room -= len(b); f.room < 0 {
		return 0, os.ErrClosed
	}
	return len(b), nil
}

func TestWriterKeepsTheError(t *testing.T) {
	p := Packet{Data: make([]byte, 40000), Link: 1}
	for room := 0; room < 200_000; room += 9999 {
		w := NewWriter(&full{room})
		failed := false
		for range 10 {
			err := w.Write(&p)
			if failed && !errors.Is(err, os.ErrClosed) {
				t.Errorf("room for %d: %v after an error", room, err)
			}
			failed = failed || err != nil
		}
		if err := w.Flush(); !failed || !errors.Is(err, os.ErrClosed) {
			t.Errorf("room for %d: Flush returns %v", room, err)
		}
	}
	if err := NewWriter(&full{}).Flush(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("Flush of nothing returns %v", err)
	}
}

func TestWriterAllocatesNothing(t *testing.T) {
	w := NewWriter(io.Discard)
	p := Packet{Data: make([]byte, 101), Time: 1, Link: 276, Length: 200}
	if n := testing.AllocsPerRun(1000, func() { _ = w.Write(&p) }); n != 0 {
		t.Errorf("%v allocations for a packet", n)
	}
}

// tool returns what a program says of a file, or skips.
func tool(t *testing.T, file []byte, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath(args[0]); err != nil {
		t.Skipf("%s is not installed: it is the judge here", args[0])
	}
	path := filepath.Join(t.TempDir(), "written.pcapng")
	if err := os.WriteFile(path, file, 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), args[0], append(args[1:], path)...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v: %s", args, err, errs.String())
	}
	return string(out)
}

// udpPacket is a query for the root's servers, as Ethernet frame.
func udpPacket(time int64) Packet {
	frame := []byte("\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x01\x08\x00" +
		"\x45\x00\x00\x2d\x00\x00\x00\x00\x40\x11\xf6\x89\xc0\x00\x02\x01\xc0\x00\x02\x35" +
		"\x9c\x40\x00\x35\x00\x19\x00\x00" + "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x01")
	return Packet{Data: frame, Time: time, Length: uint32(len(frame)), Link: 1}
}

func TestWriterReadByTshark(t *testing.T) {
	all := slices.Insert(assorted(), 0, udpPacket(1_700_000_000_000_000_007))
	all = slices.DeleteFunc(all, func(p Packet) bool { return p.Link > 276 || p.Time == maxTime }) // which Wireshark does not know
	out := tool(t, written(t, all), "tshark", "-n", "-t", "e", "-T", "fields", "-e", "frame.time_epoch", "-e", "frame.len", "-e", "frame.cap_len", "-r")
	var want strings.Builder
	for _, p := range all { // before 1970, tshark writes the whole second below, and the nanoseconds from there
		s, ns := p.Time/1e9, p.Time%1e9
		if ns < 0 {
			s, ns = s-1, ns+1e9
		}
		fmt.Fprintf(&want, "%d.%09d\t%d\t%d\n", s, ns, min(p.Length, math.MaxInt32), len(p.Data))
	}
	if out != want.String() {
		t.Errorf("tshark says\n%swant\n%s", out, want.String())
	}
	if out := tool(t, written(t, all), "tshark", "-n", "-Y", "dns.qry.type == 2", "-r"); strings.Count(out, "Standard query 0x1234 NS <Root>") != 1 {
		t.Errorf("tshark finds\n%s", out)
	}
}

func TestWriterReadByCapinfos(t *testing.T) {
	out := tool(t, written(t, []Packet{udpPacket(1_700_000_000_000_000_007), {Data: []byte("x"), Time: 1_700_000_001_000_000_009, Length: 1, Link: 276}}),
		"capinfos", "-M", "-S")
	for _, want := range []string{"Number of packets:   2", "1700000000.000000007", "1700000001.000000009", "Number of interfaces in file: 2",
		"Encapsulation = Ethernet", "Encapsulation = Linux cooked-mode capture v2", "Time precision = nanoseconds (9)", "Capture application: dnssniff"} {
		if !strings.Contains(out, want) {
			t.Errorf("capinfos does not say %q:\n%s", want, out)
		}
	}
	if out := tool(t, written(t, nil), "capinfos", "-M"); !strings.Contains(out, "Number of packets:   0") {
		t.Errorf("capinfos says of an empty file\n%s", out)
	}
}

// TestWriterDescribes: each length of a text has its own padding, and nothing but packets of the link type come from the interface described.
func TestWriterDescribes(t *testing.T) {
	p := udpPacket(1_700_000_000_000_000_007)
	for _, name := range []string{"", "e", "et", "eth", "eth0", "an interface with a very long name"} {
		var b bytes.Buffer
		w := NewWriter(&b)
		w.Describe(Interface{Name: name, Link: 1, Snaplen: 300, Filter: "port 53 and host " + name})
		other := Packet{Data: []byte("x"), Time: p.Time, Length: 1, Link: 276}
		if err := errors.Join(w.Write(&p), w.Write(&other), w.Flush()); err != nil || w.Size() != int64(b.Len()) {
			t.Fatalf("%v, %d bytes, not %d", err, w.Size(), b.Len())
		}
		checkSame(t, readBack(t, b.Bytes()), []Packet{p, other})
		out := tool(t, b.Bytes(), "capinfos", "-M")
		for _, want := range []string{"Name = " + name + "\n", "Filter string = port 53 and host " + name + "\n", "Capture length = 300\n"} {
			if name != "" && strings.Count(out, want) != 1 {
				t.Errorf("capinfos does not say %q once:\n%s", want, out)
			}
		}
	}
	var b bytes.Buffer
	w := NewWriter(&b)
	w.Describe(Interface{Name: "wlan0", Link: 127, Filter: strings.Repeat("long ", 20_000)})
	if err := w.Flush(); err != nil || b.Len() > 1<<16+100 {
		t.Fatal(err, b.Len())
	}
	if out := tool(t, b.Bytes(), "capinfos", "-M"); !strings.Contains(out, "Name = wlan0\n") || !strings.Contains(out, "radiotap") {
		t.Errorf("capinfos says of an interface without packets\n%s", out)
	}
}

func TestWriterReadByTcpdump(t *testing.T) {
	out := tool(t, written(t, []Packet{udpPacket(1_700_000_000_000_000_007)}), "tcpdump", "-n", "-tt", "--nano", "-r")
	if want := "1700000000.000000007 IP 192.0.2.1.40000 > 192.0.2.53.53: 4660+ NS? . (17)\n"; out != want {
		t.Errorf("tcpdump says %q, want %q", out, want)
	}
	if out := tool(t, written(t, nil), "tcpdump", "-n", "-r"); out != "" {
		t.Errorf("tcpdump says of an empty file %q", out)
	}
}

func FuzzWriter(f *testing.F) {
	for _, p := range assorted() {
		f.Add(p.Data[:min(len(p.Data), 100)], p.Time, p.Length, uint16(p.Link), uint16(1), uint8(2))
	}
	f.Fuzz(func(t *testing.T, data []byte, time int64, length uint32, link, otherLink uint16, n uint8) {
		time = min(max(time, earliest*1_000_000_000), maxTime)
		var all []Packet
		for i := range n {
			p := Packet{Data: data[:len(data)*int(i)/int(n)], Time: time / int64(i+1), Length: length, Link: LinkType(link)}
			if i%2 == 1 {
				p.Link, p.Time = LinkType(otherLink), -p.Time
			}
			if p.Time < earliest*1_000_000_000 {
				p.Time = 0
			}
			all = append(all, p)
		}
		checkSame(t, readBack(t, written(t, all)), all)
	})
}

func BenchmarkWriter(b *testing.B) {
	w := NewWriter(io.Discard)
	p := Packet{Data: make([]byte, 120), Time: 1_700_000_000_000_000_000, Link: 1, Length: 120}
	b.SetBytes(int64(len(p.Data)))
	b.ReportAllocs()
	for b.Loop() {
		if err := w.Write(&p); err != nil {
			b.Fatal(err)
		}
	}
}
