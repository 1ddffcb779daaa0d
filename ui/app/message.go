package app

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"

	"github.com/dnssniff/dnssniff/analyze/record"
	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/decode/wire"
	"github.com/dnssniff/dnssniff/ui/inspect"
)

// messagePage shows a transaction's messages field by field beside their bytes.
func (a *App) messagePage(r *record.Record) *page {
	s := a.board().snapshot
	e := exchange(r, s.Report.Source.Files, s.Report.Settings.Timeout)
	return &page{record: r, guide: r.Anomalies, fixed: 1, mark: a.pick("◄ ", "<- "), make: func(width int) []line {
		var buf bytes.Buffer
		_ = inspect.Text(&buf, []inspect.Exchange{e}, inspect.Options{Width: width, Color: true, ASCII: a.look.ascii, Answers: a.opt.Answers}) // a buffer takes all
		lines := linesOf(buf.String())
		if len(r.Anomalies) > 0 {
			lines = append(lines, nil, line{{"Enter: what the catalogue says of ", dim}, {a.clean(anomalyText(r)), warn}})
		}
		return lines
	}}
}

// exchange returns a record as it is inspected. Seconds is the timeout.
func exchange(r *record.Record, files []string, seconds float64) inspect.Exchange {
	e := inspect.Exchange{Packet: firstPacket(r), OfResponse: !r.HasQuery, Status: r.Status, Settled: true, RTT: r.RTT, HasRTT: r.HasQuery && r.HasResponse,
		FirstQuery: r.QueryPacket, Repetitions: int(r.Retransmissions), Timeout: duration(seconds)}
	known := map[anomaly.ID]bool{}
	if r.HasQuery {
		e.Query = message(r, r.Query, r.QueryLength, files, known)
		e.Query.Number, e.Query.Time, e.Query.From, e.Query.To = r.QueryPacket, r.Time.UnixNano(), r.Client, r.Server
		e.Query.File = fileOf(files, r.QueryFile)
	}
	if r.HasResponse {
		e.Response = message(r, r.Response, r.ResponseLength, files, known)
		at := r.Time
		if r.HasQuery {
			at = at.Add(r.RTT)
		}
		e.Response.Number, e.Response.Time, e.Response.From, e.Response.To = r.ResponsePacket, at.UnixNano(), r.ResponseServer, r.Client
		e.Response.File = fileOf(files, r.ResponseFile)
	}
	e.Remarks = append(remarkKept("query", len(r.Query), int(r.QueryLength)), remarkKept("response", len(r.Response), int(r.ResponseLength))...)
	for _, id := range r.Anomalies {
		if !known[id] {
			e.Anomalies = append(e.Anomalies, anomaly.Seen{ID: id})
		}
	}
	return e
}

// remarkKept says that not all bytes are there to be shown: less is kept for the screen than was captured.
func remarkKept(what string, have, length int) []string {
	if have >= length {
		return nil
	}
	return []string{fmt.Sprintf("Of the %s's %d bytes the first %d are kept for the screen: dnssniff inspect shows all that was captured.", what, length, have)}
}

// message parses bytes that were kept, which can be fewer than were sent.
func message(r *record.Record, data []byte, length uint16, files []string, known map[anomaly.ID]bool) *inspect.Message {
	w := &wire.Message{}
	w.Parse(slices.Clone(data), len(data) < int(length))
	w.Over(wire.Carrier(r.Proto))
	if !w.Response() && w.Parsed[wire.SectionQuestion] > 0 {
		w.Anomalies = w.Question.NameAnomalies(w.Anomalies)
	}
	for _, seen := range w.Anomalies {
		known[seen.ID] = true
	}
	return &inspect.Message{Message: w, Proto: r.Proto, Length: int(length), Frame: -1, From: netip.AddrPort{}}
}

func fileOf(files []string, i uint16) string {
	if int(i) < len(files) {
		return files[i]
	}
	return ""
}

// guidePage shows what the catalogue says of anomalies, the severest first, and what servers were measured to answer.
func (a *App) guidePage(all []anomaly.ID) *page {
	all = worstFirst(all)
	return &page{make: func(width int) []line {
		var out []line
		for i, id := range all {
			if i > 0 {
				out = append(out, nil)
			}
			out = append(out, a.entry(id, width)...)
		}
		return out
	}}
}

// entry shows an entry of the catalogue.
func (a *App) entry(id anomaly.ID, width int) []line {
	e, ok := id.Entry()
	if !ok {
		return []line{{{a.clean(id.String()) + " is not in the catalogue", plain}}}
	}
	out := []line{{{id.String() + "  " + e.Name, bold}, {"  " + e.Severity.String(), severityStyle(e.Severity)}, {"  " + id.GroupTitle(), dim}}, nil}
	out = append(out, paragraphs(e.Meaning, gutter, width, plain)...)
	out = append(out, nil)
	for _, f := range []struct{ label, text string }{
		{"seen on", map[anomaly.Kind]string{anomaly.Either: "queries and responses", anomaly.Query: "queries", anomaly.Response: "responses"}[e.Of]},
		{"told by", map[anomaly.Level]string{anomaly.Message: "one message alone", anomaly.Pair: "a query and what came back", anomaly.Flow: "packets and connections",
			anomaly.History: "several transactions", anomaly.Undecidable: "nothing that can be captured", anomaly.Never: "the capture, not the sender"}[e.Level]},
		{"usually by", e.Culprits.String()}, {"RFC", e.RFC}, {"why not", e.Reason},
	} {
		if f.text != "" {
			p := paragraphs(f.text, gutter+12, width, plain)
			p[0] = line{{spaces(gutter) + pad(f.label, 12), dim}, {p[0][0].text[gutter+12:], plain}}
			out = append(out, p...)
		}
	}
	return append(out, a.measured(id, width)...)
}

// measured says what servers were seen to answer to an anomaly, a paragraph for each answer.
func (a *App) measured(id anomaly.ID, width int) (out []line) {
	if a.opt.Answers == nil {
		return nil
	}
	var order []string
	servers := map[string]string{}
	for _, x := range a.opt.Answers(id) {
		if servers[x.Does] == "" {
			order = append(order, x.Does)
			servers[x.Does] = x.Server
		} else {
			servers[x.Does] += ", " + x.Server
		}
	}
	for i, does := range order {
		if i == 0 {
			out = append(out, nil, line{{spaces(gutter) + "Servers answer, as measured", dim}})
		}
		out = append(out, paragraphs(does+": "+servers[does], 2*gutter, width, plain)...)
	}
	return out
}
