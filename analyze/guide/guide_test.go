package guide

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

func keys(pages []Page) []string {
	var out []string
	for _, p := range pages {
		out = append(out, p.Key)
	}
	return out
}

func TestParse(t *testing.T) {
	const text = "# H01 msg-too-short: less than a header\r\n\nOne\nparagraph.\n\n## Means\n\n- a\n\n## Commands\n\n```\n# no heading\n## nor this\ndig {name}\n```\n\n## See also\n\n- N05, `EDE7` (why)\n- RFC 1035 section 4.1.1.\n"
	p := parse(text)
	if p.Key != "H01" || p.Title != "less than a header" || p.Summary != "One\nparagraph." {
		t.Errorf("key %q, title %q, summary %q", p.Key, p.Title, p.Summary)
	}
	var titles []string
	for _, s := range p.Sections {
		titles = append(titles, s.Title)
	}
	if want := []string{"Means", "Commands", "See also"}; !slices.Equal(titles, want) {
		t.Errorf("sections %q, want %q", titles, want)
	}
	if got, want := p.Commands(), []string{"dig {name}"}; !slices.Equal(got, want) {
		t.Errorf("commands %q, want %q", got, want)
	}
	if got, want := p.Links(), []string{"N05", "EDE7", "RFC 1035 section 4.1.1"}; !slices.Equal(got, want) {
		t.Errorf("links %q, want %q", got, want)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("# A: b\n\nc\n\n## Means\n\nd\n")
	f.Add("## \n```\n# : \n")
	f.Fuzz(func(_ *testing.T, text string) {
		p := parse(text)
		p.Links()
		p.Commands()
		_ = p.Markdown()
		indexOf(&p)
	})
}

func TestCommands(t *testing.T) {
	p := Page{Sections: []Section{{Title: "On the wire", Text: "- see `dnssniff explain N05`, not `dig`\n  more text"}, {Title: "Commands", Text: "    # why\n    dig a b\n\n    rndc c"}}}
	if got, want := p.Commands(), []string{"dnssniff explain N05", "dig a b", "rndc c"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A guide is made of what is there: the directories are written one after another.
func TestReadIncompleteDirectory(t *testing.T) {
	g := read(fstest.MapFS{
		"pages/rcode/SERVFAIL.md":   {Data: []byte("# SERVFAIL: it failed\n\nSummary.\n")},
		"pages/rcode/FORMERR.md":    {Data: []byte("# FORMERR: bad form\n\nSummary.\n")},
		"pages/rcode/README.md":     {Data: []byte("# Not a page\n")},
		"pages/anomaly/N05.md":      {Data: []byte("# N05 ptr-loop: pointers in a circle\n\nWritten.\n\n## Fix\n\nDo.\n")},
		"pages/anomaly/.N06.md.swp": {Data: []byte("junk")},
	})
	if got, want := keys(g.All())[:2], []string{"FORMERR", "SERVFAIL"}; !slices.Equal(got, want) {
		t.Errorf("first pages %q, want %q", got, want)
	}
	written, _ := g.Get("N05")
	if written.Summary != "Written." || written.Section("Fix") != "Do." || !written.Written || len(written.Facts) == 0 {
		t.Errorf("N05 is %+v", written)
	}
	bare, ok := g.Get("N06")
	if !ok || bare.Written || bare.Title == "" || bare.Summary == "" || len(bare.Facts) == 0 {
		t.Errorf("an anomaly without a file is %+v", bare)
	}
	if g := read(fstest.MapFS{}); len(g.All()) != len(g.ofKind(Anomaly)) {
		t.Error("pages of nothing")
	}
}

func (g *Guide) ofKind(k Kind) (out []Page) {
	for _, p := range g.pages {
		if p.Kind == k {
			out = append(out, p)
		}
	}
	return out
}

func TestFill(t *testing.T) {
	for _, tt := range []struct{ name, value, want string }{
		{"address", "2001:db8::53", "dig @2001:db8::53 {name}"},
		{"host", "ns1.example.com.", "dig @ns1.example.com. {name}"},
		{"root", ".", "dig @. {name}"},
		{"command_of_a_shell", "$(reboot)", "dig @{server} {name}"},
		{"quote", `a"b`, "dig @{server} {name}"},
		{"space", "a b", "dig @{server} {name}"},
		{"semicolon", "a;b", "dig @{server} {name}"},
		{"escape", "\x1b[2J", "dig @{server} {name}"},
		{"backslash", `a\.b`, "dig @{server} {name}"},
		{"option", "-f/etc/passwd", "dig @{server} {name}"},
		{"placeholder", "{name}", "dig @{server} {name}"},
		{"not_ascii", "köln.example", "dig @{server} {name}"},
		{"long", strings.Repeat("a", 300), "dig @{server} {name}"},
		{"empty", "", "dig @{server} {name}"},
	} {
		f := Fill{}
		f.Set("server", tt.value)
		if got := f.Apply("dig @{server} {name}"); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
	f := Fill{}
	f.Set("zone", "first.example")
	f.Set("zone", "second.example")
	if got := f.Apply("{zone} {zone}"); got != "first.example first.example" {
		t.Errorf("got %q: the first value counts", got)
	}
}

func TestNamesAreUnique(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range Load().All() {
		if seen[p.Key] {
			t.Errorf("two pages have the key %s", p.Key)
		}
		seen[p.Key] = true
	}
}
