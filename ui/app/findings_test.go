package app

import (
	"strings"
	"testing"
	"time"

	"github.com/dnssniff/dnssniff/analyze/diagnose"
	"github.com/dnssniff/dnssniff/analyze/watch"
)

const lame = "../../pcaps/incident-lame-delegation.pcap"

// From the start to the packets of a finding: three keys.
func TestThreeKeysToThePacketsOfAFinding(t *testing.T) {
	s := captured(t, lame)
	r := start(t, s, 80, 24, nil)
	golden(t, "finding_0_overview.golden", r.text())
	r.press("Enter")
	golden(t, "finding_1_page.golden", r.text())
	r.press("Enter")
	golden(t, "finding_2_transactions.golden", r.text())
	r.press("Enter")
	has(t, r.text(), "Query  packet 832", "198.51.100.66:53")
	if p := s.Report.Findings[0].Packets; p[0] != 832 {
		t.Errorf("the finding names packets %v", p)
	}
	r.press("Esc", "Esc")
	has(t, r.text(), "Overview › lame-delegation\n", "critical, 96% sure")
	r.press("End")
	has(t, r.text(), "Enter its transactions: 198.51.100.66 travel.example.", "RFC 9499 section 7", "832, 835")
	r.press("e")
	has(t, r.text(), "lame-delegation › guide")
	r.press("Esc", "Esc")
	has(t, r.text(), "\nOverview\n", "> critical")
}

// The transactions of a finding are those of its scope, and of no other.
func TestScopes(t *testing.T) {
	for _, tt := range []struct {
		file  string
		crumb string
	}{
		{"incident-acl-subnet.pcap", "10.53.0.53 10.54.7.0/24"}, {"incident-broken-client.pcap", "10.53.1.27"}, {"incident-dnssec-expired.pcap", "bank.example."},
		{"incident-search-suffix.pcap", "corp.exmaple."}, {"incident-packet-loss.pcap", "10.54.7.0/24"}, {"incident-upstream-unreachable.pcap", "198.51.100.18"},
	} {
		s := captured(t, "../../pcaps/"+tt.file)
		sc := &scene{s, look{}, false}
		f := &s.Report.Findings[0]
		conds := byScope(f)
		if got := crumbOf(conds); got != tt.crumb {
			t.Errorf("%s: %s", tt.file, got)
		}
		n := 0
		for _, x := range s.Records {
			if (&narrowing{conds: conds}).Match(x) {
				n++
			}
		}
		if n == 0 || n == len(s.Records) {
			t.Errorf("%s: %d of %d transactions", tt.file, n, len(s.Records))
		}
		for _, c := range append(conds, byPackets(f)) {
			checkExpression(t, s, c)
		}
		if k := sc.findings().sheet.target(0, 0); k.guide[0] != f.ID || k.finding == nil {
			t.Errorf("%s: %+v", tt.file, k)
		}
	}
}

func TestFindingOfTheRootAndOfNothing(t *testing.T) {
	s := captured(t, office)
	for _, f := range []diagnose.Finding{{Scope: diagnose.Scope{Zone: "."}}, {Packets: []uint64{s.Records[0].QueryPacket}}, {}, {Scope: diagnose.Scope{Subnet: "none"}}} {
		n := 0
		for _, x := range s.Records {
			if (&narrowing{conds: byScope(&f)}).Match(x) {
				n++
			}
		}
		if want := f.Scope.Zone == "." || f.Packets != nil; n > 0 != want {
			t.Errorf("%+v: %d transactions", f.Scope, n)
		}
	}
}

func TestCopyOfAFinding(t *testing.T) {
	r := start(t, captured(t, lame), 80, 24, nil)
	clipboard := func() string {
		return string(r.screen.(interface{ GetClipboardData() []byte }).GetClipboardData())
	}
	r.press("y")
	golden(t, "finding_copy.golden", r.text())
	r.press("1")
	if got := clipboard(); got != "dig @198.51.100.66 travel.example. SOA +norecurse" {
		t.Errorf("copied %q", got)
	}
	r.press("Enter", "y", "w")
	if got := clipboard(); got != `dns.qry.name contains "travel.example" && ip.addr == 198.51.100.66` {
		t.Errorf("copied %q", got)
	}
	has(t, r.text(), "Overview › lame-delegation\n")
	r.press("y", "x")
	if got := clipboard(); got != `server == "198.51.100.66" and (name == "travel.example." or name endsWith ".travel.example.")` {
		t.Errorf("copied %q", got)
	}
}

