package watch

import (
	"cmp"
	"slices"
	"time"

	"github.com/dnssniff/dnssniff/analyze"
	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/mnemonic"
)

// share is the part of the time that may go into tables: one in so many.
const share = 5

// over is what rates are taken over, at least (ns).
const over = int64(5 * time.Second)

// builder makes snapshots when they are due.
type builder struct {
	a       *aggregator
	number  uint64
	sum     *analyze.Summary // for those that match
	made    time.Time        // the last snapshot, by the wall
	request *request         // that it was made for
	last    bool             // it is that of the end
	tabled  time.Time        // when its tables were made, packet time
	report  *analyze.Report
	next    time.Time // by the wall: not before are tables made anew
	cost    time.Duration
}

// step makes a snapshot if it is time.
func (b *builder) step(wall time.Time) {
	a := b.a
	asked := a.w.asked.Load()
	recalled := a.windows.any && a.w.history.due(a.now())
	another := a.w.request.Load() != b.request
	end := a.finished && !b.last
	switch {
	case another || end:
	case wall.Sub(b.made) < a.w.options.Interval:
		return
	case !asked && !recalled:
		return
	case b.last && wall.Before(b.next), b.last && b.current():
		return
	}
	a.w.asked.Store(false)
	s := a.publish(wall)
	if recalled {
		a.w.history.add(s)
	}
}

// current says that a snapshot of the end has tables of the end.
func (b *builder) current() bool { return b.tabled.Equal(b.a.w.newest.Load().Taken) }

// publish makes the newest snapshot.
func (a *aggregator) publish(wall time.Time) *Snapshot {
	s := a.builder.build(wall)
	a.w.newest.Store(s)
	return s
}

func (b *builder) build(wall time.Time) *Snapshot {
	a := b.a
	r := a.w.request.Load()
	if r != b.request {
		b.report = nil
		a.ring.narrow(r.where)
	}
	b.request, b.made, b.last = r, wall, a.finished
	b.number++
	now := a.now()
	s := &Snapshot{Number: b.number, Span: r.span, Where: r.where, Narrowed: r.where != nil, Held: a.ring.held, Dropped: a.ring.dropped + a.missed,
		Missed: a.missed, Done: a.finished}
	if a.windows.any {
		s.Taken = time.Unix(0, now).UTC()
	}
	s.Ongoing = a.findings.ongoing
	b.fill(s, now, wall)
	return s
}

// fill makes report and lists. Tables are made anew if they took little enough of the time since the last ones.
func (b *builder) fill(s *Snapshot, now int64, wall time.Time) {
	a := b.a
	due := b.report == nil || a.finished && !b.tabled.Equal(s.Taken) && b.cost < time.Second || !wall.Before(b.next)
	since := beginningOf(s.Span, now)
	begun := time.Now()
	sums, stats, from := a.windows.span(s.Span, now)
	o := analyze.Options{Top: a.w.options.Rows, Workers: 1}
	if !due {
		o.Tables = b.report
	}
	v := b.look(since, s.Narrowed && due)
	switch {
	case s.Narrowed && due:
		s.Report = analyze.Build([]*analyze.Summary{v.sum}, &decode.Stats{Retransmitted: v.retransmitted}, a.w.options.Source, o)
	case s.Narrowed:
		s.Report = b.report
	default:
		if a.windows.any && s.Span != All {
			stats.First, stats.Last = from, now
		}
		s.Report = analyze.Build(sums, &stats, a.w.options.Source, o)
	}
	if due {
		b.tabled, b.cost = s.Taken, time.Since(begun)
		b.next = wall.Add(share * b.cost)
	}
	b.report, s.Tabled = s.Report, b.tabled
	if a.windows.any {
		s.From = time.Unix(0, from).UTC()
	}
	s.Approximate = s.Report.Distinct.Approximate
	s.Matching = v.matching
	s.Records, s.Slowest, s.Unanswered = v.newest.records(&v.reader), v.slowest.records(&v.reader), v.unanswered.records(&v.reader)
	slices.Reverse(s.Slowest)
	s.Rates = b.rates(now)
	s.RCODEs = b.rcodes(s, v, now)
}

