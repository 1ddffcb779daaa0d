package capture

import (
	"encoding/binary"
	"math/bits"
)

// Magic numbers of the pcap format, as a little-endian reader sees a file of its own byte order
// (draft-ietf-opsawg-pcap, section 4).
const (
	magicMicro    = 0xa1b2c3d4
	magicNano     = 0xa1b23c4d
	magicModified = 0xa1b2cd34 // Kuznetzov's patched libpcap: eight more bytes in each record header
)

const (
	pcapFileHeader     = 24
	pcapRecordHeader   = 16
	modifiedRecordSize = 24
)

// pcapWalker reads the records of a pcap file, any of its variants.
type pcapWalker struct {
	place
	header  int   // bytes of a record header; 0 until the file header was read
	unit    int64 // nanoseconds of one unit of the timestamp's second half
	order   byteOrder
	lengths lengthOrder
	link    LinkType
}

// lengthOrder says which of the two lengths in a record header is the captured one. It depends on the version that wrote the file.
type lengthOrder uint8

const (
	capturedFirst   lengthOrder = iota // 2.4 and all others
	capturedSecond                     // before 2.3, and 543.0 of DG/UX
	capturedSmaller                    // 2.3, which did either
)

// pcapMagic says whether the four bytes begin a pcap file, and how it is written.
func pcapMagic(first []byte) (magic uint32, order byteOrder, ok bool) {
	for _, order = range [...]byteOrder{littleEndian, bigEndian} {
		magic = order.u32(first)
		if magic == magicMicro || magic == magicNano || magic == magicModified {
			return magic, order, true
		}
	}
	return 0, littleEndian, false
}

// start reads the file header. The version is used only to tell the order of the lengths, the snaplen not at all: files that belie
// theirs are common.
func (w *pcapWalker) start(h []byte) {
	magic, order, _ := pcapMagic(h)
	w.order = order
	w.header, w.unit = pcapRecordHeader, 1000
	switch magic {
	case magicNano:
		w.unit = 1
	case magicModified:
		w.header = modifiedRecordSize
	}
	major, minor := order.u16(h[4:]), order.u16(h[6:])
	switch {
	case major == 2 && minor < 3, major == 543:
		w.lengths = capturedSecond
	case major == 2 && minor == 3:
		w.lengths = capturedSmaller
	}
	// The upper half holds the length of the FCS and reserved bits.
	w.link = LinkType(order.u32(h[20:]))
}

// walk implements walker. The loop is the hot path of reading a file: it touches the record's header and nothing else.
func (w *pcapWalker) walk(window []byte, batch []Packet) step {
	pos := 0
	if w.header == 0 {
		if len(window) < pcapFileHeader {
			return step{need: pcapFileHeader}
		}
		w.start(window)
		pos = pcapFileHeader
	}
	window = window[:len(window):len(window)] // one bound to keep and to check, not two
	header, unit, number := w.header, w.unit, w.packets+1
	odd := w.order == bigEndian || w.lengths != capturedFirst
	n := 0
	var st step
	for n < len(batch) {
		data := pos + header
		if len(window) < data {
			st.need = header
			break
		}
		h := (*[pcapRecordHeader]byte)(window[pos : pos+pcapRecordHeader])
		time, lengths := binary.LittleEndian.Uint64(h[:]), binary.LittleEndian.Uint64(h[8:])
		if odd {
			time, lengths = w.ordered(time, lengths)
		}
		captured := uint32(lengths)
		if captured > maxCaptured {
			w.fault(ErrDamaged, w.packets+uint64(n), w.offset+int64(pos), "the record claims %d captured bytes, more than any packet has (%d)", captured, maxCaptured)
			st.stop = true
			break
		}
		end := data + int(captured)
		if len(window) < end {
			st.need = end - pos
			break
		}
		p := &batch[n]
		p.Data = window[data:end:end]
		p.Time = int64(uint32(time))*1e9 + int64(time>>32)*unit
		p.Number, p.Length, p.Link, p.File = number+uint64(n), uint32(lengths>>32), w.link, w.file
		n++
		pos = end
	}
	w.packets += uint64(n)
	w.offset += int64(pos)
	st.packets, st.used = n, pos
	return st
}

// ordered returns the two words of a record header as most files have them: little-endian, the captured length in the lower half.
func (w *pcapWalker) ordered(time, lengths uint64) (uint64, uint64) {
	if w.order == bigEndian { // each half by itself
		time = bits.RotateLeft64(bits.ReverseBytes64(time), 32)
		lengths = bits.RotateLeft64(bits.ReverseBytes64(lengths), 32)
	}
	if w.lengths == capturedSecond || w.lengths == capturedSmaller && uint32(lengths) > uint32(lengths>>32) {
		lengths = bits.RotateLeft64(lengths, 32)
	}
	return time, lengths
}

// ended implements walker.
func (w *pcapWalker) ended(left, need int) {
	switch {
	case w.header == 0:
		w.fault(ErrTruncated, 0, 0, "the file ends inside its header, after %d of %d bytes", left, need)
	case left > 0:
		w.fault(ErrTruncated, w.packets, w.offset, "the file ends inside a record, after %d of %d bytes", left, need)
	}
}
