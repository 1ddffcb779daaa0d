package app

import (
	"strings"

	"github.com/gdamore/tcell/v2"

	"github.com/dnssniff/dnssniff/analyze/where"
)

// scope is where a key has a meaning.
type scope uint8

const (
	everywhere scope = iota
	onScreens        // of tables
	onPages
)

// binding is a key, what it does and what the help says of it. The help is made of these: a key that is not here does nothing.
type binding struct {
	keys  []tcell.Key
	runes string
	shown string // as the help and the hints name it
	help  string
	hint  string // in the line at the bottom; "" is not there
	scope scope
	group string
	do    func(*App)
}

// bindings returns all keys but those of the screens, which are in their table. The first that fits is taken.
func bindings() []binding {
	return []binding{
		{keys: []tcell.Key{tcell.KeyEnter}, shown: "Enter", help: "go into the selected cell: a narrower view, a message", hint: "open", scope: onScreens, group: "Going about", do: (*App).open},
		{keys: []tcell.Key{tcell.KeyEnter}, shown: "Enter", help: "from a finding to its transactions, the packets that it names selected", scope: onPages, group: "A finding", do: (*App).enter},
		{keys: []tcell.Key{tcell.KeyEnter}, runes: "e", shown: "Enter, e", help: "what the guide says of the message's codes and anomalies", scope: onPages, group: "A message", do: (*App).explain},
		{keys: []tcell.Key{tcell.KeyEscape, tcell.KeyBackspace, tcell.KeyBackspace2}, shown: "Esc", help: "back: to the view before, out of a filter", hint: "back", group: "Going about", do: (*App).back},
		{keys: []tcell.Key{tcell.KeyTab}, shown: "Tab", help: "the next table of the screen", hint: "next table", scope: onScreens, group: "Going about", do: func(a *App) { a.turnFocus(1) }},
		{keys: []tcell.Key{tcell.KeyBacktab}, shown: "Shift-Tab", help: "the table before", scope: onScreens, group: "Going about", do: func(a *App) { a.turnFocus(-1) }},
		{keys: []tcell.Key{tcell.KeyUp}, runes: "k", shown: "Up, k", help: "a row up", group: "Going about", do: func(a *App) { a.move(-1) }},
		{keys: []tcell.Key{tcell.KeyDown}, runes: "j", shown: "Down, j", help: "a row down", group: "Going about", do: func(a *App) { a.move(1) }},
		{keys: []tcell.Key{tcell.KeyPgUp, tcell.KeyCtrlB}, shown: "PgUp", help: "a screen up", group: "Going about", do: func(a *App) { a.leaf(-1) }},
		{keys: []tcell.Key{tcell.KeyPgDn, tcell.KeyCtrlF}, shown: "PgDn", help: "a screen down", group: "Going about", do: func(a *App) { a.leaf(1) }},
		{keys: []tcell.Key{tcell.KeyHome}, runes: "g", shown: "Home, g", help: "the first row, and stay there: whatever comes first is selected", group: "Going about", do: func(a *App) { a.end(false) }},
		{keys: []tcell.Key{tcell.KeyEnd}, runes: "G", shown: "End, G", help: "the last row", group: "Going about", do: func(a *App) { a.end(true) }},
		{keys: []tcell.Key{tcell.KeyLeft}, runes: "h", shown: "Left, h", help: "the column to the left; on a page, scroll", group: "Going about", do: func(a *App) { a.sideways(-1) }},
		{keys: []tcell.Key{tcell.KeyRight}, runes: "l", shown: "Right, l", help: "the column to the right: columns without room come in", group: "Going about", do: func(a *App) { a.sideways(1) }},

		{runes: "s", shown: "s", help: "sort by the selected column; again: the other way round", hint: "sort", scope: onScreens, group: "Tables", do: (*App).sort},
		{runes: "S", shown: "S", help: "back to the order that the table comes in", scope: onScreens, group: "Tables", do: (*App).unsort},
		{runes: "/", shown: "/", help: "filter the rows as you type", hint: "filter", scope: onScreens, group: "Tables", do: (*App).askFilter},
		{runes: "+", shown: "+", help: "narrow everything by the selected cell, and stay on the screen", hint: "narrow", scope: onScreens, group: "Tables", do: (*App).narrowHere},
		{runes: "e", shown: "e", help: "explain the row: pages of the guide about its code or anomalies", hint: "explain", scope: onScreens, group: "Tables", do: (*App).explainRow},
		{runes: ":", shown: ":", help: "narrow everything by an expression (--where); Up and Down bring earlier ones", hint: "where", group: "Narrowing and time", do: (*App).askWhere},
		{runes: "t", shown: "t", help: "time span: all, last 1, 5, 15 minutes", hint: "time", group: "Narrowing and time", do: func(a *App) { a.turnSpan(1) }},
		{runes: "T", shown: "T", help: "time span, the other way round", group: "Narrowing and time", do: func(a *App) { a.turnSpan(-1) }},
		{runes: " p", shown: "Space, p", help: "let the screen stand still, while the reading goes on; again: go on", hint: "pause", group: "Narrowing and time", do: (*App).pause},
		{runes: "[", shown: "[", help: "a step back through earlier snapshots", group: "Narrowing and time", do: func(a *App) { a.step(1) }},
		{runes: "]", shown: "]", help: "a step forth, at the end to the present", group: "Narrowing and time", do: func(a *App) { a.step(-1) }},

		{runes: "n", shown: "n", help: "the next transaction of the table", scope: onPages, group: "A message", do: func(a *App) { a.neighbour(1) }},
		{runes: "N", shown: "N", help: "the transaction before", scope: onPages, group: "A message", do: func(a *App) { a.neighbour(-1) }},

		{runes: "y", shown: "y", help: "copy the row: as text, Wireshark filter, tcpdump filter, dig command", hint: "copy", group: "Taking along", do: (*App).copyRow},
		{runes: "w", shown: "w", help: "write the packets of what is shown to a capture file", hint: "write", group: "Taking along", do: (*App).askSave},
		{runes: "r", shown: "r", help: "write the report to a file", hint: "report", group: "Taking along", do: (*App).askReport},
		{keys: []tcell.Key{tcell.KeyCtrlL}, shown: "Ctrl-L", help: "draw the screen anew", group: "Taking along", do: (*App).redraw},
		{keys: []tcell.Key{tcell.KeyF1}, runes: "?", shown: "?", help: "this help", hint: "help", group: "Taking along", do: (*App).help},
		{runes: "q", shown: "q", help: "out of a page", scope: onPages, group: "Taking along", do: (*App).back},
		{runes: "q", shown: "q", help: "quit", scope: onScreens, hint: "quit", group: "Taking along", do: (*App).quit},
		{keys: []tcell.Key{tcell.KeyCtrlC}, shown: "Ctrl-C", help: "quit", group: "Taking along", do: (*App).quit},
	}
}

