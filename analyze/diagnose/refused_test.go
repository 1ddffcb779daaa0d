package diagnose

import (
	"strings"
	"testing"
)

func TestRefusalRules(t *testing.T) {
	testRules(t, []ruleTest{
		{"slips and drops of a burst", "rate-limited", `
			NOERROR 192.0.2.1 198.51.100.1 - 60 aa=60 rd=60 tc=40 answers=20 last=2
			unanswered 192.0.2.1 198.51.100.1 example.com. 40 rd=40 last=2
			zone_fine - 198.51.100.1 example.com. 60 aa=60`},
		{"drops alone are an outage or loss", "packet-loss", `
			NOERROR 192.0.2.1 198.51.100.1 - 60 aa=60 answers=60 last=10
			NOERROR 192.0.2.1 198.51.100.2 - 60 aa=60 answers=60 last=10
			zone_fine - 198.51.100.1 example.com. 60 aa=60 last=10
			unanswered 192.0.2.1 198.51.100.1 example.com. 40 last=10`},
		{"truncated and lost, at two queries a second", "packet-loss", `
			NOERROR 192.0.2.1 198.51.100.1 - 60 aa=60 tc=40 answers=20
			NOERROR 192.0.2.1 198.51.100.2 - 60 aa=60 answers=60
			zone_fine - 198.51.100.1 example.com. 60 aa=60
			unanswered 192.0.2.1 198.51.100.1 example.com. 40`},
		{"refused in the seconds in which it asks much", "rate-limited", `
			NOERROR 192.0.2.1 198.51.100.1 - 40 rd=40 ra=40 answers=40 names=3 last=10
			REFUSED 192.0.2.1 198.51.100.1 example.com. 60 rd=60 first=1 last=9 names=3
			zone_fine - 198.51.100.1 example.com. 80 last=10
			quota 192.0.2.1 198.51.100.1 4*2/0 4*20/15
			NOERROR 192.0.2.2 198.51.100.1 - 40 rd=40 ra=40`},
		{"refused in the same seconds, for zones that it does not have", "", `
			NOERROR 192.0.2.1 198.51.100.1 - 40 rd=40 ra=40 answers=40 names=3 last=10
			REFUSED 192.0.2.1 198.51.100.1 example.com. 60 rd=60 first=1 last=9 names=3
			zone_fine - 198.51.100.1 example.net. 80 last=10
			quota 192.0.2.1 198.51.100.1 4*2/0 4*20/15
			NOERROR 192.0.2.2 198.51.100.1 - 40 rd=40 ra=40`},
		{"refused as much whatever the rate: one of several servers behind an address, or a policy for types", "", `
			NOERROR 192.0.2.1 198.51.100.1 - 40 rd=40 ra=40 answers=40 names=3 last=10
			REFUSED 192.0.2.1 198.51.100.1 example.com. 60 rd=60 first=1 last=9 names=3
			zone_fine - 198.51.100.1 example.com. 80 last=10
			quota 192.0.2.1 198.51.100.1 10*2/1 4*20/10
			NOERROR 192.0.2.2 198.51.100.1 - 40 rd=40 ra=40`},
		{"calm seconds too few to tell", "", `
			NOERROR 192.0.2.1 198.51.100.1 - 40 rd=40 ra=40 answers=40 names=3 last=10
			REFUSED 192.0.2.1 198.51.100.1 example.com. 60 rd=60 first=1 last=9 names=3
			zone_fine - 198.51.100.1 example.com. 80 last=10
			quota 192.0.2.1 198.51.100.1 2*2/0 4*20/15
			NOERROR 192.0.2.2 198.51.100.1 - 40 rd=40 ra=40`},
		{"a forwarder that is refused above a rate, and what its clients have of it", "rate-limited", `
			NOERROR 192.0.2.53 198.51.100.1 - 40 rd=40 ra=40 answers=40 last=60
			NOERROR 192.0.2.7 192.0.2.53 - 40 rd=40 ra=40 answers=40 last=60
			REFUSED 192.0.2.53 198.51.100.1 example.com. 60 rd=60 first=1 last=50
			zone_fine - 198.51.100.1 example.com. 80 last=60
			quota 192.0.2.53 198.51.100.1 10*2/0 4*20/15
			SERVFAIL 192.0.2.7 192.0.2.53 example.com. 9 rd=9 ra=9
			moment 192.0.2.53 198.51.100.1 example.com. REFUSED 20 20
			moment 192.0.2.7 192.0.2.53 example.com. SERVFAIL 20 20`},
		{"refused from some time on is a list", "acl-subnet", `
			NOERROR 192.0.2.1 198.51.100.1 - 40 rd=40 ra=40 answers=40 names=3 last=4
			REFUSED 192.0.2.1 198.51.100.1 example.com. 60 rd=60 first=4 last=9 names=3
			zone_fine - 198.51.100.1 example.com. 80 last=4
			NOERROR 203.0.113.2 198.51.100.1 - 40 rd=40 ra=40`},

		{"one client of a network", "acl-client", `
			REFUSED 192.0.2.1 198.51.100.1 example.com. 2 rd=2
			REFUSED 192.0.2.1 198.51.100.1 example.org. 2 rd=2
			NOERROR 192.0.2.2 198.51.100.1 - 10 rd=10 ra=10`},
		{"one client, one zone: a policy for names", "", `
			REFUSED 192.0.2.1 198.51.100.1 example.com. 4 rd=4
			NOERROR 192.0.2.2 198.51.100.1 - 10 rd=10 ra=10`},
		{"one client that is answered, too", "", `
			REFUSED 192.0.2.1 198.51.100.1 example.com. 2 rd=2
			REFUSED 192.0.2.1 198.51.100.1 example.org. 2 rd=2
			NOERROR 192.0.2.1 198.51.100.1 - 1 rd=1 ra=1
			NOERROR 192.0.2.2 198.51.100.1 - 10 rd=10 ra=10`},

		{"a secondary that is refused", "transfer-denied", `
			REFUSED 192.0.2.1 198.51.100.1 example.com. 2 kind=transfer
			NOERROR 198.51.100.1 192.0.2.1 - 2 kind=notify`},
		{"one transfer refused to a stranger", "", `REFUSED 192.0.2.1 198.51.100.1 example.com. 1 kind=transfer`},

		{"stubs at a name server", "recursion-at-authoritative", `
			REFUSED 192.0.2.1 198.51.100.1 example.org. 1 rd=1
			REFUSED 192.0.2.1 198.51.100.1 example.net. 1 rd=1
			REFUSED 192.0.2.2 198.51.100.1 example.edu. 1 rd=1
			NOERROR 203.0.113.1 198.51.100.1 - 50 aa=50`},
		{"stubs at a name server that refers them to the root", "recursion-at-authoritative", `
			S09 192.0.2.1 198.51.100.1 example.org. 1 rd=1
			S09 192.0.2.1 198.51.100.1 example.net. 1 rd=1
			S09 192.0.2.2 198.51.100.1 example.edu. 1 rd=1
			NOERROR 203.0.113.1 198.51.100.1 - 50 aa=50`},
		{"a resolver with a list", "acl-subnet", `
			REFUSED 192.0.2.1 198.51.100.1 example.org. 1 rd=1
			REFUSED 192.0.2.1 198.51.100.1 example.net. 1 rd=1
			REFUSED 192.0.2.1 198.51.100.1 example.edu. 1 rd=1
			NOERROR 203.0.113.1 198.51.100.1 - 50 rd=50 ra=50 aa=3`},
		{"a zone that a name server lacks", "zone-not-served", `
			REFUSED 192.0.2.1 198.51.100.1 example.org. 3 rd=3
			NOERROR 192.0.2.1 198.51.100.1 - 50 rd=50 aa=50
			zone_fine - 198.51.100.1 example.com. 50 aa=50`},
		{"a zone that it has for others", "", `
			REFUSED 192.0.2.1 198.51.100.1 example.org. 3 rd=3
			NOERROR 192.0.2.1 198.51.100.1 - 50 rd=50 aa=50
			zone_fine - 198.51.100.1 example.org. 50 aa=50`},
		{"a resolver asks where it was delegated to", "lame-delegation", `
			REFUSED 192.0.2.1 198.51.100.1 example.org. 3
			NOERROR 192.0.2.1 198.51.100.1 - 50 aa=50
			zone_fine - 198.51.100.1 example.com. 50 aa=50`},
	})
}

