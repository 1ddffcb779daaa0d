package guide

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/dnssniff/dnssniff/analyze/guide"
	"github.com/dnssniff/dnssniff/ui/sanitize"
)

var update = flag.Bool("update", false, "rewrite the golden files in testdata")

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(m.Run())
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs: go test ./ui/guide -update, and read it", path)
	}
}

func caseOf(t *testing.T, word string) guide.Case {
	t.Helper()
	found := guide.Load().Find(word)
	if len(found) == 0 {
		t.Fatalf("no page %q", word)
	}
	return guide.Case{Page: found[0]}
}

func text(t *testing.T, o Options, cases ...guide.Case) string {
	t.Helper()
	var b bytes.Buffer
	if err := Text(&b, cases, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestText holds the pages that the issue asks for, as they are printed at 80 columns.
func TestText(t *testing.T) {
	for name, word := range map[string]string{"FORMERR": "FORMERR", "BADTIME": "BADTIME", "EDE7": "ede 7", "N05": "N05"} {
		c := caseOf(t, word)
		if !c.Written { // anomalies: they come all at once
			t.Logf("the page of %s is not written yet", c.Key)
			continue
		}
		golden(t, name+".golden", []byte(text(t, Options{}, c)))
	}
}

// TestAllPagesFit renders all pages at several widths: nothing but code may be wider, and no line ends in a space.
func TestAllPagesFit(t *testing.T) {
	for _, p := range guide.Load().All() {
		commands := map[string]bool{}
		for _, s := range p.Sections {
			for line := range strings.Lines(s.Text) {
				commands[strings.TrimSpace(line)] = true
			}
		}
		for _, width := range []int{40, 80, 120} {
			for line := range strings.Lines(text(t, Options{Width: width, ASCII: true}, guide.Case{Page: p})) {
				line = strings.TrimSuffix(line, "\n")
				word := len(strings.Fields(line)) < 3 // one that cannot be broken, behind a mark
				if w := sanitize.Width(line); w > width && !commands[strings.TrimSpace(line)] && !word {
					t.Errorf("%s at %d columns: %d wide: %s", p.Key, width, w, line)
				}
				if strings.HasSuffix(line, " ") || strings.ContainsAny(line, "\x1b\t") {
					t.Errorf("%s: %q", p.Key, line)
				}
			}
		}
	}
}

// TestNothingIsLost checks that all words of a page are printed.
func TestNothingIsLost(t *testing.T) {
	word := regexp.MustCompile(`[A-Za-z0-9]+`)
	for _, p := range guide.Load().All() {
		printed := map[string]int{}
		for _, w := range word.FindAllString(text(t, Options{}, guide.Case{Page: p}), -1) {
			printed[w]++
		}
		for _, s := range p.Sections {
			for _, w := range word.FindAllString(s.Text, -1) {
				if printed[w] == 0 {
					t.Errorf("%s: %q of %q is not printed", p.Key, w, s.Title)
				}
			}
		}
	}
}

func TestColour(t *testing.T) {
	c := caseOf(t, "FORMERR")
	plainText, coloured := text(t, Options{}, c), text(t, Options{Color: true}, c)
	if !strings.Contains(coloured, "\x1b[1mMeans\x1b[0m") {
		t.Error("no bold heading")
	}
	if got := regexp.MustCompile("\x1b\\[[0-9]*m").ReplaceAllString(coloured, ""); got != plainText {
		t.Error("colour changes more than the colour")
	}
}

func TestMarkdownForms(t *testing.T) {
	p := guide.Page{Key: "K", Title: "t", Summary: "One *two*\n<three> [four](http://x).", Sections: []guide.Section{
		{Title: "Means", Text: "Text.\n\n- a `b\n  c` d\n  - e\n- f\n\n3. h\n\n   g\n4. i"},
		{Title: "Commands", Text: "```sh\ncode  with   spaces\n\n# why\nmore\n```"}}}
	want := `K  t
   response code

  One two <three> four.

Means
  Text.

  - a ` + "`b c`" + ` d
    - e
  - f

  3. h

     g
  4. i

Commands
  code  with   spaces

  # why
  more
`
	if got := text(t, Options{}, guide.Case{Page: p}); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// hostile is a case with what an attacker can send.
func hostile(t *testing.T) guide.Case {
	c := caseOf(t, "NXDOMAIN")
	c.Evidence = []guide.Fact{{Label: "names", Text: "\x1b]0;owned\x07<script>alert(1)</script>![x](http://evil.example/x) `a` *b*\n\n# head\u202e" + strings.Repeat("x", 300)}}
	c.Fill = guide.Fill{}
	for _, v := range []string{"$(reboot)", "</code><script>", "a`b"} {
		c.Fill.Set("name", v)
	}
	c.Fill.Set("client", "192.0.2.1")
	return c
}

func TestHostileEvidence(t *testing.T) {
	c := hostile(t)
	out := text(t, Options{}, c)
	if strings.ContainsAny(out, "\x1b\x07\u202e") || strings.Contains(out, "\n# head") {
		t.Errorf("text holds what was sent: %q", out)
	}
	for line := range strings.Lines(out) {
		if strings.Contains(line, "xxxx") && sanitize.Width(line) > 81 {
			t.Errorf("line too wide: %q", line)
		}
	}
	if !strings.Contains(out, `client == "192.0.2.1"`) || strings.Contains(out, "reboot") {
		t.Error("commands are filled in wrongly")
	}
	var html, md bytes.Buffer
	if err := HTML(&html, []guide.Case{c}); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"<script", "<img", "\x1b", "\u202e"} {
		if strings.Contains(html.String(), bad) {
			t.Errorf("HTML holds %q", bad)
		}
	}
	if err := Markdown(&md, []guide.Case{c}); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(md.String(), "\x1b\u202e") || strings.Contains(md.String(), "\n# head") {
		t.Error("Markdown holds what was sent")
	}
}

// TestHTML checks that the page needs nothing else, and that its links lead.
func TestHTML(t *testing.T) {
	var cases []guide.Case
	for _, p := range guide.Load().All() {
		cases = append(cases, guide.Case{Page: p})
	}
	var b bytes.Buffer
	if err := HTML(&b, cases); err != nil {
		t.Fatal(err)
	}
	page := b.String()
	if m := regexp.MustCompile(`(?i)<(script|img|link|iframe)|\bsrc=|@import|url\(`).FindString(page); m != "" {
		t.Errorf("the page fetches something: %q", m)
	}
	ids := map[string]bool{}
	for _, m := range regexp.MustCompile(` id="([^"]+)"`).FindAllStringSubmatch(page, -1) {
		if ids[m[1]] {
			t.Errorf("two elements have the id %q", m[1])
		}
		ids[m[1]] = true
	}
	links := regexp.MustCompile(`href="([^"]+)"`).FindAllStringSubmatch(page, -1)
	if len(links) < 2*len(cases) {
		t.Errorf("%d links among %d pages", len(links), len(cases))
	}
	for _, m := range links {
		if to, ok := strings.CutPrefix(m[1], "#"); ok && !ids[to] {
			t.Errorf("a link leads to %q, which is not there", to)
		} else if !ok && !strings.HasPrefix(m[1], "https://www.rfc-editor.org/rfc/rfc") {
			t.Errorf("a link leads out, to %q", m[1])
		}
	}
	if !strings.Contains(page, `(<a href="https://www.rfc-editor.org/rfc/rfc6891#section-7">RFC 6891 section 7</a>)`) || !strings.Contains(page, `<a href="#EDE7">EDE7</a>`) {
		t.Error("RFCs and codes are no links")
	}
}

func TestJSON(t *testing.T) {
	var b bytes.Buffer
	c := caseOf(t, "ptr-loop")
	if err := JSON(&b, []guide.Case{c, caseOf(t, "BADTIME")}); err != nil {
		t.Fatal(err)
	}
	var d Document
	if err := json.Unmarshal(b.Bytes(), &d); err != nil {
		t.Fatal(err)
	}
	if d.Schema != Schema || len(d.Pages) != 2 || d.Pages[0].Key != "N05" || d.Pages[0].Name != "ptr-loop" || len(d.Pages[1].Commands) == 0 {
		t.Errorf("got %+v", d)
	}
}

func TestList(t *testing.T) {
	var b bytes.Buffer
	if err := List(&b, guide.Load(), Options{}); err != nil {
		t.Fatal(err)
	}
	for _, p := range guide.Load().All() {
		if !strings.Contains(b.String(), "  "+p.Heading()) {
			t.Errorf("%s is not listed", p.Key)
		}
	}
	for line := range strings.Lines(b.String()) {
		if sanitize.Width(strings.TrimSuffix(line, "\n")) > 80 {
			t.Errorf("too wide: %s", line)
		}
	}
}
