package analyze

import (
	"github.com/dnssniff/dnssniff/analyze/lookup"
	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/anomaly"
)

// Transaction counts what became of a query or a response.
func (s *Summary) Transaction(t *decode.Transaction) {
	if n := s.tx.of(t.Status); n != nil {
		*n++
	}
	for i := range t.Anomalies {
		s.anomaly.inc(uint16(t.Anomalies[i].ID))
	}
	s.evidence.Transaction(t)
	switch t.Status {
	case decode.Answered:
		s.answered(t)
		s.lookups.Settle(t)
	case decode.Unanswered:
		s.unanswered(t)
		s.lookups.Settle(t)
	case decode.Unsolicited, decode.Mismatched:
		if s.habits.flood(t.Response) {
			s.anomaly.inc(uint16(idFlood))
			s.evidence.Habit(idFlood, t.Response)
		}
	}
}

func (n *Transactions) of(st decode.Status) *uint64 {
	switch st {
	case decode.Answered:
		return &n.Answered
	case decode.Unanswered:
		return &n.Unanswered
	case decode.Pending:
		return &n.Pending
	case decode.Unsolicited:
		return &n.Unsolicited
	case decode.Duplicate:
		return &n.DuplicateResponses
	case decode.Conflicting:
		return &n.ConflictingResponses
	case decode.Mismatched:
		return &n.Mismatched
	case decode.Late:
		return &n.Late
	}
	return nil
}

func (s *Summary) answered(t *decode.Transaction) {
	if t.Response.RCODE() == rcodeFormErr {
		s.formErrs.response(t)
	}
	if t.Query.Options&hasCookie != 0 {
		s.cookie(t)
	}
	s.measured(t.RTT)
}

// measured counts the time that an answer took (ns).
func (s *Summary) measured(rtt int64) {
	if rtt < 0 {
		s.tx.Reordered++
		return
	}
	_ = s.latency.RecordValue(min(rtt, maxLatency)) // fails only above maxLatency
	s.slowest = max(s.slowest, rtt)
	s.total += uint64(rtt)
}

// RFC 7873: the code of a cookie, its bit of EDNS.Has, and the shortest one with a server's part, in bytes (section 4).
const (
	optionCookie = 10
	hasCookie    = 1 << optionCookie
	serverCookie = 16
)

// cookie notes that a server has cookies, or that one that has gave none to a query with one. A cookie without a server's part is an echo (O17) of
// what the server does not know.
func (s *Summary) cookie(t *decode.Transaction) {
	r := s.servers.find(t.Response.ServerHash)
	switch {
	case r == nil:
	case t.Response.HasOPT && t.Response.EDNS.Has&hasCookie != 0:
		if o, _ := t.Response.EDNS.Option(optionCookie); len(o.Data) >= serverCookie {
			r.flags |= sendsCookies
		}
	case r.flags&sendsCookies != 0 && !t.Response.Cut && !t.Response.Malformed:
		s.anomaly.inc(uint16(cookieStopped))
	}
}

// Anomaly implements [lookup.Listener].
func (s *Summary) Anomaly(id anomaly.ID, l *lookup.Lookup) {
	s.anomaly.inc(uint16(id))
	s.evidence.LookupAnomaly(id, l)
}

// Settled implements [lookup.Listener].
func (s *Summary) Settled(l *lookup.Lookup, answered bool) { s.evidence.Lookup(l, answered) }

func (s *Summary) unanswered(t *decode.Transaction) {
	s.series.at(t.Query.Time).unanswered++
	inc(&address(s.clients, decode.HashAddr(s.seed, &t.Client), &t.Client).unanswered)
	inc(&address(s.servers, decode.HashAddr(s.seed, &t.Server), &t.Server).unanswered)
	if t.Query.HasQuestion {
		if r := s.names.find(t.Query.NameHash); r != nil {
			inc(&r.unanswered)
		}
	}
}
