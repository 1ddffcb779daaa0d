package text

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/dnssniff/dnssniff/analyze"
)

// transactions says what became of the queries.
func transactions(r *analyze.Report, o Options) block {
	x := r.Transactions
	settled := x.Answered + x.Unanswered
	lost, orphaned := "no response within "+waited(r.Settings, o), "responses without a query"
	badLost, badOrphaned := bad, warn
	switch r.Source.OneWay {
	case analyze.OnlyQueries:
		settled, lost, badLost = 0, "only queries were captured", plain
	case analyze.OnlyResponses:
		settled, orphaned, badOrphaned = 0, "only responses were captured", plain
	}
	t := table{bare: true, cols: []column{{}, {right: true}, {right: true, optional: true}, {flex: keyMin, optional: true}}}
	for _, l := range []struct {
		label string
		n     uint64
		share string
		note  string
		style style
	}{
		{"answered", x.Answered, percent(x.Answered, settled), "", good},
		{"unanswered", x.Unanswered, percent(x.Unanswered, settled), lost, badLost},
		{"pending", x.Pending, "", "open when the capture ended; in no share", plain},
		{"retransmitted", x.Retransmitted, "", "queries sent again while open", plain},
		{"late", x.Late, "", "responses after more than " + waited(r.Settings, o), warn},
		{"unsolicited", x.Unsolicited, "", orphaned, badOrphaned},
		{"duplicate", x.DuplicateResponses, "", "second responses, the same bytes", plain},
		{"conflicting", x.ConflictingResponses, "", "second responses, other bytes", plain},
		{"mismatched", x.Mismatched, "", "another address or question than asked", bad},
		{"reordered", x.Reordered, "", "response captured before its query", plain},
	} {
		if l.n > 0 {
			t.rows = append(t.rows, []cell{{text: l.label, style: l.style}, {text: number(l.n)}, {text: l.share}, {text: l.note, style: dim}})
		}
	}
	note := ""
	if settled > 0 {
		note = "% of " + number(settled) + " settled: answered or unanswered"
	}
	b := block{title: "Transactions", note: note, tables: []table{t}}
	if x.ConflictingResponses > 0 {
		b.remarks = []remark{{text: "conflicting responses may differ in nothing but a TTL or the order of records"}}
	}
	return b
}

// changeNotes says what was different in the try that was answered, by the report's word for it.
var changeNotes = map[string]string{
	"tcp": "over TCP", "no_edns": "without EDNS", "no_options": "with fewer EDNS options", "smaller_edns": "with a smaller EDNS size",
	"cd": "with checking disabled", "other_server": "at another server", "again": "the same again",
}

// lookups says what clients went through for an answer. One transaction each needs no words.
func lookups(r *analyze.Report, _ Options) block {
	l := r.Lookups
	if l.Retried+l.Failed == 0 || r.Source.OneWay != "" {
		return block{}
	}
	t := table{bare: true, cols: []column{{}, {right: true}, {right: true, optional: true}, {flex: keyMin, optional: true}}}
	line := func(label string, n, of uint64, note string, st style) {
		if n > 0 {
			t.rows = append(t.rows, []cell{{text: label, style: st}, {text: number(n)}, {text: percent(n, of)}, {text: note, style: dim}})
		}
	}
	line("answered", l.Answered, l.Total, "", good)
	line("failed", l.Failed, l.Total, "no answer to any try", bad)
	line("retried", l.Retried, l.Total, "more than one transaction for the question", plain)
	line("TCP after UDP", l.TCPFallback, l.Total, "", plain)
	for _, e := range ranked(l.SolvedBy) {
		line("answered later", e.n, l.Total, changeNotes[e.key], plain)
	}
	line("pending", l.Pending, 0, "open when the capture ended; in no share", plain)
	b := block{title: "Lookups", note: "% of " + number(l.Total) + ": one client's tries for one question", tables: []table{t}}
	if l.Forgotten > 0 {
		b.remarks = []remark{{text: count(l.Forgotten, "lookup") + " given up for want of room"}}
	}
	return b
}