func TestUpdateRules(t *testing.T) {
	testRules(t, []ruleTest{
		{"an update to a secondary", "update-wrong-server", `NOTAUTH 192.0.2.1 198.51.100.1 example.org. 2 kind=update`},
		{"an update to a resolver", "update-wrong-server", `NOTIMP 192.0.2.1 198.51.100.1 example.org. 2 kind=update low=5 high=5`},
		{"one update", "", `NOTAUTH 192.0.2.1 198.51.100.1 example.org. 1 kind=update`},
		{"one update that stands for many", "", `NOTAUTH 192.0.2.1 198.51.100.1 example.org. 32 seen=1 kind=update`},
		{"one in class ANY", "", `NOTAUTH 192.0.2.1 198.51.100.1 example.org. 2 kind=foreign`},
		{"names of elsewhere", "update-wrong-zone", `NOTZONE 192.0.2.1 198.51.100.1 example.org. 2 kind=update`},
		{"conditions that do not hold", "update-prerequisite", `
			YXDOMAIN 192.0.2.1 198.51.100.1 example.org. 1 kind=update
			NXRRSET 192.0.2.1 198.51.100.1 example.org. 1 kind=update`},
		{"names that do not exist are no conditions", "", `NXDOMAIN 192.0.2.1 198.51.100.1 example.org. 2 rd=2 ra=2`},
	})
}

