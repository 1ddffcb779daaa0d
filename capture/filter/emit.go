package filter

import "golang.org/x/net/bpf"

// emitter turns a graph into BPF instructions. They come in the order of the graph; behind the last one, accept and then reject.
type emitter struct {
	*graph
	x     []bool    // of each vertex: X holds the length of the IPv4 header it needs
	far   [][2]bool // of each vertex: its yes and no are too far for the 8 bits of a conditional jump
	start []int     // where each vertex's instructions begin; one more entry, for accept
	out   []bpf.Instruction
}

// program returns a graph as instructions that return snaplen for accepted frames.
func (g *graph) program(snaplen uint32) ([]bpf.Instruction, error) {
	if len(g.nodes) == 0 {
		if g.entry == reject {
			snaplen = 0
		}
		return []bpf.Instruction{bpf.RetConstant{Val: snaplen}}, nil
	}
	e := &emitter{graph: g, far: make([][2]bool, len(g.nodes)), start: make([]int, len(g.nodes)+1)}
	e.markX()
	for e.place() {
	}
	if e.start[len(g.nodes)]+2 > maxInstructions {
		return nil, ErrTooLong
	}
	for i := range g.nodes {
		e.vertex(i)
	}
	return append(e.out, bpf.RetConstant{Val: snaplen}, bpf.RetConstant{}), nil
}

// markX finds the vertices where X is at hand.
func (e *emitter) markX() {
	const unseen, unknown = -1, -2
	in := make([]int64, len(e.nodes)) // the header whose length X holds
	for i := range in {
		in[i] = unseen
	}
	in[0] = unknown
	e.x = make([]bool, len(e.nodes))
	for i := range e.nodes {
		v := &e.nodes[i]
		x := in[i]
		if v.load.base == behindIPv4 && !v.loaded {
			e.x[i] = x == int64(v.load.ip)
			x = int64(v.load.ip)
		}
		for _, to := range [...]int32{v.yes, v.no} {
			switch {
			case to < 0:
			case in[to] == unseen:
				in[to] = x
			case in[to] != x:
				in[to] = unknown
			}
		}
	}
}

// place computes where the instructions of each vertex begin, and reports whether that made a jump too far, so that it must be done again.
func (e *emitter) place() bool {
	at := 0
	for i := range e.nodes {
		e.start[i] = at
		at += e.size(i)
	}
	e.start[len(e.nodes)] = at
	changed := false
	for i, v := range e.nodes {
		end := e.start[i+1]
		for side, to := range [...]int32{v.yes, v.no} {
			if !e.far[i][side] && e.position(to)-end+2 > 255 { // 2: jumps that may come between
				e.far[i][side] = true
				changed = true
			}
		}
	}
	return changed
}

// size is how many instructions vertex i has.
func (e *emitter) size(i int) int {
	v := &e.nodes[i]
	n := 1
	if !v.loaded {
		n++
		if v.load.base == behindIPv4 && !e.x[i] {
			n++
		}
		if v.load.hasMask() {
			n++
		}
	}
	for _, far := range e.far[i] {
		if far {
			n++
		}
	}
	return n
}

// hasMask reports whether the value must be masked after it is loaded.
func (l load) hasMask() bool { return l.mask != 1<<(8*l.size)-1 }

// position is where a target begins.
func (e *emitter) position(target int32) int {
	switch target {
	case accept:
		return e.start[len(e.nodes)]
	case reject:
		return e.start[len(e.nodes)] + 1
	}
	return e.start[target]
}

// skip is the distance from behind instruction i to a target.
func (e *emitter) skip(i int, target int32) uint32 { return uint32(e.position(target) - i - 1) }

// vertex writes a test.
func (e *emitter) vertex(i int) {
	v := &e.nodes[i]
	if !v.loaded {
		e.load(v.load, e.x[i])
	}
	at := len(e.out)
	jump := bpf.JumpIf{Cond: jumps[v.cmp], Val: v.val}
	far := e.far[i]
	var long []int32
	for side, to := range [...]int32{v.yes, v.no} {
		skip := uint8(len(long))
		if far[side] {
			long = append(long, to)
		} else {
			skip = uint8(e.skip(at, to))
		}
		if side == 0 {
			jump.SkipTrue = skip
		} else {
			jump.SkipFalse = skip
		}
	}
	e.out = append(e.out, jump)
	for _, to := range long {
		e.out = append(e.out, bpf.Jump{Skip: e.skip(len(e.out), to)})
	}
}

var jumps = [...]bpf.JumpTest{
	equal: bpf.JumpEqual, greater: bpf.JumpGreaterThan, atLeast: bpf.JumpGreaterOrEqual, anyBitSet: bpf.JumpBitsSet,
}

func (e *emitter) load(l load, x bool) {
	switch l.base {
	case fromStart:
		e.out = append(e.out, bpf.LoadAbsolute{Off: l.off, Size: int(l.size)})
	case kernelField:
		e.out = append(e.out, bpf.LoadExtension{Num: bpf.Extension(l.off)})
	case behindIPv4:
		if !x {
			e.out = append(e.out, bpf.LoadMemShift{Off: l.ip})
		}
		e.out = append(e.out, bpf.LoadIndirect{Off: l.off, Size: int(l.size)})
	}
	if l.hasMask() {
		e.out = append(e.out, bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: l.mask})
	}
}
