package diagnose

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"
)

// at is a packet time, in seconds after some midnight.
func at(seconds int) time.Time { return time.Date(2026, 3, 1, 0, 0, seconds, 0, time.UTC) }

// listed reads findings, separated by commas: ID SEVERITY CONFIDENCE [AFFECTED [LAST]], the last evidence in seconds and the server in the ID, as loss@192.0.2.1.
func listed(t *testing.T, text string) (list []Finding) {
	t.Helper()
	for part := range strings.SplitSeq(text, ",") {
		w := strings.Fields(part)
		if len(w) == 0 {
			continue
		}
		f := Finding{Severity: Severity(w[1])}
		f.ID, f.Scope.Server, _ = strings.Cut(w[0], "@")
		var err error
		if f.Confidence, err = strconv.ParseFloat(w[2], 64); err != nil {
			t.Fatal(err)
		}
		if len(w) > 3 {
			f.Affected = readNumber(t, w[3])
		}
		if len(w) > 4 {
			f.First, f.Last = at(0), at(int(readNumber(t, w[4])))
		}
		list = append(list, f)
	}
	return list
}

// told writes events as "started loss, ended lame".
func told(all []Event) string {
	out := make([]string, len(all))
	for i, e := range all {
		out[i] = string(e.Change) + " " + e.ID
	}
	return strings.Join(out, ", ")
}

