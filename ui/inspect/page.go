package inspect

import (
	"strings"
	"unicode/utf8"

	"github.com/dnssniff/dnssniff/ui/sanitize"
)

// style is a look that colour output gives a text. It never carries a meaning alone.
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

// page collects the output.
type page struct {
	Options
	out []byte
}

func (p *page) line(s string) { p.out = append(append(p.out, s...), '\n') }

func (p *page) lines(all []string) {
	for _, s := range all {
		p.line(s)
	}
}

// styled gives s, which is clean, a look.
func (p *page) styled(s string, st style) string {
	if !p.Color || st == plain || s == "" {
		return s
	}
	return sgr[st] + s + sgrReset
}

// clean makes s safe to print and, in ASCII output, ASCII.
func (p *page) clean(s string) string {
	s = sanitize.String(s)
	if p.ASCII {
		return sanitize.ASCII(s)
	}
	return s
}

// padded gives s, which is clean, a look, and fills it up to a width.
func (p *page) padded(s string, width int, st style) string {
	return p.styled(s, st) + strings.Repeat(" ", max(0, width-sanitize.Width(s)))
}

func (p *page) ellipsis() string {
	if p.ASCII {
		return ".."
	}
	return "…"
}

func (p *page) arrow() string {
	if p.ASCII {
		return ">"
	}
	return "→"
}

func (p *page) arrowLeft() string {
	if p.ASCII {
		return "<-"
	}
	return "◄"
}

// visible returns the columns that a line takes: SGR sequences, which end in m, take none.
func visible(s string) int {
	w := 0
	for {
		i := strings.IndexByte(s, '\x1b')
		if i < 0 {
			return w + sanitize.Width(s)
		}
		w += sanitize.Width(s[:i])
		s = s[i+strings.IndexByte(s[i:], 'm')+1:]
	}
}

// wrap breaks s, which is clean, at spaces, or where there are none anywhere, into at most lines lines of a width; those after the first have a
// column less. What does not fit is cut off, which the ellipsis says. A negative number of lines is no bound.
func wrap(s string, width, lines int, ellipsis string) []string {
	var out []string
	room := max(width, 8)
	s = strings.TrimRight(s, " ")
	for s != "" {
		n := fit(s, room)
		if n == len(s) {
			return append(out, s)
		}
		if len(out)+1 == lines {
			return append(out, s[:fit(s, room-sanitize.Width(ellipsis))]+ellipsis)
		}
		if i := strings.LastIndexByte(s[:n+1], ' '); i > n/2 {
			n = i
		}
		out = append(out, strings.TrimRight(s[:n], " "))
		s = strings.TrimLeft(s[n:], " ")
		room = max(width-1, 8)
	}
	if len(out) == 0 {
		out = append(out, "")
	}
	return out
}

// fit returns how many bytes of s fit into a width, at least one character.
func fit(s string, width int) int {
	n := 0
	for n < len(s) {
		_, size := utf8.DecodeRuneInString(s[n:])
		w := sanitize.Width(s[n : n+size])
		if width -= w; width < 0 && n > 0 {
			break
		}
		n += size
	}
	return n
}
