package capture

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// endian is what binary.LittleEndian and binary.BigEndian are.
type endian interface {
	binary.ByteOrder
	binary.AppendByteOrder
}

// leOrder is for the tests whose byte order does not matter.
var leOrder = binary.LittleEndian

// record is a packet as the test's writers take it.
type record struct {
	sec, frac uint32
	data      []byte
	length    uint32 // len(data) when 0
}

// pcapFile writes a pcap file of any variant.
func pcapFile(order endian, magic uint32, link uint32, records ...record) []byte {
	b := make([]byte, 0, 1024)
	u32 := func(vs ...uint32) {
		for _, v := range vs {
			b = order.AppendUint32(b, v)
		}
	}
	u32(magic)
	b = order.AppendUint16(b, 2)
	b = order.AppendUint16(b, 4)
	u32(0, 0, 65535, link)
	for _, r := range records {
		length := r.length
		if length == 0 {
			length = uint32(len(r.data))
		}
		u32(r.sec, r.frac, uint32(len(r.data)), length)
		if magic == magicModified {
			u32(1, 0x00080000)
		}
		b = append(b, r.data...)
	}
	return b
}

// ngBlock writes a pcapng block around a body, padded.
func ngBlock(order endian, kind uint32, body []byte) []byte {
	for len(body)%4 != 0 {
		body = append(body[:len(body):len(body)], 0)
	}
	size := uint32(len(body) + minBlock)
	b := order.AppendUint32(nil, kind)
	b = order.AppendUint32(b, size)
	b = append(b, body...)
	return order.AppendUint32(b, size)
}

func ngSection(order endian) []byte {
	b := order.AppendUint32(nil, byteOrderMagic)
	b = order.AppendUint16(b, 1)
	b = order.AppendUint16(b, 0)
	b = order.AppendUint64(b, 1<<64-1)
	return ngBlock(order, blockSection, b)
}

// ngInterface writes an interface; options are given encoded.
func ngInterface(order endian, link uint16, snaplen uint32, options ...[]byte) []byte {
	b := order.AppendUint16(nil, link)
	b = order.AppendUint16(b, 0)
	b = order.AppendUint32(b, snaplen)
	return ngBlock(order, blockInterface, append(b, bytes.Join(options, nil)...))
}

func ngOption(order endian, code uint16, value []byte) []byte {
	b := order.AppendUint16(nil, code)
	b = order.AppendUint16(b, uint16(len(value)))
	b = append(b, value...)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}

func ngPacket(order endian, iface uint32, ts uint64, data []byte) []byte {
	b := order.AppendUint32(nil, iface)
	return ngBlock(order, blockEnhanced, append(ngPacketRest(order, b, ts, data), ngOption(order, 2, []byte{0, 0, 0, 1})...))
}

func ngObsolete(order endian, iface uint16, ts uint64, data []byte) []byte {
	b := order.AppendUint16(nil, iface)
	b = order.AppendUint16(b, 7) // drops
	return ngBlock(order, blockObsolete, ngPacketRest(order, b, ts, data))
}

func ngPacketRest(order endian, b []byte, ts uint64, data []byte) []byte {
	b = order.AppendUint32(b, uint32(ts>>32))
	b = order.AppendUint32(b, uint32(ts))
	b = order.AppendUint32(b, uint32(len(data)))
	b = order.AppendUint32(b, uint32(len(data)))
	b = append(b, data...)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}

func ngSimple(order endian, length uint32, data []byte) []byte {
	return ngBlock(order, blockSimple, append(order.AppendUint32(nil, length), data...))
}

// frames returns n packets of assorted sizes, the same for a seed every time.
func frames(seed uint64, n int) []record {
	rng := rand.New(rand.NewPCG(seed, 1))
	out := make([]record, n)
	for i := range out {
		data := make([]byte, rng.IntN(300))
		for j := range data {
			data[j] = byte(rng.Uint32())
		}
		out[i] = record{sec: 1700000000 + uint32(i/10), frac: uint32(i%10) * 1000, data: data}
	}
	return out
}

// smallPcap and smallPcapng are the fixtures that tests cut and damage.
func smallPcap() []byte {
	return pcapFile(binary.LittleEndian, magicMicro, 1, frames(1, 8)...)
}

func smallPcapng() []byte {
	le, be := binary.LittleEndian, binary.BigEndian
	return bytes.Join([][]byte{
		ngSection(le),
		ngInterface(le, 1, 0),
		ngInterface(le, 276, 96, ngOption(le, optionResolution, []byte{9}), ngOption(le, optionEnd, nil)),
		ngPacket(le, 0, 1700000000_000001, []byte("first packet")),
		ngBlock(le, 0x0bad, bytes.Repeat([]byte{0xaa}, 40)),
		ngPacket(le, 1, 1700000000_000002000, []byte("second")),
		ngObsolete(le, 1, 1700000000_000003000, []byte("obsolete")),
		ngSimple(le, 9, []byte("simple 1!")),
		ngSection(be),
		ngInterface(be, 101, 0, ngOption(be, optionResolution, []byte{0x80 | 20})),
		ngPacket(be, 0, 1700000000<<20|1<<19, []byte("big-endian section")),
	}, nil)
}

func writeFile(t testing.TB, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// seen is everything a Source handed out, in a form that can be compared.
type seen struct {
	packets int
	sum     [32]byte
	lines   []string // of the first packets
}

// drain reads a Source to its end with batches of the given size.
func drain(src Source, batch int) (seen, error) {
	var s seen
	h := sha256.New()
	buf := make([]Packet, batch)
	for {
		n, err := src.ReadBatch(buf)
		for i := range buf[:n] {
			p := &buf[i]
			line := fmt.Sprintf("%d/%d %d %s %d/%d %x", p.File, p.Number, p.Time, p.Link, len(p.Data), p.Length, p.Data)
			io.WriteString(h, line)
			if s.packets++; len(s.lines) < 100 {
				s.lines = append(s.lines, line)
			}
		}
		if errors.Is(err, io.EOF) {
			h.Sum(s.sum[:0])
			return s, nil
		}
		if err != nil || n == 0 {
			return s, fmt.Errorf("ReadBatch returned %d: %w", n, err)
		}
	}
}

// readInput drains n Sources at once, with batches of different sizes, and checks that all saw the same.
func readInput(t testing.TB, in *Input, n int) (seen, []string) {
	t.Helper()
	all := make([]seen, n)
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i, src := range in.Sources(n) {
		wg.Go(func() { all[i], errs[i] = drain(src, 1+i*37%256) })
	}
	wg.Wait()
	for i := range all {
		if errs[i] != nil {
			t.Fatal(errs[i])
		}
		if all[i].sum != all[0].sum {
			t.Fatalf("source %d saw %d packets, source 0 saw %d, or others:\n%v\n%v", i, all[i].packets, all[0].packets, all[i].lines, all[0].lines)
		}
	}
	var faults []string
	for _, f := range in.Faults() {
		faults = append(faults, fmt.Sprintf("%d@%d %s [%v]", f.Packet, f.Offset, f.What, f.Err))
	}
	return all[0], faults
}

// readFile opens, reads and closes.
func readFile(t testing.TB, path string, opts Options, n int) (seen, []string) {
	t.Helper()
	in, err := Open([]string{path}, opts)
	if err != nil {
		t.Fatal(err)
	}
	s, faults := readInput(t, in, n)
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	return s, faults
}

// dribble reads a few bytes at a time, as a pipe may.
type dribble struct {
	r    io.Reader
	size int
}

func (d *dribble) Read(p []byte) (int, error) { return d.r.Read(p[:min(len(p), d.size)]) }
