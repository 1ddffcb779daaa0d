package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dnssniff/dnssniff/analyze/guide"
	page "github.com/dnssniff/dnssniff/ui/guide"
)

type explainOptions struct {
	std    streams
	source sourceOptions
	search string
	files  []string
	format string
	output string
	width  int
	top    int
}

func explainCommand(std streams) *cobra.Command {
	o := explainOptions{std: std}
	cmd := &cobra.Command{
		Use:   "explain [KEY...]",
		Short: "The guide: what a code or an anomaly means, and what to do",
		Long: `explain shows pages of the guide: response codes, TSIG and TKEY errors, extended
DNS errors, anomalies, findings, and topics from troubleshooting to split
horizon. A page says what it means and does not mean, the usual causes, how they
are told apart on the wire, what to do, and commands.

A KEY is a name or a number: FORMERR, 1, "rcode 1", BADTIME, "ede 7", N05,
ptr-loop, lame-delegation. Without one all pages are listed.

--for shows the pages that a capture calls for, the worst first, with who, where
and which packets, and their commands filled in. With KEYs it shows those.

The JSON form has the schema ` + page.Schema + `: its fields are added, never
renamed.`,
		Example: `  dnssniff explain FORMERR
  dnssniff explain ede 7
  dnssniff explain --search clock
  dnssniff explain --for capture.pcap
  dnssniff explain --format html -o guide.html`,
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
			return guideKeys(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error { return o.run(cmd.Context(), args) },
	}
	f := cmd.Flags()
	o.source.flags(cmd)
	for _, name := range []string{"read", "count", "dedup"} {
		_ = f.MarkHidden(name)
	}
	f.StringVar(&o.search, "search", "", "list the pages that have `WORDS`")
	f.StringArrayVar(&o.files, "for", nil, "show the pages that the capture `FILE` calls for (repeatable)")
	f.IntVar(&o.top, "top", 0, fmt.Sprintf("with --for, show `N` pages in full (text %d, else all)", topPages))
	f.StringVar(&o.format, "format", "text", "`FORM` of the output: text, markdown, html or json")
	f.StringVarP(&o.output, "output", "o", "", "write to `FILE` instead of standard output")
	f.IntVar(&o.width, "width", 0, fmt.Sprintf("`N` columns of text, %d to %d (the terminal's, or 80)", page.WidthLeast, page.WidthMost))
	return cmd
}

// topPages is how many pages --for shows in full, where --top does not say.
const topPages = 3

// check judges the flags.
func (o *explainOptions) check() error {
	switch {
	case o.format != "text" && o.format != "json" && o.format != "markdown" && o.format != "html":
		return usageError{fmt.Errorf("--format is text, markdown, html or json, not %q", o.format)}
	case o.width != 0 && (o.width < page.WidthLeast || o.width > page.WidthMost):
		return usageError{fmt.Errorf("--width is %d to %d, not %d", page.WidthLeast, page.WidthMost, o.width)}
	case o.top < 0 || o.top > topMost:
		return usageError{fmt.Errorf("--top is 1 to %d, not %d", topMost, o.top)}
	case o.search != "" && len(o.files) > 0:
		return usageError{errors.New("either --search or --for, not both")}
	}
	return nil
}

func (o *explainOptions) run(ctx context.Context, args []string) error {
	o.files = slices.Concat(o.files, o.source.files)
	if err := o.check(); err != nil {
		return err
	}
	if err := checkOutput(o.output, o.files, o.std); err != nil {
		return err
	}
	var text bytes.Buffer // an output is not opened, and so not emptied, before there is something to put into it
	if err := o.show(ctx, &text, guide.Load(), args, o.look()); err != nil {
		return err
	}
	w, done, err := openOutput(o.output, o.std)
	if err != nil {
		return err
	}
	_, err = text.WriteTo(w)
	return errors.Join(err, done())
}

// look decides how the text looks.
func (o *explainOptions) look() page.Options {
	seen := lookOf(o.std.out)
	if o.output != "" {
		return page.Options{Width: o.width, ASCII: seen.ascii}
	}
	if o.width == 0 && seen.terminal {
		return page.Options{Width: seen.width, Color: seen.color, ASCII: seen.ascii}
	}
	return page.Options{Width: o.width, Color: seen.color, ASCII: seen.ascii}
}

// show writes what is asked for.
func (o *explainOptions) show(ctx context.Context, w io.Writer, g *guide.Guide, args []string, opt page.Options) error {
	if o.search != "" {
		found := g.Search(strings.Join(append([]string{o.search}, args...), " "))
		if len(found) == 0 {
			return fmt.Errorf("no page has %q", o.search)
		}
		if o.format == "text" {
			return page.Found(w, found, opt)
		}
		return o.render(w, g, casesOf(found), opt)
	}
	if len(o.files) > 0 {
		return o.showFor(ctx, w, g, args, opt)
	}
	if len(args) == 0 {
		if o.format == "text" {
			return page.List(w, g, opt)
		}
		return o.render(w, g, casesOf(g.All()), opt)
	}
	found, also, err := lookUp(g, args)
	if err != nil {
		return err
	}
	if err := o.render(w, g, casesOf(found), opt); err != nil || o.format != "text" || len(also) == 0 {
		return err
	}
	_, err = fmt.Fprintf(w, "\n%s is also %s\n", strings.Join(args, " "), strings.Join(also, " and "))
	return err
}

// render writes pages in the form asked for.
func (o *explainOptions) render(w io.Writer, g *guide.Guide, cases []guide.Case, opt page.Options) error {
	switch o.format {
	case "json":
		return page.JSON(w, cases)
	case "markdown":
		return page.Markdown(w, cases)
	case "html":
		return page.HTML(w, cases)
	}
	return page.Text(w, cases, opt)
}

func casesOf(pages []guide.Page) []guide.Case {
	out := make([]guide.Case, len(pages))
	for i := range pages {
		out[i].Page = pages[i]
	}
	return out
}

// lookUp returns the page that the arguments name together, or those that they name one by one, and what else the one name stands for.
func lookUp(g *guide.Guide, args []string) (pages []guide.Page, also []string, err error) {
	if found := g.Find(strings.Join(args, " ")); len(found) > 0 {
		for _, p := range found[1:] {
			also = append(also, p.Heading()+" (dnssniff explain "+p.Key+")")
		}
		return found[:1], also, nil
	}
	for _, arg := range args {
		found := g.Find(arg)
		if len(found) == 0 {
			return nil, nil, unknownPage(g, args, arg)
		}
		pages = append(pages, found[0])
	}
	return pages, nil, nil
}

// guideKeys returns the keys of all pages with their titles, for a shell to complete.
func guideKeys() []cobra.Completion {
	var out []cobra.Completion
	for _, p := range guide.Load().All() {
		out = append(out, cobra.CompletionWithDesc(p.Key, p.Title))
	}
	return out
}

// unknownPage says that there is no such page, and which were perhaps meant.
func unknownPage(g *guide.Guide, args []string, arg string) error {
	near := g.Near(strings.Join(args, " "), 3)
	if len(near) == 0 {
		near = g.Near(arg, 3)
	}
	if len(near) == 0 {
		return usageError{fmt.Errorf("the guide has no page %q; dnssniff explain lists all", arg)}
	}
	var names []string
	for _, p := range near {
		names = append(names, p.Heading())
	}
	return usageError{fmt.Errorf("the guide has no page %q; did you mean %s?", arg, strings.Join(names, " or "))}
}
