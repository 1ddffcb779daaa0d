// Package app is the terminal application: tables of what goes on, live or over files, down to the bytes of a message.
//
// It draws immutable snapshots. What is on a screen are pure functions of a snapshot (screens.go); what the user did is in levels, a stack that
// Enter pushes and Escape pops, and in states, one for each table; keys are a table (keys.go), of which the help is made. All of that lives in
// the event loop of tview. One other goroutine ticks, arranges large tables, and posts what it has: it never waits for the loop, and the loop
// never for it, nor for traffic.
//
// It holds the snapshot shown and those of the views below it, at most 32; of a table's rows it has 4 bytes each where they are sorted or filtered,
// and nothing where they stand as they come. The rest is what is on the screen. A redraw does not go through all rows: what does, above 20,000 rows,
// is done aside.
//
// No byte of the traffic reaches the screen but through the sanitiser, and none is ever taken for a tag or an escape: texts are put into cells.
package app

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/tview"

	"github.com/dnssniff/dnssniff/analyze"
	"github.com/dnssniff/dnssniff/analyze/guide"
	"github.com/dnssniff/dnssniff/analyze/record"
	"github.com/dnssniff/dnssniff/analyze/watch"
	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/ui/inspect"
)

// Source is where snapshots come from. Its methods never wait; a [watch.Watcher] is one.
type Source interface {
	Snapshot() *watch.Snapshot
	Refresh(span watch.Span, where watch.Matcher)
	Back(n int) *watch.Snapshot
}

// Selection is what is shown: the transactions that match, from a packet time on.
type Selection struct {
	From    time.Time        // zero: all
	Where   watch.Matcher    // nil: all; for one goroutine
	Records []*record.Record // those of them that are on the screen, newest last
}

// Options say what the application is given. Functions that are nil are missing, and their keys say so.
type Options struct {
	// Status is called from the event loop, often: it must not wait.
	Status func() Status
	// Interval is how often the screen is drawn anew; 0 is half a second.
	Interval time.Duration
	Color    bool
	ASCII    bool // draw nothing above 0x7e
	Mouse    bool
	// Where reads an expression. Its matchers are for one goroutine each. An error that is a [where.Error] is shown at its column.
	Where func(text string) (watch.Matcher, error)
	// Expression is what narrows everything at first, "" for nothing. Where must be able to read it.
	Expression string
	// Save writes the packets of a selection to a file, and says what it wrote; Report does so with a report. They are called from goroutines of
	// their own, which end before Run does where they heed the context.
	Save   func(ctx context.Context, path string, s Selection) (string, error)
	Report func(ctx context.Context, path string, r *analyze.Report) (string, error)
	// Answers returns what servers were measured to answer to an anomaly.
	Answers func(anomaly.ID) []inspect.Answer
}

const defaultInterval = 500 * time.Millisecond

// App is the application. All but Run is for the event loop.
type App struct {
	look
	src  Source
	opt  Options
	tv   *tview.Application
	keys []binding
	ctx  context.Context
	// guide is read when it is first asked for.
	guide func() *guide.Guide

	levels []*level
	where  string // the expression
	past   []string
	span   watch.Span
	paused bool
	steps  int // back, of the snapshot shown
	panes  []pane
	prompt *prompt
	flash  span
	told   span            // the flash that told of a finding
	known  map[string]bool // findings that go on, of those that were told of

	screen    tcell.Screen
	area      map[int]rect // of the panes, as last drawn
	clicked   bool         // a row, at the first of two clicks
	clickedAt place
	mu        sync.Mutex
	mail      []func()      // for the loop
	todo      []job         // at most one for each table
	jobs      chan struct{} // there is something to do
	side      sync.WaitGroup
	busy      int // jobs under way
}

// New makes the application.
func New(src Source, o Options) *App {
	if o.Interval <= 0 {
		o.Interval = defaultInterval
	}
	if o.Status == nil {
		o.Status = func() Status { return Status{} }
	}
	a := &App{look: look{o.Color, o.ASCII}, src: src, opt: o, tv: tview.NewApplication(), keys: bindings(), guide: sync.OnceValue(guide.Load), jobs: make(chan struct{}, 1)}
	a.levels = []*level{{snapshot: src.Snapshot(), narrow: &narrowing{}, states: map[string]*state{}, focus: map[screenID]int{}}}
	a.tv.SetRoot(newFrame(a), true).SetInputCapture(a.key).EnableMouse(o.Mouse).EnablePaste(true)
	return a
}

// Run draws on a screen, nil for that of the terminal, until the user quits or the context is done. The terminal is then as it was before.
func (a *App) Run(ctx context.Context, screen tcell.Screen) error {
	ctx, cancel := context.WithCancel(ctx)
	defer a.side.Wait()
	defer cancel()
	a.ctx = ctx
	if screen == nil {
		var err error
		if screen, err = tcell.NewScreen(); err != nil {
			return err
		}
	}
	a.screen = screen
	a.tv.SetScreen(screen)
	if a.where = a.opt.Expression; a.where != "" {
		a.remember(a.where)
		a.narrowAll()
	}
	a.rebuild()
	stop := context.AfterFunc(ctx, func() { a.post(a.tv.Stop) })
	defer stop()
	a.side.Go(a.work)
	return a.tv.Run()
}

