package capture

import (
	"encoding/binary"
)

// Block types (draft-ietf-opsawg-pcapng, section 4). All others are skipped.
const (
	blockSection   = 0x0a0d0d0a // reads the same in both byte orders
	blockInterface = 1
	blockObsolete  = 2 // Packet Block
	blockSimple    = 3
	blockEnhanced  = 6
)

// Blocks that hold no packet and yet are a frame, with a number, to Wireshark.
const (
	blockJournal      = 9 // systemd
	blockEvent        = 0x204
	blockFlaggedEvent = 0x208 // sysdig
	blockCustom       = 0xbad
	blockCustomNoCopy = 0x40000bad
)

const (
	byteOrderMagic = 0x1a2b3c4d
	minBlock       = 12 // type, length, length again
	trailerSize    = 4
	packetFixed    = 28 // up to the data of an Enhanced Packet Block; the obsolete one has the same shape
	simpleFixed    = 12
	interfaceFixed = 16
	// maxInterfaces bounds the table of a section: 48 bytes each, so 3 MiB for a Source and file.
	maxInterfaces = 1 << 16

	optionEnd        = 0
	optionResolution = 9  // if_tsresol
	optionOffset     = 14 // if_tsoffset
)

// captureInterface is what an Interface Description Block says that matters here.
type captureInterface struct {
	resolution
	snaplen uint32
	link    LinkType
}

// pcapngWalker reads the blocks of a pcapng file.
type pcapngWalker struct {
	place
	order      byteOrder // of the section
	interfaces []captureInterface
	last       int64 // time of the packet before, for blocks that have none
	// trailer, unless 0, is the length that the four bytes at the window's start must repeat: those behind a skipped block.
	trailer uint32
	skipped int64 // where that block began
	framed  bool  // that block has a frame number
}

// block is what the loop knows of the block at hand.
type block struct {
	bytes  []byte // whole; only as far as the window goes for a skipped one
	kind   uint32
	length uint32
	offset int64 // in the file
}

// walk implements walker.
func (w *pcapngWalker) walk(window []byte, batch []Packet) step {
	var st step
	pos := 0
	for st.packets < len(batch) && pos <= len(window) {
		rest := window[pos:]
		if w.trailer != 0 {
			if len(rest) < trailerSize {
				st.need = trailerSize
				break
			}
			if st.stop = !w.endSkipped(rest); st.stop {
				break
			}
			pos += trailerSize
			continue
		}
		if len(rest) < minBlock {
			st.need = minBlock
			break
		}
		b, ok := w.header(rest, w.offset+int64(pos))
		if st.stop = !ok; st.stop {
			break
		}
		if w.skips(b) {
			w.trailer, w.skipped, w.framed = b.length, b.offset, isFrame(b.kind)
			pos += int(b.length) - trailerSize
			continue
		}
		if len(rest) < int(b.length) {
			st.need = int(b.length)
			break
		}
		b.bytes = rest[:b.length]
		isPacket, ok := w.read(b, &batch[st.packets])
		if st.stop = !ok; st.stop {
			break
		}
		if isPacket {
			st.packets++
		}
		pos += int(b.length)
	}
	w.offset += int64(pos)
	st.used = pos
	return st
}

// header reads a block's type and length and says whether they can be believed. For a section it learns the byte order first.
func (w *pcapngWalker) header(b []byte, offset int64) (block, bool) {
	if binary.LittleEndian.Uint32(b) == blockSection && !w.learnOrder(b[8:]) {
		w.fault(ErrDamaged, w.packets, offset, "section header with byte-order magic %#08x", binary.BigEndian.Uint32(b[8:]))
		return block{}, false
	}
	blk := block{kind: w.order.u32(b), length: w.order.u32(b[4:]), offset: offset}
	if blk.length < minBlock || blk.length%4 != 0 || blk.length > maxSkipped {
		w.fault(ErrDamaged, w.packets, offset, "a block of type %#x claims the impossible length %d", blk.kind, blk.length)
		return block{}, false
	}
	return blk, true
}

// learnOrder sets the byte order of a section.
func (w *pcapngWalker) learnOrder(magic []byte) bool {
	for _, order := range [...]byteOrder{littleEndian, bigEndian} {
		if order.u32(magic) == byteOrderMagic {
			w.order = order
			return true
		}
	}
	return false
}

// skips says whether the block's content is not looked at.
func (w *pcapngWalker) skips(b block) bool {
	switch b.kind {
	case blockSection, blockInterface, blockObsolete, blockSimple, blockEnhanced:
		if b.length <= maxBlock {
			return false
		}
		w.fault(ErrDamaged, w.packets, b.offset, "a block of type %#x has %d bytes, more than any packet needs: skipped", b.kind, b.length)
	}
	return true
}

// endSkipped checks what lies behind a skipped block.
func (w *pcapngWalker) endSkipped(b []byte) bool {
	if !w.trailerMatches(b, w.trailer, w.skipped) {
		return false
	}
	if w.framed {
		w.packets++
	}
	w.trailer = 0
	return true
}

// isFrame says whether Wireshark numbers a block that holds no packet.
func isFrame(kind uint32) bool {
	switch kind {
	case blockJournal, blockEvent, blockFlaggedEvent, blockCustom, blockCustomNoCopy:
		return true
	}
	return false
}

