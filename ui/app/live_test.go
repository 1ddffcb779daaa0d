package app

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gdamore/tcell/v2"

	"github.com/dnssniff/dnssniff/analyze"
	"github.com/dnssniff/dnssniff/analyze/record"
	"github.com/dnssniff/dnssniff/analyze/watch"
)

func TestMouseEvents(t *testing.T) {
	r := start(t, captured(t, office), 100, 30, func(o *Options) { o.Mouse = true })
	click := func(x, y int) {
		r.app.tv.QueueEvent(tcell.NewEventMouse(x, y, tcell.Button1, tcell.ModNone))
		r.app.tv.QueueEvent(tcell.NewEventMouse(x, y, tcell.ButtonNone, tcell.ModNone))
		r.do(func() {})
	}
	place := func() int {
		return slices.IndexFunc(strings.Split(r.text(), "\n"), func(l string) bool { return strings.Contains(l, "FORMERR  ") })
	}
	first := place()
	click(4, first)
	has(t, r.text(), "> FORMERR")
	y := place()
	r.app.tv.QueueEvent(tcell.NewEventMouse(4, y, tcell.WheelDown, tcell.ModNone))
	r.do(func() {})
	has(t, r.text(), "> NOTIMP") // three rows on
	click(4, y)
	click(4, y)
	has(t, r.text(), "FORMERR › Clients")
	r.press("Esc", "BackTab")
	click(4, first) // the table is longer when it is in focus, and the second click is still meant for the same row
	click(4, first)
	has(t, r.text(), "FORMERR › Clients")
}

func TestPaste(t *testing.T) {
	r := start(t, captured(t, office), 100, 30, func(o *Options) { o.Where = parseWhere })
	paste := func(s string) {
		r.app.tv.QueueEvent(tcell.NewEventPaste(true))
		for _, c := range s {
			r.app.tv.QueueEvent(tcell.NewEventKey(tcell.KeyRune, c, tcell.ModNone))
		}
		r.app.tv.QueueEvent(tcell.NewEventPaste(false))
		r.do(func() {})
	}
	paste("q0w") // no keys: nothing happens
	has(t, r.text(), "\nOverview")
	r.press(":")
	paste("rcode == 3\x1b")
	has(t, r.text(), "where: rcode == 3")
	r.press("Enter")
	has(t, r.text(), "110 transactions")
}

func TestExpressionFromTheStart(t *testing.T) {
	r := start(t, captured(t, office), 100, 30, func(o *Options) { o.Where, o.Expression = parseWhere, "rcode == 3" })
	has(t, r.text(), "where rcode == 3", "110 transactions")
}

func TestNeighbours(t *testing.T) {
	r := start(t, captured(t, office), 100, 30, nil)
	r.press("0", "Enter")
	first := strings.Split(r.text(), "\n")[1]
	r.press("n")
	second := strings.Split(r.text(), "\n")[1]
	r.press("N")
	if again := strings.Split(r.text(), "\n")[1]; again != first || first == second {
		t.Errorf("%s, %s, %s", first, second, again)
	}
	r.press("N")
	has(t, r.text(), "there is no other")
	r.press("q")
	has(t, r.text(), "\nTransactions\n")
}

func TestNarrowingHasAnEnd(t *testing.T) {
	r := start(t, captured(t, office), 100, 30, nil)
	r.press("Tab")
	for range 2 * deepest {
		r.press("+")
	}
	has(t, r.text(), "narrow enough")
	for range deepest {
		r.press("Esc")
	}
	has(t, r.text(), "\nOverview\n", "545 responses")
}

