package diagnose

import (
	"strings"
	"testing"

	"github.com/dnssniff/dnssniff/analyze/evidence"
)

func TestServFailRules(t *testing.T) {
	testRules(t, []ruleTest{
		{"a resolver refused for two zones", "upstream-refuses", `
			REFUSED 192.0.2.53 198.51.100.1 example.com. 2
			REFUSED 192.0.2.53 198.51.100.1 example.net. 2
			NOERROR 192.0.2.53 198.51.100.2 - 50 aa=50`},
		{"refused for one zone is a lame server", "lame-delegation", `
			REFUSED 192.0.2.53 198.51.100.1 example.com. 4
			NOERROR 192.0.2.53 198.51.100.2 - 50 aa=50`},
		{"refused for two zones, and answered since", "", `
			REFUSED 192.0.2.53 198.51.100.1 example.com. 1 first=1 last=2
			REFUSED 192.0.2.53 198.51.100.1 example.net. 1 first=1 last=2
			NOERROR 192.0.2.53 198.51.100.1 - 50 aa=50 first=0 last=60`},
		{"refused for a while, whatever was asked", "upstream-refuses", `
			REFUSED 192.0.2.53 198.51.100.1 example.com. 20 first=10 last=30
			REFUSED 192.0.2.53 198.51.100.1 example.net. 20 first=10 last=30
			NOERROR 192.0.2.53 198.51.100.1 - 50 rd=50 ra=50 first=0 last=60
			zone_fine - 198.51.100.1 example.com. 25 first=0 last=60
			zone_fine - 198.51.100.1 example.net. 25 first=0 last=60
			quota 192.0.2.53 198.51.100.1 20*2/2 streak=40/10/30
			NOERROR 192.0.2.7 192.0.2.53 - 40 rd=40 ra=40`},
		{"refused by one of two servers behind an address", "upstream-refuses", `
			REFUSED 192.0.2.53 198.51.100.1 example.com. 20
			REFUSED 192.0.2.53 198.51.100.1 example.net. 20
			NOERROR 192.0.2.53 198.51.100.1 - 40 rd=40 ra=40
			zone_fine - 198.51.100.1 example.com. 20
			zone_fine - 198.51.100.1 example.net. 20
			quota 192.0.2.53 198.51.100.1 10*2/1 6*10/5 streak=4/10/11
			NOERROR 192.0.2.7 192.0.2.53 - 40 rd=40 ra=40`},
		{"one zone in three refused, as the server has the others only", "lame-delegation", `
			REFUSED 192.0.2.53 198.51.100.1 example.com. 20
			NOERROR 192.0.2.53 198.51.100.1 - 40 aa=40
			zone_fine - 198.51.100.1 example.org. 20 aa=20
			zone_fine - 198.51.100.1 example.net. 20 aa=20
			quota 192.0.2.53 198.51.100.1 20*3/1 streak=2/10/11`},
		{"one of two servers fails", "upstream-servfail", `
			SERVFAIL 192.0.2.53 198.51.100.1 example.com. 3
			NOERROR 192.0.2.53 198.51.100.2 - 9 aa=9
			zone_fine - 198.51.100.2 example.com. 9 aa=9`},
		{"a server that fails once in a while", "", `
			SERVFAIL 192.0.2.53 198.51.100.1 example.com. 3 first=10 last=30
			NOERROR 192.0.2.53 198.51.100.1 - 90 aa=90
			zone_fine - 198.51.100.1 example.com. 90 aa=90`},
		{"one zone fails, the others do not", "zone-fails", `
			SERVFAIL 192.0.2.1 198.51.100.53 example.com. 4 rd=4 ra=4
			NOERROR 192.0.2.1 198.51.100.53 - 50 rd=50 ra=50
			zone_fine - 198.51.100.53 example.net. 50 rd=50 ra=50`},
		{"one zone gets no answer in time, whatever is repeated", "zone-fails", `
			unanswered 192.0.2.1 198.51.100.53 example.com. 20 rd=20
			lookup_failed 192.0.2.1 198.51.100.53 example.com. 10
			NOERROR 192.0.2.1 198.51.100.53 - 50 rd=50 ra=50
			zone_fine - 198.51.100.53 example.net. 50 rd=50 ra=50`},
		{"one zone gets no answer, and does when it is repeated", "", `
			unanswered 192.0.2.1 198.51.100.53 example.com. 20 rd=20
			lookup_failed 192.0.2.1 198.51.100.53 example.com. 10
			rescued_by_again 192.0.2.1 198.51.100.53 example.com. 9
			NOERROR 192.0.2.1 198.51.100.53 - 50 rd=50 ra=50
			zone_fine - 198.51.100.53 example.net. 50 rd=50 ra=50`},
		{"a zone that fails now and then", "", `
			SERVFAIL 192.0.2.1 198.51.100.53 example.com. 4 rd=4 ra=4
			NOERROR 192.0.2.1 198.51.100.53 - 50 rd=50 ra=50
			zone_fine - 198.51.100.53 example.com. 50 rd=50 ra=50`},
		{"three failures of a zone where everything fails now and then", "", `
			SERVFAIL 192.0.2.1 198.51.100.53 example.com. 3 rd=3 ra=3
			SERVFAIL 192.0.2.1 198.51.100.53 example.net. 90 rd=90 ra=90
			NOERROR 192.0.2.1 198.51.100.53 - 300 rd=300 ra=300
			zone_fine - 198.51.100.53 example.net. 300 rd=300 ra=300`},
		{"two failures of a zone are too few", "", `
			SERVFAIL 192.0.2.1 198.51.100.53 example.com. 2 rd=2 ra=2
			NOERROR 192.0.2.1 198.51.100.53 - 50 rd=50 ra=50`},
		{"all zones fail", "resolver-fails", `
			SERVFAIL 192.0.2.1 198.51.100.53 example.com. 4 rd=4 ra=4
			SERVFAIL 192.0.2.2 198.51.100.53 example.net. 4 rd=4 ra=4
			SERVFAIL 192.0.2.2 198.51.100.53 example.org. 4 rd=4 ra=4
			NOERROR 192.0.2.1 198.51.100.53 - 3 rd=3 ra=3`},
		{"a zone fails now and then, of a server of whose good answers few were looked at", "", `
			SERVFAIL 192.0.2.1 198.51.100.53 example.com. 16 rd=16 ra=16
			NOERROR 192.0.2.1 198.51.100.53 - 300000 seen=4000 rd=300000 ra=300000`},
		{"a zone fails so often there that its good answers would have been seen", "zone-fails", `
			SERVFAIL 192.0.2.1 198.51.100.53 example.com. 1600 rd=1600 ra=1600
			NOERROR 192.0.2.1 198.51.100.53 - 300000 seen=4000 rd=300000 ra=300000`},
		{"a zone fails now and then, of a server whose zones were put together", "", `
			SERVFAIL 192.0.2.1 198.51.100.53 example.com. 16 rd=16 ra=16
			NOERROR 192.0.2.1 198.51.100.53 - 5000 rd=5000 ra=5000
			zone_fine - 198.51.100.53 - 5000 rd=5000 ra=5000`},
		{"a server fails now and then, of whose good answers few were looked at", "", `
			SERVFAIL 192.0.2.53 198.51.100.1 example.com. 3
			NOERROR 192.0.2.53 198.51.100.1 - 30000 seen=400 aa=30000`},
		{"silent for all zones, but for what it has", "resolver-fails", silentResolver},
		{"silent for all zones, and some of what is repeated is answered", "packet-loss", silentResolver + `
			rescued_by_again 192.0.2.1 198.51.100.53 example.com. 4`},
		{"three zones fail of many", "zone-fails", `
			SERVFAIL 192.0.2.1 198.51.100.53 example.com. 4 rd=4 ra=4
			SERVFAIL 192.0.2.2 198.51.100.53 example.net. 4 rd=4 ra=4
			SERVFAIL 192.0.2.2 198.51.100.53 example.org. 4 rd=4 ra=4
			NOERROR 192.0.2.1 198.51.100.53 - 300 rd=300 ra=300`},
		{"failures from memory", "servfail-cached", `
			S13 192.0.2.1 198.51.100.53 example.com. 2
			NOERROR 192.0.2.1 198.51.100.53 - 300 rd=300 ra=300`},
		{"failures of a zone from memory, from the first on", "servfail-cached", `
			SERVFAIL 192.0.2.1 198.51.100.53 example.com. 9 rd=9 ra=9 rtt=1
			NOERROR 192.0.2.1 198.51.100.53 - 90 rd=90 ra=90
			NOERROR 198.51.100.53 203.0.113.1 - 50 aa=50`},
		{"failures that took a try", "zone-fails", `
			SERVFAIL 192.0.2.1 198.51.100.53 example.com. 9 rd=9 ra=9 rtt=40
			NOERROR 192.0.2.1 198.51.100.53 - 90 rd=90 ra=90
			NOERROR 198.51.100.53 203.0.113.1 - 50 aa=50`},
		{"failures at once, without the upstream side", "zone-fails", `
			SERVFAIL 192.0.2.1 198.51.100.53 example.com. 9 rd=9 ra=9 rtt=1
			NOERROR 192.0.2.1 198.51.100.53 - 90 rd=90 ra=90`},
		{"the resolver says that it is validation", "dnssec-bogus", `
			SERVFAIL 192.0.2.1 198.51.100.53 example.com. 4 rd=4 ra=4
			EDE_6 192.0.2.1 198.51.100.53 example.com. 4
			NOERROR 192.0.2.1 198.51.100.53 - 50 rd=50 ra=50`},
		{"answered with CD", "dnssec-bogus", `
			SERVFAIL 192.0.2.1 198.51.100.53 example.com. 4 rd=4 ra=4
			rescued_by_cd 192.0.2.1 198.51.100.53 example.com. 1
			zone_fine - 198.51.100.53 example.com. 1 rd=1 ra=1 cd=1
			NOERROR 192.0.2.1 198.51.100.53 - 50 rd=50 ra=50 cd=1`},
		{"a DS, and nothing signed", "dnssec-signatures-missing", `
			signed example.com. ds=1 unsigned=4 keyless=2
			SERVFAIL 192.0.2.1 198.51.100.53 example.com. 4 rd=4 ra=4
			EDE_9 192.0.2.1 198.51.100.53 example.com. 4
			NOERROR 192.0.2.1 198.51.100.53 - 50 rd=50 ra=50`},
		{"a DS of an algorithm that nobody knows is insecure, and answered", "", `
			signed example.com. ds=1 unsigned=4
			NOERROR 192.0.2.1 198.51.100.53 - 50 rd=50 ra=50
			zone_fine - 198.51.100.53 example.com. 50 rd=50 ra=50`},
		{"a DS of another key", "dnssec-ds-mismatch", `
			signed example.com. ds=1 key=2 by=2 good=5
			SERVFAIL 192.0.2.1 198.51.100.53 example.com. 4 rd=4 ra=4
			NOERROR 192.0.2.1 198.51.100.53 - 50 rd=50 ra=50`},
		{"signatures of the day after tomorrow", "dnssec-not-yet-valid", `
			signed example.com. ds=1 key=1 by=1 notyet=4 validfrom=172800
			SERVFAIL 192.0.2.1 198.51.100.53 example.com. 4 rd=4 ra=4
			NOERROR 192.0.2.1 198.51.100.53 - 50 rd=50 ra=50`},
		{"one signature too early among good ones", "", `
			signed example.com. ds=1 key=1 by=1 notyet=1 good=9 validfrom=172800
			NOERROR 192.0.2.1 198.51.100.53 - 50 rd=50 ra=50`},
	})
}

