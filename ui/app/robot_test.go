package app

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gdamore/tcell/v2"

	"github.com/dnssniff/dnssniff/analyze"
	"github.com/dnssniff/dnssniff/analyze/record"
	"github.com/dnssniff/dnssniff/analyze/watch"
	"github.com/dnssniff/dnssniff/capture"
	"github.com/dnssniff/dnssniff/decode"
)

var update = flag.Bool("update", false, "rewrite the golden screens")

// source gives snapshots made by hand. What it is asked to narrow it narrows at once, from all of its records.
type source struct {
	mu    sync.Mutex
	whole *watch.Snapshot
	now   *watch.Snapshot
	past  []*watch.Snapshot
	asked int
	slow  bool // keeps what it is asked to itself
}

func (s *source) Snapshot() *watch.Snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *source) set(n *watch.Snapshot) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.whole, s.now = n, n
}

func (s *source) Refresh(span watch.Span, where watch.Matcher) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	if s.slow {
		return
	}
	next := *s.whole
	if where != nil {
		next = *preview(s.whole, where.(*narrowing))
	}
	next.Where, next.Span = where, span
	s.now = &next
}

func (s *source) Back(n int) *watch.Snapshot {
	if n >= len(s.past) {
		return nil
	}
	return s.past[n]
}

// captured makes a snapshot of a capture file.
func captured(t testing.TB, path string) *watch.Snapshot {
	t.Helper()
	conf, err := decode.DefaultConfig()
	if err != nil {
		t.Fatal(err)
	}
	conf.KeepNames, conf.KeepData, conf.InOrder = true, true, true
	in, err := capture.Open([]string{path}, capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	h := &keeper{}
	for range decode.Shards {
		h.all = append(h.all, analyze.NewSummary(&conf, analyze.DefaultLimits()))
	}
	stats, err := decode.Run(t.Context(), in.Sources(1), conf, func(i int) decode.Handler { return shardKeeper{h.all[i], h} })
	if err != nil {
		t.Fatal(err)
	}
	src := analyze.Source{Files: []string{filepath.Base(path)}, Settings: analyze.SettingsOf(&conf)}
	r := analyze.Build(h.all, &stats, src, analyze.Options{Top: 1000, Workers: 1})
	slices.SortStableFunc(h.records, func(a, b *record.Record) int { return a.Time.Compare(b.Time) })
	return snapshotOf(r, h.records)
}

// keeper keeps all transactions.
type keeper struct {
	all     []*analyze.Summary
	records []*record.Record
}

type shardKeeper struct {
	*analyze.Summary
	keeper *keeper
}

func (k shardKeeper) Transaction(x *decode.Transaction) {
	k.Summary.Transaction(x)
	r := record.Of(x, 4096)
	k.keeper.records = append(k.keeper.records, &r)
}

// snapshotOf fills in what the watcher makes of a report and its transactions.
func snapshotOf(r *analyze.Report, records []*record.Record) *watch.Snapshot {
	s := &watch.Snapshot{Number: 1, Report: r, Records: records, Matching: uint64(len(records)), Held: uint64(len(records)), Done: true,
		From: r.Source.First, Taken: r.Source.Last}
	t := newTally()
	for _, x := range records {
		t.add(x)
		switch x.Status {
		case decode.Answered:
			s.Slowest = append(s.Slowest, x)
		case decode.Unanswered:
			s.Unanswered = append(s.Unanswered, x)
		}
	}
	slices.SortStableFunc(s.Slowest, func(a, b *record.Record) int { return int(b.RTT - a.RTT) })
	s.Slowest = s.Slowest[:min(len(s.Slowest), 100)]
	s.RCODEs = t.rcodes()
	for i := range s.RCODEs {
		c := &s.RCODEs[i]
		c.Rate = float64(c.Count) / max(r.Messages.Duration, 1)
		for k := range watch.TrendPoints {
			c.Trend = append(c.Trend, uint64(k)*c.Count/100)
		}
	}
	return s
}

// robot presses keys and reads the screen.
type robot struct {
	testing.TB
	app    *App
	src    *source
	screen tcell.SimulationScreen
}

// start runs the application on a screen of some size.
func start(t testing.TB, s *watch.Snapshot, width, height int, edit func(*Options)) *robot {
	t.Helper()
	r := &robot{TB: t, src: &source{whole: s, now: s}, screen: tcell.NewSimulationScreen("UTF-8")}
	o := Options{Interval: time.Hour, Color: true, Status: func() Status { return Status{Source: "office.pcap"} }}
	if edit != nil {
		edit(&o)
	}
	r.app = New(r.src, o)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- r.app.Run(ctx, r.screen) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	r.do(func() {})
	r.resize(width, height)
	return r
}

// do calls a function in the event loop after all keys pressed so far, and waits for it and for the jobs aside.
func (r *robot) do(f func()) {
	r.Helper()
	for first := true; ; first = false {
		done := make(chan int)
		r.app.post(func() {
			if first {
				f()
			}
			done <- r.app.busy
		})
		select {
		case busy := <-done:
			if busy == 0 {
				return
			}
		case <-time.After(20 * time.Second):
			r.Fatal("the event loop does not answer")
		}
	}
}

func (r *robot) resize(width, height int) {
	r.screen.SetSize(width, height)
	r.do(func() {})
}

var named = map[string]tcell.Key{"Enter": tcell.KeyEnter, "Esc": tcell.KeyEscape, "Tab": tcell.KeyTab, "BackTab": tcell.KeyBacktab, "Up": tcell.KeyUp,
	"Down": tcell.KeyDown, "Left": tcell.KeyLeft, "Right": tcell.KeyRight, "Home": tcell.KeyHome, "End": tcell.KeyEnd, "PgUp": tcell.KeyPgUp,
	"PgDn": tcell.KeyPgDn, "Ctrl-L": tcell.KeyCtrlL, "Space": tcell.KeyRune}

// press presses keys: those of named, else each letter.
func (r *robot) press(keys ...string) {
	r.Helper()
	for _, k := range keys {
		if key, ok := named[k]; ok && k != "Space" {
			r.app.tv.QueueEvent(tcell.NewEventKey(key, 0, tcell.ModNone))
			continue
		}
		if k == "Space" {
			k = " "
		}
		for _, c := range k {
			r.app.tv.QueueEvent(tcell.NewEventKey(tcell.KeyRune, c, tcell.ModNone))
		}
	}
	r.do(func() {})
}

// tick lets the time of a redraw come.
func (r *robot) tick() { r.do(r.app.tick) }

// text returns the screen as text, lines without spaces at their ends.
func (r *robot) text() string {
	r.do(func() {})
	var out string
	done := make(chan bool)
	r.app.post(func() {
		r.app.tv.ForceDraw()
		out = read(r.screen)
		close(done)
	})
	<-done
	return out
}

func read(screen tcell.Screen) string {
	w, h := screen.Size()
	var b strings.Builder
	for y := range h {
		var l strings.Builder
		for x := 0; x < w; {
			s, _, n := screen.Get(x, y)
			l.WriteString(s)
			if s == "" {
				l.WriteByte(' ')
			}
			x += max(n, 1)
		}
		b.WriteString(strings.TrimRight(l.String(), " ") + "\n")
	}
	return b.String()
}

func golden(t testing.TB, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (go test -update rewrites it); got:\n%s", path, got)
	}
}
