package text

import (
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dnssniff/dnssniff/analyze"
)

func offendersAt(addresses ...string) (all []analyze.Offender) {
	for _, a := range addresses {
		all = append(all, analyze.Offender{Address: a, Malformed: 2, Violating: 1, AllQueries: 4})
	}
	return all
}

// TestRulesTakeOnlyAddressesOfClients: nothing else of a report can come into a configuration.
func TestRulesTakeOnlyAddressesOfClients(t *testing.T) {
	for _, tt := range []struct{ name, address, want string }{
		{"ipv4", "192.0.2.1", "192.0.2.1"},
		{"ipv6", "2001:db8::1", "2001:db8::1"},
		{"mapped", "::ffff:192.0.2.1", "192.0.2.1"},
		{"link_local", "fe80::1", "fe80::1"},
		{"not_zone", "fe80::1%eth0", ""},
		{"not_injection", "192.0.2.1; }; include \"/etc/passwd\"; {", ""},
		{"not_line_feed", "192.0.2.1\n192.0.2.2", ""},
		{"not_prefix", "192.0.2.0/24", ""},
		{"not_name", "localhost", ""},
		{"not_nothing", "", ""},
		{"not_leading_zeros", "192.000.002.001", ""},
		{"not_loopback", "127.0.0.53", ""},
		{"not_loopback6", "::1", ""},
		{"not_mapped_loopback", "::ffff:127.0.0.1", ""},
		{"not_unspecified", "0.0.0.0", ""},
		{"not_unspecified6", "::", ""},
		{"not_broadcast", "255.255.255.255", ""},
		{"not_multicast", "224.0.0.251", ""},
		{"not_multicast6", "ff02::fb", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, set := range everyRule {
				out := Rules(set, offendersAt(tt.address), nil)
				if tt.want != "" && (!strings.Contains(out, tt.want) || strings.Contains(out, "left out")) {
					t.Errorf("%s is not in\n%s", tt.want, out)
				}
				if tt.want == "" && (!strings.Contains(out, "left out: 1 address ") || !strings.Contains(out, "no address to act on") || strings.Count(out, "\n") != 2) {
					t.Errorf("%q gives\n%s", tt.address, out)
				}
			}
		})
	}
	out := Rules(Unbound, offendersAt("::1", "x", "192.0.2.1"), nil)
	if !strings.HasPrefix(out, "# left out: 2 addresses ") || strings.Count(out, "access-control") != 1 {
		t.Errorf("got\n%s", out)
	}
}

// ruleLists are what the real tools judge.
var ruleLists = map[string]struct {
	addresses []string
	ports     []uint16
}{
	"one":      {addresses: []string{"192.0.2.1"}},
	"six":      {addresses: []string{"2001:db8::1"}, ports: []uint16{53}},
	"both":     {addresses: []string{"192.0.2.1", "2001:db8::1", "fe80::2", "::ffff:192.0.2.9", "127.0.0.1"}, ports: []uint16{53, 5300, 65535}},
	"nobody":   {addresses: []string{"127.0.0.1"}},
	"thousand": {addresses: manyAddresses(1000)},
}

func manyAddresses(n int) (all []string) {
	a := netip.MustParseAddr("10.0.0.250")
	for range n {
		all = append(all, a.String())
		a = a.Next()
	}
	return all
}

// judge has a tool check rules, in a file that is its last argument.
func judge(t *testing.T, rules, name string, args ...string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(rules), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), args[0], append(args[1:], path)...).CombinedOutput()
	if err != nil {
		t.Errorf("%s: %v: %s\n%s", args[0], err, out, rules)
	}
}

// need skips where a tool is not there.
func need(t *testing.T, tool string) {
	t.Helper()
	if _, err := exec.LookPath(tool); err != nil {
		t.Skipf("%s is not installed: it is the judge here", tool)
	}
}

func TestRulesForBIND(t *testing.T) {
	need(t, "named-checkconf")
	for _, l := range ruleLists {
		judge(t, Rules(BIND, offendersAt(l.addresses...), l.ports), "named.conf", "named-checkconf")
	}
}

func TestRulesForUnbound(t *testing.T) {
	need(t, "unbound-checkconf")
	for _, l := range ruleLists {
		judge(t, "server:\n    chroot: \"\"\n    directory: \"/\"\n    username: \"\"\n"+Rules(Unbound, offendersAt(l.addresses...), l.ports), "unbound.conf", "unbound-checkconf")
	}
}

func TestRulesForDnsdist(t *testing.T) {
	need(t, "dnsdist")
	for _, l := range ruleLists {
		judge(t, Rules(Dnsdist, offendersAt(l.addresses...), l.ports), "dnsdist.conf", "dnsdist", "--check-config", "-C")
	}
}

// TestRulesForNFTables runs the commands in a shell, with an nft that only checks.
func TestRulesForNFTables(t *testing.T) {
	need(t, "nft")
	need(t, "sh")
	if out, err := exec.CommandContext(t.Context(), "nft", "-c", "add table inet dnssniff_probe").CombinedOutput(); err != nil {
		t.Skipf("nft cannot check rules here: %s", out)
	}
	for _, l := range ruleLists {
		rules := Rules(NFTables, offendersAt(l.addresses...), l.ports)
		judge(t, "nft() { command nft -c \"$@\"; }\nset -e\n"+rules, "rules.sh", "sh")
	}
	// It is the tool that judges: a wrong rule must fail.
	path := filepath.Join(t.TempDir(), "wrong.sh")
	if err := os.WriteFile(path, []byte("nft -c -f - <<'END'\nadd table inet dnssniff\nadd element inet dnssniff nosuchset { 192.0.2.1 }\nEND\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "sh", path).CombinedOutput(); err == nil {
		t.Errorf("nft takes an element of no set: %s", out)
	}
}

// TestRulesForNFTablesTwice applies them in a network namespace of its own, twice, and looks at what is there.
func TestRulesForNFTablesTwice(t *testing.T) {
	need(t, "nft")
	need(t, "unshare")
	script := filepath.Join(t.TempDir(), "apply.sh")
	rules := Rules(NFTables, offendersAt("192.0.2.1", "2001:db8::1"), []uint16{53, 5300})
	if err := os.WriteFile(script, []byte("set -e\n"+rules+rules+"nft list table inet dnssniff\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "unshare", "-rn", "nft", "list", "ruleset").CombinedOutput(); err != nil {
		t.Skipf("no network namespace to be had here: %s", out)
	}
	out, err := exec.CommandContext(t.Context(), "unshare", "-rn", "sh", script).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for want, n := range map[string]int{"192.0.2.1 ": 1, "2001:db8::1 ": 1, "timeout 1h": 2, "counter packets 0 bytes 0 drop": 2, "@offenders4": 1, "{ 53, 5300 }": 2} {
		if strings.Count(string(out), want) != n {
			t.Errorf("%q is not %d times in\n%s", want, n, out)
		}
	}
}
