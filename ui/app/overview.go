package app

import (
	"fmt"
	"time"

	"github.com/dnssniff/dnssniff/analyze"
	"github.com/dnssniff/dnssniff/analyze/watch"
	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/ui/text"
)

// overview says what is going on.
func overview(s *scene) []pane {
	panes := []pane{
		s.findings(),
		{id: "rcodes", sheet: rcodes(s), atLeast: 4},
		{id: "series", lines: s.series},
		{id: "outcomes", sheet: outcomes(s), side: true},
	}
	if a := anomalyList(s); a.len() > 0 {
		panes = append(panes, pane{id: "top anomalies", sheet: a, side: true})
	}
	return panes
}

// rcodes is the table of response codes.
func rcodes(s *scene) sheet {
	var total uint64
	for _, r := range s.RCODEs {
		total += r.Count
	}
	note := "% of " + text.Count(total, "response")
	over, trend := s.seconds(), "over time"
	rate := func(r watch.RCODE) float64 { return float64(r.Count) / over }
	if s.live {
		over, trend = s.Rates.Over.Seconds(), "last minute"
		rate = func(r watch.RCODE) float64 { return r.Rate }
	}
	if over > 0 && !s.Reduced {
		note += "; rates over " + text.Span(over, s.ascii)
	} else {
		rate = func(watch.RCODE) float64 { return 0 }
	}
	newest := s.newest()
	last := func(r watch.RCODE) time.Time {
		if t, ok := newest[r.Code]; ok {
			return t
		}
		return r.Last
	}
	return &list[watch.RCODE]{
		name: "Response codes", note: note + s.ofHeld(), rows: s.RCODEs,
		id: func(r watch.RCODE) string { return r.Name },
		lead: func(r watch.RCODE) target {
			return target{crumb: r.Name, conds: []cond{byRCODE(r.Name)}, screen: clientsScreen, guide: []string{r.Name}}
		},
		fields: []field[watch.RCODE]{
			{column: column{title: "RCODE", flex: wordsMin}, text: func(r watch.RCODE) string { return r.Name }, look: func(r watch.RCODE) style { return rcodeStyle(r.Code) }},
			{column: column{title: "code", right: true, rank: 4}, text: func(r watch.RCODE) string { return fmt.Sprint(r.Code) }, number: func(r watch.RCODE) float64 { return -float64(r.Code) }},
			{column: column{title: "responses", right: true}, text: func(r watch.RCODE) string { return text.Number(r.Count) }, number: func(r watch.RCODE) float64 { return float64(r.Count) }},
			{column: column{title: "share", right: true}, text: func(r watch.RCODE) string { return text.Percent(r.Count, total) }, number: func(r watch.RCODE) float64 { return float64(r.Count) }},
			{column: column{title: "rate", right: true, rank: 2, optional: true}, text: func(r watch.RCODE) string { return text.PerSecond(rate(r)) }, number: rate},
			{column: column{title: trend, trend: true, rank: 3, optional: true}, counts: s.trend, look: func(watch.RCODE) style { return accent }},
			{column: column{title: "last seen", right: true, rank: 1}, text: func(r watch.RCODE) string { return s.lastSeen(last(r)) }, number: func(r watch.RCODE) float64 { return float64(last(r).UnixNano()) }},
		},
	}
}

// newest returns when each code was last seen among the newest transactions, to the nanosecond. A snapshot tells of the others, to its own grain.
func (s *scene) newest() map[uint16]time.Time {
	out := map[uint16]time.Time{}
	for _, r := range s.Records {
		if !r.HasResponse {
			continue
		}
		at := r.Time
		if r.HasQuery {
			at = at.Add(r.RTT)
		}
		if at.After(out[r.RCODE]) {
			out[r.RCODE] = at
		}
	}
	return out
}

// trend is how often a code comes: in the last minute on a live line, in all its time in a file, for the codes that have a series.
func (s *scene) trend(r watch.RCODE) []uint64 {
	if s.live {
		return r.Trend
	}
	return s.Report.Series.RCODEs[r.Name]
}