// wake is the event that posts bring: a key that no keyboard has. An event is queued without waiting for the loop, which QueueUpdate is not, and
// which after Stop would be for ever.
var wake = tcell.NewEventKey(tcell.Key(1<<14), 0, tcell.ModNone)

// post hands a function to the event loop, and the screen is then drawn. It does not wait.
func (a *App) post(f func()) {
	a.mu.Lock()
	first := len(a.mail) == 0
	a.mail = append(a.mail, f)
	a.mu.Unlock()
	if first {
		a.tv.QueueEvent(wake)
	}
}

// delivered calls what was posted.
func (a *App) delivered() {
	a.mu.Lock()
	mail := a.mail
	a.mail = nil
	a.mu.Unlock()
	for _, f := range mail {
		f()
	}
}

// job is a large table to arrange, or the selected row to find in one that is arranged.
type job struct {
	arrangement
	of       *state
	sheet    sheet
	selected string
	arranged bool
	order    []int32 // if it is arranged
}

// do goes through all rows.
func (j *job) do() {
	if !j.arranged && j.arrangement != (arrangement{}) {
		j.order = arranged(j.sheet, j.arrangement)
	}
	j.arranged = true
}

// work is the other goroutine: it ticks, and arranges.
func (a *App) work() {
	tick := time.NewTicker(a.opt.Interval)
	defer tick.Stop()
	var waiting sync.Mutex // a tick that the loop has not had yet
	for {
		select {
		case <-a.ctx.Done():
			return
		case <-tick.C:
			if waiting.TryLock() {
				a.post(func() { waiting.Unlock(); a.tick() })
			}
		case <-a.jobs:
			j, ok := a.next()
			if !ok {
				continue
			}
			j.do()
			at := find(j.sheet, j.order, j.selected)
			a.post(func() { a.arranged(j, at) })
		}
	}
}

// tick takes the newest snapshot, if it is of what is shown.
func (a *App) tick() {
	if a.paused {
		return
	}
	s, b := a.src.Snapshot(), a.board()
	if s == b.snapshot || s.Where != b.narrow.matcher() || s.Span != a.span {
		return
	}
	b.snapshot = s
	a.news(a.scene())
	a.rebuild()
}

// rebuild makes the screen's tables of the snapshot, and puts their rows into order.
func (a *App) rebuild() {
	b := a.board()
	a.seek()
	a.panes = screens[b.screen].panes(a.scene())
	a.follow()
	for i := range a.panes {
		if p := &a.panes[i]; p.sheet != nil {
			a.arrange(b.state(p.id), p.sheet)
		}
	}
}

// scene is what the screens are made of now.
func (a *App) scene() *scene { return &scene{a.board().snapshot, a.look, a.opt.Status().Live} }

// arrange shows a sheet's rows as the user wants them: at once, or where they are very many when they have been arranged aside; until then those
// of before.
func (a *App) arrange(s *state, sh sheet) {
	if sh.len() <= syncRows {
		order, at := s.arrangement.arrange(sh, s.selected)
		s.adopt(sh, order, at)
		return
	}
	if s.sheet == nil {
		s.adopt(sh, nil, 0)
		if s.arrangement == (arrangement{}) && s.selected == "" {
			return
		}
	}
	a.send(job{of: s, arrangement: s.arrangement, sheet: sh, selected: s.selected})
}

// send has a job done aside. One of the same table that was not begun is not done any more: nobody waits for it.
func (a *App) send(j job) {
	a.mu.Lock()
	if i := slices.IndexFunc(a.todo, func(x job) bool { return x.of == j.of }); i >= 0 {
		a.todo[i] = j
	} else {
		a.todo = append(a.todo, j)
		a.busy++
	}
	a.mu.Unlock()
	a.knock()
}

// knock wakes the other goroutine, or leaves word for it.
func (a *App) knock() {
	select {
	case a.jobs <- struct{}{}:
	default:
	}
}

// next takes the oldest job.
func (a *App) next() (job, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.todo) == 0 {
		return job{}, false
	}
	j := a.todo[0]
	a.todo = slices.Delete(a.todo, 0, 1)
	if len(a.todo) > 0 {
		a.knock()
	}
	return j, true
}

// arranged shows what came of a job.
func (a *App) arranged(j job, at int) {
	a.busy--
	switch s := j.of; {
	case j.arrangement != s.arrangement: // the user went on
	case j.selected != s.selected: // the user moved on meanwhile: the row is to be found again, which is for aside too
		j.selected = s.selected
		a.send(j)
	default:
		s.adopt(j.sheet, j.order, at)
	}
}
