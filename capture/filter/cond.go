package filter

// comparison of a loaded value with a constant.
type comparison uint8

const (
	equal     comparison = iota
	greater              // value > constant
	atLeast              // value >= constant
	anyBitSet            // value & constant != 0
)

// base says where a load begins to count.
type base uint8

const (
	fromStart   base = iota // of the frame
	behindIPv4              // the IPv4 header at load.ip, options and all
	kernelField             // no bytes: off is a bpf.Extension
)

// load is a big-endian value of a frame.
type load struct {
	base base
	size uint8 // 1, 2 or 4 bytes
	off  uint32
	ip   uint32 // where the IPv4 header begins, for behindIPv4
	mask uint32 // ANDed with the value
}

func byteAt(off uint32) load { return load{size: 1, off: off, mask: 0xff} }
func halfAt(off uint32) load { return load{size: 2, off: off, mask: 0xffff} }
func wordAt(off uint32) load { return load{size: 4, off: off, mask: ^uint32(0)} }

func (l load) masked(mask uint32) load { l.mask = mask; return l }

// test compares a load with a constant. Where the load goes beyond the captured bytes, the frame is rejected, whatever is around the test.
type test struct {
	load load
	cmp  comparison
	val  uint32
}

// holds reports whether the test is true of a loaded value.
func (t *test) holds(v uint32) bool {
	switch t.cmp {
	case equal:
		return v == t.val
	case greater:
		return v > t.val
	case atLeast:
		return v >= t.val
	}
	return v&t.val != 0
}

// condOp is what a condition is made of.
type condOp uint8

const (
	condTest condOp = iota
	condAnd
	condOr
	condNot // of a
	condTrue
	condFalse
)

// cond is a condition on a frame. Its parts are evaluated from the left, and no further than needed, which decides what is loaded.
type cond struct {
	op   condOp
	a, b *cond
	test test
}

var (
	always = &cond{op: condTrue}
	never  = &cond{op: condFalse}
)

func is(l load, v uint32) *cond { return check(l, equal, v) }

// check returns a test, or its outcome where no value can change it.
func check(l load, cmp comparison, v uint32) *cond {
	switch {
	case cmp == equal && l.mask == 0 && v == 0:
		return always
	case cmp == equal && v&^l.mask != 0, cmp == greater && v >= l.mask:
		return never
	}
	return &cond{op: condTest, test: test{load: l, cmp: cmp, val: v}}
}

func and(a, b *cond) *cond {
	switch {
	case a == never || b == always:
		return a
	case a == always:
		return b
	}
	return &cond{op: condAnd, a: a, b: b}
}

func or(a, b *cond) *cond {
	switch {
	case a == always || b == never:
		return a
	case a == never:
		return b
	}
	return &cond{op: condOr, a: a, b: b}
}

func not(a *cond) *cond {
	switch a {
	case always:
		return never
	case never:
		return always
	}
	return &cond{op: condNot, a: a}
}

// anyOf is the "or" of conditions, from the left.
func anyOf(conds ...*cond) *cond {
	c := never
	for _, next := range conds {
		c = or(c, next)
	}
	return c
}

// oneOf is true where l has one of the values.
func oneOf(l load, values ...uint32) *cond {
	c := never
	for _, v := range values {
		c = or(c, is(l, v))
	}
	return c
}

// within is true where l is between low and high.
func within(l load, low, high uint32) *cond {
	if low == high {
		return is(l, low)
	}
	return and(check(l, atLeast, low), not(check(l, greater, high)))
}
