package text

import (
	"strings"

	"github.com/dnssniff/dnssniff/ui/sanitize"
)

// block is a part of a report: a heading and below it fields, tables and sentences. Without any of those it is not printed.
type block struct {
	title, note string // the note follows the title: mostly what the percentages are of
	fields      []field
	tables      []table
	remarks     []remark
}

// field is a labelled text that may take several lines.
type field struct{ label, text string }

// remark is a sentence in a block. Its mark stands before it: "!" for what spoils numbers. What is to be copied is unbroken, after a margin.
type remark struct {
	mark, text string
	style      style
	unbroken   bool
	margin     int // columns
}

func (b block) empty() bool {
	for _, t := range b.tables {
		if len(t.rows) > 0 {
			return false
		}
	}
	return len(b.fields) == 0 && len(b.remarks) == 0
}

// style is a look that colour output gives a cell. It never carries a meaning alone.
type style uint8

const (
	plain style = iota
	bold
	dim
	good
	warn
	bad
	accent
)

var sgr = [...]string{plain: "", bold: "\x1b[1m", dim: "\x1b[2m", good: "\x1b[32m", warn: "\x1b[33m", bad: "\x1b[31m", accent: "\x1b[36m"}

const sgrReset = "\x1b[0m"

const indent = 2

// page collects the output. Spaces are held back until something follows them, so that no line ends in one.
type page struct {
	Options
	out    []byte
	spaces int
}

// block prints b, with an empty line before it unless it is the first.
func (p *page) block(b block) {
	if b.empty() {
		return
	}
	if len(p.out) > 0 {
		p.newline()
	}
	p.heading(b.title, b.note)
	p.fields(b.fields)
	for _, t := range b.tables {
		p.table(t)
	}
	for _, r := range b.remarks {
		p.remark(r)
	}
}

func (p *page) heading(title, note string) {
	p.put(p.clean(title), bold)
	if note != "" {
		p.spaces += 2
		p.wrapped(p.clean(note), sanitize.Width(title)+2, dim)
		return
	}
	p.newline()
}

func (p *page) fields(fields []field) {
	width := 0
	for _, f := range fields {
		width = max(width, sanitize.Width(f.label))
	}
	for _, f := range fields {
		p.spaces += indent
		p.put(f.label, dim)
		p.spaces += width - sanitize.Width(f.label) + 2
		p.wrapped(p.clean(f.text), indent+width+2, plain)
	}
}

func (p *page) remark(r remark) {
	p.spaces += indent + r.margin
	left := indent + r.margin
	if r.mark != "" {
		p.put(r.mark, r.style)
		p.spaces++
		left += sanitize.Width(r.mark) + 1
	}
	if r.unbroken {
		p.put(p.clean(r.text), r.style)
		p.newline()
		return
	}
	p.wrapped(p.clean(r.text), left, r.style)
}

// wrapped prints s, which is clean, over as many lines as it takes. All but the first, which the caller began, start at column left.
func (p *page) wrapped(s string, left int, st style) {
	for i, line := range wrap(s, p.Width-left, p.ellipsis()) {
		if i > 0 {
			p.spaces += left
		}
		p.put(line, st)
		p.newline()
	}
}

// wrap breaks s at spaces into lines of at most width columns; a word that is wider is cut in its middle.
func wrap(s string, width int, ellipsis string) []string {
	lines := []string{}
	line, used := "", 0
	for _, word := range strings.Fields(s) {
		word = sanitize.Cut(word, width, ellipsis)
		w := sanitize.Width(word)
		if used > 0 && used+1+w > width {
			lines = append(lines, line)
			line, used = "", 0
		}
		if used > 0 {
			line += " "
			used++
		}
		line += word
		used += w
	}
	return append(lines, line)
}

// clean makes s safe to print and, in ASCII output, ASCII.
func (p *page) clean(s string) string {
	s = sanitize.String(s)
	if p.ASCII {
		return sanitize.ASCII(s)
	}
	return s
}

func (p *page) ellipsis() string {
	if p.ASCII {
		return ".."
	}
	return "…"
}

// put prints s, which is clean, after the spaces held back.
func (p *page) put(s string, st style) {
	if s == "" {
		return
	}
	for ; p.spaces > 0; p.spaces-- {
		p.out = append(p.out, ' ')
	}
	if !p.Color || st == plain {
		p.out = append(p.out, s...)
		return
	}
	p.out = append(append(append(p.out, sgr[st]...), s...), sgrReset...)
}

func (p *page) newline() {
	p.out = append(p.out, '\n')
	p.spaces = 0
}
