package app

import (
	"github.com/gdamore/tcell/v2"

	"github.com/dnssniff/dnssniff/ui/sanitize"
	"github.com/dnssniff/dnssniff/ui/text"
)

// style is what a text is, for colours and attributes that only repeat what the words say.
type style uint8

const (
	plain style = iota
	bold
	dim
	good
	warn
	bad
	accent
	chosen  // of the selected row: the cell that keys act on
	current // of the selected row: its other cells
)

// look is how the screens look. Colours are the terminal's own first eight, on its own background, so that any theme stays readable.
type look struct{ color, ascii bool }

func (l look) style(s style) tcell.Style {
	st := tcell.StyleDefault
	switch s {
	case bold, current:
		return st.Bold(true)
	case chosen:
		return st.Reverse(true)
	case dim:
		return st.Dim(true)
	}
	if !l.color {
		return st
	}
	switch s {
	case good:
		return st.Foreground(tcell.PaletteColor(2))
	case warn:
		return st.Foreground(tcell.PaletteColor(3))
	case bad:
		return st.Foreground(tcell.PaletteColor(1))
	case accent:
		return st.Foreground(tcell.PaletteColor(6))
	}
	return st
}

// over returns a cell's own style in the selected row.
func (l look) over(s style, row style) tcell.Style {
	switch row {
	case chosen:
		return l.style(chosen)
	case current:
		return l.style(s).Bold(true)
	}
	return l.style(s)
}

// clean makes s safe to draw and, in ASCII output, ASCII.
func (l look) clean(s string) string {
	s = sanitize.String(s)
	if l.ascii {
		return sanitize.ASCII(s)
	}
	return s
}

// pick returns one of two texts of our own.
func (l look) pick(utf8, ascii string) string {
	if l.ascii {
		return ascii
	}
	return utf8
}

func (l look) ellipsis() string  { return l.pick("…", "..") }
func (l look) separator() string { return l.pick(" › ", " > ") }

func (l look) millis(ms float64) string { return text.Millis(ms, l.ascii) }

// cut returns s, which is clean, in at most width columns.
func (l look) cut(s string, width int) string { return sanitize.Cut(s, width, l.ellipsis()) }
