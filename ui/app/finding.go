package app

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/dnssniff/dnssniff/ui/sanitize"
	"github.com/dnssniff/dnssniff/ui/text"
)

// findingPage shows everything of a finding. On a live line it follows it.
func (a *App) findingPage(c *claim) *page {
	p := &page{finding: c, guide: []string{c.ID}}
	p.make = func(width int) []line {
		return a.scene().findingLines(p.finding, width)
	}
	return p
}

// follow brings the page of a finding up to date.
func (a *App) follow() {
	p := a.top().page
	if p == nil || p.finding == nil {
		return
	}
	all := a.scene().claims()
	if i := slices.IndexFunc(all, func(c claim) bool { return claimKey(c) == claimKey(*p.finding) }); i >= 0 {
		p.finding, p.width = &all[i], 0
	}
}

// findingLines is all of a finding: what, why, when; what to run; what speaks for it and against it.
func (s *scene) findingLines(c *claim, width int) (out []line) {
	add := func(l ...line) { out = append(out, l...) }
	say := func(st style, from string) { add(paragraphs(s.clean(from), 0, width, st)...) }
	section := func(title string, items int) bool {
		if items > 0 {
			add(nil, line{{title, bold}})
		}
		return items > 0
	}
	say(bold, c.Title)
	add(line{{string(c.Severity), claimStyle(*c)}, {", " + text.Sureness(c.Confidence) + " sure", plain}, {spaces(gutter) + s.clean(c.ID), dim}})
	say(plain, s.when(c))
	add(nil)
	say(plain, c.Cause)
	if section("Run next", len(c.Next)) {
		for _, command := range c.Next {
			add(s.commandLines(command, width)...)
		}
	}
	for _, part := range []struct {
		title, mark string
		list        []string
	}{{"What speaks for it", "+ ", c.Evidence}, {"What speaks against it, or would", "- ", c.Against}} {
		if section(part.title, len(part.list)) {
			for _, item := range part.list {
				add(s.item(part.mark, item, width)...)
			}
		}
	}
	if section("Packets to look at", len(c.Packets)) {
		add(paragraphs(text.Frames(&c.Finding, len(s.Report.Source.Files)), gutter, width, plain)...)
	}
	if section("Wireshark filter", len(c.Wireshark)) {
		add(indented(s.clean(c.Wireshark), spaces(gutter), width)...)
	}
	if section("See", len(c.Refs)) {
		add(paragraphs(s.clean(strings.Join(c.Refs, ", ")), gutter, width, plain)...)
	}
	return append(out, nil, s.leads(c))
}

// leads are the keys of the page.
func (s *scene) leads(c *claim) line {
	return line{{"Enter", accent}, {" its transactions: " + s.clean(crumbOf(byScope(&c.Finding))), plain}, {spaces(gutter) + "e", accent}, {" the guide", plain},
		{spaces(gutter) + "y", accent}, {" copy commands, filter", plain}}
}

// when says when it was seen, and how much.
func (s *scene) when(c *claim) string {
	var parts []string
	if !c.Since.IsZero() {
		parts = append(parts, "since "+s.clock(c.Since)+" UTC")
	}
	switch {
	case !c.Ended.IsZero():
		parts = append(parts, "ended "+s.clock(c.Ended)+fmt.Sprintf(" after %s", text.Span(c.Ended.Sub(c.Since).Seconds(), s.ascii)))
	case !c.Seen.IsZero():
		parts = append(parts, "last seen "+s.lastSeen(c.Seen))
	}
	if c.Affected > 0 {
		parts = append(parts, text.Count(c.Affected, "transaction"))
	}
	if c.Clients > 0 {
		parts = append(parts, text.Count(uint64(c.Clients), "client"))
	}
	return strings.Join(parts, ", ")
}

