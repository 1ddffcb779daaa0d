package app

import (
	"cmp"
	"slices"
	"strings"
)

// arrangement is how the user wants a sheet's rows: which, and in what order.
type arrangement struct {
	sort    string // title of the column; "" is the order that the rows come in
	reverse bool
	filter  string
}

// arranged returns the numbers of a sheet's rows in the order asked for. Rows that sort alike stay in the order that they come in.
func arranged(s sheet, a arrangement) []int32 {
	order := make([]int32, 0, s.len())
	word := strings.ToLower(a.filter)
	for i := range s.len() {
		if word == "" || s.match(i, word) {
			order = append(order, int32(i))
		}
	}
	col := slices.IndexFunc(s.columns(), func(c column) bool { return a.sort != "" && c.title == a.sort })
	if col >= 0 {
		slices.SortFunc(order, func(i, j int32) int {
			by := s.compare(int(i), int(j), col)
			if a.reverse {
				by = -by
			}
			return cmp.Or(by, cmp.Compare(i, j))
		})
	} else if a.reverse {
		slices.Reverse(order)
	}
	return order
}
