package text

import (
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/dnssniff/dnssniff/analyze"
	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/ui/sanitize"
)

// maxKindsListed bounds the kinds that the report shows of an offender.
const maxKindsListed = 4

// OffendersOptions say how offenders are shown.
type OffendersOptions struct {
	Options
	Rules   []Ruleset // what they can be acted on with, in the order to print
	Written *Written  // where their packets are; nil: nowhere
}

// Written says where the packets of offenders were written to.
type Written struct {
	File    string `json:"file"`
	Packets uint64 `json:"packets"`
	// LeftOut counts messages of which not all packets are among them, for want of room.
	LeftOut uint64 `json:"messages_left_out"`
}

// Offenders prints all that r knows of its offenders, at most o.Top of them. The error is that of w.
func Offenders(w io.Writer, r *analyze.Report, o OffendersOptions) error {
	p := newPage(o.Options)
	list := shownOffenders(r, p.Options)
	p.block(offendersHead(r, o, len(list)))
	p.block(health(r, p.Options))
	for i := range list {
		p.block(offenderBlock(r, &list[i], i+1, p.Options))
		p.code(sampleCommands(r, &list[i], p.ASCII), indent)
	}
	if slices.Contains(r.Source.Files, stdinName) && len(list) > 0 {
		p.block(block{title: "Commands", remarks: []remark{{text: "FILE in them is a copy of what standard input gave: save it with tcpdump -w FILE."}}})
	}
	p.rules(r, list, o.Rules)
	_, err := w.Write(p.out)
	return err
}

// newPage returns a page with what an option leaves out filled in.
func newPage(o Options) *page {
	o.Width = max(o.Width, minWidth)
	if o.Top <= 0 {
		o.Top = defaultTop
	}
	return &page{Options: o}
}

func shownOffenders(r *analyze.Report, o Options) []analyze.Offender {
	return r.Offenders[:min(len(r.Offenders), o.Top)]
}

// offendersHead says what was read and how many offenders there are.
func offendersHead(r *analyze.Report, o OffendersOptions, shown int) block {
	b := block{title: "Offenders", note: "clients whose queries are malformed or break a rule of an RFC, malformed ones first"}
	b.fields = []field{{"files", list(r.Source.Files)}}
	if r.Packets.Read > 0 && !r.Source.First.IsZero() {
		b.fields = append(b.fields, field{"time", timeText(r.Source, o.Options)})
	}
	b.fields = append(b.fields, field{"queries", number(r.Messages.Queries)}, field{"offenders", offendersShown(r, shown)})
	if x := o.Written; x != nil {
		b.fields = append(b.fields, field{"written", count(x.Packets, "packet") + " to " + x.File})
		if x.LeftOut > 0 {
			b.warn(count(x.LeftOut, "message") + " are not in " + x.File + ", or not with all packets: there were too many")
		}
	}
	return b
}

// offendersShown says how many of how many offenders are shown.
func offendersShown(r *analyze.Report, shown int) string {
	all, lost := max(r.Rows.Offenders, uint64(len(r.Offenders))), ""
	if n := r.Limits.OffendersLost; n > 0 {
		lost = ", and about " + number(n) + " that were forgotten for want of room, with few offences each"
	}
	switch {
	case all == 0:
		return "none"
	case uint64(shown) < all:
		return "the worst " + number(uint64(shown)) + " of " + number(all) + lost
	}
	return number(all) + lost
}

// offenders is the report's block: who they are, and where to look.
func offenders(r *analyze.Report, o Options) block {
	list := shownOffenders(r, o)
	if len(list) == 0 {
		return block{}
	}
	b := block{title: "Offenders", note: "clients whose queries are malformed or break a rule: " + offendersShown(r, len(list)) + "; dnssniff offenders says more"}
	for i := range list {
		f := &list[i]
		b.fields = append(b.fields, field{strconv.Itoa(i + 1), addressLabel(f.Address, o) + ": " + offences(f) + "; " + seenText(f, o)}, field{"", kindsText(f)})
		if packets := samplesText(r, f); packets != "" {
			b.fields = append(b.fields, field{"", packets})
		}
	}
	return b
}

// addressLabel returns an address as the first word of a line.
func addressLabel(s string, o Options) string {
	if a, err := netip.ParseAddr(s); err == nil {
		return a.String()
	}
	s = sanitize.Cut(sanitize.String(s), keyMin, "..") // no report of ours has such an address
	if o.ASCII {
		s = sanitize.Cut(sanitize.ASCII(s), keyMin, "..")
	}
	return s
}

// offences counts: "14 malformed, 2 violating, 17.3% of its 92 queries".
func offences(f *analyze.Offender) string {
	var parts []string
	if f.Malformed > 0 {
		parts = append(parts, number(f.Malformed)+" malformed")
	}
	if f.Violating > 0 {
		parts = append(parts, number(f.Violating)+" violating")
	}
	if all := max(f.AllQueries, f.Queries); all > 0 {
		parts = append(parts, percent(f.Malformed+f.Violating, all)+" of its "+queriesText(all))
	}
	return strings.Join(parts, ", ")
}

func queriesText(n uint64) string {
	if n == 1 {
		return "only query"
	}
	return count(n, "query")
}

