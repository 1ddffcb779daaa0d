package text

import (
	"strconv"

	"github.com/dnssniff/dnssniff/analyze"
	"github.com/dnssniff/dnssniff/decode/mnemonic"
)

// shares is a table of named counts with their share of a whole, their rate and a bar.
type shares struct {
	name, what string // titles of the first column and of the counts
	entries    []counted
	of         uint64 // 0: no shares
	seconds    float64
	top        int
	number     func(key string) string // a second column; nil: none
	style      func(key string) style  // of the name; nil: plain
}

func (s shares) table() table {
	head, rest := top(s.entries, s.top)
	most := uint64(1)
	if len(head) > 0 {
		most = head[0].n
	}
	if rest.n > 0 {
		head = append(head[:len(head):len(head)], rest)
	}
	t := table{cols: []column{
		{title: s.name, flex: keyMin}, {title: "code", right: true, optional: true, rank: 2}, {title: s.what, right: true},
		{title: "share", right: true, optional: true}, {title: "rate", right: true, optional: true, rank: 3}, {bar: true, rank: 4},
	}}
	for i, e := range head {
		name, code := cell{text: e.key}, ""
		if i < s.top || rest.n == 0 {
			if s.style != nil {
				name.style = s.style(e.key)
			}
			if s.number != nil {
				code = s.number(e.key)
			}
		}
		t.rows = append(t.rows, []cell{
			name, {text: code}, {text: number(e.n)}, {text: percent(e.n, s.of)}, {text: rate(e.n, s.seconds)},
			{share: ratio(e.n, most), style: accent},
		})
	}
	if rest.n > 0 {
		t.rows[len(t.rows)-1][len(t.cols)-1] = cell{} // not one thing: no bar
	}
	return t
}

// rcodeStyle colours a response code by what it means for the one who asked.
func rcodeStyle(name string) style {
	switch name {
	case "NOERROR":
		return good
	case "NXDOMAIN":
		return warn
	}
	return bad
}

func rcodes(r *analyze.Report, o Options) block {
	// All codes that have a name are shown; the limit is against a capture that holds thousands of unassigned ones.
	s := shares{name: "RCODE", what: "responses", entries: ranked(r.RCODEs), of: r.Messages.Responses, seconds: r.Messages.Duration,
		top: max(o.Top, 24), style: rcodeStyle, number: codeNumber(mnemonic.ParseRCODE)}
	b := block{title: "Response codes", note: "% of " + count(r.Messages.Responses, "response"), tables: []table{s.table()}}
	for _, e := range s.entries {
		if _, ok := mnemonic.ParseRCODE(e.key); ok && rcodeStyle(e.key) == bad {
			b.remarks = []remark{explain(e.key)}
			break
		}
	}
	return b
}

// explain leads to a page of the guide.
func explain(key string) remark {
	return remark{text: "dnssniff explain " + key + ": what it means, what causes it, what to do", style: dim}
}

func codeNumber(parse func(string) (uint16, bool)) func(string) string {
	return func(key string) string {
		n, ok := parse(key)
		if !ok {
			return ""
		}
		return strconv.Itoa(int(n))
	}
}

func tsigErrors(r *analyze.Report, o Options) block {
	return errorField("TSIG errors", "carried by the TSIG record, beside the RCODE of the header", r.TSIGErrors, r, o)
}

func tkeyErrors(r *analyze.Report, o Options) block {
	return errorField("TKEY errors", "carried by the TKEY record, beside the RCODE of the header", r.TKEYErrors, r, o)
}

func errorField(title, note string, m map[string]uint64, r *analyze.Report, o Options) block {
	s := shares{name: "error", what: "messages", entries: ranked(m), seconds: r.Messages.Duration, top: o.Top,
		style: func(string) style { return bad }, number: codeNumber(mnemonic.ParseTSIGError)}
	return block{title: title, note: note, tables: []table{s.table()}}
}

// edeCodes names the extended errors; the report has their numbers.
func edeCodes(r *analyze.Report, o Options) block {
	entries := ranked(r.EDE)
	codes := make(map[string]string, len(entries))
	for i, e := range entries {
		if n, err := strconv.ParseUint(e.key, 10, 16); err == nil {
			name := mnemonic.EDE(uint16(n))
			codes[name] = e.key
			entries[i].key = name
		}
	}
	s := shares{name: "purpose", what: "options", entries: entries, seconds: r.Messages.Duration, top: o.Top,
		number: func(key string) string { return codes[key] }}
	return block{title: "Extended DNS errors", note: "EDE options, of which a response can hold several", tables: []table{s.table()}}
}

func queryTypes(r *analyze.Report, o Options) block {
	s := shares{name: "type", what: "questions", entries: ranked(r.QTypes), seconds: r.Messages.Duration, top: o.Top}
	s.of = sum(s.entries)
	b := block{title: "Query types", note: "% of " + count(s.of, "question") + " in queries", tables: []table{s.table()}}
	if n := r.Messages.NoQuestion; n > 0 {
		b.remarks = []remark{{text: count(n, "query") + " without a readable question" + shareOf(n, r.Messages.Queries, "queries")}}
	}
	return b
}

// opcodes is left out where all is QUERY.
func opcodes(r *analyze.Report, o Options) block {
	entries := ranked(r.Opcodes)
	if len(entries) == 0 || len(entries) == 1 && entries[0].key == "QUERY" {
		return block{}
	}
	s := shares{name: "opcode", what: "queries", entries: entries, of: r.Messages.Queries, seconds: r.Messages.Duration, top: max(o.Top, 16)}
	return block{title: "Opcodes", note: "% of " + count(r.Messages.Queries, "query"), tables: []table{s.table()}}
}
