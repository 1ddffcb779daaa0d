package watch

import (
	"time"

	"github.com/dnssniff/dnssniff/analyze"
	"github.com/dnssniff/dnssniff/analyze/diagnose"
)

// How often a live line is diagnosed, by the wall: not more often than this, and for at most one in so many parts of the time.
const (
	diagnosed     = 3 * time.Second
	diagnoseShare = 50
)

// diagnoser finds what is behind what is wrong in the last minutes of a live line, and follows it.
type diagnoser struct {
	tracker diagnose.Tracker
	ongoing []diagnose.Ongoing // shared by snapshots: it is not changed, but made anew
	next    time.Time          // by the wall: not before
	last    bool               // the end was diagnosed
	took    func(begun time.Time) time.Duration
}

// step diagnoses the last five minutes if it is time: once more at the end.
func (d *diagnoser) step(a *aggregator, wall time.Time) {
	if !a.windows.any || d.last || wall.Before(d.next) && !a.finished {
		return
	}
	d.last = a.finished
	begun := time.Now()
	now := a.now()
	sums, stats, _ := a.windows.span(FiveMinutes, now)
	_, found := analyze.Diagnose(sums, &stats)
	events := d.tracker.Take(time.Unix(0, now).UTC(), found)
	d.ongoing = d.tracker.Ongoing()
	d.next = wall.Add(max(diagnosed, diagnoseShare*d.took(begun)))
	if tell := a.w.options.Events; tell != nil {
		for _, e := range events {
			tell(e)
		}
	}
}
