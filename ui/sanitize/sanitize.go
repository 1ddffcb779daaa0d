// Package sanitize makes text from the network and from the file system safe to show.
//
// Domain names, file names and option texts can hold terminal escapes, bidirectional controls and bytes that are no UTF-8. Every renderer
// passes them through [Append] or [String]; what a renderer's own format gives a meaning (tview tags, HTML, CSV) it escapes after that.
// The result is for reading: a backslash is left alone, so escapes that are already there survive, and it cannot be undone.
package sanitize

import (
	"strconv"
	"unicode"
	"unicode/utf8"
)

// Append appends s with everything made visible that is not: controls and bytes that are not UTF-8 as \DDD (decimal, as RFC 1035 section
// 5.1 writes them), other characters that do not print, move the cursor, reorder the line or have no width as \u{hex}.
func Append(dst []byte, s string) []byte {
	for i := 0; i < len(s); {
		if c := s[i]; c < utf8.RuneSelf {
			if c < ' ' || c == 0x7f {
				dst = appendByte(dst, c)
			} else {
				dst = append(dst, c)
			}
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			dst = appendByte(dst, s[i])
		case safe(r):
			dst = append(dst, s[i:i+n]...)
		default:
			dst = strconv.AppendUint(append(dst, `\u{`...), uint64(r), 16)
			dst = append(dst, '}')
		}
		i += n
	}
	return dst
}

// String returns what [Append] appends; s itself, without allocating, where nothing in it needs a change.
func String(s string) string {
	if clean(s) {
		return s
	}
	return string(Append(make([]byte, 0, len(s)+16), s))
}

// clean says that Append would leave s as it is.
func clean(s string) bool {
	for i := 0; i < len(s); {
		if c := s[i]; c < utf8.RuneSelf {
			if c < ' ' || c == 0x7f {
				return false
			}
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 || !safe(r) {
			return false
		}
		i += n
	}
	return true
}

func appendByte(dst []byte, c byte) []byte {
	return append(dst, '\\', '0'+c/100, '0'+c/10%10, '0'+c%10)
}

// safe says that r, above ASCII, shows as itself. unicode.IsPrint refuses C1 and bidi controls, zero-width characters, tags, spaces other
// than U+0020, and what is unassigned or private; blank holds what it lets through and nobody sees.
func safe(r rune) bool { return unicode.IsPrint(r) && !unicode.Is(blank, r) }

// blank holds characters of class letter, mark or symbol that leave no ink: the grapheme joiner, Hangul and Khmer fillers, the Braille
// blank, and variation selectors.
var blank = &unicode.RangeTable{
	R16: []unicode.Range16{
		{Lo: 0x034f, Hi: 0x034f, Stride: 1}, {Lo: 0x115f, Hi: 0x1160, Stride: 1}, {Lo: 0x17b4, Hi: 0x17b5, Stride: 1},
		{Lo: 0x180b, Hi: 0x180f, Stride: 1}, {Lo: 0x2800, Hi: 0x2800, Stride: 1}, {Lo: 0x3164, Hi: 0x3164, Stride: 1},
		{Lo: 0xfe00, Hi: 0xfe0f, Stride: 1}, {Lo: 0xffa0, Hi: 0xffa0, Stride: 1},
	},
	R32: []unicode.Range32{{Lo: 0xe0100, Hi: 0xe01ef, Stride: 1}},
}

// ASCII returns s, which has been through [Append], with every character above ASCII as \u{hex}.
func ASCII(s string) string {
	plain := true
	for i := 0; i < len(s) && plain; i++ {
		plain = s[i] < utf8.RuneSelf
	}
	if plain {
		return s
	}
	var dst []byte
	for _, r := range s {
		if r < utf8.RuneSelf {
			dst = append(dst, byte(r))
			continue
		}
		dst = append(strconv.AppendUint(append(dst, `\u{`...), uint64(r), 16), '}')
	}
	return string(dst)
}