func TestFindingsOfManySizes(t *testing.T) {
	s := captured(t, "../../pcaps/incident-upstream-down.pcap")
	for _, size := range []struct {
		w, h int
		name string
	}{{140, 40, "140x40"}, {40, 10, "40x10"}, {200, 50, "200x50"}} {
		r := start(t, s, size.w, size.h, nil)
		golden(t, "finding_overview_"+size.name+".golden", r.text())
		r.press("Enter")
		golden(t, "finding_page_"+size.name+".golden", r.text())
	}
}

// without leaves the findings out of a snapshot.
func without(s *watch.Snapshot) *watch.Snapshot {
	out, report := *s, *s.Report
	report.Findings = nil
	out.Report = &report
	return &out
}

func TestNothingStandsOut(t *testing.T) {
	r := start(t, without(captured(t, "../../pcaps/incident-healthy-resolver.pcap")), 80, 24, nil)
	has(t, r.text(), "Findings  nothing stands out; captured at a resolver, both sides", "> NOERROR")
	r.press("Enter")
	r.press("1")
	has(t, r.text(), "Findings  are of all traffic, not of what is narrowed")
}

// going makes a snapshot of a live line with findings.
func going(s *watch.Snapshot, all ...diagnose.Ongoing) *watch.Snapshot {
	out := *s
	out.Number++
	out.Done, out.Ongoing = false, all
	return &out
}

func liveLine(o *Options) {
	o.Status = func() Status { return Status{Source: "eth0", Live: true} }
}

// TestFindingsComeAndGo has a live line on which a finding begins, changes and ends: it is said once, and the row goes on with its first time.
func TestFindingsComeAndGo(t *testing.T) {
	s := captured(t, "../../pcaps/incident-healthy-resolver.pcap")
	begun := s.Taken.Add(-90 * time.Second)
	a := diagnose.Ongoing{Finding: captured(t, lame).Report.Findings[0], Since: begun, Seen: s.Taken}
	r := start(t, going(s), 80, 24, liveLine)
	has(t, r.text(), "Findings  nothing stands out in the last 5 minutes; captured at a resolver", "> NOERROR")
	r.press("Down")
	selected := func() string {
		for l := range strings.Lines(r.text()) {
			if strings.HasPrefix(l, "> ") {
				return strings.Fields(l)[1]
			}
		}
		return ""
	}
	code := selected()
	r.src.set(going(r.src.whole, a))
	r.tick()
	golden(t, "finding_live.golden", r.text())
	has(t, r.text(), "new finding, critical: 198.51.100.66 doe", "Findings  of the last 5 minutes")
	if got := selected(); got != code {
		t.Errorf("the finding took the keys: %s is selected, and was %s", got, code)
	}
	r.press("BackTab")
	hasNot(t, r.text(), "new finding")
	a.Affected *= 3
	r.src.set(going(r.src.whole, a))
	r.tick()
	hasNot(t, r.text(), "new finding")
	has(t, r.text(), "660")
	r.press("w", "Esc", "[") // what a key says is not written over
	b := a
	b.ID = "packet-loss"
	r.src.set(going(r.src.whole, a, b))
	r.tick()
	has(t, r.text(), "there is nothing earlier")
	r.press("Enter")
	r.tick()
	r.src.set(going(r.src.whole, a, b))
	r.tick()
	has(t, r.text(), "660 transactions", "last seen now", "new finding, critical: 198.51.100.66")
	a.Ended = begun.Add(80 * time.Second)
	r.src.set(going(r.src.whole, a))
	r.tick()
	has(t, r.text(), "ended "+a.Ended.Format("15:04:05")+" after 1m 20s", "660 transactions")
	r.press("Esc")
	has(t, r.text(), "ended "+a.Ended.Format("15:04:05"))
	a.Ended, a.Since = time.Time{}, s.Taken // it is back
	b.Since = a.Since
	r.src.set(going(r.src.whole, a, b))
	r.tick()
	has(t, r.text(), "2 new findings; critical: 198.51.100.66")
}

// A live line that is narrowed still has its findings: they are of all.
func TestFindingsOfANarrowedLine(t *testing.T) {
	s := captured(t, lame)
	r := start(t, going(s, diagnose.Ongoing{Finding: s.Report.Findings[0], Since: s.From, Seen: s.Taken}), 80, 24, liveLine)
	r.press("Tab", "+")
	has(t, r.text(), "198.51.100.66 does not serve", "706 transactions")
}
