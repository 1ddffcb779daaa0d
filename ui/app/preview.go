package app

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/dnssniff/dnssniff/analyze"
	"github.com/dnssniff/dnssniff/analyze/record"
	"github.com/dnssniff/dnssniff/analyze/watch"
	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/mnemonic"
)

// preview narrows a snapshot by its own records. It is shown until the source has looked through all it holds, and where the screen stands still.
func preview(s *watch.Snapshot, n *narrowing) *watch.Snapshot {
	out := *s
	out.Where, out.Narrowed = nil, true
	out.Records, out.Slowest, out.Unanswered = matching(s.Records, n), matching(s.Slowest, n), matching(s.Unanswered, n)
	out.Matching, out.Held = uint64(len(out.Records)), uint64(len(s.Records))
	t := newTally()
	for _, r := range out.Records {
		t.add(r)
	}
	out.Report, out.RCODEs = t.report(s.Report), t.rcodes()
	return &out
}

func matching(all []*record.Record, n *narrowing) (out []*record.Record) {
	for _, r := range all {
		if n.Match(r) {
			out = append(out, r)
		}
	}
	return out
}

// tally counts records as a report does, as far as the tables of a narrowed view go.
type tally struct {
	r                       analyze.Report
	clients, servers, names map[string]*analyze.Row
	codes                   map[uint16]*watch.RCODE
}

func newTally() *tally {
	t := &tally{clients: map[string]*analyze.Row{}, servers: map[string]*analyze.Row{}, names: map[string]*analyze.Row{}, codes: map[uint16]*watch.RCODE{}}
	t.r.QTypes, t.r.Opcodes, t.r.Anomalies, t.r.EDE, t.r.RCODEs = map[string]uint64{}, map[string]uint64{}, map[string]uint64{}, map[string]uint64{}, map[string]uint64{}
	return t
}

func (t *tally) add(r *record.Record) {
	rows := []*analyze.Row{rowOf(t.clients, r.Client.Addr().String()), rowOf(t.servers, r.Server.Addr().String())}
	if r.HasQuestion {
		rows = append(rows, rowOf(t.names, r.Name))
	}
	for _, row := range rows {
		count(row, r)
	}
	if r.HasQuery {
		t.r.Messages.Queries++
		t.r.Opcodes[mnemonic.Opcode(r.Opcode)]++
		if r.HasQuestion && r.Opcode == 0 {
			t.r.QTypes[mnemonic.Type(r.Type)]++
		}
	}
	if r.HasResponse {
		t.r.Messages.Responses++
		t.r.RCODEs[mnemonic.RCODE(r.RCODE)]++
		c := t.codes[r.RCODE]
		if c == nil {
			c = &watch.RCODE{Code: r.RCODE, Name: mnemonic.RCODE(r.RCODE)}
			t.codes[r.RCODE] = c
		}
		c.Count++
		if r.Time.After(c.Last) {
			c.Last = r.Time
		}
	}
	switch r.Status {
	case decode.Answered:
		t.r.Transactions.Answered++
	case decode.Unanswered:
		t.r.Transactions.Unanswered++
	case decode.Pending:
		t.r.Transactions.Pending++
	}
	for _, id := range r.Anomalies {
		t.r.Anomalies[id.String()]++
	}
	for _, code := range r.EDE {
		t.r.EDE[strconv.Itoa(int(code))]++
	}
}

func rowOf(m map[string]*analyze.Row, key string) *analyze.Row {
	r := m[key]
	if r == nil {
		r = &analyze.Row{Address: key, RCODEs: map[string]uint64{}}
		m[key] = r
	}
	return r
}

func count(row *analyze.Row, r *record.Record) {
	if r.HasQuery {
		row.Queries++
	}
	if r.HasResponse {
		row.Responses++
		row.RCODEs[mnemonic.RCODE(r.RCODE)]++
	}
	if r.Malformed {
		row.Malformed++
	}
	if r.Status == decode.Unanswered {
		row.Unanswered++
	}
}

// report returns the counts as a report of the same source.
func (t *tally) report(of *analyze.Report) *analyze.Report {
	r := t.r
	r.Source, r.Settings = of.Source, of.Settings
	r.Clients, r.Servers, r.Names = sorted(t.clients), sorted(t.servers), sorted(t.names)
	for i := range r.Names {
		r.Names[i].Name, r.Names[i].Address = r.Names[i].Address, ""
	}
	return &r
}

func sorted(m map[string]*analyze.Row) []analyze.Row {
	out := make([]analyze.Row, 0, len(m))
	for _, r := range m {
		out = append(out, *r)
	}
	slices.SortFunc(out, func(a, b analyze.Row) int {
		return cmp.Or(cmp.Compare(b.Queries, a.Queries), cmp.Compare(b.Responses, a.Responses), cmp.Compare(a.Address, b.Address))
	})
	return out
}

func (t *tally) rcodes() []watch.RCODE {
	out := make([]watch.RCODE, 0, len(t.codes))
	for _, c := range t.codes {
		out = append(out, *c)
	}
	slices.SortFunc(out, func(a, b watch.RCODE) int { return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Code, b.Code)) })
	return out
}
