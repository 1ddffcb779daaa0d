package app

import (
	"slices"

	"github.com/dnssniff/dnssniff/ui/sanitize"
)

// state is what the user did to a table, and where that is in its rows. It outlives the snapshots.
type state struct {
	arrangement
	selected string // key of the row; "" is the first, whichever it is
	column   string // title of the column that keys act on; "" is the first

	sheet   sheet   // the one that is shown
	order   []int32 // its rows; nil is all of them as they come
	at      int     // place of the selected row in the order
	offset  int     // place of the first row on the screen
	rows    int     // on the screen, when it was last drawn
	natural []int   // widths of the columns, as far as was seen
	blank   []bool
	slots   []slot // as last drawn
}

// syncRows is up to how many rows are arranged while a key is handled; more are arranged aside.
const syncRows = 20_000

// sampled is how many of the first rows decide how wide columns are, and which are empty.
const sampled = 200

// adopt shows a sheet's rows in an order, with the selected row at a place of it; -1 where it is gone: what took its place is selected.
func (s *state) adopt(sh sheet, order []int32, at int) {
	columns := sh.columns()
	if s.sheet == nil || len(s.natural) != len(columns) {
		s.natural = make([]int, len(columns))
	}
	s.sheet, s.order = sh, order
	if at >= 0 {
		s.at = at
	}
	s.at = max(0, min(s.at, s.len()-1))
	s.blank = make([]bool, len(columns))
	for col, c := range columns {
		s.blank[col] = true
		s.natural[col] = max(s.natural[col], sanitize.Width(c.title)+1)
	}
	s.measure(0, min(s.len(), sampled), look{})
}

// measure takes in the widths of the rows at some places.
func (s *state) measure(from, to int, l look) {
	columns := s.sheet.columns()
	for i := from; i < to; i++ {
		for col, c := range columns {
			v := s.sheet.cell(s.row(i), col)
			if v.text != "" || v.share > 0 || len(v.trend) > 0 {
				s.blank[col] = false
			}
			if !c.bar && !c.trend {
				s.natural[col] = max(s.natural[col], sanitize.Width(l.clean(v.text)))
			}
		}
	}
}

// len is the number of rows shown.
func (s *state) len() int {
	switch {
	case s.sheet == nil:
		return 0
	case s.order == nil:
		return s.sheet.len()
	}
	return len(s.order)
}

// row returns the sheet's number of the row at a place.
func (s *state) row(at int) int {
	if s.order == nil {
		return at
	}
	return int(s.order[at])
}

// arrange puts a sheet's rows into the order asked for and finds the selected one. It goes through all rows.
func (a arrangement) arrange(sh sheet, selected string) (order []int32, at int) {
	if a != (arrangement{}) {
		order = arranged(sh, a)
	}
	return order, find(sh, order, selected)
}

// find returns the place of a row in an order, nil for that which the rows come in: 0 for the key "", -1 where it is not there.
func find(sh sheet, order []int32, key string) int {
	switch {
	case key == "":
		return 0
	case order != nil:
		return slices.IndexFunc(order, func(i int32) bool { return sh.key(int(i)) == key })
	}
	for i := range sh.len() {
		if sh.key(i) == key {
			return i
		}
	}
	return -1
}

// move selects the row some places on.
func (s *state) move(by int) { s.jump(s.at + by) }

// jump selects the row at a place. The first is whichever comes first: at the top one sees the newest, or the largest.
func (s *state) jump(at int) {
	if s.len() == 0 {
		return
	}
	s.at = max(0, min(at, s.len()-1))
	s.selected = ""
	if s.at > 0 {
		s.selected = s.sheet.key(s.row(s.at))
	}
}

// col returns the number of the column that keys act on.
func (s *state) col() int {
	if s.sheet == nil {
		return 0
	}
	return max(0, slices.IndexFunc(s.sheet.columns(), func(c column) bool { return s.column != "" && c.title == s.column }))
}

// turn makes keys act on the next column that has a title and something in it.
func (s *state) turn(by int) {
	columns := s.sheet.columns()
	for i := s.col() + by; i >= 0 && i < len(columns); i += by {
		if columns[i].title != "" && (!columns[i].optional || !s.blank[i]) {
			s.column = columns[i].title
			return
		}
	}
}

// sortBy sorts by the column that keys act on, and the other way round where it is sorted by it.
func (s *state) sortBy() {
	title := s.sheet.columns()[s.col()].title
	if s.sort == title {
		s.reverse = !s.reverse
		return
	}
	s.sort, s.reverse = title, false
}

// target is where the selected cell leads to.
func (s *state) target() target {
	if s.len() == 0 {
		return target{}
	}
	return s.sheet.target(s.row(s.at), s.col())
}
