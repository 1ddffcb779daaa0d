package diagnose

import (
	"strings"
	"testing"
)

func TestPathRules(t *testing.T) {
	testRules(t, []ruleTest{
		{"nothing comes back and nobody minds", "one-way-capture", `
			unanswered 192.0.2.1 198.51.100.1 example.com. 6 rd=6 names=6
			NOERROR 192.0.2.1 198.51.100.2 - 50 rd=50 ra=50`},
		{"nothing comes back and clients try again", "upstream-unreachable", `
			unanswered 192.0.2.1 198.51.100.1 example.com. 6 rd=6 names=6
			lookup_retried 192.0.2.1 198.51.100.1 example.com. 3`},
		{"nothing comes back but an ICMP error", "upstream-unreachable", `
			unanswered 192.0.2.1 198.51.100.1 example.com. 6 rd=6 names=6
			ICMP_port_unreachable 192.0.2.1 198.51.100.1 - 6 kind=other`},
		{"nothing comes back but what is late", "server-slow", `
			unanswered 192.0.2.1 198.51.100.1 example.com. 12 rd=12 names=12
			lookup_retried 192.0.2.1 198.51.100.1 example.com. 3
			late 192.0.2.1 198.51.100.1 example.com. 12 rd=12 ra=12 first=1 last=60 rtt=5500`},
		{"nothing comes back for what nobody answers", "", `
			unanswered 192.0.2.1 198.51.100.1 example.com. 18 dubious=18 malformed=18 rd=18 names=2
			lookup_retried 192.0.2.1 198.51.100.1 example.com. 3`},
		{"errors come back: it lives", "", `
			unanswered 192.0.2.1 198.51.100.1 example.com. 6 rd=6 names=6
			lookup_retried 192.0.2.1 198.51.100.1 example.com. 3
			NOTAUTH 192.0.2.1 198.51.100.1 example.com. 1 kind=update last=60`},
		{"large answers silent, smaller sizes answered", "mtu-black-hole", `
			NOERROR 192.0.2.1 198.51.100.1 - 50 edns=50 aa=50
			unanswered 192.0.2.1 198.51.100.1 example.com. 8 edns=8
			rescued_by_smaller_edns 192.0.2.1 198.51.100.1 example.com. 4
			O37 192.0.2.1 198.51.100.1 example.com. 4`},
		{"large answers came, and come no more", "mtu-black-hole", `
			NOERROR 192.0.2.1 198.51.100.1 - 50 edns=50 aa=50
			large_answer - 198.51.100.1 - 4 last=20
			unanswered 192.0.2.1 198.51.100.1 example.com. 8 edns=8 first=21
			lookup_retried 192.0.2.1 198.51.100.1 example.com. 3`},
		{"large answers still come: loss", "", `
			NOERROR 192.0.2.1 198.51.100.1 - 500 edns=500 aa=500
			large_answer - 198.51.100.1 - 4 last=50
			unanswered 192.0.2.1 198.51.100.1 example.com. 8 edns=8 first=21
			lookup_retried 192.0.2.1 198.51.100.1 example.com. 3`},
		{"the same with fragments is fragments-dropped", "fragments-dropped", `
			NOERROR 192.0.2.1 198.51.100.1 - 50 edns=50 aa=50
			unanswered 192.0.2.1 198.51.100.1 example.com. 8 edns=8
			fragments_lost,_server's_packet 192.0.2.1 198.51.100.1 - 6 kind=other
			rescued_by_smaller_edns 192.0.2.1 198.51.100.1 example.com. 4`},
		{"a few fragments lost, and silence for everything", "", `
			NOERROR 192.0.2.1 198.51.100.1 - 50 edns=50 aa=50
			unanswered 192.0.2.1 198.51.100.1 example.com. 178 edns=8
			fragments_lost,_server's_packet 192.0.2.1 198.51.100.1 - 4 kind=other`},
		{"retries of one size are answered, too: loss", "", `
			NOERROR 192.0.2.1 198.51.100.1 - 50 edns=50 aa=50
			unanswered 192.0.2.1 198.51.100.1 example.com. 2 edns=2
			rescued_by_smaller_edns 192.0.2.1 198.51.100.1 example.com. 2
			rescued_by_again 192.0.2.1 198.51.100.1 example.com. 2`},
		{"a router says that packets are too big", "mtu-black-hole", `
			NOERROR 192.0.2.1 198.51.100.1 - 50 edns=50 rd=50 ra=50
			asked_again 192.0.2.1 198.51.100.1 example.com. 3
			ICMP_too_big,_server's_packet 192.0.2.1 198.51.100.1 - 4 kind=other low=1280 high=1280`},
		{"too big, told, and nobody hurt", "", `
			NOERROR 192.0.2.1 198.51.100.1 - 100 edns=100 rd=100 ra=100
			ICMP_too_big,_server's_packet 192.0.2.1 198.51.100.1 - 2 kind=other low=1280 high=1280`},
		{"resets, and queries over TCP without an answer, are no loss", "tcp-resets", `
			TCP_reset,_server's_packet 192.0.2.1 198.51.100.1 - 20 kind=other
			TCP_opened 192.0.2.1 198.51.100.1 - 31 kind=other
			unanswered 192.0.2.1 198.51.100.1 example.com. 19 rd=19 tcp=19
			NOERROR 192.0.2.1 198.51.100.1 - 174 rd=174 ra=174`},
		{"resets with queries under way", "tcp-resets", `
			TCP_opened 192.0.2.1 198.51.100.1 - 10 kind=other
			TCP_opened 192.0.2.1 198.51.100.2 - 10 kind=other
			X08 192.0.2.1 198.51.100.1 - 5 kind=other
			TCP_reset,_server's_packet 192.0.2.1 198.51.100.1 - 5 kind=other`},
		{"all servers reset as often", "", `
			TCP_opened 192.0.2.1 198.51.100.1 - 10 kind=other
			TCP_opened 192.0.2.1 198.51.100.2 - 10 kind=other
			TCP_reset,_server's_packet 192.0.2.1 198.51.100.1 - 4 kind=other
			TCP_reset,_server's_packet 192.0.2.1 198.51.100.2 - 4 kind=other`},
		{"a resolver with one port", "predictable-source", `
			NOERROR 192.0.2.1 198.51.100.1 - 200 aa=200 ports=1
			P12 192.0.2.1 198.51.100.1 - 1`},
		{"loss everywhere: repeated, then answered", "packet-loss", `
			NOERROR 192.0.2.1 198.51.100.1 - 20 rd=20 ra=20 retransmitted=4 rtt=5
			NOERROR 192.0.2.2 198.51.100.1 - 20 rd=20 ra=20 retransmitted=4 rtt=5
			NOERROR 192.0.2.3 198.51.100.1 - 20 rd=20 ra=20 retransmitted=5 rtt=5
			unanswered 192.0.2.3 198.51.100.1 example.com. 2 rd=2`},
		{"a script that asks each second", "", `
			NOERROR 192.0.2.1 198.51.100.1 - 60 rd=60 ra=60 soon=30
			asked_again 192.0.2.1 198.51.100.1 example.com. 30`},
		{"loss on the way to one network: repeated once or twice, for many names", "packet-loss", `
			NOERROR 192.0.2.1 198.51.100.1 - 40 rd=40 ra=40
			NOERROR 192.0.2.2 198.51.100.1 - 40 rd=40 ra=40
			NOERROR 203.0.113.1 198.51.100.1 - 400 rd=400 ra=400
			asked_again 192.0.2.1 198.51.100.1 example.com. 8 names=6
			asked_again 192.0.2.2 198.51.100.1 example.net. 8 names=7`},
		{"two health checks in a network, each second", "", `
			NOERROR 192.0.2.1 198.51.100.1 - 40 rd=40 ra=40 soon=39
			NOERROR 192.0.2.2 198.51.100.1 - 40 rd=40 ra=40 soon=39
			NOERROR 203.0.113.1 198.51.100.1 - 400 rd=400 ra=400
			asked_again 192.0.2.1 198.51.100.1 example.com. 39 names=2
			asked_again 192.0.2.2 198.51.100.1 example.net. 39 names=1`},
		{"loss at one server: whatever was asked", "packet-loss", `
			NOERROR 192.0.2.1 198.51.100.1 - 40 aa=40
			NOERROR 192.0.2.1 198.51.100.2 - 400 aa=400
			zone_fine - 198.51.100.1 example.com. 40 aa=40
			unanswered 192.0.2.1 198.51.100.1 example.com. 9`},
		{"loss at a server of many zones, each of which is asked for once", "packet-loss", `
			NOERROR 192.0.2.1 198.51.100.1 - 40 aa=40
			NOERROR 192.0.2.1 198.51.100.2 - 400 aa=400
			zone_fine - 198.51.100.1 example.com. 40 aa=40
			unanswered 192.0.2.1 198.51.100.1 example.net. 2
			unanswered 192.0.2.1 198.51.100.1 example.org. 2
			unanswered 192.0.2.1 198.51.100.1 example.edu. 2
			unanswered 192.0.2.1 198.51.100.1 example.info. 2`},
		{"a server that is silent about one zone", "", `
			NOERROR 192.0.2.1 198.51.100.1 - 40 aa=40
			NOERROR 192.0.2.1 198.51.100.2 - 400 aa=400
			zone_fine - 198.51.100.1 example.com. 40 aa=40
			unanswered 192.0.2.1 198.51.100.1 example.net. 9`},
		{"a server that drops queries for AAAA", "", `
			NOERROR 192.0.2.1 198.51.100.1 - 40 aa=40
			NOERROR 192.0.2.1 198.51.100.2 - 400 aa=400
			zone_fine - 198.51.100.1 example.com. 40 aa=40
			unanswered 192.0.2.1 198.51.100.1 example.com. 6
			moment 192.0.2.1 198.51.100.1 example.com. unanswered 1 1 28
			moment 192.0.2.1 198.51.100.1 example.com. unanswered 2 2 28
			moment 192.0.2.1 198.51.100.1 example.com. unanswered 3 3 28
			moment 192.0.2.1 198.51.100.1 example.com. unanswered 4 4 28
			moment 192.0.2.1 198.51.100.1 example.com. unanswered 5 5 28
			moment 192.0.2.1 198.51.100.1 example.com. unanswered 6 6 28`},
		{"loss on the resolver's own line", "packet-loss", `
			NOERROR 192.0.2.1 198.51.100.1 - 30 aa=30
			NOERROR 192.0.2.1 198.51.100.2 - 30 aa=30
			NOERROR 192.0.2.1 198.51.100.3 - 30 aa=30
			unanswered 192.0.2.1 198.51.100.1 example.com. 5 first=1 last=50
			unanswered 192.0.2.1 198.51.100.2 example.org. 5 first=1 last=50
			unanswered 192.0.2.1 198.51.100.3 example.net. 5 first=1 last=50`},
	})
}