func TestMostSaidReason(t *testing.T) {
	list := diagnosed(t, `
		SERVFAIL 192.0.2.1 198.51.100.53 example.com. 4 rd=4 ra=4
		EDE_9 192.0.2.1 198.51.100.53 example.com. 1
		EDE_10 192.0.2.1 198.51.100.53 example.com. 2
		EDE_6 192.0.2.1 198.51.100.53 example.com. 9
		NOERROR 192.0.2.1 198.51.100.53 - 50 rd=50 ra=50`)
	if want := "example.com fails validation: signatures are missing, as the resolver says"; len(list) == 0 || list[0].Title != want {
		t.Errorf("%+v", list)
	}
}

func TestByChance(t *testing.T) {
	for _, tt := range []struct {
		n, total, peerN, peerTotal uint64
		low, high                  float64
	}{
		{3, 3, 0, 1000, 0, 1e-9},
		{3, 3, 100, 990, 0.0009, 0.0011}, // a tenth, thrice
		{1, 2, 100, 990, 0.19, 0.21},     // one of two
		{10, 10, 10, 10, 0, 0.01},
		{0, 0, 0, 0, 1, 1},
		{5, 3, 1, 10, 0, 1}, // never out of range
	} {
		if got := byChance(tt.n, tt.total, tt.peerN, tt.peerTotal); !(got >= tt.low && got <= tt.high) {
			t.Errorf("%+v: %g", tt, got)
		}
	}
}

