//go:build linux

package scenario

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/dnssniff/dnssniff/pcaps/lab/netns"
	"github.com/dnssniff/dnssniff/pcaps/lab/server"
	"github.com/dnssniff/dnssniff/pcaps/lab/stage"
	"github.com/dnssniff/dnssniff/pcaps/lab/zone"
	"github.com/miekg/dns"
)

// headOffice is the address of a resolver that a forwarder asks.
const headOffice = "10.74.0.53"

// failingResolvers are resolvers that fail for all names.
func failingResolvers() []incident {
	return []incident{
		{
			name: "uplink-gone", title: "a resolver whose line to the world is gone, seen from its clients' side",
			teaches: "that SERVFAIL for names of all zones, while what is cached still comes, is the resolver's way out",
			played: `Eighteen devices use PowerDNS Recursor; captured at the resolver, but only what is between it and the clients. From some moment on nothing that the resolver sends to name servers arrives anywhere. What is in the cache is answered
				until its TTL ends, all else is SERVFAIL, after seconds at first and then at once.`,
			cause: "resolver-fails", scope: map[string]string{"server": stage.ResolverIPv4},
			ending: "pcap.gz", capture: netns.CaptureOptions{Filter: clientsOnly}, alone: true, cast: town(stage.World{Clients: 2, Resolver: server.Recursor}, "plant", 18),
			crowd: townCrowd("plant", 5, 0), length: 34 * time.Second, onset: 12 * time.Second, breaks: cutOff("drop", "drop"),
		},
		{
			name: "uplink-gone-silent", title: "a resolver whose line is gone, and that says nothing",
			teaches: "that silence for all but what is cached is the resolver's way out, as SERVFAIL would be: some wait longer for their servers than clients for them",
			played: `Eighteen devices use Unbound; captured at the resolver, but only what is between it and the clients. From some moment on the resolver's provider has no route: its router answers all that Unbound sends to name servers with ICMP
				net unreachable. What is in the cache is answered until its TTL ends. To all else Unbound, which goes on trying, says nothing as long as the capture lasts; clients repeat themselves.`,
			cause: "resolver-fails", scope: map[string]string{"server": stage.ResolverIPv4},
			ending: "pcap.gz", capture: netns.CaptureOptions{Filter: clientsOnly}, alone: true, cast: town(stage.World{Clients: 2}, "plant", 18),
			crowd: townCrowd("plant", 5, 0), length: 34 * time.Second, onset: 12 * time.Second,
			breaks: cutOff("reject with icmp type net-unreachable", "reject with icmpv6 type no-route"),
		},
		{
			name: "morning-rush", title: "a small resolver when an inventory program looks up everything at once",
			teaches: "that SERVFAIL for names of several zones, in the seconds with most queries only, is a resolver at its limit",
			played: `Twenty devices use BIND, which is set to 40 recursive clients at once (recursive-clients); captured at the resolver, but only what is between it and the clients. NSD and Knot DNS are 250 ms away. Three times, for three seconds,
				an inventory program on all devices looks up names that nobody asked for before, some 150 a second, in five zones. BIND has more open than it may and gives up the oldest: SERVFAIL for most, at once; afterwards all is well.`,
			cause: "resolver-overloaded", scope: map[string]string{"server": stage.ResolverIPv4},
			ending: "pcap.gz", capture: netns.CaptureOptions{Filter: clientsOnly}, alone: true, cast: rushCast,
			crowd: townCrowd("plant", 5, 0), length: 32 * time.Second, onset: 9 * time.Second, breaks: inventory,
		},
		{
			name: "forwarder-refused", title: "a branch's forwarder that its head office does not let ask any more",
			teaches: "that REFUSED for each query of a forwarder, whatever the zone, is an access list upstream, and SERVFAIL for its clients",
			played: `Sixteen devices of a branch use Unbound, which forwards to BIND at 10.74.0.53 in the head office; captured at Unbound, both sides. Then that BIND reads a new configuration, in whose allow-query the branch's network is misspelt:
				REFUSED for all that Unbound asks. Its clients get SERVFAIL for what is not in its cache.`,
			cause: "upstream-refuses", scope: map[string]string{"server": headOffice},
			ending: "pcap.gz", alone: true, cast: headCast,
			crowd: townCrowd("plant", 4, 0), length: 32 * time.Second, onset: 11 * time.Second, breaks: misspellBranch,
		},
	}
}

