package analyze

import (
	"encoding/binary"
	"fmt"
	"math"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/decode/packet"
)

// Entries of the catalogue of each severity.
var (
	malformedOne = anomaly.Make('N', 1)
	malformedTwo = anomaly.Make('R', 1)
	violating    = anomaly.Make('O', 14)
	suspicious   = anomaly.Make('O', 29)
	harmless     = anomaly.Make('P', 3)
)

func TestSeveritiesOfTheFixtures(t *testing.T) {
	for id, want := range map[anomaly.ID]anomaly.Severity{malformedOne: anomaly.Malformed, malformedTwo: anomaly.Malformed,
		violating: anomaly.Violation, suspicious: anomaly.Suspicious, harmless: anomaly.Info} {
		if got := id.Severity(); got != want {
			t.Fatalf("%v is %v, and the tests want an entry that is %v", id, got, want)
		}
	}
}

// client returns the n-th address of a network.
func client(n int) packet.Addr {
	a := packet.Addr{10: 0xff, 11: 0xff, 12: 10}
	binary.BigEndian.PutUint16(a[14:], uint16(n))
	return a
}

// offending returns a query of a client with these anomalies, packet n of the capture, n ms after its start.
func offending(t testing.TB, from packet.Addr, n int, ids ...anomaly.ID) *decode.Message {
	t.Helper()
	m := message([]byte("\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07example\x00\x00\x01\x00\x01"))
	if len(m.Anomalies) > 0 {
		t.Fatalf("the query has %v", m.Anomalies)
	}
	m.Client, m.ClientHash = from, decode.HashAddr(testSeed, &from)
	m.Number, m.Time = uint64(n), 1_700_000_000e9+int64(n)*1e6
	for i, id := range ids {
		m.Anomalies = append(m.Anomalies, anomaly.Seen{ID: id, Offset: uint16(10 * (i + 1)), Length: 1})
		m.Malformed = m.Malformed || id.Severity() == anomaly.Malformed
	}
	return m
}

func offendersOf(n int, all ...*Summary) []Offender {
	return Build(all, &decode.Stats{}, Source{}, Options{Top: n}).Offenders
}

func at(ms int) time.Time { return time.Unix(1_700_000_000, int64(ms)*1e6).UTC() }

func TestOffends(t *testing.T) {
	response := func(m *decode.Message) { m.Flags |= 0x8000 }
	multicast := func(m *decode.Message) { m.Proto = decode.MDNS }
	linkLocal := func(m *decode.Message) { m.Proto = decode.LLMNR }
	overTCP := func(m *decode.Message) { m.Proto = decode.TCP }
	for _, tt := range []struct {
		name   string
		ids    []anomaly.ID
		change func(*decode.Message)
		want   bool
	}{
		{name: "clean"},
		{name: "malformed", ids: []anomaly.ID{malformedOne}, want: true},
		{name: "violating", ids: []anomaly.ID{violating}, want: true},
		{name: "over_tcp", ids: []anomaly.ID{violating}, change: overTCP, want: true},
		{name: "violating_after_milder", ids: []anomaly.ID{harmless, suspicious, violating}, want: true},
		{name: "not_suspicious", ids: []anomaly.ID{suspicious, harmless}},
		{name: "not_response", ids: []anomaly.ID{malformedOne}, change: response},
		{name: "not_mdns", ids: []anomaly.ID{malformedOne}, change: multicast},
		{name: "not_llmnr", ids: []anomaly.ID{malformedOne}, change: linkLocal},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := offending(t, client(1), 1, tt.ids...)
			if tt.change != nil {
				tt.change(m)
			}
			if got := Offends(m); got != tt.want {
				t.Errorf("Offends is %v", got)
			}
			s := newTestSummary(testSeed)
			s.Message(m)
			if got := offendersOf(10, s); (len(got) == 1) != tt.want || got == nil {
				t.Errorf("the report has %+v", got)
			}
		})
	}
}

func TestOffenderCounts(t *testing.T) {
	s := newTestSummary(testSeed)
	for n, ids := range [][]anomaly.ID{
		1: {}, 2: {harmless}, // before the first offence
		3: {violating, malformedOne, malformedOne, suspicious}, // once malformed, each entry once
		4: {}, 5: {violating}, 6: {malformedTwo}, 7: {suspicious},
	} {
		if n > 0 {
			s.Message(offending(t, client(1), n, ids...))
		}
	}
	got := offendersOf(10, s)
	if len(got) != 1 {
		t.Fatalf("%d offenders", len(got))
	}
	got[0].Fingerprint = Fingerprint{}
	want := Offender{Address: "10.0.0.1", Malformed: 2, Violating: 1, Queries: 5, AllQueries: 7, First: at(3), Last: at(6),
		Kinds: map[string]uint64{violating.String(): 2, malformedOne.String(): 1, malformedTwo.String(): 1},
		Samples: []Sample{
			{Packet: 3, Time: at(3), Anomaly: malformedOne.String(), Offset: 20},
			{Packet: 5, Time: at(5), Anomaly: violating.String(), Offset: 10},
			{Packet: 6, Time: at(6), Anomaly: malformedTwo.String(), Offset: 10},
		}}
	if !reflect.DeepEqual(got[0], want) {
		t.Errorf("got\n%+v, want\n%+v", got[0], want)
	}
}

