package diagnose

import (
	"cmp"
	"slices"
	"time"
)

// Bounds of a [Tracker], and its patience, in packet time.
const (
	mostOngoing = 64
	mostEnded   = 64
	// Quiet is for how long a finding has to be gone until it has ended. It doubles, up to quietMost, each time that a finding comes back within remembered.
	Quiet      = time.Minute
	quietMost  = 16 * time.Minute
	remembered = time.Hour // that a finding ended
	// Findings that are as sure as this begin at once, the others when they are in two lists in a row.
	sureAtOnce = 0.8
	// Changes are told no sooner than this after what was told before, but for a severity that rises.
	restful = 30 * time.Second
)

// Ongoing is a finding in the course of time. Times are packet times.
type Ongoing struct {
	Finding           // as it was found last
	Since   time.Time // when its first evidence was seen
	Updated time.Time // when a change was told; when it was started, where there was none
	Seen    time.Time // when its last evidence was seen
	Ended   time.Time // when its last evidence was seen, once it has ended; zero while it goes on
}

// Change is what happens to a finding.
type Change string

// The changes.
const (
	Started Change = "started"
	Updated Change = "updated" // in severity, by a tenth in confidence, or twice as many are affected
	Ended   Change = "ended"
)

// Event tells of a change.
type Event struct {
	Change  Change
	At      time.Time // packet time up to which was looked
	Ongoing           // a copy, which shares lists with those of the tracker
	Before  Finding   // as it was told before; valid iff Updated
}

// Tracker makes starts, changes and ends out of lists of findings, each list being that of the last minutes before some packet time. It follows at most 64
// findings, the worst, and remembers at most 64 that have ended. The zero Tracker is ready for use, by one goroutine at a time.
type Tracker struct {
	now    time.Time
	going  []*tracked
	ended  []*tracked // the last one last
	before []identity // of the list before
	lost   uint64
}

// identity is what makes two findings the same one, at other times.
type identity struct {
	id    string
	scope Scope
}

// tracked is a finding that is followed.
type tracked struct {
	identity
	Ongoing
	told  Finding // as it was told last, with the largest numbers
	quiet time.Duration
}

// identify leaves out of a finding's scope what it measures.
func identify(f *Finding) identity {
	s := f.Scope
	s.Skew = ""
	return identity{f.ID, s}
}

// Take takes the findings of the time up to now, the worst first, and returns what has changed, in that order, ends last. Time does not go backwards.
func (t *Tracker) Take(now time.Time, found []Finding) (all []Event) {
	if now.Before(t.now) {
		now = t.now
	}
	t.now = now
	t.ended = slices.DeleteFunc(t.ended, func(x *tracked) bool { return now.Sub(x.Ended) >= remembered })
	var list []identity
	for i := range found {
		f := &found[i]
		id := identify(f)
		if slices.Contains(list, id) || len(list) == mostOngoing+mostEnded {
			continue // the first of two is the worse one
		}
		list = append(list, id)
		if x := of(t.going, id); x != nil {
			all = append(all, t.again(x, f)...)
		} else if t.fresh(f) && (f.Confidence >= sureAtOnce || slices.Contains(t.before, id)) {
			all = append(all, t.start(id, f)...)
		}
	}
	t.before = list
	return append(all, t.expire()...)
}

func of(list []*tracked, id identity) *tracked {
	if i := slices.IndexFunc(list, func(x *tracked) bool { return x.identity == id }); i >= 0 {
		return list[i]
	}
	return nil
}

// seen is when a finding was seen last, as far as it tells.
func (t *Tracker) seen(f *Finding) time.Time {
	if f.Last.IsZero() || f.Last.After(t.now) {
		return t.now
	}
	return f.Last
}

// fresh says that what is found is not over.
func (t *Tracker) fresh(f *Finding) bool { return t.now.Sub(t.seen(f)) < Quiet }

