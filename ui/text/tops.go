package text

import (
	"fmt"

	"github.com/dnssniff/dnssniff/analyze"
)

func clients(r *analyze.Report, o Options) block {
	return topTable("Clients", "client", r.Clients, about(r.Distinct, "clients"), r.Rows.Clients, r, o)
}

func servers(r *analyze.Report, o Options) block {
	return topTable("Servers", "server", r.Servers, about(r.Distinct, "servers"), r.Rows.Servers, r, o)
}

func names(r *analyze.Report, o Options) block {
	return topTable("Names", "name", r.Names, about(r.Distinct, "names"), r.Rows.Names, r, o)
}

func zones(r *analyze.Report, o Options) block {
	return topTable("Zones", "zone", r.Zones, about(r.Distinct, "zones"), r.Rows.Zones, r, o)
}

// topColumns are the columns after the key. What shows trouble goes last where the width is short.
var topColumns = []struct {
	column
	value func(row analyze.Row, queries uint64) string
	style style
}{
	{column: column{title: "queries"}, value: func(r analyze.Row, queries uint64) string { return amongSome(r.Queries, queries) }},
	{column: column{title: "share", rank: 6}, value: func(r analyze.Row, queries uint64) string { return percent(r.Queries, queries) }},
	{column: column{title: "responses", rank: 7}, value: func(r analyze.Row, _ uint64) string { return number(r.Responses) }},
	{column: column{title: "NOERROR", rank: 5}, value: func(r analyze.Row, _ uint64) string { return some(r.RCODEs["NOERROR"]) }},
	{column: column{title: "NXDOMAIN", rank: 2}, value: func(r analyze.Row, _ uint64) string { return some(r.RCODEs["NXDOMAIN"]) }, style: warn},
	{column: column{title: "SERVFAIL", rank: 1}, value: func(r analyze.Row, _ uint64) string { return some(r.RCODEs["SERVFAIL"]) }, style: bad},
	{column: column{title: "other", rank: 3}, value: func(r analyze.Row, _ uint64) string { return some(otherCodes(r)) }, style: bad},
	{column: column{title: "malformed", rank: 2}, value: func(r analyze.Row, _ uint64) string { return some(r.Malformed) }, style: bad},
	{column: column{title: "unanswered", rank: 1}, value: func(r analyze.Row, _ uint64) string { return some(r.Unanswered) }, style: bad},
	{column: column{title: "names", rank: 4}, value: func(r analyze.Row, _ uint64) string { return some(r.Names) }},
}

// amongSome returns n, and nothing where there are none at all.
func amongSome(n, all uint64) string {
	if all == 0 {
		return ""
	}
	return number(n)
}

// otherCodes counts the responses with a code that has no column.
func otherCodes(r analyze.Row) (n uint64) {
	for code, count := range r.RCODEs {
		switch code {
		case "NOERROR", "NXDOMAIN", "SERVFAIL":
		default:
			n += count
		}
	}
	return n
}

// topTable is a table of one of the four kinds of key, of which there are all.
func topTable(title, noun string, rows []analyze.Row, about string, all uint64, r *analyze.Report, o Options) block {
	t := table{cols: []column{{title: noun, flex: keyMin}}}
	for _, c := range topColumns {
		c.right, c.optional = true, true
		if c.title == "responses" && r.Source.OneWay == analyze.OnlyResponses {
			c.rank = 0 // they are what rows are sorted by
		}
		t.cols = append(t.cols, c.column)
	}
	for _, row := range rows[:min(len(rows), o.Top)] {
		if r.Source.OneWay != "" {
			row.Unanswered = 0 // nobody can tell
		}
		cells := []cell{{text: key(row)}}
		for _, c := range topColumns {
			cells = append(cells, cell{text: c.value(row, r.Messages.Queries), style: c.style})
		}
		t.rows = append(t.rows, cells)
	}
	shown := uint64(len(t.rows))
	note := "all " + number(shown)
	if all = max(all, uint64(len(rows))); shown < all {
		note = fmt.Sprintf("the busiest %s of %s%s", number(shown), about, number(all))
	}
	if t.fit(o.Width - indent).has("share") {
		note += "; share: % of " + count(r.Messages.Queries, "query")
	}
	return block{title: title, note: note, tables: []table{t}}
}

func key(r analyze.Row) string {
	switch {
	case r.Address != "":
		return r.Address
	case r.Name != "":
		return r.Name
	}
	return r.Zone
}
