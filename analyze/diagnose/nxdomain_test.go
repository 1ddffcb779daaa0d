package diagnose

import (
	"fmt"
	"strings"
	"testing"
)

func TestNXDomainRules(t *testing.T) {
	testRules(t, []ruleTest{
		{"a dozen domains of random letters", "generated-names", `
			no_domain 192.0.2.1 198.51.100.53 - 13 names=13 nodomain=13 random=12
			NOERROR 192.0.2.1 198.51.100.53 - 20 rd=20 ra=20
			NOERROR 192.0.2.2 198.51.100.53 - 200 rd=200 ra=200`},
		{"a crawler's domains are words", "", `
			no_domain 192.0.2.1 198.51.100.53 - 40 names=40 nodomain=40 random=3
			NOERROR 192.0.2.1 198.51.100.53 - 20 rd=20 ra=20`},
		{"one random domain over and over", "", `
			no_domain 192.0.2.1 198.51.100.53 - 40 names=1 nodomain=40 random=40
			NOERROR 192.0.2.1 198.51.100.53 - 20 rd=20 ra=20`},
		{"a domain answered before, then denied by its parent", "zone-vanished", `
			NXDOMAIN 192.0.2.1 198.51.100.53 example.com. 4 rd=4 ra=4 first=30 nodomain=4
			zone_fine - 198.51.100.53 example.com. 20 rd=20 ra=20 last=29
			NOERROR 192.0.2.1 198.51.100.53 - 50 rd=50 ra=50`},
		{"a host that is gone: the zone itself says so", "", `
			NXDOMAIN 192.0.2.1 198.51.100.53 example.com. 4 rd=4 ra=4 first=30
			zone_fine - 198.51.100.53 example.com. 20 rd=20 ra=20 last=29
			NOERROR 192.0.2.1 198.51.100.53 - 50 rd=50 ra=50`},
		{"denied by the parent, and answered since", "", `
			NXDOMAIN 192.0.2.1 198.51.100.53 example.com. 4 rd=4 ra=4 first=30 last=35 nodomain=4
			zone_fine - 198.51.100.53 example.com. 20 rd=20 ra=20
			NOERROR 192.0.2.1 198.51.100.53 - 50 rd=50 ra=50`},
		{"denied by the parent, while caches still have some", "zone-vanished", `
			NXDOMAIN 192.0.2.1 198.51.100.53 example.com. 12 rd=12 ra=12 first=30 nodomain=12
			zone_fine - 198.51.100.53 example.com. 20 rd=20 ra=20 last=45
			NOERROR 192.0.2.1 198.51.100.53 - 50 rd=50 ra=50`},
		{"denied by the parent, while its own server answers: the parent serves both", "", `
			NXDOMAIN 192.0.2.53 198.51.100.53 example.com. 12 aa=12 first=30 nodomain=12
			zone_fine - 198.51.100.53 example.com. 20 aa=20 last=45
			NOERROR 192.0.2.53 198.51.100.53 - 50 aa=50`},
		{"never there, and several miss it", "zone-vanished", `
			NXDOMAIN 192.0.2.1 198.51.100.53 example.com. 2 rd=2 ra=2 nodomain=2 names=2
			NXDOMAIN 192.0.2.2 198.51.100.53 example.com. 2 rd=2 ra=2 nodomain=2 names=2`},
		{"a laptop that has left the house", "", `
			NXDOMAIN 192.168.1.5 192.168.1.1 laptop.lan. 4 rd=4 ra=4 first=30 nodomain=4
			zone_fine - 192.168.1.1 laptop.lan. 20 rd=20 ra=20 last=29`},
		{"no such top-level domain is nobody's zone", "", `
			NXDOMAIN 192.0.2.1 198.51.100.53 printer.dlink. 2 rd=2 ra=2 nodomain=2 notop=2 names=2
			NXDOMAIN 192.0.2.2 198.51.100.53 printer.dlink. 2 rd=2 ra=2 nodomain=2 notop=2 names=2`},
		{"two names denied for one type", "nxdomain-by-type", `
			S03 192.0.2.1 198.51.100.1 example.com. 2 names=2
			NOERROR 192.0.2.1 198.51.100.1 - 50 aa=50
			NXDOMAIN 192.0.2.1 198.51.100.1 example.com. 9 aa=9
			zone_fine - 198.51.100.1 example.com. 20 aa=20`},
		{"a type denied for all zones, by a resolver", "nxdomain-by-type", `
			S03 192.0.2.1 198.51.100.53 example.com. 2 names=2
			S03 192.0.2.1 198.51.100.53 example.net. 2 names=2
			S03 192.0.2.1 198.51.100.53 example.org. 2 names=2
			NOERROR 192.0.2.1 198.51.100.53 - 50 rd=50 ra=50`},
		{"one name that came to be", "", `
			S03 192.0.2.1 198.51.100.1 example.com. 2 names=1
			NOERROR 192.0.2.1 198.51.100.1 - 50 aa=50`},
		{"a typo", "typo-names", `
			NXDOMAIN 192.0.2.1 198.51.100.53 exmaple.com. 2 rd=2 ra=2 nodomain=2
			NOERROR 192.0.2.1 198.51.100.53 - 50 rd=50 ra=50
			zone_fine - 198.51.100.53 example.com. 50 rd=50 ra=50`},
		{"networks are no typos of each other", "", `
			NXDOMAIN 192.0.2.1 198.51.100.53 142.in-addr.arpa. 2 rd=2 ra=2 nodomain=2
			NOERROR 192.0.2.1 198.51.100.53 - 50 rd=50 ra=50
			zone_fine - 198.51.100.53 152.in-addr.arpa. 50 rd=50 ra=50`},
		{"two letters are no typo", "", `
			NXDOMAIN 192.0.2.1 198.51.100.53 exxampel.com. 2 rd=2 ra=2 nodomain=2
			NOERROR 192.0.2.1 198.51.100.53 - 50 rd=50 ra=50
			zone_fine - 198.51.100.53 example.com. 50 rd=50 ra=50`},
	})
}