// seconds is what rates of the tables are over.
func (s *scene) seconds() float64 {
	if s.Narrowed {
		return s.Taken.Sub(s.From).Seconds()
	}
	return s.Report.Messages.Duration
}

func rcodeStyle(code uint16) style {
	switch code {
	case 0:
		return good
	case 3:
		return warn
	}
	return bad
}

// lastSeen says when something was seen last: ago on a live line, the time of day in a file.
func (s *scene) lastSeen(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	ago := s.Taken.Sub(t)
	switch {
	case !s.live:
		return s.clock(t)
	case ago < 2*time.Second:
		return "now"
	case ago < time.Minute:
		return fmt.Sprintf("%d s ago", int(ago.Seconds()))
	}
	return text.Span(ago.Seconds(), s.ascii) + " ago"
}

// clock returns a time of day, with the date where the snapshot is of more than a day.
func (s *scene) clock(t time.Time) string {
	if s.Taken.Sub(s.From) > 24*time.Hour {
		return t.UTC().Format("01-02 15:04:05")
	}
	return t.UTC().Format("15:04:05")
}

// ofHeld says what a narrowed table is of.
func (s *scene) ofHeld() string {
	if !s.Narrowed {
		return ""
	}
	return "; among the last " + text.Count(s.Held, "transaction")
}

// outcome is a line of what became of queries.
type outcome struct {
	what string
	n    uint64
	of   uint64
	note string
	look style
	cond *cond
}

// outcomes says what became of the queries, and what clients went through for their answers.
func outcomes(s *scene) sheet {
	x := s.Report.Transactions
	settled := x.Answered + x.Unanswered
	var rows []outcome
	add := func(what string, n, of uint64, note string, look style, c *cond) {
		if n > 0 {
			rows = append(rows, outcome{what, n, of, note, look, c})
		}
	}
	status := func(what string, st decode.Status, n, of uint64, note string, look style) {
		c := byStatus(st)
		add(what, n, of, note, look, &c)
	}
	lost, lostLook := "no response within "+s.timeout(), bad
	switch s.oneWay() {
	case analyze.OnlyQueries:
		settled, lost, lostLook = 0, "only queries were captured", plain
	case analyze.OnlyResponses:
		settled = 0
	}
	status("answered", decode.Answered, x.Answered, settled, "", good)
	status("unanswered", decode.Unanswered, x.Unanswered, settled, lost, lostLook)
	status("pending", decode.Pending, x.Pending, 0, "still open; in no share", plain)
	add("retransmitted", x.Retransmitted, 0, "queries sent again while open", plain, nil)
	status("late", decode.Late, x.Late, 0, "responses after more than "+s.timeout(), warn)
	status("unsolicited", decode.Unsolicited, x.Unsolicited, 0, "responses without a query", warn)
	status("duplicate", decode.Duplicate, x.DuplicateResponses, 0, "second responses, the same bytes", plain)
	status("conflicting", decode.Conflicting, x.ConflictingResponses, 0, "second responses, other bytes", plain)
	status("mismatched", decode.Mismatched, x.Mismatched, 0, "another address or question than asked", bad)
	rows = append(rows, lookups(s)...)
	note := ""
	if settled > 0 {
		note = "% of " + text.Number(settled) + " settled"
	}
	if l := s.Report.Lookups; l.Total > 0 && !s.Narrowed {
		note += "; lookups: % of " + text.Number(l.Total)
	}
	return &list[outcome]{
		name: "Transactions and lookups", note: note, rows: rows, id: func(o outcome) string { return o.what },
		lead: func(o outcome) target {
			t := target{guide: pagesOf(o.what)}
			if o.cond != nil {
				t.crumb, t.conds, t.screen = o.cond.crumb, []cond{*o.cond}, transactionsScreen
			}
			return t
		},
		fields: []field[outcome]{
			{column: column{title: "outcome", flex: wordsMin}, text: func(o outcome) string { return o.what }, look: func(o outcome) style { return o.look }},
			{column: column{title: "count", right: true}, text: func(o outcome) string { return text.Number(o.n) }, number: func(o outcome) float64 { return float64(o.n) }},
			{column: column{title: "share", right: true, optional: true}, text: func(o outcome) string { return text.Percent(o.n, o.of) }, number: func(o outcome) float64 { return float64(o.n) / max(float64(o.of), 1) }},
			{column: column{title: "", flex: wordsMin, rank: 2, optional: true}, text: func(o outcome) string { return o.note }, look: func(outcome) style { return dim }},
		},
	}
}

