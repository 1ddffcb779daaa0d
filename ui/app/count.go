package app

import (
	"cmp"
	"slices"

	"github.com/dnssniff/dnssniff/ui/sanitize"
	"github.com/dnssniff/dnssniff/ui/text"
)

// counted is a name with its count.
type counted struct {
	key string
	n   uint64
}

// ranked returns m's entries that are not 0, the largest first, equal ones by length and name.
func ranked(m map[string]uint64) []counted {
	out := make([]counted, 0, len(m))
	for key, n := range m {
		if n > 0 {
			out = append(out, counted{key, n})
		}
	}
	slices.SortFunc(out, func(a, b counted) int {
		return cmp.Or(cmp.Compare(b.n, a.n), cmp.Compare(len(a.key), len(b.key)), cmp.Compare(a.key, b.key))
	})
	return out
}

// some returns n with its separators, "" for 0.
func some(n uint64) string {
	if n == 0 {
		return ""
	}
	return text.Number(n)
}

// pad fills s, which is clean, up to a width.
func pad(s string, width int) string { return s + spaces(width-sanitize.Width(s)) }

func ratio(n, all uint64) float64 {
	if all == 0 {
		return 0
	}
	return float64(n) / float64(all)
}
