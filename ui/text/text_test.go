package text

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/dnssniff/dnssniff/analyze"
	"github.com/dnssniff/dnssniff/ui/sanitize"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func render(t *testing.T, r *analyze.Report, o Options) string {
	t.Helper()
	var b bytes.Buffer
	if err := Report(&b, r, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; run with -update and read the diff. Got:\n%s", name, got)
	}
}

func TestReportGolden(t *testing.T) {
	for name, report := range testReports {
		for _, width := range []int{80, 100, 140} {
			golden(t, fmt.Sprintf("%s_%d.golden", name, width), render(t, report(), Options{Width: width}))
		}
	}
	for _, name := range []string{"busy", "hostile"} {
		golden(t, name+"_100_color.golden", render(t, testReports[name](), Options{Width: 100, Color: true}))
		golden(t, name+"_100_ascii.golden", render(t, testReports[name](), Options{Width: 100, ASCII: true}))
	}
	golden(t, "busy_80_top2.golden", render(t, busyReport(), Options{Top: 2}))
}

var colours = regexp.MustCompile("\x1b\\[[0-9]+m")

// TestReportIsSafeAndFits holds whatever the report says.
func TestReportIsSafeAndFits(t *testing.T) {
	for name, report := range testReports {
		for _, o := range everyLook() {
			out := render(t, report(), o)
			if !o.Color && strings.Contains(out, "\x1b") {
				t.Errorf("%s %+v: an escape without colour", name, o)
			}
			out = colours.ReplaceAllString(out, "")
			if !o.Color && out != render(t, report(), o) {
				t.Errorf("%s %+v: differs between runs", name, o)
			}
			checkLines(t, fmt.Sprintf("%s %+v", name, o), out, o)
		}
	}
}

func everyLook() (all []Options) {
	for _, width := range []int{0, 80, 81, 93, 100, 120, 140, 400} {
		for _, color := range []bool{false, true} {
			for _, ascii := range []bool{false, true} {
				all = append(all, Options{Width: width, Color: color, ASCII: ascii, Top: 0}, Options{Width: width, Color: color, ASCII: ascii, Top: 25})
			}
		}
	}
	return all
}

func checkLines(t *testing.T, name, out string, o Options) {
	t.Helper()
	if !strings.HasSuffix(out, "\n") || strings.HasSuffix(out, "\n\n") || strings.Contains(out, "\n\n\n") {
		t.Errorf("%s: does not end in one newline, or has two empty lines", name)
	}
	for n, line := range strings.Split(out, "\n") {
		if w := sanitize.Width(line); w > max(80, o.Width) {
			t.Errorf("%s: line %d is %d wide: %q", name, n+1, w, line)
		}
		if strings.HasSuffix(line, " ") {
			t.Errorf("%s: line %d ends in a space: %q", name, n+1, line)
		}
		if line != sanitize.String(line) || o.ASCII && utf8.RuneCountInString(line) != len(line) {
			t.Errorf("%s: line %d holds what it must not: %q", name, n+1, line)
		}
	}
}

func TestColourOnlyRepeats(t *testing.T) {
	for name, report := range testReports {
		plain := render(t, report(), Options{Width: 100})
		if coloured := colours.ReplaceAllString(render(t, report(), Options{Width: 100, Color: true}), ""); coloured != plain {
			t.Errorf("%s: says something else in colour", name)
		}
	}
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, os.ErrClosed }

func TestReportReturnsTheWritersError(t *testing.T) {
	if err := Report(brokenPipe{}, &analyze.Report{}, Options{}); !errors.Is(err, os.ErrClosed) {
		t.Errorf("got %v, want %v", err, os.ErrClosed)
	}
}

func TestReportLeavesItsInputAlone(t *testing.T) {
	r, same := busyReport(), busyReport()
	render(t, r, Options{Top: 1})
	if a, b := render(t, r, Options{}), render(t, same, Options{}); a != b {
		t.Error("a report prints otherwise the second time")
	}
}

func TestNumbers(t *testing.T) {
	for _, tt := range []struct{ name, got, want string }{
		{"number_small", number(999), "999"}, {"number_thousand", number(1000), "1,000"}, {"number_max", number(math.MaxUint64), "18,446,744,073,709,551,615"},
		{"count_one", count(1, "packet"), "1 packet"}, {"count_query", count(2, "open query"), "2 open queries"}, {"count_none", count(0, "packet"), "0 packets"},
		{"percent_no_whole", percent(1, 0), ""}, {"percent_none", percent(0, 9), "0.0%"}, {"percent_a_trace", percent(1, 1e9), "<0.1%"},
		{"percent_almost_all", percent(1e9-1, 1e9), ">99.9%"}, {"percent_all", percent(9, 9), "100.0%"}, {"percent_rounds", percent(12345, 100000), "12.3%"},
		{"rate_no_time", rate(5, 0), ""}, {"rate_nan", rate(5, math.NaN()), ""}, {"rate_slow", rate(1, 1e6), "<0.01/s"}, {"rate", rate(1, 4), "0.25/s"},
		{"rate_tens", rate(123, 10), "12.3/s"}, {"rate_thousands", rate(12345, 1), "12,345/s"}, {"rate_absurd", rate(math.MaxUint64, 1e-9), "1.84e+28/s"},
		{"millis_tiny", millis(0.00125, false), "1.25 µs"}, {"millis_micro", millis(0.5, true), "500 us"}, {"millis_rounds_up", millis(0.9996, false), "1.00 ms"},
		{"millis", millis(12.34, false), "12.3 ms"}, {"millis_hundreds", millis(812, false), "812 ms"}, {"millis_seconds", millis(4912.3, false), "4.91 s"},
		{"millis_negative", millis(-1.5, false), "-1.50 ms"}, {"bound", bound(5, false), "5 ms"}, {"bound_part", bound(2500, false), "2.5 s"}, {"bound_tens", bound(100, false), "100 ms"}, {"bound_none", bound(0, true), "0 us"},
		{"span_seconds", span(12.5, false), "12.5 s"}, {"span_minutes", span(1000, false), "16m 40s"}, {"span_hours", span(3725, false), "1h 02m"},
		{"span_days", span(90000, false), "1d 01h"}, {"span_rounds_into_hours", span(3599.9, false), "1h 00m"},
		{"bar_sliver", bar(1e-9, 10, false), "▏"}, {"bar_full", bar(2, 4, false), "████"}, {"bar_half", bar(0.5, 3, false), "█▌"}, {"bar_ascii", bar(0.5, 4, true), "##"},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, tt.got, tt.want)
		}
	}
}

func TestSpark(t *testing.T) {
	counts := []uint64{0, 1, 50, 100}
	if got := spark(counts, false); got != " ▁▄█" {
		t.Errorf("got %q", got)
	}
	if got := spark(counts, true); got != " .=@" {
		t.Errorf("got %q", got)
	}
	if got := merged(counts, 3); len(got) != 2 || got[0] != 51 || got[1] != 100 {
		t.Errorf("merged: got %v", got)
	}
}

func BenchmarkReport(b *testing.B) {
	r := busyReport()
	b.ReportAllocs()
	for b.Loop() {
		if err := Report(&bytes.Buffer{}, r, Options{Width: 120, Color: true}); err != nil {
			b.Fatal(err)
		}
	}
}
