package guide

import (
	"fmt"
	"slices"
	"testing"

	"github.com/dnssniff/dnssniff/analyze"
	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/packet"
	"github.com/dnssniff/dnssniff/decode/wire"
)

func addr(n byte) packet.Addr { return packet.Addr{10: 0xff, 11: 0xff, 12: 10, 15: n} }

// response returns a response with an RCODE, and a transaction that has it.
func response(client byte, number uint64, rcode uint16, name string) *decode.Transaction {
	m := &decode.Message{Message: &wire.Message{Flags: wire.FlagQR | rcode}, Client: addr(client), Server: addr(53), Number: number}
	return &decode.Transaction{Client: m.Client, Server: m.Server, Response: m, Query: &decode.Query{Number: number, HasQuestion: true, Type: 1, Name: []byte(name)}}
}

func TestTopKeepsTheFrequent(t *testing.T) {
	var one top[int]
	for i := range 10_000 {
		one.add(i) // once each
		if i%5 == 0 {
			one.add(-1)
		}
	}
	n := one.counts[-1]
	if n == nil || *n < 2000-12_000/(maxValues+1) || *n > 2000 {
		t.Errorf("a value with a sixth of all is counted %v", n)
	}
	if len(one.counts) > maxValues || !one.full {
		t.Errorf("%d values, full %v", len(one.counts), one.full)
	}
	var few top[int]
	few.add(1)
	few.add(2)
	few.add(1)
	if *few.counts[1] != 2 || *few.counts[2] != 1 || few.full {
		t.Error("below the bound counts are exact")
	}
}

func TestCasesAreTheWorstFirst(t *testing.T) {
	g := Load()
	c := NewCollector()
	for i := range uint64(30) {
		c.Transaction(response(1, 100+i, 3, "\x03www\x07EXAMPLE\x03com\x00"))
	}
	c.Transaction(response(7, 50, 2, "\x03api\x07example\x03org\x00"))
	r := &analyze.Report{RCODEs: map[string]uint64{"NOERROR": 100, "NXDOMAIN": 30, "SERVFAIL": 1, "RCODE27": 1, "RCODE28": 2},
		EDE: map[string]uint64{"18": 5, "6": 1, "4711": 1}, Anomalies: map[string]uint64{"N05": 4, "P03": 900, "H15": 7}, TSIGErrors: map[string]uint64{"BADTIME": 2},
		Messages: analyze.Messages{Responses: 134}}
	cases := g.Cases(r, []*Collector{c})
	var got []string
	for i := range cases {
		got = append(got, cases[i].Key)
	}
	want := []string{unassigned, "N05", "BADTIME", "SERVFAIL", "EDE6", "H15", "EDE18", "NXDOMAIN"}
	if !slices.Equal(got, want) {
		t.Fatalf("got %q, want %q", got, want)
	}
	servfail := cases[3]
	if want := (Fact{"clients", "10.0.0.7 (1)"}); !slices.Contains(servfail.Evidence, want) {
		t.Errorf("evidence %q lacks %q", servfail.Evidence, want)
	}
	for word, want := range map[string]string{"client": "10.0.0.7", "server": "10.0.0.53", "name": "api.example.org.", "zone": "example.org.", "type": "A", "packet": "50"} {
		if servfail.Fill[word] != want {
			t.Errorf("%s is filled with %q, want %q", word, servfail.Fill[word], want)
		}
	}
	names := Fact{"names", "www.example.com. (30)"}
	if last := cases[len(cases)-1]; !slices.Contains(last.Evidence, names) || !last.Everyday {
		t.Errorf("evidence of NXDOMAIN %q, want %q", last.Evidence, names)
	}
}

// What is behind a bound is not exact, and not wrong: a flood of names and of spoofed clients.
func TestCollectorIsBounded(t *testing.T) {
	g, c := Load(), NewCollector()
	for i := range 100_000 {
		x := response(1, uint64(i)+1, 3, fmt.Sprintf("\x06%06d\x07example\x00", i))
		x.Response.Client[12], x.Response.Client[13] = byte(i>>8), byte(i)
		c.Transaction(x)
	}
	for code := range uint16(4096) {
		c.Transaction(response(2, 1, code&15, "\x00"))
		c.note(subject{EDE, assigned(code, "EDE1")}, &sight{client: &packet.Addr{}, server: &packet.Addr{}})
	}
	for _, s := range c.tallies {
		if len(s.names.counts) > maxValues || len(s.clients.counts) > maxValues || len(s.first) > maxPackets {
			t.Errorf("%d names, %d clients, %d packets", len(s.names.counts), len(s.clients.counts), len(s.first))
		}
	}
	if len(c.tallies) > maxTallies {
		t.Errorf("%d tallies", len(c.tallies))
	}
	cases := g.Cases(&analyze.Report{RCODEs: map[string]uint64{"NXDOMAIN": 100_000}, Messages: analyze.Messages{Responses: 100_000}}, []*Collector{c})
	if !slices.ContainsFunc(cases[0].Evidence, func(f Fact) bool { return f.Label == "packets" && f.Text == "1, 2, 3, ..." }) {
		t.Errorf("evidence %q", cases[0].Evidence)
	}
}

func TestCollectorDoesNotAllocate(t *testing.T) {
	c := NewCollector()
	x := response(1, 9, 3, "\x03WWW\x07example\x00")
	c.Transaction(x)
	if n := testing.AllocsPerRun(100, func() { c.Transaction(x) }); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

func TestClock(t *testing.T) {
	for _, tt := range []struct {
		least, most int64
		want        string
	}{
		{-412, -412, "signers are 412 s behind the server"},
		{5, 5, "signers are 5 s ahead of the server"},
		{0, 0, "signers are 0 s ahead of the server"},
		{-3600, 600, "signers are between 3600 s behind the server and 600 s ahead of the server"},
	} {
		if got := clock([2]int64{tt.least, tt.most}); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}
