//go:build linux

package scenario

import (
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dnssniff/dnssniff/pcaps"
	"github.com/dnssniff/dnssniff/pcaps/lab/stage"
	"github.com/dnssniff/dnssniff/pcaps/lab/zone"
	"github.com/miekg/dns"
)

// folder is where the captures are, from here.
const folder = "../.."

func TestIncidentsSayWhatIsWrong(t *testing.T) {
	id, seen, healthy := regexp.MustCompile(`^[a-z]+(-[a-z0-9]+)*$`), map[string]bool{}, 0
	for _, s := range Incidents() {
		if !id.MatchString(s.Name) || seen[s.Name] {
			t.Errorf("%s: the name is not of words and hyphens, or not the only one", s.Name)
		}
		seen[s.Name] = true
		if s.Title == "" || s.Teaches == "" || s.Played == "" {
			t.Errorf("%s: is not described", s.Name)
		}
		if s.Healthy {
			healthy++
		}
		if s.Healthy != (s.Cause == "") || s.Healthy != (len(s.Scope) == 0) {
			t.Errorf("%s: healthy is %v, with cause %q and scope %v", s.Name, s.Healthy, s.Cause, s.Scope)
		}
		if !s.Healthy && !id.MatchString(s.Cause) {
			t.Errorf("%s: cause %q is not of words and hyphens", s.Name, s.Cause)
		}
		checkScope(t, s)
	}
	if healthy < 2 {
		t.Errorf("%d healthy captures, want 2 at least", healthy)
	}
}

// checkScope looks for values that no later rule could say.
func checkScope(t *testing.T, s stage.Scenario) {
	t.Helper()
	for key, value := range s.Scope {
		var err error
		switch key {
		case "client", "server":
			_, err = netip.ParseAddr(value)
		case "subnet":
			_, err = netip.ParsePrefix(value)
		case "zone", "suffix":
			if !dns.IsFqdn(value) {
				t.Errorf("%s: %s %q is not fully qualified", s.Name, key, value)
			}
		case "skew_s":
			_, err = time.ParseDuration(value + "s")
		default:
			t.Errorf("%s: scope %s is not known", s.Name, key)
		}
		if err != nil {
			t.Errorf("%s: %s: %v", s.Name, key, err)
		}
	}
}

// TestIncidentsAreRecorded compares the captures' descriptions with the plays: who changes one has to record the other.
func TestIncidentsAreRecorded(t *testing.T) {
	const most = 8 << 20
	var together int64
	for _, s := range Incidents() {
		d, err := pcaps.Describe(os.DirFS(folder), s.Name)
		if err != nil {
			t.Error(err)
			continue
		}
		if d.Healthy != s.Healthy || d.Title != s.Title || !strings.HasPrefix(d.Played, strings.Join(strings.Fields(s.Played), " ")) {
			t.Errorf("%s.yaml: is not of the play as it is now", s.Name)
		}
		if s.Cause != "" && (d.Cause == nil || d.Cause.ID != s.Cause || len(d.Cause.Scope) != len(s.Scope)) {
			t.Errorf("%s.yaml: cause %v, want %s %v", s.Name, d.Cause, s.Cause, s.Scope)
		}
		if len(d.Also) != len(s.Also) {
			t.Errorf("%s.yaml: beside its cause %v, want %v", s.Name, d.Also, s.Also)
		}
		info, err := os.Stat(filepath.Join(folder, s.File()))
		if err != nil {
			t.Error(err)
			continue
		}
		together += info.Size()
	}
	if together > most {
		t.Errorf("the incidents have %d bytes, want %d at most", together, most)
	}
}

func TestIncidentZonesParse(t *testing.T) {
	tree := append(stage.Zones(), incidentZones()...)
	tree = append(tree, hosted("travel.test.", "club.test.")...)
	tree = append(tree, changedSite("bank.example.", domainKeys), amplifier(), harvest(otherServer, nsdSecondary))
	for _, z := range tree {
		p := dns.NewZoneParser(strings.NewReader(zone.Tree{z}.Text(z)), ".", z.Name)
		n := 0
		for _, ok := p.Next(); ok; _, ok = p.Next() {
			n++
		}
		if err := p.Err(); err != nil || n < 2 {
			t.Errorf("%s: %d records: %v", z.Name, n, err)
		}
	}
}