func TestLeakRules(t *testing.T) {
	testRules(t, []ruleTest{
		{"reverse names at a public server", "private-reverse-leak", `
			leaked 192.168.1.5 198.51.100.53 168.192.in-addr.arpa. 3`},
		{"reverse names at an inner server", "", `
			leaked 192.168.1.5 192.168.1.1 168.192.in-addr.arpa. 30`},
		{"reverse names at a server that has some of them", "", `
			leaked 192.168.1.5 198.51.100.53 168.192.in-addr.arpa. 30
			zone_fine - 198.51.100.53 192.in-addr.arpa. 20 aa=20`},
		{"two reverse names", "", `
			leaked 192.168.1.5 198.51.100.53 168.192.in-addr.arpa. 2`},
		{"inner names at a public server", "internal-names-leak", `
			leaked 192.168.1.5 2001:db8::53 corp. 3`},
		{"inner names at the own resolver, where all have addresses of IPv6", "", `
			leaked 2001:db8:53:6::63 2001:db8:53::53 lan. 30
			NOERROR 2001:db8:53:6::63 2001:db8:53::53 - 30 rd=30 ra=30`},
		{"inner names at a university's resolver", "", `
			leaked 198.51.100.7 198.51.7.53 lan. 30`},
		{"inner names that the own resolver asks outside", "internal-names-leak", `
			leaked 2001:db8:53:6::63 2001:db8:53::53 lan. 30
			NOERROR 2001:db8:53:6::63 2001:db8:53::53 - 30 rd=30 ra=30
			leaked 2001:db8:53::53 2001:db8:1::53 lan. 10`},
		{"inner names at a provider's resolver", "internal-names-leak", `
			leaked 2001:db8:53:6::63 2001:db8:1::53 lan. 30
			NOERROR 2001:db8:53:6::63 2001:db8:1::53 - 30 rd=30 ra=30`},
		{"inner names at a resolver, of nobody that is known", "", `
			leaked - 2001:db8:1::53 lan. 30
			NOERROR - 2001:db8:1::53 - 30 rd=30 ra=30`},
		{"inner names at an inner server", "", `
			leaked 192.168.1.5 fd00::53 corp. 30`},
		{"a browser's three", "browser-probes", `
			NXDOMAIN 192.0.2.1 198.51.100.53 kqwzxjvb. 1 rd=1 ra=1 random=1 nodomain=1
			NXDOMAIN 192.0.2.1 198.51.100.53 zxqvkwjpt. 1 rd=1 ra=1 random=1 nodomain=1
			NXDOMAIN 192.0.2.1 198.51.100.53 wqkzjxvbn. 1 rd=1 ra=1 random=1 nodomain=1`},
		{"three hosts without a domain are no probes", "", `
			NXDOMAIN 192.0.2.1 198.51.100.53 fileserver. 1 rd=1 ra=1 nodomain=1
			NXDOMAIN 192.0.2.1 198.51.100.53 printserver. 1 rd=1 ra=1 nodomain=1
			NXDOMAIN 192.0.2.1 198.51.100.53 workgroup. 1 rd=1 ra=1 nodomain=1`},
	})
}

func TestNearly(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want bool
	}{
		{"example.com.", "exmaple.com.", true},
		{"example.com.", "examples.com.", true},
		{"example.com.", "xample.com.", true},
		{"example.com.", "example.con.", true},
		{"example.com.", "example.com.", false},
		{"example.com.", "exmapel.com.", false},
		{"example.com.", "example.org.", false},
		{"cdn2.example.", "cdn3.example.", false},
		{"cdn.example.", "cdn1.example.", false},
		{"a.", ".", true},
		{"", "", false},
		{"", "ab", false},
	} {
		if nearly(tt.a, tt.b) != tt.want || nearly(tt.b, tt.a) != tt.want {
			t.Errorf("%q, %q: want %v", tt.a, tt.b, tt.want)
		}
	}
}

func TestTyposAreBounded(t *testing.T) {
	var text strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&text, "NXDOMAIN 192.0.2.1 198.51.100.53 %06dexampel.com. 2 rd=2 ra=2 nodomain=2\n", i)
		fmt.Fprintf(&text, "zone_fine - 198.51.100.53 %06dexample.com. 9 rd=9 ra=9\n", i)
	}
	for _, f := range diagnosed(t, text.String()) {
		if f.ID == "typo-names" && f.Affected > 2*maxTypos {
			t.Errorf("%d denials compared", f.Affected)
		}
	}
}

// TestSearchSuffixMatters wants a search list to be a warning where it costs something, and else good to know.
func TestSearchSuffixMatters(t *testing.T) {
	const denied = `
		suffixed 192.0.2.1 198.51.100.53 corp.example. 20 names=9
		NXDOMAIN 192.0.2.1 198.51.100.53 corp.example. 20 rd=20 ra=20
		`
	for rest, want := range map[string]Severity{
		"NOERROR 192.0.2.1 198.51.100.53 - 500 rd=500 ra=500":    Warning,
		"NOERROR 192.0.2.1 198.51.100.53 - 5000 rd=5000 ra=5000": Info,
	} {
		if list := diagnosed(t, denied+rest); len(list) == 0 || list[0].ID != "search-suffix" || list[0].Severity != want {
			t.Errorf("%s: want %s, got %+v", rest, want, list)
		}
	}
}
