package main

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/dnssniff/dnssniff/analyze"
	"github.com/dnssniff/dnssniff/analyze/guide"
	"github.com/dnssniff/dnssniff/decode"
	page "github.com/dnssniff/dnssniff/ui/guide"
	"github.com/dnssniff/dnssniff/ui/text"
)

// explainShard counts for the report, and collects for the guide.
type explainShard struct {
	*analyze.Summary
	seen *guide.Collector
}

// Message takes a message from the decoder.
func (s *explainShard) Message(m *decode.Message) {
	s.seen.Message(m)
	s.Summary.Message(m)
}

// Transaction takes a transaction from the decoder.
func (s *explainShard) Transaction(t *decode.Transaction) {
	s.seen.Transaction(t)
	s.Summary.Transaction(t)
}

// cases reads the captures, and returns the pages that they call for.
func (o *explainOptions) cases(ctx context.Context, g *guide.Guide) ([]guide.Case, *analyze.Report, error) {
	conf, err := o.source.config()
	if err != nil {
		return nil, nil, err
	}
	conf.KeepNames = true
	in, err := openInput(ctx, o.files, o.std)
	if err != nil {
		return nil, nil, err
	}
	defer in.Close()
	within, cancel := linger(ctx, isLive(in.Files(), o.std.in), o.std.grace)
	defer cancel()
	summaries, seen := make([]*analyze.Summary, decode.Shards), make([]*guide.Collector, decode.Shards)
	for i := range summaries {
		summaries[i], seen[i] = analyze.NewSummary(&conf, analyze.DefaultLimits()), guide.NewCollector()
	}
	stats, err := o.source.decode(within, in, conf, o.source.workers, o.std.err, func(i int) decode.Handler { return &explainShard{summaries[i], seen[i]} })
	if err != nil {
		return nil, nil, err
	}
	src := sourceOf(ctx, in)
	src.Settings = analyze.SettingsOf(&conf)
	warn(o.std.err, src.Faults)
	r := analyze.Build(summaries, &stats, src, analyze.Options{Top: topText, Workers: o.source.workers})
	cases := g.Cases(r, seen)
	for i := range cases {
		if cases[i].Fill["packet"] != "" && in.Files()[0] != "-" {
			cases[i].Fill["file"] = text.ShellQuote(in.Files()[cases[i].File], !utf8Locale())
		}
	}
	return cases, r, nil
}

// showFor writes the pages that the captures call for: a line for each, and the worst in full; or those asked for.
func (o *explainOptions) showFor(ctx context.Context, w io.Writer, g *guide.Guide, args []string, opt page.Options) error {
	var wanted []guide.Page
	if len(args) > 0 {
		found, _, err := lookUp(g, args)
		if err != nil {
			return err
		}
		wanted = found
	}
	cases, r, err := o.cases(ctx, g)
	if err != nil {
		return err
	}
	if wanted != nil {
		return o.render(w, g, theseOf(cases, wanted), opt)
	}
	full := cases
	if n := o.top; n > 0 {
		full = cases[:min(n, len(cases))]
	} else if o.format == "text" {
		full = slices.DeleteFunc(slices.Clone(cases), func(c guide.Case) bool { return c.Everyday })
		full = full[:min(topPages, len(full))]
	}
	if o.format != "text" {
		return o.render(w, g, full, opt)
	}
	if err := page.Called(w, cases, r, opt); err != nil || len(full) == 0 {
		return err
	}
	if _, err := fmt.Fprintln(w); err != nil {
		return err
	}
	return page.Text(w, full, opt)
}

// theseOf returns the cases of the pages asked for; a page that the capture does not call for says so.
func theseOf(cases []guide.Case, wanted []guide.Page) []guide.Case {
	var out []guide.Case
	for _, p := range wanted {
		i := slices.IndexFunc(cases, func(c guide.Case) bool { return c.Key == p.Key })
		if i >= 0 {
			out = append(out, cases[i])
			continue
		}
		out = append(out, guide.Case{Page: p, Evidence: []guide.Fact{{Label: "seen", Text: "nothing that this page is about, or nothing out of the ordinary"}}})
	}
	return out
}
