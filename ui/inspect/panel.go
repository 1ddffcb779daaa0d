package inspect

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/decode/wire/fields"
)

// panel is a message laid out: what it is, and its parts in the slots of all messages, so that two of them can be set side by side.
type panel struct {
	head  []string
	slots [6][]string // header, four sections, the rest
}

// all returns all lines.
func (p *panel) all() []string { return slices.Concat(p.head, slices.Concat(p.slots[:]...)) }

// panel lays a message out in a width.
func (p *page) panel(e *Exchange, m *Message, width int) *panel {
	out := &panel{head: p.head(e, m, width)}
	l := layout{page: p, m: m, width: width, marks: markOf(len(m.Data), e.anomaliesOf(m))}
	l.per = perLine(width)
	l.digits = max(3, len(strconv.Itoa(len(m.Data))))
	left, section := maxRows, 0
	for _, f := range fields.Of(m.Message) {
		b := rower{marks: l.marks, left: left, tagged: map[anomaly.Seen]bool{}}
		b.field(&f, 0)
		left = max(b.left, 1)
		slot := len(out.slots) - 1
		switch {
		case f.Kind == fields.Header:
			slot = 0
		case f.Kind == fields.Section:
			slot = sectionSlot(f.Name, section)
			section = slot
		}
		for i := range b.rows {
			out.slots[slot] = append(out.slots[slot], l.row(&b.rows[i])...)
		}
	}
	if len(m.Data) < m.Length {
		out.slots[5] = append(out.slots[5], p.styled(fmt.Sprintf("%s more were sent and not captured", count(m.Length-len(m.Data), "byte")), dim))
	}
	return out
}

// sectionSlot returns where a section stands, by its name; what is not one of the four comes last.
func sectionSlot(name string, before int) int {
	for i, names := range [...]string{1: "Question Zone", 2: "Answer Prerequisite", 3: "Authority Update", 4: "Additional"} {
		if i > before && slices.Contains(strings.Fields(names), name) {
			return i
		}
	}
	return 5
}

// perLine is how many bytes stand on a line.
func perLine(width int) int {
	switch {
	case width >= 110:
		return 16
	case width >= 76:
		return 8
	}
	return 6 // as wide as the bits of a flags field
}

// sideBySide sets query and response beside each other, section by section.
func (p *page) sideBySide(e *Exchange) {
	between := " │ "
	if p.ASCII {
		between = " | "
	}
	width := (p.Width - 3) / 2
	l, r := p.panel(e, e.Query, width), p.panel(e, e.Response, width)
	zip := func(a, b []string) {
		for i := range max(len(a), len(b)) {
			left, right := "", ""
			if i < len(a) {
				left = a[i]
			}
			if i < len(b) {
				right = b[i]
			}
			p.line(strings.TrimRight(left+strings.Repeat(" ", max(0, width-visible(left)))+between+right, " "))
		}
	}
	zip(l.head, r.head)
	for i := range l.slots {
		zip(l.slots[i], r.slots[i])
	}
}

// layout lays out the rows of a message.
type layout struct {
	*page
	m      *Message
	marks  *marks
	width  int
	per    int // bytes on a line
	digits int // of an offset
}

// Rows of bytes of one field.
const (
	headLines  = 3  // shown in any case
	faultLines = 12 // shown besides, where they have faulty bytes
)

// row lays out a row in as many lines as it takes.
func (l *layout) row(r *row) []string {
	left := l.bytesOf(r)
	indent := r.depth
	text := l.textOf(r, l.width-l.digits-1-l.cells()-1-indent, max(len(left), 2))
	var out []string
	for i := range max(len(left), len(text)) {
		line := strings.Repeat(" ", l.digits+1+l.cells())
		if i < len(left) {
			line = left[i]
		}
		if i < len(text) {
			line += " " + strings.Repeat(" ", indent) + text[i]
		}
		out = append(out, strings.TrimRight(line, " "))
	}
	return out
}

// cells is how wide the column of bytes is.
func (l *layout) cells() int { return 3*l.per + 1 }

