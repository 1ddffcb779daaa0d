package decode

// lateTable remembers the queries that timed out last, for the responses that come after all.
type lateTable struct {
	slot map[uint64]int // by client hash, the youngest
	ring []open
	next int
}

func newLateTable(limit int) lateTable {
	return lateTable{slot: make(map[uint64]int), ring: make([]open, 0, max(limit, 1))}
}

// add copies a query; the oldest goes where there is no room.
func (t *lateTable) add(o *open) {
	i := t.next
	if len(t.ring) < cap(t.ring) {
		t.ring = append(t.ring, open{})
	} else if old := t.ring[i].keys.client; t.slot[old] == i {
		delete(t.slot, old)
	}
	t.next = (i + 1) % cap(t.ring)
	l := &t.ring[i]
	name, data := l.Name[:0], l.Data[:0]
	*l = *o
	l.Name, l.Data = append(name, o.Name...), append(data, o.Data...)
	t.slot[o.keys.client] = i
}

// find returns the query that a response with these keys is late for, or nil.
func (t *lateTable) find(k *keys) *open {
	i, ok := t.slot[k.client]
	if !ok {
		return nil
	}
	l := &t.ring[i]
	if l.keys.server != k.server || l.quest != k.quest && l.quest != 0 && k.quest != 0 {
		return nil
	}
	return l
}
