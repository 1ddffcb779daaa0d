package text

import (
	"strings"
	"testing"
	"time"

	"github.com/dnssniff/dnssniff/analyze"
)

// TestOneWayIsNotATimeout checks that nothing is said about what was not captured.
func TestOneWayIsNotATimeout(t *testing.T) {
	for name, report := range map[string]*analyze.Report{analyze.OnlyQueries: onlyQueriesReport(), analyze.OnlyResponses: onlyResponsesReport()} {
		out := render(t, report, Options{})
		if !strings.Contains(out, "Health of the capture\n  ! only "+name+" were captured") {
			t.Errorf("%s: not the first line of health:\n%s", name, out)
		}
		for _, wrong := range []string{"no response", "timeout", "settled", "100.0%  no"} {
			if strings.Contains(out, wrong) {
				t.Errorf("%s: %q is in\n%s", name, wrong, out)
			}
		}
		for _, c := range transactions(report, Options{}).tables[0].rows {
			if c[2].text != "" || c[0].style == bad {
				t.Errorf("%s: %+v has a share, or is bad", name, c)
			}
		}
		if strings.Count(out, "unanswered") > 1 { // in the block of transactions only
			t.Errorf("%s: more than one line of unanswered queries:\n%s", name, out)
		}
	}
}

func TestClock(t *testing.T) {
	const minute = 60
	pauses := func(width float64, counts ...uint64) analyze.Series {
		return analyze.Series{Start: at("2026-03-01T12:00:00Z"), Width: width, Queries: counts, Responses: make([]uint64, len(counts))}
	}
	for _, tt := range []struct {
		name               string
		packets, messages  float64 // seconds
		total              uint64
		series             analyze.Series
		apart, pause       bool
		pauseFrom, pauseOf string
	}{
		{name: "nothing"},
		{name: "same", packets: 1000, messages: 1000, total: 100},
		{name: "short_capture", packets: 50, messages: 1, total: 100},
		{name: "stray_packet", packets: 1000, messages: 99, total: 100, apart: true},
		{name: "lone_message", packets: 1000, total: 1},
		{name: "late_message", packets: 11 * minute, messages: 11 * minute, total: 100, series: pauses(minute, 99, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1), pause: true, pauseFrom: "12:01:00", pauseOf: "9m 00s of 11m 00s"},
		{name: "half_of_it", packets: 4 * minute, messages: 4 * minute, total: 100, series: pauses(minute, 50, 0, 0, 50)},
		{name: "few_messages", packets: 11 * minute, messages: 11 * minute, total: 2, series: pauses(minute, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1)},
		{name: "seconds", packets: 11, messages: 11, total: 100, series: pauses(1, 99, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := &analyze.Report{Source: analyze.Source{Duration: tt.packets}, Messages: analyze.Messages{Total: tt.total, Duration: tt.messages}, Series: tt.series}
			var said []string
			for _, c := range clock(r, Options{}) {
				said = append(said, c.text)
			}
			all := strings.Join(said, "\n")
			if got := strings.Contains(all, "the packets span"); got != tt.apart {
				t.Errorf("packets and messages apart: %v, want %v: %s", got, tt.apart, all)
			}
			if got := strings.Contains(all, "no DNS message for"); got != tt.pause || !strings.Contains(all, tt.pauseFrom) || !strings.Contains(all, tt.pauseOf) {
				t.Errorf("a pause: %v, want %v, %s from %s: %s", got, tt.pause, tt.pauseOf, tt.pauseFrom, all)
			}
		})
	}
}

// TestRatesAreOverTheMessagesTime has a packet of 1970 beside ten seconds of DNS.
func TestRatesAreOverTheMessagesTime(t *testing.T) {
	r := onlyQueriesReport()
	r.Source.First, r.Source.Duration, r.Messages.Duration = time.Unix(0, 0), 1.77e9, 10
	out := render(t, r, Options{})
	for _, want := range []string{"300 at 30.0/s", "300 in 10.0 s", "A           200  66.4%  20.0/s", "P03  query-retransmit  info         2  0.20/s"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}

func TestHistogramOfOneFits(t *testing.T) {
	l := analyze.Latency{Count: 1, Max: 0.021, Histogram: []analyze.LatencyBucket{{UpTo: 0.05, Count: 1}}}
	out := render(t, &analyze.Report{Latency: l}, Options{})
	if want := "\n  ≤ 50 µs  1  100.0%  " + strings.Repeat("█", barMax) + "\n"; !strings.Contains(out, want) {
		t.Errorf("no %q in\n%s", want, out)
	}
}
