package sanitize

import (
	"unicode"
	"unicode/utf8"
)

// Width returns how many terminal columns s takes: none for a combining mark, two for what East Asian Width calls wide, else one.
// s must have been through [Append].
func Width(s string) int {
	w := 0
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		w += runeWidth(r)
		i += n
	}
	return w
}

// Cut returns s if it fits into width columns, else its head and tail with ellipsis between, together no wider than width.
func Cut(s string, width int, ellipsis string) string {
	if len(s) <= width || Width(s) <= width {
		return s
	}
	room := width - Width(ellipsis)
	if room < 2 {
		return s[:headEnd(s, width)]
	}
	return s[:headEnd(s, room-room/2)] + ellipsis + s[tailStart(s, room/2):]
}

// headEnd returns the end of the longest prefix of s that fits into width columns, with the marks that combine with its last character.
func headEnd(s string, width int) int {
	i := 0
	for i < len(s) {
		r, n := utf8.DecodeRuneInString(s[i:])
		if width -= runeWidth(r); width < 0 {
			break
		}
		i += n
	}
	return i
}

// tailStart returns the start of the longest suffix of s that fits into width columns and does not begin with a combining mark.
func tailStart(s string, width int) int {
	best := len(s)
	for i := len(s); i > 0; {
		r, n := utf8.DecodeLastRuneInString(s[:i])
		w := runeWidth(r)
		if width -= w; width < 0 {
			break
		}
		i -= n
		if w > 0 {
			best = i
		}
	}
	return best
}

func runeWidth(r rune) int {
	switch {
	case r < 0x300:
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me) || r >= 0x1160 && r <= 0x11ff: // medial and final Hangul jamo join the one before
		return 0
	case unicode.Is(wide, r):
		return 2
	}
	return 1
}

// wide holds the blocks that Unicode's EastAsianWidth.txt marks W or F. Where only some characters of a block are wide, all are taken
// for wide: a column too many does no harm.
var wide = &unicode.RangeTable{
	R16: []unicode.Range16{
		{Lo: 0x1100, Hi: 0x115f, Stride: 1}, {Lo: 0x231a, Hi: 0x231b, Stride: 1}, {Lo: 0x2329, Hi: 0x232a, Stride: 1},
		{Lo: 0x23e9, Hi: 0x23f3, Stride: 1}, {Lo: 0x25fd, Hi: 0x25fe, Stride: 1}, {Lo: 0x2600, Hi: 0x27bf, Stride: 1},
		{Lo: 0x2b1b, Hi: 0x2b1c, Stride: 1}, {Lo: 0x2b50, Hi: 0x2b55, Stride: 1}, {Lo: 0x2e80, Hi: 0x303e, Stride: 1},
		{Lo: 0x3041, Hi: 0x4dbf, Stride: 1}, {Lo: 0x4e00, Hi: 0xa4cf, Stride: 1}, {Lo: 0xa960, Hi: 0xa97f, Stride: 1},
		{Lo: 0xac00, Hi: 0xd7a3, Stride: 1}, {Lo: 0xf900, Hi: 0xfaff, Stride: 1}, {Lo: 0xfe10, Hi: 0xfe19, Stride: 1},
		{Lo: 0xfe30, Hi: 0xfe6f, Stride: 1}, {Lo: 0xff01, Hi: 0xff60, Stride: 1}, {Lo: 0xffe0, Hi: 0xffe6, Stride: 1},
	},
	R32: []unicode.Range32{
		{Lo: 0x16fe0, Hi: 0x18cff, Stride: 1}, {Lo: 0x1aff0, Hi: 0x1b2ff, Stride: 1}, {Lo: 0x1f000, Hi: 0x1faff, Stride: 1},
		{Lo: 0x20000, Hi: 0x3fffd, Stride: 1},
	},
}
