package app

import (
	"slices"

	"github.com/dnssniff/dnssniff/analyze/watch"
)

// screenID is a screen.
type screenID uint8

// The screens, in the order of their keys.
const (
	overviewScreen screenID = iota
	clientsScreen
	serversScreen
	namesScreen
	typesScreen
	latencyScreen
	unansweredScreen
	anomaliesScreen
	ednsScreen
	transactionsScreen
	offendersScreen
)

// screens are what there is to see. Each is a pure function of a snapshot.
var screens = [...]struct {
	key  rune
	name string
	// tab and short are its name in the line of the screens, where that is wide and where it is not.
	tab, short string
	panes      func(*scene) []pane
}{
	overviewScreen:     {'1', "Overview", "Overview", "Over", overview},
	clientsScreen:      {'2', "Clients", "Clients", "Cli", clients},
	serversScreen:      {'3', "Servers", "Servers", "Srv", servers},
	namesScreen:        {'4', "Names and zones", "Names", "Name", namesAndZones},
	typesScreen:        {'5', "Types", "Types", "Type", types},
	latencyScreen:      {'6', "Latency", "Latency", "Late", latency},
	unansweredScreen:   {'7', "Unanswered", "Unanswered", "Unan", unanswered},
	anomaliesScreen:    {'8', "Anomalies", "Anomalies", "Anom", anomalies},
	ednsScreen:         {'9', "EDNS and extended errors", "EDNS", "EDNS", edns},
	transactionsScreen: {'0', "Transactions", "Transactions", "Tran", transactions},
	offendersScreen:    {'f', "Offenders and FORMERR", "Offenders", "Offe", offenders},
}

func screenOf(key rune) (screenID, bool) {
	for id := range screens {
		if screens[id].key == key {
			return screenID(id), true
		}
	}
	return 0, false
}

// scene is what screens are made of.
type scene struct {
	*watch.Snapshot
	look
	live bool
}

// oneWay says that only one direction was captured, and which. A live line whose server is silent looks the same: there it is shown who gets no
// answers, and the status line says the rest.
func (s *scene) oneWay() string {
	if s.live {
		return ""
	}
	return s.Report.Source.OneWay
}

// pane is a part of a screen: a table, or lines. The id keeps what the user did to a table while snapshots come and go.
type pane struct {
	id    string
	sheet sheet
	lines func(width int) []line
	// side panes stand on the right where the screen is wide.
	side bool
	// modest panes leave more room to the others while they are in focus.
	modest bool
	// atLeast is how many rows it should have where others are in focus; 0 is 1.
	atLeast int
}

// wideFrom is the width from which side panes stand on the right.
const wideFrom = 150

// want is how many lines a pane would like to have, at least and at most.
func (p *pane) want(width int, rows func(*pane) int) (least, most int) {
	if p.sheet == nil {
		n := len(p.lines(width))
		return min(n, 3), n
	}
	n := max(rows(p), 0)
	return min(n, max(p.atLeast, 1)) + 2, n + 2
}

// share gives panes their lines, 0 for none: the one in focus two thirds if it wants them, then the others what lets one see that they are there,
// the nearest first; then a few rows for each, then what is left in their order. Between two is an empty line.
func share(panes []pane, focus, width, height int, rows func(*pane) int) []int {
	const few, fewest = 5, 3
	out := make([]int, len(panes))
	order := byDistance(len(panes), focus)
	left := height
	give := func(i, upTo int) {
		more := min(upTo-out[i], left)
		if more > 0 {
			out[i] += more
			left -= more
		}
	}
	for _, i := range order {
		least, most := panes[i].want(width, rows)
		switch {
		case i == focus:
			part := height * 2 / 3
			if panes[i].modest {
				part = height * 2 / 5
			}
			give(i, min(most, max(least, part)))
		case min(least, fewest)+1 <= left:
			left-- // the empty line
			give(i, least)
		}
	}
	for _, upTo := range []int{few, height} {
		for _, i := range order {
			if _, most := panes[i].want(width, rows); out[i] > 0 {
				give(i, min(most, upTo))
			}
		}
	}
	return out
}

// byDistance returns the numbers up to n, those nearest to one first, and of two equally near the later.
func byDistance(n, from int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	slices.SortStableFunc(out, func(a, b int) int { return distance(a, from) - distance(b, from) })
	return out
}

func distance(i, focus int) int {
	if i < focus {
		return 2*(focus-i) + 1
	}
	return 2 * (i - focus)
}