func TestCaptureLoss(t *testing.T) {
	const healthy = "NOERROR 192.0.2.1 198.51.100.1 - 50 rd=50 ra=50"
	fragments := healthy + "\nfragments_lost,_server's_packet 192.0.2.1 198.51.100.1 - 20 kind=other"
	for _, tt := range []struct {
		name, facts string
		capture     Capture
		id          string
		severity    Severity
	}{
		{"nothing lost", healthy, Capture{Read: 1000, TCPStreams: 10, TCPGaps: 1}, "", ""},
		{"a few dropped", healthy, Capture{Read: 100000, Dropped: 3}, "capture-loss", Info},
		{"many dropped", healthy, Capture{Read: 1000, Dropped: 300}, "capture-loss", Warning},
		{"holes in streams", healthy, Capture{Read: 1000, TCPStreams: 20, TCPGaps: 5}, "capture-loss", Info},
		{"holes in one of many streams", healthy, Capture{Read: 1000, TCPStreams: 1000, TCPGaps: 5}, "", ""},
		{"a filter on ports", fragments, Capture{Read: 1000, Fragments: 20, FragmentsLost: 20}, "capture-loss", Info},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, list := Find(Input{Facts: facts(t, tt.facts), Last: 60e9, File: "x.pcap", Capture: tt.capture})
			switch {
			case tt.id == "" && len(list) > 0:
				t.Errorf("got %+v", list)
			case tt.id != "" && (len(list) != 1 || list[0].ID != tt.id || list[0].Severity != tt.severity):
				t.Errorf("want %s %s, got %+v", tt.id, tt.severity, list)
			}
		})
	}
}

