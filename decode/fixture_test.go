package decode

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/dnssniff/dnssniff/capture"
	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/decode/fixture"
)

// sighting is an anomaly and the packet that completed its message; 0 where the packet is not known.
type sighting struct {
	anomaly.Seen
	packet uint64
}

func (s sighting) String() string {
	return fmt.Sprintf("%v@%d+%d#%d", s.ID, s.Offset, s.Length, s.packet)
}

// collector keeps what messages and transactions show.
type collector struct{ seen []sighting }

func (c *collector) Message(m *Message) {
	for _, a := range m.Anomalies {
		c.seen = append(c.seen, sighting{a, m.Number})
	}
}

func (c *collector) Transaction(t *Transaction) {
	for _, a := range t.Anomalies {
		s := sighting{Seen: a}
		if t.Response != nil {
			s.packet = t.Response.Number
		} else if t.Query != nil {
			s.packet = t.Query.Number
		}
		c.seen = append(c.seen, s)
	}
}

func (c *collector) Event(e *Event) {
	if e.ID != 0 {
		c.seen = append(c.seen, sighting{anomaly.Seen{ID: e.ID}, e.Number})
	}
}

// TestFixtures runs each capture of testdata/anomaly through the whole pipeline.
func TestFixtures(t *testing.T) {
	for _, f := range fixtures(t) {
		t.Run(f.Name, func(t *testing.T) {
			checkFixture(t, f, decodeFixture(t, f))
		})
	}
}

func fixtures(t *testing.T) (all []*fixture.Fixture) {
	t.Helper()
	paths, err := filepath.Glob("testdata/anomaly/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatalf("%d fixtures: %v", len(paths), err)
	}
	for _, path := range paths {
		f, err := fixture.Read(path)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, f)
	}
	return all
}

func decodeFixture(t *testing.T, f *fixture.Fixture) []sighting {
	t.Helper()
	c, err := DefaultConfig()
	if err != nil {
		t.Fatal(err)
	}
	c.InOrder = true
	var got collector
	st, err := Run(context.Background(), []capture.Source{&packets{list: f.Packets}}, c, func(int) Handler { return &got })
	if err != nil {
		t.Fatal(err)
	}
	return append(got.seen, counted(&st)...)
}

// counted returns what shows in counts only.
func counted(st *Stats) (seen []sighting) {
	for _, c := range [...]struct {
		n  uint64
		id anomaly.ID
	}{
		{st.Retransmitted, anomaly.Make('P', 3)},
		{st.TCPGaps, anomaly.Make('X', 6)},
		{st.FragmentsOdd, anomaly.Make('X', 16)},
	} {
		if c.n > 0 {
			seen = append(seen, sighting{Seen: anomaly.Seen{ID: c.id}})
		}
	}
	return seen
}

// checkFixture compares. What the fixture does not name may be there only as info, or as what pairing says of a message that is alone.
func checkFixture(t *testing.T, f *fixture.Fixture, got []sighting) {
	t.Helper()
	for _, w := range f.Want {
		if !slices.ContainsFunc(got, func(s sighting) bool { return meets(s, w) }) {
			t.Errorf("want %v@%d+%d#%d, got %v", w.ID, w.Offset, w.Length, w.Packet, got)
		}
	}
	for _, s := range got {
		named := slices.ContainsFunc(f.Want, func(w fixture.Want) bool { return w.ID == s.ID })
		switch {
		case slices.Contains(f.Never, s.ID):
			t.Errorf("%v must not be reported: %v", s.ID, got)
		case !named && s.ID.Severity() > anomaly.Info && s.ID.Group() != 'P':
			t.Errorf("%v is not expected: %v", s.ID, got)
		}
	}
}

func meets(s sighting, w fixture.Want) bool {
	return s.ID == w.ID && (w.Packet == 0 || s.packet == w.Packet) &&
		(!w.HasPlace || s.Offset == w.Offset && s.Length == w.Length)
}

// TestFixtureNames: a fixture is named after the entry it is for, and wants it or does not.
func TestFixtureNames(t *testing.T) {
	for _, f := range fixtures(t) {
		prefix, rest, _ := strings.Cut(f.Name, "_")
		id := strings.ToUpper(prefix)
		want := slices.ContainsFunc(f.Want, func(w fixture.Want) bool { return w.ID.String() == id })
		never := slices.ContainsFunc(f.Never, func(n anomaly.ID) bool { return n.String() == id })
		if want == never || never != strings.HasPrefix(rest, "not_") {
			t.Errorf("%s: want %v, never %v; a near miss is named %s_not_...", f.Name, want, never, prefix)
		}
	}
}

// coverage counts the fixtures of an entry.
type coverage struct{ triggers, misses int }

// TestCatalogueCoverage prints, by group, how many entries have a fixture that triggers them and a near miss. With -v it names those that lack one.
func TestCatalogueCoverage(t *testing.T) {
	covered := map[anomaly.ID]coverage{}
	add := func(path string) {
		f, err := fixture.Read(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range f.Want {
			c := covered[w.ID]
			c.triggers++
			covered[w.ID] = c
		}
		for _, id := range f.Never {
			c := covered[id]
			c.misses++
			covered[id] = c
		}
	}
	for _, dir := range []string{"testdata/anomaly", "../analyze/testdata/anomaly"} {
		if _, err := os.Stat(dir); err != nil {
			continue
		}
		paths, _ := filepath.Glob(dir + "/*.txt")
		for _, path := range paths {
			add(path)
		}
	}
	printCoverage(t, covered)
}

func printCoverage(t *testing.T, covered map[anomaly.ID]coverage) {
	t.Helper()
	type row struct{ entries, trigger, miss int }
	rows := map[byte]*row{}
	var groups []byte
	var lacking []string
	for id := range anomaly.All {
		r := rows[id.Group()]
		if r == nil {
			r = &row{}
			rows[id.Group()], groups = r, append(groups, id.Group())
		}
		c := covered[id]
		r.entries++
		if c.triggers > 0 {
			r.trigger++
		}
		if c.misses > 0 {
			r.miss++
		}
		if c.triggers == 0 || c.misses == 0 {
			lacking = append(lacking, fmt.Sprintf("%v %s (%d/%d)", id, id.Name(), c.triggers, c.misses))
		}
	}
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "group\tentries\ttrigger fixture\tnear miss\t")
	for _, g := range groups {
		fmt.Fprintf(w, "%c\t%d\t%d\t%d\t\n", g, rows[g].entries, rows[g].trigger, rows[g].miss)
	}
	w.Flush()
	t.Logf("fixtures of the catalogue's entries\n%s\nwithout both: %s", &b, strings.Join(lacking, ", "))
}
