package watch

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/dnssniff/dnssniff/analyze"
	"github.com/dnssniff/dnssniff/analyze/record"
	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/pcaps/synth"
)

func synthetic(t testing.TB, o synth.Options) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "synth.pcap")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := synth.Write(f, o); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func asJSON(t testing.TB, r *analyze.Report) string {
	t.Helper()
	out, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// await returns the snapshot of the end.
func await(t testing.TB, w *Watcher) *Snapshot {
	t.Helper()
	for range 24000 { // two minutes: nobody waits for a watcher that hangs
		if s := w.Snapshot(); s.Done && s.Tabled.Equal(s.Taken) {
			return s
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatal("no end")
	return nil
}

// ample are limits that the samples do not reach: beyond, what is put together depends on where the parts begin.
func ample() analyze.Limits {
	l := analyze.DefaultLimits()
	l.Evidence = 1 << 15
	return l
}

// TestTheWholeIsTheReport watches files as they are read: in the end the snapshot's report has to be that of the file.
func TestTheWholeIsTheReport(t *testing.T) {
	all := samples(t)
	for i, c := range []struct {
		paths   []string
		workers int
	}{
		{[]string{"../../pcaps/office.pcap"}, 1},
		{all, 2},
		{[]string{synthetic(t, synth.Options{Packets: 60000, Seed: 3, Names: 20000, Clients: 5000})}, 1},
		{[]string{synthetic(t, synth.Options{Packets: 60000, Seed: 4})}, 3},
	} {
		conf := config(t)
		want := make([]*analyze.Summary, decode.Shards)
		for i := range want {
			want[i] = analyze.NewSummary(&conf, ample())
		}
		stats := decoded(t, c.paths, conf, c.workers, func(i int) decode.Handler { return want[i] })
		report := analyze.Build(want, &stats, analyze.Source{}, analyze.Options{Top: 1000, Workers: 1})

		w := New(&conf, Options{})
		stats = decoded(t, c.paths, conf, c.workers, w.Handler)
		w.Finish(stats)
		s := await(t, w)
		w.Close()
		if i == 1 { // what an offender does is kept of eight kinds; which they are depends on where the parts begin
			clear(s.Report.Offenders)
			clear(report.Offenders)
		}
		if got, want := asJSON(t, s.Report), asJSON(t, report); got != want {
			at := 0
			for at < min(len(got), len(want)) && got[at] == want[at] {
				at++
			}
			t.Errorf("%d: another report\n got ...%s\nwant ...%s", i, got[max(0, at-80):min(len(got), at+80)], want[max(0, at-80):min(len(want), at+80)])
		}
		settled := report.Transactions
		if n := settled.Answered + settled.Unanswered + settled.Pending + settled.Unsolicited + settled.Mismatched + settled.Late + settled.DuplicateResponses +
			settled.ConflictingResponses; s.Held+s.Dropped != n || s.Matching != s.Held || s.Missed != 0 {
			t.Errorf("%d: %d held, %d dropped, %d missed of %d", i, s.Held, s.Dropped, s.Missed, n)
		}
		if !slices.IsSortedFunc(s.Records, func(a, b *record.Record) int { return a.Time.Compare(b.Time) }) || len(s.Records) != int(min(s.Held, 2000)) {
			t.Errorf("%d: %d records", i, len(s.Records))
		}
	}
}

// matcher is a function that is a Matcher.
type matcher func(*record.Record) bool

func (m matcher) Match(r *record.Record) bool { return m(r) }

// TestNarrowed asks for the transactions of one kind: the ring's tables and those of a watcher that counts nothing else have to be of these alone.
func TestNarrowed(t *testing.T) {
	only := matcher(func(r *record.Record) bool { return r.HasResponse && r.RCODE == 3 })
	conf := config(t)
	w := New(&conf, Options{})
	defer w.Close()
	w.Finish(decoded(t, []string{"../../pcaps/office.pcap"}, conf, 1, w.Handler))
	whole := await(t, w)
	w.Refresh(All, only)
	var s *Snapshot
	for s = w.Snapshot(); !s.Narrowed; s = w.Snapshot() {
		time.Sleep(time.Millisecond)
	}
	if n := whole.Report.RCODEs["NXDOMAIN"]; s.Matching != n || s.Report.RCODEs["NXDOMAIN"] != n || len(s.Report.RCODEs) != 1 || s.Report.Messages.Responses != n || n == 0 {
		t.Errorf("%d match, %d wanted: %v", s.Matching, n, s.Report.RCODEs)
	}
	if len(s.RCODEs) != 1 || s.RCODEs[0].Last.IsZero() || s.RCODEs[0].Trend != nil || s.Where == nil || len(s.Unanswered) != 0 || len(s.Slowest) == 0 {
		t.Errorf("%+v", s.RCODEs)
	}
	for i, r := range s.Slowest[1:] {
		if r.RCODE != 3 || r.RTT > s.Slowest[i].RTT {
			t.Errorf("%v after %v", r.RTT, s.Slowest[i].RTT)
		}
	}

	conf = config(t)
	own := New(&conf, Options{Where: only})
	defer own.Close()
	own.Finish(decoded(t, []string{"../../pcaps/office.pcap"}, conf, 2, own.Handler))
	x := await(t, own)
	if x.Held != s.Matching || x.Narrowed {
		t.Errorf("%d held, want %d", x.Held, s.Matching)
	}
	for name, pair := range map[string][2][]analyze.Row{"clients": {x.Report.Clients, s.Report.Clients}, "names": {x.Report.Names, s.Report.Names}, "zones": {x.Report.Zones, s.Report.Zones}} {
		if fmt.Sprint(pair[0]) != fmt.Sprint(pair[1]) {
			t.Errorf("%s:\n got %v\nwant %v", name, pair[0], pair[1])
		}
	}
}

func TestSpans(t *testing.T) {
	for s, want := range map[Span]string{All: "all", Minute: "1 min", FiveMinutes: "5 min", FifteenMinutes: "15 min", 7: "all", -1: "all"} {
		if s.String() != want || (s.Duration() == 0) != (want == "all") {
			t.Errorf("%d: %s %v", s, s, s.Duration())
		}
	}
}

func TestEmpty(t *testing.T) {
	conf := config(t)
	w := New(&conf, Options{})
	s := w.Snapshot()
	if s.Report == nil || s.Report.RCODEs == nil || !s.Taken.IsZero() || s.Done {
		t.Errorf("%+v", s)
	}
	w.Finish(decode.Stats{})
	if s := await(t, w); s.Number < 2 {
		t.Errorf("%+v", s)
	}
	w.Close()
	w.Close()
	if w.Back(1) != nil || w.Back(0) == nil {
		t.Error("there is a past")
	}
}

// A closed watcher lets the decoder go on.
func TestClosedWhileRunning(t *testing.T) {
	conf := config(t)
	w := New(&conf, Options{})
	w.Close()
	decoded(t, []string{synthetic(t, synth.Options{Packets: 60000, Seed: 3, Names: 20000})}, conf, 2, w.Handler)
}
