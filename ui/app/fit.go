package app

import (
	"github.com/dnssniff/dnssniff/ui/sanitize"
	"github.com/dnssniff/dnssniff/ui/text"
)

// Columns of a table on the screen.
const (
	gutter   = 2 // before the first column: it marks the selected row
	gap      = 2 // between columns
	barMin   = 6
	barMost  = 40
	keyMin   = 16 // of a column of names or addresses
	wordsMin = 12 // of a column of words
	textMost = 40 // up to this a text is worth more than a bar
)

// slot is a column where it is drawn.
type slot struct {
	col, x, width int
}

// layout is what decides which columns of a table are drawn, and how wide.
type layout struct {
	columns []column
	natural []int  // width of the widest text of each
	blank   []bool // nothing in any row
	keep    []bool // stays, whatever its rank
}

// fit returns the columns that have room in a width, in their order.
func (l *layout) fit(width int) []slot {
	width -= gutter
	shown := make([]bool, len(l.columns))
	for i, c := range l.columns {
		shown[i] = l.keep[i] || !c.optional || !l.blank[i]
	}
	l.dropBars(shown, width)
	for l.least(shown) > width {
		drop := -1
		for i, c := range l.columns {
			if shown[i] && !l.keep[i] && c.rank > 0 && (drop < 0 || c.rank >= l.columns[drop].rank) {
				drop = i
			}
		}
		if drop < 0 {
			break
		}
		shown[drop] = false
	}
	return l.slots(shown, width)
}

// dropBars leaves out bars where texts would be cut for them. Trends say more than some texts: their rank decides.
func (l *layout) dropBars(shown []bool, width int) {
	sum := -gap
	for i, c := range l.columns {
		switch {
		case !shown[i]:
		case c.bar || c.trend:
			sum += l.smallest(i) + gap
		default:
			sum += min(l.natural[i], max(l.smallest(i), textMost)) + gap
		}
	}
	for i := len(l.columns) - 1; i >= 0 && sum > width; i-- {
		if c := l.columns[i]; shown[i] && !l.keep[i] && c.bar && c.rank > 0 {
			shown[i] = false
			sum -= l.smallest(i) + gap
		}
	}
}

// smallest is how narrow a column may become.
func (l *layout) smallest(i int) int {
	switch c := l.columns[i]; {
	case c.bar || c.trend:
		return max(barMin, sanitize.Width(c.title))
	case c.flex > 0:
		return min(max(c.flex, sanitize.Width(c.title)), l.natural[i])
	}
	return l.natural[i]
}

func (l *layout) least(shown []bool) int {
	sum := -gap
	for i := range l.columns {
		if shown[i] {
			sum += l.smallest(i) + gap
		}
	}
	return sum
}

// slots shares the width out: every column gets its least, then those of texts what they want, then bars.
func (l *layout) slots(shown []bool, width int) []slot {
	left := width - l.least(shown)
	widths := make([]int, len(l.columns))
	for _, drawn := range []bool{false, true} {
		for i, c := range l.columns {
			if !shown[i] || (c.bar || c.trend) != drawn {
				continue
			}
			want := l.natural[i]
			if drawn {
				want = barMost
			}
			more := max(0, min(left, want-l.smallest(i)))
			widths[i] = l.smallest(i) + more
			left -= more
		}
	}
	var out []slot
	x := gutter
	for i := range l.columns {
		if shown[i] {
			out = append(out, slot{i, x, widths[i]})
			x += widths[i] + gap
		}
	}
	return out
}

// rendered returns a cell's text in a width.
func (l look) rendered(c cell, col column, width int) string {
	switch {
	case col.bar && c.share > 0:
		return text.Bar(c.share, width, l.ascii)
	case col.bar:
		return ""
	case col.trend:
		return text.Spark(c.trend, width, l.ascii)
	}
	cut := l.cut
	if col.head {
		cut = l.begin
	}
	s := cut(l.clean(c.text), width)
	if room := width - sanitize.Width(s); col.right && room > 0 {
		return spaces(room) + s
	}
	return s
}

const blanks = "                                                                                                                                "

func spaces(n int) string {
	if n <= len(blanks) {
		return blanks[:max(n, 0)]
	}
	return blanks + spaces(n-len(blanks))
}