// again takes in a finding that goes on.
func (t *Tracker) again(x *tracked, f *Finding) []Event {
	x.Finding = *f
	if s := t.seen(f); s.After(x.Seen) {
		x.Seen = s
	}
	if !x.changed(t.now) {
		return nil
	}
	e := Event{Change: Updated, At: t.now, Before: x.told}
	x.Updated, x.told = t.now, *f
	x.told.Affected, x.told.Clients = max(f.Affected, e.Before.Affected), max(f.Clients, e.Before.Clients)
	e.Ongoing = x.Ongoing
	return []Event{e}
}

// changed says that it is worth telling.
func (x *tracked) changed(now time.Time) bool {
	const aTenth = 0.1 - 1e-9
	f, told := &x.Finding, &x.told
	switch {
	case f.Severity.rank() > told.Severity.rank():
		return true
	case now.Sub(x.Updated) < restful:
		return false
	}
	moved := f.Confidence - told.Confidence
	return f.Severity != told.Severity || moved >= aTenth || moved <= -aTenth || doubled(f.Affected, told.Affected) || doubled(f.Clients, told.Clients)
}

func doubled[N uint64 | int](now, before N) bool { return now > 0 && now/2 >= before && now > before }

// start begins to follow a finding, in the place of one that matters less where there is no room.
func (t *Tracker) start(id identity, f *Finding) (all []Event) {
	if len(t.going) == mostOngoing {
		least := slices.MinFunc(t.going, func(a, b *tracked) int { return cmp.Compare(a.Severity.rank(), b.Severity.rank()) })
		if least.Severity.rank() >= f.Severity.rank() {
			t.lost++
			return nil
		}
		all = append(all, t.end(least))
	}
	x := &tracked{identity: id, told: *f, quiet: Quiet}
	x.Ongoing = Ongoing{Finding: *f, Since: t.since(f), Updated: t.now, Seen: t.seen(f)}
	if i := slices.IndexFunc(t.ended, func(x *tracked) bool { return x.identity == id }); i >= 0 {
		x.quiet = min(2*t.ended[i].quiet, quietMost)
		if end := t.ended[i].Ended; x.Since.Before(end) { // the evidence of before is still in the list
			x.Since = x.Seen
		}
		t.ended = slices.Delete(t.ended, i, i+1)
	}
	t.going = append(t.going, x)
	return append(all, Event{Change: Started, At: t.now, Ongoing: x.Ongoing})
}

func (t *Tracker) since(f *Finding) time.Time {
	if s := t.seen(f); f.First.IsZero() || f.First.After(s) {
		return s
	}
	return f.First
}

// expire ends what is gone.
func (t *Tracker) expire() (all []Event) {
	for _, x := range slices.Clone(t.going) {
		if t.now.Sub(x.Seen) >= x.quiet {
			all = append(all, t.end(x))
		}
	}
	return all
}

// end puts a finding among those that have ended.
func (t *Tracker) end(x *tracked) Event {
	x.Ended = x.Seen
	t.going = slices.DeleteFunc(t.going, func(y *tracked) bool { return x == y })
	if len(t.ended) == mostEnded {
		t.ended = slices.Delete(t.ended, 0, 1)
	}
	t.ended = append(t.ended, x)
	return Event{Change: Ended, At: t.now, Ongoing: x.Ongoing}
}

// Ongoing returns what goes on, the worst first, and then what has ended, the last one first. The list is the caller's; lists in it are shared.
func (t *Tracker) Ongoing() []Ongoing {
	out := make([]Ongoing, 0, len(t.going)+len(t.ended))
	for _, x := range t.going {
		out = append(out, x.Ongoing)
	}
	slices.SortStableFunc(out, func(a, b Ongoing) int { return worse(a.Finding, b.Finding) })
	for _, x := range slices.Backward(t.ended) {
		out = append(out, x.Ongoing)
	}
	return out
}

// Lost counts findings that were not followed because there were worse ones: one that is found again counts again.
func (t *Tracker) Lost() uint64 { return t.lost }
