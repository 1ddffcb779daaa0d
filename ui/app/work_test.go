package app

import (
	"fmt"
	"testing"

	"github.com/gdamore/tcell/v2"
)

// askedSheet is a sheet of very many rows that counts how often it is asked for one.
type askedSheet struct {
	rows  int
	asked int
}

func (c *askedSheet) title() (string, string) { return "Asked", "" }
func (c *askedSheet) columns() []column       { return []column{{title: "name"}, {title: "n", right: true}} }
func (c *askedSheet) len() int                { return c.rows }
func (c *askedSheet) key(i int) string        { c.asked++; return fmt.Sprint(i) }
func (c *askedSheet) cell(i, _ int) cell      { c.asked++; return cell{text: fmt.Sprint(i)} }
func (c *askedSheet) compare(i, j, _ int) int { c.asked++; return i*7919%c.rows - j*7919%c.rows }
func (c *askedSheet) match(i int, w string) bool {
	c.asked++
	return i%2 == 0
}
func (c *askedSheet) target(int, int) target { return target{} }

// doAside does what waits for the other goroutine, and hands over what came of it.
func (a *App) doAside(c *askedSheet) (inLoop int) {
	for {
		j, ok := a.next()
		if !ok {
			return inLoop
		}
		j.do()
		at := find(j.sheet, j.order, j.selected)
		c.asked = 0
		a.arranged(j, at)
		inLoop += c.asked
	}
}

// TestNoRedrawGoesThroughAllRows: in the event loop a table of a million rows is asked for as many as are shown, and some for the widths, whatever it is
// sorted by and whatever is selected. The order is made aside.
func TestNoRedrawGoesThroughAllRows(t *testing.T) {
	const (
		rows = 1_000_000
		most = 4 * (sampled + 50) // cells of a redraw
	)
	screen := tcell.NewSimulationScreen("UTF-8")
	if err := screen.Init(); err != nil {
		t.Fatal(err)
	}
	defer screen.Fini()
	screen.SetSize(100, 40)
	for _, how := range []struct {
		name  string
		state state
		moves bool
	}{
		{"as it comes", state{}, false},
		{"sorted", state{arrangement: arrangement{sort: "n"}}, false},
		{"sorted and selected", state{arrangement: arrangement{sort: "n", reverse: true}, selected: "999999"}, false},
		{"filtered", state{arrangement: arrangement{filter: "x"}, selected: "500000"}, false},
		{"selected", state{selected: "999999"}, false},
		{"moving on", state{arrangement: arrangement{sort: "n"}, selected: "3"}, true},
	} {
		a := New(&source{now: million(1)}, Options{})
		s := how.state
		for redraw := range 3 {
			c := &askedSheet{rows: rows}
			a.arrange(&s, c)
			work := c.asked
			if how.moves {
				s.selected = fmt.Sprint(100 * redraw)
			}
			work += a.doAside(c)
			c.asked = 0
			(&canvas{screen: screen, w: 100, h: 40}).grid(&s, true)
			if work += c.asked; work > most {
				t.Errorf("%s: redraw %d asked for %d rows", how.name, redraw, work)
			}
			if s.sheet != sheet(c) || a.busy != 0 {
				t.Errorf("%s: redraw %d shows another table; busy %d", how.name, redraw, a.busy)
			}
		}
		if how.state.selected != "" && s.sheet.key(s.row(s.at)) != s.selected {
			t.Errorf("%s: row %s is selected, not %s", how.name, s.sheet.key(s.row(s.at)), s.selected)
		}
	}
}

// TestTwoLargeTables: neither is left behind for the other.
func TestTwoLargeTables(t *testing.T) {
	a := New(&source{now: million(1)}, Options{})
	one, two := state{arrangement: arrangement{sort: "n"}}, state{arrangement: arrangement{sort: "n"}}
	var c, d *askedSheet
	for range 3 { // the other goroutine is busy: only the last of each is done
		c, d = &askedSheet{rows: syncRows + 1}, &askedSheet{rows: syncRows + 2}
		a.arrange(&one, c)
		a.arrange(&two, d)
	}
	if len(a.todo) != 2 || a.busy != 2 {
		t.Errorf("%d jobs wait, %d are askedSheet", len(a.todo), a.busy)
	}
	a.doAside(c)
	if one.sheet != sheet(c) || two.sheet != sheet(d) || a.busy != 0 {
		t.Error("a table was left behind")
	}
}
