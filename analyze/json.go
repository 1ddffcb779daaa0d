package analyze

import (
	"encoding/json"
	"fmt"
	"unicode/utf16"
	"unicode/utf8"
)

// MarshalJSON writes the report in ASCII: what is none, or a control, is escaped. File names, which can hold terminal escapes and
// bidirectional controls, keep their value and do nothing where the JSON is shown. Bytes that are no UTF-8 become U+FFFD.
func (r *Report) MarshalJSON() ([]byte, error) {
	type plain Report // without this method
	out, err := json.Marshal((*plain)(r))
	if err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	return ascii(out), nil
}

// ascii escapes all that is not printable ASCII in JSON, where such stands in strings only.
func ascii(in []byte) []byte {
	plain := 0
	for plain < len(in) && ' ' <= in[plain] && in[plain] <= '~' {
		plain++
	}
	if plain == len(in) {
		return in
	}
	out := append(make([]byte, 0, len(in)+len(in)/8), in[:plain]...)
	for i := plain; i < len(in); {
		if c := in[i]; ' ' <= c && c <= '~' {
			out = append(out, c)
			i++
			continue
		}
		c, n := utf8.DecodeRune(in[i:])
		i += n
		if high, low := utf16.EncodeRune(c); high != utf8.RuneError {
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		} else {
			out = fmt.Appendf(out, `\u%04x`, c)
		}
	}
	return out
}
