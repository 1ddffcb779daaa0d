//go:build linux

package scenario

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/dnssniff/dnssniff/pcaps/lab/server"
	"github.com/dnssniff/dnssniff/pcaps/lab/stage"
	"github.com/dnssniff/dnssniff/pcaps/lab/zone"
	"github.com/miekg/dns"
)

// resolverIncidents are faults of a resolver's configuration, and of what it validates.
func resolverIncidents() []incident {
	return []incident{
		{
			name: "acl-subnet", title: "an access list that has lost a subnet",
			teaches: "that REFUSED for all clients of one subnet, and for no other, is an access list",
			played: `Sixteen devices of the main site and twelve of a branch (10.54.7.0/24) use BIND; captured there. Then BIND reads a new configuration, in whose access list the branch is missing: the branch gets REFUSED for
				everything, and some of its devices ask again.`,
			cause: "acl-subnet", scope: map[string]string{"subnet": "10.54.7.0/24"},
			world: stage.World{Clients: 16, Resolver: server.BIND, Configs: map[string]server.Config{
				"resolver": {Allow: []string{"127.0.0.0/8", "10.53.0.0/16", "10.54.7.0/24", "2001:db8::/32"}},
			}},
			cast: branches("branch", "10.54.7.", 12), crowd: crowd{hosts: []string{"clients", "branch"}, rate: 6}, length: 36 * time.Second,
			onset: 16 * time.Second, breaks: loseSubnet,
		},
		{
			name: "dnssec-expired", title: "a zone whose signatures have expired",
			teaches: "that SERVFAIL for one zone, and NOERROR with CD=1, is expired signatures if the times in its RRSIG records say so",
			played: `Twenty-four devices use Unbound, which validates; captured at the resolver, both sides. The signatures of bank.example expired a week ago: SERVFAIL, with EDE 6 (not 7) for who sends EDNS. Three devices are
				validating stubs, which set CD and get the answer, signatures included; people who look into it do so with dig +cd. Other signed zones are fine.`,
			cause: "dnssec-expired", scope: map[string]string{"zone": "bank.example."},
			world: stage.World{Clients: 24, Zones: []zone.Zone{changedSite("bank.example.", func(z *zone.Zone) { z.Signing = zone.Expired })}},
			crowd: crowd{rate: 4.8}, length: 36 * time.Second, beside: digTwice("www.bank.example.", 12*time.Second),
		},
		{
			name: "dnssec-expired-bind", title: "a zone whose signatures have expired, behind a validator without EDE",
			teaches: "that SERVFAIL without a word can be told from an outage by the upstream, which answers well",
			played: `Twenty devices use BIND, which validates and sends no EDE; captured at the resolver, both sides. The signatures of news.example expired a week ago: SERVFAIL. BIND has asked the zone's one server and got
				NOERROR, with RRSIG records whose times are over. CD=1 gets the answer.`,
			cause: "dnssec-expired", scope: map[string]string{"zone": "news.example."},
			world: stage.World{Clients: 20, Resolver: server.BIND, Zones: []zone.Zone{changedSite("news.example.", func(z *zone.Zone) { z.Signing = zone.Expired })}},
			crowd: crowd{rate: 4.4}, length: 30 * time.Second, beside: digTwice("www.news.example.", 10*time.Second),
		},
		{
			name: "dnssec-wrong-ds", title: "a zone whose key was changed, but not the DS at its parent",
			teaches: "that a validator's SERVFAIL with a DS that matches no key of the zone is a rollover that went wrong",
			played: `Twenty-four devices use PowerDNS Recursor, which validates; captured at the resolver, both sides. The DS of cloud.example at its parent is of another key than the zone's: SERVFAIL, with EDE 9 for who sends EDNS, and
				NOERROR for CD=1. The signatures themselves are good and in time.`,
			cause: "dnssec-ds-mismatch", scope: map[string]string{"zone": "cloud.example."},
			world: stage.World{Clients: 24, Resolver: server.Recursor, Zones: []zone.Zone{changedSite("cloud.example.", func(z *zone.Zone) { z.Signing = zone.WrongDS })}},
			crowd: crowd{rate: 4.6}, length: 34 * time.Second, beside: func(ctx context.Context, s *stage.Stage) error {
				s.Go(func() error { return visit(ctx, s, 1, 33*time.Second, "cloud.example.") })
				return digTwice("www.cloud.example.", 14*time.Second)(ctx, s)
			},
		},
	}
}

// loseSubnet removes the branch from the access list of a BIND that runs.
func loseSubnet(_ context.Context, s *stage.Stage) error {
	srv := s.Servers["resolver"]
	file := filepath.Join(srv.Dir, "named.conf")
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(string(text), "10.54.7.0/24; ", "")), 0o644); err != nil {
		return err
	}
	return srv.Signal(syscall.SIGHUP)
}

// digTwice is somebody who looks into it with dig: as usual, and with CD.
func digTwice(name string, after time.Duration) func(context.Context, *stage.Stage) error {
	return func(ctx context.Context, s *stage.Stage) error {
		for _, more := range [][]string{{"+dnssec"}, {"+dnssec", "+cd"}} {
			if err := pause(ctx, after); err != nil {
				return err
			}
			if _, err := s.Dig(ctx, "clients", append([]string{"-b", stage.ClientIPv4(2).String(), "@" + stage.ResolverIPv4, "+tries=2", "+timeout=5", name}, more...)...); err != nil {
				return err
			}
		}
		return nil
	}
}

// visit is more traffic of the clients to some names of a site.
func visit(ctx context.Context, s *stage.Stage, rate float64, length time.Duration, zone string) error {
	var names []string
	for _, n := range []string{"www.", "api.", "login.", "img.", "static.", "n00.", "n01.", "n02.", "n03.", "n04.", "n05.", "n06."} {
		names = append(names, n+zone)
	}
	return crowd{rate: rate, names: names, salt: 7, errand: func(_ *rand.Rand, d *device, popular string) (string, []uint16) {
		return popular, d.types()
	}}.talk(ctx, s, length)
}

// visitLarge is traffic of the clients to names whose TXT records do not fit into a small datagram.
func visitLarge(ctx context.Context, s *stage.Stage, rate float64, length time.Duration, zone string) error {
	var names []string
	for _, n := range "abcdefghijklmnopqrst" {
		names = append(names, string(n)+"._domainkey."+zone)
	}
	return crowd{rate: rate, names: names, salt: 8, errand: func(_ *rand.Rand, _ *device, popular string) (string, []uint16) {
		return popular, []uint16{dns.TypeTXT}
	}}.talk(ctx, s, length)
}
