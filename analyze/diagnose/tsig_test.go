package diagnose

import (
	"strings"
	"testing"
)

func TestSignatureRules(t *testing.T) {
	testRules(t, []ruleTest{
		{"a wrong secret", "tsig-bad-signature", `TSIG_BADSIG 192.0.2.1 198.51.100.1 example.com. 2 kind=update key=ddns.`},
		{"one wrong signature", "", `TSIG_BADSIG 192.0.2.1 198.51.100.1 example.com. 1 kind=update key=ddns.`},
		{"an unknown key", "tsig-unknown-key", `TSIG_BADKEY 192.0.2.1 198.51.100.1 example.com. 2 kind=update key=ddns.`},
		{"a signature cut short", "tsig-truncated", `TSIG_BADTRUNC 192.0.2.1 198.51.100.1 example.com. 2 kind=update key=ddns.`},
		{"refused without a word", "tsig-refused", `key_refused 192.0.2.1 198.51.100.1 example.com. 2 kind=update`},
		{"a slow clock", "tsig-clock-skew", `TSIG_BADTIME 192.0.2.1 198.51.100.1 example.com. 2 kind=update low=400 high=402`},
		{"no server's time", "", `TSIG_BADTIME 192.0.2.1 198.51.100.1 example.com. 2 kind=update`},
		{"no key agreed on", "tkey-failed", `TKEY_BADNAME 192.0.2.1 198.51.100.1 example.com. 2 key=host.example.com. type=249`},
		{"one attempt", "", `TKEY_BADNAME 192.0.2.1 198.51.100.1 example.com. 1 key=host.example.com. type=249`},
	})
}

func TestClockSkewOrNoClock(t *testing.T) {
	for _, tt := range []struct{ name, low, high, title, skew string }{
		{"minutes", "400", "402", "the clock of 192.0.2.1 is 7 min (401 s) fast", "401"},
		{"a day is still a clock", "86400", "86400", "24 h", "86400"},
		{"decades", "2300000000", "2300000001", "nonsense, up to 72 years off", ""},
		{"minutes and hours", "600", "4200", "differ by 60 min among themselves", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			list := diagnosed(t, "TSIG_BADTIME 192.0.2.1 198.51.100.1 example.com. 2 kind=update low="+tt.low+" high="+tt.high)
			if len(list) != 1 || !strings.Contains(list[0].Title, tt.title) || list[0].Scope.Skew != tt.skew {
				t.Errorf("want %q and a skew of %q, got %+v", tt.title, tt.skew, list)
			}
		})
	}
}

func TestTheKeyIsNamed(t *testing.T) {
	list := diagnosed(t, `TSIG_BADKEY 192.0.2.1 198.51.100.1 example.com. 2 kind=update key=ddns.example.`)
	if len(list) != 1 || !strings.Contains(list[0].Title, "key ddns.example,") {
		t.Errorf("%+v", list)
	}
}

func TestCookieRules(t *testing.T) {
	testRules(t, []ruleTest{
		{"never an answer", "cookie-loop", `BADCOOKIE 192.0.2.1 198.51.100.1 example.com. 3 edns=3`},
		{"one BADCOOKIE before each answer", "", `
			BADCOOKIE 192.0.2.1 198.51.100.1 example.com. 6 edns=6
			NOERROR 192.0.2.1 198.51.100.1 - 3 edns=3
			NXDOMAIN 192.0.2.1 198.51.100.1 example.com. 3 edns=3`},
		{"its own cookie, now taken and now not", "cookie-secret-differs", `
			O15 192.0.2.1 198.51.100.1 example.com. 4 edns=4
			BADCOOKIE 192.0.2.1 198.51.100.1 example.com. 4 edns=4
			NOERROR 192.0.2.1 198.51.100.1 - 8 edns=8`},
		{"a cookie once in a while is old", "", `
			O15 192.0.2.1 198.51.100.1 example.com. 3 edns=3
			BADCOOKIE 192.0.2.1 198.51.100.1 example.com. 3 edns=3
			NOERROR 192.0.2.1 198.51.100.1 - 80 edns=80`},
		{"somebody else's cookie", "cookie-replayed", `
			O16 192.0.2.1 198.51.100.1 example.com. 3 edns=3
			NOERROR 192.0.2.1 198.51.100.1 - 5 edns=5`},
		{"twice in a lifetime", "", `
			O16 192.0.2.1 198.51.100.1 example.com. 2 edns=2
			NOERROR 192.0.2.1 198.51.100.1 - 50 edns=50`},
	})
}
