package app

import (
	"github.com/gdamore/tcell/v2"
	"github.com/rivo/tview"
)

// rect is a place on the screen.
type rect struct{ x, y, w, h int }

func (r rect) has(x, y int) bool { return x >= r.x && x < r.x+r.w && y >= r.y && y < r.y+r.h }

// place is a cell of the screen.
type place struct{ x, y int }

// frame is what tview draws: the status line, where one is, the screen or the page, and the keys.
type frame struct {
	*tview.Box
	app *App
}

func newFrame(a *App) *frame {
	b := tview.NewBox()
	b.SetBackgroundColor(tcell.ColorDefault)
	return &frame{b, a}
}

// tall is the height from which the screens' keys have a line.
const tall = 16

// Draw draws everything.
func (f *frame) Draw(screen tcell.Screen) {
	a := f.app
	_, _, w, h := f.GetRect()
	screen.HideCursor()
	if w < 4 || h < 4 {
		return
	}
	at := func(y, height int) *canvas { return &canvas{screen, 0, y, w, height, a.look} }
	at(0, 1).line(0, statusLine(a.opt.Status(), a.board().snapshot, a.look, w), 0)
	a.drawCrumbs(at(1, 1))
	bottom := 1
	if h >= tall || a.prompt != nil {
		bottom = 2
	}
	body := at(2, h-2-bottom)
	if p := a.top().page; p != nil {
		p.draw(body)
	} else {
		a.drawPanes(body)
	}
	last := at(h-bottom, bottom)
	switch {
	case a.prompt != nil:
		a.prompt.draw(last)
		return
	case bottom == 2:
		last.line(0, tabs(a.board().screen, w), 0)
	}
	if a.flash.text != "" {
		last.put(0, bottom-1, a.cut(a.flash.text, w), w, a.style(a.flash.style))
		return
	}
	last.line(bottom-1, hints(a.top().page, a.look, w), 0)
}

// drawCrumbs says where one is, and at the right what narrows or holds it.
func (a *App) drawCrumbs(c *canvas) {
	right := joined(a.standing(), a.look, c.w*2/3)
	room := c.w - right.width()
	x := c.text(0, 0, a.crumbs(), room-gap, bold)
	if right.width() > 0 && x+gap <= room {
		c.x += room
		c.w -= room
		c.line(0, right, 0)
	}
}

// drawPanes draws the screen's panes below each other; where it is wide, the side ones on the right.
func (a *App) drawPanes(c *canvas) {
	a.area = map[int]rect{}
	focus := a.focus()
	var main, side []int
	for i := range a.panes {
		if a.panes[i].side && c.w >= wideFrom {
			side = append(side, i)
		} else {
			main = append(main, i)
		}
	}
	if len(side) == 0 || len(main) == 0 {
		a.drawStack(c, append(main, side...), focus)
		return
	}
	const between = 3
	half := (c.w - between) / 2
	left, right := *c, *c
	left.w = half
	right.x, right.w = c.x+half+between, c.w-half-between
	a.drawStack(&left, main, focus)
	a.drawStack(&right, side, focus)
}

// drawStack draws panes below each other.
func (a *App) drawStack(c *canvas, which []int, focus int) {
	panes := make([]pane, len(which))
	in := 0
	for i, n := range which {
		panes[i] = a.panes[n]
		if n == focus {
			in = i
		}
	}
	y := 0
	for i, h := range share(panes, in, c.w, c.h, a.board().rows) {
		if h == 0 {
			continue
		}
		part := canvas{c.screen, c.x, c.y + y, c.w, min(h, c.h-y), c.look}
		a.area[which[i]] = rect{part.x, part.y, part.w, part.h}
		if panes[i].sheet == nil {
			for n, l := range panes[i].lines(c.w) {
				part.line(n, l, 0)
			}
		} else {
			part.grid(a.board().state(panes[i].id), which[i] == focus)
		}
		y += h + 1
	}
}

// rows returns how many rows a pane's table shows.
func (l *level) rows(p *pane) int { return l.state(p.id).len() }

// PasteHandler takes pasted text: into the prompt, or nowhere, as it is no keys.
func (f *frame) PasteHandler() func(string, func(tview.Primitive)) {
	return f.WrapPasteHandler(func(s string, _ func(tview.Primitive)) {
		if f.app.prompt != nil {
			f.app.prompt.paste(s)
		}
	})
}

// MouseHandler selects what is clicked, goes into what is clicked twice, sorts by a column's title, and scrolls.
func (f *frame) MouseHandler() func(tview.MouseAction, *tcell.EventMouse, func(tview.Primitive)) (bool, tview.Primitive) {
	return f.WrapMouseHandler(func(action tview.MouseAction, ev *tcell.EventMouse, _ func(tview.Primitive)) (bool, tview.Primitive) {
		a := f.app
		x, y := ev.Position()
		switch action {
		case tview.MouseScrollUp:
			a.move(-3)
		case tview.MouseScrollDown:
			a.move(3)
		case tview.MouseLeftClick:
			a.clicked = a.click(x, y)
			a.clickedAt = place{x, y}
		case tview.MouseLeftDoubleClick:
			if a.clickedAt == (place{x, y}) && a.clicked || a.click(x, y) { // what was clicked first may have moved since
				a.open()
			}
			a.clicked = false
		default:
			return false, nil
		}
		return true, nil
	})
}

// click selects the cell at a place, and says whether there is one.
func (a *App) click(x, y int) bool {
	if a.top().page != nil || a.prompt != nil {
		return false
	}
	for i, r := range a.area {
		if !r.has(x, y) || a.panes[i].sheet == nil {
			continue
		}
		b := a.board()
		b.focus[b.screen] = i
		s := b.state(a.panes[i].id)
		for _, sl := range s.slots {
			if x >= r.x+sl.x && x < r.x+sl.x+sl.width+gap {
				s.column = s.sheet.columns()[sl.col].title
			}
		}
		row := y - r.y - 2
		if row == -1 {
			a.sort()
		}
		if row < 0 || s.offset+row >= s.len() {
			return false
		}
		s.jump(s.offset + row)
		return true
	}
	return false
}
