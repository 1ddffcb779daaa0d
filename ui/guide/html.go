package guide

import (
	"bytes"
	"html/template"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	mdtext "github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	_ "embed" // for the page's template

	"github.com/dnssniff/dnssniff/analyze/guide"
	"github.com/dnssniff/dnssniff/ui/sanitize"
)

//go:embed page.html
var pageHTML string

// HTML writes pages as one page that needs nothing else: style and all are in it. Where the text names another of the pages there is a link to it, and
// RFCs lead to their editor. Nothing is fetched to show it.
func HTML(w io.Writer, cases []guide.Case) error {
	tmpl, err := template.New("page").Parse(pageHTML)
	if err != nil {
		return err
	}
	h := renderer{keys: map[string]bool{}}
	for i := range cases {
		h.keys[cases[i].Key] = true
	}
	h.markdown = goldmark.New(goldmark.WithParserOptions(parser.WithASTTransformers(util.Prioritized(&h, 100))))
	var d document
	for i := range cases {
		p, err := h.page(&cases[i])
		if err != nil {
			return err
		}
		group := capital(cases[i].Kind.Plural())
		if cases[i].Evidence != nil {
			group = "The worst first"
		}
		at := slices.IndexFunc(d.Groups, func(g pageGroup) bool { return g.Title == group })
		if at < 0 {
			d.Groups = append(d.Groups, pageGroup{Title: group})
			at = len(d.Groups) - 1
		}
		d.Groups[at].Pages = append(d.Groups[at].Pages, p)
	}
	d.Title = "dnssniff: the guide"
	if len(cases) == 1 {
		d.Title = cases[0].Heading() + ": " + cases[0].Title
	}
	d.Index = len(cases) > 1
	return tmpl.Execute(w, d)
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// document is what the template is given.
type document struct {
	Title  string
	Index  bool
	Groups []pageGroup
}

type pageGroup struct {
	Title string
	Pages []htmlPage
}

type htmlPage struct {
	Key, Heading, Kind, Title string
	Summary                   template.HTML
	Evidence, Facts, Answers  []guide.Fact
	Sections                  []htmlSection
}

type htmlSection struct {
	Title string
	Body  template.HTML
}

// renderer makes HTML of Markdown, and links of the keys of the pages that are shown.
type renderer struct {
	markdown goldmark.Markdown
	keys     map[string]bool
	list     bool // what is rendered is a list of keys
}

func (h *renderer) page(c *guide.Case) (htmlPage, error) {
	p := c.Filled()
	out := htmlPage{Key: p.Key, Heading: p.Heading(), Kind: p.Kind.String(), Title: p.Title, Facts: p.Facts, Answers: p.Answers}
	for _, f := range c.Evidence {
		out.Evidence = append(out.Evidence, guide.Fact{Label: f.Label, Text: sanitize.String(f.Text)})
	}
	var err error
	if out.Summary, err = h.html(p.Summary); err != nil {
		return out, err
	}
	for _, s := range p.Sections {
		h.list = s.Title == "See also"
		body, err := h.html(s.Text)
		h.list = false
		if err != nil {
			return out, err
		}
		out.Sections = append(out.Sections, htmlSection{s.Title, body})
	}
	return out, nil
}

// html renders Markdown. Its output is safe: goldmark escapes what is text and leaves out what is HTML.
func (h *renderer) html(markdown string) (template.HTML, error) {
	var b bytes.Buffer
	if err := h.markdown.Convert([]byte(markdown), &b); err != nil {
		return "", err
	}
	return template.HTML(b.String()), nil
}

// linked is what can be a link: an RFC with its section, or a key.
var linked = regexp.MustCompile(`RFC [1-9][0-9]*( section [0-9.]*[0-9])?|[A-Za-z][A-Za-z0-9]*(-[A-Za-z0-9]+)*`)

// Transform implements [parser.ASTTransformer]: it makes links in texts, but not in code and in other links.
func (h *renderer) Transform(doc *ast.Document, reader mdtext.Reader, _ parser.Context) {
	var texts []*ast.Text
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) { // it fails only where this function does
		switch n := n.(type) {
		case *ast.CodeSpan, *ast.Link, *ast.AutoLink:
			return ast.WalkSkipChildren, nil
		case *ast.Text:
			if entering {
				texts = append(texts, n)
			}
		}
		return ast.WalkContinue, nil
	})
	for _, t := range texts {
		h.link(t, reader.Source())
	}
}

// link puts links into a text: it becomes several nodes.
func (h *renderer) link(t *ast.Text, source []byte) {
	start, value := t.Segment.Start, string(t.Segment.Value(source))
	parent, done := t.Parent(), 0
	for _, at := range linked.FindAllStringIndex(value, -1) {
		to := h.target(value[at[0]:at[1]])
		if to == "" {
			continue
		}
		if at[0] > done {
			parent.InsertBefore(parent, t, ast.NewTextSegment(mdtext.NewSegment(start+done, start+at[0])))
		}
		a := ast.NewLink()
		a.Destination = []byte(to)
		a.AppendChild(a, ast.NewTextSegment(mdtext.NewSegment(start+at[0], start+at[1])))
		parent.InsertBefore(parent, t, a)
		done = at[1]
	}
	t.Segment = mdtext.NewSegment(start+done, t.Segment.Stop)
}

// target returns where a word leads to, "" for nowhere. A word that is nothing but small letters is a topic only in a list of keys.
func (h *renderer) target(word string) string {
	if number, ok := strings.CutPrefix(word, "RFC "); ok {
		number, section, has := strings.Cut(number, " section ")
		if has {
			section = "#section-" + section
		}
		return "https://www.rfc-editor.org/rfc/rfc" + number + section
	}
	if !h.keys[word] || !h.list && strings.ToLower(word) == word && !strings.Contains(word, "-") {
		return ""
	}
	return "#" + word
}
