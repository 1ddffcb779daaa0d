// Package guide shows pages of the guide: as text for a terminal, as Markdown, as JSON, and as one page of HTML.
//
// What a capture added to a page goes through the sanitiser; the pages themselves are part of the program. Commands are not broken into lines, as they
// are to be copied.
package guide

import (
	"io"
	"strings"

	"github.com/dnssniff/dnssniff/analyze/guide"
	"github.com/dnssniff/dnssniff/ui/sanitize"
)

// Options say how pages look. The zero value is 80 columns of uncoloured UTF-8.
type Options struct {
	Width int  // columns: from WidthLeast to WidthMost, or the nearest of the two
	Color bool // use ANSI colours; they only repeat what the words say
	ASCII bool // print no byte above 0x7e
}

// Widths that text can have. Lines longer than the most are hard to read, whatever the terminal's width.
const (
	WidthLeast   = 40
	WidthMost    = 120
	widthDefault = 80
)

// style is a look that colour output gives a text.
type style uint8

const (
	plain style = iota
	bold
	dim
	warn
	bad
	accent
)

var sgr = [...]string{plain: "", bold: "\x1b[1m", dim: "\x1b[2m", warn: "\x1b[33m", bad: "\x1b[31m", accent: "\x1b[36m"}

const sgrReset = "\x1b[0m"

const indent = 2

// sheet collects lines.
type sheet struct {
	Options
	out []byte
}

func newSheet(o Options) *sheet {
	if o.Width == 0 {
		o.Width = widthDefault
	}
	o.Width = min(max(o.Width, WidthLeast), WidthMost)
	return &sheet{Options: o}
}

// Text prints pages, one below the other.
func Text(w io.Writer, cases []guide.Case, o Options) error {
	s := newSheet(o)
	for i := range cases {
		if i > 0 {
			s.line()
			s.line(span{strings.Repeat(s.pick("─", "-"), s.Width), dim})
			s.line()
		}
		s.page(&cases[i])
	}
	_, err := w.Write(s.out)
	return err
}

func (s *sheet) page(c *guide.Case) {
	p := c.Filled()
	head := p.Heading()
	left := len(head) + 2
	if left <= s.Width/2 {
		s.wrapped(left, span{head + "  ", bold}, []span{{p.Title, plain}})
	} else {
		left = indent
		s.line(span{head, bold})
		s.wrapped(left, span{"  ", plain}, []span{{p.Title, plain}})
	}
	s.line(span{strings.Repeat(" ", left), plain}, span{p.Kind.String(), dim})
	s.line()
	s.blocks(blocks(p.Summary))
	if len(c.Evidence) > 0 {
		s.heading("In this capture")
		s.facts(c.Evidence)
	}
	if len(p.Facts) > 0 {
		s.line()
		s.facts(p.Facts)
	}
	if len(p.Answers) > 0 {
		s.heading("What servers answered, as measured")
		for _, f := range p.Answers {
			s.wrapped(2*indent, span{"  ", plain}, []span{{f.Label + ": " + f.Text, plain}})
		}
	}
	for _, x := range p.Sections {
		s.heading(x.Title)
		s.blocks(blocks(x.Text))
	}
}

func (s *sheet) heading(title string) {
	s.line()
	s.line(span{title, bold})
}

// facts prints labels and texts in two columns.
func (s *sheet) facts(facts []guide.Fact) {
	width := 0
	for _, f := range facts {
		width = max(width, sanitize.Width(f.Label))
	}
	left := indent + width + 2
	for _, f := range facts {
		label := s.clean(f.Label)
		mark := strings.Repeat(" ", indent) + label + strings.Repeat(" ", width-sanitize.Width(label)+2)
		words := strings.Fields(s.clean(f.Text))
		for i, w := range words {
			words[i] = sanitize.Cut(w, s.Width-left, s.pick("…", ".."))
		}
		s.wrapped(left, span{mark, dim}, []span{{strings.Join(words, " "), plain}})
	}
}

