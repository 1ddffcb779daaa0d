package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// shownLines is how much of a command's output the README shows, where the command does not end with "| head -N" or "| tail -N".
const shownLines = 40

// TestREADME checks that what the README shows is what is printed by each "$ go run ./cmd/dnssniff" in it.
func TestREADME(t *testing.T) {
	t.Chdir("../..")
	raw, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?m)^```\n\\$ go run ./cmd/dnssniff (.*)\n((?:.*\n)*?)```$")
	if n := len(block.FindAll(raw, -1)); n < 2 {
		t.Fatalf("%d commands found", n)
	}
	want := block.ReplaceAllStringFunc(string(raw), func(b string) string {
		args := block.FindStringSubmatch(b)[1]
		return "```\n$ go run ./cmd/dnssniff " + args + "\n" + shown(t, args) + "```"
	})
	if *update {
		if err := os.WriteFile("README.md", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want != string(raw) {
		t.Error("README.md shows what is not printed: go test ./cmd/dnssniff -run README -update, and read it")
	}
}

// TestREADMEScreens checks that the screens in the README are those of the tests.
func TestREADMEScreens(t *testing.T) {
	raw, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	screens := regexp.MustCompile("(?m)^<!-- (\\S+\\.golden) -->\n```\n((?:.*\n)*?)```$").FindAllSubmatch(raw, -1)
	if len(screens) == 0 {
		t.Fatal("no screen found")
	}
	for _, s := range screens {
		want, err := os.ReadFile("../../" + string(s[1]))
		if err != nil {
			t.Fatal(err)
		}
		if strings.TrimRight(string(want), "\n") != strings.TrimRight(string(s[2]), "\n") {
			t.Errorf("%s is another screen than the README's", s[1])
		}
	}
}

// shown returns what the README shows of what a command prints.
func shown(t *testing.T, line string) string {
	t.Helper()
	line, filter, filtered := strings.Cut(line, " | ")
	args := strings.Fields(line)
	var out, errs bytes.Buffer
	if code := run(context.Background(), args, streams{in: strings.NewReader(""), out: &out, err: &errs}); code != 0 {
		t.Fatalf("%v: exit code %d: %s", args, code, errs.String())
	}
	lines := slices.Collect(strings.Lines(out.String()))
	if !filtered {
		if len(lines) <= shownLines {
			return out.String()
		}
		return strings.Join(lines[:shownLines], "") + "...\n"
	}
	var tool string
	var n int
	if _, err := fmt.Sscanf(filter, "%s -%d", &tool, &n); err != nil || n < 1 || tool != "head" && tool != "tail" {
		t.Fatalf("filter %q: %v", filter, err)
	}
	n = min(n, len(lines))
	if tool == "tail" {
		return strings.Join(lines[len(lines)-n:], "")
	}
	return strings.Join(lines[:n], "")
}
