package zone

import (
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

func tree(how Signing) Tree {
	at := func(name, addr string) []Server {
		return []Server{{Name: name, Addrs: []netip.Addr{netip.MustParseAddr(addr), netip.MustParseAddr("2001:db8::53")}}}
	}
	return Tree{
		{Name: ".", Servers: at("a.root-servers.lab.", "192.0.2.2"), Signing: Signed},
		{Name: "example.", Servers: at("a.tld-servers.lab.", "192.0.2.18")},
		{Name: "corp.example.", Servers: at("ns1.corp.example.", "192.0.2.34"), Signing: how, Records: "www A 203.0.113.1\nwww AAAA 2001:db8::1\n"},
		{Name: "lame.example.", Servers: at("ns1.lame.example.", "192.0.2.35"), Lame: at("ns1.corp.example.", "192.0.2.34")},
	}
}

// parse reads a master file with another's parser.
func parse(t *testing.T, text string) []dns.RR {
	t.Helper()
	p := dns.NewZoneParser(strings.NewReader(text), "", "")
	var out []dns.RR
	for rr, ok := p.Next(); ok; rr, ok = p.Next() {
		out = append(out, rr)
	}
	if err := p.Err(); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return out
}

func count(rrs []dns.RR, owner string, kind uint16) (n int) {
	for _, rr := range rrs {
		if rr.Header().Name == owner && rr.Header().Rrtype == kind {
			n++
		}
	}
	return n
}

func TestTextDelegatesChildrenWithGlue(t *testing.T) {
	all := tree(Unsigned)
	z, _ := all.Find("example.")
	rrs := parse(t, all.Text(z))
	for _, want := range []struct {
		owner string
		kind  uint16
		n     int
	}{
		{"example.", dns.TypeSOA, 1}, {"example.", dns.TypeNS, 1}, {"corp.example.", dns.TypeNS, 1}, {"lame.example.", dns.TypeNS, 1},
		{"ns1.corp.example.", dns.TypeA, 1}, {"ns1.corp.example.", dns.TypeAAAA, 1}, // glue once, though two zones name it
		{"ns1.lame.example.", dns.TypeA, 0}, {"a.tld-servers.lab.", dns.TypeA, 0}, // not named here, not in the zone
	} {
		if n := count(rrs, want.owner, want.kind); n != want.n {
			t.Errorf("%s %s: %d, want %d", want.owner, dns.TypeToString[want.kind], n, want.n)
		}
	}
}

func TestParents(t *testing.T) {
	all := tree(Unsigned)
	for child, want := range map[string]string{"example.": ".", "corp.example.": "example."} {
		z, _ := all.Find(child)
		if p, ok := all.Parent(z); !ok || p.Name != want {
			t.Errorf("parent of %s: %q, want %q", child, p.Name, want)
		}
	}
	if p, ok := all.Parent(all[0]); ok {
		t.Errorf("the root has the parent %q", p.Name)
	}
}

func TestSpoil(t *testing.T) {
	const text = "www.example. 300 IN A 192.0.2.1\nwww.example. 300 IN RRSIG A 13 2 300 20270101000000 20260101000000 1 example. AbCdEfGhIjKl==\nwww.example. 300 IN RRSIG NSEC 13 2 300 1 1 1 example. AbCdEfGh\n"
	if got := spoil(text, NoSignatures); strings.Contains(got, "RRSIG") || !strings.Contains(got, "192.0.2.1") {
		t.Errorf("without signatures:\n%s", got)
	}
	got := spoil(text, OneBroken)
	if strings.Contains(got, "GhIjKl") || !strings.Contains(got, "example. AbCdEfGh\n") || strings.Count(got, "\n") != 3 {
		t.Errorf("with one broken:\n%s", got)
	}
}

func TestWriteSigns(t *testing.T) {
	if _, err := exec.LookPath("dnssec-signzone"); err != nil {
		t.Skip("dnssec-signzone (Debian: bind9-utils) is not installed: signing is not tested")
	}
	for how, want := range map[Signing]struct{ ds, signatures bool }{Unsigned: {false, false}, Signed: {true, true}, Expired: {true, true}, NoSignatures: {true, false}, Stripped: {true, false}, WrongDS: {true, true}, Opaque: {true, true}} {
		files, err := tree(how).Write(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		if len(files.Anchors) != 1 || !strings.HasPrefix(files.Anchors[0], ".\t") {
			t.Errorf("anchors %q, want the root's", files.Anchors)
		}
		read := func(zone string) []dns.RR {
			text, err := os.ReadFile(files.Path(zone))
			if err != nil {
				t.Fatal(err)
			}
			return parse(t, string(text))
		}
		if ds := count(read("example."), "corp.example.", dns.TypeDS) > 0; ds != want.ds {
			t.Errorf("%v: DS in the parent is %v", how, ds)
		}
		if signed := count(read("corp.example."), "www.corp.example.", dns.TypeRRSIG) > 0; signed != want.signatures {
			t.Errorf("%v: RRSIG is %v", how, signed)
		}
	}
}

func TestPaths(t *testing.T) {
	f := Files{Dir: "d"}
	for zone, want := range map[string]string{".": "root.zone", "example.com.": "example.com.zone"} {
		if got := f.Path(zone); got != filepath.Join("d", want) {
			t.Errorf("%s: %s", zone, got)
		}
	}
}
