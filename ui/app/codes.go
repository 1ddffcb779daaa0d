package app

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/dnssniff/dnssniff/analyze"
	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/decode/mnemonic"
	"github.com/dnssniff/dnssniff/ui/text"
)

func byUnanswered() cond { return byStatus(decode.Unanswered) }

// shares is the table of named counts with their share of a whole.
type shares struct {
	id, title, note, noun, what string
	entries                     []counted
	of                          uint64
	seconds                     float64
	by                          func(string) *cond
	next                        screenID
}

func (s shares) pane() pane {
	most := uint64(1)
	if len(s.entries) > 0 {
		most = s.entries[0].n
	}
	return pane{id: s.id, sheet: &list[counted]{
		name: s.title, note: s.note, rows: s.entries, id: func(e counted) string { return e.key },
		lead: func(e counted) target {
			if c := s.by(e.key); c != nil {
				return target{crumb: c.crumb, conds: []cond{*c}, screen: s.next}
			}
			return target{}
		},
		fields: []field[counted]{
			{column: column{title: s.noun, flex: keyMin}, text: func(e counted) string { return e.key }},
			{column: column{title: s.what, right: true}, text: func(e counted) string { return text.Number(e.n) }, number: func(e counted) float64 { return float64(e.n) }},
			{column: column{title: "share", right: true, optional: true}, text: func(e counted) string { return text.Percent(e.n, s.of) }, number: func(e counted) float64 { return float64(e.n) }},
			{column: column{title: "rate", right: true, rank: 2, optional: true}, text: func(e counted) string { return perSecond(e.n, s.seconds) }, number: func(e counted) float64 { return float64(e.n) }},
			{column: column{bar: true, rank: 1}, share: func(e counted) float64 { return ratio(e.n, most) }, look: func(counted) style { return accent }},
		},
	}}
}

func perSecond(n uint64, seconds float64) string {
	if !(seconds > 0) {
		return ""
	}
	return text.PerSecond(float64(n) / seconds)
}

func pointer(c cond) *cond { return &c }

// types says what is asked for.
func types(s *scene) []pane {
	r := s.Report
	entries := ranked(r.QTypes)
	var questions uint64
	for _, e := range entries {
		questions += e.n
	}
	note := "% of " + text.Count(questions, "question") + " in queries"
	if n := r.Messages.NoQuestion; n > 0 {
		note += "; " + text.Count(n, "query") + " without a readable question"
	}
	return []pane{
		shares{"types", "Query types", note + s.ofHeld(), "type", "questions", entries, questions, s.seconds(),
			func(key string) *cond { return pointer(byType(key)) }, namesScreen}.pane(),
		shares{"opcodes", "Opcodes", "% of " + text.Count(r.Messages.Queries, "query"), "opcode", "queries", ranked(r.Opcodes), r.Messages.Queries, s.seconds(),
			func(key string) *cond { return pointer(byOpcode(key)) }, transactionsScreen}.pane(),
	}
}

// option is a line of what OPT records and extended errors say.
type option struct {
	group, what string
	n, of       uint64
	ofWhat      string
	cond        *cond
}

