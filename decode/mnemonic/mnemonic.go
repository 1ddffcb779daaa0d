// Package mnemonic gives the numbers of the DNS their IANA names.
//
// The names are those of the registries at https://www.iana.org/assignments/dns-parameters, as of July 2026, in upper case where a
// registry mixes the cases (NOERROR, not NoError). A number without a name is written with its number, as RFC 3597 section 5 does for
// types: TYPE65534, CLASS4096, RCODE27. Names that have an entry in a registry cost no allocation; the Append functions never do.
package mnemonic

import "strconv"

// RCODE returns the name of a 12-bit response code (RFC 6895 section 2.3), "RCODE27" for an unassigned one. 16 is BADVERS: it came in
// header and OPT; see [TSIGError].
func RCODE(n uint16) string { return name(rcodes[:], "RCODE", n) }

// AppendRCODE appends what [RCODE] returns.
func AppendRCODE(dst []byte, n uint16) []byte { return appendName(dst, rcodes[:], "RCODE", n) }

// ParseRCODE returns the number of a code that [RCODE] names, in upper case. It is false for anything else.
func ParseRCODE(s string) (uint16, bool) { return parse(rcodes[:], "RCODE", s) }

// TSIGError returns the name of the error field of a TSIG record (RFC 8945 section 4.2), where 16 is BADSIG.
func TSIGError(n uint16) string {
	if n == 16 {
		return "BADSIG"
	}
	return RCODE(n)
}

// TKEYError returns the name of the error field of a TKEY record (RFC 2930 section 2.6), where 16 is BADSIG.
func TKEYError(n uint16) string { return TSIGError(n) }

// ParseTSIGError returns the number of an error that [TSIGError] or [TKEYError] names, in upper case.
func ParseTSIGError(s string) (uint16, bool) {
	if s == "BADSIG" {
		return 16, true
	}
	return ParseRCODE(s)
}

// Type returns the name of a record or query type, "TYPE65534" for one without. 255 is ANY, which the registry writes "*".
func Type(n uint16) string {
	if s := highType(n); s != "" {
		return s
	}
	return name(types[:], "TYPE", n)
}

// AppendType appends what [Type] returns.
func AppendType(dst []byte, n uint16) []byte {
	if s := highType(n); s != "" {
		return append(dst, s...)
	}
	return appendName(dst, types[:], "TYPE", n)
}

// Class returns the name of a class, "CLASS2" for one without.
func Class(n uint16) string { return name(classes[:], "CLASS", n) }

// AppendClass appends what [Class] returns.
func AppendClass(dst []byte, n uint16) []byte { return appendName(dst, classes[:], "CLASS", n) }

// Opcode returns the name of a 4-bit opcode, "OPCODE7" for an unassigned one.
func Opcode(n uint8) string { return name(opcodes[:], "OPCODE", uint16(n)) }

// AppendOpcode appends what [Opcode] returns.
func AppendOpcode(dst []byte, n uint8) []byte {
	return appendName(dst, opcodes[:], "OPCODE", uint16(n))
}

// Option returns the name of an EDNS option code, without the "edns-" that some carry in the registry; "OPTION65001" for one without.
func Option(n uint16) string {
	if s := highOption(n); s != "" {
		return s
	}
	return name(options[:], "OPTION", n)
}

// AppendOption appends what [Option] returns.
func AppendOption(dst []byte, n uint16) []byte {
	if s := highOption(n); s != "" {
		return append(dst, s...)
	}
	return appendName(dst, options[:], "OPTION", n)
}

// EDE returns the purpose of an extended DNS error (RFC 8914 section 4), "EDE49152" for an unassigned or private info code.
func EDE(n uint16) string { return name(edes[:], "EDE", n) }

// AppendEDE appends what [EDE] returns.
func AppendEDE(dst []byte, n uint16) []byte { return appendName(dst, edes[:], "EDE", n) }

// Flags appends the set header flags as words in the order of the wire, with spaces between: "aa rd ra". QR is left out; the reserved bit is
// "z" (RFC 1035 section 4.1.1, RFC 4035 section 3).
func Flags(dst []byte, flags uint16) []byte {
	start := len(dst)
	for _, f := range headerFlags {
		if flags&f.bit == 0 {
			continue
		}
		if len(dst) > start {
			dst = append(dst, ' ')
		}
		dst = append(dst, f.word...)
	}
	return dst
}

// FlagWords calls yield for each word that [Flags] writes.
func FlagWords(flags uint16) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for _, f := range headerFlags {
			if flags&f.bit != 0 && !yield(f.word) {
				return
			}
		}
	}
}

func name(table []string, prefix string, n uint16) string {
	if int(n) < len(table) && table[n] != "" {
		return table[n]
	}
	return prefix + strconv.Itoa(int(n))
}

func appendName(dst []byte, table []string, prefix string, n uint16) []byte {
	if int(n) < len(table) && table[n] != "" {
		return append(dst, table[n]...)
	}
	return strconv.AppendUint(append(dst, prefix...), uint64(n), 10)
}

func parse(table []string, prefix, s string) (uint16, bool) {
	for n, have := range table {
		if have != "" && have == s {
			return uint16(n), true
		}
	}
	if len(s) <= len(prefix) || s[:len(prefix)] != prefix {
		return 0, false
	}
	n, err := strconv.ParseUint(s[len(prefix):], 10, 16)
	return uint16(n), err == nil
}
