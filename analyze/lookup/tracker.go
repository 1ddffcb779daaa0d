package lookup

import (
	"slices"

	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/decode/packet"
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
	// Settled is called for each lookup of more than one transaction, and for each that failed; after [Tracker.Every] for all others, too. The lookup is
	// valid during the call.
	Settled(l *Lookup, answered bool)
}

// Tracker follows the lookups of one shard's clients. It is for one goroutine at a time.
type Tracker struct {
	table   table
	stories []Lookup   // number 0 is none
	free    []uint32   // of stories
	failed  []question // of entries with bitError or bitSilent, by number
	single  Lookup     // of one step, while it is told
	counts  Counts
	seed    uint64
	// window is how long, in packet time, a lookup that has failed waits for another try (ns): as long as a query for its response.
	window int64
	out    Listener
	every  bool
}

// Every makes the tracker tell of all lookups that are settled, also of those that are answered at once, with the names that they asked for: the
// decoder must keep names ([decode.Config.KeepNames]).
func (t *Tracker) Every() { t.every = true }

// New returns a tracker of at most limit lookups at once, and 65535. seed and timeout (ns) are those of the run's [decode.Config].
func New(seed uint64, timeout int64, limit int, out Listener) *Tracker {
	return &Tracker{table: newTable(limit), stories: make([]Lookup, 1), seed: seed, window: timeout, out: out}
}

// Tick ends the lookups whose time is over at a packet time.
func (t *Tracker) Tick(now int64) { t.sweep(now) }

// Query takes a query with a question, before its transaction.
func (t *Tracker) Query(m *decode.Message) {
	key := keyOf(m.ClientHash, m.NameHash, m.Question.Type)
	if n, _ := t.table.find(key); n != 0 {
		t.again(n, m)
		return
	}
	if t.table.full() {
		t.forget(t.table.oldest())
	}
	t.table.add(key).begin(m)
}

// Warm asks memory for what a message's lookup will need, and returns what it read, which means nothing.
func (t *Tracker) Warm(m *decode.Message) uint32 {
	return t.table.warm(keyOf(m.ClientHash, m.NameHash, m.Question.Type))
}

// again takes a query for a question that is being looked up, or was until a moment ago.
func (t *Tracker) again(n uint32, m *decode.Message) {
	e := &t.table.list[n]
	port := portOf(m.ClientPort, m.ID)
	if e.story == 0 && e.port == port {
		return // a retransmission
	}
	l := t.story(e, question{m.Client, m.NameHash, m.Question.Type}, m.Question.Name)
	if l.step(port) != nil {
		return
	}
	story := e.story
	e.begin(m)
	e.story = story
	if l.counted {
		l.begin(question{m.Client, m.NameHash, m.Question.Type}, l.Asked, l.residue+l.open)
	}
	l.Tries = min(l.Tries+1, 1<<15)
	l.open++
	*l.lastStep() = e.step()
	t.table.touch(n)
}

// story returns the story of a lookup, begun with its only step if need be.
func (t *Tracker) story(e *entry, q question, asked []byte) *Lookup {
	if e.story == 0 {
		if last := len(t.free) - 1; last >= 0 {
			e.story, t.free = t.free[last], t.free[:last]
		} else {
			e.story = uint32(len(t.stories))
			t.stories = append(t.stories, Lookup{})
		}
		if t.every {
			asked = slices.Clone(asked)
		} else {
			asked = nil
		}
		t.stories[e.story].first(e, q, asked)
	}
	return &t.stories[e.story]
}

// Settle takes the end of a transaction.
func (t *Tracker) Settle(x *decode.Transaction) {
	if x.Status != decode.Answered && x.Status != decode.Unanswered || !x.Query.HasQuestion {
		return
	}
	var client uint64
	if x.Response != nil {
		client = x.Response.ClientHash
	} else {
		client = decode.HashAddr(t.seed, &x.Client)
	}
	n, at := t.table.find(keyOf(client, x.Query.NameHash, x.Query.Type))
	if n == 0 {
		return
	}
	e := &t.table.list[n]
	if e.story == 0 && e.port == portOf(x.ClientPort, x.Query.ID) && e.bits&bitsEnded == 0 && !t.every {
		if x.Response != nil && good(x.Response) {
			t.counts.Total++
			t.counts.Answered++
			t.table.remove(n, at)
			return
		}
		if e.fails(x) {
			t.fail(n, x)
			return
		}
	}
	t.settled(n, x)
}

// fail notes that the only step of a lookup has failed.
func (t *Tracker) fail(n uint32, x *decode.Transaction) {
	if need := int(n) + 1 - len(t.failed); need > 0 {
		t.failed = append(t.failed, make([]question, need)...)
	}
	t.failed[n] = question{x.Client, x.Query.NameHash, x.Query.Type}
	t.wait(n, x)
}

// settled takes the end of a transaction of a lookup that has a story, or needs one now.
func (t *Tracker) settled(n uint32, x *decode.Transaction) {
	l := t.story(&t.table.list[n], question{x.Client, x.Query.NameHash, x.Query.Type}, x.Query.Name)
	t.settle(l, l.step(portOf(x.ClientPort, x.Query.ID)), x)
	if l.counted && l.open == 0 && l.residue == 0 {
		t.remove(n)
		return
	}
	t.wait(n, x)
}

