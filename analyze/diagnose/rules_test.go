package diagnose

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/dnssniff/dnssniff/decode/packet"
)

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
			nobodyIsNamed(t, tt.facts)
		})
	}
}

// unspecified is an address that nobody has, as a word.
var unspecified = regexp.MustCompile(`(^|[^0-9A-Za-z:])::($|[^0-9A-Za-z:])`)

// nobodyIsNamed puts rows together as a full table does, those of all clients, of all servers, and both: no finding may name what stands for them.
func nobodyIsNamed(t *testing.T, text string) {
	t.Helper()
	for _, who := range []string{"clients", "servers", "both"} {
		f := facts(t, text)
		for i := range f.Rows {
			if who != "servers" {
				f.Rows[i].Client = packet.Addr{}
			}
			if who != "clients" {
				f.Rows[i].Server = packet.Addr{}
			}
		}
		_, list := Find(Input{Facts: f, Last: 60e9, File: "x.pcap"})
		for _, x := range list {
			if at := unspecified.FindString(fmt.Sprintf("%+v", x)); at != "" {
				t.Errorf("%s put together, and %s names one: %+v", who, x.ID, x)
			}
		}
	}
}

func TestRules(t *testing.T) {
	testRules(t, []ruleTest{
		{"a subnet refused while others are answered", "acl-subnet", `
			REFUSED 192.0.2.1 198.51.100.1 example.com. 5 rd=5
			REFUSED 192.0.2.2 198.51.100.1 example.org. 5 rd=5
			NOERROR 203.0.113.1 198.51.100.1 - 50 rd=50 ra=50`},
		{"a name server refuses what it does not have", "zone-not-served", `
			REFUSED 192.0.2.1 198.51.100.1 example.com. 3 rd=3
			NOERROR 203.0.113.1 198.51.100.1 - 50 aa=50
			zone_fine - 198.51.100.1 example.org. 50 aa=50
			NOERROR 203.0.113.1 198.51.100.2 - 9 rd=9 ra=9`},
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

func TestBeyond(t *testing.T) {
	for _, tt := range []struct {
		seen, n, total, peerN, peerTotal uint64
		want                             bool
	}{
		{5, 5, 70, 2000, 100000, false}, // one of hundreds of networks
		{15, 15, 70, 2000, 100000, true},
		{1, 32, 64, 2000, 100000, false}, // one that was looked at
		{5, 5, 50, 0, 1000, true},
		{5, 5, 50, 0, 0, false}, // without peers
	} {
		if got := beyond(tt.seen, tt.n, tt.total, tt.peerN, tt.peerTotal); got != tt.want {
			t.Errorf("%+v: %v", tt, got)
		}
	}
}

// TestNoClaims wants nothing of evidence that is a sample of one each: many clients with one query that stands for 32.
func TestNoClaims(t *testing.T) {
	f := facts(t, `
		NOERROR 203.0.113.1 198.51.100.1 - 15000 rd=15000 ra=15000
		NOERROR 203.0.113.2 198.51.100.1 - 15000 rd=15000 ra=15000`)
	for i := range 100 {
		r := readRow(t, strings.Fields(fmt.Sprintf("NOERROR 10.%d.0.1 198.51.100.1 - 32 rd=32 ra=32 bulky=32 names=1 querybytes=1000 responsebytes=20000 last=1", i+1)))
		r.Seen = 1
		f.Rows = append(f.Rows, r)
	}
	if _, list := Find(Input{Facts: f, Last: 60e9}); len(list) > 0 {
		t.Errorf("got %+v", list)
	}
}

// TestPacketsSayTheirFile has a packet of the same number in two files: both are named, in the order of the files, and a command has the file of its packet.
func TestPacketsSayTheirFile(t *testing.T) {
	f := facts(t, `
		FORMERR 192.0.2.1 198.51.100.1 example.com. 5 malformed=5 odd=5 file=1 packet=7
		FORMERR 192.0.2.1 198.51.100.1 example.net. 5 malformed=5 odd=5 file=2 packet=7
		FORMERR 192.0.2.1 198.51.100.1 example.org. 5 malformed=5 odd=5 file=2 packet=3`)
	_, list := Find(Input{Facts: f, Last: 60e9, Files: []string{"a.pcap", "b.pcap", "c.pcap"}})
	if len(list) != 1 || !slices.Equal(list[0].Packets, []uint64{7, 3}) || !slices.Equal(list[0].PacketFiles, []uint16{1, 2}) {
		t.Fatalf("got %+v", list)
	}
	if x := &list[0]; !x.Names(1, 7) || !x.Names(2, 3) || x.Names(0, 7) || x.Names(1, 3) {
		t.Errorf("names %v of %v", x.Packets, x.PacketFiles)
	}
	if got := strings.Join(list[0].Next, "\n"); !strings.Contains(got, "inspect b.pcap -n 7") {
		t.Errorf("got %s", got)
	}
}

// TestClientsComeFirst has two zones that fail: one whose servers a resolver asks again and again for a few clients, and one that it asks once for many.
func TestClientsComeFirst(t *testing.T) {
	list := diagnosed(t, `
		NOERROR 192.0.2.53 198.51.100.3 - 50 aa=50
		REFUSED 192.0.2.53 198.51.100.1 stubborn.example. 200
		REFUSED 192.0.2.53 198.51.100.2 popular.example. 40
		NOERROR 192.0.2.1 192.0.2.53 - 50 rd=50 ra=50
		SERVFAIL 192.0.2.1 192.0.2.53 stubborn.example. 5 rd=5 ra=5
		SERVFAIL 192.0.2.2 192.0.2.53 popular.example. 30 rd=30 ra=30
		moment 192.0.2.53 198.51.100.1 stubborn.example. REFUSED 20 20
		moment 192.0.2.1 192.0.2.53 stubborn.example. SERVFAIL 20 20
		moment 192.0.2.53 198.51.100.2 popular.example. REFUSED 20 20
		moment 192.0.2.2 192.0.2.53 popular.example. SERVFAIL 20 20`)
	if len(list) != 2 || list[0].Scope.Zone != "popular.example." || list[1].Scope.Zone != "stubborn.example." {
		t.Errorf("got %+v", list)
	}
}
