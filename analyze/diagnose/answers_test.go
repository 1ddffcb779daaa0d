package diagnose

import "testing"

func TestAnswerRules(t *testing.T) {
	testRules(t, []ruleTest{
		{"two servers with authority that always differ", "answers-differ-by-server", `
			answer www.example.com. example.com. 1 198.51.100.1 2 0 50 203.0.113.1 aa=2
			answer www.example.com. example.com. 1 198.51.100.2 2 5 55 203.0.113.2 aa=2`},
		{"a name that one of them lacks", "answers-differ-by-server", `
			answer www.example.com. example.com. 1 198.51.100.1 3 0 50 203.0.113.1 aa=3
			answer www.example.com. example.com. 1 198.51.100.2 3 5 55 NXDOMAIN aa=3`},
		{"one after the other: the zone was changed between", "", `
			answer www.example.com. example.com. 1 198.51.100.1 2 0 20 203.0.113.1 aa=2
			answer www.example.com. example.com. 1 198.51.100.2 2 30 55 203.0.113.2 aa=2`},
		{"seen once each", "", `
			answer www.example.com. example.com. 1 198.51.100.1 1 0 50 203.0.113.1 aa=1
			answer www.example.com. example.com. 1 198.51.100.2 1 5 55 203.0.113.2 aa=1`},
		{"caches of two resolvers may differ", "", `
			answer www.example.com. example.com. 1 198.51.100.1 3 0 50 203.0.113.1 ra=3
			answer www.example.com. example.com. 1 198.51.100.2 3 5 55 203.0.113.2 ra=3`},
		{"a server that says now this and now that draws lots", "", `
			answer www.example.com. example.com. 1 198.51.100.1 2 0 50 203.0.113.1 aa=2
			answer www.example.com. example.com. 1 198.51.100.1 2 0 50 203.0.113.2 aa=2
			answer www.example.com. example.com. 1 198.51.100.2 2 5 55 203.0.113.3 aa=2`},
		{"two versions of the zone are a stale secondary", "", `
			serial example.com. 198.51.100.1 7 ns.example.com.
			serial example.com. 198.51.100.2 8 ns.example.com.
			answer www.example.com. example.com. 1 198.51.100.1 2 0 50 203.0.113.1 aa=2
			answer www.example.com. example.com. 1 198.51.100.2 2 5 55 203.0.113.2 aa=2`},
		{"each network its own answer", "answers-by-subnet", `
			answer www.example.com. example.com. 1 198.51.100.1 3 0 50 203.0.113.1 ra=3 from=192.0.2.0/24
			answer www.example.com. example.com. 1 198.51.100.1 3 5 55 203.0.113.2 ra=3 from=198.18.0.0/24`},
		{"one network with both answers", "", `
			answer www.example.com. example.com. 1 198.51.100.1 3 0 50 203.0.113.1 ra=3 from=192.0.2.0/24
			answer www.example.com. example.com. 1 198.51.100.1 3 5 55 203.0.113.2 ra=3 from=192.0.2.0/24,198.18.0.0/24`},
		{"each network asked once", "", `
			answer www.example.com. example.com. 1 198.51.100.1 2 0 50 203.0.113.1 ra=2 from=192.0.2.0/24,192.0.3.0/24
			answer www.example.com. example.com. 1 198.51.100.1 2 5 55 203.0.113.2 ra=2 from=198.18.0.0/24,198.18.1.0/24`},
		{"from some time on another answer", "answers-change", `
			answer www.example.com. example.com. 1 198.51.100.1 3 0 20 203.0.113.1 aa=3
			answer www.example.com. example.com. 1 198.51.100.1 3 30 55 203.0.113.2 aa=3`},
		{"back and forth is no change", "", `
			answer www.example.com. example.com. 1 198.51.100.1 3 0 40 203.0.113.1 aa=3
			answer www.example.com. example.com. 1 198.51.100.1 3 30 55 203.0.113.2 aa=3`},
		{"a public name inside", "private-answer", `answer www.example.com. example.com. 1 198.51.100.1 3 0 20 10.0.0.1 aa=3`},
		{"an internal name inside", "", `answer printer.corp.local. corp.local. 1 198.51.100.1 3 0 20 10.0.0.1 aa=3`},
		{"a public name outside", "", `answer www.example.com. example.com. 1 198.51.100.1 3 0 20 203.0.113.1 aa=3`},
		{"now outside, now inside, with a short TTL", "dns-rebinding", `
			answer evil.example.com. example.com. 1 198.51.100.1 3 0 20 203.0.113.1 ttl=1 ra=3 from=192.0.2.0/24
			answer evil.example.com. example.com. 1 198.51.100.1 3 5 25 192.168.1.1 ttl=1 ra=3 from=192.0.2.0/24`},
		{"split horizon: each network its own", "answers-by-subnet", `
			answer www.example.com. example.com. 1 198.51.100.1 3 0 20 203.0.113.1 ttl=1 ra=3 from=192.0.2.0/24
			answer www.example.com. example.com. 1 198.51.100.1 3 5 25 192.168.1.1 ttl=1 ra=3 from=198.18.0.0/24`},
		{"a long TTL rebinds nobody", "private-answer", `
			answer www.example.com. example.com. 1 198.51.100.1 3 0 20 203.0.113.1 ttl=3600 ra=3 from=192.0.2.0/24
			answer www.example.com. example.com. 1 198.51.100.1 3 5 25 192.168.1.1 ttl=3600 ra=3 from=192.0.2.0/24`},
		{"nobody may cache it", "ttl-zero", `answer www.example.com. example.com. 1 198.51.100.1 3 0 20 203.0.113.1 ttl=0 aa=3`},
		{"a cache in its last second", "", `
			answer www.example.com. example.com. 1 198.51.100.1 3 0 20 203.0.113.1 ttl=0 ra=3
			answer www.example.com. example.com. 1 198.51.100.1 3 0 20 203.0.113.2 ttl=60 ra=3`},
	})
}