// seenText says when the offences were, and how often. A rate is of a second or more: it says nothing about a burst.
func seenText(f *analyze.Offender, o Options) string {
	seconds := f.Last.Sub(f.First).Seconds()
	if n := f.Malformed + f.Violating; n < 2 || !(seconds > 0) {
		return "at " + f.First.UTC().Format("2006-01-02 15:04:05.000 UTC")
	}
	s := period(f.First, f.Last)
	if seconds < leastRated {
		return s + ", within " + span(seconds, o.ASCII)
	}
	return s + ", " + rate(offenceIntervals(f), seconds)
}

// leastRated is how long offences have to go on to have a rate (s).
const leastRated = 1

// offenceIntervals is how many intervals the offences have between them.
func offenceIntervals(f *analyze.Offender) uint64 {
	n := f.Malformed + f.Violating
	return n - min(n, 1)
}

// kindCount is a kind of an offender with its count. The ID is 0 for further ones together.
type kindCount struct {
	counted
	id anomaly.ID
}

// kinds returns the kinds of an offender: the severest first, then the commonest; what is not told apart last.
func kinds(f *analyze.Offender) (all []kindCount) {
	for _, e := range ranked(f.Kinds) {
		all = append(all, kindCount{e, anomalyID(e.key)})
	}
	slices.SortStableFunc(all, func(a, b kindCount) int { return int(weightOf(b)) - int(weightOf(a)) })
	return all
}

// weightOf ranks kinds: 0 is what is not in the catalogue.
func weightOf(k kindCount) anomaly.Severity {
	if k.id.Name() == "" {
		return 0
	}
	return k.id.Severity() + 1
}

// kindsText returns "N11 label-reserved 2, O14 cookie-bad-length 1, 3 more kinds".
func kindsText(f *analyze.Offender) string {
	all := kinds(f)
	var parts []string
	for i, k := range all {
		if i == maxKindsListed && len(all) > i+1 {
			parts = append(parts, strconv.Itoa(len(all)-i)+" more kinds")
			break
		}
		parts = append(parts, strings.TrimSpace(k.key+" "+k.id.Name())+" "+number(k.n))
	}
	return strings.Join(parts, ", ")
}

// samplesText lists packets to look at, by file where there are several: "packets 440, 443 of file 1; 12 of file 2".
func samplesText(r *analyze.Report, f *analyze.Offender) string {
	if len(f.Samples) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("packet")
	if len(f.Samples) > 1 {
		b.WriteByte('s')
	}
	b.WriteByte(' ')
	for i, s := range f.Samples {
		b.WriteString(strconv.FormatUint(s.Packet, 10))
		last := i == len(f.Samples)-1
		if len(r.Source.Files) > 1 && (last || f.Samples[i+1].File != s.File) {
			fmt.Fprintf(&b, " of file %d", s.File+1)
			if !last {
				b.WriteString("; ")
			}
		} else if !last {
			b.WriteString(", ")
		}
	}
	return b.String()
}

// offenderBlock says all that is known of an offender, the n-th.
func offenderBlock(r *analyze.Report, f *analyze.Offender, n int, o Options) block {
	b := block{title: strconv.Itoa(n) + ". " + addressLabel(f.Address, o), note: offences(f)}
	b.fields = append(b.fields, field{"seen", seenText(f, o)})
	for _, k := range kinds(f) {
		b.fields = append(b.fields, kindField(k))
	}
	b.fields = append(b.fields, fingerprintWords(&f.Fingerprint, o)...)
	if f.AllQueries > f.Fingerprint.Queries {
		b.fields = append(b.fields, field{"based on", number(f.Fingerprint.Queries) + " of its queries, from the first offence on"})
	}
	return b
}

// kindField says what a kind is.
func kindField(k kindCount) field {
	e, ok := k.id.Entry()
	if !ok {
		return field{"others", "further kinds, " + number(k.n) + " in all"}
	}
	text := e.Name + ", " + e.Severity.String() + ", " + count(k.n, "message") + ": " + e.Meaning
	if e.RFC != "" {
		text += " (" + e.RFC + ")"
	}
	return field{k.key, text}
}

// code prints lines that are to be copied: made safe to print, but neither broken nor cut.
func (p *page) code(lines []string, left int) {
	for _, line := range lines {
		p.spaces += left
		p.put(p.clean(line), plain)
		p.newline()
	}
}

// rules prints how to act on the offenders, or how to be told.
func (p *page) rules(r *analyze.Report, shown []analyze.Offender, sets []Ruleset) {
	if len(shown) == 0 {
		return
	}
	caution := "Sources of UDP can be forged, and an address can be a resolver for many: look at its share first."
	if len(sets) == 0 {
		p.block(block{title: "Rules", remarks: []remark{{text: "--rules " + strings.Join(Rulesets(), ",") + " prints lines to act on them. " + caution}}})
		return
	}
	for i, set := range sets {
		p.newline()
		p.heading("Rules for "+set.program(), "")
		if i == 0 {
			p.remark(remark{mark: "!", text: caution, style: warn})
			p.newline()
		}
		p.code(strings.Split(strings.TrimSuffix(Rules(set, shown, r.Settings.Ports), "\n"), "\n"), 0)
	}
}