func TestOffenderOrder(t *testing.T) {
	s := newTestSummary(testSeed)
	for n, x := range []struct {
		client int
		id     anomaly.ID
	}{{5, violating}, {5, violating}, {5, violating}, {4, malformedOne}, {3, malformedOne}, {3, violating}, {2, violating}, {1, violating}} {
		s.Message(offending(t, client(x.client), n, x.id))
	}
	// One malformed message is worse than any number of violating ones; equals by their first offence.
	want := []string{"10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.2", "10.0.0.1"}
	for top := range 7 {
		var got []string
		for _, o := range offendersOf(top, s) {
			got = append(got, o.Address)
		}
		if !slices.Equal(got, want[:min(top, len(want))]) {
			t.Errorf("top %d: %v", top, got)
		}
	}
}

// kindOf returns a different entry that offends for each n.
func kindOf(t *testing.T, n int) anomaly.ID {
	t.Helper()
	for _, group := range []byte("HNRO") {
		for i := 1; i < 100; i++ {
			id := anomaly.Make(group, i)
			if e, ok := id.Entry(); ok && e.Level == anomaly.Message && id.Severity() >= anomaly.Violation {
				if n--; n < 0 {
					return id
				}
			}
		}
	}
	t.Fatal("too few entries")
	return 0
}

func TestOffenderSamples(t *testing.T) {
	a, b, c := kindOf(t, 0), kindOf(t, 1), kindOf(t, 2)
	for _, tt := range []struct {
		name string
		ids  []anomaly.ID // of packets 1, 2, ...
		want []uint64
	}{
		{"fewer", []anomaly.ID{a, b, a}, []uint64{1, 2, 3}},
		{"first_ones_of_one_kind", slices.Repeat([]anomaly.ID{a}, 12), []uint64{1, 2, 3, 4, 5, 6, 7, 8}},
		{"new_kind_takes_the_last_place", append(slices.Repeat([]anomaly.ID{a}, 9), b), []uint64{1, 2, 3, 4, 5, 6, 7, 10}},
		{"and_the_one_before", append(slices.Repeat([]anomaly.ID{a}, 9), b, b, c), []uint64{1, 2, 3, 4, 5, 6, 10, 12}},
		{"only_of_its_kind_stays", append([]anomaly.ID{b}, append(slices.Repeat([]anomaly.ID{a}, 8), c)...), []uint64{1, 2, 3, 4, 5, 6, 7, 10}},
		{"all_kinds_known", []anomaly.ID{kindOf(t, 0), kindOf(t, 1), kindOf(t, 2), kindOf(t, 3), kindOf(t, 4), kindOf(t, 5), kindOf(t, 6), kindOf(t, 7),
			kindOf(t, 8)}, []uint64{1, 2, 3, 4, 5, 6, 7, 8}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newTestSummary(testSeed)
			for i, id := range tt.ids {
				s.Message(offending(t, client(1), i+1, id))
			}
			var got []uint64
			for _, x := range offendersOf(1, s)[0].Samples {
				got = append(got, x.Packet)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got packets %v, want %v", got, tt.want)
			}
		})
	}
}

func TestOffenderKindsBeyondTheBound(t *testing.T) {
	s := newTestSummary(testSeed)
	for i := range offenderKinds + 3 {
		for range 2 {
			s.Message(offending(t, client(1), i+1, kindOf(t, i)))
		}
	}
	kinds := offendersOf(1, s)[0].Kinds
	if len(kinds) != offenderKinds+1 || kinds[otherRCODE] != 6 || kinds[kindOf(t, offenderKinds-1).String()] != 2 {
		t.Errorf("kinds %v", kinds)
	}
}

// TestOffendersPurge floods the table: the heavy ones stay, and what went is counted.
func TestOffendersPurge(t *testing.T) {
	s := newTestSummary(testSeed)
	const heavy, light = 10, 5000
	n := 0
	send := func(c int) { n++; s.Message(offending(t, client(c), n, malformedOne)) }
	for range 3 {
		for c := range heavy {
			send(c)
		}
	}
	for c := range light {
		send(heavy + c)
		if len(s.offenders.list) > maxOffenders || len(s.offenders.index) != len(s.offenders.list) {
			t.Fatalf("%d offenders, %d in the index", len(s.offenders.list), len(s.offenders.index))
		}
	}
	for c := range heavy {
		if o := s.offenders.find(new(client(c))); o == nil || o.malformed != 3 || o.client != client(c) {
			t.Fatalf("client %d is %+v", c, o)
		}
	}
	r := Build([]*Summary{s}, &decode.Stats{}, Source{}, Options{Top: 3 * maxOffenders})
	if got := uint64(len(r.Offenders)); got+r.Limits.OffendersLost != heavy+light || got > maxOffenders {
		t.Errorf("%d offenders and %d lost, of %d", got, r.Limits.OffendersLost, heavy+light)
	}
	for i, o := range r.Offenders[:heavy] {
		if want := fmt.Sprintf("10.0.0.%d", i); o.Address != want || o.Malformed != 3 {
			t.Errorf("offender %d is %s with %d", i, o.Address, o.Malformed)
		}
	}
	// A light one that went begins anew.
	gone := client(heavy + maxOffenders)
	if s.offenders.find(&gone) != nil {
		t.Fatal("the first purge has let the wrong ones go")
	}
	send(heavy + maxOffenders)
	if o := s.offenders.find(&gone); o == nil || o.malformed != 1 {
		t.Errorf("%+v", o)
	}
}