// edns says who speaks EDNS and how, and what is told in extended errors.
func edns(s *scene) []pane {
	e, m := s.Report.EDNS, s.Report.Messages
	var rows []option
	add := func(group, what string, n, of uint64, ofWhat string, c *cond) {
		if n > 0 {
			rows = append(rows, option{group, what, n, of, ofWhat, c})
		}
	}
	add("EDNS", "queries with OPT", e.Queries, m.Queries, "queries", pointer(byEDNS()))
	add("EDNS", "responses with OPT", e.Responses, m.Responses, "responses", nil)
	add("EDNS", "DO bit", e.DO, e.Queries, "queries with OPT", pointer(byDO()))
	add("EDNS", "truncated responses", s.Report.Truncated, m.Responses, "responses", pointer(byTruncated()))
	for _, x := range ranked(e.UDPSizes) {
		add("UDP size", x.key, x.n, e.Queries, "queries with OPT", numbered(x.key, bySize))
	}
	for _, x := range ranked(e.Options) {
		add("option", x.key, x.n, e.Queries, "queries with OPT", optionCond(x.key))
	}
	for _, x := range ranked(e.Versions) {
		add("version", x.key, x.n, e.Queries, "queries with OPT", nil)
	}
	for _, x := range ranked(s.Report.EDE) {
		name := x.key
		if n, err := strconv.ParseUint(x.key, 10, 16); err == nil {
			name = x.key + " " + mnemonic.EDE(uint16(n))
		}
		add("extended error", name, x.n, m.Responses, "responses", numbered(x.key, byEDE))
	}
	for _, x := range ranked(s.Report.TSIGErrors) {
		add("TSIG error", x.key, x.n, 0, "", nil)
	}
	for _, x := range ranked(s.Report.TKEYErrors) {
		add("TKEY error", x.key, x.n, 0, "", nil)
	}
	return []pane{{id: "edns", sheet: &list[option]{
		name: "EDNS", note: "and extended errors, TSIG and TKEY errors" + s.ofHeld(), rows: rows, id: func(o option) string { return o.group + " " + o.what },
		lead: func(o option) target {
			t := target{guide: o.pages()}
			if o.cond != nil {
				t.crumb, t.conds, t.screen = o.cond.crumb, []cond{*o.cond}, clientsScreen
			}
			return t
		},
		fields: []field[option]{
			{column: column{title: "field", flex: 8}, text: func(o option) string { return o.group }, look: func(option) style { return dim }},
			{column: column{title: "value", flex: wordsMin}, text: func(o option) string { return o.what }},
			{column: column{title: "messages", right: true}, text: func(o option) string { return text.Number(o.n) }, number: func(o option) float64 { return float64(o.n) }},
			{column: column{title: "share", right: true, rank: 3}, text: func(o option) string { return text.Percent(o.n, o.of) }, number: func(o option) float64 { return ratio(o.n, o.of) }},
			{column: column{title: "% of", rank: 1}, text: func(o option) string { return o.ofWhat }, look: func(option) style { return dim }},
			{column: column{bar: true, rank: 2}, share: func(o option) float64 { return ratio(o.n, o.of) }, look: func(option) style { return accent }},
		},
	}}}
}

func numbered(key string, by func(uint16) cond) *cond {
	n, err := strconv.ParseUint(key, 10, 16)
	if err != nil {
		return nil
	}
	return pointer(by(uint16(n)))
}

// optionCond returns the condition for an option by its name.
func optionCond(name string) *cond {
	for code := range math.MaxUint16 {
		if mnemonic.Option(uint16(code)) == name {
			return pointer(byOption(uint16(code)))
		}
	}
	return nil
}

// oddity is a line of the anomalies.
type oddity struct {
	id anomaly.ID
	n  uint64
}

// anomalies says what is odd about messages and transactions.
func anomalies(s *scene) []pane {
	panes := []pane{{id: "anomalies", sheet: anomalyList(s)}}
	if len(s.Report.Multicast) > 0 {
		panes = append(panes, pane{id: "multicast", sheet: oddities("Of mDNS and LLMNR", "counted apart", s.Report.Multicast, 0)})
	}
	return panes
}

func anomalyList(s *scene) sheet {
	return oddities("Anomalies", "messages or transactions that have it; one can have several"+s.ofHeld(), s.Report.Anomalies, s.seconds())
}

// oddities is a table of anomalies, the severest first.
func oddities(title, note string, seen map[string]uint64, seconds float64) sheet {
	var rows []oddity
	for _, e := range ranked(seen) {
		if id, ok := parseAnomaly(e.key); ok {
			rows = append(rows, oddity{id, e.n})
		}
	}
	slices.SortStableFunc(rows, func(a, b oddity) int { return int(b.id.Severity()) - int(a.id.Severity()) })
	look := func(o oddity) style { return severityStyle(o.id.Severity()) }
	return &list[oddity]{
		name: title, note: note, rows: rows, id: func(o oddity) string { return o.id.String() },
		lead: func(o oddity) target {
			c := byAnomaly(o.id)
			return target{crumb: c.crumb, conds: []cond{c}, screen: clientsScreen, guide: []string{o.id.String()}}
		},
		fields: []field[oddity]{
			{column: column{title: "ID"}, text: func(o oddity) string { return o.id.String() }, look: look},
			{column: column{title: "anomaly", flex: keyMin}, text: func(o oddity) string { return o.id.Name() }, look: look},
			{column: column{title: "severity"}, text: func(o oddity) string { return o.id.Severity().String() }, number: func(o oddity) float64 { return float64(o.id.Severity()) }, look: look},
			{column: column{title: "seen", right: true}, text: func(o oddity) string { return text.Number(o.n) }, number: func(o oddity) float64 { return float64(o.n) }},
			{column: column{title: "rate", right: true, rank: 2, optional: true}, text: func(o oddity) string { return perSecond(o.n, seconds) }, number: func(o oddity) float64 { return float64(o.n) }},
			{column: column{title: "who", flex: 22, head: true, rank: 3}, text: func(o oddity) string { return culprits(o.id) }},
			{column: column{title: "RFC", flex: 24, rank: 4}, text: func(o oddity) string { return o.id.RFC() }, look: func(oddity) style { return dim }},
		},
	}
}