func TestUpdateWrongServerNamesThePrimary(t *testing.T) {
	list := diagnosed(t, `
		serial example.org. 203.0.113.9 7 ns1.example.org.
		NOTAUTH 192.0.2.1 198.51.100.1 example.org. 2 kind=update name=example.org.`)
	if len(list) != 1 || !strings.Contains(strings.Join(list[0].Evidence, "\n"), "names ns1.example.org as its primary") {
		t.Errorf("%+v", list)
	}
}

// TestUpdateNamesAreQuotedApart has a primary whose name is a command: it must not stand within the quotes of another word.
func TestUpdateNamesAreQuotedApart(t *testing.T) {
	list := diagnosed(t, `
		serial example.org. 203.0.113.9 7 $(id).example.org.
		NOTAUTH 192.0.2.1 198.51.100.1 example.org. 2 kind=update name=example.org.`)
	want := `printf 'server %s\nzone %s\nshow\n' '$(id).example.org' example.org | nsupdate`
	if len(list) != 1 || !strings.HasPrefix(list[0].Next[1], want) {
		t.Errorf("want %s, got %+v", want, list)
	}
}

func TestNotImplementedRules(t *testing.T) {
	testRules(t, []ruleTest{
		{"opcodes that nobody has", "opcode-not-implemented", `NOTIMP 192.0.2.1 198.51.100.1 example.org. 2 kind=other low=2 high=2`},
		{"one of them", "", `NOTIMP 192.0.2.1 198.51.100.1 example.org. 1 kind=other low=2 high=2`},
		{"a type that a server does not know", "type-not-implemented", `
			NOTIMP 192.0.2.1 198.51.100.1 example.org. 2 low=65 high=65
			NOERROR 192.0.2.1 198.51.100.1 - 50 aa=50`},
		{"a server that answers nothing well", "", `NOTIMP 192.0.2.1 198.51.100.1 example.org. 2 low=1 high=1`},
		{"malformed queries for it", "", `
			NOTIMP 192.0.2.1 198.51.100.1 example.org. 2 low=65 high=65 malformed=2
			NOERROR 192.0.2.1 198.51.100.1 - 50 aa=50`},
		{"a test of EDNS 1", "edns-version", `BADVERS 192.0.2.1 198.51.100.1 example.org. 2 edns=2 low=1 high=1`},
		{"one of them is dig's", "", `BADVERS 192.0.2.1 198.51.100.1 example.org. 1 edns=1 low=1 high=1`},
	})
	for facts, want := range map[string]Severity{
		"NOTIMP 192.0.2.1 198.51.100.1 example.org. 2 low=65 high=65\nNOERROR 192.0.2.1 198.51.100.1 - 50 aa=50":   Warning,
		"NOTIMP 192.0.2.1 198.51.100.1 example.org. 2 low=255 high=255\nNOERROR 192.0.2.1 198.51.100.1 - 50 aa=50": Info,
		"BADVERS 192.0.2.1 198.51.100.1 example.org. 2 edns=2 low=0 high=0":                                        Warning,
		"BADVERS 192.0.2.1 198.51.100.1 example.org. 2 edns=2 low=1 high=255":                                      Info,
	} {
		if list := diagnosed(t, facts); len(list) == 0 || list[0].Severity != want {
			t.Errorf("%s: want %s, got %+v", facts, want, list)
		}
	}
}

