//go:build linux

package scenario

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/dnssniff/dnssniff/pcaps/lab/stage"
	"github.com/dnssniff/dnssniff/pcaps/lab/zone"
	"github.com/miekg/dns"
)

func TestTownZonesParse(t *testing.T) {
	all := append(townZones(), changedTown("ferry.city.", domainKeys)...)
	for _, z := range all {
		p := dns.NewZoneParser(strings.NewReader(zone.Tree{z}.Text(z)), ".", z.Name)
		n := 0
		for _, ok := p.Next(); ok; _, ok = p.Next() {
			n++
		}
		if err := p.Err(); err != nil || n < 2 {
			t.Errorf("%s: %d records: %v", z.Name, n, err)
		}
	}
}

// TestTownIsNoOldSite keeps the unseen incidents apart from those that the rules were made with.
func TestTownIsNoOldSite(t *testing.T) {
	for _, old := range append(incidentZones(), stage.Zones()...) {
		for _, z := range townSites() {
			if old.Name == z.zone {
				t.Errorf("%s is a zone of older incidents", z.zone)
			}
		}
	}
}

func TestTwoQuestions(t *testing.T) {
	for _, odd := range []bool{false, true} {
		b := twoQuestions("www.radio.city.", 7, odd)
		m := new(dns.Msg)
		if err := m.Unpack(b); err != nil {
			t.Fatal(err)
		}
		want := []uint16{dns.TypeA, dns.TypeAAAA}
		if odd {
			want = want[:1]
		}
		if len(m.Question) != len(want) || m.Zero != odd || m.Id != 7 {
			t.Fatalf("odd %v: %v", odd, m)
		}
		for i, q := range m.Question {
			if q.Name != "www.radio.city." || q.Qtype != want[i] {
				t.Errorf("question %d is %v", i, q)
			}
		}
	}
}

func TestTownspeopleAskForNames(t *testing.T) {
	r, d := rand.New(rand.NewPCG(3, 4)), &device{habit: stubs()[0]}
	for range 500 {
		for _, e := range []errand{townspeople, mail} {
			name, types := e(r, d, "www.museum.city.")
			if _, ok := dns.IsDomainName(name); !ok || !dns.IsFqdn(name) || len(types) == 0 {
				t.Fatalf("looks up %q, types %v", name, types)
			}
		}
	}
}
