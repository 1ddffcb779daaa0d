package app

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/dnssniff/dnssniff/analyze"
	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/ui/text"
)

// worstFirst returns anomalies by severity.
func worstFirst(all []anomaly.ID) []anomaly.ID {
	out := slices.Clone(all)
	slices.SortStableFunc(out, func(a, b anomaly.ID) int { return cmp.Compare(b.Severity(), a.Severity()) })
	return out
}

// offenders says who sends queries that are malformed or break rules, and why queries get FORMERR.
func offenders(s *scene) []pane {
	if s.Narrowed {
		return []pane{{id: "narrowed", lines: remark("Offenders and FORMERR", "are counted over all traffic only: Escape leads out of the narrowing, 8 shows its anomalies")}}
	}
	r := s.Report
	panes := []pane{{id: "offenders", sheet: s.offenderList()}, {id: "formerr", sheet: s.formErrors()}}
	if len(r.FormErrors.Servers) > 0 {
		panes = append(panes, pane{id: "formerr servers", sheet: s.formErrServers()})
	}
	return panes
}

func (s *scene) offenderList() sheet {
	return &list[analyze.Offender]{
		name: "Offenders", note: "clients whose queries are malformed or break a rule: " + text.Number(uint64(len(s.Report.Offenders))), rows: s.Report.Offenders,
		id: func(o analyze.Offender) string { return o.Address },
		lead: func(o analyze.Offender) target {
			return target{crumb: o.Address + " offences", conds: []cond{byClient(o.Address), byOffence()}, screen: transactionsScreen, guide: kindsOf(o)}
		},
		fields: []field[analyze.Offender]{
			{column: column{title: "client", flex: keyMin}, text: func(o analyze.Offender) string { return o.Address }},
			{column: column{title: "malformed", right: true}, text: func(o analyze.Offender) string { return some(o.Malformed) }, number: func(o analyze.Offender) float64 { return float64(o.Malformed) }, look: func(analyze.Offender) style { return bad }},
			{column: column{title: "breaking", right: true, rank: 2, optional: true}, text: func(o analyze.Offender) string { return some(o.Violating) }, number: func(o analyze.Offender) float64 { return float64(o.Violating) }, look: func(analyze.Offender) style { return warn }},
			{column: column{title: "of queries", right: true}, text: func(o analyze.Offender) string { return text.Number(o.AllQueries) }, number: func(o analyze.Offender) float64 { return float64(o.AllQueries) }},
			{column: column{title: "share", right: true}, text: func(o analyze.Offender) string {
				return text.Percent(min(o.Malformed+o.Violating, o.AllQueries), o.AllQueries)
			}, number: func(o analyze.Offender) float64 { return ratio(o.Malformed+o.Violating, o.AllQueries) }},
			{column: column{title: "first", rank: 5}, text: func(o analyze.Offender) string { return s.clock(o.First) }, number: func(o analyze.Offender) float64 { return float64(o.First.UnixNano()) }},
			{column: column{title: "last", rank: 4}, text: func(o analyze.Offender) string { return s.clock(o.Last) }, number: func(o analyze.Offender) float64 { return float64(o.Last.UnixNano()) }},
			{column: column{title: "kinds", flex: keyMin, head: true, rank: 3}, text: kinds},
			{column: column{title: "habits", flex: 30, head: true, rank: 6}, text: habits, look: func(analyze.Offender) style { return dim }},
		},
	}
}

// kinds lists an offender's anomalies with their counts.
func kinds(o analyze.Offender) string {
	var parts []string
	for _, e := range ranked(o.Kinds) {
		parts = append(parts, fmt.Sprintf("%s %s", e.key, text.Number(e.n)))
	}
	return strings.Join(parts, ", ")
}

// kindsOf returns the kinds of an offender's offences, the most frequent first, as keys of the guide.
func kindsOf(o analyze.Offender) (keys []string) {
	for _, e := range ranked(o.Kinds) {
		if _, ok := parseAnomaly(e.key); ok {
			keys = append(keys, e.key)
		}
	}
	return keys
}

