package capture

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
)

// whole makes a block hold a whole file, tiny makes every record straddle blocks.
func whole(data []byte) Options {
	return Options{Stdin: bytes.NewReader(data), blockSize: len(data) + 1}
}

func tiny(data []byte, size int) Options {
	return Options{Stdin: &dribble{bytes.NewReader(data), size}, blockSize: size}
}

func gzipped(t testing.TB, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestPcapVariants(t *testing.T) {
	payload := []byte{1, 2, 3, 4, 5}
	r := record{sec: 0xffffffff, frac: 999999, data: payload, length: 77}
	for _, order := range []endian{binary.LittleEndian, binary.BigEndian} {
		for _, v := range []struct {
			magic, link uint32
			time        int64
			want        LinkType
		}{
			{magicMicro, 1, 0xffffffff*1e9 + 999999000, 1},
			{magicNano, 276, 0xffffffff*1e9 + 999999, 276},
			{magicModified, 113, 0xffffffff*1e9 + 999999000, 113},
			{magicMicro, 0xf4000001, 0xffffffff*1e9 + 999999000, 1}, // FCS and reserved bits
		} {
			t.Run(fmt.Sprintf("%s_%x_%x", order, v.magic, v.link), func(t *testing.T) {
				in, err := Open([]string{"-"}, whole(pcapFile(order, v.magic, v.link, r, record{})))
				if err != nil {
					t.Fatal(err)
				}
				defer in.Close()
				batch := make([]Packet, 4)
				n, err := in.Sources(1)[0].ReadBatch(batch)
				if n != 2 || err != nil {
					t.Fatalf("ReadBatch = %d, %v, want 2 packets", n, err)
				}
				p := batch[0]
				if p.Time != v.time || p.Link != v.want || p.Length != 77 || p.Number != 1 || !bytes.Equal(p.Data, payload) {
					t.Errorf("packet = %+v, want time %d, link %d", p, v.time, v.want)
				}
				if cap(p.Data) != len(p.Data) {
					t.Error("the packet's data can be grown into the next record")
				}
				if p := batch[1]; len(p.Data) != 0 || p.Number != 2 {
					t.Errorf("empty packet = %+v", p)
				}
			})
		}
	}
}

// TestPcapLengthOrder: writers before 2.3 put the captured length second, 2.3 did either.
func TestPcapLengthOrder(t *testing.T) {
	for _, v := range []struct{ major, minor uint16 }{{2, 2}, {2, 3}, {543, 0}} {
		file := pcapFile(binary.LittleEndian, magicMicro, 1, record{data: []byte("four"), length: 60})
		binary.LittleEndian.PutUint16(file[4:], v.major)
		binary.LittleEndian.PutUint16(file[6:], v.minor)
		lengths := file[pcapFileHeader+8:]
		binary.LittleEndian.PutUint32(lengths, 60)
		binary.LittleEndian.PutUint32(lengths[4:], 4)
		in, err := Open([]string{"-"}, whole(file))
		if err != nil {
			t.Fatal(err)
		}
		batch := make([]Packet, 2)
		n, err := in.Sources(1)[0].ReadBatch(batch)
		if n != 1 || string(batch[0].Data) != "four" || batch[0].Length != 60 {
			t.Errorf("version %d.%d: %d packets, %v: %+v", v.major, v.minor, n, err, batch[0])
		}
		in.Close()
	}
}

func TestPcapng(t *testing.T) {
	s, faults := readInput(t, mustOpen(t, whole(smallPcapng())), 1)
	want := []string{
		"0/1 1700000000000001000 EN10MB 12/12 " + fmt.Sprintf("%x", "first packet"),
		// The block before it has frame number 2 in Wireshark.
		"0/3 1700000000000002000 LINUX_SLL2 6/6 " + fmt.Sprintf("%x", "second"),
		"0/4 1700000000000003000 LINUX_SLL2 8/8 " + fmt.Sprintf("%x", "obsolete"),
		"0/5 1700000000000003000 EN10MB 9/9 " + fmt.Sprintf("%x", "simple 1!"), // its padding left out, the time of the one before
		"0/6 1700000000500000000 RAW 18/18 " + fmt.Sprintf("%x", "big-endian section"),
	}
	if !slices.Equal(s.lines, want) {
		t.Errorf("packets:\n%s\nwant:\n%s", strings.Join(s.lines, "\n"), strings.Join(want, "\n"))
	}
	if faults != nil {
		t.Errorf("faults: %v", faults)
	}
}

func mustOpen(t testing.TB, opts Options) *Input {
	t.Helper()
	in, err := Open([]string{"-"}, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close() })
	return in
}

