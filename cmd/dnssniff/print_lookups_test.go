package main

import (
	"bytes"
	"context"
	"encoding/json"
	"path/filepath"
	"testing"
)

// TestPrintLookups compares the lines of lookups with what the report counts of them.
func TestPrintLookups(t *testing.T) {
	paths, err := filepath.Glob("../../pcaps/incident-*.pcap*")
	if err != nil || len(paths) < 20 {
		t.Fatalf("%d captures: %v", len(paths), err)
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			var out, errs bytes.Buffer
			if code := run(context.Background(), []string{"print", "--lookups", "--json", path}, streams{in: &bytes.Buffer{}, out: &out, err: &errs}); code != 0 {
				t.Fatalf("exit code %d: %s", code, errs.String())
			}
			var total, answered, retried float64
			solved := map[string]any{}
			for line := range bytes.Lines(out.Bytes()) {
				var l struct {
					Name, Client, Outcome string
					Tries                 int
					SolvedBy              string `json:"solved_by"`
				}
				if err := json.Unmarshal(line, &l); err != nil || l.Name == "" || l.Client == "" {
					t.Fatalf("%s: %v", line, err)
				}
				total++
				if l.Outcome == "answered" {
					answered++
				}
				if l.Tries > 1 {
					retried++
				}
				if l.SolvedBy != "" {
					n, _ := solved[l.SolvedBy].(float64)
					solved[l.SolvedBy] = n + 1
				}
			}
			want := runJSON(t, nil, path)["lookups"].(map[string]any)
			for field, got := range map[string]float64{"total": total, "answered": answered, "failed": total - answered, "retried": retried} {
				if got != want[field] {
					t.Errorf("%s: %v lines, the report has %v", field, got, want[field])
				}
			}
			for by, n := range want["solved_by"].(map[string]any) {
				if solved[by] != n {
					t.Errorf("solved by %s: %v lines, the report has %v", by, solved[by], n)
				}
			}
		})
	}
}

// TestPrintLookupsSayTheirFile gives two captures: packets have the same numbers in both.
func TestPrintLookupsSayTheirFile(t *testing.T) {
	var out, errs bytes.Buffer
	files := []string{"../../pcaps/office.pcap", "../../pcaps/rcodes.pcap"}
	if code := run(context.Background(), append([]string{"print", "--lookups", "--json"}, files...), streams{in: &bytes.Buffer{}, out: &out, err: &errs}); code != 0 {
		t.Fatalf("exit code %d: %s", code, errs.String())
	}
	byFile := make(map[int]int)
	for line := range bytes.Lines(out.Bytes()) {
		var l struct {
			Steps []struct{ Packet, File int }
		}
		if err := json.Unmarshal(line, &l); err != nil {
			t.Fatal(err)
		}
		for _, s := range l.Steps {
			if s.Packet == 0 {
				t.Errorf("%s has no packet", line)
			}
			byFile[s.File]++
		}
	}
	if len(byFile) != 2 || byFile[0] == 0 || byFile[1] == 0 {
		t.Errorf("steps by file: %v", byFile)
	}
}
