package text

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/dnssniff/dnssniff/analyze"
)

// Ruleset is a program that can be told to act on offenders.
type Ruleset uint8

// The programs.
const (
	BIND Ruleset = iota
	Unbound
	Dnsdist
	NFTables
)

// rulesets are the names that users give, and those of the programs.
var rulesets = [...]struct{ name, program string }{
	BIND: {"bind", "BIND"}, Unbound: {"unbound", "Unbound"}, Dnsdist: {"dnsdist", "dnsdist"}, NFTables: {"nftables", "nftables"},
}

// ErrNoRuleset is the error of a name that is of none.
var ErrNoRuleset = errors.New("no ruleset")

// Rulesets returns the names of all.
func Rulesets() (names []string) {
	for _, r := range rulesets {
		names = append(names, r.name)
	}
	return names
}

// ParseRuleset returns the ruleset of a name.
func ParseRuleset(name string) (Ruleset, error) {
	for i, r := range rulesets {
		if r.name == name {
			return Ruleset(i), nil
		}
	}
	return 0, fmt.Errorf("%w %q: there are %s", ErrNoRuleset, name, strings.Join(Rulesets(), ", "))
}

// String returns the name.
func (s Ruleset) String() string {
	if int(s) < len(rulesets) {
		return rulesets[s].name
	}
	return "unknown"
}

func (s Ruleset) program() string { return rulesets[s].program }

// ruleTimeout is how long nftables keeps an address: it can be another client's tomorrow.
const ruleTimeout = "1h"

// target is an address to act on.
type target struct {
	netip.Addr
	why string
}

// Rules returns lines in the language of a program that have it drop the queries of offenders, with what they did as a comment. Only addresses that
// a client on a network can have are in them, never text of the report; those left out are named in a comment by their number. Ports are those of
// DNS, for nftables; none means 53.
func Rules(set Ruleset, list []analyze.Offender, ports []uint16) string {
	targets, left := targetsOf(list)
	comment := [...]string{BIND: "//", Unbound: "#", Dnsdist: "--", NFTables: "#"}[set]
	var b strings.Builder
	if left > 0 {
		fmt.Fprintf(&b, "%s left out: %s that no client on a network has\n", comment, addressCount(left))
	}
	if len(targets) == 0 {
		fmt.Fprintf(&b, "%s no address to act on\n", comment)
		return b.String()
	}
	switch set {
	case BIND:
		bindRules(&b, targets)
	case Unbound:
		unboundRules(&b, targets)
	case Dnsdist:
		dnsdistRules(&b, targets)
	case NFTables:
		nftablesRules(&b, targets, ports)
	}
	return b.String()
}

func addressCount(n int) string {
	if n == 1 {
		return "1 address"
	}
	return strconv.Itoa(n) + " addresses"
}

// targetsOf returns the addresses to act on, and how many are not: forged ones, and what a rule for would cut off the server itself.
func targetsOf(list []analyze.Offender) (out []target, left int) {
	for i := range list {
		a, err := netip.ParseAddr(list[i].Address)
		if a = a.Unmap(); err != nil || a.Zone() != "" || !isClient(a) {
			left++
			continue
		}
		out = append(out, target{a, offences(&list[i])})
	}
	return out, left
}

// isClient says whether a client on a network can have the address.
func isClient(a netip.Addr) bool {
	return !a.IsUnspecified() && !a.IsLoopback() && !a.IsMulticast() && a != netip.AddrFrom4([4]byte{255, 255, 255, 255})
}

// bindRules uses blackhole (BIND ARM, options): named takes no query from the addresses, and asks them nothing.
func bindRules(b *strings.Builder, targets []target) {
	b.WriteString("// named.conf: named drops what they send. There is one options block: if yours is there, put the blackhole line into it.\n")
	b.WriteString("acl \"dnssniff-offenders\" {\n")
	for _, t := range targets {
		fmt.Fprintf(b, "    %s; // %s\n", t.Addr, t.why)
	}
	b.WriteString("};\noptions {\n    blackhole { \"dnssniff-offenders\"; };\n};\n")
}

// unboundRules uses access-control, of which the longest prefix holds.
func unboundRules(b *strings.Builder, targets []target) {
	b.WriteString("# unbound.conf: deny drops their queries; refuse, in its place, answers them with REFUSED.\nserver:\n")
	for _, t := range targets {
		fmt.Fprintf(b, "    access-control: %s deny # %s\n", prefix(t.Addr), t.why)
	}
}

// dnsdistRules is for dnsdist 1.7 and later.
func dnsdistRules(b *strings.Builder, targets []target) {
	b.WriteString("-- dnsdist.conf, before other rules: the first that ends a query's way holds. In the console: topRule() after it.\n")
	b.WriteString("dnssniffOffenders = newNMG()\n")
	for _, t := range targets {
		fmt.Fprintf(b, "dnssniffOffenders:addMask(%q) -- %s\n", prefix(t.Addr).String(), t.why)
	}
	b.WriteString("addAction(NetmaskGroupRule(dnssniffOffenders), DropAction(), {name=\"dnssniff-offenders\"})\n")
}

// nftablesRules is a command that does all at once, and can be given again.
func nftablesRules(b *strings.Builder, targets []target, ports []uint16) {
	b.WriteString("# for a shell, as root; an address is let in again after " + ruleTimeout + ". To undo it: nft delete table inet dnssniff\n")
	b.WriteString("nft -f - <<'END'\nadd table inet dnssniff\n")
	for _, family := range []string{"4", "6"} {
		fmt.Fprintf(b, "add set inet dnssniff offenders%s { type ipv%s_addr; flags timeout; timeout %s; }\n", family, family, ruleTimeout)
	}
	b.WriteString("add chain inet dnssniff dns { type filter hook prerouting priority raw; policy accept; }\nflush chain inet dnssniff dns\n")
	dport := portSet(ports)
	fmt.Fprintf(b, "add rule inet dnssniff dns ip saddr @offenders4 meta l4proto { tcp, udp } th dport %s counter drop\n", dport)
	fmt.Fprintf(b, "add rule inet dnssniff dns ip6 saddr @offenders6 meta l4proto { tcp, udp } th dport %s counter drop\n", dport)
	for _, t := range targets {
		family := 4
		if t.Is6() {
			family = 6
		}
		fmt.Fprintf(b, "add element inet dnssniff offenders%d { %s } # %s\n", family, t.Addr, t.why)
	}
	b.WriteString("END\n")
}

// portSet returns ports as nftables has them: "53", or "{ 53, 5300 }".
func portSet(ports []uint16) string {
	switch len(ports) {
	case 0:
		return "53"
	case 1:
		return strconv.Itoa(int(ports[0]))
	}
	words := make([]string, len(ports))
	for i, p := range ports {
		words[i] = strconv.Itoa(int(p))
	}
	return "{ " + strings.Join(words, ", ") + " }"
}

// prefix returns the network that has only the address.
func prefix(a netip.Addr) netip.Prefix { return netip.PrefixFrom(a, a.BitLen()) }