// silentResolver answers some that it has from before.
const silentResolver = `
	unanswered 192.0.2.1 198.51.100.53 example.com. 10 rd=10 first=20
	unanswered 192.0.2.2 198.51.100.53 example.net. 10 rd=10 first=20
	unanswered 192.0.2.2 198.51.100.53 example.org. 10 rd=10 first=20
	lookup_failed 192.0.2.1 198.51.100.53 example.com. 12
	NOERROR 192.0.2.1 198.51.100.53 - 15 rd=15 ra=15 rtt=1
	NOERROR 192.0.2.2 198.51.100.53 - 15 rd=15 ra=15 rtt=1`

// overload has three clients and three zones that fail, and are answered at other times.
const overload = `
	SERVFAIL 192.0.2.1 198.51.100.53 example.com. 5 rd=5 ra=5
	SERVFAIL 192.0.3.2 198.51.100.53 example.net. 5 rd=5 ra=5
	unanswered 192.0.4.3 198.51.100.53 example.org. 5 rd=5
	unanswered 192.0.2.1 198.51.100.53 example.net. 5 rd=5
	NOERROR 192.0.2.1 198.51.100.53 - 50 rd=50 ra=50
	NOERROR 192.0.4.3 198.51.100.53 - 50 rd=50 ra=50
	zone_fine - 198.51.100.53 example.com. 40 rd=40 ra=40
	zone_fine - 198.51.100.53 example.net. 40 rd=40 ra=40
	zone_fine - 198.51.100.53 example.org. 20 rd=20 ra=20`