// waited returns how long a query waited for its response.
func waited(s analyze.Settings, o Options) string {
	if !(s.Timeout > 0) {
		return "the timeout"
	}
	return bound(s.Timeout*1000, o.ASCII)
}

// latency shows percentiles and how the times are spread.
func latency(r *analyze.Report, o Options) block {
	l := r.Latency
	if l.Count == 0 {
		return block{}
	}
	quantiles := table{}
	row := []cell{}
	for _, q := range []struct {
		title string
		ms    float64
	}{{"p50", l.P50}, {"p90", l.P90}, {"p95", l.P95}, {"p99", l.P99}, {"max", l.Max}, {"mean", l.Mean}} {
		quantiles.cols = append(quantiles.cols, column{title: q.title, right: true, flex: barMin})
		row = append(row, cell{text: millis(q.ms, o.ASCII), style: bold})
	}
	quantiles.rows = [][]cell{row}
	note := "first query to first response, " + count(l.Count, "transaction")
	if l.ErrorPercent > 0 {
		note += ", percentiles within " + strconv.FormatFloat(l.ErrorPercent, 'g', 3, 64) + "%"
	}
	return block{title: "Latency", note: note, tables: []table{quantiles, histogram(l, o)}}
}

// histogram draws the buckets from the first to the last that holds something.
func histogram(l analyze.Latency, o Options) table {
	upTo, over := "≤ ", "> "
	if o.ASCII {
		upTo = "<= "
	}
	t := table{bare: true, cols: []column{{right: true}, {right: true}, {right: true}, {bar: true}}}
	var most, seen, total uint64
	for _, b := range l.Histogram {
		most = max(most, b.Count)
		total += b.Count
	}
	for i, b := range l.Histogram {
		if seen == total || seen == 0 && b.Count == 0 {
			continue
		}
		label := upTo + bound(b.UpTo, o.ASCII)
		if b.UpTo == 0 {
			label = "more"
			if i > 0 {
				label = over + bound(l.Histogram[i-1].UpTo, o.ASCII)
			}
		}
		seen += b.Count
		t.rows = append(t.rows, []cell{{text: label}, {text: number(b.Count)}, {text: percent(b.Count, total)}, {share: ratio(b.Count, most), style: accent}})
	}
	return t
}

// edns says who speaks EDNS and how.
func edns(r *analyze.Report, o Options) block {
	e, m := r.EDNS, r.Messages
	if e.Queries|e.Responses == 0 {
		return block{}
	}
	b := block{title: "EDNS"}
	for _, l := range []struct {
		label string
		n, of uint64
		what  string
	}{
		{"queries with OPT", e.Queries, m.Queries, "queries"},
		{"responses with OPT", e.Responses, m.Responses, "responses"},
		{"DO bit", e.DO, e.Queries, "queries with OPT"},
	} {
		b.fields = append(b.fields, field{l.label, number(l.n) + shareOf(l.n, l.of, l.what)})
	}
	for _, f := range []struct {
		label string
		m     map[string]uint64
	}{{"UDP sizes", e.UDPSizes}, {"options", e.Options}, {"versions", e.Versions}} {
		if text := inline(f.m, e.Queries, o.Top); text != "" {
			b.fields = append(b.fields, field{f.label, text})
			b.note = "sizes, options and versions: % of " + number(e.Queries) + " queries with OPT"
		}
	}
	return b
}

// inline returns the largest entries of m in one line of text: "1232 81.0%, 4096 12.3%, 3 others 6.7%".
func inline(m map[string]uint64, of uint64, n int) string {
	head, rest := top(ranked(m), n)
	parts := make([]string, 0, len(head)+1)
	for _, e := range head {
		parts = append(parts, fmt.Sprintf("%s %s", e.key, percent(e.n, of)))
	}
	if rest.n > 0 {
		parts = append(parts, rest.key)
	}
	return strings.Join(parts, ", ")
}
