package evidence

import (
	"slices"

	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/packet"
)

// Moment is a transaction that failed, or took long: what ties a client's trouble to the trouble that its resolver had at the same time.
type Moment struct {
	From, To       int64 // of the query, and of the response or, without one, of the end of waiting; ns since the epoch
	Client, Server packet.Addr
	Zone           uint64 // hash of the zone, 0 without a question
	Name           uint64 // hash of the name, without the seed
	Packet         uint64
	File           uint16
	Type           uint16
	Symptom        Symptom // [Slow], a status, an RCODE, or an anomaly
	Truncated      bool
}

// slow is the time (ns) from which on an answer makes a moment.
const slow = 400e6

// Anomalies of a response that looks like an answer, and is none.
var lameReferral = Anomaly(lame)

// moment keeps a transaction that is one.
func (c *Collector) moment(o *observation) {
	s, ok := trouble(o)
	if !ok {
		return
	}
	m := Moment{Client: o.Client, Server: o.Server, Zone: o.zone, Name: o.nameHash, Symptom: s}
	if q := o.Query; q != nil {
		m.From, m.To, m.Packet, m.File, m.Type = q.Time, q.Time, q.Number, q.File, q.Type
	}
	if r := o.Response; r != nil {
		m.To, m.Truncated = r.Time, r.Truncated()
		if o.Query == nil {
			m.From, m.Packet, m.File, m.Type = r.Time, r.Number, r.File, r.Question.Type
		}
	}
	c.moments.add(m)
}

func trouble(o *observation) (Symptom, bool) {
	switch o.Status {
	case decode.Answered:
	case decode.Unanswered, decode.Mismatched:
		return Symptom(0x1000) + Symptom(o.Status), true
	default:
		return 0, false
	}
	switch code := o.Response.RCODE(); {
	case isError(code):
		return RCODE(code), true
	case o.Response.Truncated() && o.Proto == decode.UDP:
		return RCODE(code), true
	case slices.Contains(o.counted[:o.nCounted], lameReferral):
		return lameReferral, true
	case o.RTT >= slow:
		return Slow, true
	}
	return 0, false
}

// moments are the last ones, in the order of settling.
type moments struct {
	limit int
	list  []Moment
	next  int // the oldest, once the list is full
	lost  uint64
}

func (r *moments) add(m Moment) {
	if len(r.list) < r.limit {
		r.list = append(r.list, m)
		return
	}
	r.list[r.next] = m
	r.next = (r.next + 1) % r.limit
	r.lost++
}

func (r *moments) merge(o *moments) {
	r.lost += o.lost
	for i := range o.list {
		r.add(o.list[(o.next+i)%len(o.list)])
	}
}

func (r *moments) reset() { r.list, r.next, r.lost = r.list[:0], 0, 0 }
