package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/dnssniff/dnssniff/pcaps/synth"
)

// runJSON runs the report command and returns what it prints, without the names of the files.
func runJSON(t *testing.T, stdin []byte, args ...string) map[string]any {
	t.Helper()
	var out, errs bytes.Buffer
	args = append([]string{"report", "--format", "json"}, args...)
	if code := run(context.Background(), args, streams{in: bytes.NewReader(stdin), out: &out, err: &errs}); code != 0 {
		t.Fatalf("%v: exit code %d: %s", args, code, errs.String())
	}
	var report map[string]any
	if err := json.Unmarshal(out.Bytes(), &report); err != nil {
		t.Fatal(err)
	}
	delete(report["source"].(map[string]any), "files")
	for _, f := range report["findings"].([]any) {
		delete(f.(map[string]any), "next") // names the file, too
	}
	return report
}

// compare checks that all that truth says stands in the report. Counts of 0 may be absent.
func compare(t *testing.T, path string, truth, report any) {
	t.Helper()
	want, ok := truth.(map[string]any)
	if !ok {
		if !reflect.DeepEqual(truth, report) && !(report == nil && truth == 0.0) {
			t.Errorf("%s: truth %v, report %v", path, truth, report)
		}
		return
	}
	got, _ := report.(map[string]any)
	for k, v := range want {
		compare(t, path+"."+k, v, got[k])
	}
	if path == ".rcodes" || path == ".qtypes" || path == ".opcodes" {
		for k := range got {
			if _, ok := want[k]; !ok {
				t.Errorf("%s: the report has %s, the truth has not", path, k)
			}
		}
	}
}

// TestSyntheticTruth compares reports with the exact truth of synthetic captures: from a file with one, two and eight workers, from
// standard input, and from gzip under a name that says nothing. All are equal.
func TestSyntheticTruth(t *testing.T) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprint("seed_", seed), func(t *testing.T) {
			var pcap bytes.Buffer
			exact, err := synth.Write(&pcap, synth.Options{Packets: 20000, Seed: seed})
			if err != nil {
				t.Fatal(err)
			}
			file, packed := filepath.Join(t.TempDir(), "a"), filepath.Join(t.TempDir(), "b")
			writeFile(t, file, pcap.Bytes())
			writeFile(t, packed, zip(t, pcap.Bytes()))
			first := runJSON(t, nil, file)
			compare(t, "", asJSON(t, exact), withSum(first))
			delete(first["transactions"].(map[string]any), "unanswered_and_pending")
			for _, args := range [][]string{{"--workers", "1", file}, {"--workers", "8", file}, {"-"}, {"--workers", "3", packed}} {
				if got := runJSON(t, pcap.Bytes(), args...); !reflect.DeepEqual(got, first) {
					t.Errorf("%v: another report", args)
				}
			}
		})
	}
}

// withSum adds the sum that the truth gives in place of its parts.
func withSum(report map[string]any) map[string]any {
	tx := report["transactions"].(map[string]any)
	tx["unanswered_and_pending"] = tx["unanswered"].(float64) + tx["pending"].(float64)
	return report
}

func asJSON(t *testing.T, v any) any {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var out any
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func writeFile(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func zip(t *testing.T, data []byte) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := gzip.NewWriter(&buf)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}