func (s *sheet) blocks(all []block) {
	for _, b := range all {
		if b.space {
			s.line()
		}
		left := indent + b.left
		if b.words == nil {
			s.code(left, b)
			continue
		}
		mark := strings.Repeat(" ", left)
		if b.mark != "" {
			mark = strings.Repeat(" ", left-len(b.mark)-1) + b.mark + " "
		}
		s.wrapped(left, span{mark, plain}, b.words)
	}
}

func (s *sheet) code(left int, b block) {
	text := s.clean(strings.ReplaceAll(b.code, "\t", "    "))
	switch {
	case text == "":
		s.line()
	case strings.HasPrefix(strings.TrimSpace(text), "#"):
		s.wrapped(left+2, span{strings.Repeat(" ", left), plain}, []span{{text, dim}})
	default:
		s.line(span{strings.Repeat(" ", left), plain}, span{text, plain})
	}
}

// wrapped prints a mark, which is as wide as left or stands in the place of its end, and words over as many lines as they take, all but the first of which
// begin at column left.
func (s *sheet) wrapped(left int, mark span, words []span) {
	line, used := []span{mark}, sanitize.Width(mark.text)
	begun := false
	for _, w := range split(words) {
		width := 0
		for _, part := range w {
			width += sanitize.Width(s.clean(part.text))
		}
		switch {
		case begun && used+1+width > s.Width:
			s.line(line...)
			line, used = []span{{strings.Repeat(" ", left), plain}}, left
		case begun:
			line = append(line, span{" ", plain})
			used++
		}
		line, used, begun = append(line, w...), used+width, true
	}
	s.line(line...)
}

// split takes spans apart into words, each of which has parts of several styles where they touch.
func split(spans []span) [][]span {
	var out [][]span
	open := false
	for _, x := range spans {
		for i, part := range strings.Split(x.text, " ") {
			if i > 0 {
				open = false
			}
			if part == "" {
				continue
			}
			if !open {
				out = append(out, nil)
			}
			out[len(out)-1] = append(out[len(out)-1], span{part, x.style})
			open = true
		}
	}
	return out
}

// line prints a line, without spaces at its end.
func (s *sheet) line(spans ...span) {
	for len(spans) > 0 && strings.TrimSpace(spans[len(spans)-1].text) == "" {
		spans = spans[:len(spans)-1]
	}
	for i, x := range spans {
		text := s.clean(x.text)
		if i == len(spans)-1 {
			text = strings.TrimRight(text, " ")
		}
		if !s.Color || x.style == plain {
			s.out = append(s.out, text...)
			continue
		}
		s.out = append(append(append(s.out, sgr[x.style]...), text...), sgrReset...)
	}
	s.out = append(s.out, '\n')
}

// clean makes a text safe to print and, in ASCII output, ASCII.
func (s *sheet) clean(text string) string {
	text = sanitize.String(text)
	if s.ASCII {
		return sanitize.ASCII(text)
	}
	return text
}

func (s *sheet) pick(utf8, ascii string) string {
	if s.ASCII {
		return ascii
	}
	return utf8
}

// Markdown writes pages as Markdown, with what was seen in a capture as a section of its own.
func Markdown(w io.Writer, cases []guide.Case) error {
	var out []byte
	for i := range cases {
		p := cases[i].Filled()
		if i > 0 {
			out = append(out, '\n')
		}
		out = append(out, p.Markdown()...)
		if len(cases[i].Evidence) > 0 {
			out = append(out, "\n## In this capture\n\n"...)
		}
		for _, f := range cases[i].Evidence {
			out = append(out, "- "+f.Label+": "+quoted(sanitize.String(f.Text))+"\n"...)
		}
	}
	_, err := w.Write(out)
	return err
}

// quoted returns a text from a capture as code, which Markdown takes no marks from: between more backticks than it has in a row.
func quoted(text string) string {
	ticks := "`"
	for strings.Contains(text, ticks) {
		ticks += "`"
	}
	if strings.HasPrefix(text, "`") || strings.HasSuffix(text, "`") {
		text = " " + text + " "
	}
	return ticks + text + ticks
}
