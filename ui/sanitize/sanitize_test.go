package sanitize

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestString(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"empty", "", ""},
		{"plain", "www.example.com.", "www.example.com."},
		{"escapes_already_there", `a\.b\007.example.`, `a\.b\007.example.`},
		{"ansi_clear_screen", "\x1b[2J\x1b[1;1H", `\027[2J\027[1;1H`},
		{"osc_window_title_bel", "\x1b]0;owned\x07", `\027]0;owned\007`},
		{"nul_newline_tab_del", "\x00\n\r\t\x7f", `\000\010\013\009\127`},
		{"c1_csi_as_utf8", "\u009b31m", `\u{9b}31m`},
		{"c1_csi_as_byte", "\x9b31m", `\15531m`},
		{"bidi_override", "exe\u202egpj", `exe\u{202e}gpj`},
		{"bidi_embeddings", "\u202a\u202b\u202c\u202d", `\u{202a}\u{202b}\u{202c}\u{202d}`},
		{"bidi_isolates", "\u2066\u2067\u2068\u2069", `\u{2066}\u{2067}\u{2068}\u{2069}`},
		{"bidi_marks", "\u200e\u200f\u061c", `\u{200e}\u{200f}\u{61c}`},
		{"zero_width", "a\u200bb\u200c\u200d\u2060\ufeff", `a\u{200b}b\u{200c}\u{200d}\u{2060}\u{feff}`},
		{"soft_hyphen", "a\u00adb", `a\u{ad}b`},
		{"line_separators", "a\u2028b\u2029\u0085", `a\u{2028}b\u{2029}\u{85}`},
		{"spaces_that_are_not_space", "a\u00a0b\u3000", `a\u{a0}b\u{3000}`},
		{"hangul_filler_is_blank", "\u3164\u115f\uffa0\u2800", `\u{3164}\u{115f}\u{ffa0}\u{2800}`},
		{"variation_selector", "a\ufe0f\U000e0101", `a\u{fe0f}\u{e0101}`},
		{"tag_characters", "\U000e0041", `\u{e0041}`},
		{"private_use", "\ue000", `\u{e000}`},
		{"noncharacter", "\uffff", `\u{ffff}`},
		{"invalid_utf8", "a\xff\xc3", `a\255\195`},
		{"surrogate_bytes", "\xed\xa0\x80", `\237\160\128`},
		{"overlong_slash", "\xc0\xaf", `\192\175`},
		{"replacement_character_itself", "\ufffd", "\ufffd"},
		{"letters_of_the_world", "Köln-日本-Ελλάδα.pcap", "Köln-日本-Ελλάδα.pcap"},
		{"combining_accent_of_macos", "e\u0301.pcap", "e\u0301.pcap"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := String(tt.in); got != tt.want {
				t.Errorf("String(%q) = %q, want %q", tt.in, got, tt.want)
			}
			if got := string(Append([]byte("x"), tt.in)); got != "x"+tt.want {
				t.Errorf("Append(%q) = %q, want %q", tt.in, got, "x"+tt.want)
			}
		})
	}
}

func TestWidthAndCut(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		width    int
		want     string
	}{
		{"fits", "example.com.", 12, "example.com."},
		{"one_too_long", "example.com.", 11, "examp….com."},
		{"head_gets_the_odd_column", "abcdefghij", 6, "abc…ij"},
		{"two_columns", "abcdef", 2, "ab"},
		{"nothing", "abcdef", 0, ""},
		{"wide_characters", "日本語日本語", 7, "日…語"},
		{"wide_that_fits", "日本語", 6, "日本語"},
		{"marks_stay_with_their_letter", "e\u0301e\u0301e\u0301e\u0301e\u0301", 4, "e\u0301e\u0301…e\u0301"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := Cut(tt.in, tt.width, "…")
			if got != tt.want {
				t.Errorf("Cut(%q, %d) = %q, want %q", tt.in, tt.width, got, tt.want)
			}
			if w := Width(got); w > tt.width {
				t.Errorf("Cut(%q, %d) is %d wide", tt.in, tt.width, w)
			}
		})
	}
	for in, want := range map[string]int{"": 0, "abc": 3, "é": 1, "e\u0301": 1, "日": 2, "한": 2, "\u1112\u1161\u11ab": 2, "🐟": 2, "█": 1} {
		if got := Width(in); got != want {
			t.Errorf("Width(%q) = %d, want %d", in, got, want)
		}
	}
}

func TestASCII(t *testing.T) {
	for in, want := range map[string]string{"": "", "plain": "plain", "Köln-日🐟": `K\u{f6}ln-\u{65e5}\u{1f41f}`} {
		if got := ASCII(in); got != want {
			t.Errorf("ASCII(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestCleanStringIsNotCopied(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() { String("www.example.com. Köln") }); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

func FuzzString(f *testing.F) {
	for _, s := range []string{"www.example.com.", "\x1b[2J", "\u202e", "\xff", "日本e\u0301", `\000`} {
		f.Add(s, 7)
	}
	f.Fuzz(func(t *testing.T, s string, width int) {
		got := String(s)
		checkVisible(t, s, got)
		if again := String(got); again != got {
			t.Errorf("String(%q) = %q, and again %q", s, got, again)
		}
		width = max(0, min(width, 200))
		cut := Cut(got, width, "…")
		checkVisible(t, s, cut)
		if w := Width(cut); w > width {
			t.Errorf("Cut(%q, %d) is %d wide", got, width, w)
		}
	})
}

func checkVisible(t *testing.T, in, got string) {
	t.Helper()
	if !utf8.ValidString(got) {
		t.Errorf("%q became %q, which is not UTF-8", in, got)
	}
	if i := strings.IndexFunc(got, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }); i >= 0 {
		t.Errorf("%q became %q, with a control at %d", in, got, i)
	}
}

func BenchmarkString(b *testing.B) {
	for _, s := range []string{"a-usual-name.of-some-length.example.com.", "\x1b[2J\u202ehostile.example."} {
		b.Run(String(s[:3]), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				String(s)
			}
		})
	}
}