// wait makes a lookup wait for another try from the end of a transaction on.
func (t *Tracker) wait(n uint32, x *decode.Transaction) {
	e := &t.table.list[n]
	if x.Response != nil {
		e.last = max(e.last, x.Response.Time)
	} else {
		e.last = max(e.last, x.Query.Time+t.window)
	}
	t.table.touch(n)
}

// settle takes the end of a transaction into a story; s is its step, or nil.
func (t *Tracker) settle(l *Lookup, s *Step, x *decode.Transaction) {
	switch {
	case s != nil:
		if s.State == Open { // else the query was sent once more, from the same port and with the same ID
			l.open--
		}
		s.end(x)
	case l.residue > 0:
		l.residue--
	case l.open > 0: // of a step that is not kept
		l.open--
	}
	if s != nil && s.good() && !l.counted {
		t.count(l, true)
	}
}

// refusedReach is how many lookups, from the youngest on, a refused TCP connection is compared with.
const refusedReach = 64

// Unopened takes a TCP connection that was refused, or got no answer ([decode.KindUnanswered]): it belongs to a lookup of the client that had been told to
// come over TCP before the connection's first SYN.
func (t *Tracker) Unopened(e *decode.Event) {
	n := t.table.youngest()
	server := decode.HashAddr(t.seed, &e.Server)
	for range refusedReach {
		if n == 0 {
			return
		}
		l := &t.stories[t.table.list[n].story]
		if l.Client == e.Client && !l.refused && l.truncatedBy(server, e.First) {
			l.refused = true
			t.out.Anomaly(tcpRefused, l)
			return
		}
		n = uint32(t.table.list[n].prev)
	}
}

// truncatedBy says that a server had told the client to come over TCP at that time (ns since the epoch).
func (l *Lookup) truncatedBy(server uint64, time int64) bool {
	return slices.ContainsFunc(l.Kept(), func(s Step) bool { return s.Truncated && s.Server == server && s.Time+s.RTT <= time })
}

// awaitsTCP says that the client was told to come over TCP, and is not known to have done so.
func (l *Lookup) awaitsTCP() bool {
	tc := false
	for i := range l.Kept() {
		s := &l.Steps[i]
		if s.TCP || s.good() {
			return false
		}
		tc = tc || s.Truncated
	}
	return tc && !l.refused
}

// tcpPatience is how many times the usual one a lookup waits that has been told to come over TCP: that a SYN gets no answer is known a timeout after the
// last one, and clients send it again for some seconds.
const tcpPatience = 3

// sweep ends the lookups that have waited long enough. They stand nearly in the order of their last change.
func (t *Tracker) sweep(now int64) {
	for n := t.table.oldest(); n != 0; {
		e := &t.table.list[n]
		next, age := uint32(e.next), now-e.last
		if age <= t.window && age >= -2*t.window {
			return
		}
		if age < 0 || !t.waits(e, age) {
			t.end(n)
		}
		n = next
	}
}

// waits says that a lookup whose usual time is over is waited for: its transactions have their own timeout.
func (t *Tracker) waits(e *entry, age int64) bool {
	if e.story == 0 {
		return age <= 2*t.window && e.bits&bitsEnded == 0
	}
	l := &t.stories[e.story]
	return l.open > 0 && age <= 2*t.window || age <= tcpPatience*t.window && l.awaitsTCP()
}

// end takes a lookup out that nothing more is expected of.
func (t *Tracker) end(n uint32) {
	switch e := &t.table.list[n]; {
	case e.story != 0:
		if l := &t.stories[e.story]; !l.counted {
			t.count(l, false)
		}
	case e.bits&bitsEnded != 0: // judge has nothing to say of it
		t.single.first(e, t.failed[n], nil)
		t.counts.Total++
		t.counts.Failed++
		t.out.Settled(&t.single, false)
	} // else it has had no transaction of its own: its query was one that had been answered, sent again
	t.remove(n)
}

func (t *Tracker) forget(n uint32) {
	if e := &t.table.list[n]; e.story == 0 || !t.stories[e.story].counted {
		t.counts.Forgotten++
	}
	t.remove(n)
}

func (t *Tracker) remove(n uint32) {
	e := &t.table.list[n]
	if e.story != 0 {
		t.free = append(t.free, e.story)
		t.stories[e.story].Client = packet.Addr{} // of none
	}
	_, at := t.table.find(e.key)
	t.table.remove(n, at)
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
	if l.Tries > 1 || !answered {
		t.judge(l)
	} else if !t.every {
		return
	}
	t.out.Settled(l, answered)
}

// Counts returns what became of the lookups so far; those that are not settled are pending.
func (t *Tracker) Counts() Counts {
	c := t.counts
	for n := t.table.oldest(); n != 0; n = uint32(t.table.list[n].next) {
		if story := t.table.list[n].story; story == 0 || !t.stories[story].counted {
			c.Pending++
		}
	}
	return c
}
