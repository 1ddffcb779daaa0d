package analyze

import (
	"context"
	"reflect"
	"slices"
	"testing"

	"github.com/dnssniff/dnssniff/analyze/record"
	"github.com/dnssniff/dnssniff/capture"
	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/wire"
)

// holding counts messages in one summary and records in another.
type holding struct {
	*Summary
	held *Summary
	all  []record.Record
}

func (h *holding) Transaction(t *decode.Transaction) {
	h.Summary.Transaction(t)
	r := record.Of(t, 100)
	h.held.Record(&r)
	h.all = append(h.all, r)
}

// TestRecordsCountAsMessages compares what records tell with what their messages did.
func TestRecordsCountAsMessages(t *testing.T) {
	in, err := capture.Open([]string{"../pcaps/office.pcap"}, capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	conf, err := decode.DefaultConfig()
	if err != nil {
		t.Fatal(err)
	}
	conf.KeepNames = true
	h := &holding{Summary: NewSummary(&conf, DefaultLimits()), held: NewSum(conf.Seed, DefaultLimits())}
	stats, err := decode.Run(context.Background(), in.Sources(1), conf, func(int) decode.Handler { return h })
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Top: 1000, Workers: 1}
	want, got := Build([]*Summary{h.Summary}, &stats, Source{}, o), Build([]*Summary{h.held}, &stats, Source{}, o)
	for _, c := range []struct {
		what      string
		got, want any
	}{
		{"rcodes", got.RCODEs, want.RCODEs}, {"ede", got.EDE, want.EDE}, {"transactions", got.Transactions, want.Transactions},
		{"latency", got.Latency, want.Latency}, {"truncated", got.Truncated, want.Truncated}, {"rows", got.Rows.Names, want.Rows.Names},
		{"responses", got.Messages.Responses, want.Messages.Responses}, {"rcode series", got.Series.RCODEs, want.Series.RCODEs},
		{"first", got.Messages.First, want.Messages.First},
	} {
		if !reflect.DeepEqual(c.got, c.want) {
			t.Errorf("%s:\n got %+v\nwant %+v", c.what, c.got, c.want)
		}
	}
	// Retransmissions are messages, and in their transaction's record.
	if n := got.Messages.Queries + stats.Retransmitted; n != want.Messages.Queries {
		t.Errorf("%d queries, want %d", n, want.Messages.Queries)
	}
	for i, tables := range [][2][]Row{{got.Clients, want.Clients}, {got.Servers, want.Servers}, {got.Names, want.Names}, {got.Zones, want.Zones}} {
		sameRows(t, i, tables[0], tables[1])
	}
}

// sameRows compares the responses of all rows, whatever their order.
func sameRows(t *testing.T, table int, got, want []Row) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("table %d: %d rows, want %d", table, len(got), len(want))
	}
	for _, w := range want {
		i := slices.IndexFunc(got, func(g Row) bool { return g.Address == w.Address && g.Name == w.Name && g.Zone == w.Zone })
		if i < 0 {
			t.Errorf("table %d: no row %+v", table, w)
			continue
		}
		g := got[i]
		if table >= 2 && g.Responses > w.Responses { // a response without a question: its query had one
			continue
		}
		if g.Responses != w.Responses || !reflect.DeepEqual(g.RCODEs, w.RCODEs) || g.Unanswered != w.Unanswered || g.Queries > w.Queries {
			t.Errorf("table %d:\n got %+v\nwant %+v", table, g, w)
		}
	}
}

func TestAppendWire(t *testing.T) {
	for _, name := range []string{"\x00", "\x01a\x00", "\x03w.w\x02\\\x07\x00", "\x01\xff\x03com\x00"} {
		text := string(wire.AppendName(nil, []byte(name)))
		if got, ok := appendWire([]byte("x"), text); !ok || string(got) != "x"+name {
			t.Errorf("%q: %q, %v", text, got, ok)
		}
	}
	for _, text := range []string{"", "a", "..", ".a.", `a\`, `a\1.`, `a\256.`, `a\1x2.`, "a..b.", string(make([]byte, 64)) + "."} {
		if got, ok := appendWire(nil, text); ok {
			t.Errorf("%q: %q", text, got)
		}
	}
}

func TestRecordDoesNotAllocate(t *testing.T) {
	s := NewSum(1, DefaultLimits())
	r := record.Record{HasQuery: true, HasResponse: true, HasQuestion: true, Name: "www.example.com.", Proto: decode.UDP}
	s.Record(&r)
	if n := testing.AllocsPerRun(100, func() { s.Record(&r) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkRecord(b *testing.B) {
	s := NewSum(1, DefaultLimits())
	r := record.Record{HasQuery: true, HasResponse: true, HasQuestion: true, Name: "www.example.com.", Proto: decode.UDP}
	b.ReportAllocs()
	for range b.N {
		s.Record(&r)
	}
}
