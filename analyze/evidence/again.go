package evidence

import (
	"encoding/binary"
	"math/bits"

	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/wire"
)

// asked remembers which question a client had a good answer to, and when it had asked. Slots are taken over by whoever comes last.
type asked [1 << 11]struct {
	key     uint64
	queried int64 // ns since the epoch
}

// again counts an answered question that its client asks once more after the time of a resolver's or stub's retry timer: the answer went past here, and did
// not arrive. A program that asks whenever it connects hits that time by chance only.
func (c *Collector) again(t *decode.Transaction) {
	r := t.Response
	if t.Proto != decode.UDP || t.Query.Flags>>11&15 != 0 || r.Parsed[wire.SectionQuestion] == 0 || r.Truncated() || len(r.Data) < wire.HeaderLen+8 {
		return
	}
	weight := c.part(r)
	if weight == 0 {
		return
	}
	key := bits.RotateLeft64(r.ClientHash*spreading, 23) ^ bits.RotateLeft64(r.ServerHash*spreading, 41) ^ r.NameHash ^ uint64(r.Question.Type)
	s := &c.asked[placeOf(r)%uint64(len(c.asked))]
	if s.key == key && retryTimer(t.Query.Time-s.queried) {
		o := c.observe(t, weight)
		c.count(&o, AskedAgain)
	}
	s.key, s.queried = key, t.Query.Time
}

// part says for how many clients the one of a response stands: all are looked at for a while, then one in four.
func (c *Collector) part(r *decode.Message) uint32 {
	const all = 1 << 14
	if c.answers < all {
		c.answers++
		return 1
	}
	if (r.Client[15]^r.Client[14])&3 != 0 {
		return 0
	}
	return 4
}

// placeOf does not depend on the seed: who takes whose slot is the same in each run.
func placeOf(r *decode.Message) uint64 {
	hi, lo := bits.Mul64(binary.LittleEndian.Uint64(r.Client[8:])^spreading, binary.LittleEndian.Uint64(r.Data[wire.HeaderLen:])^uint64(r.Question.Type)*spreading)
	return hi ^ lo>>7
}

// retryTimer says that a time (ns) is a whole number of seconds, 1 to 5: what the usual stubs wait for a first answer.
func retryTimer(d int64) bool {
	const off = 40e6
	rest := (d + off) % 1e9
	return d >= 1e9-off && d <= 5e9+off && rest <= 2*off
}

// lacking remembers which question a client was told to have no records, and when. Slots are taken over by whoever comes last.
type lacking [1 << 9]struct {
	key  uint64
	time int64 // of the response, ns since the epoch
}

// inVain (ns) is within what a client that has understood a denial does not ask again: it is remembered for the SOA's minimum (RFC 2308 section 5).
const inVain = 3e9

// noSuchType counts an answer without records, and the question that comes again soon after one.
func (c *Collector) noSuchType(o *observation) {
	c.count(o, NoData)
	k := searchKey(o, o.name) ^ uint64(o.Response.Question.Type)<<1
	s := &c.lacking[k%uint64(len(c.lacking))]
	if s.key == k && o.Query.Time > s.time && o.Query.Time-s.time < inVain {
		c.count(o, AskedInVain)
	}
	s.key, s.time = k, o.Response.Time
}
