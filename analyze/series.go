package analyze

import (
	"time"
)

// seriesBuckets is the largest number of buckets of a series; the width grows in the steps of widths to keep it.
const seriesBuckets = 600

// widths are the bucket widths in ns. Each divides the next, so that buckets only ever join, and series of different width merge exactly.
func widths() []int64 {
	day := int64(24 * time.Hour)
	return []int64{1e6, 1e7, 1e8, 1e9, 1e10, 60e9, 600e9, 3600e9, 6 * 3600e9, day, 10 * day, 100 * day, 1000 * day, 10000 * day}
}

// maxTime is where later times are counted, in ns since the epoch (the year 2116): bucket bounds beyond it would overflow.
const maxTime = 1 << 62

// seriesRCODEs is the number of RCODEs with a series of their own; the others are counted together.
const seriesRCODEs = inlineRCODEs

// bucket is what is counted in one stretch of time.
type bucket struct {
	queries, responses, unanswered uint64
	rcodes                         [seriesRCODEs + 1]uint64
}

func (b *bucket) add(o *bucket) {
	b.queries += o.queries
	b.responses += o.responses
	b.unanswered += o.unanswered
	for i := range b.rcodes {
		b.rcodes[i] += o.rcodes[i]
	}
}

// series counts over time. Bucket i covers times (first+i)*width up to (first+i+1)*width, in ns since the epoch.
type series struct {
	widths  []int64
	level   int
	first   int64
	buckets []bucket
	// the bucket used last
	from, to int64
	current  *bucket
}

func newSeries() *series { return &series{widths: widths()} }

// at returns the bucket of a time. It is valid until the next call.
func (s *series) at(t int64) *bucket {
	if t >= s.from && t < s.to && s.current != nil {
		return s.current
	}
	t = min(max(t, 0), maxTime)
	s.cover(t, t)
	w := s.widths[s.level]
	n := floorDiv(t, w)
	s.from, s.to, s.current = n*w, (n+1)*w, &s.buckets[n-s.first]
	return s.current
}

// cover makes the series reach over the times from a to b, with wider buckets if it must.
func (s *series) cover(a, b int64) {
	s.current = nil
	for {
		w := s.widths[s.level]
		lo, hi := floorDiv(a, w), floorDiv(b, w)
		if len(s.buckets) > 0 {
			lo, hi = min(lo, s.first), max(hi, s.first+int64(len(s.buckets))-1)
		}
		if hi-lo < seriesBuckets {
			s.reach(lo, hi)
			return
		}
		s.coarsen()
	}
}

// reach makes the series have the buckets from lo to hi. Room that it has is used again.
func (s *series) reach(lo, hi int64) {
	had, n := len(s.buckets), int(hi-lo+1)
	if had > 0 && lo == s.first && n == had {
		return
	}
	if n <= cap(s.buckets) && (had == 0 || lo == s.first) {
		s.first, s.buckets = lo, s.buckets[:n]
		clear(s.buckets[had:])
		return
	}
	grown := make([]bucket, n, max(n, min(2*n, seriesBuckets)))
	if had > 0 {
		copy(grown[s.first-lo:], s.buckets)
	}
	s.first, s.buckets = lo, grown
}

// coarsen goes to the next width, joining buckets where they are.
func (s *series) coarsen() {
	ratio := s.widths[s.level+1] / s.widths[s.level]
	s.level++
	if len(s.buckets) == 0 {
		return
	}
	first, last := floorDiv(s.first, ratio), int64(-1)
	for i := range s.buckets {
		at := floorDiv(s.first+int64(i), ratio) - first // never after i
		if at == last {
			s.buckets[at].add(&s.buckets[i])
			continue
		}
		s.buckets[at], last = s.buckets[i], at
	}
	s.first, s.buckets = first, s.buckets[:last+1]
}

// reset makes the series empty; its room stays.
func (s *series) reset() {
	*s = series{widths: s.widths, buckets: s.buckets[:0]}
}

func (s *series) merge(o *series) {
	if len(o.buckets) == 0 {
		return
	}
	for s.level < o.level {
		s.coarsen()
	}
	w := o.widths[o.level]
	s.cover(o.first*w, (o.first+int64(len(o.buckets)))*w-1)
	for i := range o.buckets {
		s.buckets[floorDiv((o.first+int64(i))*w, s.widths[s.level])-s.first].add(&o.buckets[i])
	}
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
