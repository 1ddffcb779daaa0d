package main

import (
	"bytes"
	"context"
	"os"
	"regexp"
	"strings"
	"testing"
)

// shownLines is how much of a command's output the README shows.
const shownLines = 40

// TestREADME checks that what the README shows is what is printed: the first lines of each "$ go run ./cmd/dnssniff" in it.
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
		return "```\n$ go run ./cmd/dnssniff " + args + "\n" + head(t, strings.Fields(args)) + "```"
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

// head returns the first lines that a command prints, with an ellipsis where there are more.
func head(t *testing.T, args []string) string {
	t.Helper()
	var out, errs bytes.Buffer
	if code := run(context.Background(), args, streams{in: strings.NewReader(""), out: &out, err: &errs}); code != 0 {
		t.Fatalf("%v: exit code %d: %s", args, code, errs.String())
	}
	lines := strings.SplitAfter(out.String(), "\n")
	if len(lines) <= shownLines {
		return out.String()
	}
	return strings.Join(lines[:shownLines], "") + "...\n"
}
