package watch

import (
	"slices"
	"sync"
	"time"

	"github.com/dnssniff/dnssniff/analyze"
)

// Bounds on earlier snapshots: an hour of them, of about 80 KiB each where all tables are full, so 30 MiB.
const (
	historyStep    = 10 * time.Second // of packet time
	historyLength  = 360
	historyRows    = 30
	historyBuckets = 60
)

// history holds earlier snapshots, newest last.
type history struct {
	mu   sync.Mutex
	list []*Snapshot
}

// due says that the newest is a step older than a packet time.
func (h *history) due(now int64) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return now > 0 && (len(h.list) == 0 || now-h.list[len(h.list)-1].Taken.UnixNano() >= historyStep.Nanoseconds())
}

func (h *history) add(s *Snapshot) {
	r := reduced(s)
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.list) == historyLength {
		h.list = slices.Delete(h.list, 0, 1)
	}
	h.list = append(h.list, r)
}

func (h *history) back(n int) *Snapshot {
	h.mu.Lock()
	defer h.mu.Unlock()
	if n > len(h.list) {
		return nil
	}
	return h.list[len(h.list)-n]
}

// reduced returns a snapshot with short tables and without records.
func reduced(s *Snapshot) *Snapshot {
	out := *s
	out.Reduced, out.Records, out.Slowest, out.Unanswered = true, nil, nil, nil
	r := *s.Report
	for _, rows := range [...]*[]analyze.Row{&r.Clients, &r.Servers, &r.Names, &r.Zones} {
		*rows = slices.Clone((*rows)[:min(len(*rows), historyRows)])
	}
	out.Ongoing = slices.Clone(out.Ongoing[:min(len(out.Ongoing), historyRows/3)])
	r.Findings = slices.Clone(r.Findings[:min(len(r.Findings), historyRows/3)])
	r.Offenders = slices.Clone(r.Offenders[:min(len(r.Offenders), historyRows/3)])
	r.FormErrors.Servers = slices.Clone(r.FormErrors.Servers[:min(len(r.FormErrors.Servers), historyRows/3)])
	r.Series = thinned(r.Series)
	out.Report = &r
	return &out
}

// thinned joins buckets of a series until there are few.
func thinned(s analyze.Series) analyze.Series {
	by := (len(s.Queries) + historyBuckets - 1) / historyBuckets
	if by <= 1 {
		return s
	}
	s.Width *= float64(by)
	s.Queries, s.Responses, s.Unanswered = joined(s.Queries, by), joined(s.Responses, by), joined(s.Unanswered, by)
	codes := make(map[string][]uint64, len(s.RCODEs))
	for name, values := range s.RCODEs {
		codes[name] = joined(values, by)
	}
	s.RCODEs = codes
	return s
}

func joined(values []uint64, by int) []uint64 {
	out := make([]uint64, (len(values)+by-1)/by)
	for i, v := range values {
		out[i/by] += v
	}
	return out
}
