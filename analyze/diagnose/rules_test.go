package diagnose

import "testing"

// ruleTest is evidence, and the ID of the finding that comes first, or "" for none.
type ruleTest struct{ name, want, facts string }

// testRules has, for each rule, the least evidence that it speaks on, and near misses on which it must not.
func testRules(t *testing.T, tests []ruleTest) {
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			list := diagnosed(t, tt.facts)
			got := ""
			if len(list) > 0 {
				got = list[0].ID
			}
			if got != tt.want {
				t.Errorf("got %q, want %q: %+v", got, tt.want, list)
			}
		})
	}
}

func TestRules(t *testing.T) {
	testRules(t, []ruleTest{
		{"a subnet refused while others are answered", "acl-subnet", `
			REFUSED 192.0.2.1 198.51.100.1 example.com. 5 rd=5
			REFUSED 192.0.2.2 198.51.100.1 example.org. 5 rd=5
			NOERROR 203.0.113.1 198.51.100.1 - 50 rd=50 ra=50`},
		{"everybody refused: no subnet's fault", "", `
			REFUSED 192.0.2.1 198.51.100.1 example.com. 5 rd=5
			REFUSED 203.0.113.1 198.51.100.1 example.org. 5 rd=5`},
		{"answers from the address beside", "reply-other-address", `
			P08 192.0.2.1 198.51.100.1 example.com. 8 other=198.51.100.2
			unanswered 192.0.2.1 198.51.100.1 example.com. 8`},
		{"one answer from elsewhere is no habit", "", `
			P08 192.0.2.1 198.51.100.1 example.com. 1 other=198.51.100.2
			NOERROR 192.0.2.1 198.51.100.1 - 100 rd=100 ra=100`},
	})
}
