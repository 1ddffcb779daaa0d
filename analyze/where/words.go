package where

import (
	"strconv"
	"strings"

	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/decode/mnemonic"
)

// vocabulary gives numbers names. Either words has them by number, or find finds them.
type vocabulary struct {
	what  string
	words []string
	find  func(s string) (int64, bool)
	near  func() []string // the names to choose a suggestion from
	max   int64           // largest number that stands without a name; 0: none can
}

// number returns the number of a name, in any case.
func (v *vocabulary) number(s string) (int64, bool) {
	for n, w := range v.words {
		if strings.EqualFold(w, s) {
			return int64(n), true
		}
	}
	if v.find == nil {
		return 0, false
	}
	return v.find(s)
}

// list returns the words with commas between.
func (v *vocabulary) list() string { return strings.Join(v.words, ", ") }

// unknown says that there is no such name.
func (v *vocabulary) unknown(s string) string {
	known := v.words
	if v.near != nil {
		known = v.near()
	}
	out := "unknown " + v.what + " " + shown(s)
	if n := nearest(s, known); n != "" {
		return out + ", did you mean " + n + "?"
	}
	if v.words != nil {
		return out + ", known are " + v.list()
	}
	return out
}

// The vocabularies of the registries.
var (
	rcodes = vocabulary{what: "RCODE", max: 1<<12 - 1, near: names(24, mnemonic.RCODE),
		find: func(s string) (int64, bool) {
			n, ok := mnemonic.ParseRCODE(strings.ToUpper(s))
			return int64(n), ok && n < 1<<12
		}}
	types   = vocabulary{what: "type", max: 1<<16 - 1, near: names(264, mnemonic.Type), find: search(1<<16, "TYPE", mnemonic.AppendType)}
	classes = vocabulary{what: "class", max: 1<<16 - 1, near: names(256, mnemonic.Class), find: search(1<<16, "CLASS", mnemonic.AppendClass)}
	opcodes = vocabulary{what: "opcode", max: 15, near: names(16, func(n uint16) string { return mnemonic.Opcode(uint8(n)) }),
		find: search(16, "OPCODE", func(dst []byte, n uint16) []byte { return mnemonic.AppendOpcode(dst, uint8(n)) })}
	edes      = vocabulary{what: "extended error", max: 1<<16 - 1, near: names(64, mnemonic.EDE), find: search(1<<16, "EDE", mnemonic.AppendEDE)}
	anomalies = vocabulary{what: "anomaly", find: findAnomaly, near: func() (all []string) {
		for id := range anomaly.All {
			all = append(all, id.Name(), id.String())
		}
		return all
	}}
)

// names returns a function that returns the first n names of a registry.
func names(n uint16, name func(uint16) string) func() []string {
	return func() []string {
		all := make([]string, n)
		for i := range all {
			all[i] = name(uint16(i))
		}
		return all
	}
}

// search returns a function that looks for a name among the first n of a registry, or for prefix and a number (RFC 3597 section 5).
func search(n int, prefix string, name func([]byte, uint16) []byte) func(string) (int64, bool) {
	return func(s string) (int64, bool) {
		if len(s) > len(prefix) && strings.EqualFold(s[:len(prefix)], prefix) {
			if i, err := strconv.ParseUint(s[len(prefix):], 10, 16); err == nil && int(i) < n {
				return int64(i), true
			}
		}
		var room [64]byte
		for i := range n {
			if have := name(room[:0], uint16(i)); strings.EqualFold(string(have), s) {
				return int64(i), true
			}
		}
		return 0, false
	}
}

func findAnomaly(s string) (int64, bool) {
	id, err := anomaly.Parse(s)
	return int64(id), err == nil
}

// nearest returns the word of the list that is one or two mistakes away, or "".
func nearest(s string, list []string) string {
	best, least := "", 3
	if len(s) > 40 {
		return ""
	}
	for _, w := range list {
		if d := distance(strings.ToLower(s), strings.ToLower(w)); d < least && d < len(w)-1 {
			best, least = w, d
		}
	}
	return best
}

// distance returns the number of letters to change, add or take away to get from a to b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, diagonal+1, row[j]+1)
		}
	}
	return row[len(b)]
}
