package fields

import (
	"encoding/binary"
	"encoding/hex"
	"strconv"

	"github.com/dnssniff/dnssniff/decode/wire"
)

// cursor reads fields one after the other. Once something does not fit, it is bad and reads nothing more; finish then takes what is left.
type cursor struct {
	m        *wire.Message
	off, end int
	out      []Field
	bad      bool
	short    bool   // that was for want of bytes
	at       string // from where on nothing is understood, in words
	records  int    // read whole so far
}

func (c *cursor) left() int { return c.end - c.off }

// add appends a field of n bytes, which must be there, and goes on behind it.
func (c *cursor) add(f Field, n int) {
	f.Off, f.Len = c.off, n
	c.out = append(c.out, f)
	c.off += n
}

// take returns the next n bytes and says whether they are there.
func (c *cursor) take(n int) ([]byte, bool) {
	if c.bad || n > c.left() {
		c.short = c.short || !c.bad
		c.bad = true
		return nil, false
	}
	return c.m.Data[c.off : c.off+n], true
}

// bytes reads a field of n bytes; where n is 0, none.
func (c *cursor) bytes(name string, n int, show func([]byte) string) {
	b, ok := c.take(n)
	if !ok {
		c.fail(name)
	} else if n > 0 {
		c.add(Field{Name: name, Value: show(b)}, n)
	}
}

// fail notes that a field did not fit, unless one before it did not.
func (c *cursor) fail(name string) {
	c.bad = true
	if c.at == "" {
		c.at = "from " + name + " on"
	}
}

// rest reads a field of all bytes that are left.
func (c *cursor) rest(name string, show func([]byte) string) { c.bytes(name, c.left(), show) }

// number reads an integer of n bytes, 8 at most.
func (c *cursor) number(name string, n int, show func(uint64) string) uint64 {
	b, ok := c.take(n)
	if !ok {
		c.fail(name)
		return 0
	}
	v := integer(b)
	c.add(Field{Name: name, Value: show(v)}, n)
	return v
}

// peek16 returns the 16 bits at a distance from here; false where they are not there.
func (c *cursor) peek16(ahead int) (int, bool) {
	if c.bad || ahead+2 > c.left() {
		return 0, false
	}
	return int(binary.BigEndian.Uint16(c.m.Data[c.off+ahead:])), true
}

// flags reads a field of n bytes, 1 or 2, bit by bit.
func (c *cursor) flags(name string, n int, show func(uint64) string, bits []flag) uint16 {
	b, ok := c.take(n)
	if !ok {
		c.fail(name)
		return 0
	}
	v := uint16(integer(b))
	f := Field{Name: name, Value: show(uint64(v)), Kind: Flags}
	for _, x := range bits {
		part := (v & x.mask) / (x.mask & -x.mask)
		f.Bits = append(f.Bits, Bit{Name: x.name, Value: x.show(part), Mask: x.mask, Width: 8 * n, Of: v})
	}
	c.add(f, n)
	return v
}

// group reads a field with parts, which may take all that is left.
func (c *cursor) group(kind Kind, name string, read func(*cursor)) *Field {
	return c.within(kind, name, c.left(), read)
}

// within is group for a field of at most n bytes. It returns the field, which stays where it is until the next one is read; nil where there are
// no bytes.
func (c *cursor) within(kind Kind, name string, n int, read func(*cursor)) *Field {
	if c.bad {
		return nil
	}
	sub := cursor{m: c.m, off: c.off, end: c.off + n, records: c.records}
	read(&sub)
	c.bad, c.short, c.at, c.records = sub.bad, sub.short, sub.at, sub.records
	if len(sub.out) == 0 {
		return nil
	}
	c.add(Field{Name: name, Kind: kind, Fields: sub.out}, sub.off-c.off)
	return &c.out[len(c.out)-1]
}

// bounded is within for a field that has n bytes and no more, whatever is wrong in it: what follows can be read all the same.
func (c *cursor) bounded(kind Kind, name string, n int, read func(*cursor)) *Field {
	return c.within(kind, name, n, func(sub *cursor) {
		read(sub)
		sub.finish()
		sub.bad, sub.short, sub.at = false, false, ""
	})
}

// finish takes what is left as a field without a meaning.
func (c *cursor) finish() {
	n := c.left()
	if n == 0 {
		return
	}
	f := Field{Name: "not understood", Value: size(n), Kind: NotUnderstood}
	switch {
	case c.cut():
		f.Value += ", of a field that was not all captured"
	case c.at != "":
		f.Value += ", " + c.at
	}
	c.add(f, n)
}

// cut says that it was the capture that left nothing to read.
func (c *cursor) cut() bool { return c.short && c.m.Cut && c.end == len(c.m.Data) }

func integer(b []byte) (v uint64) {
	for _, x := range b {
		v = v<<8 | uint64(x)
	}
	return v
}

func decimal(v uint64) string { return strconv.FormatUint(v, 10) }

func hexadecimal(b []byte) string { return hex.EncodeToString(b) }

// size says how many bytes n is.
func size(n int) string {
	if n == 1 {
		return "1 byte"
	}
	return strconv.Itoa(n) + " bytes"
}
