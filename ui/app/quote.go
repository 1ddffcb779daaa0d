package app

import "strings"

// wiresharkName returns a name as Wireshark shows it: without the final dot.
func wiresharkName(name string) string {
	if name == "." {
		return "<Root>"
	}
	return strings.TrimSuffix(name, ".")
}

// asciiLower returns s with its ASCII letters in lower case, as names are compared (RFC 4343).
func asciiLower(s string) string {
	b := []byte(s)
	for i := range b {
		b[i] = lower(b[i])
	}
	return string(b)
}

// wiresharkString returns s as a string of a display filter.
func wiresharkString(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// regexpQuote returns a regular expression that matches s.
func regexpQuote(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if strings.IndexByte(`\.+*?()|[]{}^$`, c) >= 0 {
			b.WriteByte('\\')
		}
		b.WriteByte(c)
	}
	return b.String()
}

// shellWord returns s, which has no controls in it, as one word of a shell's command line.
func shellWord(s string) string {
	safe := s != ""
	for _, c := range []byte(s) {
		safe = safe && ('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("._-:/+=@%", c) >= 0)
	}
	if safe {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
