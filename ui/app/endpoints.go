package app

import (
	"fmt"
	"slices"

	"github.com/dnssniff/dnssniff/analyze"
	"github.com/dnssniff/dnssniff/ui/text"
)

func clients(s *scene) []pane {
	r := s.Report
	return []pane{{id: "clients", sheet: s.endpoints("Clients", "client", r.Clients, r.Rows.Clients, byClient, transactionsScreen)}}
}

func servers(s *scene) []pane {
	r := s.Report
	return []pane{{id: "servers", sheet: s.endpoints("Servers", "server", r.Servers, r.Rows.Servers, byServer, transactionsScreen)}}
}

func namesAndZones(s *scene) []pane {
	r := s.Report
	return []pane{
		{id: "names", sheet: s.endpoints("Names", "name", r.Names, r.Rows.Names, byName, transactionsScreen)},
		{id: "zones", sheet: s.endpoints("Zones", "zone", r.Zones, r.Rows.Zones, byZone, namesScreen), side: true},
	}
}

func rowKey(r analyze.Row) string {
	switch {
	case r.Address != "":
		return r.Address
	case r.Name != "":
		return r.Name
	}
	return r.Zone
}

// endpoints is the table of clients, servers, names or zones, of which there are all.
func (s *scene) endpoints(title, noun string, rows []analyze.Row, all uint64, by func(string) cond, next screenID) sheet {
	queries := s.Report.Messages.Queries
	note := "all " + text.Number(uint64(len(rows)))
	if all = max(all, uint64(len(rows))); all > uint64(len(rows)) {
		about := ""
		if slices.Contains(s.Approximate, noun+"s") {
			about = "about "
		}
		note = fmt.Sprintf("the busiest %s of %s%s", text.Number(uint64(len(rows))), about, text.Number(all))
	}
	note += "; share: % of " + text.Count(queries, "query") + s.ofHeld()
	return &list[analyze.Row]{
		name: title, note: note, rows: rows, id: rowKey,
		lead: func(r analyze.Row) target {
			return target{crumb: rowKey(r), conds: []cond{by(rowKey(r))}, screen: next}
		},
		fields: s.endpointFields(noun, queries),
	}
}

// endpointFields are the columns. What shows trouble goes last where the width is short.
func (s *scene) endpointFields(noun string, queries uint64) []field[analyze.Row] {
	count := func(title string, rank int, st style, n func(analyze.Row) uint64, c *cond) field[analyze.Row] {
		return field[analyze.Row]{
			column: column{title: title, right: true, rank: rank, optional: true},
			text:   func(r analyze.Row) string { return some(n(r)) }, number: func(r analyze.Row) float64 { return float64(n(r)) },
			look: func(analyze.Row) style { return st }, cond: func(r analyze.Row) *cond {
				if n(r) == 0 {
					return nil
				}
				return c
			},
		}
	}
	code := func(name string, rank int, st style) field[analyze.Row] {
		c := byRCODE(name)
		return count(name, rank, st, func(r analyze.Row) uint64 { return r.RCODEs[name] }, &c)
	}
	other, malformed, lost := otherRCODEs(), byMalformed(), byUnanswered()
	out := []field[analyze.Row]{
		{column: column{title: noun, flex: keyMin}, text: rowKey},
		count("queries", 0, plain, func(r analyze.Row) uint64 { return r.Queries }, nil),
		{column: column{title: "share", right: true, rank: 6, optional: true}, text: func(r analyze.Row) string { return text.Percent(r.Queries, queries) },
			number: func(r analyze.Row) float64 { return float64(r.Queries) }},
		count("responses", 8, plain, func(r analyze.Row) uint64 { return r.Responses }, nil),
		code("NOERROR", 7, plain), code("NXDOMAIN", 2, warn), code("SERVFAIL", 1, bad), code("FORMERR", 4, bad), code("REFUSED", 4, bad),
		count("other", 3, bad, otherCodes, &other),
		count("malformed", 2, bad, func(r analyze.Row) uint64 { return r.Malformed }, &malformed),
	}
	if s.oneWay() == "" {
		out = append(out, count("unanswered", 1, bad, func(r analyze.Row) uint64 { return r.Unanswered }, &lost))
	}
	if noun == "zone" {
		out = append(out, count("names", 5, plain, func(r analyze.Row) uint64 { return r.Names }, nil))
	}
	return out
}

