package guide

import "strings"

// parse reads the text of a page. Whatever it is given, it makes a page of it: the tests hold the files to their form.
func parse(text string) Page {
	var p Page
	var section *Section
	inCode := false
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if strings.HasPrefix(line, "```") {
			inCode = !inCode
		}
		switch {
		case !inCode && strings.HasPrefix(line, "# ") && p.Key == "":
			p.Key, p.Title, _ = strings.Cut(strings.TrimPrefix(line, "# "), ": ")
			p.Key, _, _ = strings.Cut(p.Key, " ") // an anomaly's short name follows
		case !inCode && strings.HasPrefix(line, "## "):
			p.Sections = append(p.Sections, Section{Title: strings.TrimSpace(strings.TrimPrefix(line, "## "))})
			section = &p.Sections[len(p.Sections)-1]
		case section != nil:
			section.Text += line + "\n"
		default:
			p.Summary += line + "\n"
		}
	}
	p.Title, p.Summary = strings.TrimSpace(p.Title), strings.TrimSpace(p.Summary)
	for i := range p.Sections {
		p.Sections[i].Text = strings.Trim(p.Sections[i].Text, "\n") // not the spaces of a first line that is code
	}
	return p
}

// Markdown returns the page as its file has it, with its facts as lists below the first paragraph.
func (p *Page) Markdown() string {
	var b strings.Builder
	b.WriteString("# " + p.Heading() + ": " + p.Title + "\n\n" + p.Summary + "\n")
	for _, facts := range [][]Fact{p.Facts, p.Answers} {
		if len(facts) > 0 {
			b.WriteString("\n")
		}
		for _, f := range facts {
			b.WriteString("- " + f.Label + ": " + code(f.Text) + "\n")
		}
	}
	for _, s := range p.Sections {
		b.WriteString("\n## " + s.Title + "\n\n" + s.Text + "\n")
	}
	return b.String()
}

// code marks a text as code where Markdown would take something in it for a mark of its own.
func code(s string) string {
	if strings.ContainsAny(s, "*_<>[]`\\") {
		return "`" + s + "`"
	}
	return s
}

// Heading is what stands for the page at its head: its key, and the short name of an anomaly.
func (p *Page) Heading() string {
	if name := catalogueName(p.Key); p.Kind == Anomaly && name != "" {
		return p.Key + " " + name
	}
	return p.Key
}

// Commands returns the lines of code of the page that are neither empty nor comments, and its inline code that begins with a program's name.
func (p *Page) Commands() []string {
	var out []string
	for _, s := range p.Sections {
		fenced := false
		for line := range strings.Lines(s.Text) {
			text := strings.TrimSpace(line)
			switch {
			case strings.HasPrefix(text, "```"):
				fenced = !fenced
			case fenced || strings.HasPrefix(line, "    ") && !strings.HasPrefix(text, "- "):
				if text != "" && !strings.HasPrefix(text, "#") {
					out = append(out, text)
				}
			default:
				out = append(out, inline(text)...)
			}
		}
	}
	return out
}

// inline returns the calls of dnssniff that stand in a line between backticks.
func inline(text string) []string {
	var out []string
	for i, part := range strings.Split(text, "`") {
		if i%2 == 1 && strings.HasPrefix(part, "dnssniff ") {
			out = append(out, part)
		}
	}
	return out
}