func TestVisitedNamesExist(t *testing.T) {
	for _, name := range visited() {
		label, rest, _ := strings.Cut(name, ".")
		found := false
		for _, z := range append(incidentZones(), stage.Zones()...) {
			found = found || z.Name == rest && regexp.MustCompile(`(?m)^`+label+` `).MatchString(z.Records)
		}
		if !found {
			t.Errorf("%s is visited and in no zone", name)
		}
	}
}

func TestHabits(t *testing.T) {
	for _, h := range slices.Concat(stubs(), recursives()) {
		if len(h.sizes) == 0 || len(h.waits) == 0 {
			t.Fatalf("%s: has no size or no patience", h.name)
		}
		if len(h.sizes) > 1 && !h.fresh {
			t.Errorf("%s: sizes change, but not the message", h.name)
		}
		for try := range 5 {
			size := h.size(try)
			q := h.query("www.shop.example.", dns.TypeA, size)
			opt := q.IsEdns0()
			if (opt != nil) != (size > 0) || opt != nil && (opt.UDPSize() != size || opt.Do() != h.do) {
				t.Errorf("%s: try %d: EDNS is %v, want %d bytes", h.name, try, opt, size)
			}
			if q.RecursionDesired != h.rd || q.CheckingDisabled != h.cd {
				t.Errorf("%s: flags of %v", h.name, q.MsgHdr)
			}
		}
	}
}

func TestBrokenQuery(t *testing.T) {
	for _, c := range []struct {
		name string
		kind uint16
		bad  bool
	}{
		{"www.cloud.example.", dns.TypeA, false},
		{"www.cloud.example.", dns.TypeAAAA, true},
		{"fw.u017.user.cloud.example.", dns.TypeA, true},
	} {
		b, bad := brokenQuery(c.name, c.kind, 7)
		m := new(dns.Msg)
		err := m.Unpack(b)
		well := err == nil && len(m.Question) == 1 && m.Question[0].Name == c.name && len(m.Extra) == int(b[11])
		if bad != c.bad || well == c.bad {
			t.Errorf("%s %d: malformed %v, want %v; reads as %v, %v", c.name, c.kind, bad, c.bad, m.Question, err)
		}
	}
}

// TestDatagram compares with a packet that tcpdump calls right ("udp sum ok").
func TestDatagram(t *testing.T) {
	b := datagram(netip.MustParseAddrPort("192.0.2.66:1024"), netip.MustParseAddrPort("10.53.0.53:53"), []byte{1, 2, 3})
	if len(b) != 31 || b[3] != 31 || b[25] != 11 {
		t.Fatalf("lengths of % x", b)
	}
	// 0011 + 000b + c000 + 0242 + 0a35 + 0035 + 0400 + 0035 + 000b + 0102 + 0300 = d50a
	if got := uint16(b[26])<<8 | uint16(b[27]); got != ^uint16(0xd50a) {
		t.Errorf("checksum %04x, want %04x", got, ^uint16(0xd50a))
	}
}

func TestErrandsAreOfTheZones(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	d := &device{habit: stubs()[0]}
	for range 2000 {
		for _, e := range []errand{people, recursion, random("games.example.")} {
			name, types := e(r, d, "www.shop.example.")
			if _, ok := dns.IsDomainName(name); !ok || !dns.IsFqdn(name) || len(types) == 0 {
				t.Fatalf("looks up %q, types %v", name, types)
			}
		}
	}
}

func TestOldServerAnswers(t *testing.T) {
	file := filepath.Join(t.TempDir(), "zone")
	z := hosted("partner.example.")[0]
	if err := os.WriteFile(file, []byte(zone.Tree{z}.Text(z)), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := readContents(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []struct {
		name    string
		kind    uint16
		rcode   int
		answers int
	}{
		{"www.partner.example.", dns.TypeA, dns.RcodeSuccess, 1},
		{"WWW.partner.example.", dns.TypeMX, dns.RcodeSuccess, 0},
		{"api.partner.example.", dns.TypeAAAA, dns.RcodeSuccess, 1}, // the CNAME
		{"none.partner.example.", dns.TypeA, dns.RcodeNameError, 0},
	} {
		m := c.answer(new(dns.Msg).SetQuestion(want.name, want.kind))
		if m.Rcode != want.rcode || len(m.Answer) != want.answers || len(m.Answer) == 0 && len(m.Ns) != 1 {
			t.Errorf("%s %d: %v", want.name, want.kind, m)
		}
	}
}
