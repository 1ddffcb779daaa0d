package app

import (
	"strings"
	"time"

	"github.com/dnssniff/dnssniff/analyze/diagnose"
	"github.com/dnssniff/dnssniff/ui/text"
)

// claim is a finding, over time.
type claim = diagnose.Ongoing

// claims are what is behind what is wrong: as the report found it, or on a live line in the course of time. What is narrowed has none.
func (s *scene) claims() []claim {
	switch {
	case s.Narrowed && !s.live:
		return nil
	case s.live:
		return s.Ongoing
	}
	out := make([]claim, len(s.Report.Findings))
	for i, f := range s.Report.Findings {
		out[i] = claim{Finding: f, Since: f.First, Seen: f.Last}
	}
	return out
}

// findings is the table that the overview begins with, or a line that says that nothing stands out.
func (s *scene) findings() pane {
	rows := s.claims()
	if len(rows) == 0 {
		return pane{id: "findings", lines: s.nothingFound}
	}
	note := text.Vantage(s.Report.Vantage)
	if s.live {
		note = "of the last 5 minutes; " + note
	}
	return pane{id: "findings", modest: true, atLeast: 4, sheet: &list[claim]{
		name: "Findings", note: strings.TrimSuffix(note, "; "), rows: rows, id: claimKey, fields: s.claimFields(),
		lead: func(c claim) target {
			t := scopeTarget(&c.Finding)
			t.finding = &c
			return t
		},
	}}
}

// nothingFound says so, where there is anything to find something in.
func (s *scene) nothingFound(int) []line {
	what := "nothing stands out"
	switch {
	case s.Narrowed && !s.live:
		what = "are of all traffic, not of what is narrowed"
	case s.Report.Messages.Total == 0:
		return nil
	case s.live:
		what += " in the last 5 minutes"
	case !s.Done:
		what += " so far"
	}
	if v := text.Vantage(s.Report.Vantage); v != "" && !s.Narrowed {
		what += "; " + v
	}
	return []line{{{"Findings", bold}, {spaces(gutter) + what, dim}}}
}

// claimKey identifies a finding by its rule and scope.
func claimKey(c claim) string {
	x := &c.Scope
	return strings.Join([]string{c.ID, x.Client, x.Server, x.Zone, x.Subnet, x.Suffix, x.Name, x.Link}, " ")
}

func claimStyle(c claim) style {
	switch {
	case !c.Ended.IsZero():
		return dim
	case c.Severity == diagnose.Critical:
		return bad
	case c.Severity == diagnose.Warning:
		return warn
	}
	return plain
}

// claimFields are the columns. What a finding says goes before its numbers where the width is short.
func (s *scene) claimFields() []field[claim] {
	const titleMin = 32
	seconds := func(at func(claim) time.Time) func(claim) float64 {
		return func(c claim) float64 { return float64(at(c).UnixNano()) }
	}
	severity := func(c claim) float64 {
		return map[diagnose.Severity]float64{diagnose.Critical: 2, diagnose.Warning: 1}[c.Severity]
	}
	since := field[claim]{column: column{title: "since", rank: 2, optional: true}, text: func(c claim) string { return s.clockOf(c.Since) }, number: seconds(func(c claim) time.Time { return c.Since })}
	if s.live {
		since = field[claim]{column: column{title: "since", rank: 2}, text: s.course, look: claimStyle, number: since.number}
	}
	return []field[claim]{
		{column: column{title: "severity"}, text: func(c claim) string { return string(c.Severity) }, number: severity, look: claimStyle},
		{column: column{title: "sure", right: true, rank: 1}, text: func(c claim) string { return text.Sureness(c.Confidence) }, number: func(c claim) float64 { return c.Confidence }},
		{column: column{title: "finding", flex: titleMin, head: true}, text: func(c claim) string { return c.Title }, look: titleStyle},
		since,
		{column: column{title: "last seen", right: true, rank: 4, optional: true}, text: func(c claim) string { return s.lastSeen(c.Seen) }, number: seconds(func(c claim) time.Time { return c.Seen })},
		{column: column{title: "affected", right: true, rank: 3}, text: func(c claim) string { return some(c.Affected) }, number: func(c claim) float64 { return float64(c.Affected) }},
		{column: column{title: "clients", right: true, rank: 5, optional: true}, text: func(c claim) string { return some(uint64(max(c.Clients, 0))) }, number: func(c claim) float64 { return float64(c.Clients) }},
	}
}

func titleStyle(c claim) style {
	if !c.Ended.IsZero() {
		return dim
	}
	return plain
}

// course says since when a finding goes on, or when it ended.
func (s *scene) course(c claim) string {
	if !c.Ended.IsZero() {
		return "ended " + s.clockOf(c.Ended)
	}
	return s.clockOf(c.Since)
}

func (s *scene) clockOf(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return s.clock(t)
}

// scopeTarget is where a finding leads to: the transactions that it is about.
func scopeTarget(f *diagnose.Finding) target {
	t := target{conds: byScope(f), screen: transactionsScreen, guide: []string{f.ID}}
	t.crumb = crumbOf(t.conds)
	return t
}

func crumbOf(conds []cond) string {
	names := make([]string, len(conds))
	for i := range conds {
		names[i] = conds[i].crumb
	}
	return strings.Join(names, " ")
}

// byScope returns the conditions for the transactions that a finding is about: its scope, or where it has none the packets that it names.
func byScope(f *diagnose.Finding) (all []cond) {
	s := &f.Scope
	for _, x := range []struct {
		value string
		by    func(string) cond
	}{{s.Client, byClient}, {s.Server, byServer}, {s.Subnet, bySubnet}, {s.Zone, byDomain}, {s.Suffix, byDomain}, {s.Name, byName}} {
		if x.value != "" {
			all = append(all, x.by(x.value))
		}
	}
	if len(all) == 0 {
		all = append(all, byPackets(f))
	}
	return all
}

// news says once that a finding has begun on a live line: when nothing else is being said or asked.
func (a *App) news(s *scene) {
	if !s.live || a.prompt != nil || a.flash.text != "" && a.flash != a.told {
		return
	}
	var first *claim
	fresh := 0
	known := make(map[string]bool, len(s.Ongoing))
	for i := range s.Ongoing {
		c := &s.Ongoing[i]
		if !c.Ended.IsZero() {
			continue
		}
		k := claimKey(*c) + c.Since.String()
		known[k] = true
		if !a.known[k] {
			if fresh++; first == nil {
				first = c
			}
		}
	}
	a.known = known
	switch {
	case first == nil:
	case fresh == 1:
		a.say(claimStyle(*first), "new finding, %s: %s", first.Severity, first.Title)
	default:
		a.say(claimStyle(*first), "%d new findings; %s: %s", fresh, first.Severity, first.Title)
	}
	a.told = a.flash
}