// TestStrangers wants what the whole Internet sends to a server, day and night, to be good to know and no more, and the same from those who need the server to
// be said aloud.
func TestStrangers(t *testing.T) {
	const resolver, nameServer = `
		NOERROR 203.0.113.9 198.51.100.1 - 500 rd=500 ra=500
		`, `
		NOERROR 203.0.113.9 198.51.100.1 - 500 aa=500
		zone_fine - 198.51.100.1 example.org. 500 aa=500
		`
	for _, tt := range []struct {
		name, facts, id string
		want            Severity
	}{
		{"a scanner at a resolver", resolver + `REFUSED 192.0.2.1 198.51.100.1 example.com. 4 rd=4`, "acl-subnet", Info},
		{"a network of scanners at a resolver", resolver + `
			REFUSED 192.0.2.1 198.51.100.1 example.com. 4 rd=4
			REFUSED 192.0.2.2 198.51.100.1 example.com. 4 rd=4`, "acl-subnet", Info},
		{"hosts that ask for this and that", resolver + `
			REFUSED 192.0.2.1 198.51.100.1 example.com. 4 rd=4
			REFUSED 192.0.2.2 198.51.100.1 example.com. 4 rd=4
			REFUSED 192.0.2.2 198.51.100.1 example.net. 4 rd=4`, "acl-subnet", Critical},
		{"hosts whose neighbours are answered", resolver + `
			NOERROR 192.0.7.1 198.51.100.1 - 5 rd=5 ra=5
			REFUSED 192.0.2.1 198.51.100.1 example.com. 4 rd=4
			REFUSED 192.0.2.2 198.51.100.1 example.com. 4 rd=4`, "acl-subnet", Critical},
		{"hosts that were answered before", resolver + `
			NOERROR 192.0.2.1 198.51.100.1 - 5 rd=5 ra=5 last=10
			REFUSED 192.0.2.1 198.51.100.1 example.com. 4 rd=4 first=11
			REFUSED 192.0.2.2 198.51.100.1 example.com. 4 rd=4 first=11`, "acl-subnet", Critical},
		{"hosts with addresses of the inside", resolver + `
			REFUSED 10.1.2.1 198.51.100.1 example.com. 4 rd=4
			REFUSED 10.1.2.2 198.51.100.1 example.com. 4 rd=4`, "acl-subnet", Critical},
		{"scanners at a name server", nameServer + `
			REFUSED 192.0.2.1 198.51.100.1 example.com. 1 rd=1
			REFUSED 192.0.3.1 198.51.100.1 example.net. 1 rd=1
			REFUSED 192.0.4.1 198.51.100.1 example.edu. 1 rd=1`, "recursion-at-authoritative", Info},
		{"hosts that take it for their resolver", nameServer + `
			REFUSED 192.0.2.1 198.51.100.1 example.com. 1 rd=1
			REFUSED 192.0.2.1 198.51.100.1 example.net. 1 rd=1
			REFUSED 192.0.4.1 198.51.100.1 example.edu. 1 rd=1`, "recursion-at-authoritative", Critical},
		{"scanners for one zone", nameServer + `
			REFUSED 192.0.2.1 198.51.100.1 example.com. 1 rd=1
			REFUSED 192.0.3.1 198.51.100.1 example.com. 2 rd=2
			REFUSED 192.0.4.1 198.51.100.1 example.com. 1 rd=1`, "zone-not-served", Info},
		{"a monitor of one zone", nameServer + `REFUSED 192.0.2.1 198.51.100.1 example.com. 9 rd=9`, "zone-not-served", Warning},
	} {
		if list := diagnosed(t, tt.facts); len(list) == 0 || list[0].ID != tt.id || list[0].Severity != tt.want {
			t.Errorf("%s: want %s %s, got %+v", tt.name, tt.want, tt.id, list)
		}
	}
}
