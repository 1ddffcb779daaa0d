package evidence

import (
	"math/bits"

	"github.com/dnssniff/dnssniff/decode"
)

// firsts remembers answers for as long as their slot is not taken over by another: what a second answer to the same query is compared with.
type firsts [1 << 9]struct {
	key      uint64 // of the query; 0 is none
	hash     uint64
	kind     AnswerKind
	hopLimit uint8
	time     int64 // of the response, ns since the epoch
}

// first remembers the answer to a query that was sent once.
func (c *Collector) first(o *observation, said *answered) {
	if o.Proto != decode.UDP || o.Query.Retransmissions > 0 {
		return
	}
	k := queryKey(o)
	s := &c.firsts[k%uint64(len(c.firsts))]
	s.key, s.hash, s.kind, s.hopLimit, s.time = k, said.hash, said.kind, o.Response.HopLimit, o.Response.Time
}

// second counts another response to an answered query, where the two contradict each other.
func (c *Collector) second(o *observation) {
	if o.Proto != decode.UDP || o.Response.Malformed || o.Response.Cut || o.Response.Truncated() || o.name == nil {
		return
	}
	k := queryKey(o)
	s := &c.firsts[k%uint64(len(c.firsts))]
	said, ok := c.said(o.Response)
	if s.key != k || !ok || s.hash == said.hash && s.kind == said.kind {
		return
	}
	c.count(o, OtherAnswer).measured(o.Response.Time - s.time)
	if s.hopLimit != o.Response.HopLimit {
		c.count(o, OtherHops)
	}
}

// queryKey does not depend on the seed.
func queryKey(o *observation) uint64 {
	r := o.Response
	hi, lo := bits.Mul64(hashBytes(r.Client[:])^uint64(r.ID)<<32^uint64(r.ClientPort)<<48^uint64(r.Question.Type), hashBytes(r.Server[:])^o.nameHash)
	return hi ^ lo | 1
}