// TestOffendersMerge: summaries of parts are that of the whole.
func TestOffendersMerge(t *testing.T) {
	const clients, messages = 20, 400
	whole, parts := newTestSummary(testSeed), []*Summary{newTestSummary(testSeed), newTestSummary(testSeed), newTestSummary(testSeed)}
	for n := range messages {
		c := n * n % clients
		var ids []anomaly.ID
		if n%3 > 0 {
			ids = []anomaly.ID{kindOf(t, n%4)}
		}
		whole.Message(offending(t, client(c), n, ids...))
		parts[c%3].Message(offending(t, client(c), n, ids...)) // a client is in one part, as with shards
	}
	want := offendersOf(100, whole)
	if len(want) < 5 {
		t.Fatalf("%d offenders", len(want))
	}
	if got := offendersOf(100, parts...); !reflect.DeepEqual(got, want) {
		t.Errorf("parts give\n%+v, the whole\n%+v", got, want)
	}
}

// TestOffenderOfTwoWindows: the same client in two summaries.
func TestOffenderOfTwoWindows(t *testing.T) {
	early, late := newTestSummary(testSeed), newTestSummary(testSeed)
	for n := range 6 {
		early.Message(offending(t, client(1), n, malformedOne))
	}
	for n := 10; n < 20; n++ {
		m := offending(t, client(1), n, violating)
		m.ID = uint16(n)
		late.Message(m)
	}
	late.Message(offending(t, client(2), 30, violating))
	for name, all := range map[string][]*Summary{"in_order": {early, late}, "turned": {late, early}} {
		got := offendersOf(10, all...)
		if len(got) != 2 || got[1].Address != "10.0.0.2" {
			t.Fatalf("%s: %+v", name, got)
		}
		o := got[0]
		if o.Malformed != 6 || o.Violating != 10 || o.Queries != 16 || o.AllQueries != 16 || !o.First.Equal(at(0)) || !o.Last.Equal(at(19)) ||
			!reflect.DeepEqual(o.Kinds, map[string]uint64{malformedOne.String(): 6, violating.String(): 10}) || o.Fingerprint.IDs != "rising by one" {
			t.Errorf("%s: %+v", name, o)
		}
		if len(o.Samples) != offenderSample || !slices.ContainsFunc(o.Samples, func(s Sample) bool { return s.Anomaly == violating.String() }) ||
			!slices.ContainsFunc(o.Samples, func(s Sample) bool { return s.Anomaly == malformedOne.String() }) {
			t.Errorf("%s: samples %+v", name, o.Samples)
		}
	}
}

func TestOffenderCountersSaturate(t *testing.T) {
	o := offender{malformed: math.MaxUint32, violating: math.MaxUint32}
	o.kinds[0] = kind{malformedOne, math.MaxUint32}
	o.count(offending(t, client(1), 1, malformedOne), anomaly.Malformed)
	o.count(offending(t, client(1), 1, violating), anomaly.Violation)
	other := o
	o.merge(&other)
	if o.malformed != math.MaxUint32 || o.violating != math.MaxUint32 || o.kinds[0].n != math.MaxUint32 {
		t.Errorf("%+v", o)
	}
}

func TestOffendersAllocateNothing(t *testing.T) {
	s := newTestSummary(testSeed)
	bad, good := offending(t, client(1), 1, malformedOne, violating), offending(t, client(1), 2)
	s.Message(bad)
	c := s.clients.find(bad.ClientHash)
	if n := testing.AllocsPerRun(1000, func() { s.offended(bad, c); s.offended(good, c) }); n != 0 {
		t.Errorf("%v allocations for two queries of an offender", n)
	}
}

func BenchmarkOffended(b *testing.B) {
	s := newTestSummary(testSeed)
	m := offending(b, client(1), 1, malformedOne, violating)
	s.Message(m)
	c := s.clients.find(m.ClientHash)
	b.ReportAllocs()
	for b.Loop() {
		s.offended(m, c)
	}
}

// BenchmarkOffenderFlood has each query from another client.
func BenchmarkOffenderFlood(b *testing.B) {
	t := newOffenders()
	m := offending(b, client(1), 1, malformedOne)
	b.ReportAllocs()
	for n := uint32(0); b.Loop(); n++ {
		binary.BigEndian.PutUint32(m.Client[12:], n)
		t.add(&m.Client).count(m, anomaly.Malformed)
	}
}
