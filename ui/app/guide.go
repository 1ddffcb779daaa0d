package app

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/dnssniff/dnssniff/analyze/guide"
	"github.com/dnssniff/dnssniff/analyze/record"
	"github.com/dnssniff/dnssniff/analyze/where"
	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/decode/mnemonic"
	text "github.com/dnssniff/dnssniff/ui/guide"
)

// Topics of the guide that rows and screens lead to.
const (
	silencePage    = "retries-and-timeouts"
	truncationPage = "tcp-and-truncation"
	ednsPage       = "edns-and-fragmentation"
)

// guidePage shows pages of the guide, one below the other, with their commands filled in. Keys are names that the guide finds a page by.
func (a *App) guidePage(keys []string, fill guide.Fill) *page {
	var cases []guide.Case
	for _, key := range keys {
		if found := a.guide().Find(key); len(found) > 0 {
			cases = append(cases, guide.Case{Page: found[0], Fill: fill})
		}
	}
	return &page{make: func(width int) []line {
		var buf bytes.Buffer
		_ = text.Text(&buf, cases, text.Options{Width: width, Color: true, ASCII: a.ascii}) // a buffer takes all
		return linesOf(buf.String())
	}}
}

// pageFor shows the pages of a target.
func (a *App) pageFor(keys []string, r *record.Record) {
	fill := guide.Fill{}
	if r != nil {
		fill = fillOf(r, a.board().snapshot.Report.Source.Files)
	}
	a.show("guide", a.guidePage(keys, fill))
}

// fillOf returns what commands of the guide are filled in with for a transaction.
func fillOf(r *record.Record, files []string) guide.Fill {
	f := guide.Fill{}
	f.Set("client", r.Client.Addr().String())
	f.Set("server", r.Server.Addr().String())
	f.Set("packet", strconv.FormatUint(firstPacket(r), 10))
	f.Set("file", fileOf(files, r.QueryFile))
	if r.HasQuestion {
		f.Set("name", r.Name)
		f.Set("zone", where.Zone(r.Name))
		f.Set("type", mnemonic.Type(r.Type))
	}
	return f
}

// keysOf returns what the guide has about a transaction: what breaks a rule first, then its codes, then what is odd.
func keysOf(r *record.Record) []string {
	var broken, odd, codes []string
	for _, id := range worstFirst(r.Anomalies) {
		if id.Severity() >= anomaly.Violation {
			broken = append(broken, id.String())
		} else {
			odd = append(odd, id.String())
		}
	}
	for _, code := range r.EDE {
		codes = append(codes, "ede "+strconv.Itoa(int(code)))
	}
	switch {
	case r.Status == decode.Unanswered:
		codes = append(codes, silencePage)
	case r.HasResponse && (r.RCODE != 0 || len(r.Anomalies) == 0):
		codes = append(codes, pageOfRCODE(r))
	}
	return append(append(broken, codes...), odd...)
}

func pageOfRCODE(r *record.Record) string {
	if r.RCODE == 0 && r.Answers == 0 && r.Opcode == 0 {
		return "NODATA"
	}
	return mnemonic.RCODE(r.RCODE)
}

// pagesOf returns what the guide has about an outcome of queries.
func pagesOf(outcome string) []string {
	switch outcome {
	case "unanswered", "pending", "late", "lookups failed", "lookups retried":
		return []string{silencePage}
	case "TCP after UDP":
		return []string{truncationPage}
	case "retransmitted":
		return []string{"P03", silencePage}
	case "unsolicited":
		return []string{"P02"}
	case "duplicate":
		return []string{"P05"}
	case "conflicting":
		return []string{"P06"}
	case "mismatched":
		return []string{"P08", "P10"}
	}
	return nil
}

// pages returns what the guide has about a line of the EDNS screen.
func (o option) pages() []string {
	switch o.group {
	case "extended error":
		number, _, _ := strings.Cut(o.what, " ")
		return []string{"ede " + number}
	case "TSIG error", "TKEY error":
		return []string{o.what}
	case "EDNS":
		if o.what == "truncated responses" {
			return []string{truncationPage}
		}
	}
	return []string{ednsPage}
}

// pagesOf returns what the guide has about what a screen is about, where a row has no page of its own.
func (id screenID) pages() []string {
	switch id {
	case unansweredScreen, latencyScreen:
		return []string{silencePage}
	case ednsScreen:
		return []string{ednsPage}
	}
	return nil
}
