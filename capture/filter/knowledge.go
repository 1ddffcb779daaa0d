package filter

// knowledge holds, while a graph is walked from its entry, which outcomes of which tests are known where. Its memory is at most
// 4096 sets of 8192 bits: 4 MiB, while a filter is compiled.
type knowledge struct {
	tests []test         // the distinct ones
	id    []int          // of each vertex, its test
	same  map[load][]int // the tests of one load
	at    [][]uint64     // of each vertex, the facts that hold on all ways to it so far; nil where none has come
}

func newKnowledge(nodes []vertex) *knowledge {
	k := &knowledge{id: make([]int, len(nodes)), same: make(map[load][]int), at: make([][]uint64, len(nodes))}
	ids := make(map[test]int)
	for i, v := range nodes {
		id, ok := ids[v.test]
		if !ok {
			id = len(k.tests)
			ids[v.test] = id
			k.tests = append(k.tests, v.test)
			k.same[v.load] = append(k.same[v.load], id)
		}
		k.id[i] = id
	}
	return k
}

// none is an empty set of facts. Bit 2*id says that the test was true, 2*id+1 that it was false.
func (k *knowledge) none() []uint64 { return make([]uint64, (2*len(k.tests)+63)/64) }

// with returns the facts behind an outcome of vertex i.
func (k *knowledge) with(i int, outcome bool) []uint64 {
	facts := append([]uint64(nil), k.at[i]...)
	bit := 2 * k.id[i]
	if !outcome {
		bit++
	}
	facts[bit/64] |= 1 << (bit % 64)
	return facts
}

// reach notes one more way to a vertex.
func (k *knowledge) reach(i int32, facts []uint64) {
	if i < 0 {
		return
	}
	if k.at[i] == nil {
		k.at[i] = append([]uint64(nil), facts...)
		return
	}
	for w := range facts {
		k.at[i][w] &= facts[w]
	}
}

// outcome returns the outcome of vertex i, where the facts tell.
func (k *knowledge) outcome(facts []uint64, i int) (outcome, known bool) {
	asked := &k.tests[k.id[i]]
	for _, id := range k.same[asked.load] {
		for _, was := range [...]bool{true, false} {
			bit := 2 * id
			if !was {
				bit++
			}
			if facts[bit/64]>>(bit%64)&1 == 0 {
				continue
			}
			if outcome, known = implied(&k.tests[id], was, asked); known {
				return outcome, true
			}
		}
	}
	return false, false
}

// implied says what the outcome of one test tells of another test of the same load.
func implied(t *test, was bool, asked *test) (outcome, known bool) {
	switch {
	case *t == *asked:
		return was, true
	case t.cmp == equal && was:
		return asked.holds(t.val), true
	case asked.cmp == equal && t.holds(asked.val) != was:
		return false, true
	}
	return false, false
}
