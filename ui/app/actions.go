package app

import (
	"fmt"
	"slices"
	"time"

	"github.com/gdamore/tcell/v2"

	"github.com/dnssniff/dnssniff/analyze/watch"
	"github.com/dnssniff/dnssniff/ui/text"
)

// key handles a key: the prompt's, or a screen's, or what the table of keys says. No key goes further.
func (a *App) key(ev *tcell.EventKey) *tcell.EventKey {
	if ev.Key() == wake.Key() {
		a.delivered()
		return nil
	}
	a.flash = span{}
	if a.prompt != nil && ev.Key() != tcell.KeyCtrlC {
		a.prompt.key(ev)
		return nil
	}
	p := a.top().page
	if p != nil && ev.Key() == tcell.KeyRune && a.copyBy(p, ev.Rune()) {
		return nil
	}
	if id, ok := screenOf(ev.Rune()); ok && ev.Key() == tcell.KeyRune {
		a.goTo(id)
		return nil
	}
	for i := range a.keys {
		if a.keys[i].fits(ev, p != nil) {
			a.keys[i].do(a)
			a.stay()
			return nil
		}
	}
	return nil
}

// stay keeps the table that keys act on, also where another one comes before it.
func (a *App) stay() {
	if b := a.board(); a.top().page == nil {
		b.focus[b.screen] = a.focus()
	}
}

// say shows a message until the next key.
func (a *App) say(st style, format string, args ...any) {
	a.flash = span{a.clean(fmt.Sprintf(format, args...)), st}
}

// goTo shows another screen of the same traffic.
func (a *App) goTo(id screenID) {
	for a.top().page != nil {
		a.levels = a.levels[:len(a.levels)-1]
	}
	a.board().screen = id
	a.rebuild()
}

func (a *App) open() {
	s := a.focused()
	if s == nil {
		return
	}
	t := s.target()
	switch {
	case t.record != nil:
		a.show(t.crumb, a.messagePage(t.record))
	case t.finding != nil:
		a.show(t.finding.ID, a.findingPage(t.finding))
	case len(t.conds) > 0:
		a.push(t.crumb, t.conds, t.screen)
	case s.len() > 0:
		a.say(dim, "nothing lies behind this cell")
	}
}

// narrowHere narrows by the selected cell without going to another screen.
func (a *App) narrowHere() {
	s := a.focused()
	if s == nil {
		return
	}
	t := s.target()
	if len(t.conds) == 0 {
		a.say(dim, "this cell narrows nothing: choose another column")
		return
	}
	var crumb string
	for i, c := range t.conds {
		if i > 0 {
			crumb += " "
		}
		crumb += c.crumb
	}
	a.push(crumb, t.conds, a.board().screen)
}

// back leads out of a page, a filter, a level, and from any screen to the first.
func (a *App) back() {
	s := a.focused()
	switch {
	case a.top().page != nil:
		a.pop()
	case s != nil && s.filter != "":
		s.filter = ""
		a.rebuild()
	case len(a.levels) > 1:
		a.pop()
	case a.steps > 0:
		a.resume()
	default:
		a.goTo(overviewScreen)
	}
}

func (a *App) explain() {
	if p := a.top().page; len(p.guide) > 0 {
		a.pageFor(p.guide, p.record)
	}
}

func (a *App) explainRow() {
	s := a.focused()
	if s == nil {
		return
	}
	t := s.target()
	if len(t.guide) == 0 {
		t.guide = a.board().screen.pages()
	}
	if len(t.guide) > 0 {
		a.pageFor(t.guide, t.record)
		return
	}
	a.say(dim, "the guide has no page about this row")
}

// neighbour shows another message of the table.
func (a *App) neighbour(by int) {
	s := a.focused()
	if a.top().page.record == nil || s == nil || s.len() == 0 {
		return
	}
	at := s.at
	s.move(by)
	if s.at == at && s.selected != "" || s.at == at && by < 0 {
		a.say(dim, "there is no other")
	}
	if t := s.target(); t.record != nil {
		top := a.top()
		top.crumb, top.page = t.crumb, a.messagePage(t.record)
	}
}

