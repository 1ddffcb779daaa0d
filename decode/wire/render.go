package wire

import (
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/miekg/dns"
)

// RData returns the RDATA of a record of m as master files write it, for people: printable ASCII only. What cannot be rendered as its
// type, and an OPT, is in the form of unknown types (RFC 3597 section 5). It allocates; it is not for the path of every packet.
func RData(m *Message, r *Record) string {
	if int(r.Data)+int(r.Len) > len(m.Data) {
		return ""
	}
	if r.Type == typeOPT {
		return generic(m, r)
	}
	if s, ok := render(m, r); ok {
		return sanitise(s)
	}
	return generic(m, r)
}

// render has the library render the record. The library is not ours and the bytes are hostile: a panic of its is no rendering.
func render(m *Message, r *Record) (s string, ok bool) {
	defer func() {
		if recover() != nil {
			s, ok = "", false
		}
	}()
	rr, next, err := dns.UnpackRR(m.Data, int(r.Off))
	if err != nil || next != int(r.Data)+int(r.Len) {
		return "", false
	}
	if _, unknown := rr.(*dns.RFC3597); unknown {
		return "", false
	}
	return strings.TrimPrefix(rr.String(), rr.Header().String()), true
}

// generic renders RDATA as \# LENGTH HEX.
func generic(m *Message, r *Record) string {
	if r.Len == 0 {
		return `\# 0`
	}
	return fmt.Sprintf(`\# %d %s`, r.Len, hex.EncodeToString(m.Data[r.Data:][:r.Len]))
}

// sanitise escapes what is not printable ASCII as \DDD.
func sanitise(s string) string {
	clean := true
	for i := range len(s) {
		clean = clean && s[i] >= ' ' && s[i] < 0x7f
	}
	if clean {
		return s
	}
	dst := make([]byte, 0, len(s)+16)
	for i := range len(s) {
		if c := s[i]; c == ' ' || c == '.' || c == '\\' {
			dst = append(dst, c)
		} else {
			dst = appendEscaped(dst, c)
		}
	}
	return string(dst)
}