// codeColumns are the codes that have a column of their own.
func codeColumns() []string { return []string{"NOERROR", "NXDOMAIN", "SERVFAIL", "FORMERR", "REFUSED"} }

// otherCodes counts the responses with a code that has no column.
func otherCodes(r analyze.Row) (n uint64) {
	for code, count := range r.RCODEs {
		if !slices.Contains(codeColumns(), code) {
			n += count
		}
	}
	return n
}

// unanswered says who gets no answers and from whom. What is slow is not here.
func unanswered(s *scene) []pane {
	r := s.Report
	x := r.Transactions
	if one := s.oneWay(); one != "" {
		return []pane{{id: "one way", lines: remark("Unanswered", "only "+one+" were captured: nobody can tell what was answered")}}
	}
	note := fmt.Sprintf("no response within %s: %s of %s settled%s", s.timeout(), text.Number(x.Unanswered), text.Number(x.Answered+x.Unanswered), s.ofHeld())
	return []pane{
		{id: "silent servers", sheet: s.silent("Unanswered, by server", note, "server", r.Servers, byServer)},
		{id: "unanswered clients", sheet: s.silent("By client", "", "client", r.Clients, byClient), side: true},
		{id: "unanswered names", sheet: s.silent("By name", "", "name", r.Names, byName), side: true},
		{id: "unanswered queries", sheet: s.records("Newest unanswered queries", "", s.Unanswered, false)},
	}
}

// silent is the table of those with queries that were not answered.
func (s *scene) silent(title, note, noun string, rows []analyze.Row, by func(string) cond) sheet {
	some := make([]analyze.Row, 0, 16)
	for _, r := range rows {
		if r.Unanswered > 0 {
			some = append(some, r)
		}
	}
	slices.SortStableFunc(some, func(a, b analyze.Row) int { return int(min(max(int64(b.Unanswered)-int64(a.Unanswered), -1), 1)) })
	return &list[analyze.Row]{
		name: title, note: note, rows: some, id: rowKey,
		lead: func(r analyze.Row) target {
			return target{crumb: rowKey(r) + " unanswered", conds: []cond{by(rowKey(r)), byUnanswered()}, screen: transactionsScreen}
		},
		fields: []field[analyze.Row]{
			{column: column{title: noun, flex: keyMin}, text: rowKey},
			{column: column{title: "unanswered", right: true}, text: func(r analyze.Row) string { return text.Number(r.Unanswered) }, number: func(r analyze.Row) float64 { return float64(r.Unanswered) }, look: func(analyze.Row) style { return bad }},
			{column: column{title: "queries", right: true}, text: func(r analyze.Row) string { return text.Number(r.Queries) }, number: func(r analyze.Row) float64 { return float64(r.Queries) }},
			{column: column{title: "of them", right: true}, text: func(r analyze.Row) string { return text.Percent(min(r.Unanswered, r.Queries), r.Queries) }, number: func(r analyze.Row) float64 { return ratio(r.Unanswered, r.Queries) }},
			{column: column{bar: true, rank: 1}, share: func(r analyze.Row) float64 { return ratio(r.Unanswered, r.Queries) }, look: func(analyze.Row) style { return bad }},
		},
	}
}

// remark is a pane of a title and a sentence.
func remark(title, sentence string) func(int) []line {
	return func(int) []line { return []line{{{title, bold}}, {{spaces(gutter) + sentence, plain}}} }
}
