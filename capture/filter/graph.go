package filter

// maxInstructions is the kernel's limit (BPF_MAXINSNS). A graph has fewer nodes than its program has instructions.
const maxInstructions = 4096

// Where a graph ends.
const (
	accept int32 = -1
	reject int32 = -2
)

// vertex is a test and where its outcomes lead: forward in the graph, or to accept or reject.
type vertex struct {
	test
	yes, no int32
	// loaded is set where every way here comes from a test of the same load, so that its value is at hand.
	loaded bool
}

// graph is a condition as a decision graph: what the BPF program is made from, and what the predicate walks.
type graph struct {
	nodes []vertex
	entry int32
	walk  []step // the nodes again, for the predicate
}

func newGraph(c *cond) (*graph, error) {
	if size(c) > maxInstructions {
		return nil, ErrTooLong
	}
	g := &graph{}
	g.entry = g.build(c, accept, reject)
	g.reverse()
	for g.thread() {
	}
	g.compact()
	g.markLoaded()
	g.walk = g.steps()
	return g, nil
}

// size counts tests.
func size(c *cond) int {
	switch c.op {
	case condTest:
		return 1
	case condAnd, condOr:
		return size(c.a) + size(c.b)
	case condNot:
		return size(c.a)
	}
	return 0
}

// build appends the vertices of c, targets before those that lead to them, and returns where c begins.
func (g *graph) build(c *cond, yes, no int32) int32 {
	switch c.op {
	case condTrue:
		return yes
	case condFalse:
		return no
	case condNot:
		return g.build(c.a, no, yes)
	case condAnd:
		return g.build(c.a, g.build(c.b, yes, no), no)
	case condOr:
		return g.build(c.a, yes, g.build(c.b, yes, no))
	}
	g.nodes = append(g.nodes, vertex{test: c.test, yes: yes, no: no})
	return int32(len(g.nodes) - 1)
}

// reverse turns the order of build around, so that every edge leads forward.
func (g *graph) reverse() {
	n := int32(len(g.nodes))
	turn := func(i int32) int32 {
		if i < 0 {
			return i
		}
		return n - 1 - i
	}
	turned := make([]vertex, n)
	for i, v := range g.nodes {
		v.yes, v.no = turn(v.yes), turn(v.no)
		turned[turn(int32(i))] = v
	}
	g.nodes, g.entry = turned, turn(g.entry)
}

// thread lets every edge skip the tests whose outcome is known from the tests before it, and reports whether one did. What is skipped
// was loaded before on the way, so no frame that was rejected for its length is accepted by that. For the same reason, a test that leads
// to one place either way stays.
func (g *graph) thread() bool {
	k := newKnowledge(g.nodes)
	changed := false
	k.reach(g.entry, k.none())
	for i := range g.nodes {
		if k.at[i] == nil {
			continue // no way leads here any more
		}
		v := &g.nodes[i]
		for _, yes := range [...]bool{true, false} {
			target := &v.no
			if yes {
				target = &v.yes
			}
			facts := k.with(i, yes)
			to := g.follow(k, facts, *target)
			changed = changed || to != *target
			*target = to
			k.reach(to, facts)
		}
		k.at[i] = nil
	}
	return changed
}

// follow returns where an edge to target leads, given what is known on it.
func (g *graph) follow(k *knowledge, facts []uint64, target int32) int32 {
	for target >= 0 {
		outcome, known := k.outcome(facts, int(target))
		if !known {
			break
		}
		if outcome {
			target = g.nodes[target].yes
		} else {
			target = g.nodes[target].no
		}
	}
	return target
}

// compact drops the vertices that no way leads to.
func (g *graph) compact() {
	used := make([]bool, len(g.nodes))
	mark := func(i int32) {
		if i >= 0 {
			used[i] = true
		}
	}
	mark(g.entry)
	for i, v := range g.nodes {
		if used[i] {
			mark(v.yes)
			mark(v.no)
		}
	}
	moved := make([]int32, len(g.nodes))
	kept := g.nodes[:0]
	for i, v := range g.nodes {
		if used[i] {
			moved[i] = int32(len(kept))
			kept = append(kept, v)
		}
	}
	renumber := func(i *int32) {
		if *i >= 0 {
			*i = moved[*i]
		}
	}
	for i := range kept {
		renumber(&kept[i].yes)
		renumber(&kept[i].no)
	}
	renumber(&g.entry)
	g.nodes = kept
}

// markLoaded finds the tests whose value is at hand when they are reached.
func (g *graph) markLoaded() {
	const unseen, several = -1, -2
	from := make([]int, len(g.nodes)) // an earlier vertex whose load is that of all ways here
	for i := range from {
		from[i] = unseen
	}
	come := func(i int, to int32) {
		switch {
		case to < 0:
		case from[to] == unseen:
			from[to] = i
		case from[to] == several || g.nodes[from[to]].load != g.nodes[i].load:
			from[to] = several
		}
	}
	for i := range g.nodes {
		v := &g.nodes[i]
		v.loaded = from[i] >= 0 && g.nodes[from[i]].load == v.load
		come(i, v.yes)
		come(i, v.no)
	}
}