func TestOverloadWantsLoad(t *testing.T) {
	calm, busy := Load{Queries: 10}, Load{Queries: 40, ServFail: 10, Unanswered: 10}
	for _, tt := range []struct {
		name string
		load []Load
		want bool
	}{
		{"failures when there is much to do", []Load{calm, calm, busy, busy, calm}, true},
		{"failures at any load", []Load{calm, calm, calm, {Queries: 10, ServFail: 5}, {Queries: 10, ServFail: 5}}, false},
		{"failures when there is little to do", []Load{{Queries: 40}, {Queries: 40}, {Queries: 40}, {Queries: 9, ServFail: 5}, {Queries: 9, ServFail: 5}}, false},
		{"nothing to compare with", []Load{busy, busy, busy}, false},
		{"no series", nil, false},
	} {
		_, list := Find(Input{Facts: facts(t, overload), Last: 60e9, Load: tt.load})
		got := len(list) > 0 && list[0].ID == "resolver-overloaded"
		if got != tt.want {
			t.Errorf("%s: %v, want %v: %+v", tt.name, got, tt.want, list)
		}
	}
}

// TestOverloadWithoutSilence is a resolver that says SERVFAIL to all that is too much: one bad time alone can be trouble upstream, with the retries that it brings.
func TestOverloadWithoutSilence(t *testing.T) {
	f := facts(t, strings.ReplaceAll(overload, "unanswered", "SERVFAIL"))
	calm, busy := Load{Queries: 10}, Load{Queries: 40, ServFail: 20}
	for _, tt := range []struct {
		name string
		load []Load
		want string
	}{
		{"at two peaks", []Load{calm, busy, calm, calm, busy, calm}, "resolver-overloaded"},
		{"at one", []Load{calm, calm, busy, busy, calm, calm}, ""},
		{"at two times with little more to do", []Load{calm, {Queries: 16, ServFail: 8}, calm, calm, {Queries: 16, ServFail: 8}, calm}, ""},
	} {
		_, list := Find(Input{Facts: f, Last: 60e9, Load: tt.load})
		got := ""
		if len(list) > 0 {
			got = list[0].ID
		}
		if got != tt.want {
			t.Errorf("%s: %q, want %q: %+v", tt.name, got, tt.want, list)
		}
	}
}

func TestLookupsThatAreEmptyFindNothing(t *testing.T) {
	if _, list := Find(Input{Facts: new(evidence.Facts)}); len(list) != 0 {
		t.Errorf("%+v", list)
	}
}
