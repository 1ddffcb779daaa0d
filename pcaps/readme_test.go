package pcaps_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the table of README.md anew")

// The marks around the table in README.md.
const (
	tableBegin = "<!-- captures: go test ./pcaps -run README -update -->\n"
	tableEnd   = "<!-- end of captures -->\n"
)

// TestREADME holds the table of README.md to the descriptions.
func TestREADME(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), tableBegin)
	_, after, also := strings.Cut(rest, tableEnd)
	if !ok || !also {
		t.Fatal("README.md has no table of captures")
	}
	want := before + tableBegin + table(t) + tableEnd + after
	if *update {
		if err := os.WriteFile("README.md", []byte(want), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(text) != want {
		t.Error("README.md does not list the captures as they are described: go test ./pcaps -run README -update")
	}
}

func table(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "| capture | what it is | what it teaches | see it |\n|---|---|---|---|\n")
	for _, d := range described(t) {
		show := strings.ReplaceAll(d.Show, "|", "\\|")
		fmt.Fprintf(&b, "| [%s](%s) | %s | %s | `%s` |\n", d.Name, d.Name+".yaml", d.Title, d.Teaches, show)
	}
	return b.String()
}
