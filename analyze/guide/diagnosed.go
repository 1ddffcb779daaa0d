package guide

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/dnssniff/dnssniff/analyze"
	"github.com/dnssniff/dnssniff/analyze/diagnose"
)

// diagnosed returns the pages of a report's findings, in their order, each page once. One that is not written yet has the finding's own words.
func (g *Guide) diagnosed(r *analyze.Report) []Case {
	var out []Case
	for i := range r.Findings {
		f := &r.Findings[i]
		if at := slices.IndexFunc(out, func(c Case) bool { return c.Key == f.ID }); at >= 0 {
			out[at].Evidence = append(out[at].Evidence, Fact{"also", f.Title + " " + confidence(f)})
			continue
		}
		p, ok := g.Get(f.ID)
		if !ok {
			p = Page{Key: f.ID, Kind: Finding, Title: strings.ReplaceAll(f.ID, "-", " "), Summary: "A cause that dnssniff diagnoses."}
		}
		out = append(out, Case{Page: p, Evidence: facts(f), Fill: scope(f)})
	}
	return out
}

func confidence(f *diagnose.Finding) string {
	return fmt.Sprintf("(%s, confidence %.0f%%)", f.Severity, 100*f.Confidence)
}

// facts returns what a finding says. All of it is hostile, so none is Markdown.
func facts(f *diagnose.Finding) []Fact {
	out := []Fact{{"seen", fmt.Sprintf("%s, %.0f%% sure", f.Severity, 100*f.Confidence)}, {"finding", f.Title}, {"cause", f.Cause}}
	for _, e := range f.Evidence {
		out = append(out, Fact{"evidence", e})
	}
	for _, e := range f.Against {
		out = append(out, Fact{"against", e})
	}
	var packets []string
	for i, n := range f.Packets[:min(len(f.Packets), maxPackets)] {
		packets = append(packets, strconv.FormatUint(n, 10))
		if f.PacketFiles != nil {
			packets[i] += fmt.Sprintf(" of file %d", f.File(i)+1)
		}
	}
	out = append(out, Fact{"packets", strings.Join(packets, ", ")}, Fact{"Wireshark", f.Wireshark})
	return slices.DeleteFunc(out, func(x Fact) bool { return x.Text == "" })
}

// scope returns what a finding is about, for the commands of its page.
func scope(f *diagnose.Finding) Fill {
	fill := Fill{}
	for word, value := range map[string]string{"client": f.Scope.Client, "server": f.Scope.Server, "zone": f.Scope.Zone, "name": f.Scope.Name} {
		fill.Set(word, value)
	}
	if fill["name"] == "" {
		fill.Set("name", f.Scope.Zone)
	}
	if len(f.Packets) > 0 {
		fill.Set("packet", strconv.FormatUint(f.Packets[0], 10))
	}
	return fill
}
