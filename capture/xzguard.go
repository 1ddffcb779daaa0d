package capture

import (
	"bufio"
	"encoding/binary"
	"errors"
	"math"
)

// errDictionary refuses an xz file.
var errDictionary = errors.New("xz: the file asks for a dictionary above 128 MiB")

// xzGuard passes an xz file through and fails before a block whose dictionary is larger than maxWindow: the xz package allocates
// what the block header claims, up to 4 GiB. To find the headers it walks the format (xz file format 1.2.1, sections 2 to 4). It
// checks nothing else: what it does not understand it passes on, for the xz package to refuse.
type xzGuard struct {
	in      *bufio.Reader
	left    int // bytes up to the next thing to look at
	next    xzPart
	payload int // of the block so far
	check   int // size of a block's checksum
	index   int // bytes of the index so far
	varints int // in the index, still to come; -1 before their count is known
}

// xzPart is what comes next in an xz file.
type xzPart uint8

const (
	xzStream xzPart = iota
	xzBlock
	xzChunk
	xzIndex
	xzUnknown
)

const (
	xzStreamHeader = 12
	xzFooter       = 12
	xzFilterLZMA2  = 0x21
)

// Read implements io.Reader.
func (g *xzGuard) Read(p []byte) (int, error) {
	for g.left == 0 {
		if err := g.look(); err != nil {
			return 0, err
		}
	}
	n, err := g.in.Read(p[:min(len(p), g.left)])
	g.left -= n
	return n, err
}

// ReadByte implements io.ByteReader, for speed: the xz package reads so.
func (g *xzGuard) ReadByte() (byte, error) {
	for g.left == 0 {
		if err := g.look(); err != nil {
			return 0, err
		}
	}
	b, err := g.in.ReadByte()
	if err == nil {
		g.left--
	}
	return b, err
}

// look sees how far it is to the next part. It fails only for a dictionary that is too large.
func (g *xzGuard) look() error {
	var ok bool
	var err error
	switch g.next {
	case xzStream:
		ok = g.streamHeader()
	case xzBlock:
		ok, err = g.blockHeader()
	case xzChunk:
		ok = g.chunk()
	case xzIndex:
		ok = g.indexPart()
	}
	if err == nil && !ok {
		g.next, g.left = xzUnknown, math.MaxInt
	}
	return err
}

// peek returns up to n bytes; fewer at the end.
func (g *xzGuard) peek(n int) []byte {
	b, _ := g.in.Peek(n)
	return b
}

func (g *xzGuard) streamHeader() bool {
	if b := g.peek(4); len(b) == 4 && binary.LittleEndian.Uint32(b) == 0 { // padding between streams
		g.left = 4
		return true
	}
	b := g.peek(xzStreamHeader)
	if len(b) < xzStreamHeader || sniff(b) != xzContainer {
		return false
	}
	g.check = 0
	if kind := int(b[7] & 0x0f); kind > 0 {
		g.check = 4 << ((kind - 1) / 3)
	}
	g.left, g.next = xzStreamHeader, xzBlock
	return true
}

func (g *xzGuard) blockHeader() (ok bool, err error) {
	b := g.peek(1)
	if len(b) == 0 {
		return false, nil
	}
	if b[0] == 0 {
		g.left, g.next, g.index, g.varints = 1, xzIndex, 1, -1
		return true, nil
	}
	size := (int(b[0]) + 1) * 4
	if b = g.peek(size); len(b) < size {
		return false, nil
	}
	if dictionary(b) > maxWindow {
		return false, errDictionary
	}
	g.left, g.next, g.payload = size, xzChunk, 0
	return true, nil
}

// dictionary returns the largest dictionary a block header asks for.
func dictionary(header []byte) (largest uint64) {
	flags, b := header[1], header[2:]
	for _, present := range [...]byte{0x40, 0x80} { // compressed and uncompressed size
		if flags&present != 0 {
			_, b = xzVarint(b)
		}
	}
	for range flags&3 + 1 {
		var id, size uint64
		id, b = xzVarint(b)
		size, b = xzVarint(b)
		if size > uint64(len(b)) {
			break
		}
		if id == xzFilterLZMA2 && size > 0 {
			bits := b[0] & 0x3f
			largest = max(largest, uint64(2|bits&1)<<(bits/2+11))
		}
		b = b[size:]
	}
	return largest
}

// xzVarint reads a number of up to nine bytes of seven bits. At the end of b it returns 0 and nothing.
func xzVarint(b []byte) (v uint64, rest []byte) {
	for i := 0; i < len(b) && i < 9; i++ {
		v |= uint64(b[i]&0x7f) << (7 * i)
		if b[i] < 0x80 {
			return v, b[i+1:]
		}
	}
	return 0, nil
}

// chunk measures a chunk of LZMA2, or what lies between the last of a block and the next block.
func (g *xzGuard) chunk() bool {
	b := g.peek(6)
	switch {
	case len(b) == 0:
		return false
	case b[0] == 0:
		g.payload++
		g.left, g.next = 1+pad4(g.payload)+g.check, xzBlock
		return true
	case b[0] <= 2 && len(b) >= 3: // uncompressed
		g.left = 3 + int(binary.BigEndian.Uint16(b[1:])) + 1
	case b[0] >= 0x80 && len(b) >= 5:
		g.left = 5 + int(binary.BigEndian.Uint16(b[3:])) + 1
		if b[0] >= 0xc0 { // new properties
			g.left++
		}
	default:
		return false
	}
	g.payload += g.left
	return true
}

// indexPart measures a number of the index, or what lies behind the last.
func (g *xzGuard) indexPart() bool {
	if g.varints == 0 {
		g.left, g.next = pad4(g.index)+4+xzFooter, xzStream
		return true
	}
	b := g.peek(9)
	v, rest := xzVarint(b)
	if rest == nil || v > 1<<29 && g.varints < 0 {
		return false
	}
	g.left = len(b) - len(rest)
	g.index += g.left
	if g.varints < 0 {
		g.varints = 2 * int(v)
	} else {
		g.varints--
	}
	return true
}

func pad4(n int) int { return -n & 3 }
