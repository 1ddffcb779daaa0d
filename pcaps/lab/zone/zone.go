// Package zone writes the lab's zones: a private root, what it delegates, and signatures that are good or wrong in one way. Delegations,
// glue and DS records follow from the tree of zones. Signing is done by BIND's dnssec-keygen and dnssec-signzone (Debian: bind9-utils).
package zone

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/miekg/dns"
)

// Signing says how a zone is signed, and what is wrong with it.
type Signing int

// The ways a zone can be signed.
const (
	Unsigned     Signing = iota
	Signed               // NSEC
	Opaque               // NSEC3
	Expired              // the signatures ended a week ago
	ExpiredData          // the same, but for the signature of the keys
	NotYet               // the signatures begin in a week
	WrongDS              // the parent's DS is of another key
	NoSignatures         // the zone has its DNSKEY, and not one RRSIG
	OneBroken            // the signature of www's address does not verify
	Stripped             // the parent has a DS, the zone is not signed at all
)

// Server is a name server of a zone.
type Server struct {
	Name  string // fully qualified
	Addrs []netip.Addr
}

// Zone is one zone. Names in Records are relative to it.
type Zone struct {
	Name    string // fully qualified, lower case
	Servers []Server
	Records string // a master file without SOA, and without NS at the apex
	Signing Signing
	Serial  uint32 // 0: 2026010101
	// Lame makes the parent's glue something else than Servers.
	Lame []Server
}

// Tree is the root and zones below it. The order does not matter.
type Tree []Zone

// ttl is that of every record that does not say.
const ttl = 300

// Text returns the zone as a master file, with what its children need of it, but no DS records.
func (t Tree) Text(z Zone) string {
	var b strings.Builder
	serial := z.Serial
	if serial == 0 {
		serial = 2026010101
	}
	fmt.Fprintf(&b, "$ORIGIN %s\n$TTL %d\n", z.Name, ttl)
	fmt.Fprintf(&b, "@ SOA %s hostmaster.%s %d 7200 900 1209600 %d\n", z.Servers[0].Name, strings.TrimPrefix(z.Name, "."), serial, ttl)
	glue(&b, "@", z.Name, z.Servers)
	for _, child := range t.Children(z) {
		servers := child.Servers
		if child.Lame != nil {
			servers = child.Lame
		}
		glue(&b, child.Name, z.Name, servers)
	}
	b.WriteString(strings.TrimSpace(z.Records))
	b.WriteString("\n")
	return b.String()
}

// glue writes NS records, and addresses of those servers whose names the zone has or covers.
func glue(b *strings.Builder, owner, zone string, servers []Server) {
	for _, s := range servers {
		fmt.Fprintf(b, "%s NS %s\n", owner, s.Name)
		if !dns.IsSubDomain(zone, s.Name) {
			continue
		}
		for _, a := range s.Addrs {
			kind := "A"
			if a.Is6() {
				kind = "AAAA"
			}
			if line := fmt.Sprintf("%s %s %s\n", s.Name, kind, a); !strings.Contains(b.String(), line) {
				b.WriteString(line)
			}
		}
	}
}

// Parent is the zone that delegates z; ok is false for the root, and for a zone without any above it.
func (t Tree) Parent(z Zone) (parent Zone, ok bool) {
	for _, p := range t {
		if p.Name != z.Name && dns.IsSubDomain(p.Name, z.Name) && (!ok || dns.IsSubDomain(parent.Name, p.Name)) {
			parent, ok = p, true
		}
	}
	return parent, ok
}

// Children are the zones that z delegates.
func (t Tree) Children(z Zone) []Zone {
	var out []Zone
	for _, c := range t {
		if p, ok := t.Parent(c); ok && p.Name == z.Name {
			out = append(out, c)
		}
	}
	return out
}

// Find returns the zone with a name.
func (t Tree) Find(name string) (Zone, bool) {
	i := slices.IndexFunc(t, func(z Zone) bool { return z.Name == name })
	if i < 0 {
		return Zone{}, false
	}
	return t[i], true
}

// Files is what Write wrote.
type Files struct {
	Dir     string
	Anchors []string // DS records of the zones that are signed and have no parent here: the root's, usually
}

// Path is where a zone's master file is.
func (f Files) Path(zone string) string { return filepath.Join(f.Dir, fileName(zone)) }

func fileName(zone string) string {
	if zone == "." {
		return "root.zone"
	}
	return strings.TrimSuffix(strings.ReplaceAll(zone, "/", "_"), ".") + ".zone"
}

// Write writes all zones into a directory and signs them, children first.
func (t Tree) Write(dir string) (Files, error) {
	files := Files{Dir: dir}
	order := slices.Clone(t)
	slices.SortStableFunc(order, func(a, b Zone) int { return dns.CountLabel(b.Name) - dns.CountLabel(a.Name) })
	ds := map[string]string{} // by parent
	for _, z := range order {
		path := files.Path(z.Name)
		if err := os.WriteFile(path, []byte(t.Text(z)+ds[z.Name]), 0o644); err != nil {
			return files, err
		}
		record, err := z.sign(path)
		if err != nil {
			return files, fmt.Errorf("zone %s: %w", z.Name, err)
		}
		if p, ok := t.Parent(z); ok {
			ds[p.Name] += record
		} else if record != "" {
			files.Anchors = append(files.Anchors, strings.TrimSpace(record))
		}
	}
	return files, nil
}
