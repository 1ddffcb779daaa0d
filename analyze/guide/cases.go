package guide

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/dnssniff/dnssniff/analyze"
	"github.com/dnssniff/dnssniff/analyze/zone"
	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/decode/mnemonic"
	"github.com/dnssniff/dnssniff/decode/packet"
	"github.com/dnssniff/dnssniff/decode/wire"
)

// rank says how bad it is that a capture shows something.
type rank uint8

const (
	unremarkable rank = iota // not worth a page
	everyday
	odd
	trouble
)

// found is a page that a capture calls for.
type found struct {
	page  int // its place in the guide
	rank  rank
	count uint64
	whole uint64 // that the count is a share of; 0: none
	noun  string // what is counted
	tally tally
}

// Cases returns the pages that a capture calls for, the worst first: what was diagnosed, then trouble, then oddities, then everyday codes; of each the most
// frequent first. What is legal and merely worth knowing is left out. The collectors are those of the shards that the report is of.
func (g *Guide) Cases(r *analyze.Report, shards []*Collector) []Case {
	all := g.found(r)
	for _, c := range shards {
		for s, t := range c.tallies {
			if i, ok := g.pageOf(s); ok && all[i] != nil {
				all[i].tally.merge(t)
			}
		}
	}
	var order []*found
	for _, f := range all {
		if f.rank > unremarkable {
			order = append(order, f)
		}
	}
	slices.SortFunc(order, func(a, b *found) int {
		return cmp.Or(cmp.Compare(b.rank, a.rank), cmp.Compare(b.count, a.count), cmp.Compare(a.page, b.page))
	})
	out := g.diagnosed(r)
	for _, f := range order {
		out = append(out, Case{Page: g.pages[f.page], Evidence: f.evidence(r), Fill: f.fill(), File: int(f.tally.example.at.file), Everyday: f.rank == everyday})
	}
	return out
}

// pageOf returns the place of the page about a subject.
func (g *Guide) pageOf(s subject) (int, bool) {
	key := ""
	switch s.kind {
	case RCODE:
		key = mnemonic.RCODE(s.code)
	case TSIG:
		key = mnemonic.TSIGError(s.code)
	case EDE:
		key = "EDE" + strconv.Itoa(int(s.code))
	case Anomaly:
		key = anomaly.ID(s.code).String()
	case Topic:
		key = silencePage
	}
	i, ok := g.keys[key]
	if !ok && s.kind <= EDE {
		i, ok = g.keys[unassigned]
	}
	return i, ok
}

const silencePage = "retries-and-timeouts"

// found returns what the report counts, by the places of the pages.
func (g *Guide) found(r *analyze.Report) map[int]*found {
	all := map[int]*found{}
	add := func(s subject, n, whole uint64, noun string, rank rank) {
		i, ok := g.pageOf(s)
		if !ok || n == 0 {
			return
		}
		if all[i] == nil {
			all[i] = &found{page: i, noun: noun, whole: whole}
		}
		all[i].count += n
		all[i].rank = max(all[i].rank, rank)
	}
	for name, n := range r.RCODEs {
		code, _ := mnemonic.ParseRCODE(name)
		if code != 0 {
			add(subject{RCODE, code}, n, r.Messages.Responses, "responses", rankOfRCODE(code))
		}
	}
	for _, errors := range []map[string]uint64{r.TSIGErrors, r.TKEYErrors} {
		for name, n := range errors {
			code, _ := mnemonic.ParseTSIGError(name)
			add(subject{TSIG, code}, n, r.Messages.Responses, "responses", trouble)
		}
	}
	for number, n := range r.EDE {
		if code, err := strconv.ParseUint(number, 10, 16); err == nil {
			add(subject{EDE, uint16(code)}, n, r.Messages.Responses, "responses", rankOfEDE(uint16(code)))
		}
	}
	for name, n := range r.Anomalies {
		if id, err := anomaly.Parse(name); err == nil {
			add(subject{Anomaly, uint16(id)}, n, 0, "times", [...]rank{unremarkable, odd, odd, trouble}[min(id.Severity(), anomaly.Malformed)])
		}
	}
	if i, ok := g.pageOf(subject{RCODE, rcodeNotAuth}); ok && all[i] != nil && all[i].count <= total(r.TSIGErrors) {
		all[i].rank = odd // the pages of the TSIG errors say more
	}
	if t := r.Transactions; r.Source.OneWay == "" {
		settled := t.Answered + t.Unanswered
		add(subject{Topic, silence}, t.Unanswered, settled, "transactions", rankOfSilence(t.Unanswered, settled))
	}
	return all
}