func (a *App) move(by int) {
	if p := a.top().page; p != nil {
		p.scroll(by)
	} else if s := a.focused(); s != nil {
		s.move(by)
	}
}

func (a *App) leaf(by int) {
	if p := a.top().page; p != nil {
		p.scroll(by * max(p.rows-1, 1))
	} else if s := a.focused(); s != nil {
		s.move(by * max(s.rows-1, 1))
	}
}

func (a *App) end(last bool) {
	const far = 1 << 30
	p, s := a.top().page, a.focused()
	switch {
	case p != nil && last:
		p.scroll(far)
	case p != nil:
		p.top = 0
	case s == nil:
	case last:
		s.jump(s.len() - 1)
	default:
		s.jump(0)
	}
}

func (a *App) sideways(by int) {
	const columns = 8
	if p := a.top().page; p != nil {
		p.shift(by * columns)
	} else if s := a.focused(); s != nil && s.sheet != nil {
		s.turn(by)
	}
}

func (a *App) sort() {
	if s := a.focused(); s != nil && s.sheet != nil {
		s.sortBy()
		s.selected = ""
		a.rebuild()
	}
}

func (a *App) unsort() {
	if s := a.focused(); s != nil {
		s.arrangement = arrangement{filter: s.filter}
		a.rebuild()
	}
}

func (a *App) turnSpan(by int) {
	const spans = watch.FifteenMinutes + 1
	a.span = (a.span + watch.Span(by) + spans) % spans
	a.say(plain, "time span: %s", spanName(a.span))
	a.resume()
}

func spanName(s watch.Span) string {
	if s == watch.All {
		return "all"
	}
	return "the last " + s.String()
}

func (a *App) pause() {
	if a.paused {
		a.resume()
		return
	}
	a.paused = true
	a.say(warn, "the screen stands still; the reading goes on")
}

func (a *App) resume() {
	a.paused, a.steps = false, 0
	a.ask()
}

// step goes back through earlier snapshots, or forth to the present.
func (a *App) step(by int) {
	steps := a.steps + by
	if steps < 0 {
		a.say(dim, "this is the present")
		return
	}
	if steps == 0 {
		a.resume()
		return
	}
	s := a.src.Back(steps)
	if s == nil {
		a.say(dim, "there is nothing earlier")
		return
	}
	for a.top().page != nil {
		a.levels = a.levels[:len(a.levels)-1]
	}
	a.paused, a.steps = true, steps
	a.board().snapshot = s
	a.rebuild()
}

// copyRow shows the forms that the row, or the message shown, is copied in.
func (a *App) copyRow() {
	if c := a.chosenFinding(); c != nil {
		a.show("copy", a.copyPage(findingForms(c)))
		return
	}
	s := a.focused()
	if s == nil || s.len() == 0 || a.top().page != nil && a.top().page.record == nil {
		a.say(dim, "there is no row to copy")
		return
	}
	forms := s.forms(a.conditions(), len(a.board().snapshot.Report.Source.Files))
	a.show("copy", a.copyPage(forms))
}

// copyBy copies what a key of a page of forms stands for.
func (a *App) copyBy(p *page, key rune) bool {
	i := slices.IndexFunc(p.copies, func(c copied) bool { return c.key == key })
	if i < 0 {
		return false
	}
	f := p.copies[i]
	if f.value == "" {
		a.say(dim, "%s: none", f.name)
		return true
	}
	a.screen.SetClipboard([]byte(f.value))
	a.pop()
	a.say(good, "copied: %s", f.value)
	return true
}

func (a *App) help() {
	if p := a.top().page; p != nil && a.top().crumb == "help" {
		return
	}
	a.show("help", &page{make: func(width int) []line { return helpLines(a.look, width, a.opt.Where != nil) }})
}

