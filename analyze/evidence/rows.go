package evidence

import (
	"cmp"
	"math/rand/v2"
	"slices"

	"github.com/dnssniff/dnssniff/decode"
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
	seed   uint64             // of the index alone
	slots  []uint64           // the index: the upper half of a key's hash, and the row's number and 1; open addressing, half of it is empty
	keys   []key              // by number
	chunks []*[perChunk]Tally // by number, never copied
	folded uint64             // rows that went into others
	turned int                // new ones that were turned away since the last fold
}

const (
	minRows  = 64
	perChunk = 32
)

func newRows(limit int) rows {
	return rows{limit: max(limit, minRows), seed: rand.Uint64(), slots: make([]uint64, 2*minRows)}
}

// tally returns that of a row.
func (r *rows) tally(n int) *Tally { return &r.chunks[n/perChunk][n%perChunk] }

// slot returns the slot of a key, or the empty one for it with what it would hold, less the number.
func (r *rows) slot(k *key) (s *uint64, empty uint64) {
	h := decode.HashAddr(decode.HashAddr(r.seed^k.zone^uint64(k.symptom)<<8^uint64(k.kind), &k.client), &k.server)
	mask := uint64(len(r.slots) - 1)
	for i := h; ; i++ {
		switch s := &r.slots[i&mask]; {
		case *s == 0:
			return s, h >> 32 << 32
		case (*s^h)>>32 == 0 && r.keys[uint32(*s)-1] == *k:
			return s, 0
		}
	}
}

// at returns the tally of a key, new if need be, and whether it is new. It is valid until the next call.
func (r *rows) at(k key) (*Tally, bool) {
	s, empty := r.slot(&k)
	if *s != 0 {
		return r.tally(int(uint32(*s)) - 1), false
	}
	if len(r.keys) >= r.limit {
		if r.turned < 2*r.limit {
			r.turned++
			return r.coarse(k), false
		}
		r.fold()
		r.turned = 0
		s, empty = r.slot(&k)
	}
	return r.add(k, s, empty), true
}

// add makes an empty row for a key whose slot is empty.
func (r *rows) add(k key, s *uint64, empty uint64) *Tally {
	n := len(r.keys)
	r.keys = append(r.keys, k)
	if n/perChunk == len(r.chunks) {
		r.chunks = append(r.chunks, new([perChunk]Tally))
	}
	*s = empty | uint64(n+1)
	if 2*len(r.keys) > len(r.slots) {
		r.slots = make([]uint64, 2*len(r.slots))
		for i := range r.keys {
			s, empty := r.slot(&r.keys[i])
			*s = empty | uint64(i+1)
		}
	}
	t := r.tally(n)
	t.reset()
	return t
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
		if len(r.keys) < r.limit+(i+1)*r.limit/8 || i == 2 {
			s, empty := r.slot(&c)
			return r.add(c, s, empty)
		}
	}
	return nil // not reached
}

// find returns the tally of a key, or nil.
func (r *rows) find(k key) *Tally {
	if s, _ := r.slot(&k); *s != 0 {
		return r.tally(int(uint32(*s)) - 1)
	}
	return nil
}

func (r *rows) reset() {
	clear(r.slots)
	for n := range r.keys {
		*r.tally(n) = Tally{}
	}
	r.keys, r.folded, r.turned = r.keys[:0], 0, 0
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
		if r.foldInto(into); len(r.keys) <= r.limit*3/4 {
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
	slices.SortStableFunc(light, func(a, b uint32) int { return cmp.Compare(r.tally(int(a)).Count, r.tally(int(b)).Count) })
	light = light[:max((len(light)+1)/2, min(r.limit/4, len(light)))]
	slices.Sort(light)
	keys := r.keys
	r.keys = r.keys[:0] // no row has a higher number than it had
	clear(r.slots)
	for i, k := range keys {
		if len(light) > 0 && light[0] == uint32(i) {
			k, _ = into(k)
			light = light[1:]
			r.folded++
		}
		r.put(k, r.tally(i))
	}
	for n := len(r.keys); n < len(keys); n++ {
		*r.tally(n) = Tally{}
	}
}

// put adds a tally without a look at the limit: there is room for all that there were.
func (r *rows) put(k key, t *Tally) {
	s, empty := r.slot(&k)
	if *s != 0 {
		r.tally(int(uint32(*s)) - 1).Merge(t)
		return
	}
	n := len(r.keys)
	r.keys = append(r.keys, k)
	*s = empty | uint64(n+1)
	if to := r.tally(n); to != t {
		*to = *t
	}
}

func (r *rows) merge(o *rows) {
	for i := range o.keys {
		t, _ := r.at(o.keys[i])
		t.Merge(o.tally(i))
	}
	r.folded += o.folded
}