const rcodeNotAuth = 9

func total(counts map[string]uint64) (n uint64) {
	for _, c := range counts {
		n += c
	}
	return n
}

func rankOfRCODE(code uint16) rank {
	switch code {
	case 3, 6, 7, 8: // a name or a prerequisite
		return everyday
	case 23: // once for each client and server
		return odd
	}
	return trouble
}

func rankOfEDE(code uint16) rank {
	switch code {
	case 0, 3, 4, 13, 15, 16, 17, 18, 19, 20, 21, 26, 30: // the server means it, or an older error is the trouble
		return odd
	case 29:
		return everyday
	}
	return trouble
}

func rankOfSilence(unanswered, settled uint64) rank {
	if unanswered*100 >= settled {
		return trouble
	}
	return everyday
}

// evidence says what was seen, for people.
func (f *found) evidence(r *analyze.Report) []Fact {
	seen := fmt.Sprintf("%d %s", f.count, f.noun)
	switch {
	case f.whole == 0 && f.count == 1:
		seen = "once"
	case f.whole > 0:
		seen = fmt.Sprintf("%d of %d %s, %.1f%%", f.count, f.whole, f.noun, 100*float64(f.count)/float64(f.whole))
	}
	out := []Fact{{"seen", seen}}
	add := func(label, text string) {
		if text != "" {
			out = append(out, Fact{label, text})
		}
	}
	t := &f.tally
	add("clients", most(&t.clients, packet.Addr.String))
	add("servers", most(&t.servers, packet.Addr.String))
	add("names", most(&t.names, nameText))
	add("types", most(&t.types, mnemonic.Type))
	add("packets", packets(t.first, r.Source.Files))
	if t.skewed {
		add("clock", clock(t.skew))
	}
	return out
}

func nameText(name string) string { return string(wire.AppendName(nil, []byte(name))) }

// shown is how many values of a kind are told.
const shown = 3

// ranked returns the values of a table, the most frequent first.
func ranked[K comparable](t *top[K], text func(K) string) []K {
	keys := make([]K, 0, len(t.counts))
	for k := range t.counts {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b K) int {
		return cmp.Or(cmp.Compare(*t.counts[b], *t.counts[a]), cmp.Compare(text(a), text(b)))
	})
	return keys
}

// most tells the most frequent values of a table: "10.0.0.1 (12), 10.0.0.2 (3), and 5 more".
func most[K comparable](t *top[K], text func(K) string) string {
	keys := ranked(t, text)
	var words []string
	for _, k := range keys[:min(shown, len(keys))] {
		count := strconv.FormatUint(*t.counts[k], 10)
		if t.full {
			count = "at least " + count
		}
		words = append(words, text(k)+" ("+count+")")
	}
	switch more := len(keys) - len(words); {
	case t.full && len(words) == 0:
		return "many, none of them frequent"
	case t.full:
		words = append(words, "and many more")
	case more > 0:
		words = append(words, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(words, ", ")
}

// packets tells the first packets, with their files where there are several.
func packets(first []place, files []string) string {
	var words []string
	for _, p := range first {
		word := strconv.FormatUint(p.number, 10)
		if len(files) > 1 && int(p.file) < len(files) {
			word += " of " + files[p.file]
		}
		words = append(words, word)
	}
	if len(words) == maxPackets {
		words = append(words, "...")
	}
	return strings.Join(words, ", ")
}

// clock tells by how much clocks differ (s).
func clock(skew [2]int64) string {
	one := func(ahead int64) string {
		if ahead < 0 {
			return fmt.Sprintf("%d s behind the server", -ahead)
		}
		return fmt.Sprintf("%d s ahead of the server", ahead)
	}
	if skew[0] == skew[1] {
		return "signers are " + one(skew[0])
	}
	return "signers are between " + one(skew[0]) + " and " + one(skew[1])
}

// fill returns the values for the page's commands: those of the first packet, which belong together.
func (f *found) fill() Fill {
	fill := Fill{}
	if f.tally.n == 0 {
		return fill
	}
	e := &f.tally.example
	fill.Set("client", e.client.String())
	fill.Set("server", e.server.String())
	fill.Set("packet", strconv.FormatUint(e.at.number, 10))
	if e.name != "" {
		fill.Set("name", nameText(e.name))
		fill.Set("zone", nameText(string(zone.NewFinder(1<<10).Of([]byte(e.name)))))
	}
	if e.typed {
		fill.Set("type", mnemonic.Type(e.typ))
	}
	return fill
}
