package decode

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dnssniff/dnssniff/capture"
	"github.com/dnssniff/dnssniff/decode/fixture"
)

var update = flag.Bool("update", false, "write the golden files")

// events are what a Handler is told of, in a line each.
type events struct {
	lines []string
	all   bool // anomalies that are nothing more, too
}

func (*events) Message(*Message)         {}
func (*events) Transaction(*Transaction) {}

func (v *events) Event(e *Event) {
	if e.Kind != KindAnomaly || v.all {
		v.lines = append(v.lines, eventLine(e))
	}
}

// eventLine has the fields of an event that are valid.
func eventLine(e *Event) string {
	proto := [...]string{UDP: "udp", TCP: "tcp", MDNS: "mdns", LLMNR: "llmnr"}[e.Proto]
	kind := [...]string{"anomaly", "icmp", "opened", "unanswered", "half-open", "reset", "fragments lost"}[e.Kind]
	s := fmt.Sprintf("packet %d %s %s %s#%d > %s#%d", e.Number, kind, proto, e.Client, e.ClientPort, e.Server, e.ServerPort)
	if e.ID != 0 {
		s += " " + e.ID.String()
	}
	switch e.Kind {
	case KindICMP:
		s += fmt.Sprintf(" %v of %d bytes from server %t", icmpLine(&e.ICMP), e.Length, e.FromServer)
	case KindOpened:
		s += fmt.Sprintf(" after %d ms, tries %d, rtt %d ms", sinceFirst(e), e.Tries, e.RTT/1e6)
	case KindUnanswered, KindHalfOpen:
		s += fmt.Sprintf(" for %d ms, tries %d", sinceFirst(e), e.Tries)
		if e.Kind == KindUnanswered {
			s += [...]string{Silence: ", silence", RefusedByRST: ", RST", RefusedByICMP: ", " + icmpLine(&e.ICMP)}[e.Refusal]
		}
	case KindReset:
		s += fmt.Sprintf(" by server %t, bytes %d, finished %t", e.FromServer, e.Bytes, e.Finished)
	case KindFragmentsLost:
		s += fmt.Sprintf(" from server %t in %d ms, %d fragments, bytes %d of %d, first %t, contradicted %t", e.FromServer, sinceFirst(e), e.Fragments, e.Bytes, e.Length,
			e.FirstFragment, e.Contradicted)
	case KindAnomaly:
	}
	return s
}

func sinceFirst(e *Event) int64 {
	if e.First == 0 {
		return -1
	}
	return (e.Time - e.First) / 1e6
}

func icmpLine(i *ICMP) string {
	return fmt.Sprintf("ICMPv%d %d/%d by %s mtu %d", i.IPVersion, i.Type, i.Code, i.From, i.MTU)
}

// eventsOf runs packets through n workers, and returns the events of all shards.
func eventsOf(t *testing.T, list []capture.Packet, n int, all bool) []string {
	t.Helper()
	c, err := DefaultConfig()
	if err != nil {
		t.Fatal(err)
	}
	sources := make([]capture.Source, n)
	for i := range sources {
		sources[i] = &packets{list: list}
	}
	var shards [Shards]events
	if _, err := Run(context.Background(), sources, c, func(shard int) Handler { shards[shard].all = all; return &shards[shard] }); err != nil {
		t.Fatal(err)
	}
	var lines []string
	for i := range shards {
		lines = append(lines, shards[i].lines...)
	}
	return lines
}

// TestEvents has the events of each capture of testdata/event, by shard, with any number of workers.
func TestEvents(t *testing.T) {
	paths, err := filepath.Glob("testdata/event/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatalf("%d fixtures: %v", len(paths), err)
	}
	for _, path := range paths {
		f, err := fixture.Read(path)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(f.Name, func(t *testing.T) {
			checkNamed(t, f, decodeFixture(t, f))
			got := eventsOf(t, f.Packets, 1, false)
			for _, n := range []int{2, 8} {
				if more := eventsOf(t, f.Packets, n, false); !slices.Equal(more, got) {
					t.Errorf("%d workers:\n%s\none:\n%s", n, strings.Join(more, "\n"), strings.Join(got, "\n"))
				}
			}
			golden(t, strings.TrimSuffix(path, ".txt")+".golden", strings.Join(got, "\n")+"\n")
		})
	}
}

// eventCounter counts events.
type eventCounter struct {
	nopHandler
	n int
}

func (c *eventCounter) Event(*Event) { c.n++ }

// TestEventsDoNotAllocate repeats a refused connection, one that opens, and its RST, an ICMP error and a first fragment, each second.
func TestEventsDoNotAllocate(t *testing.T) {
	var list []capture.Packet
	for _, name := range []string{"syn_refused", "connections", "icmp", "fragments"} {
		f, err := fixture.Read("testdata/event/" + name + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, f.Packets...)
	}
	c, err := DefaultConfig()
	if err != nil {
		t.Fatal(err)
	}
	var h eventCounter
	w := newWorker(&c, 0, 1, func(int) Handler { return &h })
	now := int64(0)
	turn := func() {
		for i := range list {
			now += 1e8
			list[i].Time = now
		}
		w.batch(list)
	}
	for range 1000 {
		turn()
	}
	h.n = 0
	if n := testing.AllocsPerRun(100, turn); n != 0 || h.n < 100*10 {
		t.Errorf("%v allocations in a turn of %d packets, %d events in all", n, len(list), h.n)
	}
}

// checkNamed is checkFixture for what the fixture names.
func checkNamed(t *testing.T, f *fixture.Fixture, got []sighting) {
	t.Helper()
	for _, w := range f.Want {
		if !slices.ContainsFunc(got, func(s sighting) bool { return meets(s, w) }) {
			t.Errorf("want %v#%d, got %v", w.ID, w.Packet, got)
		}
	}
	for _, id := range f.Never {
		if slices.ContainsFunc(got, func(s sighting) bool { return s.ID == id }) {
			t.Errorf("%v is seen: %v", id, got)
		}
	}
}

func golden(t *testing.T, path, got string) {
	t.Helper()
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
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
