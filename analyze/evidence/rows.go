package evidence

import (
	"cmp"
	"slices"

	"github.com/dnssniff/dnssniff/decode/packet"
)

// key is what a row is about. The zero Addr and zone 0 stand for all.
type key struct {
	client, server packet.Addr
	zone           uint64 // hash of the name in wire form, with the run's seed
	symptom        Symptom
	kind           Kind
}

// Kind is what sort of query a row is about.
type Kind uint8

// The kinds.
const (
	Query    Kind = iota // opcode QUERY and class IN or ANY, but for transfers
	Transfer             // AXFR and IXFR
	Update
	Notify
	Other   // of another opcode, and what is no query
	Foreign // opcode QUERY or UPDATE, and another class
)

// rows are tallies by key, at most limit of them. When they are too many the lighter half of those with a client goes into rows of any client: first of
// common symptoms, if these are many. Rows of any client that are too many go into those of any server. While the table is full what is
// new has no rows of its own, until twice as many as it holds have come: then the lightest go.
type rows struct {
	limit  int
	index  map[key]uint32
	keys   []key
	list   []Tally
	folded uint64 // rows that went into others
	turned int    // new ones that were turned away since the last fold
}

func newRows(limit int) rows { return rows{limit: max(limit, minRows), index: make(map[key]uint32)} }

const minRows = 64

// at returns the tally of a key, new if need be, and whether it is new. It is valid until the next call.
func (r *rows) at(k key) (*Tally, bool) {
	if i, ok := r.index[k]; ok {
		return &r.list[i], false
	}
	if len(r.list) >= r.limit {
		if r.turned < 2*r.limit {
			r.turned++
			return r.coarse(k), false
		}
		r.fold()
		r.turned = 0
	}
	r.index[k] = uint32(len(r.list))
	r.keys, r.list = append(r.keys, k), append(r.list, Tally{})
	t := &r.list[len(r.list)-1]
	t.reset()
	return t, true
}

// coarse returns a tally that k is part of: of all clients, for which an eighth of the limit is set aside, else of all zones too, for which there is another
// eighth, else of the symptom.
func (r *rows) coarse(k key) *Tally {
	for i, c := range [...]key{
		{server: k.server, zone: k.zone, symptom: k.symptom, kind: k.kind}, {server: k.server, symptom: k.symptom, kind: k.kind}, {symptom: k.symptom, kind: k.kind},
	} {
		if t := r.find(c); t != nil {
			return t
		}
		if len(r.list) < r.limit+(i+1)*r.limit/8 || i == 2 {
			empty := NewTally()
			r.put(c, &empty)
			return r.find(c)
		}
	}
	return nil // not reached
}

// find returns the tally of a key, or nil.
func (r *rows) find(k key) *Tally {
	if i, ok := r.index[k]; ok {
		return &r.list[i]
	}
	return nil
}

func (r *rows) reset() {
	clear(r.index)
	clear(r.list)
	r.keys, r.list, r.folded = r.keys[:0], r.list[:0], 0
	r.turned = 0
}

// fold makes room: a quarter of the rows at least.
func (r *rows) fold() {
	steps := []func(key) (key, bool){
		func(k key) (key, bool) {
			any := k
			any.client = packet.Addr{}
			return any, k.symptom.common() && any != k
		},
		func(k key) (key, bool) {
			any := k
			any.client = packet.Addr{}
			return any, any != k
		},
		func(k key) (key, bool) {
			any := k
			any.server, any.zone = packet.Addr{}, 0
			return any, any != k
		},
		func(k key) (key, bool) { return key{symptom: k.symptom & 0xff00, kind: Other}, true }, // what no traffic comes to
	}
	for _, into := range steps {
		if r.foldInto(into); len(r.list) <= r.limit*3/4 {
			return
		}
	}
}

// foldInto puts the lighter half of the rows for which into is true into the rows that it names. The order of rows is that of their first use: what goes
// is the same in each run.
func (r *rows) foldInto(into func(key) (key, bool)) {
	var light []uint32
	for i, k := range r.keys {
		if _, ok := into(k); ok {
			light = append(light, uint32(i))
		}
	}
	if len(light) < r.limit/4 {
		return
	}
	slices.SortStableFunc(light, func(a, b uint32) int { return cmp.Compare(r.list[a].Count, r.list[b].Count) })
	light = light[:max((len(light)+1)/2, min(r.limit/4, len(light)))]
	slices.Sort(light)
	old, keys := r.list, r.keys
	r.list, r.keys = make([]Tally, 0, len(old)), make([]key, 0, len(keys))
	clear(r.index)
	for i := range old {
		k := keys[i]
		if len(light) > 0 && light[0] == uint32(i) {
			k, _ = into(k)
			light = light[1:]
			r.folded++
		}
		r.put(k, &old[i])
	}
}

// put adds a tally without a look at the limit: there is room for all that there were.
func (r *rows) put(k key, t *Tally) {
	if i, ok := r.index[k]; ok {
		r.list[i].Merge(t)
		return
	}
	r.index[k] = uint32(len(r.list))
	r.keys, r.list = append(r.keys, k), append(r.list, *t)
}

func (r *rows) merge(o *rows) {
	for i, k := range o.keys {
		t, _ := r.at(k)
		t.Merge(&o.list[i])
	}
	r.folded += o.folded
}
