package evidence

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

func newReader(s string) io.Reader { return strings.NewReader(s + "\n") }

func TestAnswersAreBounded(t *testing.T) {
	const limit = 1 << 8
	c := New(1, limit, nobody{})
	for i := range limit {
		name := fmt.Sprintf("h%d.example.com.", i)
		c.Transaction(exchange{question: name + " A", records: name + " 300 A 203.0.113.1"}.transaction(t, uint64(i+1)))
	}
	f := Gather([]*Collector{c})
	if len(f.Answers) != limit/16 || f.Lost != limit-limit/16 {
		t.Errorf("%d answers, %d lost", len(f.Answers), f.Lost)
	}
}

func TestAnswersOfAQuestionAreBounded(t *testing.T) {
	var all []exchange
	for i := range 2 * maxSets {
		all = append(all, exchange{question: www, at: i, records: fmt.Sprintf("www.example.com. 300 A 203.0.113.%d", i), client: fmt.Sprintf("192.0.%d.1", i)})
		all = append(all, exchange{question: www, at: i, records: "www.example.com. 300 A 198.18.0.1", client: fmt.Sprintf("192.0.%d.1", i)})
	}
	a := gathered(t, all...).Answers[0]
	if len(a.Sets) != maxSets || a.More != maxSets+1 {
		t.Errorf("%d sets, %d more", len(a.Sets), a.More)
	}
	for _, s := range a.Sets {
		if len(s.Subnets) > maxSubnets || s.Everywhere != (s.Count > maxSubnets) {
			t.Errorf("%+v", s)
		}
	}
}

// TestAnswersOfPartsAreThoseOfTheWhole puts two collectors together in both orders.
func TestAnswersOfPartsAreThoseOfTheWhole(t *testing.T) {
	var all []exchange
	for i := range 12 {
		all = append(all, exchange{question: www, at: i, records: fmt.Sprintf("www.example.com. 300 A 203.0.113.%d", i%3), client: fmt.Sprintf("192.0.%d.1", i%4),
			server: fmt.Sprintf("198.51.100.%d", i%2)})
	}
	text := func(f *Facts) string { return fmt.Sprintf("%+v", f.Answers) }
	parts := []*Collector{New(1, 1<<12, nobody{}), New(1, 1<<12, nobody{})}
	for i, x := range all {
		parts[i*2/len(all)].Transaction(x.transaction(t, uint64(10*i+1)))
	}
	want := text(gathered(t, all...))
	for range 2 {
		if got := text(Gather(parts)); got != want {
			t.Errorf("got %s\nwant %s", got, want)
		}
		slices.Reverse(parts)
	}
}

func TestGatheredAnswersShareNothing(t *testing.T) {
	c := New(1, 1<<12, nobody{})
	x := exchange{question: www, records: "www.example.com. 300 A 203.0.113.1"}
	c.Transaction(x.transaction(t, 1))
	before := Gather([]*Collector{c})
	x.client = "203.0.113.9"
	c.Transaction(x.transaction(t, 11))
	if s := before.Answers[0].Sets[0]; s.Count != 1 || len(s.Subnets) != 1 {
		t.Errorf("%+v", s)
	}
	c.Reset()
	if f := Gather([]*Collector{c}); len(f.Answers) != 0 {
		t.Errorf("%+v after Reset", f.Answers)
	}
}

func TestKnownAnswersAllocateNothing(t *testing.T) {
	c := New(1, 1<<12, nobody{})
	all := []exchange{
		{question: www, records: "www.example.com. 300 A 203.0.113.1"},
		{question: "www.example.com. AAAA", soa: true, at: 9},
		{question: "example.com. MX", records: "example.com. 300 MX 10 mail.example.com."},
		{question: www, records: "www.example.com. 300 A 192.0.2.99", second: true},
		{question: "nobody.example.com. A", rcode: dns.RcodeNameError, soa: true},
	}
	play := func() {}
	for i, x := range all {
		tr := x.transaction(t, uint64(10*i+1))
		next := play
		play = func() {
			next()
			tr.Response.Number++
			if tr.Query != nil {
				tr.Query.Number++
			}
			c.Transaction(tr)
		}
	}
	for range 3 {
		play()
	}
	if n := testing.AllocsPerRun(100, play); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestZoneOutlastsItsClients has more clients than rows, all of which are denied names of one zone: what is put together still says which zone it is.
func TestZoneOutlastsItsClients(t *testing.T) {
	c := New(1, minRows, nobody{})
	const clients = 10 * minRows
	for i := range clients {
		name := fmt.Sprintf("h%d.example.com.", i)
		x := exchange{question: name + " A", client: fmt.Sprintf("10.0.%d.%d", i/250, i%250), rcode: 3}.transaction(t, uint64(i+1))
		c.Transaction(x)
	}
	var ofZone, all uint64
	f := Gather([]*Collector{c})
	for _, r := range f.Rows {
		if r.Symptom == RCODE(rcodeNXDomain) {
			all += r.Count
			if r.Zone == "example.com." {
				ofZone += r.Count
			}
		}
	}
	if all == 0 || ofZone != all || len(f.Rows) > minRows*5/4+8 {
		t.Errorf("%d of %d denials say their zone, in %d rows", ofZone, all, len(f.Rows))
	}
}