func TestDamage(t *testing.T) {
	le := binary.LittleEndian
	head := slices.Concat(ngSection(le), ngInterface(le, 1, 0))
	good := ngPacket(le, 0, 5, []byte("good"))
	liar := ngPacket(le, 0, 5, []byte("liar"))
	le.PutUint32(liar[20:], 5000)
	unlike := slices.Clone(good)
	le.PutUint32(unlike[len(unlike)-4:], 99)
	odd := slices.Clone(good)
	le.PutUint32(odd[4:], 43)
	endless := slices.Clone(good)
	le.PutUint32(endless[4:], 0xfffffff0)
	wideUnknown := ngBlock(le, 77, make([]byte, maxBlock+4))
	wideKnown := ngBlock(le, blockEnhanced, make([]byte, maxBlock+4))
	huge := pcapFile(le, magicMicro, 1, record{data: []byte("fine")}, record{})
	le.PutUint32(huge[len(huge)-8:], maxCaptured+1)
	claims := pcapFile(le, magicMicro, 1, record{data: []byte("fine")}, record{})
	le.PutUint32(claims[len(claims)-8:], maxCaptured)

	badOrder := ngSection(le)
	le.PutUint32(badOrder[8:], 0)
	headLen := len(head)
	for _, c := range []struct {
		name    string
		file    []byte
		packets int
		faults  []string // beginnings
	}{
		{"pcap_absurd_length", huge, 1, []string{"2@44 the record claims 262145 captured bytes"}},
		{"pcap_claims_more_than_the_file_holds", claims, 1, []string{"2@44 the file ends inside a record, after 16 of 262160 bytes [cut off]"}},
		{"pcap_header_cut", smallPcap()[:20], 0, []string{"1@0 the file ends inside its header, after 20 of 24 bytes [cut off]"}},
		{"captured_length_past_block", slices.Concat(head, liar, good), 1, []string{fmt.Sprintf("1@%d the packet claims 5000 captured bytes, its block holds 12: skipped [damaged]", headLen)}},
		{"unknown_interface", slices.Concat(head, ngPacket(le, 1, 5, nil), good), 1, []string{fmt.Sprintf("1@%d the packet names interface 1 of 1", headLen)}},
		{"packet_block_too_short", slices.Concat(head, ngBlock(le, blockEnhanced, make([]byte, 12)), good), 1, []string{fmt.Sprintf("1@%d a packet block of 24 bytes", headLen)}},
		{"simple_packet_without_interface", slices.Concat(ngSection(le), ngSimple(le, 4, []byte("abcd"))), 0, []string{"1@28 a simple packet block of 20 bytes, with 0 interfaces"}},
		{"lengths_differ", slices.Concat(head, good, unlike, good), 1, []string{fmt.Sprintf("2@%d a block's length is 44 before and 99 behind it [damaged]", headLen+44)}},
		{"length_not_multiple_of_4", slices.Concat(head, good, odd), 1, []string{fmt.Sprintf("2@%d a block of type 0x6 claims the impossible length 43", headLen+44)}},
		{"length_absurd", slices.Concat(head, good, endless), 1, []string{fmt.Sprintf("2@%d a block of type 0x6 claims the impossible length 4294967280", headLen+44)}},
		{"wide_unknown_block", slices.Concat(head, wideUnknown, good), 1, nil},
		{"wide_packet_block", slices.Concat(head, wideKnown, good), 1, []string{fmt.Sprintf("1@%d a block of type 0x6 has 327696 bytes, more than any packet needs: skipped", headLen)}},
		{"cut_in_skipped_block", slices.Concat(head, wideUnknown[:1000]), 0, []string{fmt.Sprintf("1@%d the file ends inside a block of 327696 bytes [cut off]", headLen)}},
		{"cut_before_skipped_trailer", slices.Concat(head, wideUnknown[:len(wideUnknown)-4]), 0, []string{fmt.Sprintf("1@%d the file ends inside a block of 327696 bytes", headLen)}},
		{"skipped_block_trailer_differs", slices.Concat(head, wideUnknown[:len(wideUnknown)-4], good), 0, []string{fmt.Sprintf("1@%d a block's length is 327696 before and 6 behind it", headLen)}},
		{"section_of_no_byte_order", slices.Concat(head, good, badOrder), 1, []string{fmt.Sprintf("2@%d section header with byte-order magic 0x00000000", headLen+44)}},
		{"interface_too_short", slices.Concat(head, ngBlock(le, blockInterface, make([]byte, 4))), 0, []string{fmt.Sprintf("1@%d interface description 1 of 16 bytes", headLen)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, faults := readInput(t, mustOpen(t, whole(c.file)), 1)
			if s.packets != c.packets || len(faults) != len(c.faults) {
				t.Fatalf("%d packets, faults %q, want %d and %q", s.packets, faults, c.packets, c.faults)
			}
			for i, want := range c.faults {
				if !strings.HasPrefix(faults[i], want) {
					t.Errorf("fault %q, want %q", faults[i], want)
				}
			}
			for _, size := range []int{1, 7, 64, 4096} {
				again, againFaults := readInput(t, mustOpen(t, tiny(c.file, size)), 1)
				if again.sum != s.sum || !slices.Equal(againFaults, faults) {
					t.Errorf("blocks of %d: %d packets and %q, want %d and %q", size, again.packets, againFaults, s.packets, faults)
				}
			}
		})
	}
}

