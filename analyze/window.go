package analyze

import (
	"math"

	"github.com/dnssniff/dnssniff/analyze/diagnose"
	"github.com/dnssniff/dnssniff/analyze/evidence"
	"github.com/dnssniff/dnssniff/decode"
)

// Diagnose returns what is behind what is wrong in summaries of one seed that are of the last of many messages, with the decoder's counts of that time,
// without all else that is in a report. The summaries are not changed.
func Diagnose(all []*Summary, st *decode.Stats) (diagnose.Vantage, []diagnose.Finding) {
	in := diagnose.Input{Facts: gathered(all), First: math.MaxInt64, Last: math.MinInt64, Window: true}
	var m Messages
	over := newSeries()
	for _, s := range all {
		m.add(&s.messages)
		over.merge(s.series)
		in.First, in.Last = min(in.First, s.first), max(in.Last, s.last)
	}
	if in.First > in.Last {
		in.First, in.Last = 0, 0
	}
	in.OneWay = m.oneWay()
	r := Report{Packets: packets(st), Series: over.report()}
	in.Load, in.Capture = r.Series.load(), r.captured(Options{})
	return diagnose.Find(in)
}

// gathered returns the evidence of all.
func gathered(all []*Summary) *evidence.Facts {
	collectors := make([]*evidence.Collector, len(all))
	for i, s := range all {
		collectors[i] = s.evidence
	}
	return evidence.Gather(collectors)
}

// oneWay says that there is one direction only, and which.
func (n *Messages) oneWay() string {
	switch {
	case n.Queries > 0 && n.Responses == 0:
		return OnlyQueries
	case n.Responses > 0 && n.Queries == 0:
		return OnlyResponses
	}
	return ""
}

// Resample makes the gathering of evidence take all there is again, until it is plenty. On a line that goes on for days what is rare would else be seen
// by chance only.
func (s *Summary) Resample() { s.evidence.Resample() }
