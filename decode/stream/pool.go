package stream

import (
	"math/bits"
	"unsafe"
)

// Buffers come in powers of two from 256 bytes to 64 KiB, which holds the longest message.
const (
	minShift = 8
	maxShift = 16
	maxBuf   = 1 << maxShift
)

// pool keeps what is used again and counts all of it against a bound.
type pool struct {
	limit    int
	held     int // bytes of buffers and records, in use or free
	free     [maxShift - minShift + 1][][]byte
	pieces   *piece
	partials *partial
}

func shiftFor(n int) int {
	return max(bits.Len(uint(max(n, 1)-1)), minShift)
}

// has says that a buffer of n bytes can be had without going over the limit, giving back free buffers of other sizes if need be.
func (p *pool) has(n int) bool {
	shift := shiftFor(n)
	if len(p.free[shift-minShift]) > 0 {
		return true
	}
	for i := range p.free {
		for p.held+1<<shift > p.limit && len(p.free[i]) > 0 {
			p.pop(i)
			p.held -= 1 << (i + minShift)
		}
	}
	return p.held+1<<shift <= p.limit
}

// get returns an empty buffer with room for n bytes, at most maxBuf; has(n) must hold.
func (p *pool) get(n int) []byte {
	i := shiftFor(n) - minShift
	if len(p.free[i]) > 0 {
		return p.pop(i)
	}
	p.held += 1 << (i + minShift)
	return make([]byte, 0, 1<<(i+minShift))
}

func (p *pool) pop(i int) []byte {
	last := len(p.free[i]) - 1
	b := p.free[i][last]
	p.free[i][last] = nil
	p.free[i] = p.free[i][:last]
	return b
}

func (p *pool) put(b []byte) {
	if cap(b) == 0 {
		return
	}
	i := shiftFor(cap(b)) - minShift
	p.free[i] = append(p.free[i], b[:0])
}

func (p *pool) getPiece() *piece {
	x := p.pieces
	if x == nil {
		p.held += int(unsafe.Sizeof(piece{}))
		return &piece{}
	}
	p.pieces = x.next
	x.next = nil
	return x
}

func (p *pool) putPiece(x *piece) {
	p.put(x.data)
	*x = piece{next: p.pieces}
	p.pieces = x
}

func (p *pool) getPartial() *partial {
	x := p.partials
	if x == nil {
		p.held += int(unsafe.Sizeof(partial{}))
		return &partial{}
	}
	p.partials = x.next
	x.next = nil
	return x
}

func (p *pool) putPartial(x *partial) {
	p.put(x.data)
	*x = partial{next: p.partials}
	p.partials = x
}