// failingZones are single zones that a resolver cannot resolve.
func failingZones() []incident {
	return []incident{
		{
			name: "hoster-dark", title: "both name servers of a zone stop answering, seen from the clients' side",
			teaches: "that SERVFAIL for one zone, while the same resolver answers for all others, is the zone or the way to it; more the clients' side does not tell",
			played: `Eighteen devices use PowerDNS Recursor; captured at the resolver, but only what is between it and the clients. From some moment on the two name servers of harvest.city, which stand in one rack, get no packets any more: the
				resolver waits for its timeouts and says SERVFAIL. All other zones are fine.`,
			cause: "zone-fails", scope: map[string]string{"zone": "harvest.city."},
			ending: "pcap.gz", capture: netns.CaptureOptions{Filter: clientsOnly}, alone: true,
			cast: casts(town(stage.World{Clients: 2, Resolver: server.Recursor, Zones: []zone.Zone{harvest(knotSecondary, nsdSecondary)}}, "plant", 18),
				hosterOf(knotSecondary, nsdSecondary)),
			crowd: townCrowd("plant", 3.5, 0), length: 34 * time.Second, onset: 10 * time.Second, breaks: filter("ip daddr { 198.51.100.82, 198.51.100.98 } drop;"),
			beside: func(ctx context.Context, s *stage.Stage) error {
				return visitTown(ctx, s, "plant", 1.4, 34*time.Second, "harvest.city.")
			},
		},
		{
			name: "mended-still-fails", title: "a name server that is well again, and a resolver that still says SERVFAIL",
			teaches: "that SERVFAIL within a millisecond, without a query upstream, is remembered, and ends by itself",
			played: `Eighteen devices use BIND, which remembers failures for 30 seconds (servfail-ttl 30); captured at the resolver, both sides. The one name server of harvest.city was down, and has been started again a moment before the capture
				begins. What BIND was asked for in between is SERVFAIL at once, and BIND does not ask the server; some twenty-five seconds later it does, and all is answered.`,
			cause: "servfail-cached", scope: map[string]string{"zone": "harvest.city."},
			ending: "pcap.gz", alone: true, cast: mendedCast, crowd: townCrowd("plant", 3, 0), length: 34 * time.Second,
			beside: func(ctx context.Context, s *stage.Stage) error {
				return visitTown(ctx, s, "plant", 1.6, 34*time.Second, "harvest.city.")
			},
		},
	}
}

// cutOff has the router do something, by nft's words for IPv4 and IPv6, to what the resolver sends to name servers.
func cutOff(how4, how6 string) func(context.Context, *stage.Stage) error {
	return filter("ip saddr 10.53.0.53 ip daddr { 192.0.2.0/24, 198.51.100.0/24 } " + how4 + ";\n" +
		"ip6 saddr 2001:db8:53::53 ip6 daddr { 2001:db8:0::/48, 2001:db8:1::/48 } " + how6 + ";")
}

// rushCast is a BIND with few slots, and two name servers far away.
func rushCast(ctx context.Context, s *stage.Stage) error {
	w := stage.World{Clients: 2, Resolver: server.BIND, NoAnchor: true, Configs: map[string]server.Config{"resolver": {Extra: "recursive-clients 40;"}}}
	if err := town(w, "plant", 20)(ctx, s); err != nil {
		return err
	}
	for _, host := range []string{"nsd", "knot"} {
		if err := s.Hosts[host].Impair("delay 250ms 20ms", netns.ToHost); err != nil {
			return err
		}
	}
	return nil
}

// inventory looks up new names on all devices, for three times three seconds.
func inventory(ctx context.Context, s *stage.Stage) error {
	zones := []string{"museum.city.", "clinic.city.", "radio.city.", "library.city.", "depot.city."}
	for i := range 3 {
		c := crowd{hosts: []string{"plant"}, rate: 150, names: townNames(""), salt: uint64(40 + i), errand: func(r *rand.Rand, _ *device, _ string) (string, []uint16) {
			return fmt.Sprintf("s%06d.user.%s", r.IntN(1e6), zones[r.IntN(len(zones))]), []uint16{dns.TypeA}
		}}
		s.Go(func() error { return c.talk(ctx, s, 3*time.Second) })
		if err := pause(ctx, 8*time.Second); err != nil {
			return err
		}
	}
	return nil
}

// headCast is Unbound as a forwarder, and a BIND that lets the branch ask.
func headCast(ctx context.Context, s *stage.Stage) error {
	if err := farHost(s, "head", headOffice+"/24", "2001:db8:74::53/64"); err != nil {
		return err
	}
	w := stage.World{Clients: 2, NoAnchor: true, Configs: map[string]server.Config{"resolver": {Forward: addrs(headOffice)}}}
	if err := town(w, "plant", 16)(ctx, s); err != nil {
		return err
	}
	_, err := s.Serve(ctx, "head", server.BIND, server.Config{
		Roots: stage.NameServer("root").Addrs, Allow: []string{"127.0.0.0/8", "10.74.0.0/24", "10.53.0.0/24", "2001:db8:74::/64"},
	})
	return err
}

// misspellBranch has the head office's BIND read an access list without the branch.
func misspellBranch(_ context.Context, s *stage.Stage) error {
	srv := s.Servers["head"]
	file := filepath.Join(srv.Dir, "named.conf")
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	changed := strings.ReplaceAll(string(text), "10.53.0.0/24", "10.35.0.0/24")
	if changed == string(text) {
		return fmt.Errorf("%s: the branch is not in it", file)
	}
	if err := os.WriteFile(file, []byte(changed), 0o644); err != nil {
		return err
	}
	return srv.Signal(syscall.SIGHUP)
}

// mendedCast is a resolver that has asked for the names of a zone while their server was down, which it is no longer.
func mendedCast(ctx context.Context, s *stage.Stage) error {
	w := stage.World{Clients: 2, Resolver: server.BIND, NoAnchor: true, Zones: []zone.Zone{harvest(nsdSecondary)}, Configs: map[string]server.Config{
		"resolver": {Extra: "servfail-ttl 30;"},
	}}
	if err := town(w, "plant", 18)(ctx, s); err != nil {
		return err
	}
	if err := farHost(s, "hoster", nsdSecondary+"/28"); err != nil {
		return err
	}
	askAll(ctx, s, "harvest.city.")
	_, err := s.Serve(ctx, "hoster", server.NSD, server.Config{Zones: []server.Zone{{Name: "harvest.city.", File: s.Files.Path("harvest.city.")}}})
	return err
}