// habits is what tells a client's software from others.
func habits(o analyze.Offender) string {
	f := o.Fingerprint
	out := "IDs " + f.IDs + ", ports " + f.Ports + ", RD " + f.RD + ", EDNS " + f.EDNS + ", TCP " + f.TCP
	if f.MAC != "" {
		out += ", MAC " + f.MAC
	}
	return out
}

// formErrors says why queries got FORMERR.
func (s *scene) formErrors() sheet {
	f := s.Report.FormErrors
	what := func(r analyze.FormErrReason) string {
		if id, ok := parseAnomaly(r.Anomaly); ok && r.Reason == "query" {
			return r.Anomaly + " " + id.Name()
		}
		return text.FormErrNote(r.Reason)
	}
	return &list[analyze.FormErrReason]{
		name: "FORMERR explained", note: "% of " + text.Count(f.Responses, "response") + " whose query was captured", rows: f.Reasons,
		id: func(r analyze.FormErrReason) string { return r.Reason + r.Anomaly },
		lead: func(r analyze.FormErrReason) target {
			t := target{crumb: "FORMERR " + r.Anomaly, conds: []cond{byRCODE("FORMERR")}, screen: transactionsScreen}
			if id, ok := parseAnomaly(r.Anomaly); ok && r.Reason == "query" {
				t.conds, t.guide = append(t.conds, byAnomaly(id)), []string{id.String()}
			}
			t.guide = append(t.guide, "FORMERR")
			return t
		},
		fields: []field[analyze.FormErrReason]{
			{column: column{title: "what is wrong", flex: keyMin}, text: what},
			{column: column{title: "responses", right: true}, text: func(r analyze.FormErrReason) string { return text.Number(r.Responses) }, number: func(r analyze.FormErrReason) float64 { return float64(r.Responses) }},
			{column: column{title: "share", right: true}, text: func(r analyze.FormErrReason) string { return text.Percent(r.Responses, f.Responses) }, number: func(r analyze.FormErrReason) float64 { return float64(r.Responses) }},
			{column: column{title: "first client", flex: keyMin, rank: 2}, text: func(r analyze.FormErrReason) string { return r.Client }, cond: func(r analyze.FormErrReason) *cond { return pointer(byClient(r.Client)) }},
			{column: column{title: "packet", right: true, rank: 1}, text: func(r analyze.FormErrReason) string { return text.Number(r.Packet) }, number: func(r analyze.FormErrReason) float64 { return -float64(r.Packet) }},
		},
	}
}

// formErrServers says what software the servers that answer FORMERR look like.
func (s *scene) formErrServers() sheet {
	return &list[analyze.FormErrServer]{
		name: "Who answers FORMERR", note: "and what its answers look like, among the servers measured", rows: s.Report.FormErrors.Servers,
		id: func(x analyze.FormErrServer) string { return x.Address },
		lead: func(x analyze.FormErrServer) target {
			return target{crumb: x.Address + " FORMERR", conds: []cond{byServer(x.Address), byRCODE("FORMERR")}, screen: transactionsScreen, guide: []string{"formerr-fingerprints"}}
		},
		fields: []field[analyze.FormErrServer]{
			{column: column{title: "server", flex: keyMin}, text: func(x analyze.FormErrServer) string { return x.Address }},
			{column: column{title: "responses", right: true}, text: func(x analyze.FormErrServer) string { return text.Number(x.Responses) }, number: func(x analyze.FormErrServer) float64 { return float64(x.Responses) }},
			{column: column{title: "answers as", flex: wordsMin, rank: 1, optional: true}, text: func(x analyze.FormErrServer) string {
				if len(x.Guesses) == 0 {
					return ""
				}
				return fmt.Sprintf("%s (%.0f%%)", x.Guesses[0].Server, 100*x.Guesses[0].Confidence)
			}},
		},
	}
}