// The status line tells what spoils the numbers, however narrow it is.
func TestStatusLine(t *testing.T) {
	whole := captured(t, office)
	s := *whole
	s.Done, s.Approximate = false, []string{"names"}
	s.Rates = watch.Rates{Over: 10 * time.Second, Packets: 1234, Messages: 1200, Answered: 0.5, Settled: 200, P50: time.Millisecond, P95: 20 * time.Millisecond, Measured: 100}
	for _, tt := range []struct {
		name  string
		st    Status
		width int
		want  []string
	}{
		{"live_wide", Status{Source: "eth0", Live: true}, 200, []string{"eth0", "live", "1,234 pkt/s", "1,200 msg/s", "50.0% of 200 answered", "p50 1.00 ms", "p95 20.0 ms", "drops 0", "approximate: names", "over 10.0 s"}},
		{"live_drops_narrow", Status{Source: "eth0", Live: true, Dropped: 7}, 60, []string{"eth0", "kernel dropped 7", "50.0% of 200 answered"}},
		{"trouble", Status{Source: "eth0", Live: true, Trouble: "eth0 is down"}, 60, []string{"! eth0 is down"}},
		{"reading", Status{Source: "x.pcap", Read: 30, Total: 120}, 100, []string{"reading 25%"}},
	} {
		var got strings.Builder
		for _, x := range statusLine(tt.st, &s, look{}, tt.width) {
			got.WriteString(x.text)
		}
		if w := len([]rune(got.String())); w > tt.width {
			t.Errorf("%s: %d columns", tt.name, w)
		}
		for _, want := range tt.want {
			if !strings.Contains(got.String(), want) {
				t.Errorf("%s: %q lacks %q", tt.name, got.String(), want)
			}
		}
	}
}

// Very many rows are arranged aside, and what was asked for last is what is shown.
func TestManyRowsAreArrangedAside(t *testing.T) {
	r := start(t, million(10*syncRows), 100, 30, nil)
	r.press("4")
	has(t, r.text(), "> host0.zone0.example.", "1/200,000")
	r.press("Right", "s", "s")
	has(t, r.text(), "> host199999.zone999.example.")
	r.press("Down")
	has(t, r.text(), "> host199998.zone998.example.")
	next := *r.src.whole
	r.src.set(&next)
	r.tick()
	has(t, r.text(), "> host199998.zone998.example.", "2/200,000")
	r.press("/")
	r.press("host7777.")
	has(t, r.text(), "host7777.zone777.example.", ": 1")
	r.press("Esc")
	r.press("S")
	r.press("End")
	has(t, r.text(), "> host199999.zone999.example.")
}

// The ticker brings new snapshots by itself, and quitting ends it.
func TestTicker(t *testing.T) {
	s := captured(t, office)
	r := start(t, s, 100, 30, func(o *Options) { o.Interval = time.Millisecond })
	next := *s
	next.RCODEs = s.RCODEs[:1]
	r.src.set(&next)
	for range 2000 {
		if !strings.Contains(r.text(), "FORMERR       1") {
			break
		}
		time.Sleep(time.Millisecond)
	}
	hasNot(t, r.text(), "FORMERR       1")
}

func TestQuit(t *testing.T) {
	for _, key := range []*tcell.EventKey{tcell.NewEventKey(tcell.KeyRune, 'q', tcell.ModNone), tcell.NewEventKey(tcell.KeyCtrlC, 0, tcell.ModNone)} {
		s := captured(t, office)
		a := New(&source{whole: s, now: s}, Options{Interval: time.Millisecond})
		screen := tcell.NewSimulationScreen("UTF-8")
		ended := make(chan error, 1)
		go func() { ended <- a.Run(context.Background(), screen) }()
		a.tv.QueueEvent(key)
		select {
		case err := <-ended:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(20 * time.Second):
			t.Fatal("it does not end")
		}
	}
}

// A live line whose server is silent shows who gets no answers.
func TestLive(t *testing.T) {
	s := *captured(t, office)
	report := *s.Report
	report.Source.OneWay = analyze.OnlyQueries
	report.Packets.SnaplenCut = 12
	s.Report, s.Done = &report, false
	s.Rates = watch.Rates{Over: 10 * time.Second}
	s.Tabled = s.Taken.Add(-time.Minute)
	s.Records = nil // of which the newest would be told from
	s.RCODEs[0].Last, s.RCODEs[1].Last, s.RCODEs[2].Last = s.Taken, s.Taken.Add(-30*time.Second), s.Taken.Add(-5*time.Minute)
	r := start(t, &s, 160, 40, func(o *Options) { o.Status = func() Status { return Status{Source: "eth0", Live: true} } })
	has(t, r.text(), "eth0  live", "only queries", "last minute", "now", "30 s ago", "5m 00s ago", "tables as of 12:14:32", "cut by snaplen 12")
	r.press("7")
	has(t, r.text(), "192.0.2.99")
	r.press("6")
	has(t, r.text(), "p50")
}

