package app

import (
	"errors"
	"unicode/utf8"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/tview"

	"github.com/dnssniff/dnssniff/analyze/where"
	"github.com/dnssniff/dnssniff/ui/sanitize"
)

// prompt asks for a line of text.
type prompt struct {
	app    *App
	label  string
	field  *tview.InputField
	past   []string
	at     int // in past; its length is the text being written
	draft  string
	accept func(string) error
	cancel func()
	err    error
}

// input asks for a text. Changed is called at each key, accept at Enter: its error is shown and asks again. Cancel is called at Escape.
func (a *App) input(label, text string, past []string, changed func(string), accept func(string) error, cancel func()) {
	p := &prompt{app: a, label: label, field: tview.NewInputField(), past: past, at: len(past), accept: accept, cancel: cancel}
	p.field.SetLabel(tview.Escape(label)).SetText(text).SetFieldStyle(tcell.StyleDefault).SetLabelStyle(a.style(bold))
	p.field.SetBackgroundColor(tcell.ColorDefault)
	if changed != nil {
		p.field.SetChangedFunc(changed)
	}
	p.field.Focus(func(tview.Primitive) {})
	a.prompt = p
}

// key takes the keys while it is asked.
func (p *prompt) key(ev *tcell.EventKey) {
	switch ev.Key() {
	case tcell.KeyEscape:
		p.app.prompt = nil
		if p.cancel != nil {
			p.cancel()
		}
	case tcell.KeyEnter:
		if p.err = p.accept(p.field.GetText()); p.err == nil {
			p.app.prompt = nil
		}
	case tcell.KeyUp:
		p.recall(-1)
	case tcell.KeyDown:
		p.recall(1)
	case tcell.KeyTab, tcell.KeyBacktab:
	default:
		p.err = nil
		p.field.InputHandler()(ev, func(tview.Primitive) {})
	}
}

// recall brings an earlier text.
func (p *prompt) recall(by int) {
	at := p.at + by
	if at < 0 || at > len(p.past) {
		return
	}
	if p.at == len(p.past) {
		p.draft = p.field.GetText()
	}
	p.at, p.err = at, nil
	if at == len(p.past) {
		p.field.SetText(p.draft)
	} else {
		p.field.SetText(p.past[at])
	}
}

// draw shows the text, and below it what is wrong with it, at its column.
func (p *prompt) draw(c *canvas) {
	p.field.SetRect(c.x, c.y, c.w, 1)
	p.field.Draw(c.screen)
	if p.err == nil {
		return
	}
	msg := c.look.clean(p.err.Error())
	var at *where.Error
	if errors.As(p.err, &at) && at.Column > 0 {
		x := sanitize.Width(p.label) + at.Column - 1
		msg = "^ " + msg
		if over := x + sanitize.Width(msg) - c.w; over > 0 && x-over < 0 {
			msg = c.look.cut(msg, c.w-min(x, c.w/2))
		}
		c.put(max(0, min(x, c.w-sanitize.Width(msg))), 1, msg, c.w, c.look.style(bad))
		return
	}
	c.text(0, 1, msg, c.w, bad)
}

// paste puts a text in, without what is no text.
func (p *prompt) paste(s string) {
	clean := make([]rune, 0, len(s))
	for _, r := range s {
		if r >= ' ' && r != utf8.RuneError {
			clean = append(clean, r)
		}
	}
	p.field.PasteHandler()(string(clean), func(tview.Primitive) {})
}