func (a *App) redraw() { a.screen.Sync() }

func (a *App) quit() { a.tv.Stop() }

// aside calls a function that may take long in a goroutine of its own, and says what it says.
func (a *App) aside(what string, f func() (string, error)) {
	a.say(plain, "writing %s", what)
	a.side.Go(func() {
		said, err := f()
		a.post(func() {
			if err != nil {
				a.say(bad, "%s", err.Error())
				return
			}
			a.say(good, "%s", said)
		})
	})
}

func (a *App) askFilter() {
	s := a.focused()
	if s == nil {
		return
	}
	before := s.filter
	set := func(filter string) {
		s.filter = filter
		a.rebuild()
	}
	a.input("/", before, nil, set, func(string) error { return nil }, func() { set(before) })
}

func (a *App) askWhere() {
	if a.opt.Where == nil {
		a.say(dim, "expressions are not to be had here")
		return
	}
	a.input("where: ", a.where, a.past, nil, func(expr string) error {
		if expr != "" {
			if _, err := a.opt.Where(expr); err != nil {
				return err
			}
			a.remember(expr)
		}
		a.where = expr
		a.narrowAll()
		return nil
	}, nil)
}

// historyLen bounds the expressions that are remembered.
const historyLen = 100

func (a *App) remember(expr string) {
	a.past = slices.DeleteFunc(a.past, func(s string) bool { return s == expr })
	a.past = append(a.past, expr)
	a.past = a.past[max(0, len(a.past)-historyLen):]
}

func (a *App) askSave() {
	if a.opt.Save == nil {
		a.say(dim, "packets cannot be written here")
		return
	}
	sel := Selection{Where: a.selection().matcher(), Records: a.board().snapshot.Records}
	if a.span != watch.All {
		sel.From = a.board().snapshot.From
	}
	a.input("write packets to: ", a.fileName("pcapng"), nil, nil, func(path string) error {
		a.aside(path, func() (string, error) { return a.opt.Save(a.ctx, path, sel) })
		return nil
	}, nil)
}

func (a *App) askReport() {
	if a.opt.Report == nil {
		a.say(dim, "the report cannot be written here")
		return
	}
	r := a.board().snapshot.Report
	a.input("write report to: ", a.fileName("txt"), nil, nil, func(path string) error {
		a.aside(path, func() (string, error) { return a.opt.Report(a.ctx, path, r) })
		return nil
	}, nil)
}

// fileName proposes a name, by packet time.
func (a *App) fileName(ext string) string {
	at := a.board().snapshot.Taken
	if at.IsZero() {
		return "dnssniff." + ext
	}
	return "dnssniff-" + at.UTC().Format("20060102-150405") + "." + ext
}

// staleAfter is how old tables may be without it being said.
const staleAfter = 2 * time.Second

// standing says what keeps the screen from showing the present, and what narrows it.
func (a *App) standing() (out []part) {
	s := a.board().snapshot
	switch {
	case a.steps > 0:
		out = append(out, part{"STEPPED BACK to " + s.Taken.UTC().Format("15:04:05"), chosen, 0})
		if s.Where != a.board().narrow.matcher() {
			out = append(out, part{"as it was narrowed then", dim, 3})
		}
	case a.paused:
		out = append(out, part{"PAUSED at " + s.Taken.UTC().Format("15:04:05"), chosen, 0})
	case s.Where != a.board().narrow.matcher():
		out = append(out, part{"looking further", dim, 3})
	}
	if a.where != "" {
		out = append(out, part{"where " + a.where, accent, 2})
	}
	if d := s.Taken.Sub(s.Tabled); !s.Tabled.IsZero() && d > staleAfter {
		out = append(out, part{"tables as of " + s.Tabled.UTC().Format("15:04:05"), dim, 3})
	}
	if s.Narrowed {
		out = append(out, part{text.Count(s.Matching, "transaction"), dim, 4})
	}
	return out
}