func TestTracker(t *testing.T) {
	type step struct {
		at         int
		list, want string
	}
	for _, tt := range []struct {
		name  string
		steps []step
	}{
		{"what is sure starts at once, and once", []step{{3, "loss warning 0.9", "started loss"}, {6, "loss warning 0.9", ""}, {9, "loss warning 0.9", ""}}},
		{"what is not so sure has to be seen twice in a row", []step{
			{3, "loss warning 0.6", ""}, {6, "", ""}, {9, "loss warning 0.6", ""}, {12, "", ""}, {15, "loss warning 0.6", ""}, {18, "loss warning 0.6", "started loss"}}},
		{"at the threshold it neither ends nor starts again", []step{
			{3, "loss warning 0.9", "started loss"}, {6, "", ""}, {30, "loss warning 0.7", ""}, {33, "", ""}, {80, "loss warning 0.9", ""}, {100, "", ""}}},
		{"gone for a minute it has ended", []step{{3, "loss warning 0.9", "started loss"}, {62, "", ""}, {63, "", "ended loss"}, {66, "", ""}}},
		{"what the window still holds has ended when its evidence is a minute old", []step{
			{10, "loss warning 0.9 5 10", "started loss"}, {60, "loss warning 0.9 5 12", ""}, {71, "loss warning 0.9 5 12", ""}, {72, "loss warning 0.9 5 12", "ended loss"},
			{75, "loss warning 0.9 5 12", ""}, {200, "loss warning 0.9 5 12", ""}}},
		{"old evidence starts nothing", []step{{100, "loss warning 0.9 5 10", ""}, {103, "loss warning 0.9 5 10", ""}, {106, "loss warning 0.9 5 105", "started loss"}}},
		{"one that comes back is waited for longer", []step{
			{0, "loss warning 0.9", "started loss"}, {60, "", "ended loss"}, {70, "loss warning 0.9", "started loss"}, {140, "", ""}, {190, "", "ended loss"},
			{200, "loss warning 0.9", "started loss"}, {430, "", ""}, {440, "", "ended loss"}}},
		{"after an hour it is another one", []step{{0, "loss warning 0.9", "started loss"}, {60, "", "ended loss"}, {4000, "loss warning 0.9", "started loss"}, {4060, "", "ended loss"}}},
		{"another scope is another one", []step{{0, "loss@192.0.2.1 warning 0.9, loss@192.0.2.2 warning 0.9", "started loss, started loss"}, {60, "loss@192.0.2.2 warning 0.9", "ended loss"}}},
		{"twice in one list it is one", []step{{0, "loss warning 0.9, loss info 0.5", "started loss"}, {30, "loss warning 0.9, loss info 0.5", ""}}},
		{"a severity that rises is told at once, one that falls when it is time", []step{
			{0, "loss warning 0.9", "started loss"}, {3, "loss critical 0.9", "updated loss"}, {6, "loss warning 0.9", ""}, {33, "loss warning 0.9", "updated loss"}, {63, "loss warning 0.9", ""}}},
		{"confidence is told by tenths", []step{{0, "loss warning 0.7", ""}, {3, "loss warning 0.7", "started loss"}, {40, "loss warning 0.79", ""}, {43, "loss warning 0.8", "updated loss"},
			{80, "loss warning 0.71", ""}, {90, "loss warning 0.7", "updated loss"}}},
		{"those affected are told when they double", []step{{0, "loss warning 0.9 10", "started loss"}, {40, "loss warning 0.9 19", ""}, {43, "loss warning 0.9 20", "updated loss"},
			{46, "loss warning 0.9 400", ""}, {73, "loss warning 0.9 400", "updated loss"}, {103, "loss warning 0.9 100", ""}, {133, "loss warning 0.9 300", ""}}},
		{"time that goes backwards stands still", []step{{100, "loss warning 0.9", "started loss"}, {3, "", ""}, {99, "", ""}, {160, "", "ended loss"}}},
		{"evidence from the future is of now", []step{{0, "loss warning 0.9 5 9999", "started loss"}, {60, "", "ended loss"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var x Tracker
			for _, s := range tt.steps {
				if got := told(x.Take(at(s.at), listed(t, s.list))); got != s.want {
					t.Errorf("%d s: %q, want %q", s.at, got, s.want)
				}
			}
		})
	}
}

func TestTrackerTimes(t *testing.T) {
	var x Tracker
	x.Take(at(10), listed(t, "lame critical 0.9 5 8"))
	x.Take(at(40), listed(t, "loss warning 0.9 1 39, lame critical 0.9 6 20"))
	e := x.Take(at(90), listed(t, "loss critical 0.9 1 88"))
	if told(e) != "updated loss, ended lame" || e[0].Before.Severity != Warning || !e[0].Updated.Equal(at(90)) {
		t.Fatalf("%+v", e)
	}
	list := x.Ongoing()
	if len(list) != 2 || list[0].ID != "loss" || !list[0].Since.Equal(at(0)) || !list[0].Seen.Equal(at(88)) || !list[0].Ended.IsZero() {
		t.Errorf("%+v", list)
	}
	if lame := list[1]; lame.ID != "lame" || !lame.Since.Equal(at(0)) || !lame.Ended.Equal(at(20)) || lame.Affected != 6 {
		t.Errorf("%+v", lame)
	}
	x.Take(at(100), listed(t, "lame critical 0.9 5 100")) // its list begins before the end
	if l := x.Ongoing()[0]; l.ID != "lame" || !l.Since.Equal(at(100)) || len(x.Ongoing()) != 2 {
		t.Errorf("%+v", l)
	}
}

// A client's clock drifts: its skew does not make it another finding.
func TestTrackerLeavesOutWhatIsMeasured(t *testing.T) {
	var x Tracker
	for i, skew := range []string{"-412", "-413", "-414"} {
		e := x.Take(at(i), []Finding{{ID: "tsig-clock-skew", Severity: Critical, Confidence: 0.9, Scope: Scope{Client: "192.0.2.1", Skew: skew}}})
		if len(e) > 0 != (i == 0) {
			t.Errorf("%s: %+v", skew, e)
		}
	}
}

// TestTrackerIsBounded has ever new findings: a worse one takes the place of another, which is told to have ended.
func TestTrackerIsBounded(t *testing.T) {
	var x Tracker
	many := func(from, n int, severity string) []Finding {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "loss@192.0.2.%d %s 0.9,", from+i, severity)
		}
		return listed(t, b.String())
	}
	if e := x.Take(at(0), many(0, 1000, "warning")); len(e) != mostOngoing || len(x.Ongoing()) != mostOngoing || x.Lost() == 0 {
		t.Fatalf("%d events, %d lost", len(e), x.Lost())
	}
	e := x.Take(at(1), many(5000, 1, "critical"))
	if told(e) != "ended loss, started loss" || e[1].Severity != Critical || x.Ongoing()[0].Severity != Critical {
		t.Errorf("%s", told(e))
	}
	for i := range 50 {
		x.Take(at(100+100*i), many(10000*i, 70, "critical"))
	}
	if len(x.going) > mostOngoing || len(x.ended) > mostEnded || len(x.before) > mostOngoing+mostEnded {
		t.Errorf("%d go on, %d have ended", len(x.going), len(x.ended))
	}
}
