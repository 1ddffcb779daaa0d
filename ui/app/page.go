package app

import (
	"slices"
	"strings"

	"github.com/dnssniff/dnssniff/analyze/record"
	"github.com/dnssniff/dnssniff/ui/sanitize"
)

// page is a text that is read: a message, pages of the guide, the keys.
type page struct {
	make    func(width int) []line
	record  *record.Record // the message shown, if it is one
	finding *claim         // the finding shown, if it is one
	guide   []string       // what Enter opens the guide at
	copies  []copied       // what keys copy from here

	fixed     int    // lines that do not scroll
	mark      string // a line with it is to be seen at first
	lines     []line
	width     int // that the lines were made for
	top, left int // the first line and column on the screen
	rows      int // on the screen, when it was last drawn
}

func (p *page) draw(c *canvas) {
	if p.width != c.w {
		p.lines, p.width = p.make(c.w), c.w
		p.rows = c.h - p.fixed
		p.seek()
	}
	p.rows = c.h - p.fixed
	p.scroll(0)
	for y := range min(p.fixed, len(p.lines)) {
		c.line(y, p.lines[y], p.left)
	}
	for y := range min(p.rows, len(p.lines)-p.fixed-p.top) {
		c.line(p.fixed+y, p.lines[p.fixed+p.top+y], p.left)
	}
}

// seek brings the mark into sight, with what comes before it.
func (p *page) seek() {
	if p.mark == "" {
		return
	}
	at := slices.IndexFunc(p.lines, func(l line) bool {
		return slices.ContainsFunc(l, func(s span) bool { return strings.Contains(s.text, p.mark) })
	})
	if at >= p.fixed+p.rows {
		p.top = at - p.fixed - p.rows*2/3
	}
}

// scroll moves on by some lines.
func (p *page) scroll(by int) { p.top = max(0, min(p.top+by, len(p.lines)-p.fixed-p.rows)) }

// shift moves to the right by some columns.
func (p *page) shift(by int) {
	widest := 0
	for _, l := range p.lines {
		widest = max(widest, l.width())
	}
	p.left = max(0, min(p.left+by, widest-p.width))
}

// sgrStyles are the colours that text renderers of ours write.
var sgrStyles = map[string]style{"0": plain, "": plain, "1": bold, "2": dim, "31": bad, "32": good, "33": warn, "36": accent}

// linesOf returns a text of a renderer of ours, with its SGR sequences, as lines. What came from the traffic has been through the sanitiser
// there, so that any escape is ours; it goes through again.
func linesOf(s string) []line {
	var out []line
	for part := range strings.Lines(s) {
		var l line
		st := plain
		part = strings.TrimRight(part, "\n")
		for part != "" {
			i := strings.Index(part, "\x1b[")
			if i < 0 {
				i = len(part)
			}
			if i > 0 {
				l = append(l, span{sanitize.String(part[:i]), st})
			}
			part = part[i:]
			if end := strings.IndexByte(part, 'm'); end > 0 {
				st, part = sgrStyles[part[2:end]], part[end+1:]
			} else {
				part = strings.TrimPrefix(part, "\x1b[")
			}
		}
		out = append(out, l)
	}
	return out
}

// paragraphs breaks a text, which is clean, at spaces into lines of a width, from a column on.
func paragraphs(s string, left, width int, st style) []line {
	var out []line
	room := max(width-left, 16)
	words := strings.Fields(s)
	now := ""
	for _, w := range words {
		for sanitize.Width(w) > room {
			if now != "" {
				out, now = append(out, line{{spaces(left) + now, st}}), ""
			}
			n := fitting(w, room)
			out, w = append(out, line{{spaces(left) + w[:n], st}}), w[n:]
		}
		switch {
		case now == "":
			now = w
		case sanitize.Width(now)+1+sanitize.Width(w) > room:
			out, now = append(out, line{{spaces(left) + now, st}}), w
		default:
			now += " " + w
		}
	}
	if now != "" {
		out = append(out, line{{spaces(left) + now, st}})
	}
	return out
}
