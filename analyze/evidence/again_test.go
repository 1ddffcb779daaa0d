package evidence

import (
	"strings"
	"testing"

	"github.com/miekg/dns"

	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/packet"
	"github.com/dnssniff/dnssniff/decode/wire"
)

// asking is what a client asks of a resolver, in ms.
type asking struct {
	at    int64
	name  string
	rcode int
}

// askedOf gives a collector what one client asks, each answered after a millisecond, and returns the facts.
func askedOf(t *testing.T, list []asking) *Facts {
	t.Helper()
	c := New(7, 100, oneName(nil))
	for i, a := range list {
		m := new(dns.Msg).SetQuestion(a.name, dns.TypeA)
		m.Response, m.RecursionAvailable, m.Rcode = true, true, a.rcode
		b, err := m.Pack()
		if err != nil {
			t.Fatal(err)
		}
		at := 1e9 + a.at*1e6
		r := &decode.Message{Message: new(wire.Message), Time: at + 1e6, Number: uint64(2 * i), Length: uint16(len(b))}
		r.Parse(b, false)
		r.NameHash = wire.HashName(1, []byte(a.name))
		r.Client, r.Server = packet.Addr{15: 1}, packet.Addr{15: 2}
		q := &decode.Query{Time: at, Number: uint64(2*i - 1), Type: dns.TypeA, Class: dns.ClassINET, HasQuestion: true}
		c.Transaction(&decode.Transaction{Status: decode.Answered, Client: r.Client, Server: r.Server, Query: q, Response: r, RTT: 1e6})
	}
	return Gather([]*Collector{c})
}

// TestAgain counts what comes again: after a retry timer's time, soon by chance, at once after an error, and for the first time.
func TestAgain(t *testing.T) {
	const a, b = "a.example.", "b.example."
	long := strings.Repeat("x", 40) + ".data.tunnel.example."
	for _, tt := range []struct {
		name                                     string
		list                                     []asking
		again, soon, errors, first, before, long uint64
	}{
		{"two names", []asking{{0, a, 0}, {1000, b, 0}}, 0, 0, 0, 2, 0, 0},
		{"after a second", []asking{{0, a, 0}, {1000, a, 0}}, 1, 1, 0, 1, 1, 0},
		{"after a second and a half", []asking{{0, a, 0}, {1500, a, 0}}, 0, 1, 0, 1, 1, 0},
		{"at once", []asking{{0, a, 0}, {100, a, 0}}, 0, 0, 0, 1, 1, 0},
		{"long after", []asking{{0, a, 0}, {7000, a, 0}}, 0, 0, 0, 1, 1, 0},
		{"at once after SERVFAIL", []asking{{0, a, 2}, {100, a, 2}, {200, a, 0}}, 0, 0, 2, 1, 0, 0},
		{"at once after NXDOMAIN", []asking{{0, a, 3}, {100, a, 3}}, 0, 0, 0, 1, 1, 0},
		{"two seconds after SERVFAIL", []asking{{0, a, 2}, {2500, a, 2}}, 0, 1, 0, 0, 0, 0},
		{"data", []asking{{0, long, 0}}, 0, 0, 0, 1, 0, 1},
	} {
		f := askedOf(t, tt.list)
		n := func(s Symptom) (n uint64) {
			if r := f.find(s); r != nil {
				n = r.Count
			}
			return n
		}
		soon := uint64(0)
		for _, s := range []Symptom{RCODE(0), RCODE(2), RCODE(3)} {
			if r := f.find(s); r != nil {
				soon += uint64(r.Soon)
			}
		}
		got := [...]uint64{n(AskedAgain), soon, n(ErrorAgain), n(AskedFirst), n(AskedBefore), n(LongName)}
		if want := [...]uint64{tt.again, tt.soon, tt.errors, tt.first, tt.before, tt.long}; got != want {
			t.Errorf("%s: asked again, soon, after errors, first, before, long: %d, want %d", tt.name, got, want)
		}
		if p := f.Paces[1]; p.Width == 0 || len(p.Buckets) == 0 {
			t.Errorf("%s: no pace", tt.name)
		}
	}
}