func (b *binding) fits(ev *tcell.EventKey, page bool) bool {
	if b.scope == onScreens && page || b.scope == onPages && !page {
		return false
	}
	if ev.Key() == tcell.KeyRune {
		return ev.Modifiers()&tcell.ModAlt == 0 && strings.ContainsRune(b.runes, ev.Rune())
	}
	for _, k := range b.keys {
		if ev.Key() == k {
			return true
		}
	}
	return false
}

// helpLines are all keys, by group, and what expressions can ask for.
func helpLines(l look, width int, expressions bool) []line {
	out := []line{{{"Keys", bold}}}
	const column = 14
	all := bindings()
	row := func(key, what string) {
		p := paragraphs(what, gutter+column, width, plain)
		p[0] = line{{spaces(gutter) + pad(key, column), accent}, {p[0][0].text[gutter+column:], plain}}
		out = append(out, p...)
	}
	out = append(out, nil, line{{"Screens", bold}})
	for _, s := range screens {
		row(string(s.key), s.name)
	}
	for _, group := range []string{"Going about", "Tables", "Narrowing and time", "A finding", "A message", "Taking along"} {
		out = append(out, nil, line{{group, bold}})
		for i := range all {
			if b := &all[i]; b.group == group {
				row(b.shown, b.help)
			}
		}
	}
	if expressions {
		out = append(out, nil, line{{"Expressions", bold}, {"  compare with == != < > in contains startsWith endsWith matches; join with and, or, not", dim}})
		for _, f := range where.Fields() {
			row(f.Name, f.Meaning+": "+f.Example)
		}
	}
	return append(out, nil, line{{"Bytes at fault stand in brackets: [47] breaks a rule, (47) is odd but legal. Nothing is ever sent.", dim}})
}

// hints are the keys worth knowing now, as many as fit.
func hints(page *page, l look, width int) line {
	var out line
	left := width
	add := func(key, word string) {
		w := len(key) + 1 + len(word) + gap
		if left < w {
			return
		}
		left -= w
		out = append(out, span{key, accent}, span{" " + word + "  ", dim})
	}
	if page != nil {
		switch {
		case page.copies != nil:
			for _, c := range page.copies {
				add(string(c.key), c.name)
			}
		case page.finding != nil:
			add("Enter", "its transactions")
			add("e", "explain")
			add("y", "copy commands")
		case page.record != nil:
			add("Enter", "explain")
			add("n N", "next, previous")
			add("y", "copy")
		}
		add("Esc", "back")
		add("?", "help")
		return out
	}
	add("?", "help")
	for _, b := range bindings() {
		if b.hint != "" && b.hint != "help" {
			key, _, _ := strings.Cut(b.shown, ",")
			add(key, b.hint)
		}
	}
	return out
}

// tabs are the screens with their keys, the one shown marked. Where the width is short their names are.
func tabs(now screenID, width int) line {
	long := 0
	for _, s := range screens {
		long += len(s.tab) + 3
	}
	var out line
	for id, s := range screens {
		name := s.short
		if long <= width {
			name = s.tab
		}
		st := dim
		if screenID(id) == now {
			st = chosen
		}
		out = append(out, span{string(s.key), accent}, span{" ", plain}, span{name, st}, span{" ", plain})
	}
	return out
}
