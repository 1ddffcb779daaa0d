package diagnose

import "testing"

func TestFormerrRules(t *testing.T) {
	testRules(t, []ruleTest{
		{"damage of three sorts from one network", "formerr-corrupted-path", `
			FORMERR 192.0.2.1 198.51.100.1 example.com. 2 malformed=2 odd=2
			FORMERR 192.0.2.2 198.51.100.1 example.com. 2 malformed=2 odd=2
			H10 192.0.2.1 198.51.100.1 example.com. 2
			N05 192.0.2.2 198.51.100.1 example.com. 1
			R07 192.0.2.2 198.51.100.1 example.com. 1
			NOERROR 192.0.2.1 198.51.100.1 - 50 rd=50 ra=50
			NOERROR 192.0.2.2 198.51.100.1 - 50 rd=50 ra=50
			NOERROR 203.0.113.1 198.51.100.1 - 500 rd=500 ra=500`},
		{"one client with all sorts of faults is a broken or hostile program", "formerr-broken-client", `
			FORMERR 192.0.2.1 198.51.100.1 example.com. 4 malformed=4 odd=4
			H10 192.0.2.1 198.51.100.1 example.com. 2
			N05 192.0.2.1 198.51.100.1 example.com. 1
			R07 192.0.2.1 198.51.100.1 example.com. 1
			NOERROR 192.0.2.1 198.51.100.1 - 50 rd=50 ra=50
			NOERROR 203.0.113.1 198.51.100.1 - 500 rd=500 ra=500`},
		{"wrong checksums of one client", "formerr-corrupted-path", `
			X12 192.0.2.1 198.51.100.1 - 5 kind=other
			NOERROR 192.0.2.1 198.51.100.1 - 50 rd=50 ra=50
			NOERROR 203.0.113.1 198.51.100.1 - 500 rd=500 ra=500`},
		{"wrong checksums everywhere are the capture's", "", `
			X12 192.0.2.1 198.51.100.1 - 5 kind=other
			X12 203.0.113.1 198.51.100.1 - 50 kind=other
			NOERROR 192.0.2.1 198.51.100.1 - 50 rd=50 ra=50
			NOERROR 203.0.113.1 198.51.100.1 - 500 rd=500 ra=500`},
		{"FORMERR that came another way", "formerr-middlebox", `
			FORMERR 192.0.2.1 198.51.100.1 example.com. 4 edns=4 hop=62
			NOERROR 192.0.2.1 198.51.100.1 - 20 edns=20 opt=20 aa=20 hop=55`},
		{"FORMERR with the option echoed, at the same distance", "formerr-middlebox", `
			FORMERR 192.0.2.1 198.51.100.1 example.com. 4 edns=4 echoes=4 hop=55 options=8
			NOERROR 192.0.2.1 198.51.100.1 - 20 edns=20 opt=20 aa=20 hop=55 options=8`},
		{"FORMERR at the same distance is the server's", "", `
			FORMERR 192.0.2.1 198.51.100.1 example.com. 4 edns=4 hop=55
			NOERROR 192.0.2.1 198.51.100.1 - 20 edns=20 opt=20 aa=20 hop=55`},
		{"odd queries earn FORMERR anywhere", "", `
			FORMERR 192.0.2.1 198.51.100.1 example.com. 4 edns=4 hop=62 odd=4
			NOERROR 192.0.2.1 198.51.100.1 - 20 edns=20 opt=20 aa=20 hop=55`},
		{"a cookie is punished", "option-intolerant-server", `
			FORMERR 192.0.2.1 198.51.100.1 example.com. 4 edns=4 options=1024
			NOERROR 192.0.2.1 198.51.100.1 - 4 edns=4 opt=4 aa=4`},
		{"a client is refused, and has another option than the others", "lame-delegation", `
			REFUSED 192.0.2.1 198.51.100.1 example.com. 4 edns=4 options=1024
			NOERROR 192.0.2.2 198.51.100.1 - 4 edns=4 opt=4 aa=4`},
		{"silence for one client's cookie, and answers to the same without", "option-intolerant-server", `
			unanswered 192.0.2.1 198.51.100.1 example.com. 4 edns=4 options=1024
			NOERROR 192.0.2.1 198.51.100.1 - 4 edns=4 opt=4 aa=4`},
		{"cookies are answered, too", "", `
			FORMERR 192.0.2.1 198.51.100.1 example.com. 2 edns=2 options=1024
			NOERROR 192.0.2.1 198.51.100.1 - 4 edns=4 opt=4 aa=4 options=1024`},
		{"all of EDNS is punished", "edns-intolerant-server", `
			FORMERR 192.0.2.1 198.51.100.1 example.com. 4 edns=4 options=1024
			NOERROR 192.0.2.1 198.51.100.1 - 4 aa=4`},
		{"well-formed queries of many, answered by a peer", "formerr-server-bug", `
			FORMERR 192.0.2.1 198.51.100.1 example.com. 3 names=3
			FORMERR 192.0.2.2 198.51.100.1 example.com. 3 names=3
			NOERROR 192.0.2.1 198.51.100.2 - 20 aa=20
			zone_fine - 198.51.100.2 example.com. 20 aa=20`},
		{"one name of one client is no bug of the server's", "", `
			FORMERR 192.0.2.1 198.51.100.1 example.com. 3 names=1
			NOERROR 192.0.2.1 198.51.100.2 - 20 aa=20
			zone_fine - 198.51.100.2 example.com. 20 aa=20`},
	})
}
