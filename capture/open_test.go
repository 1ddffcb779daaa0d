package capture

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/gopacket"
)

// corpusFile is what the corpus says of one capture.
type corpusFile struct {
	Name  string
	Truth struct {
		Container string
		Total     int `json:"total_packets"`
		Capinfos  struct {
			First, Last string
			Packets     int
		}
	}
}

func corpus(t *testing.T) (dir string, files []corpusFile) {
	t.Helper()
	dir = filepath.Join("..", "..", "shared", "corpus")
	b, err := os.ReadFile(filepath.Join(dir, "MANIFEST.json"))
	if err != nil {
		t.Skipf("no corpus of real captures: %v", err)
	}
	var manifest struct{ Files []corpusFile }
	if err := json.Unmarshal(b, &manifest); err != nil {
		t.Fatal(err)
	}
	return dir, manifest.Files
}

// TestCorpus compares the count of packets with tshark's, and the first and last time with capinfos'.
func TestCorpus(t *testing.T) {
	dir, files := corpus(t)
	if len(files) < 300 {
		t.Fatalf("only %d files", len(files))
	}
	for _, f := range files {
		path := filepath.Join(dir, f.Name)
		in, err := Open([]string{path}, Options{})
		if strings.HasPrefix(f.Truth.Container, "unknown") {
			if !errors.Is(err, ErrNotCapture) {
				t.Errorf("%s: Open = %v, want ErrNotCapture", f.Name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", f.Name, err)
			continue
		}
		count, first, last := scan(in)
		in.Close()
		ci := f.Truth.Capinfos
		// tshark counts blocks that hold no packet too.
		if count != f.Truth.Total && count != ci.Packets {
			t.Errorf("%s: %d packets, tshark has %d; faults %v", f.Name, count, f.Truth.Total, in.Faults())
		}
		if isTime(ci.First) && isTime(ci.Last) && (first != nanos(t, ci.First) || last != nanos(t, ci.Last)) {
			t.Errorf("%s: from %d to %d, capinfos has %s to %s", f.Name, first, last, ci.First, ci.Last)
		}
	}
}

// isTime says whether capinfos knew the time, and wrote it rightly: a fraction above a second it does not.
func isTime(s string) bool {
	_, frac, ok := strings.Cut(s, ".")
	return ok && (len(frac) == 6 || len(frac) == 9)
}

// TestFrameNumbers: custom blocks have numbers, too, in Wireshark; these are what tshark 4.0 prints for the file.
func TestFrameNumbers(t *testing.T) {
	dir, _ := corpus(t)
	src := openFor(t, filepath.Join(dir, "gopacket__be_test102.pcapng"), Options{}).Sources(1)[0]
	var got []uint64
	for batch := make([]Packet, 1); ; {
		if _, err := src.ReadBatch(batch); err != nil {
			break
		}
		got = append(got, batch[0].Number)
	}
	if want := []uint64{2, 4, 5, 6, 7}; !slices.Equal(got, want) {
		t.Errorf("frames %v, want %v", got, want)
	}
}

// scan returns what capinfos tells: the number of packets, the least and the greatest time.
func scan(in *Input) (count int, first, last int64) {
	src := in.Sources(1)[0]
	batch := make([]Packet, 100)
	for {
		n, err := src.ReadBatch(batch)
		for _, p := range batch[:n] {
			if count == 0 {
				first, last = p.Time, p.Time
			}
			first, last = min(first, p.Time), max(last, p.Time)
			count++
		}
		if err != nil {
			return count, first, last
		}
	}
}

func nanos(t *testing.T, seconds string) int64 {
	t.Helper()
	whole, frac, _ := strings.Cut(seconds, ".")
	n, err := strconv.ParseInt(whole+(frac + "000000000")[:9], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestCorpusInBlocks reads the real files in small blocks too.
func TestCorpusInBlocks(t *testing.T) {
	dir, files := corpus(t)
	for i, f := range files {
		if i%8 != 0 {
			continue
		}
		data, err := os.ReadFile(filepath.Join(dir, f.Name))
		if err != nil {
			t.Fatal(err)
		}
		if len(data) < 1<<20 && sniff(data) <= pcapngContainer {
			compareBlocks(t, data, 1000)
		}
	}
}

func TestSourcesAgree(t *testing.T) {
	file := pcapFile(leOrder, magicMicro, 1, frames(2, 5000)...)
	path := writeFile(t, "x", file)
	want, _ := readFile(t, path, Options{}, 1)
	if want.packets != 5000 {
		t.Fatalf("%d packets", want.packets)
	}
	zipped := writeFile(t, "z", gzipped(t, file))
	for _, n := range []int{1, 2, 8} {
		for name, read := range map[string]func() (seen, []string){
			"file":  func() (seen, []string) { return readFile(t, path, Options{}, n) },
			"small": func() (seen, []string) { return readFile(t, path, Options{blockSize: 512}, n) },
			"gzip":  func() (seen, []string) { return readFile(t, zipped, Options{}, n) },
			"stdin": func() (seen, []string) {
				return readFile(t, "-", Options{Stdin: &dribble{bytes.NewReader(file), 4000}}, n)
			},
		} {
			if got, faults := read(); got.sum != want.sum || faults != nil {
				t.Errorf("%s, %d sources: %d packets, faults %v", name, n, got.packets, faults)
			}
		}
	}
}

func TestMerge(t *testing.T) {
	at := func(secs ...uint32) []byte {
		var rs []record
		for _, s := range secs {
			rs = append(rs, record{sec: s, data: []byte{byte(s)}})
		}
		return pcapFile(leOrder, magicMicro, 1, rs...)
	}
	paths := []string{
		writeFile(t, "a", at(1, 5, 9, 9)),
		writeFile(t, "b", at(2, 9, 3, 4, 20)), // its time goes backwards
		writeFile(t, "c", at()),
		writeFile(t, "d", at(1, 9)),
	}
	in, err := Open(paths, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	s, _ := readInput(t, in, 3)
	var got []string
	for _, line := range s.lines {
		id, rest, _ := strings.Cut(line, " ")
		sec, _, _ := strings.Cut(rest, "000000000 ")
		got = append(got, id+"@"+sec)
	}
	want := strings.Fields("0/1@1 3/1@1 1/1@2 0/2@5 0/3@9 0/4@9 1/2@9 1/3@3 1/4@4 3/2@9 1/5@20")
	if !slices.Equal(got, want) {
		t.Errorf("order %v, want %v", got, want)
	}
	if files := in.Files(); !slices.Equal(files, paths) {
		t.Errorf("Files = %v", files)
	}
}

// TestMergeOfStreams has blocks so small that the files wait for each other, and sources of different pace.
func TestMergeOfStreams(t *testing.T) {
	var paths []string
	for i := range 9 {
		paths = append(paths, writeFile(t, strconv.Itoa(i), pcapFile(leOrder, magicMicro, 1, frames(uint64(i), 400+i*100)...)))
	}
	var want seen
	for i, size := range []int{1 << 20, 300, 64} {
		in, err := Open(paths, Options{blockSize: size})
		if err != nil {
			t.Fatal(err)
		}
		got, faults := readInput(t, in, 1+i*2)
		in.Close()
		if i == 0 {
			want = got
		}
		if got.sum != want.sum || got.packets != 7200 || faults != nil {
			t.Errorf("blocks of %d: %d packets, faults %v", size, got.packets, faults)
		}
	}
}

func TestNotACapture(t *testing.T) {
	for _, c := range []struct{ name, content, want string }{
		{"empty", "", "it is empty"},
		{"png", "\x89PNG\r\n\x1a\nxxxxxxxxxxxx", "it looks like a PNG image; give a pcap"},
		{"text", "Hello,\tworld\nsecond line", `it looks like text: "Hello,\tworld"; give`},
		{"escape", "\x1b[31mred and more than that", "it begins with the bytes 1b5b33316d"},
		{"bidi", "abc\u202edef", `it looks like text: "abc\u202edef"`},
		{"long_text", strings.Repeat("a", 300), `"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"...`},
		{"tcpdump", "12:34:56.789012 IP 192.0.2.1.53 > 192.0.2.2.999: 1 NXDomain", "it looks like the text output of tcpdump; give the file that tcpdump -w writes"},
		{"tcpdump_dated", "2026-01-02 12:34:56.789012 IP6 2001:db8::1.53 > x: 1", "it looks like the text output of tcpdump"},
		{"snoop", "snoop\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x04", "it looks like a snoop file; convert it with: editcap"},
		{"erf", "\x11\x22\x33\x44\x55\x66\x77\x88\x02\x04\x00\x54\x00\x00\x00\x40zzzz", "it looks like an ERF file; convert it"},
		{"tar", strings.Repeat("n\x00", 128) + "\x00ustar\x0000" + strings.Repeat("\x00", 300), "it looks like a tar archive; unpack"},
		{"zeros", strings.Repeat("\x00", 100), "it begins with zeros"},
		{"short", "ab", `it looks like text: "ab"`},
		{"binary", "\x01\x02\x03\xff\xfe\xfd", "it begins with the bytes 010203fffefd; give"},
		{"dnstap", "\x00\x00\x00\x00\x00\x00\x00\x22\x00\x00\x00\x01protobuf:dnstap.Dnstap", "dnstap"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := writeFile(t, "name.pcap", []byte(c.content))
			_, err := Open([]string{path}, Options{})
			var format *FormatError
			if !errors.As(err, &format) || !errors.Is(err, ErrNotCapture) {
				t.Fatalf("Open = %v", err)
			}
			if line := err.Error(); !strings.Contains(line, c.want) || !strings.HasPrefix(line, path+": not a capture file: ") {
				t.Errorf("error %q, want %q in it", line, c.want)
			}
		})
	}
}

func TestOpenErrors(t *testing.T) {
	file := smallPcap()
	for _, c := range []struct {
		name  string
		paths []string
		opts  Options
		want  string
	}{
		{"no_files", nil, Options{}, "0 files"},
		{"missing", []string{filepath.Join(t.TempDir(), "none")}, Options{}, "no such file"},
		{"directory", []string{t.TempDir()}, Options{}, "a directory"},
		{"no_stdin", []string{"-"}, Options{}, "no standard input"},
		{"stdin_twice", []string{"-", "-"}, Options{Stdin: bytes.NewReader(file)}, "can be read once"},
		{"second_is_bad", []string{"-", os.DevNull}, Options{Stdin: bytes.NewReader(file)}, "is empty"},
		{"damaged_gzip", []string{"-"}, Options{Stdin: strings.NewReader("\x1f\x8b\x09garbage")}, "unreadable"},
		{"damaged_xz", []string{"-"}, Options{Stdin: strings.NewReader("\xfd7zXZ\x00garbagegarbage")}, "unreadable"},
		{"no_progress", []string{"-"}, Options{Stdin: lazyReader{}}, "no data or error"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := Open(c.paths, c.opts); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("Open = %v, want %q", err, c.want)
			}
		})
	}
}

// lazyReader gives nothing, for ever.
type lazyReader struct{}

func (lazyReader) Read([]byte) (int, error) { return 0, nil }

func TestProgress(t *testing.T) {
	file := pcapFile(leOrder, magicMicro, 1, frames(2, 500)...)
	zipped := gzipped(t, file)
	in, err := Open([]string{writeFile(t, "a", file), writeFile(t, "b", zipped)}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	size := int64(len(file) + len(zipped))
	if read, total := in.Progress(); read >= size || total != size {
		t.Errorf("at the start %d of %d, want a little of %d", read, total, size)
	}
	readInput(t, in, 2)
	if read, total := in.Progress(); read != size || total != size {
		t.Errorf("at the end %d of %d, want %d", read, total, size)
	}
	if _, total := mustOpen(t, whole(file)).Progress(); total != 0 {
		t.Errorf("a stream has the total %d, want 0: unknown", total)
	}
}

func TestSourcesOnce(t *testing.T) {
	in := mustOpen(t, whole(smallPcap()))
	in.Sources(1)
	if _, err := in.Sources(1)[0].ReadBatch(make([]Packet, 1)); !errors.Is(err, ErrSourcesTaken) {
		t.Errorf("the second Sources reads: %v", err)
	}
}

// TestFileShrinks: the end is not taken for the end of the capture.
func TestFileShrinks(t *testing.T) {
	path := writeFile(t, "x", pcapFile(leOrder, magicMicro, 1, frames(2, 50)...))
	in, err := Open([]string{path}, Options{blockSize: 64})
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if err := os.Truncate(path, 600); err != nil {
		t.Fatal(err)
	}
	readInput(t, in, 1)
	if f := in.Faults(); len(f) != 1 || !errors.Is(f[0], ErrUnreadable) || !strings.Contains(f[0].Error(), "shrank") {
		t.Errorf("faults %v", f)
	}
}

// TestStdinIsAFile: the shell may have read from it before.
func TestStdinIsAFile(t *testing.T) {
	file := smallPcap()
	f, err := os.Open(writeFile(t, "x", append([]byte("a line\n"), file...)))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Seek(7, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	in := openFor(t, "-", Options{Stdin: f})
	defer in.Close()
	s, faults := readInput(t, in, 2)
	if read, total := in.Progress(); s.packets != 8 || faults != nil || read != total || total != int64(len(file)) {
		t.Errorf("%d packets, faults %v, read %d of %d", s.packets, faults, read, total)
	}
}

// TestClose: whatever the Sources were doing, they return io.EOF and no goroutine is left.
func TestClose(t *testing.T) {
	file := pcapFile(leOrder, magicMicro, 1, frames(2, 5000)...)
	path := writeFile(t, "x", file)
	before := runtime.NumGoroutine()
	for name, open := range map[string]func() (*Input, func()){
		"file":    func() (*Input, func()) { return openFor(t, path, Options{blockSize: 4096}), func() {} },
		"unread":  func() (*Input, func()) { in := openFor(t, path, Options{}); in.Sources(3); return in, func() {} },
		"unasked": func() (*Input, func()) { return openFor(t, path, Options{}), func() {} },
		"pipe": func() (*Input, func()) { // blocks in Read
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.Write(file[:5000]); err != nil {
				t.Fatal(err)
			}
			return openFor(t, "-", Options{Stdin: r}), func() { w.Close(); r.Close() }
		},
		"reader": func() (*Input, func()) { // cannot be interrupted
			r, w := io.Pipe()
			go func() { w.Write(file[:5000]) }()
			return openFor(t, "-", Options{Stdin: r}), func() { w.Close() }
		},
	} {
		t.Run(name, func(t *testing.T) {
			in, done := open()
			var wg sync.WaitGroup
			begun := make(chan struct{}, 2)
			if name != "unread" && name != "unasked" {
				for _, src := range in.Sources(2) {
					wg.Go(func() {
						batch := make([]Packet, 10)
						_, err := src.ReadBatch(batch)
						begun <- struct{}{}
						for err == nil {
							_, err = src.ReadBatch(batch)
						}
						if !errors.Is(err, io.EOF) {
							t.Errorf("ReadBatch = %v", err)
						}
					})
				}
				<-begun
				<-begun
			}
			if err := in.Close(); err != nil {
				t.Errorf("Close = %v", err)
			}
			wg.Wait()
			if err := in.Close(); err != nil {
				t.Errorf("second Close = %v", err)
			}
			if _, err := in.Sources(1)[0].ReadBatch(make([]Packet, 1)); err == nil {
				t.Error("a closed input still reads")
			}
			done()
		})
	}
	for range 1000 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Errorf("%d goroutines before, %d after", before, runtime.NumGoroutine())
}

func openFor(t *testing.T, path string, opts Options) *Input {
	t.Helper()
	in, err := Open([]string{path}, opts)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

// TestSlowPipe: packets are handed out as they come, long before a block is full.
func TestSlowPipe(t *testing.T) {
	file := pcapFile(leOrder, magicMicro, 1, frames(2, 3)...)
	r, w := io.Pipe()
	go w.Write(file)
	in := openFor(t, "-", Options{Stdin: r})
	defer w.Close()
	defer in.Close()
	src, batch := in.Sources(1)[0], make([]Packet, 10)
	for got := 0; got < 3; {
		n, err := src.ReadBatch(batch)
		if err != nil {
			t.Fatal(err)
		}
		got += n
	}
}

func TestGopacket(t *testing.T) {
	want, _ := readInput(t, mustOpen(t, whole(smallPcapng())), 1)
	var src gopacket.ZeroCopyPacketDataSource = mustOpen(t, whole(smallPcapng())).Sources(1)[0]
	got, err := drain(FromGopacket(src, 1), 3)
	if err != nil || got.packets != want.packets {
		t.Fatalf("%d packets, %v, want %d", got.packets, err, want.packets)
	}
	if got.lines[0] != want.lines[0] {
		t.Errorf("packet %q, want %q", got.lines[0], want.lines[0])
	}

	mixed := mustOpen(t, whole(smallPcap())).Sources(1)[0]
	if _, info, err := mixed.ZeroCopyReadPacketData(); err != nil || info.Timestamp.Unix() != 1700000000 {
		t.Fatalf("%v, %v", info, err)
	}
	rest, err := drain(mixed, 2)
	if err != nil || rest.packets != 7 || !strings.HasPrefix(rest.lines[0], "0/2 ") {
		t.Errorf("after one by one, batches give %d packets from %q, %v", rest.packets, rest.lines[0], err)
	}
}

// TestAllocations: none for a packet.
func TestAllocations(t *testing.T) {
	records := frames(2, 2000)
	for name, file := range map[string][]byte{
		"pcap":   pcapFile(leOrder, magicMicro, 1, slices.Concat(records, records, records)...),
		"pcapng": slices.Concat(ngSection(leOrder), ngInterface(leOrder, 1, 0), bytes.Repeat(ngPacket(leOrder, 0, 7, records[1].data), 6000)),
	} {
		src, batch := mustOpen(t, Options{Stdin: bytes.NewReader(file), blockSize: 10_000}).Sources(1)[0], make([]Packet, 16)
		for range 50 { // the blocks and the carry buffer come to their sizes
			if _, err := src.ReadBatch(batch); err != nil {
				t.Fatal(err)
			}
		}
		if got := testing.AllocsPerRun(200, func() { src.ReadBatch(batch) }); got > 0 {
			t.Errorf("%s: %v allocations a batch", name, got)
		}
	}
}

// TestLinkTypeNames asks tcpdump.
func TestLinkTypeNames(t *testing.T) {
	tcpdump, err := exec.LookPath("tcpdump")
	if err != nil {
		t.Skip("no tcpdump to ask")
	}
	for _, l := range []LinkType{0, 1, 9, 12, 101, 105, 108, 113, 127, 228, 229, 239, 276, 300} {
		path := writeFile(t, "l", pcapFile(leOrder, magicMicro, uint32(l)))
		out, err := exec.Command(tcpdump, "-r", path).CombinedOutput()
		if err != nil {
			t.Skipf("tcpdump: %v: %s", err, out)
		}
		if !strings.Contains(string(out), "link-type "+l.String()) {
			t.Errorf("link type %d is %q, tcpdump: %s", l, l, out)
		}
	}
	if got := LinkType(65535).String(); got != "65535" {
		t.Errorf("link type 65535 is %q", got)
	}
}
