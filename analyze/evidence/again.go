package evidence

import (
	"encoding/binary"
	"math/bits"

	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/wire"
)

// asked remembers which question a client had a good answer to, and when it had asked, and when it had an error response. Slots are taken over by whoever
// comes last.
type asked [1 << 11]struct {
	key     uint64
	queried int64 // ns since the epoch
	failed  int64 // of the error response; 0 where there was none
}

// again counts an answered question that its client asks once more: after the time of a resolver's or stub's retry timer, since then the answer went past
// here and did not arrive (a program that asks whenever it connects hits that time by chance only); or at once after an error. It says for how many
// questions that came again as soon as a retry timer could make them this one stands.
func (c *Collector) again(t *decode.Transaction) (soon uint32) {
	r := t.Response
	weight := c.part(r)
	if weight == 0 {
		return 0
	}
	if t.Proto != decode.UDP || t.Query.Flags>>11&15 != 0 || r.Parsed[wire.SectionQuestion] == 0 || r.Truncated() || len(r.Data) < wire.HeaderLen+8 {
		return 0
	}
	key := bits.RotateLeft64(r.ClientHash*spreading, 23) ^ bits.RotateLeft64(r.ServerHash*spreading, 41) ^ r.NameHash ^ uint64(r.Question.Type)
	s := &c.asked[placeOf(r)%uint64(len(c.asked))]
	if s.key == key {
		switch wait := t.Query.Time - s.failed; {
		case s.failed != 0 && wait >= 0 && wait < atOnce:
			o := c.observe(t, weight)
			c.count(&o, ErrorAgain)
		case retryTimer(t.Query.Time - s.queried):
			o := c.observe(t, weight)
			c.count(&o, AskedAgain)
		}
		if wait := t.Query.Time - s.queried; wait >= soonest && wait <= 5e9 {
			soon = weight
		}
	}
	s.key, s.queried, s.failed = key, t.Query.Time, 0
	if isError(r.RCODE()) && !r.HasTSIG && (r.Question.Type < firstMetaType || r.Question.Type > typeANY) { // a new signature or key is a new try
		s.failed = r.Time
	}
	return soon
}

// Warm asks memory for what [Collector.Transaction] will need of a response, and returns what it read, which means nothing.
func (c *Collector) Warm(r *decode.Message) uint64 {
	if (r.Client[15]^r.Client[14])&15 != 0 || !r.Response() || len(r.Data) < wire.HeaderLen+8 {
		return 0
	}
	return c.asked[placeOf(r)%uint64(len(c.asked))].key
}

// soonest is the time (ns) before which no retry timer makes a question come again.
const soonest = 200e6

// atOnce is within which time (ns) after an error a question comes again at once.
const atOnce = 1e9

// isError says that an RCODE is neither an answer nor one about the name.
func isError(code uint16) bool {
	return code != rcodeNoError && code != rcodeNXDomain && (code < rcodeYXDomain || code > rcodeNXRRSet)
}

// part says for how many clients the one of a response stands: all are looked at for a while, then one in sixteen.
func (c *Collector) part(r *decode.Message) uint32 {
	const all = 1 << 14
	if c.answers < all {
		c.answers++
		return 1
	}
	if (r.Client[15]^r.Client[14])&15 != 0 {
		return 0
	}
	return 16
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
