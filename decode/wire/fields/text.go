package fields

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/miekg/dns"
)

// quoted writes bytes as a master file writes a character string.
func quoted(b []byte) string {
	dst := append(make([]byte, 0, len(b)+2), '"')
	for _, x := range b {
		switch {
		case x == '"' || x == '\\':
			dst = append(dst, '\\', x)
		case x < ' ' || x >= 0x7f:
			dst = append(dst, '\\', '0'+x/100, '0'+x/10%10, '0'+x%10)
		default:
			dst = append(dst, x)
		}
	}
	return string(append(dst, '"'))
}

// hexAndText writes bytes in hex, and as text where they are text.
func hexAndText(b []byte) string {
	if !utf8.Valid(b) {
		return hexadecimal(b)
	}
	return hexadecimal(b) + ` "` + string(b) + `"`
}

func hexadecimalOf(v uint64) string { return fmt.Sprintf("%016x", v) }

func orDash(show func([]byte) string) func([]byte) string {
	return func(b []byte) string {
		if len(b) == 0 {
			return "-"
		}
		return show(b)
	}
}

func secondsText(v uint64) string { return decimal(v) + " s" }

// timeText writes seconds since the epoch.
func timeText(v uint64) string {
	return time.Unix(int64(v), 0).UTC().Format("2006-01-02 15:04:05") + " (" + decimal(v) + ")"
}

// named writes a number with its name, if it has one.
func named(name string, v uint64) string {
	if name == "" {
		return decimal(v)
	}
	return decimal(v) + " (" + name + ")"
}

func algorithmText(v uint64) string { return named(dns.AlgorithmToString[uint8(v)], v) }
func digestText(v uint64) string    { return named(dns.HashToString[uint8(v)], v) }
func nsec3HashText(v uint64) string { return named(nsec3Hashes[v], v) }

// listed writes a list of one-byte codes.
func listed(show func(uint64) string) func([]byte) string {
	return func(b []byte) string {
		all := make([]string, len(b))
		for i, x := range b {
			all[i] = show(uint64(x))
		}
		return strings.Join(all, ", ")
	}
}
