package text

import (
	"slices"
	"strings"

	"github.com/dnssniff/dnssniff/ui/sanitize"
)

// column describes a column of a table.
type column struct {
	title string
	right bool // numbers
	// flex is how narrow the column may become where the width is short, its texts being cut in their middle. 0: it does not give way.
	flex int
	// bar columns draw their cells' share and take what room is left.
	bar bool
	// rank says what goes first where the width is short: the highest. Rank 0 always stays.
	rank int
	// optional columns are left out where no row has anything in them.
	optional bool
}

// cell is a value in a row.
type cell struct {
	text  string
	share float64 // of a bar: 0 to 1
	style style
}

// table is rows under columns. Rows have a cell for each column.
type table struct {
	cols []column
	rows [][]cell
	bare bool // without the line of titles
}

const (
	gap     = 2
	keyMin  = 24 // of a column of names or addresses
	noteMin = 12 // of a column of words
	barMin  = 8
	barMax  = 40
)

func (p *page) table(t table) {
	if len(t.rows) == 0 {
		return
	}
	t = p.cleaned(t)
	t = t.fit(p.Width - indent)
	widths := t.widths(p.Width - indent)
	if !t.bare {
		titles := make([]cell, len(t.cols))
		for i, c := range t.cols {
			titles[i] = cell{text: c.title, style: dim}
		}
		p.row(t, widths, titles)
	}
	for _, row := range t.rows {
		p.row(t, widths, row)
	}
}

func (p *page) row(t table, widths []int, row []cell) {
	p.spaces += indent
	for i, c := range t.cols {
		s := row[i].text
		if c.bar && row[i].share > 0 {
			s = bar(row[i].share, widths[i], p.ASCII)
		}
		s = sanitize.Cut(s, widths[i], p.ellipsis())
		room := widths[i] - sanitize.Width(s)
		if c.right {
			p.spaces += room
			room = 0
		}
		p.put(s, row[i].style)
		p.spaces += room + gap
	}
	p.newline()
}

// cleaned returns t with every cell safe to print.
func (p *page) cleaned(t table) table {
	rows := make([][]cell, len(t.rows))
	for i, row := range t.rows {
		rows[i] = make([]cell, len(row))
		for j, c := range row {
			c.text = p.clean(c.text)
			rows[i][j] = c
		}
	}
	t.rows = rows
	return t
}

// fit returns t without its empty optional columns and without those that width has no room for.
func (t table) fit(width int) table {
	for i := len(t.cols) - 1; i >= 0; i-- {
		if t.cols[i].optional && t.blank(i) {
			t = t.without(i)
		}
	}
	for t.least() > width {
		drop := -1
		for i, c := range t.cols {
			if c.rank > 0 && (drop < 0 || c.rank > t.cols[drop].rank) {
				drop = i
			}
		}
		if drop < 0 {
			return t
		}
		t = t.without(drop)
	}
	return t
}

func (t table) has(title string) bool {
	return slices.ContainsFunc(t.cols, func(c column) bool { return c.title == title })
}

func (t table) blank(col int) bool {
	for _, row := range t.rows {
		if row[col].text != "" || row[col].share > 0 {
			return false
		}
	}
	return true
}

func (t table) without(col int) table {
	drop := func(i int) bool { return i != col }
	cols := make([]column, 0, len(t.cols))
	for i, c := range t.cols {
		if drop(i) {
			cols = append(cols, c)
		}
	}
	rows := make([][]cell, len(t.rows))
	for n, row := range t.rows {
		for i, c := range row {
			if drop(i) {
				rows[n] = append(rows[n], c)
			}
		}
	}
	t.cols, t.rows = cols, rows
	return t
}

// natural returns how wide column i would like to be.
func (t table) natural(i int) int {
	if t.cols[i].bar {
		return barMax
	}
	w := 0
	if !t.bare {
		w = sanitize.Width(t.cols[i].title)
	}
	for _, row := range t.rows {
		w = max(w, sanitize.Width(row[i].text))
	}
	return w
}

// smallest returns how narrow column i may become.
func (t table) smallest(i int) int {
	switch c := t.cols[i]; {
	case c.bar:
		return barMin
	case c.flex > 0:
		return min(c.flex, t.natural(i))
	}
	return t.natural(i)
}

// least returns the narrowest width of the table.
func (t table) least() int {
	sum := gap * (len(t.cols) - 1)
	for i := range t.cols {
		sum += t.smallest(i)
	}
	return sum
}

// widths shares width out: every column gets its least, then flex columns what they want, then bars.
func (t table) widths(width int) []int {
	left := width - t.least()
	widths := make([]int, len(t.cols))
	for i := range t.cols {
		widths[i] = t.smallest(i)
	}
	for _, bars := range []bool{false, true} {
		for i, c := range t.cols {
			if c.bar == bars {
				more := max(0, min(left, t.natural(i)-widths[i]))
				widths[i] += more
				left -= more
			}
		}
	}
	return widths
}

// bar returns a bar of share times width columns, at least a sliver of one.
func bar(share float64, width int, ascii bool) string {
	share = min(max(share, 0), 1)
	if ascii {
		return strings.Repeat("#", max(1, int(share*float64(width)+0.5)))
	}
	eighths := max(1, int(share*float64(width*8)+0.5))
	s := strings.Repeat("█", eighths/8)
	if rest := eighths % 8; rest > 0 {
		s += string([]rune("▏▎▍▌▋▊▉")[rest-1])
	}
	return s
}
