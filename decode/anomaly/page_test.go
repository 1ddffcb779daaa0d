package anomaly

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write CATALOGUE.md anew")

const page = "CATALOGUE.md"

// TestPage holds the page to the table that it is made from.
func TestPage(t *testing.T) {
	want := render()
	if *update {
		if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is not what the catalogue says: run go test ./decode/anomaly -run TestPage -update", page)
	}
}

// order is that of the page: from the header inwards, then outwards.
const order = "HNROTUQSPXMC"

func render() string {
	var b strings.Builder
	fmt.Fprint(&b, `# The catalogue of anomalies

Made from the tables in this directory by `+"`go test ./decode/anomaly -run TestPage -update`"+`: change those, not this page.

| Severity | |
|---|---|
| malformed | a strict receiver cannot or must not take the message as it stands |
| violation | breaks a rule of an RFC, yet the message can be read |
| suspicious | legal or open to debate, and a sign of trouble |
| info | legal, worth knowing |

| Decided from | |
|---|---|
| message | one message alone |
| pair | a query and what came back, or a message and its addresses and ports |
| flow | a TCP stream, a UDP or IP header, fragments, or ICMP |
| history | several transactions |
| undecidable | nothing that an observer who sends no packet can see; the reason is given |
| never reported | an artefact of the capture: nobody did anything odd |

`)
	contents(&b)
	for _, letter := range order {
		section(&b, byte(letter))
	}
	return b.String()
}

func contents(b *strings.Builder) {
	fmt.Fprint(b, "| Group | | Entries |")
	levels := []Level{Message, Pair, Flow, History, Undecidable, Never}
	for _, l := range levels {
		fmt.Fprintf(b, " %v |", l)
	}
	fmt.Fprint(b, "\n|---|---|--:|", strings.Repeat("--:|", len(levels)), "\n")
	sum := map[Level]int{}
	total := 0
	for _, letter := range order {
		counts, n := map[Level]int{}, 0
		for _, e := range ofGroup(byte(letter)) {
			counts[e.Level]++
			sum[e.Level]++
			n++
		}
		total += n
		fmt.Fprintf(b, "| %c | %s | %d |", letter, escape(Make(byte(letter), 1).GroupTitle()), n)
		for _, l := range levels {
			fmt.Fprintf(b, " %d |", counts[l])
		}
		fmt.Fprintln(b)
	}
	fmt.Fprintf(b, "| | all | %d |", total)
	for _, l := range levels {
		fmt.Fprintf(b, " %d |", sum[l])
	}
	fmt.Fprintln(b)
}

func section(b *strings.Builder, letter byte) {
	fmt.Fprintf(b, "\n## %c: %s\n\n| ID | Name | Severity | Decided from | Messages | What is wrong | RFC | Usual culprits |\n|---|---|---|---|---|---|---|---|\n",
		letter, escape(Make(letter, 1).GroupTitle()))
	for _, e := range ofGroup(letter) {
		meaning := escape(e.Meaning)
		if e.Reason != "" {
			meaning += " *Undecidable:* " + escape(e.Reason)
		}
		fmt.Fprintf(b, "| %v | %s | %v | %v | %v | %s | %s | %v |\n", e.ID, escape(e.Name), e.Severity, e.Level, e.Of, meaning, links(e.RFC), e.Culprits)
	}
}

func ofGroup(letter byte) []Entry {
	var of []Entry
	for id := range All {
		if e, _ := id.Entry(); id.Group() == letter {
			of = append(of, e)
		}
	}
	return of
}

// escape returns s such that Markdown shows it as it is, in a table too.
func escape(s string) string {
	return regexp.MustCompile("[\\\\`*_{}<>\\[\\]|#~&]").ReplaceAllStringFunc(s, func(c string) string { return `\` + c })
}

var reference = regexp.MustCompile(`RFC ([0-9]+)(?: section ([0-9.]+))?`)

// links makes each reference a link to its section.
func links(rfcs string) string {
	var out []string
	for _, m := range reference.FindAllStringSubmatch(rfcs, -1) {
		url, text := "https://www.rfc-editor.org/rfc/rfc"+m[1], m[1]
		if m[2] != "" {
			url, text = url+"#section-"+m[2], text+" §"+m[2]
		}
		out = append(out, "["+text+"]("+url+")")
	}
	return strings.Join(out, ", ")
}

func TestEscape(t *testing.T) {
	if got, want := escape("a|b_c*d [x](y) <z> `q` \\"), "a\\|b\\_c\\*d \\[x\\](y) \\<z\\> \\`q\\` \\\\"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := links("RFC 768, RFC 1122 section 4.1.3.4"),
		"[768](https://www.rfc-editor.org/rfc/rfc768), [1122 §4.1.3.4](https://www.rfc-editor.org/rfc/rfc1122#section-4.1.3.4)"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestPageHoldsTogether reads the page back: each entry has one line, with as many cells as the head of its table.
func TestPageHoldsTogether(t *testing.T) {
	cells := regexp.MustCompile(`(^|[^\\])\|`)
	lines := 0
	for _, line := range strings.Split(render(), "\n") {
		if m := regexp.MustCompile(`^\| ([A-Z][0-9]{2}) \|`).FindStringSubmatch(line); m != nil {
			lines++
			if n := len(cells.FindAllString(line, -1)); n != 9 {
				t.Errorf("%s has %d bars, want 9", m[1], n)
			}
		}
	}
	if want := len(entries(t)); lines != want {
		t.Errorf("%d lines for %d entries", lines, want)
	}
}