func TestOddAnswerRules(t *testing.T) {
	testRules(t, []ruleTest{
		{"two answers from two places", "forged-answers", `
			other_answer 192.0.2.1 198.51.100.1 example.com. 3 low=1000000 high=9000000
			other_hops 192.0.2.1 198.51.100.1 example.com. 3
			NOERROR 192.0.2.1 198.51.100.1 - 20 rd=20 ra=20`},
		{"two answers from one place, twice: a balancer", "", `
			other_answer 192.0.2.1 198.51.100.1 example.com. 2 low=1000000 high=9000000
			NOERROR 192.0.2.1 198.51.100.1 - 20 rd=20 ra=20`},
		{"one contradiction is an accident", "", `
			other_answer 192.0.2.1 198.51.100.1 example.com. 1 low=1000000 high=9000000
			other_hops 192.0.2.1 198.51.100.1 example.com. 1`},
		{"expired answers", "stale-answers", `
			EDE_3 192.0.2.1 198.51.100.1 example.com. 2 answers=2
			NOERROR 192.0.2.1 198.51.100.1 - 20 rd=20 ra=20`},
		{"Unbound says so of a SERVFAIL, too", "", `EDE_3 192.0.2.1 198.51.100.1 example.com. 2`},
		{"asked again at once, unlike the others", "nodata-confusion", `
			no_data 192.0.2.1 198.51.100.1 example.com. 8
			asked_in_vain 192.0.2.1 198.51.100.1 example.com. 6 type=28
			no_data 192.0.2.2 198.51.100.1 example.com. 40`},
		{"now and then", "", `
			no_data 192.0.2.1 198.51.100.1 example.com. 40
			asked_in_vain 192.0.2.1 198.51.100.1 example.com. 6
			no_data 192.0.2.2 198.51.100.1 example.com. 40`},
		{"all do it", "", `
			no_data 192.0.2.1 198.51.100.1 example.com. 8
			asked_in_vain 192.0.2.1 198.51.100.1 example.com. 6
			no_data 192.0.2.2 198.51.100.1 example.com. 40
			asked_in_vain 192.0.2.2 198.51.100.1 example.com. 35`},
	})
}
