package dump

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/gopacket"

	"github.com/dnssniff/dnssniff/capture"
)

// start is when captures begin here.
const start = 1_700_000_000_000_000_000

// feed is a source of packets, one batch at a time.
type feed struct {
	batches [][]capture.Packet
	each    func(batch int) // called before each batch, and before the end
	done    int
}

func (f *feed) ReadBatch(batch []capture.Packet) (int, error) {
	if f.each != nil {
		f.each(f.done)
	}
	if f.done == len(f.batches) {
		return 0, io.EOF
	}
	f.done++
	return copy(batch, f.batches[f.done-1]), nil
}

func (f *feed) ZeroCopyReadPacketData() ([]byte, gopacket.CaptureInfo, error) {
	return nil, gopacket.CaptureInfo{}, errors.ErrUnsupported
}

// packets makes n packets of a size, a time apart; each tells its number.
func packets(n, size int, apart time.Duration) (all []capture.Packet) {
	for i := range n {
		data := append(fmt.Appendf(nil, "%08d", i), make([]byte, size-8)...)
		all = append(all, capture.Packet{Data: data, Time: start + int64(i)*int64(apart), Number: uint64(i + 1), Length: uint32(size), Link: 1})
	}
	return all
}

func batches(all []capture.Packet, of int) [][]capture.Packet {
	return slices.Collect(slices.Chunk(all, of))
}

// disks are files in memory, with room for so many bytes together.
type disks struct {
	sync.Mutex
	room    int
	files   map[string]*memory
	opened  []string
	opening error
	before  func() // each write
	pattern Pattern
}

func newDisks(room int) *disks {
	return &disks{room: room, files: make(map[string]*memory), pattern: Pattern{Text: "x"}}
}

func (d *disks) open(at Slot) (File, error) {
	d.Lock()
	defer d.Unlock()
	if d.opening != nil {
		return nil, d.opening
	}
	name := d.pattern.Name(at)
	d.opened = append(d.opened, name)
	if f := d.files[name]; f != nil {
		d.room += len(f.data)
	}
	d.files[name] = &memory{disks: d}
	return d.files[name], nil
}

type memory struct {
	*disks
	data   []byte
	at     int64
	closed bool
}

func (m *memory) Write(b []byte) (int, error) {
	if m.before != nil {
		m.before()
	}
	m.Lock()
	defer m.Unlock()
	n := min(len(b), m.room)
	m.data = append(m.data[:m.at], b[:n]...)
	m.at += int64(n)
	m.room -= n
	if n < len(b) {
		return n, syscall.ENOSPC
	}
	return n, nil
}

func (m *memory) Seek(at int64, _ int) (int64, error) { m.at = at; return at, nil }

func (m *memory) Truncate(size int64) error {
	m.Lock()
	defer m.Unlock()
	m.room += len(m.data) - int(size)
	m.data = m.data[:size]
	return nil
}

func (m *memory) Close() error { m.closed = true; return nil }

// numbers reads a file back, which is to be without fault, and returns the numbers that its packets tell.
func numbers(t *testing.T, file []byte) (all []int) {
	t.Helper()
	in, err := capture.Open([]string{"-"}, capture.Options{Stdin: bytes.NewReader(file)})
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	src := in.Sources(1)[0]
	batch := make([]capture.Packet, 64)
	for {
		n, err := src.ReadBatch(batch)
		for _, p := range batch[:n] {
			var number int
			if _, err := fmt.Sscanf(string(p.Data[:8]), "%d", &number); err != nil {
				t.Fatal(err)
			}
			all = append(all, number)
		}
		if err != nil {
			break
		}
	}
	for _, f := range in.Faults() {
		t.Error(f)
	}
	return all
}

func run(t *testing.T, o Options, src *feed) (*Dump, Stats) {
	t.Helper()
	o.Start, o.Interface = time.Unix(0, start), capture.Interface{Name: "eth0", Link: 1}
	d, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Run(src); err != nil {
		t.Fatal(err)
	}
	return d, d.Stats()
}

func upTo(from, to int) (all []int) {
	for i := from; i < to; i++ {
		all = append(all, i)
	}
	return all
}

func TestOneFile(t *testing.T) {
	for _, n := range []int{0, 1, 5, 20_000} {
		k := newDisks(1 << 30)
		_, st := run(t, Options{Open: k.open}, &feed{batches: batches(packets(n, 100, time.Microsecond), 37)})
		f := k.files["x"]
		if got := numbers(t, f.data); !slices.Equal(got, upTo(0, n)) || !f.closed {
			t.Errorf("%d packets: %d came back, closed %v", n, len(got), f.closed)
		}
		if want := (Stats{Packets: uint64(n), Bytes: uint64(len(f.data)), Files: 1}); st != want {
			t.Errorf("%+v, want %+v", st, want)
		}
	}
}

