package guide

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/dnssniff/dnssniff/analyze/family"
	"github.com/dnssniff/dnssniff/analyze/where"
	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/decode/mnemonic"
)

// unassigned is the key of the page of codes without a meaning.
const unassigned = "UNASSIGNED"

// completed adds to the pages of a kind what is known as data, and puts them into order.
func completed(k Kind, all []Page) []Page {
	switch k {
	case Anomaly:
		return catalogued(all)
	case RCODE:
		for i := range all {
			rcodeFacts(&all[i])
		}
	case TSIG:
		for i := range all {
			tsigFacts(&all[i])
		}
	case EDE:
		for i := range all {
			edeFacts(&all[i])
		}
	}
	slices.SortStableFunc(all, func(a, b Page) int { return order(&a) - order(&b) })
	return all
}

// order is a page's place among those of its kind, which come in the order of their names.
func order(p *Page) int {
	switch p.Kind {
	case RCODE:
		if n, ok := mnemonic.ParseRCODE(p.Key); ok {
			return 2 * int(n)
		}
		if p.Key == "NODATA" {
			return 1
		}
	case TSIG:
		if n, ok := mnemonic.ParseTSIGError(p.Key); ok {
			return int(n)
		}
	case EDE:
		if n, ok := edeOf(p.Key); ok {
			return int(n)
		}
	default:
		return 0
	}
	return 1 << 17
}

// edeOf returns the number of the key of an extended error's page.
func edeOf(key string) (uint16, bool) {
	digits, ok := strings.CutPrefix(key, "EDE")
	n, err := strconv.ParseUint(digits, 10, 16)
	return uint16(n), ok && err == nil
}

func rcodeFacts(p *Page) {
	n, ok := mnemonic.ParseRCODE(p.Key)
	if !ok {
		return
	}
	carried, filter := "the header", fmt.Sprintf("dns.flags.rcode == %d", n&15)
	if n > 15 {
		carried = fmt.Sprintf("header (low 4 bits: %d, which alone is %s) and OPT record (high 8 bits: %d)", n&15, mnemonic.RCODE(n&15), n>>4)
		filter += fmt.Sprintf(" && dns.resp.ext_rcode == %d", n>>4)
	}
	p.Facts = append(p.Facts, Fact{"code", strconv.Itoa(int(n))}, Fact{"carried by", carried}, Fact{"--where", fmt.Sprintf("rcode == %q", p.Key)}, Fact{"Wireshark", filter})
}

func tsigFacts(p *Page) {
	n, ok := mnemonic.ParseTSIGError(p.Key)
	if !ok {
		return
	}
	record, header := "TSIG", "NOTAUTH (9)"
	if tkeyOnly(n) {
		record, header = "TKEY", "NOERROR (0), mostly"
	}
	p.Facts = append(p.Facts, Fact{"code", strconv.Itoa(int(n))}, Fact{"carried by", "the error field of the " + record + " record"}, Fact{"header's RCODE", header},
		Fact{"Wireshark", fmt.Sprintf("dns.%s.error == %d", strings.ToLower(record), n)})
}

// tkeyOnly says whether an error is one of TKEY records only (RFC 2930 section 2.6).
func tkeyOnly(n uint16) bool { return n >= 19 && n <= 21 }

func edeFacts(p *Page) {
	n, ok := edeOf(p.Key)
	if !ok {
		return
	}
	p.Facts = append(p.Facts, Fact{"code", strconv.Itoa(int(n))}, Fact{"carried by", "an EDE option (15) of the response's OPT record"},
		Fact{"--where", fmt.Sprintf("ede == %d", n)}, Fact{"Wireshark", fmt.Sprintf("dns.opt.ext_error.info_code == %d", n)})
}

// catalogued returns a page for each entry of the catalogue of anomalies, with the prose of those that were written.
func catalogued(prose []Page) []Page {
	var all []Page
	for id := range anomaly.All {
		e, _ := id.Entry()
		p := Page{Key: id.String(), Title: strings.ReplaceAll(e.Name, "-", " ")}
		if i := slices.IndexFunc(prose, func(p Page) bool { return p.Key == id.String() }); i >= 0 {
			p = prose[i]
		}
		p.Kind = Anomaly
		if p.Summary == "" {
			p.Summary = e.Meaning
		}
		p.Facts, p.Answers = anomalyFacts(e, p.Written), answers(id)
		all = append(all, p)
	}
	return all
}

func anomalyFacts(e anomaly.Entry, written bool) []Fact {
	var out []Fact
	add := func(label, text string) {
		if text != "" {
			out = append(out, Fact{label, text})
		}
	}
	if e.Level != anomaly.Undecidable {
		add("severity", e.Severity.String())
	}
	if written { // else it is the summary
		add("condition", e.Meaning)
	}
	add("seen on", [...]string{anomaly.Either: "queries and responses", anomaly.Query: "queries", anomaly.Response: "responses"}[e.Of])
	add("told by", [...]string{anomaly.Message: "one message alone", anomaly.Pair: "a query and what came back", anomaly.Flow: "packets and connections",
		anomaly.History: "several transactions", anomaly.Undecidable: "nothing that can be captured", anomaly.Never: "the capture, not the sender"}[e.Level])
	add("usually by", e.Culprits.String())
	add("why not seen", e.Reason)
	if instead, has := where.Told(e.ID); has {
		add("--where", fmt.Sprintf("anomaly == %q", e.ID.String()))
	} else if e.Level != anomaly.Undecidable && e.Level != anomaly.Never {
		add("no --where", instead)
	}
	add("RFC", e.RFC)
	return out
}

// answers returns what servers were measured to answer to an anomaly, an answer with its servers each.
func answers(id anomaly.ID) []Fact {
	var out []Fact
	for _, a := range family.Answers(id) {
		i := slices.IndexFunc(out, func(f Fact) bool { return f.Label == a.Does })
		if i < 0 {
			out = append(out, Fact{a.Does, a.Server.String()})
			continue
		}
		out[i].Text += ", " + a.Server.String()
	}
	return out
}