// TestOnlyResponses holds a capture of one direction apart from a reflection attack.
func TestOnlyResponses(t *testing.T) {
	for _, tt := range []struct{ name, facts, id string }{
		{"many names", "unsolicited 192.0.2.1 198.51.100.1 example.com. 90 names=80 responsebytes=9000", "one-way-capture"},
		{"one name, large", "unsolicited 192.0.2.1 198.51.100.1 example.com. 90 names=1 responsebytes=90000", "reflection-victim"},
		{"four", "unsolicited 192.0.2.1 198.51.100.1 example.com. 4 names=4 responsebytes=400", ""},
	} {
		_, list := Find(Input{Facts: facts(t, tt.facts), Last: 60e9, OneWay: "responses"})
		var ids []string
		for _, f := range list {
			ids = append(ids, f.ID)
		}
		if got := strings.Join(ids, " "); got != tt.id {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.id)
		}
	}
}

// TestWhatICMPSays wants the cause of silence to be that which the ICMP errors name, and nobody to be called without answers whom another server gives them.
func TestWhatICMPSays(t *testing.T) {
	const silence = `
		unanswered 192.0.2.1 198.51.100.1 example.com. 6 rd=6 names=6
		lookup_retried 192.0.2.1 198.51.100.1 example.com. 3
		`
	for _, tt := range []struct {
		name, facts, cause string
		severity           Severity
	}{
		{"nobody listens", "ICMP_port_unreachable 192.0.2.1 198.51.100.1 - 6 kind=other", "process has ended", Critical},
		{"no route", "ICMP_unreachable 192.0.2.1 198.51.100.1 - 6 kind=other", "no route", Critical},
		{"a firewall", "ICMP_forbidden 192.0.2.1 198.51.100.1 - 6 kind=other", "firewall", Critical},
		{"nothing", "lookup_failed 192.0.2.1 198.51.100.1 example.com. 3", "Nothing comes back", Critical},
		{"another server answers", "rescued_by_other_server 192.0.2.1 198.51.100.1 example.com. 3", "Nothing comes back", Warning},
	} {
		list := diagnosed(t, silence+tt.facts)
		if len(list) == 0 || list[0].ID != "upstream-unreachable" || list[0].Severity != tt.severity || !strings.Contains(list[0].Cause, tt.cause) {
			t.Errorf("%s: got %+v", tt.name, list)
		}
	}
}