// item is a paragraph with a mark before it.
func (s *scene) item(mark, what string, width int) []line {
	left := gutter + len(mark)
	out := paragraphs(s.clean(what), left, width, plain)
	if len(out) > 0 {
		out[0] = line{{spaces(gutter) + mark, dim}, {strings.TrimPrefix(out[0][0].text, spaces(left)), plain}}
	}
	return out
}

// commandLines are a command, unbroken but at the end of the width, and what it is for.
func (s *scene) commandLines(command string, width int) []line {
	command, remark := commandOf(command)
	out := indented(s.clean(command), spaces(gutter)+"$ ", width)
	last := len(out) - 1
	remark = s.clean(remark)
	switch w := sanitize.Width(remark); {
	case remark == "":
	case out[last].width()+1+w <= width:
		out[last] = append(out[last], span{" " + remark, dim})
	default:
		out = append(out, paragraphs(remark, 2*gutter, width, dim)...)
	}
	return out
}

// commandOf parts a command from the remark behind it.
func commandOf(s string) (command, remark string) {
	if i := strings.LastIndex(s, "   # "); i >= 0 {
		return s[:i], strings.TrimSpace(s[i:])
	}
	return s, ""
}

// indented breaks a text, which is clean, wherever the width ends.
func indented(s, first string, width int) []line {
	out := chunks(s, width-len(first))
	for i := range out {
		out[i] = append(line{{first, dim}}, out[i]...)
		first = spaces(len(first))
	}
	return out
}

func frames(list []uint64) string {
	out := make([]string, len(list))
	for i, n := range list {
		out[i] = strconv.FormatUint(n, 10)
	}
	return strings.Join(out, ", ")
}

// enter leads from a finding to its transactions, and from a message to the guide.
func (a *App) enter() {
	c := a.top().page.finding
	if c == nil {
		a.explain()
		return
	}
	t := scopeTarget(&c.Finding)
	before := len(a.levels)
	a.push(t.crumb, t.conds, t.screen)
	if len(a.levels) > before {
		a.top().want = &c.Finding
		a.rebuild()
	}
}

// seek selects the first of the packets that a view was opened for, once it is there.
func (a *App) seek() {
	b := a.board()
	if b.want == nil || b.screen != transactionsScreen {
		return
	}
	for _, r := range b.snapshot.Records {
		if r.HasQuery && b.want.Names(r.QueryFile, r.QueryPacket) || r.HasResponse && b.want.Names(r.ResponseFile, r.ResponsePacket) {
			s := b.state("transactions")
			s.selected, b.want = recordKey(r), nil
			return
		}
	}
	if b.snapshot.Where == b.narrow.matcher() { // all that is held was looked at
		b.want = nil
	}
}

// chosenFinding is the finding of the page, or of the row, that keys act on; nil for none.
func (a *App) chosenFinding() *claim {
	if p := a.top().page; p != nil {
		return p.finding
	}
	if s := a.focused(); s != nil {
		return s.target().finding
	}
	return nil
}

// findingForms are what is copied of a finding: its commands and filters. What came from the traffic is quoted in them, and without controls.
func findingForms(c *claim) []copied {
	var out []copied
	for i, next := range c.Next[:min(len(c.Next), 9)] {
		command, remark := commandOf(next)
		name := strings.TrimPrefix(strings.TrimPrefix(remark, "#"), " ")
		if name = sanitize.String(name); name == "" {
			name = "command"
		}
		out = append(out, copied{key: rune('1' + i), name: name, value: command})
	}
	conds := byScope(&c.Finding)
	out = append(out, copied{key: 'w', name: "Wireshark filter", value: c.Wireshark, why: "it has none"},
		filterForm('c', "tcpdump filter", " and ", conds, func(c *cond) string { return c.tcpdump }),
		filterForm('x', "expression (--where)", " and ", conds, func(c *cond) string { return c.expr }),
		copied{key: 't', name: "text", value: string(c.Severity) + ", " + text.Sureness(c.Confidence) + " sure: " + c.Title})
	for i := range out {
		out[i].value = sanitize.String(out[i].value)
	}
	return out
}
