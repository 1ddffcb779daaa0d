package guide

import (
	"io"
	"slices"
	"strings"

	"github.com/dnssniff/dnssniff/analyze"
	"github.com/dnssniff/dnssniff/analyze/guide"
	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/ui/sanitize"
)

// List prints all pages by kind: codes and topics with their titles, anomalies with their names, several on a line.
func List(w io.Writer, g *guide.Guide, o Options) error {
	s := newSheet(o)
	s.wrapped(0, span{}, []span{{"dnssniff explain KEY shows a page: a code's name or number, an anomaly's ID or name, a topic. dnssniff explain --search WORDS finds pages; " +
		"dnssniff explain --for FILE shows those that a capture calls for.", plain}})
	for _, k := range guide.Kinds() {
		var pages []guide.Page
		for _, p := range g.All() {
			if p.Kind == k {
				pages = append(pages, p)
			}
		}
		switch {
		case len(pages) == 0:
		case k == guide.Anomaly:
			s.anomalies(pages)
		default:
			s.heading(capital(k.Plural()))
			s.titles(pages)
		}
	}
	_, err := w.Write(s.out)
	return err
}

// Found prints pages that were found, a line each.
func Found(w io.Writer, pages []guide.Page, o Options) error {
	s := newSheet(o)
	s.titles(pages)
	_, err := w.Write(s.out)
	return err
}

// titles prints a line for each page: its key, its number if it has one, its title, cut where it is too long.
func (s *sheet) titles(pages []guide.Page) {
	key, code := 0, 0
	for i := range pages {
		key, code = max(key, len(pages[i].Heading())), max(code, len(codeOf(&pages[i])))
	}
	for i := range pages {
		p := &pages[i]
		head := p.Heading()
		line := strings.Repeat(" ", indent) + head + strings.Repeat(" ", key-len(head)+2)
		if code > 0 {
			n := codeOf(p)
			line += strings.Repeat(" ", code-len(n)) + n + "  "
		}
		s.line(span{line[:indent+len(head)], accent}, span{line[indent+len(head):], plain}, span{s.cut(p.Title, s.Width-len(line)), plain})
	}
}

// cut returns the beginning of a title, which is ASCII, where all of it is wider than the room.
func (s *sheet) cut(title string, room int) string {
	more := s.pick("…", "..")
	if len(title) <= room {
		return title
	}
	return strings.TrimRight(title[:max(0, room-sanitize.Width(more))], " ,") + more
}

// codeOf returns the number of a page's code, "" for a page of something else.
func codeOf(p *guide.Page) string {
	if len(p.Facts) > 0 && p.Facts[0].Label == "code" && p.Kind != guide.EDE {
		return p.Facts[0].Text
	}
	return ""
}

// anomalies prints IDs and short names by group, in columns.
func (s *sheet) anomalies(pages []guide.Page) {
	widest := 0
	for i := range pages {
		widest = max(widest, len(pages[i].Heading()))
	}
	columns := max(1, (s.Width-indent+2)/(widest+2))
	var group []string
	title := ""
	flush := func() {
		if len(group) > 0 {
			s.heading("Anomalies: " + title)
			s.columns(group, columns, widest)
		}
		group = group[:0]
	}
	for i := range pages {
		id, err := anomaly.Parse(pages[i].Key)
		if err != nil {
			continue
		}
		if t := id.GroupTitle(); t != title {
			flush()
			title = t
		}
		group = append(group, pages[i].Heading())
	}
	flush()
}

// columns prints words in columns, down before across.
func (s *sheet) columns(words []string, columns, width int) {
	rows := (len(words) + columns - 1) / columns
	for y := range rows {
		line := strings.Repeat(" ", indent)
		for x := y; x < len(words); x += rows {
			line += words[x] + strings.Repeat(" ", width-len(words[x])+2)
		}
		s.line(span{line, plain})
	}
}

// about says what a page is about; of a finding, what was found.
func (s *sheet) about(c *guide.Case, room int) string {
	for _, f := range c.Evidence {
		if c.Kind == guide.Finding && f.Label == "finding" {
			return sanitize.Cut(s.clean(f.Text), max(room, 0), s.pick("…", ".."))
		}
	}
	return s.cut(c.Title, room)
}

// Called prints a line for each page that a capture calls for, with the first of what was seen.
func Called(w io.Writer, cases []guide.Case, r *analyze.Report, o Options) error {
	s := newSheet(o)
	title := "Pages for " + strings.Join(r.Source.Files, ", ")
	ordinary := !slices.ContainsFunc(cases, func(c guide.Case) bool { return !c.Everyday })
	if ordinary {
		s.wrapped(2, span{}, []span{{s.clean(title) + ":", bold}, {" nothing is out of the ordinary", plain}})
	} else {
		s.wrapped(2, span{}, []span{{s.clean(title), bold}, {", the worst first; dnssniff explain KEY --for FILE shows one", dim}})
	}
	key, seen := 0, 0
	for i := range cases {
		key, seen = max(key, len(cases[i].Heading())), max(seen, len(cases[i].Evidence[0].Text))
	}
	for i := range cases {
		c := &cases[i]
		head, count := c.Heading(), c.Evidence[0].Text
		line := strings.Repeat(" ", key-len(head)+2) + count + strings.Repeat(" ", seen-len(count)+2)
		left := indent + len(head) + len(line)
		s.line(span{strings.Repeat(" ", indent), plain}, span{head, accent}, span{line, plain}, span{s.about(c, s.Width-left), dim})
	}
	_, err := w.Write(s.out)
	return err
}
