//go:build linux

package server

import (
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dnssniff/dnssniff/pcaps/lab/netns"
)

func full(dir string, kind Kind) *Server {
	addr := netip.MustParseAddr
	zone := filepath.Join(dir, "z.zone")
	return &Server{Kind: kind, Dir: dir, Host: &netns.Host{Name: "host", Addrs: []netip.Addr{addr("192.0.2.53"), addr("2001:db8::53")}}, cfg: Config{
		Zones: []Zone{
			{Name: "example.com.", File: zone, Notify: []netip.Addr{addr("192.0.2.54")}, Transfer: []netip.Addr{addr("192.0.2.54")}, Update: "k."},
			{Name: "example.net.", File: zone + "2", Primaries: []netip.Addr{addr("192.0.2.55"), addr("192.0.2.56")}},
			{Name: "example.org.", File: zone + "3"},
		},
		Keys:  []Key{{"k.", "hmac-sha256", "ZG5zc25pZmYgbGFiIGtleSwgMzIgYnl0ZXMgbG9uZyAwMDE="}},
		Roots: []netip.Addr{addr("192.0.2.2"), addr("2001:db8::2")}, Allow: []string{"192.0.2.0/24"},
		Anchors: []string{". 300 IN DS 20326 13 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D"},
	}}
}

// TestConfigurations has each vendor's own checker read what the template makes, where that is installed.
func TestConfigurations(t *testing.T) {
	checkers := map[Kind][]string{
		BIND: {"named-checkconf"}, Unbound: {"unbound-checkconf"}, NSD: {"nsd-checkconf"}, Knot: {"knotc", "-c", "FILE", "conf-check"},
		Dnsmasq: {"dnsmasq", "--test", "-C"}, PowerDNS: nil, Recursor: nil,
	}
	for _, kind := range Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			s := full(t.TempDir(), kind)
			text, err := s.config()
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range []string{"192.0.2.53", "2001:db8::53"} {
				if !strings.Contains(text, want) {
					t.Errorf("does not listen on %s:\n%s", want, text)
				}
			}
			check(t, s, text, checkers[kind])
		})
	}
}

func check(t *testing.T, s *Server, text string, checker []string) {
	t.Helper()
	if checker == nil {
		t.Skip("no checker for this family")
	}
	if _, err := exec.LookPath(checker[0]); err != nil {
		t.Skipf("%s is not installed: the configuration is not checked", checker[0])
	}
	file := filepath.Join(s.Dir, "conf")
	const zone = "@ 300 SOA a. b. 1 2 3 4 5\n@ 300 NS a.\n"
	files := map[string]string{"conf": text, "z.zone": zone, "z.zone2": zone, "z.zone3": zone}
	for name, text := range families[s.Kind].beside(s) {
		files[name] = text
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(s.Dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	args := append(checker[1:len(checker):len(checker)], file)
	if len(checker) > 1 && checker[2] == "FILE" {
		args = []string{checker[1], file, checker[3]}
	}
	if out, err := exec.CommandContext(t.Context(), checker[0], args...).CombinedOutput(); err != nil {
		t.Errorf("%v: %s\n%s", err, out, text)
	}
}

func TestHints(t *testing.T) {
	got := hints(full(t.TempDir(), Unbound))["hints.zone"]
	const want = ". 3600000 NS a.root-servers.lab.\na.root-servers.lab. 3600000 A 192.0.2.2\n. 3600000 NS b.root-servers.lab.\nb.root-servers.lab. 3600000 AAAA 2001:db8::2\n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestAnchorsOfTheRecursor(t *testing.T) {
	got := recursorFiles(full(t.TempDir(), Recursor))["anchors.lua"]
	if !strings.Contains(got, `addTA(".", "20326 13 2 E06D44`) {
		t.Errorf("got %s", got)
	}
}

func TestPowerDNSZones(t *testing.T) {
	got := bindBackend(full("/d", PowerDNS))["zones.conf"]
	for _, want := range []string{`zone "example.com." { type master; file "/d/z.zone"; };`, `type slave; masters { 192.0.2.55; 192.0.2.56; };`} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is not in\n%s", want, got)
		}
	}
}
