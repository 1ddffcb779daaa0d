package app

import (
	"github.com/gdamore/tcell/v2"

	"github.com/dnssniff/dnssniff/ui/sanitize"
)

// span is a text in one style.
type span struct {
	text  string
	style style
}

// line is a line of a page.
type line []span

// canvas draws into a rectangle of a screen. What does not fit is cut. Nothing in the texts is a tag or an escape.
type canvas struct {
	screen     tcell.Screen
	x, y, w, h int
	look       look
}

// put draws s, which is clean, from column x of a line on, in at most width columns, and returns the column after it.
func (c *canvas) put(x, y int, s string, width int, st tcell.Style) int {
	end := min(x+width, c.w)
	if y < 0 || y >= c.h {
		return end
	}
	for s != "" && x < end {
		rest, w := c.screen.Put(c.x+x, c.y+y, s, st)
		if w == 0 || x+w > end {
			break
		}
		s, x = rest, x+w
	}
	return x
}

// text draws s as it comes from the traffic, its middle cut out where it is too wide.
func (c *canvas) text(x, y int, s string, width int, st style) int {
	return c.put(x, y, c.look.cut(c.look.clean(s), min(width, c.w-x)), width, c.look.style(st))
}

// begin draws as much of the beginning of s as there is room for.
func (c *canvas) begin(x, y int, s string, width int, st style) {
	const worthwhile = 8
	s = c.look.clean(s)
	if width < worthwhile && sanitize.Width(s) > width {
		return
	}
	c.put(x, y, c.look.begin(s, width), width, c.look.style(st))
}

// begin returns s, which is clean, or its beginning, in at most width columns.
func (l look) begin(s string, width int) string {
	more := l.ellipsis()
	if sanitize.Width(s) <= width || width <= sanitize.Width(more) {
		return l.cut(s, width)
	}
	return s[:fitting(s, width-sanitize.Width(more))] + more
}

// line draws spans that are clean, from column from of the line on.
func (c *canvas) line(y int, l line, from int) {
	x := -from
	for _, s := range l {
		text := s.text
		if x < 0 {
			w := sanitize.Width(text)
			if x+w <= 0 {
				x += w
				continue
			}
			text = skip(text, -x)
			x = 0
		}
		x = c.put(x, y, text, c.w-x, c.look.style(s.style))
		if x >= c.w {
			return
		}
	}
}

// skip returns what of s comes after some columns.
func skip(s string, columns int) string {
	for i, r := range s {
		if columns <= 0 {
			return s[i:]
		}
		columns -= sanitize.Width(string(r))
	}
	return ""
}

// width returns how many columns a line takes.
func (l line) width() (w int) {
	for _, s := range l {
		w += sanitize.Width(s.text)
	}
	return w
}