// bytesOf returns the lines of offset and bytes.
func (l *layout) bytesOf(r *row) []string {
	switch {
	case r.pattern != "":
		return []string{l.offset(-1) + " " + l.padded(r.pattern, l.cells()-1, dim)}
	case r.gap:
		return []string{l.offset(r.off) + l.padded("[]", l.cells(), bad)}
	case r.n == 0:
		return []string{l.offset(r.off) + l.padded("", l.cells(), plain)}
	}
	var out []string
	skipped, faulty := 0, 0
	for from := r.off; from < r.off+r.n; from += l.per {
		to := min(from+l.per, r.off+r.n)
		show := from < r.off+headLines*l.per || r.n <= (headLines+1)*l.per
		if !show && faulty < faultLines && l.marks.within(from, to) {
			show = true
			faulty++
		}
		if !show {
			skipped += to - from
			continue
		}
		out = append(out, l.skipped(&skipped)...)
		out = append(out, l.offset(from)+l.hex(from, to))
	}
	return append(out, l.skipped(&skipped)...)
}

// skipped says how many bytes are not shown.
func (l *layout) skipped(n *int) []string {
	if *n == 0 {
		return nil
	}
	s := l.ellipsis() + " " + count(*n, "byte")
	*n = 0
	return []string{l.offset(-1) + " " + l.padded(s, l.cells()-1, dim)}
}

// offset writes the offset before a line, nothing for a negative one.
func (l *layout) offset(off int) string {
	if off < 0 {
		return strings.Repeat(" ", l.digits+1)
	}
	return l.styled(fmt.Sprintf("%*d", l.digits, off), dim) + " "
}

// hex writes bytes, those at fault between brackets.
func (l *layout) hex(from, to int) string {
	var b strings.Builder
	mark := uint8(0) // of the byte before
	for i := from; i < to; i++ {
		next := l.marks.bytes[i]
		b.WriteString(l.border(mark, next))
		b.WriteString(l.marked(fmt.Sprintf("%02x", l.m.Data[i]), next))
		mark = next
	}
	b.WriteString(l.border(mark, 0))
	return b.String() + strings.Repeat(" ", 3*(l.per-(to-from)))
}

// border writes what stands between two bytes.
func (l *layout) border(before, next uint8) string {
	left, _ := brackets(next)
	_, right := brackets(before)
	switch {
	case before == next || before > 0 && next > 0 && (left == '[') == (right == ']'):
		return " "
	case before == 0:
		return l.marked(string(left), next)
	case next == 0:
		return l.marked(string(right), before)
	}
	return l.marked("|", max(before, next))
}

// marked colours what is at fault.
func (l *layout) marked(s string, mark uint8) string {
	if mark == 0 {
		return s
	}
	return l.styled(s, styleOf(anomaly.Severity(mark-1)))
}

// textOf returns the lines of a field's name, value and anomalies: at most lines of them, the tags in the last.
func (l *layout) textOf(r *row, width, lines int) []string {
	text := r.name
	if r.value != "" {
		text += ": " + r.value
	}
	out := wrap(l.clean(text), width, lines, l.ellipsis())
	for i := range out {
		out[i] = l.styled(out[i], r.style)
		if i > 0 {
			out[i] = " " + out[i]
		}
	}
	if tag, st := l.tag(r.tags); tag != "" {
		if last := out[len(out)-1]; visible(last)+1+visible(tag) <= width {
			out[len(out)-1] = last + " " + l.styled(tag, st)
		} else {
			out = append(out, l.styled(tag, st))
		}
	}
	return out
}

// tag names the anomalies that begin in a field.
func (l *layout) tag(all []anomaly.Seen) (string, style) {
	if len(all) == 0 {
		return "", plain
	}
	s, worst := l.arrowLeft(), anomaly.Info
	for i, a := range all {
		worst = max(worst, a.ID.Severity())
		if i < maxTags {
			s += " " + a.ID.String()
		}
	}
	if n := len(all) - maxTags; n > 0 {
		s += fmt.Sprintf(" and %d more", n)
	}
	return s, styleOf(worst)
}
