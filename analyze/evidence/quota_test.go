package evidence

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/dnssniff/dnssniff/decode"
)

// asks plays n queries of a client within a second, of which the last are refused.
func asks(t *testing.T, client string, second, n, refused int) (list []*decode.Transaction) {
	t.Helper()
	for i := range n {
		x := exchange{question: www, client: client, records: "www.example.com. 300 A 203.0.113.1"}
		if i >= n-refused {
			x.records, x.rcode = "", rcodeRefused
		}
		tr := x.transaction(t, uint64(100*second+i+1))
		tr.Query.Time = int64(second)*1e9 + int64(i)*1e6
		tr.Response.Time = tr.Query.Time + 1000
		list = append(list, tr)
	}
	return list
}

func TestQuotaByRate(t *testing.T) {
	c := New(1, 1<<12, nobody{})
	for second, refused := range []int{4, 0, 0, 15, 16, 0, 0} { // the first ones are those by which the client is known
		n := 2
		if refused > 0 {
			n = refused + 5
		}
		for _, x := range asks(t, "192.0.2.7", second+1, n, refused) {
			c.Transaction(x)
		}
	}
	got := Gather([]*Collector{c}).Quotas
	if len(got) != 1 || got[0].Client.String() != "192.0.2.7" {
		t.Fatalf("%+v", got)
	}
	want := [quotaRates]Rate{0: {Seconds: 1, Queries: 1, Refused: 1}, 1: {Seconds: 4, Queries: 8}, 4: {Seconds: 2, Queries: 41, Refused: 31}}
	if got[0].ByRate != want {
		t.Errorf("got %+v, want %+v", got[0].ByRate, want)
	}
	if s := got[0].Streak; s.Count != 16 || s.To-s.From != 15e6 {
		t.Errorf("streak %+v", s)
	}
}

// TestQuotaNeedsRefusals has clients that are refused less often than it takes, and others that are answered.
func TestQuotaNeedsRefusals(t *testing.T) {
	c := New(1, 1<<12, nobody{})
	for i := range 200 {
		for _, x := range asks(t, fmt.Sprintf("192.0.2.%d", i+1), i, 9, knocks-1) {
			c.Transaction(x)
		}
	}
	if got := Gather([]*Collector{c}).Quotas; len(got) > 0 {
		t.Errorf("%+v", got)
	}
}

// TestQuotasAreBounded has more clients than there is room for, and one collector for each half: what is there is the same in any order, and what is not is
// counted.
func TestQuotasAreBounded(t *testing.T) {
	const clients = 100
	c := New(1, minRows, nobody{})
	parts := []*Collector{New(1, 1<<12, nobody{}), New(1, 1<<12, nobody{})}
	for i := range clients {
		for _, x := range asks(t, fmt.Sprintf("192.0.2.%d", i+1), 1, 9, 9) {
			c.Transaction(x)
			parts[i%2].Transaction(x)
		}
	}
	if f := Gather([]*Collector{c}); len(f.Quotas) != c.quotas.limit || f.Lost == 0 {
		t.Errorf("%d quotas, limit %d, lost %d", len(f.Quotas), c.quotas.limit, f.Lost)
	}
	a, b := Gather(parts), Gather([]*Collector{parts[1], parts[0]})
	if len(a.Quotas) != clients || !reflect.DeepEqual(a.Quotas, b.Quotas) {
		t.Errorf("%d and %d quotas", len(a.Quotas), len(b.Quotas))
	}
	c.Reset()
	if f := Gather([]*Collector{c}); len(f.Quotas) > 0 || f.Lost > 0 || c.meters.filter != [16]uint64{} {
		t.Errorf("%d quotas, lost %d after Reset", len(f.Quotas), f.Lost)
	}
}

// TestQuotasOfTurns hands over what was gathered at each answer: seconds and streaks are not cut, and who is known stays so.
func TestQuotasOfTurns(t *testing.T) {
	whole, c, sum := New(1, 1<<12, nobody{}), New(1, 1<<12, nobody{}), NewSum(1<<12)
	for second, refused := range []int{4, 0, 15, 20, 0, 16, 0} {
		for _, x := range asks(t, "192.0.2.7", second+1, 20, refused) {
			whole.Transaction(x)
			c.Transaction(x)
			turned := NewSum(1 << 12)
			c.Turn(turned)
			sum.Merge(turned)
		}
	}
	sum.Merge(c)
	got, want := Gather([]*Collector{sum}).Quotas, Gather([]*Collector{whole}).Quotas
	if !reflect.DeepEqual(got, want) || len(got) != 1 || got[0].Streak.Count != 35 {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}

func TestMetersAllocateNothing(t *testing.T) {
	c := New(1, 1<<12, nobody{})
	list := asks(t, "192.0.2.7", 1, 20, 10)
	play := func() {
		for _, x := range list {
			x.Query.Time, x.Response.Time = x.Query.Time+3e8, x.Response.Time+3e8
			x.Query.Number, x.Response.Number = x.Query.Number+100, x.Response.Number+100
			c.Transaction(x)
		}
	}
	for range 8 {
		play()
	}
	if n := testing.AllocsPerRun(50, play); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
