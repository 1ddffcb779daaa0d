package app

import (
	"strings"

	"github.com/dnssniff/dnssniff/analyze/diagnose"
	"github.com/dnssniff/dnssniff/analyze/watch"
)

// level is a view that Escape leads out of: tables, narrower than those below, or a page.
type level struct {
	crumb    string
	conds    []cond // of its own
	screen   screenID
	page     *page // nil: tables
	narrow   *narrowing
	snapshot *watch.Snapshot
	states   map[string]*state
	focus    map[screenID]int
	want     *diagnose.Finding // of its packets the first that is there is to be selected
}

// state returns what the user did to a table.
func (l *level) state(id string) *state {
	s := l.states[id]
	if s == nil {
		s = new(state)
		l.states[id] = s
	}
	return s
}

func (a *App) top() *level { return a.levels[len(a.levels)-1] }

// board is the topmost level with tables.
func (a *App) board() *level {
	i := len(a.levels) - 1
	for a.levels[i].page != nil {
		i--
	}
	return a.levels[i]
}

// focused returns the table that keys act on, nil where there is none.
func (a *App) focused() *state {
	i := a.focus()
	if i >= len(a.panes) || a.panes[i].sheet == nil {
		return nil
	}
	return a.board().state(a.panes[i].id)
}

// focus is the number of the pane in focus: a table, if the screen has any.
func (a *App) focus() int {
	b := a.board()
	i := b.focus[b.screen]
	if i < len(a.panes) && a.panes[i].sheet != nil {
		return i
	}
	for i := range a.panes {
		if a.panes[i].sheet != nil {
			return i
		}
	}
	return 0
}

// turnFocus goes to another table of the screen.
func (a *App) turnFocus(by int) {
	b, i := a.board(), a.focus()
	for range a.panes {
		i = (i + by + len(a.panes)) % len(a.panes)
		if a.panes[i].sheet != nil {
			break
		}
	}
	b.focus[b.screen] = i
}

// conditions are those of all levels.
func (a *App) conditions() (all []cond) {
	for _, l := range a.levels {
		all = append(all, l.conds...)
	}
	return all
}

// expression returns the expression of the user for one goroutine; nil where there is none.
func (a *App) expression() watch.Matcher {
	if a.where == "" {
		return nil
	}
	m, err := a.opt.Where(a.where)
	if err != nil {
		return nil // it was read before
	}
	return m
}

// selection returns what is shown, for one goroutine.
func (a *App) selection() *narrowing {
	return &narrowing{conds: a.conditions(), where: a.expression()}
}

// deepest bounds the levels: each holds a snapshot with up to some thousand transactions.
const deepest = 32

// push goes into a narrower view, which is at first made of what is on the screen.
func (a *App) push(crumb string, conds []cond, screen screenID) {
	b := a.board()
	if b.snapshot.Reduced {
		a.say(warn, "earlier snapshots keep no transactions: ] leads to the present")
		return
	}
	if len(a.levels) >= deepest {
		a.say(warn, "this is narrow enough: Escape leads back")
		return
	}
	l := &level{crumb: crumb, conds: conds, screen: screen, states: map[string]*state{}, focus: map[screenID]int{}}
	a.levels = append(a.levels, l)
	l.narrow = a.selection()
	l.snapshot = preview(b.snapshot, a.selection())
	a.ask()
	a.rebuild()
}

// ask tells the source what the next snapshots are to be of.
func (a *App) ask() {
	if !a.paused {
		a.src.Refresh(a.span, a.board().narrow.matcher())
		a.tick()
	}
}

// show puts a page on top.
func (a *App) show(crumb string, p *page) {
	if len(a.levels) > deepest {
		return
	}
	a.levels = append(a.levels, &level{crumb: crumb, page: p})
}

// pop goes back to the level below.
func (a *App) pop() {
	narrower := a.top().page == nil
	a.levels = a.levels[:len(a.levels)-1]
	if narrower {
		a.ask()
		a.rebuild()
	}
}

// narrowAll gives each level its narrowing anew, as the expression is another. What is on the screen is made of what there is, until more is known.
func (a *App) narrowAll() {
	var conds []cond
	for _, l := range a.levels {
		if l.page == nil {
			conds = append(conds, l.conds...)
			l.narrow = &narrowing{conds: conds[:len(conds):len(conds)], where: a.expression()}
		}
	}
	if b := a.board(); !b.narrow.empty() {
		b.snapshot = preview(b.snapshot, a.selection())
	}
	a.ask()
	a.rebuild()
}

// crumbs says where one is.
func (a *App) crumbs() string {
	var names []string
	for i, l := range a.levels {
		if l.crumb != "" {
			names = append(names, l.crumb)
		}
		if l.page == nil && (i+1 == len(a.levels) || a.levels[i+1].page != nil) {
			names = append(names, screens[l.screen].name)
		}
	}
	return strings.Join(names, a.separator())
}