func TestManyFaultsAreCounted(t *testing.T) {
	le := binary.LittleEndian
	file := slices.Concat(ngSection(le), ngInterface(le, 1, 0))
	for range 100 {
		file = append(file, ngPacket(le, 9, 0, nil)...)
	}
	in := mustOpen(t, whole(file))
	readInput(t, in, 3)
	faults := in.Faults()
	if len(faults) != maxFaults || faults[maxFaults-1].More != 36 || faults[0].More != 0 {
		t.Fatalf("%d faults, the last %v", len(faults), faults[len(faults)-1])
	}
	const want = "-: packet 1 at byte 3356: the packet names interface 9 of 1: skipped (and 36 more faults)"
	if got := faults[maxFaults-1].String(); !strings.HasSuffix(got, "(and 36 more faults)") || strings.Contains(got, "\n") {
		t.Errorf("String = %q, want like %q", got, want)
	}
}

func TestResolution(t *testing.T) {
	for _, c := range []struct {
		tsresol byte
		offset  int64
		ts      uint64
		want    int64
	}{
		{6, 0, 1700000000_123456, 1700000000_123456000},
		{0, 0, 1700000000, 1700000000_000000000},
		{0, 0, math.MaxUint64, maxTime},
		{9, 0, math.MaxUint64, maxTime},
		{9, 0, 1<<62 - 1, 1<<62 - 1},
		{12, 0, 1700000_123456789_012, 1700000_123456789},
		{28, 0, math.MaxUint64, 1},
		{29, 0, math.MaxUint64, 1},
		{127, 0, 1, 0},
		{0x80, 0, 3, 3_000_000_000},
		{0x80 | 10, 0, 1<<10 | 1<<9, 1_500_000_000},
		{0x80 | 63, 0, math.MaxUint64, 1_999_999_999},
		{0x80 | 64, 0, math.MaxUint64, 999_999_999},
		{0x80 | 127, 0, math.MaxUint64, 0},
		{6, 1700000000, 5, 1700000000_000005000},
		{6, -10, 5_000000, -5_000000000},
		{9, math.MaxInt64, math.MaxUint64, maxTime},
		{9, math.MinInt64, 0, -4611686018_000000000},
	} {
		r := newResolution(c.tsresol)
		r.addOffset(c.offset)
		if got := r.nanoseconds(c.ts); got != c.want {
			t.Errorf("tsresol %#x offset %d: %d = %d ns, want %d", c.tsresol, c.offset, c.ts, got, c.want)
		}
	}
}

// TestEveryPrefix: a file cut anywhere gives the packets before the cut, and a fault unless the cut is between two records.
func TestEveryPrefix(t *testing.T) {
	for name, file := range map[string][]byte{"pcap": smallPcap(), "pcapng": smallPcapng()} {
		t.Run(name, func(t *testing.T) {
			full, _ := readInput(t, mustOpen(t, whole(file)), 1)
			clean := 0
			for cut := magicBytes; cut <= len(file); cut++ {
				s, faults := readInput(t, mustOpen(t, whole(file[:cut])), 1)
				if !slices.Equal(s.lines, full.lines[:s.packets]) {
					t.Fatalf("cut at %d: packets %q", cut, s.lines)
				}
				again, againFaults := readInput(t, mustOpen(t, tiny(file[:cut], 13)), 2)
				if again.sum != s.sum || !slices.Equal(faults, againFaults) {
					t.Fatalf("cut at %d: blocks give %q, %q; want %q, %q", cut, again.lines, againFaults, s.lines, faults)
				}
				if len(faults) > 1 {
					t.Fatalf("cut at %d: %q", cut, faults)
				}
				if len(faults) == 0 {
					clean++
				}
			}
			if want := map[string]int{"pcap": 9, "pcapng": 11}[name]; clean != want {
				t.Errorf("%d cuts without a fault, want one behind each record: %d", clean, want)
			}
		})
	}
}

