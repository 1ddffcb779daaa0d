package guide

import (
	"encoding/json"
	"io"

	"github.com/dnssniff/dnssniff/analyze/guide"
)

// Schema is the version of the JSON form. Fields are added, never renamed.
const Schema = "dnssniff.guide/1"

// Document is the JSON form.
type Document struct {
	Schema string     `json:"schema"`
	Pages  []PageJSON `json:"pages"`
}

// PageJSON is a page. Summaries and the texts of sections are Markdown.
type PageJSON struct {
	Key      string        `json:"key"`
	Name     string        `json:"name,omitempty"` // of an anomaly
	Kind     string        `json:"kind"`
	Title    string        `json:"title"`
	Summary  string        `json:"summary"`
	Facts    []FactJSON    `json:"facts"`
	Answers  []FactJSON    `json:"answers,omitempty"`  // of servers, as measured
	Evidence []FactJSON    `json:"evidence,omitempty"` // of the capture
	Sections []SectionJSON `json:"sections"`
	Commands []string      `json:"commands"`
	Links    []string      `json:"links"`
}

// FactJSON is a labelled text.
type FactJSON struct {
	Label string `json:"label"`
	Text  string `json:"text"`
}

// SectionJSON is a part of a page.
type SectionJSON struct {
	Title    string `json:"title"`
	Markdown string `json:"markdown"`
}

// JSON writes pages as one document.
func JSON(w io.Writer, cases []guide.Case) error {
	d := Document{Schema: Schema, Pages: []PageJSON{}}
	for i := range cases {
		d.Pages = append(d.Pages, pageJSON(&cases[i]))
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", " ")
	enc.SetEscapeHTML(false)
	return enc.Encode(d)
}

func pageJSON(c *guide.Case) PageJSON {
	p := c.Filled()
	j := PageJSON{Key: p.Key, Kind: p.Kind.String(), Title: p.Title, Summary: p.Summary, Facts: factsJSON(p.Facts), Answers: factsJSON(p.Answers),
		Evidence: factsJSON(c.Evidence), Sections: []SectionJSON{}, Commands: append([]string{}, p.Commands()...), Links: append([]string{}, p.Links()...)}
	if p.Heading() != p.Key {
		j.Name = p.Heading()[len(p.Key)+1:]
	}
	for _, s := range p.Sections {
		j.Sections = append(j.Sections, SectionJSON{s.Title, s.Text})
	}
	return j
}

func factsJSON(facts []guide.Fact) []FactJSON {
	out := []FactJSON{}
	for _, f := range facts {
		out = append(out, FactJSON{f.Label, f.Text})
	}
	return out
}