// TestFileIsThereFromTheStart: a name that cannot be is known at once, and tail -f has something to read.
func TestFileIsThereFromTheStart(t *testing.T) {
	k := newDisks(1 << 30)
	header := make(chan bool)
	k.before = func() { header <- true }
	src := &feed{each: func(int) { <-header }}
	run(t, Options{Open: k.open}, src)
}

func TestPacketLimit(t *testing.T) {
	k := newDisks(1 << 30)
	ended := 0
	_, st := run(t, Options{Open: k.open, Packets: 10, Ended: func() { ended++ }}, &feed{batches: batches(packets(100, 100, 1), 7)})
	if got := numbers(t, k.files["x"].data); !slices.Equal(got, upTo(0, 10)) || ended != 1 || st.Lost != 0 {
		t.Errorf("%v, ended %d times, %+v", got, ended, st)
	}
}

// TestForeignPacketsAreCounted: a file has one interface, as its header is written once.
func TestForeignPacketsAreCounted(t *testing.T) {
	k := newDisks(1 << 30)
	all := packets(4, 100, 1)
	all[1].Link, all[2].Time = 276, -1
	huge := all[3]
	huge.Data = make([]byte, 300<<10)
	_, st := run(t, Options{Open: k.open}, &feed{batches: [][]capture.Packet{append(all, huge)}})
	if got := numbers(t, k.files["x"].data); !slices.Equal(got, []int{0, 3}) || st.Lost != 3 || st.Packets != 2 {
		t.Errorf("%v, %+v", got, st)
	}
}

func TestRotation(t *testing.T) {
	const second = time.Second
	local := time.FixedZone("", 0)
	before := time.Local
	time.Local = local
	defer func() { time.Local = before }()
	for _, c := range []struct {
		name    string
		rotate  Rotation
		pattern Pattern
		packets int
		opened  []string
		kept    map[string][]int // of some files
		ended   bool
	}{
		{name: "size", rotate: Rotation{Size: 1000}, pattern: Pattern{Text: "x"}, packets: 20,
			opened: []string{"x", "x1", "x2"}, kept: map[string][]int{"x": upTo(0, 7), "x1": upTo(7, 14), "x2": upTo(14, 20)}},
		{name: "ring", rotate: Rotation{Size: 1000, Count: 2}, pattern: Pattern{Text: "x", Digits: 1}, packets: 20,
			opened: []string{"x0", "x1", "x0"}, kept: map[string][]int{"x0": upTo(14, 20), "x1": upTo(7, 14)}},
		{name: "time", rotate: Rotation{Every: 5 * second}, pattern: Pattern{Text: "%H%M%S", Timed: true}, packets: 12,
			opened: []string{"221320", "221325", "221330"}, kept: map[string][]int{"221320": upTo(0, 5), "221330": upTo(10, 12)}},
		{name: "time, names alike", rotate: Rotation{Every: 5 * second, Numbered: true}, pattern: Pattern{Text: "x", Timed: true}, packets: 12,
			opened: []string{"x", "x1", "x2"}},
		{name: "time, so many", rotate: Rotation{Every: 5 * second, Count: 2}, pattern: Pattern{Text: "%S", Timed: true}, packets: 12,
			opened: []string{"20", "25"}, kept: map[string][]int{"25": upTo(5, 10)}, ended: true},
		{name: "time and size", rotate: Rotation{Every: 10 * second, Size: 1000}, pattern: Pattern{Text: "%S", Timed: true}, packets: 12,
			opened: []string{"20", "201", "30"}, kept: map[string][]int{"201": upTo(7, 10), "30": upTo(10, 12)}},
		{name: "longer than the capture", rotate: Rotation{Every: 100 * second, Size: 1 << 20}, pattern: Pattern{Text: "x"}, packets: 12, opened: []string{"x"}},
	} {
		k := newDisks(1 << 30)
		k.pattern = c.pattern
		ended := false
		_, st := run(t, Options{Rotation: c.rotate, Open: k.open, Ended: func() { ended = true }}, &feed{batches: batches(packets(c.packets, 100, second), 3)})
		if !slices.Equal(k.opened, c.opened) || ended != c.ended || st.Files != uint64(len(c.opened)) || st.Lost != 0 {
			t.Errorf("%s: opened %v, want %v; ended %v; %+v", c.name, k.opened, c.opened, ended, st)
		}
		for name, want := range c.kept {
			if got := numbers(t, k.files[name].data); !slices.Equal(got, want) {
				t.Errorf("%s: %s has %v, want %v", c.name, name, got, want)
			}
		}
	}
	if _, err := New(Options{Rotation: Rotation{Size: 1, Every: 1, Count: 1}}); err == nil {
		t.Error("a ring of times and sizes")
	}
}

