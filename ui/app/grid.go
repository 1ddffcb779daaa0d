package app

import (
	"github.com/dnssniff/dnssniff/ui/sanitize"
	"github.com/dnssniff/dnssniff/ui/text"
)

// grid draws a table: a line of its title, one of the columns' titles, and as many rows as there is room for.
func (c *canvas) grid(s *state, focused bool) {
	c.gridTitle(s)
	s.rows = max(c.h-2, 0)
	if s.len() == 0 {
		what := "nothing"
		if s.filter != "" {
			what = "nothing that contains " + s.filter
		}
		c.text(gutter, 1, what, c.w, dim)
		return
	}
	s.scroll()
	last := min(s.offset+s.rows, s.len())
	s.measure(s.offset, last, c.look)
	columns := s.sheet.columns()
	l := layout{columns: columns, natural: s.natural, blank: s.blank, keep: make([]bool, len(columns))}
	for i, col := range columns {
		l.keep[i] = focused && s.column != "" && i == s.col() || col.title != "" && col.title == s.sort
	}
	s.slots = l.fit(c.w)
	c.heads(s, columns)
	for at := s.offset; at < last; at++ {
		c.row(s, columns, at, focused && at == s.at)
	}
}

// scroll moves the window so that the selected row is in it.
func (s *state) scroll() {
	s.offset = min(s.offset, s.at)
	s.offset = max(s.offset, s.at-max(s.rows, 1)+1)
	s.offset = max(0, min(s.offset, s.len()-s.rows))
}

func (c *canvas) gridTitle(s *state) {
	title, note := s.sheet.title()
	x := c.text(0, 0, title, c.w, bold)
	if s.filter != "" {
		x = c.text(x+2, 0, "/"+s.filter+": "+text.Number(uint64(s.len())), c.w-x-2, warn)
	}
	if s.len() > s.rows && s.rows > 0 {
		where := text.Number(uint64(s.at+1)) + "/" + text.Number(uint64(s.len()))
		if w := sanitize.Width(where); c.w-w > x+2 {
			c.text(c.w-w, 0, where, w, dim)
			if note != "" {
				c.begin(x+2, 0, note, c.w-w-x-4, dim)
			}
			return
		}
	}
	if note != "" {
		c.begin(x+2, 0, note, c.w-x-2, dim)
	}
}

// heads draws the columns' titles, that of the order with an arrow.
func (c *canvas) heads(s *state, columns []column) {
	for _, sl := range s.slots {
		col := columns[sl.col]
		title := col.title
		if title != "" && title == s.sort {
			down := col.right != s.reverse
			title += map[bool]string{true: c.look.pick("↓", "v"), false: c.look.pick("↑", "^")}[down]
		}
		title = c.look.cut(title, sl.width)
		x := sl.x
		if col.right {
			x += sl.width - sanitize.Width(title)
		}
		c.put(x, 1, title, sl.width, c.look.style(dim))
	}
}

func (c *canvas) row(s *state, columns []column, at int, selected bool) {
	y := at - s.offset + 2
	base := plain
	if selected {
		c.put(0, y, ">", 1, c.look.style(bold))
		base = current
	}
	for _, sl := range s.slots {
		v := s.sheet.cell(s.row(at), sl.col)
		st := base
		if selected && sl.col == s.col() {
			st = chosen
		}
		shown := c.look.rendered(v, columns[sl.col], sl.width)
		if st == chosen && !columns[sl.col].right {
			shown = pad(shown, min(sl.width, max(sanitize.Width(shown), 1)))
		}
		c.put(sl.x, y, shown, sl.width, c.look.over(v.style, st))
	}
}
