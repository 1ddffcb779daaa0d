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
	return &page{record: r, guide: keysOf(r), fixed: 1, mark: a.pick("◄ ", "<- "), make: func(width int) []line {
		var buf bytes.Buffer
		_ = inspect.Text(&buf, []inspect.Exchange{e}, inspect.Options{Width: width, Color: true, ASCII: a.look.ascii, Answers: a.opt.Answers}) // a buffer takes all
		lines := linesOf(buf.String())
		if len(r.Anomalies) > 0 {
			lines = append(lines, nil, line{{"Enter: what the guide says of ", dim}, {a.clean(anomalyText(r)), warn}})
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