// TestBitFlips: one wrong bit never panics, and blocks and sources make no difference to what is read.
func TestBitFlips(t *testing.T) {
	for _, file := range [][]byte{smallPcap()[:400], smallPcapng()} {
		for bit := range len(file) * 8 {
			flipped := slices.Clone(file)
			flipped[bit/8] ^= 1 << (bit % 8)
			compareBlocks(t, flipped, 5)
		}
	}
}

// compareBlocks reads data in one block and in tiny ones. Both must give the same packets, faults and errors.
func compareBlocks(t *testing.T, data []byte, size int) {
	t.Helper()
	in, err := Open([]string{"-"}, whole(data))
	small, smallErr := Open([]string{"-"}, tiny(data, size))
	if (err == nil) != (smallErr == nil) {
		t.Fatalf("Open: %v in one block, %v in blocks of %d", err, smallErr, size)
	}
	if err != nil {
		return
	}
	defer in.Close()
	defer small.Close()
	a, aFaults := readInput(t, in, 1)
	b, bFaults := readInput(t, small, 2)
	if a.sum != b.sum || !slices.Equal(aFaults, bFaults) {
		t.Fatalf("one block: %d packets, faults %q\nblocks of %d: %d packets, faults %q", a.packets, aFaults, size, b.packets, bFaults)
	}
}

func FuzzPcap(f *testing.F) {
	f.Add(smallPcap(), uint8(7))
	f.Add(pcapFile(binary.BigEndian, magicNano, 276, frames(3, 3)...), uint8(1))
	f.Add(pcapFile(binary.LittleEndian, magicModified, 113, frames(4, 3)...), uint8(30))
	f.Fuzz(func(t *testing.T, data []byte, size uint8) {
		if len(data) < 4 {
			return
		}
		if _, _, ok := pcapMagic(data); !ok {
			data = slices.Clone(data)
			binary.LittleEndian.PutUint32(data, magicMicro)
		}
		compareBlocks(t, data, max(int(size), 1))
	})
}

func FuzzPcapng(f *testing.F) {
	f.Add(smallPcapng(), uint8(7))
	f.Add(slices.Concat(ngSection(binary.BigEndian), ngInterface(binary.BigEndian, 1, 3), ngSimple(binary.BigEndian, 9, []byte("abc"))), uint8(1))
	f.Fuzz(func(t *testing.T, data []byte, size uint8) {
		if len(data) < 4 {
			return
		}
		data = slices.Clone(data)
		binary.LittleEndian.PutUint32(data, blockSection)
		compareBlocks(t, data, max(int(size), 1))
	})
}

// FuzzSniff takes any file: compressed ones too.
func FuzzSniff(f *testing.F) {
	f.Add(smallPcap(), uint8(64))
	f.Add(gzipped(f, smallPcapng()), uint8(9))
	f.Add([]byte("12:00:00.000000 IP 192.0.2.1.53 > 192.0.2.2.5353: 1 A"), uint8(1))
	f.Add([]byte("\x89PNG\r\n\x1a\n"), uint8(1))
	for _, b := range compressedSamples() {
		f.Add(b, uint8(50))
	}
	f.Fuzz(func(t *testing.T, data []byte, size uint8) {
		in, err := Open([]string{"-"}, whole(data))
		if err != nil {
			if line := err.Error(); strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r > '~' }) {
				t.Fatalf("the error is not fit to print: %q", line)
			}
			return
		}
		in.Close()
		if k := sniff(data); k == pcapContainer || k == pcapngContainer {
			compareBlocks(t, data, max(int(size), 1))
			return
		}
		in, err = Open([]string{"-"}, Options{Stdin: bytes.NewReader(data), blockSize: max(int(size), 16)})
		if err != nil {
			t.Fatal(err)
		}
		defer in.Close()
		readInput(t, in, 2)
	})
}
