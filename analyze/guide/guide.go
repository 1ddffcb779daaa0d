// Package guide is a book for operators: a page for each RCODE, TSIG and TKEY error, extended error, anomaly of the catalogue and finding, and for
// some topics: what it means and does not mean, what causes it, how the causes are told apart in a capture, what to do, and commands.
//
// The pages are Markdown files under pages, embedded. What is known as data is not in the files: codes and filters come from decode/mnemonic, the head
// of an anomaly's page from decode/anomaly, what servers answer to it from analyze/family. The package renders nothing: ui/guide does.
//
// A file is named KEY.md and begins with "# KEY: title" ("# ID short-name: title" for anomalies) and a paragraph; then come sections, of those of
// [SectionTitles] that have something to say, in that order. See also lists keys of other pages and RFCs by commas. In code, words in braces stand for
// what the reader has: see [Placeholders].
package guide

import (
	"embed"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Kind is what a page is about.
type Kind uint8

// The kinds, in the order in which they are listed.
const (
	RCODE   Kind = iota
	TSIG         // errors of TSIG and TKEY records
	EDE          // extended DNS errors
	Finding      // causes that dnssniff diagnoses
	Topic
	Anomaly // entries of the catalogue
)

// Kinds returns all kinds, in their order.
func Kinds() []Kind { return []Kind{RCODE, TSIG, EDE, Finding, Topic, Anomaly} }

// String returns what pages of the kind are about, in the singular.
func (k Kind) String() string {
	return k.of("response code", "TSIG or TKEY error", "extended DNS error", "finding", "topic", "anomaly")
}

// Plural returns what pages of the kind are about, in the plural.
func (k Kind) Plural() string {
	return k.of("response codes", "TSIG and TKEY errors", "extended DNS errors", "findings", "topics", "anomalies")
}

// directory returns where the files of the kind are.
func (k Kind) directory() string {
	return path.Join("pages", k.of("rcode", "tsig", "ede", "finding", "topic", "anomaly"))
}

func (k Kind) of(words ...string) string {
	if int(k) >= len(words) {
		return "unknown"
	}
	return words[k]
}

// Page is a page of the guide. Texts are Markdown. Pages share their slices with the guide: they are not to be changed.
type Page struct {
	Key      string // unique among all pages: "FORMERR", "NODATA", "BADTIME", "EDE7", "N05", "split-horizon"
	Kind     Kind
	Title    string
	Facts    []Fact // what is known without prose
	Summary  string // a paragraph
	Answers  []Fact // of an anomaly: what servers were measured to answer to it, by answer
	Sections []Section
	Written  bool // there is a file for it; an anomaly without one has what the catalogue says
}

// Fact is a labelled text, which is plain.
type Fact struct{ Label, Text string }

// Section is a part of a page under a heading.
type Section struct{ Title, Text string }

// SectionTitles returns the titles that sections can have, in their order.
func SectionTitles() []string {
	return []string{"Means", "Does not mean", "Usual causes", "On the wire", "Fix", "Commands", "See also"}
}

// Section returns the text of a section, "" where the page has none of that title.
func (p *Page) Section(title string) string {
	i := slices.IndexFunc(p.Sections, func(s Section) bool { return s.Title == title })
	if i < 0 {
		return ""
	}
	return p.Sections[i].Text
}

// Links returns the items of See also: keys of pages and RFC sections, in their order.
func (p *Page) Links() []string {
	split := func(r rune) bool { return r == ',' || r == ';' || r == '\n' }
	var out []string
	for _, item := range strings.FieldsFunc(p.Section("See also"), split) {
		item = strings.TrimLeft(strings.TrimSpace(item), "-* ")
		item, _, _ = strings.Cut(item, " (")
		if item = strings.Trim(strings.TrimSuffix(strings.TrimSpace(item), "."), "` "); item != "" {
			out = append(out, item)
		}
	}
	return out
}

// Guide is all pages. It is immutable.
type Guide struct {
	pages []Page           // by kind and code
	keys  map[string]int   // places by key
	names map[string][]int // places by folded name, in their order
}

//go:embed pages
var files embed.FS

// Load reads the pages that are part of the program, which takes some milliseconds.
func Load() *Guide { return read(files) }

// read makes a guide of the files that are there: any of them may be missing.
func read(fsys fs.FS) *Guide {
	g := &Guide{keys: map[string]int{}, names: map[string][]int{}}
	for _, k := range Kinds() {
		g.pages = append(g.pages, completed(k, written(fsys, k))...)
	}
	for i := range g.pages {
		p := &g.pages[i]
		g.keys[p.Key] = i
		for _, name := range p.names() {
			if !slices.Contains(g.names[name], i) {
				g.names[name] = append(g.names[name], i)
			}
		}
	}
	return g
}

// written returns the pages of a kind that are files.
func written(fsys fs.FS, k Kind) []Page {
	var all []Page
	entries, _ := fs.ReadDir(fsys, k.directory()) // there is none where nothing was written yet
	for _, e := range entries {
		if path.Ext(e.Name()) != ".md" || e.Name() == "README.md" {
			continue
		}
		text, err := fs.ReadFile(fsys, path.Join(k.directory(), e.Name()))
		if err != nil {
			continue
		}
		p := parse(string(text))
		p.Kind, p.Written = k, true
		all = append(all, p)
	}
	return all
}

// All returns all pages: by kind, and in a kind by code, ID or name.
func (g *Guide) All() []Page { return slices.Clone(g.pages) }

// Get returns the page of a key, in the case that it is written in.
func (g *Guide) Get(key string) (Page, bool) {
	i, ok := g.keys[key]
	if !ok {
		return Page{}, false
	}
	return g.pages[i], true
}

// Linked returns the page that an item of See also names: by its key alone, or with words behind it ("N05 ptr-loop"), or by another name that it alone has.
func (g *Guide) Linked(item string) (Page, bool) {
	key, _, _ := strings.Cut(item, " ")
	if p, ok := g.Get(key); ok {
		return p, true
	}
	if found := g.Find(item); len(found) == 1 {
		return found[0], true
	}
	return Page{}, false
}