// trailerMatches compares the length behind a block with the one before it. Where they differ neither can be believed.
func (w *pcapngWalker) trailerMatches(b []byte, length uint32, offset int64) bool {
	if again := w.order.u32(b); again != length {
		w.fault(ErrDamaged, w.packets, offset, "a block's length is %d before and %d behind it", length, again)
		return false
	}
	return true
}

// read takes in a whole block. It says whether the block gave a packet, and whether reading can go on.
func (w *pcapngWalker) read(b block, p *Packet) (isPacket, ok bool) {
	if !w.trailerMatches(b.bytes[len(b.bytes)-trailerSize:], b.length, b.offset) {
		return false, false
	}
	body := b.bytes[:len(b.bytes)-trailerSize]
	switch b.kind {
	case blockEnhanced:
		return w.packet(body, b.offset, p, 0), true
	case blockObsolete:
		return w.packet(body, b.offset, p, 16), true
	case blockSimple:
		return w.simple(body, b.offset, p), true
	case blockInterface:
		return false, w.addInterface(body, b.offset)
	}
	// A new section numbers its interfaces anew. Its own length may be unknown or wrong, and is not needed.
	w.interfaces = w.interfaces[:0]
	return false, true
}

// packet reads an Enhanced Packet Block, or the obsolete Packet Block, whose interface has the first idBits only.
func (w *pcapngWalker) packet(b []byte, offset int64, p *Packet, idBits uint) bool {
	if len(b) < packetFixed {
		return w.damaged(offset, "a packet block of %d bytes is too short", len(b)+trailerSize)
	}
	id := w.order.u32(b[8:])
	if idBits == 16 {
		id = uint32(w.order.u16(b[8:]))
	}
	if uint64(id) >= uint64(len(w.interfaces)) {
		return w.damaged(offset, "the packet names interface %d of %d", id, len(w.interfaces))
	}
	captured := w.order.u32(b[20:])
	if captured > maxCaptured || int(captured) > len(b)-packetFixed {
		return w.damaged(offset, "the packet claims %d captured bytes, its block holds %d", captured, len(b)-packetFixed)
	}
	in := &w.interfaces[id]
	w.last = in.nanoseconds(uint64(w.order.u32(b[12:]))<<32 | uint64(w.order.u32(b[16:])))
	end := packetFixed + int(captured)
	w.emit(p, b[packetFixed:end:end], w.order.u32(b[24:]), in.link)
	return true
}

// simple reads a Simple Packet Block: interface 0, no time of its own, and no captured length but what the others imply.
func (w *pcapngWalker) simple(b []byte, offset int64, p *Packet) bool {
	if len(b) < simpleFixed || len(w.interfaces) == 0 {
		return w.damaged(offset, "a simple packet block of %d bytes, with %d interfaces", len(b)+trailerSize, len(w.interfaces))
	}
	in := &w.interfaces[0]
	length := w.order.u32(b[8:])
	captured := min(length, uint32(len(b)-simpleFixed), maxCaptured)
	if in.snaplen != 0 {
		captured = min(captured, in.snaplen)
	}
	end := simpleFixed + int(captured)
	w.emit(p, b[simpleFixed:end:end], length, in.link)
	return true
}

func (w *pcapngWalker) emit(p *Packet, data []byte, length uint32, link LinkType) {
	w.packets++
	p.Data = data
	p.Time = w.last
	p.Number, p.Length, p.Link, p.File = w.packets, length, link, w.file
}

// damaged reports a block that is skipped, its length being credible. It returns false: no packet.
func (w *pcapngWalker) damaged(offset int64, format string, args ...any) bool {
	w.fault(ErrDamaged, w.packets, offset, format+": skipped", args...)
	return false
}

// addInterface reads an Interface Description Block. One that cannot be read ends the file: the numbers of those behind it would
// be wrong.
func (w *pcapngWalker) addInterface(b []byte, offset int64) bool {
	if len(b) < interfaceFixed || len(w.interfaces) == maxInterfaces {
		w.fault(ErrDamaged, w.packets, offset, "interface description %d of %d bytes", len(w.interfaces), len(b)+trailerSize)
		return false
	}
	in := captureInterface{
		resolution: microseconds,
		snaplen:    w.order.u32(b[12:]),
		link:       LinkType(w.order.u16(b[8:])),
	}
	w.readOptions(&in, b[interfaceFixed:])
	w.interfaces = append(w.interfaces, in)
	return true
}

// readOptions applies the options that bear on time. Options that run past the block end the list; what came before holds.
func (w *pcapngWalker) readOptions(in *captureInterface, b []byte) {
	var seconds int64
	for len(b) >= 4 {
		code, size := w.order.u16(b), int(w.order.u16(b[2:]))
		b = b[4:]
		if code == optionEnd || size > len(b) {
			break
		}
		switch {
		case code == optionResolution && size == 1:
			in.resolution = newResolution(b[0])
		case code == optionOffset && size == 8:
			seconds = int64(w.order.u64(b))
		}
		b = b[min((size+3)&^3, len(b)):]
	}
	in.addOffset(seconds)
}

// ended implements walker.
func (w *pcapngWalker) ended(left, need int) {
	switch {
	case w.trailer != 0:
		w.fault(ErrTruncated, w.packets, w.skipped, "the file ends inside a block of %d bytes", w.trailer)
	case left > 0:
		w.fault(ErrTruncated, w.packets, w.offset, "the file ends inside a block, after %d of %d bytes", left, need)
	}
}
