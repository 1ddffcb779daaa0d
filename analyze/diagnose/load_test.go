package diagnose

import (
	"fmt"
	"testing"
)

func TestLoadRules(t *testing.T) {
	testRules(t, []ruleTest{
		{"a victim of reflection", "reflection-victim", `
			unsolicited 192.0.2.1 198.51.100.1 example.com. 100 names=1 responsebytes=300000
			unsolicited 192.0.2.1 198.51.100.2 example.com. 100 names=1 responsebytes=300000`},
		{"small unsolicited responses for many names", "", `
			unsolicited 192.0.2.1 198.51.100.1 example.com. 100 names=90 responsebytes=10000`},
		{"a victim that asks for itself", "reflection-victim", `
			unsolicited 192.0.2.1 198.51.100.1 example.com. 200 names=2 responsebytes=300000
			NOERROR 192.0.2.1 198.51.100.53 - 90 rd=90 ra=90 names=60`},
		{"late answers of a host that asks much", "", `
			unsolicited 192.0.2.1 198.51.100.1 example.com. 60 names=9 responsebytes=60000
			NOERROR 192.0.2.1 198.51.100.53 - 90 rd=90 ra=90 names=60`},
		{"one client above all", "client-flood", `
			NOERROR 192.0.2.1 198.51.100.1 - 6000 rd=6000 ra=6000 names=50
			NOERROR 192.0.2.2 198.51.100.1 - 60 rd=60 ra=60
			NOERROR 192.0.2.3 198.51.100.1 - 50 rd=50 ra=50
			NOERROR 192.0.2.4 198.51.100.1 - 40 rd=40 ra=40`},
		{"two busy clients", "", `
			NOERROR 192.0.2.1 198.51.100.1 - 6000 rd=6000 ra=6000 names=50
			NOERROR 192.0.2.2 198.51.100.1 - 5000 rd=5000 ra=5000
			NOERROR 192.0.2.3 198.51.100.1 - 50 rd=50 ra=50
			NOERROR 192.0.2.4 198.51.100.1 - 40 rd=40 ra=40`},
		{"ANY all the time, small answers", "any-abuse", `
			NOERROR 192.0.2.1 198.51.100.1 - 100 rd=100 any=100 names=1 querybytes=4000 responsebytes=6000
			NOERROR 192.0.2.2 198.51.100.1 - 100 rd=100`},
		{"the same texts again and again", "txt-abuse", `
			NOERROR 192.0.2.1 198.51.100.1 - 100 rd=100 bulky=100 names=1 querybytes=4000 responsebytes=6000
			NOERROR 192.0.2.2 198.51.100.1 - 100 rd=100`},
		{"a mail server's texts of many domains", "", `
			NOERROR 192.0.2.1 198.51.100.1 - 100 rd=100 bulky=100 names=90 querybytes=4000 responsebytes=6000
			NOERROR 192.0.2.2 198.51.100.1 - 100 rd=100`},
		{"a text read three times a second, and nothing comes back", "txt-abuse", `
			NOERROR 192.0.2.1 198.51.100.1 - 200 rd=200 ra=200 bulky=200 names=1 querybytes=9000 responsebytes=180000
			NOERROR 203.0.113.2 198.51.100.1 - 100 rd=100`},
		{"a text read thirty times a second", "amplification-abuse", `
			NOERROR 192.0.2.1 198.51.100.1 - 300 rd=300 ra=300 bulky=300 names=1 querybytes=9000 responsebytes=180000 last=10
			NOERROR 203.0.113.2 198.51.100.1 - 100 rd=100`},
		{"amplification to a whole subnet", "amplification-abuse", `
			NOERROR 192.0.2.1 198.51.100.1 - 20 rd=20 any=20 names=1 querybytes=800 responsebytes=60000
			NOERROR 192.0.2.2 198.51.100.1 - 20 rd=20 any=20 names=1 querybytes=800 responsebytes=60000
			NOERROR 192.0.2.3 198.51.100.1 - 20 rd=20 any=20 names=1 querybytes=800 responsebytes=60000
			NOERROR 203.0.113.2 198.51.100.1 - 100 rd=100`},
		{"random names below a zone that fails", "random-subdomain-flood", `
			SERVFAIL 192.0.2.1 198.51.100.1 example.com. 3000 rd=3000 ra=3000 names=900
			NOERROR 192.0.2.2 198.51.100.1 - 100 rd=100`},
		{"random names below a zone that does not have them", "random-subdomain-flood", `
			NXDOMAIN 192.0.2.1 198.51.100.1 example.com. 900 rd=900 ra=900 names=900 name=k3x9.example.com.
			NOERROR 192.0.2.2 198.51.100.1 - 100 rd=100`},
		{"a mail server's block list: each sender once", "", `
			NXDOMAIN 192.0.2.1 198.51.100.1 example.com. 900 rd=900 ra=900 names=900 name=7.113.0.203.zen.example.com.
			NOERROR 192.0.2.2 198.51.100.1 - 100 rd=100`},
		{"the same of IPv6", "", `
			NXDOMAIN 192.0.2.1 198.51.100.1 example.com. 900 rd=900 ra=900 names=900 name=1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.zen.example.com.
			NOERROR 192.0.2.2 198.51.100.1 - 100 rd=100`},
		{"a log server looks up who came by", "", `
			NXDOMAIN 192.0.2.1 198.51.100.1 203.in-addr.arpa. 900 rd=900 ra=900 names=900
			NOERROR 192.0.2.2 198.51.100.1 - 100 rd=100`},
		{"some names that are gone, of a zone that is much asked for", "", `
			NXDOMAIN 192.0.2.1 198.51.100.1 example.com. 150 rd=150 ra=150 names=150 name=old7.example.com.
			zone_fine - 198.51.100.1 example.com. 5000 rd=5000 ra=5000
			NOERROR 192.0.2.2 198.51.100.1 - 5000 rd=5000`},
		{"a busy zone that fails is no flood", "zone-fails", `
			SERVFAIL 192.0.2.1 198.51.100.1 example.com. 300 rd=300 ra=300 names=60
			NOERROR 192.0.2.2 198.51.100.1 - 100 rd=100`},
		{"data in names, both ways", "tunnelling", `
			long_name 192.0.2.1 198.51.100.1 t.example. 60 rd=60 ra=60 names=60 querybytes=12000 responsebytes=18000 bulky=60
			zone_fine - 198.51.100.1 t.example. 100 rd=100 ra=100 names=100`},
		{"long names of a cloud, asked again and again", "", `
			long_name 192.0.2.1 198.51.100.1 cloud.example. 60 rd=60 ra=60 names=6 querybytes=6000 responsebytes=8000
			zone_fine - 198.51.100.1 cloud.example. 100 rd=100 ra=100 names=20`},
		{"a few long names in a large zone", "", `
			long_name 192.0.2.1 198.51.100.1 cloud.example. 60 rd=60 ra=60 names=60 querybytes=6000 responsebytes=8000
			zone_fine - 198.51.100.1 cloud.example. 1000 rd=1000 ra=1000 names=300`},
		{"strangers want zones", "transfer-attempts", `
			REFUSED 192.0.2.1 198.51.100.1 example.com. 1 kind=transfer
			REFUSED 192.0.2.2 198.51.100.1 example.net. 1 kind=transfer
			REFUSED 192.0.2.3 198.51.100.1 example.org. 2 kind=transfer`},
		{"a secondary that is refused for once is no stranger", "transfer-denied", `
			REFUSED 192.0.2.1 198.51.100.1 example.com. 4 kind=transfer
			NOERROR 192.0.2.1 198.51.100.1 example.com. 4 kind=transfer`},
		{"errors asked again at once", "retry-storm", `
			error_again 192.0.2.1 198.51.100.1 example.com. 40 names=2
			NOERROR 192.0.2.2 198.51.100.1 - 100 rd=100`},
		{"a few errors asked again, for many names", "", `
			error_again 192.0.2.1 198.51.100.1 example.com. 40 names=30
			NOERROR 192.0.2.2 198.51.100.1 - 100 rd=100`},
		{"errors only now and then", "errors-rate-limited", `
			FORMERR 192.0.2.1 198.51.100.1 example.com. 10 dubious=10 odd=10
			FORMERR 192.0.2.2 198.51.100.1 example.com. 10 dubious=10 odd=10
			unanswered 192.0.2.1 198.51.100.1 example.com. 40 dubious=40
			unanswered 192.0.2.2 198.51.100.1 example.com. 40 dubious=40
			NOERROR 192.0.2.3 198.51.100.1 - 100 rd=100`},
		{"most errors come, at the rate of a limit", "errors-rate-limited", `
			FORMERR 192.0.2.1 198.51.100.1 - 400 dubious=400 odd=400 first=10 last=14
			unanswered 192.0.2.1 198.51.100.1 - 100 dubious=100 first=10 last=14
			NOERROR 192.0.2.3 198.51.100.1 - 100 rd=100`},
		{"most errors come, and few a second", "deliberate-drops", `
			FORMERR 192.0.2.1 198.51.100.1 - 400 dubious=400 odd=400
			unanswered 192.0.2.1 198.51.100.1 - 100 dubious=100
			NOERROR 192.0.2.3 198.51.100.1 - 100 rd=100`},
		{"dropped on purpose", "deliberate-drops", `
			unanswered 192.0.2.1 198.51.100.1 example.com. 10 dubious=10
			NOERROR 192.0.2.3 198.51.100.1 - 100 rd=100`},
		{"UPDATE dropped on purpose", "deliberate-drops", `
			unanswered 192.0.2.1 198.51.100.1 example.com. 4 kind=update
			NOERROR 192.0.2.3 198.51.100.1 - 100 rd=100`},
		{"ordinary queries dropped, too", "", `
			unanswered 192.0.2.1 198.51.100.1 example.com. 4 dubious=4
			unanswered 192.0.2.1 198.51.100.1 example.net. 2
			NOERROR 192.0.2.3 198.51.100.1 - 100 rd=100`},
	})
}

// TestCarpet wants one finding for a subnet under attack, not one for each address.
func TestCarpet(t *testing.T) {
	text := "NOERROR 203.0.113.2 198.51.100.1 - 100 rd=100\n"
	for i := range 50 {
		text += fmt.Sprintf("NOERROR 192.0.2.%d 198.51.100.1 - 40 rd=40 any=40 names=1 querybytes=1600 responsebytes=60000\n", i+1)
	}
	list := diagnosed(t, text)
	if len(list) != 1 || list[0].Scope.Subnet != "192.0.2.0/24" || list[0].Confidence < 0.8 {
		t.Errorf("got %+v", list)
	}
}
