package watch

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/dnssniff/dnssniff/analyze"
	"github.com/dnssniff/dnssniff/analyze/diagnose"
	"github.com/dnssniff/dnssniff/capture"
	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/pcaps/synth"
)

// packetsOf returns the packets of a file.
func packetsOf(t *testing.T, path string) (all []capture.Packet) {
	t.Helper()
	in, err := capture.Open([]string{path}, capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	src := in.Sources(1)[0]
	batch := make([]capture.Packet, 64)
	for {
		n, err := src.ReadBatch(batch)
		for _, p := range batch[:n] {
			p.Data = append([]byte(nil), p.Data...)
			all = append(all, p)
		}
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// replay sends the packets of a file as they came, at the time that they came (signatures have theirs), and then for some seconds nothing, and calls look in each second. It returns what was told.
func (l *line) replay(packets []capture.Packet, quiet int, look func(*Snapshot)) (told []string) {
	l.now = packets[0].Time
	begin := l.now
	l.a.findings.took = func(time.Time) time.Duration { return 0 }
	l.w.options.Events = func(e diagnose.Event) {
		told = append(told, fmt.Sprintf("%s %s", e.Change, e.ID))
	}
	first, next := packets[0].Time, 0
	l.run(func() ([]capture.Packet, bool) {
		l.now += 1e9
		var out []capture.Packet
		for ; next < len(packets) && packets[next].Time-first < l.now-begin; next++ {
			out = append(out, packets[next])
		}
		for ; len(out) == 0 && quiet > 0; quiet-- {
			look(l.look(2 * time.Second)) // so that quiet shards are collected
			l.now += 1e9
		}
		look(l.look(time.Second))
		return out, len(out) > 0
	})
	return told
}

// TestFindingsOfALine replays incidents: what is behind each begins once, goes on, and ends a minute after its last evidence.
func TestFindingsOfALine(t *testing.T) {
	tests := []struct{ name, id string }{
		{"incident-lame-delegation", "lame-delegation"}, {"incident-dnssec-wrong-ds", "dnssec-ds-mismatch"}, {"incident-acl-subnet", "acl-subnet"},
		{"incident-broken-client", "formerr-broken-client"}, {"incident-upstream-unreachable", "upstream-unreachable"}, {"incident-tsig-skew", "tsig-clock-skew"},
	}
	if testing.Short() {
		tests = tests[:2]
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := newLine(t, Options{})
			packets := packetsOf(t, "../../pcaps/"+tt.name+".pcap")
			begin := packets[0].Time
			var began, ended time.Time
			told := l.replay(packets, 200, func(s *Snapshot) {
				for _, o := range s.Ongoing {
					switch {
					case o.ID != tt.id:
					case began.IsZero():
						began = s.Taken
						if o.Since.UnixNano() < begin || o.Since.After(s.Taken) || !o.Ended.IsZero() || s.Ongoing[0].ID != tt.id {
							t.Errorf("%+v", o)
						}
					case !o.Ended.IsZero() && ended.IsZero():
						ended = s.Taken
						if gone := s.Taken.Sub(o.Ended); gone < diagnose.Quiet || gone > diagnose.Quiet+10*time.Second {
							t.Errorf("it ended %v ago", gone)
						}
					}
				}
			})
			all := strings.Join(told, ", ")
			if began.IsZero() || ended.IsZero() || strings.Count(all, "started "+tt.id) != strings.Count(all, "ended "+tt.id) ||
				strings.Count(all, " "+tt.id) > 4 {
				t.Errorf("began %v, ended %v: %s", began, ended, all)
			}
			t.Log(all, began.Sub(time.Unix(0, begin)), ended.Sub(time.Unix(0, begin)))
		})
	}
}

// A healthy line has no findings worth a word.
func TestHealthyLine(t *testing.T) {
	for _, name := range []string{"healthy-resolver.pcap", "healthy-busy.pcap.gz", "healthy-authoritative.pcap"} {
		l := newLine(t, Options{})
		l.replay(packetsOf(t, "../../pcaps/incident-"+name), 60, func(s *Snapshot) {
			for _, o := range s.Ongoing {
				if o.Severity != diagnose.Info {
					t.Errorf("%s: %s (%.2f)", name, o.Title, o.Confidence)
				}
			}
		})
	}
}

// TestDiagnosingTakesAShare has a diagnosis that takes long: the next one waits for many times that.
func TestDiagnosingTakesAShare(t *testing.T) {
	l := newLine(t, Options{})
	l.run(func() ([]capture.Packet, bool) {
		if l.a.windows.any {
			return nil, false
		}
		l.a.step(l.wall)
		return exchange(t, "a.example.", 2, 1, l.now), true
	})
	n := 0
	took := time.Duration(0)
	l.a.findings.took = func(time.Time) time.Duration { n++; return took }
	for range 10 {
		l.look(time.Second)
	}
	if n < 3 || n > 4 {
		t.Errorf("%d times in 10 s", n)
	}
	took, n = time.Second, 0
	for range 100 {
		l.look(time.Second)
	}
	if n < 2 || n > 3 {
		t.Errorf("%d times of a second in 100 s", n)
	}
}

// A watcher of a file leaves findings to the report, and one that counts chosen transactions has none.
func TestFindingsOfAFileAreTheReports(t *testing.T) {
	conf := config(t)
	w := New(&conf, Options{})
	defer w.Close()
	w.Finish(decoded(t, []string{"../../pcaps/office.pcap"}, conf, 1, w.Handler))
	if s := await(t, w); s.Ongoing != nil || len(s.Report.Findings) == 0 {
		t.Errorf("%d going on, %d found", len(s.Ongoing), len(s.Report.Findings))
	}
}

// BenchmarkDiagnose diagnoses five minutes in which all slots are full.
func BenchmarkDiagnose(b *testing.B) {
	conf := config(b)
	path := synthetic(b, synth.Options{Packets: 200000, Seed: 3, Names: 50000, Clients: 20000})
	counted := analyze.NewSummary(&conf, slotLimits(slotNames))
	decoded(b, []string{path}, conf, 1, func(int) decode.Handler { return counted })
	full := analyze.NewSum(conf.Seed, slotLimits(slotNames))
	counted.Turn(full)
	w := newWindows(conf.Seed, Options{}.withDefaults().Limits)
	const seconds = 5
	for at := int64(0); at < 600e9; at += seconds * 1e9 {
		w.take(&part{since: at, until: at + seconds*1e9, sum: full})
		w.move(at)
		w.expire(at)
	}
	sums, stats, _ := w.span(FiveMinutes, 600e9)
	b.ReportAllocs()
	for b.Loop() {
		analyze.Diagnose(sums, &stats)
	}
}
