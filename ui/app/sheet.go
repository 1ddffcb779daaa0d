package app

import (
	"cmp"
	"strings"

	"github.com/dnssniff/dnssniff/analyze/record"
)

// cell is a value of a table as it is shown.
type cell struct {
	text  string // as it comes: it goes through the sanitiser when it is drawn
	style style
	share float64  // of a bar column: 0 to 1
	trend []uint64 // of a trend column
}

// column says what a column of a table is.
type column struct {
	title string
	right bool // numbers: they sort the largest first
	// flex is how narrow the column may become, its texts being cut in their middle. 0: it does not give way.
	flex int
	head bool // of a text that is too wide, the beginning is shown, not head and tail
	// bar columns draw a share and trend columns counts over time; they take what room is left.
	bar, trend bool
	// rank says what goes first where the width is short: the highest. Rank 0 stays.
	rank int
	// optional columns are left out where no row has anything in them.
	optional bool
}

// sheet is a table: rows under columns, in the order they come in. It is a pure view of a snapshot, whatever the number of its rows; the rows
// are made when they are drawn.
type sheet interface {
	title() (title, note string)
	columns() []column
	len() int
	// key identifies a row, whatever its place.
	key(i int) string
	cell(i, col int) cell
	// compare orders two rows by a column, as the column sorts when it is chosen.
	compare(i, j, col int) int
	// match says whether one of the row's texts contains a lower-case word.
	match(i int, word string) bool
	// target is where a cell leads to.
	target(i, col int) target
}

// target is what a cell leads to: a narrower view, a message, a finding, and pages of the guide.
type target struct {
	crumb   string
	conds   []cond
	screen  screenID
	record  *record.Record
	finding *claim // of which there is a page
	guide   []string
}

// field is a column of rows of one kind.
type field[T any] struct {
	column
	text func(T) string
	// number is what the column sorts by; nil: its text.
	number func(T) float64
	look   func(T) style
	share  func(T) float64
	counts func(T) []uint64
	// cond is what a cell adds to its row's conditions, nil for nothing.
	cond func(T) *cond
	// at, where it is not nil, is where cells of this column lead to instead.
	at func(T) target
}

// list is a sheet of rows of one kind.
type list[T any] struct {
	name, note string
	fields     []field[T]
	rows       []T
	id         func(T) string
	lead       func(T) target
	last       bool // the newest row is the last: it is shown first
}

func (l *list[T]) title() (string, string) { return l.name, l.note }
func (l *list[T]) len() int                { return len(l.rows) }

func (l *list[T]) columns() []column {
	out := make([]column, len(l.fields))
	for i := range l.fields {
		out[i] = l.fields[i].column
	}
	return out
}

// row returns row i in the order that the sheet is shown in.
func (l *list[T]) row(i int) T {
	if l.last {
		return l.rows[len(l.rows)-1-i]
	}
	return l.rows[i]
}

func (l *list[T]) key(i int) string { return l.id(l.row(i)) }

func (l *list[T]) cell(i, col int) cell {
	f, r := &l.fields[col], l.row(i)
	var c cell
	if f.text != nil {
		c.text = f.text(r)
	}
	if f.look != nil {
		c.style = f.look(r)
	}
	if f.share != nil {
		c.share = f.share(r)
	}
	if f.counts != nil {
		c.trend = f.counts(r)
	}
	return c
}

func (l *list[T]) compare(i, j, col int) int {
	f, a, b := &l.fields[col], l.row(i), l.row(j)
	switch {
	case f.number != nil:
		return cmp.Compare(f.number(b), f.number(a))
	case f.text != nil:
		return cmp.Compare(f.text(a), f.text(b))
	}
	return 0
}

func (l *list[T]) match(i int, word string) bool {
	r := l.row(i)
	for k := range l.fields {
		f := &l.fields[k]
		if f.text != nil && f.number == nil && contains(f.text(r), word) {
			return true
		}
	}
	return false
}

func (l *list[T]) target(i, col int) target {
	f, r := &l.fields[col], l.row(i)
	if f.at != nil {
		return f.at(r)
	}
	if l.lead == nil {
		return target{}
	}
	t := l.lead(r)
	if f.cond != nil {
		if c := f.cond(r); c != nil {
			t.conds = append(t.conds[:len(t.conds):len(t.conds)], *c)
			t.crumb += " " + c.crumb
			t.screen = transactionsScreen
		}
	}
	return t
}

// contains says whether s contains a word, which is in lower case, in whatever case. It does not allocate for ASCII.
func contains(s, word string) bool {
	if len(word) == 0 {
		return true
	}
	for i := 0; i+len(word) <= len(s); i++ {
		if lower(s[i]) == word[0] && strings.EqualFold(s[i:i+len(word)], word) {
			return true
		}
	}
	return false
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