// lookups are the lines of what one client tried for one question.
func lookups(s *scene) (rows []outcome) {
	l := s.Report.Lookups
	if l.Retried+l.Failed == 0 || s.oneWay() != "" || s.Narrowed {
		return nil
	}
	add := func(what string, n uint64, note string, look style) {
		if n > 0 {
			rows = append(rows, outcome{what: what, n: n, of: l.Total, note: note, look: look})
		}
	}
	add("lookups failed", l.Failed, "no answer to any try", bad)
	add("lookups retried", l.Retried, "more than one transaction for the question", plain)
	add("TCP after UDP", l.TCPFallback, "", plain)
	for _, e := range ranked(l.SolvedBy) {
		add("answered "+text.SolvedBy(e.key), e.n, "by a later try", plain)
	}
	return rows
}

func (s *scene) timeout() string {
	if t := s.Report.Settings.Timeout; t > 0 {
		return text.Bound(t*1000, s.ascii)
	}
	return "the timeout"
}

// series draws queries and failures over time, each line to its own scale.
func (s *scene) series(width int) []line {
	r := s.Report.Series
	const labels, peaks = 12, 24
	room := min(max(width-labels-peaks-gutter, 8), 120)
	buckets := len(r.Queries)
	if buckets < 2 || !(r.Width > 0) {
		return nil
	}
	per := (buckets + room - 1) / room
	out := []line{{{"Over time", bold}, {"  a column is " + text.Span(r.Width*float64(per), s.ascii) + ", each line has its own scale", dim}}}
	for _, l := range seriesLines(s.Report) {
		most := peak(l.counts)
		if most == 0 {
			continue
		}
		out = append(out, line{{spaces(gutter) + pad(s.cut(s.clean(l.label), labels-1), labels), l.look}, {pad(text.Spark(l.counts, room, s.ascii), min(room, (buckets+per-1)/per)), accent},
			{"  peak " + text.PerSecond(float64(most)/r.Width), dim}})
	}
	if len(out) == 1 {
		return nil
	}
	return out
}

type seriesLine struct {
	label  string
	counts []uint64
	look   style
}

// seriesLines are the queries, and what failed of them: the commonest failures.
func seriesLines(r *analyze.Report) []seriesLine {
	lines := []seriesLine{{"queries", r.Series.Queries, plain}}
	if len(r.Series.Queries) == 0 || peak(r.Series.Queries) == 0 {
		lines = []seriesLine{{"responses", r.Series.Responses, plain}}
	}
	if r.Source.OneWay == "" {
		lines = append(lines, seriesLine{"unanswered", r.Series.Unanswered, bad})
	}
	totals := map[string]uint64{}
	for code, counts := range r.Series.RCODEs {
		for _, n := range counts {
			if code != "NOERROR" {
				totals[code] += n
			}
		}
	}
	codes := ranked(totals)
	for _, c := range codes[:min(len(codes), 4)] {
		st := bad
		if c.key == "NXDOMAIN" {
			st = warn
		}
		lines = append(lines, seriesLine{c.key, r.Series.RCODEs[c.key], st})
	}
	return lines
}

func peak(counts []uint64) (most uint64) {
	for _, n := range counts {
		most = max(most, n)
	}
	return most
}