// TestDiskFillsUp: whatever room there is, the file is whole packets, what does not fit is counted, and when there is room again it goes on.
func TestDiskFillsUp(t *testing.T) {
	const n = 60
	for room := 0; room < 5000; room += 61 {
		k := newDisks(room)
		var d *Dump
		src := &feed{batches: batches(packets(n, 100, 2*time.Second), 1)}
		src.each = func(i int) {
			switch {
			case i == 40:
				k.wait(d, 40)
				if st := d.Stats(); room < 4000 && !errors.Is(st.Trouble, syscall.ENOSPC) {
					t.Errorf("room for %d: no trouble: %+v", room, st)
				}
				k.Lock()
				k.room = 1 << 20
				k.Unlock()
			case i == n:
				k.wait(d, n)
			}
		}
		d, err := New(Options{Open: k.open, Start: time.Unix(0, start), Interface: capture.Interface{Link: 1}})
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Run(src); err != nil {
			t.Fatal(err)
		}
		got, st := numbers(t, k.files["x"].data), d.Stats()
		if !slices.IsSorted(got) || uint64(len(got)) != st.Packets || st.Packets+st.Lost != n || st.Trouble != nil || len(got) < n-40 || st.Files != 1 {
			t.Errorf("room for %d: %v, %+v", room, got, st)
		}
		if st.Bytes != uint64(len(k.files["x"].data)) {
			t.Errorf("room for %d: %d bytes, not %d", room, st.Bytes, len(k.files["x"].data))
		}
	}
}

// wait waits for so many packets to be written or given up, but for those of the chunk at hand.
func (k *disks) wait(d *Dump, n uint64) {
	for {
		if st := d.Stats(); st.Packets+st.Lost+1 >= n {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// TestNoFileIsMade: it is tried again until it works.
func TestNoFileIsMade(t *testing.T) {
	k := newDisks(1 << 20)
	k.opening = os.ErrPermission
	var d *Dump
	src := &feed{batches: batches(packets(10, 100, 2*time.Second), 1)}
	src.each = func(i int) {
		if i == 5 {
			k.wait(d, 5)
			k.Lock()
			k.opening = nil
			k.Unlock()
		}
	}
	d, err := New(Options{Open: k.open, Start: time.Unix(0, start), Interface: capture.Interface{Link: 1}})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Run(src); err != nil {
		t.Fatal(err)
	}
	if got, st := numbers(t, k.files["x"].data), d.Stats(); len(got) < 5 || st.Files != 1 || st.Lost+uint64(len(got)) != 10 || st.Trouble != nil {
		t.Errorf("%v, %+v", got, st)
	}
}

// TestFullDiskBegetsNoFiles: what was not written makes no file full.
func TestFullDiskBegetsNoFiles(t *testing.T) {
	k := newDisks(1500)
	var d *Dump
	src := &feed{batches: batches(packets(200, 100, 2*time.Second), 1)}
	src.each = func(i int) { k.wait(d, uint64(i)) }
	d, err := New(Options{Rotation: Rotation{Size: 1000}, Open: k.open, Start: time.Unix(0, start), Interface: capture.Interface{Link: 1}})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Run(src); err != nil {
		t.Fatal(err)
	}
	if len(k.opened) > 4 || d.Stats().Lost == 0 {
		t.Errorf("%d files, %+v", len(k.opened), d.Stats())
	}
}

// TestSlowDisk: a disk that takes nothing holds up no reader, and the memory for it is bounded.
func TestSlowDisk(t *testing.T) {
	k := newDisks(1 << 30)
	stuck := make(chan bool)
	k.before = func() { <-stuck }
	one := packets(64, 8000, 0)
	src := &feed{}
	for range 200 { // 100 MB
		src.batches = append(src.batches, one)
	}
	src.each = func(i int) {
		if i == len(src.batches) {
			close(stuck)
		}
	}
	d, st := run(t, Options{Open: k.open}, src)
	if st.Slow == 0 || st.Lost != st.Slow || st.Packets+st.Lost != 200*64 || st.Packets < 4000 {
		t.Errorf("%+v", st)
	}
	if d.encode.made != mostChunks {
		t.Errorf("%d chunks", d.encode.made)
	}
	if got := numbers(t, k.files["x"].data); uint64(len(got)) != st.Packets {
		t.Errorf("%d packets, not %d", len(got), st.Packets)
	}
}

// TestPipeBreaks: what cannot be taken back ends a file.
func TestPipeBreaks(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	_, st := run(t, Options{Open: func(Slot) (File, error) { return w, nil }}, &feed{batches: batches(packets(5, 100, 2*time.Second), 1)})
	if st.Lost != 5 || !errors.Is(st.Trouble, syscall.EPIPE) {
		t.Errorf("%+v", st)
	}
}

func TestAllocatesNothing(t *testing.T) {
	k := newDisks(0)
	d, err := New(Options{Open: func(Slot) (File, error) { return &memory{disks: k}, nil }, Interface: capture.Interface{Link: 1}})
	if err != nil {
		t.Fatal(err)
	}
	src := &feed{batches: batches(slices.Repeat(packets(1000, 100, 0), 100), 250)}
	if n := testing.AllocsPerRun(3, func() {
		src.done = 0
		if err := d.Run(src); err != nil {
			t.Fatal(err)
		}
	}); n > 1000 { // of 100,000 packets: chunks, files, a goroutine
		t.Errorf("%v allocations", n)
	}
}