func culprits(id anomaly.ID) string {
	e, _ := id.Entry()
	return e.Culprits.String()
}

func severityStyle(s anomaly.Severity) style {
	return [...]style{plain, warn, warn, bad}[min(s, anomaly.Malformed)]
}

// parseAnomaly returns the ID that s spells.
func parseAnomaly(s string) (anomaly.ID, bool) {
	if len(s) != 3 || s[1] < '0' || s[1] > '9' || s[2] < '0' || s[2] > '9' {
		return 0, false
	}
	id := anomaly.Make(s[0], int(s[1]-'0')*10+int(s[2]-'0'))
	return id, id.Name() != ""
}

// latency shows how the times are spread, and the slowest. What was not answered is not here.
func latency(s *scene) []pane {
	l := s.Report.Latency
	if one := s.oneWay(); one != "" {
		return []pane{{id: "one way", lines: remark("Latency", "only "+one+" were captured: nothing can be said about latency")}}
	}
	return []pane{
		{id: "latency", sheet: s.histogram(l)},
		{id: "slowest", sheet: s.records("Slowest", "answered, of "+text.Count(s.Matching, "transaction")+" held", s.Slowest, true), side: true},
	}
}

// bucket is a bar of the histogram.
type bucket struct {
	above, upTo float64
	n           uint64
}

func (s *scene) histogram(l analyze.Latency) sheet {
	var rows []bucket
	var most, seen uint64
	above := 0.0
	for _, b := range l.Histogram {
		if seen < l.Count && (seen > 0 || b.Count > 0) {
			rows = append(rows, bucket{above, b.UpTo, b.Count})
		}
		seen += b.Count
		most = max(most, b.Count)
		above = b.UpTo
	}
	name := func(b bucket) string {
		if b.upTo == 0 {
			return "> " + text.Bound(b.above, s.ascii)
		}
		return s.pick("≤ ", "<= ") + text.Bound(b.upTo, s.ascii)
	}
	note := "no transaction was answered"
	if l.Count > 0 {
		note = fmt.Sprintf("p50 %s  p90 %s  p95 %s  p99 %s  max %s; first query to first response, %s%s", s.millis(l.P50), s.millis(l.P90), s.millis(l.P95),
			s.millis(l.P99), s.millis(l.Max), text.Count(l.Count, "transaction"), s.ofHeld())
	}
	return &list[bucket]{
		name: "Latency", note: note, rows: rows, id: func(b bucket) string { return fmt.Sprint(b.upTo) },
		lead: func(b bucket) target {
			return target{crumb: name(b), conds: []cond{byRTT(name(b), b.above, b.upTo)}, screen: transactionsScreen}
		},
		fields: []field[bucket]{
			{column: column{title: "response time", right: true}, text: name, number: func(b bucket) float64 { return -b.above }},
			{column: column{title: "count", right: true}, text: func(b bucket) string { return text.Number(b.n) }, number: func(b bucket) float64 { return float64(b.n) }},
			{column: column{title: "share", right: true}, text: func(b bucket) string { return text.Percent(b.n, l.Count) }, number: func(b bucket) float64 { return float64(b.n) }},
			{column: column{bar: true, rank: 1}, share: func(b bucket) float64 { return ratio(b.n, most) }, look: func(bucket) style { return accent }},
		},
	}
}
