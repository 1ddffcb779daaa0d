package text

import (
	"cmp"
	"fmt"
	"slices"
)

// counted is a name with its count.
type counted struct {
	key string
	n   uint64
}

// ranked returns m's entries that are not 0, the largest first, equal ones by length and name (RCODE9 before RCODE10).
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

// top returns the first n entries; what is left, if anything, is summed up in one more.
func top(entries []counted, n int) (head []counted, rest counted) {
	if len(entries) <= n+1 {
		return entries, counted{}
	}
	for _, e := range entries[n:] {
		rest.n += e.n
	}
	rest.key = fmt.Sprintf("%d others", len(entries)-n)
	return entries[:n], rest
}

func sum(entries []counted) (total uint64) {
	for _, e := range entries {
		total += e.n
	}
	return total
}