// beginningOf returns the time before which nothing is in a span.
func beginningOf(s Span, now int64) int64 {
	if s == All {
		return beginning
	}
	return now - s.Duration().Nanoseconds()
}

// view is what the held records show.
type view struct {
	newest, slowest, unanswered choice
	matching, retransmitted     uint64
	sum                         *analyze.Summary // of those that match; nil unless asked for
	last                        map[uint16]int64 // when each response code was last seen, likewise
	reader                      reader
}

// look goes through the records that match and are not older than since.
func (b *builder) look(since int64, count bool) *view {
	a := b.a
	v := &view{newest: choice{most: a.w.options.Records}, slowest: choice{most: listed}, unanswered: choice{most: listed}}
	if count {
		if b.sum == nil {
			b.sum = analyze.NewSum(a.seed, slotLimits(fifths(1<<18)))
		}
		b.sum.Reset()
		v.sum, v.last = b.sum, map[uint16]int64{}
	}
	a.ring.each(since, func(h held) {
		v.matching++
		v.newest.offer(h.time(), h)
		switch h.status() {
		case decode.Answered:
			v.slowest.offer(h.rtt(), h)
		case decode.Unanswered:
			v.unanswered.offer(h.time(), h)
		}
		if count {
			v.count(h)
		}
	})
	return v
}

func (v *view) count(h held) {
	r := v.reader.read(h)
	v.sum.Record(r)
	if r.HasResponse {
		v.last[r.RCODE] = max(v.last[r.RCODE], h.time()+int64(r.RTT))
	}
	switch r.Status {
	case decode.Answered, decode.Unanswered, decode.Pending:
		v.retransmitted += uint64(r.Retransmissions)
	}
}

// rates are of the last seconds.
func (b *builder) rates(now int64) (r Rates) {
	sums, stats, from, to := b.a.windows.recent(now, over)
	if to <= from {
		return r
	}
	x := analyze.Build(sums, &stats, analyze.Source{}, analyze.Options{Tables: new(analyze.Report)})
	r.Over = max(time.Duration(to-from), time.Second)
	per := func(n uint64) float64 { return float64(n) / r.Over.Seconds() }
	r.Packets, r.Messages, r.Queries, r.Responses = per(stats.Packets), per(x.Messages.Total), per(x.Messages.Queries), per(x.Messages.Responses)
	t := &x.Transactions
	if r.Settled = t.Answered + t.Unanswered; r.Settled > 0 {
		r.Answered = float64(t.Answered) / float64(r.Settled)
	}
	ms := func(v float64) time.Duration { return time.Duration(v * 1e6) }
	r.P50, r.P95, r.Measured = ms(x.Latency.P50), ms(x.Latency.P95), x.Latency.Count
	r.rcodes = x.RCODEs
	return r
}

// rcodes makes the table of response codes.
func (b *builder) rcodes(s *Snapshot, v *view, now int64) []RCODE {
	out := make([]RCODE, 0, len(s.Report.RCODEs))
	for name, n := range s.Report.RCODEs {
		code, _ := mnemonic.ParseRCODE(name)
		x := RCODE{Code: code, Name: name, Count: n}
		if t := b.a.trends[code]; t != nil && !s.Narrowed {
			x.Last, x.Trend = time.Unix(0, t.last).UTC(), t.until(max(now-1, 0)/1e9)
			x.Rate = float64(s.Rates.rcodes[name]) / max(s.Rates.Over.Seconds(), 1)
		}
		if last, ok := v.last[code]; ok {
			x.Last = time.Unix(0, last).UTC()
		}
		out = append(out, x)
	}
	slices.SortFunc(out, func(a, b RCODE) int { return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Code, b.Code)) })
	return out
}
