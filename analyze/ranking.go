package analyze

import (
	"cmp"
	"slices"

	"github.com/dnssniff/dnssniff/decode/mnemonic"
)

// ranking keeps the heaviest rows that it is offered: by queries, then responses, then key. It is meant for few of many.
type ranking struct {
	most int
	best []ranked
	// Of all rows that were offered.
	rows, queried uint64
}

// ranked is a row with a key of its own.
type ranked struct {
	hash uint64
	key  []byte
	counts
}

func (a *ranked) before(queries, responses uint32, key []byte) int {
	return cmp.Or(cmp.Compare(queries, a.queries), cmp.Compare(responses, a.responses), slices.Compare(a.key, key))
}

// offer counts a row, and says whether it may be among the heaviest: then put it.
func (k *ranking) offer(c *counts) bool {
	k.rows++
	if c.queries > 0 {
		k.queried++
	}
	if len(k.best) < k.most {
		return true
	}
	return k.most > 0 && c.queries >= k.best[k.most-1].queries
}

// put takes a row, unless there are enough before it. Its key has to stay as it is.
func (k *ranking) put(r ranked) {
	if len(k.best) == k.most && (k.most == 0 || k.best[k.most-1].before(r.queries, r.responses, r.key) <= 0) {
		return
	}
	at, _ := slices.BinarySearchFunc(k.best, &r, func(a ranked, b *ranked) int { return a.before(b.queries, b.responses, b.key) })
	k.best = slices.Insert(k.best, at, r)
	k.best = k.best[:min(len(k.best), k.most)]
}

// merge adds a ranking of other rows.
func (k *ranking) merge(o *ranking) {
	k.rows += o.rows
	k.queried += o.queried
	for _, r := range o.best {
		k.put(r)
	}
}

// rank goes through a union in up to workers goroutines and returns its heaviest rows. Where also is not nil, it is called for each part.
func (u *union) rank(workers, most int, also func(worker int, part *table)) *ranking {
	each := make([]ranking, workers)
	for i := range each {
		each[i].most = most
	}
	u.each(workers, func(w int, part *table) {
		for r := range part.all {
			if each[w].offer(&r.counts) {
				each[w].put(ranked{u.hash(r), u.key(r), r.counts})
			}
		}
		if also != nil {
			also(w, part)
		}
	})
	sum := &each[0]
	for i := range each[1:] {
		sum.merge(&each[1+i])
	}
	return sum
}

// report returns the rows of a ranking of the union; key says what a row is of.
func (u *union) report(k *ranking, key func(out *Row, key []byte)) []Row {
	rows := []Row{}
	for i := range k.best {
		r := &k.best[i]
		out := Row{Queries: uint64(r.queries), Responses: uint64(r.responses), Malformed: uint64(r.malformed),
			Unanswered: uint64(r.unanswered), Names: uint64(r.names), RCODEs: map[string]uint64{}}
		for code, n := range r.rcodes {
			if n > 0 {
				out.RCODEs[mnemonic.RCODE(uint16(code))] = uint64(n)
			}
		}
		for _, o := range u.rares[r.hash] {
			out.RCODEs[mnemonic.RCODE(o.rcode)] = uint64(u.rare[o])
		}
		if n := out.Responses - min(sum(out.RCODEs), out.Responses); n > 0 {
			out.RCODEs[otherRCODE] = n
		}
		key(&out, r.key)
		rows = append(rows, out)
	}
	return rows
}
