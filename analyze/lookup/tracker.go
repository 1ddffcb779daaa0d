package lookup

import (
	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/anomaly"
)

// Counts are what became of lookups. Answered and Failed add up to Total.
type Counts struct {
	Total    uint64 `json:"total"` // settled
	Answered uint64 `json:"answered"`
	Failed   uint64 `json:"failed"`
	Retried  uint64 `json:"retried"` // with more than one transaction
	// TCPFallback are those that went over TCP after UDP.
	TCPFallback uint64 `json:"tcp_fallback"`
	// Pending are those that the capture ended before.
	Pending uint64 `json:"pending"`
	// Forgotten are those that were given up for want of room: their transactions count as lookups of their own.
	Forgotten uint64 `json:"forgotten"`
	// SolvedBy counts the lookups that were answered after a try had failed, by what was different then.
	SolvedBy [changes]uint64 `json:"-"`
}

// Add adds the counts of other lookups.
func (c *Counts) Add(o *Counts) {
	c.Total += o.Total
	c.Answered += o.Answered
	c.Failed += o.Failed
	c.Retried += o.Retried
	c.TCPFallback += o.TCPFallback
	c.Pending += o.Pending
	c.Forgotten += o.Forgotten
	for i := range c.SolvedBy {
		c.SolvedBy[i] += o.SolvedBy[i]
	}
}

// Listener is told of lookups that are settled, and of the anomalies that they show.
type Listener interface {
	// Anomaly is called for each anomaly of a lookup. The lookup is valid during the call.
	Anomaly(id anomaly.ID, l *Lookup)
}

// Tracker follows the lookups of one shard's clients. It is for one goroutine at a time.
type Tracker struct {
	table  table
	counts Counts
	seed   uint64
	// window is how long, in packet time, a lookup that has failed waits for another try (ns): as long as a query for its response.
	window int64
	out    Listener
}

// New returns a tracker of at most limit lookups at once. seed and timeout (ns) are those of the run's [decode.Config].
func New(seed uint64, timeout int64, limit int, out Listener) *Tracker {
	return &Tracker{table: newTable(limit), seed: seed, window: timeout, out: out}
}

// Query takes a query with a question, before its transaction.
func (t *Tracker) Query(m *decode.Message) {
	t.sweep(m.Time)
	key := keyOf(m.ClientHash, m.NameHash, m.Question.Type)
	n := t.table.find(key)
	if n == 0 {
		if t.table.full() {
			t.forget(t.table.oldest())
		}
		n = t.table.add(key)
		l := &t.table.list[n]
		l.residue = 0
		l.start(m)
		return
	}
	l := &t.table.list[n]
	switch {
	case l.step(portOf(m.ClientPort, m.ID)) != nil: // a retransmission
		return
	case l.counted:
		l.residue += l.open
		l.start(m)
	default:
		l.Tries = min(l.Tries+1, 1<<15)
		l.open++
		l.lastStep().begin(m)
	}
	l.last = m.Time
	t.table.touch(n)
}

// start makes the record that of a new lookup.
func (l *Lookup) start(m *decode.Message) {
	l.Client, l.Type, l.Tries, l.open, l.counted, l.refused, l.last = m.Client, m.Question.Type, 1, 1, false, false, m.Time
	l.Steps[0].begin(m)
}

// Settle takes the end of a transaction.
func (t *Tracker) Settle(x *decode.Transaction) {
	if x.Status != decode.Answered && x.Status != decode.Unanswered || !x.Query.HasQuestion {
		return
	}
	client := uint64(0)
	if x.Response != nil {
		client = x.Response.ClientHash
	} else {
		client = decode.HashAddr(t.seed, &x.Client)
	}
	n := t.table.find(keyOf(client, x.Query.NameHash, x.Query.Type))
	if n == 0 {
		return
	}
	l := &t.table.list[n]
	s := l.step(portOf(x.ClientPort, x.Query.ID))
	switch {
	case s != nil:
		s.end(x)
		l.open--
	case l.residue > 0:
		l.residue--
	case l.open > 0: // of a step that is not kept
		l.open--
	}
	if s != nil && s.good() && !l.counted {
		t.count(l, true)
	}
	if l.counted && l.open == 0 && l.residue == 0 {
		t.table.remove(n)
		return
	}
	if x.Response != nil {
		l.last = max(l.last, x.Response.Time)
	} else {
		l.last = max(l.last, x.Query.Time+t.window)
	}
	t.table.touch(n)
}

// refusedReach is how many lookups, from the youngest on, a refused TCP connection is compared with.
const refusedReach = 64

// Refused takes a TCP connection that was refused: it belongs to lookups of the client that were told to come over TCP.
func (t *Tracker) Refused(e *decode.Event) {
	n := t.table.youngest()
	server := decode.HashAddr(t.seed, &e.Server)
	for range refusedReach {
		if n == 0 {
			return
		}
		l := &t.table.list[n]
		if l.Client == e.Client && !l.refused {
			for i := range l.Kept() {
				if l.Steps[i].Truncated && l.Steps[i].Server == server {
					l.refused = true
				}
			}
			if l.refused {
				t.out.Anomaly(tcpRefused, l)
				return
			}
		}
		n = l.prev
	}
}

// sweep ends the lookups that have waited long enough.
func (t *Tracker) sweep(now int64) {
	for n := t.table.oldest(); n != 0; n = t.table.oldest() {
		l := &t.table.list[n]
		if age := now - l.last; age <= t.window && age >= -2*t.window {
			return
		}
		if l.open > 0 && now-l.last <= 2*t.window { // its transactions have their own timeout
			t.table.touch(n)
			return
		}
		t.end(n)
	}
}

// end takes a lookup out that nothing more is expected of.
func (t *Tracker) end(n uint32) {
	if l := &t.table.list[n]; !l.counted {
		t.count(l, false)
	}
	t.table.remove(n)
}

func (t *Tracker) forget(n uint32) {
	if !t.table.list[n].counted {
		t.counts.Forgotten++
	}
	t.table.remove(n)
}

// count tells the outcome of a lookup.
func (t *Tracker) count(l *Lookup, answered bool) {
	l.counted = true
	c := &t.counts
	c.Total++
	if answered {
		c.Answered++
	} else {
		c.Failed++
	}
	if l.Tries == 1 && answered {
		return
	}
	t.judge(l)
}

// Counts returns what became of the lookups so far; those that are not settled are pending.
func (t *Tracker) Counts() Counts {
	c := t.counts
	for n := t.table.oldest(); n != 0; n = t.table.list[n].next {
		if !t.table.list[n].counted {
			c.Pending++
		}
	}
	return c
}