// A file with one direction says what cannot be told.
func TestOneWay(t *testing.T) {
	s := *captured(t, office)
	report := *s.Report
	report.Source.OneWay = analyze.OnlyResponses
	s.Report = &report
	r := start(t, &s, 140, 40, nil)
	for key, want := range map[string]string{"1": "only responses", "6": "nothing can be said about latency", "7": "nobody can tell what was answered"} {
		r.press(key)
		has(t, r.text(), want)
	}
	r.press("2")
	hasNot(t, r.text(), "unanswered")
}

// Rows lead to the guide: codes, anomalies, extended errors, outcomes, transactions; Escape leads back.
func TestGuide(t *testing.T) {
	r := start(t, captured(t, office), 100, 40, nil)
	for _, tt := range []struct {
		keys []string
		want []string
	}{
		{[]string{"1", "Tab", "Down", "e"}, []string{"Overview › guide", "NXDOMAIN  the name does not exist", "Means", "Does not mean"}},
		{[]string{"1", "Down", "Down", "e", "End"}, []string{"See also", "RFC 6891 section 7"}},
		{[]string{"8", "e"}, []string{"Anomalies › guide", "H09 qdcount-gt1", "What servers answered, as measured", "FORMERR: BIND"}},
		{[]string{"7", "e"}, []string{"retries-and-timeouts  who waits for whom"}},
		{[]string{"9", "End", "e"}, []string{"BADKEY  the server does not know this key"}},
		{[]string{"4", "e"}, []string{"the guide has no page about this row"}},
	} {
		r.press(tt.keys...)
		has(t, r.text(), tt.want...)
		if !strings.Contains(r.text(), "no page") {
			r.press("Esc")
			hasNot(t, r.text(), "› guide")
		}
		r.press("g")
	}
	r.press("0", "/", "F", "O", "R", "M", "E", "R", "R", "Enter", "e")
	has(t, r.text(), "Transactions › guide")
	r.press("End")
	hasNot(t, r.text(), "{server}", "{client}", "{name}")
}

// What is not kept of a message is said to be so.
func TestMessageKeptInPart(t *testing.T) {
	x := *captured(t, office).Records[0]
	x.Query, x.Response = x.Query[:20], nil
	e := exchange(&x, []string{"a.pcap"}, 5)
	if len(e.Remarks) != 2 || !strings.Contains(e.Remarks[0], "the first 20 are kept") {
		t.Errorf("%q", e.Remarks)
	}
}

// TestQuietLine: a line on which there was traffic is not one that has seen none.
func TestQuietLine(t *testing.T) {
	seen := &watch.Snapshot{Report: &analyze.Report{}, Records: []*record.Record{{}}}
	for want, s := range map[string]*watch.Snapshot{"no packet yet": {Report: &analyze.Report{}}, "no packet now": seen} {
		var line string
		for _, part := range statusLine(Status{Source: "eth0", Live: true}, s, look{}, 100) {
			line += part.text
		}
		if !strings.Contains(line, want) {
			t.Errorf("%q does not say %q", line, want)
		}
	}
}

// TestStatusOfKeptPackets: what was not written is said as long as there is a capture.
func TestStatusOfKeptPackets(t *testing.T) {
	s := &watch.Snapshot{Report: &analyze.Report{}}
	for _, width := range []int{40, 100} {
		var line string
		for _, part := range statusLine(Status{Source: "eth0", Live: true, NotWritten: 1234, Trouble: "disk"}, s, look{}, width) {
			line += part.text
		}
		if !strings.Contains(line, "! disk") || !strings.Contains(line, "! not written 1,234") && width > 40 {
			t.Errorf("%d: %q", width, line)
		}
	}
}
