//go:build linux

package scenario

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/dnssniff/dnssniff/pcaps/lab/netns"
	"github.com/dnssniff/dnssniff/pcaps/lab/server"
	"github.com/dnssniff/dnssniff/pcaps/lab/stage"
	"github.com/dnssniff/dnssniff/pcaps/lab/zone"
	"github.com/miekg/dns"
)

// againIncidents are some of the causes of fieldIncidents once more, by other servers: played when the rules had been mended, to see whether they were mended
// in general.
func againIncidents() []incident {
	return []incident{
		{
			name: "rush-dropped", title: "a resolver that drops what is more than it can hold",
			teaches: "that silence for names of several zones, in the seconds with most queries only, is a resolver at its limit, and no loss",
			played: `Twenty devices use Unbound, which is set to 24 queries at once (num-queries-per-thread); captured at the resolver, but only what is between it and the clients. NSD and Knot DNS are 250 ms away. Three times, for three seconds, an
				inventory program on all devices looks up names that nobody asked for before, some 150 a second, in five zones. Unbound drops what it cannot hold, and says nothing of it; afterwards all is well.`,
			cause: "resolver-overloaded", scope: map[string]string{"server": stage.ResolverIPv4},
			ending: "pcap.gz", capture: netns.CaptureOptions{Filter: clientsOnly}, alone: true, cast: dropCast,
			crowd: townCrowd("plant", 5, 0), length: 32 * time.Second, onset: 9 * time.Second, breaks: inventory,
		},
		{
			name: "server-closed", title: "a name server that does not let a resolver ask any more",
			teaches: "that REFUSED for all zones of one server, which it answered for before, is its access list",
			played: `Sixteen devices use Unbound; captured at the resolver, both sides. harvest.city and mill.city have one name server, BIND at 198.51.100.98. Then that BIND reads a new configuration, in whose blocked list (allow-query) the resolver's
				network is: REFUSED, with EDE 18, for both zones. All other zones are fine.`,
			cause: "upstream-refuses", scope: map[string]string{"server": nsdSecondary},
			ending: "pcap.gz", alone: true, cast: closedCast, crowd: townCrowd("plant", 3, 0), length: 32 * time.Second, onset: 10 * time.Second, breaks: closeServer,
			beside: func(ctx context.Context, s *stage.Stage) error {
				return visitTown(ctx, s, "plant", 1.6, 31*time.Second, "harvest.city.", "mill.city.")
			},
		},
		{
			name: "hoster-dark-slow", title: "a name server that stops answering, behind a resolver that tries for ten seconds",
			teaches: "that lookups of one zone which are answered with SERVFAIL after ten seconds, or not before the client has gone, are the zone or the way to it",
			played: `Eighteen devices use BIND, which tries for ten seconds; captured at the resolver, but only what is between it and the clients. From some moment on the two name servers of harvest.city, which stand in one rack, get no packets
				any more. The clients repeat themselves, wait, and get SERVFAIL late, if they are still there. All other zones are fine.`,
			cause: "zone-fails", scope: map[string]string{"zone": "harvest.city."},
			ending: "pcap.gz", capture: netns.CaptureOptions{Filter: clientsOnly}, alone: true,
			cast: casts(town(stage.World{Clients: 2, Resolver: server.BIND, Zones: []zone.Zone{harvest(knotSecondary, nsdSecondary)}}, "plant", 18),
				hosterOf(knotSecondary, nsdSecondary)),
			crowd: townCrowd("plant", 3.5, 0), length: 38 * time.Second, onset: 9 * time.Second, breaks: filter("ip daddr { 198.51.100.82, 198.51.100.98 } drop;"),
			beside: visitHarvest(1.4),
		},
		{
			name: "mended-recursor", title: "a zone that is well again, and PowerDNS Recursor that remembers its failure",
			teaches: "that SERVFAIL at once, without a query upstream, is remembered, whichever the resolver",
			played: `Eighteen devices use PowerDNS Recursor, which remembers failures for 60 seconds (packetcache-servfail-ttl) and servers that do not answer for as long; captured at the resolver, both sides. The one name server of harvest.city was
				down, and has been started again a moment before the capture begins. What the resolver was asked for in between is SERVFAIL at once.`,
			cause: "servfail-cached", scope: map[string]string{"zone": "harvest.city."},
			ending: "pcap.gz", alone: true, cast: mendedRecursor, crowd: townCrowd("plant", 3, 0), length: 26 * time.Second, beside: visitHarvest(1.6),
		},
		{
			name: "filter-formerr", title: "a firewall that answers FORMERR to queries with the AD bit",
			teaches: "that FORMERR to well-formed queries, from another distance than the server's answers, is not the server's",
			played: `Eighteen devices use Unbound at 10.53.0.53 and 2001:db8:53::53; captured at the devices' site. On the way stands a firewall that takes the AD bit in a query (RFC 6840 section 5.7) for a reserved one: over IPv4 it keeps such queries, and
				answers FORMERR in the resolver's name, with 255 as its hop limit, where the resolver has 64. The devices with the options edns0 and trust-ad, and those with dig, set AD; all others are answered by the resolver.`,
			cause: "formerr-middlebox", scope: map[string]string{"server": stage.ResolverIPv4},
			at: "plant", ending: "pcap.gz", alone: true, cast: casts(town(stage.World{Clients: 2}, "plant", 18), keeper),
			crowd: townCrowd("plant", 5, 0), length: 28 * time.Second,
		},
		{
			name: "filter-denies-https", title: "a resolver behind a filter that says NXDOMAIN to HTTPS",
			teaches: "that a filter which denies a type with NXDOMAIN denies the name: what is asked with it fails by chance",
			played: `Eighteen devices of a plant ask dnsdist at 10.53.0.53, before a BIND that resolves; captured at dnsdist, its clients' side. dnsdist is to keep devices from encrypted hellos, and answers queries for HTTPS with NXDOMAIN. Names that have an
				A record are so denied by it for one type; mistyped names are NXDOMAIN for all.`,
			cause: "nxdomain-by-type", scope: map[string]string{"server": stage.ResolverIPv4},
			ending: "pcap.gz", capture: netns.CaptureOptions{Filter: clientsOnly}, alone: true,
			cast:  filteringCast(`addAction(QTypeRule(65), RCodeAction(DNSRCode.NXDOMAIN))`),
			crowd: townCrowd("plant", 5, 0), length: 28 * time.Second,
		},
		{
			name: "healthy-services", title: "a healthy day of a site with a mail server, a log server and an inside view",
			teaches: "that TXT for many names, one client that asks much, private addresses and AAAA for what has none are no faults",
			played: `Sixteen devices of a plant, a mail server, 10.72.9.25, and a log server, 10.72.10.25, use Unbound; captured at the resolver, its clients' side. Nothing is wrong. What could be taken for it: the mail server looks up SPF and DKIM keys, five
				lookups a second, of which large ones go over TCP; the log server, for which dnsperf stands, asks for the names of addresses twenty-five times a second; all get inside addresses for depot.city, from a view; a monitor asks for AAAA of a host that has none each
				five seconds, and for a TXT record each two.`,
			ending: "pcap.gz", capture: netns.CaptureOptions{Filter: "port 53 and (net 10.73.0.0/16 or net 10.72.0.0/16 or net 2001:db8:53:2::/64)"}, alone: true, cast: servicesCast,
			crowd: townCrowd("plant", 4, 0), length: 30 * time.Second, beside: services,
		},
	}
}

// servicesCast is the town with large TXT records and a view for all, a mail server and a log server.
func servicesCast(ctx context.Context, s *stage.Stage) error {
	view := insideView()
	view.Extra += "  access-control-view: 10.72.0.0/16 inside\n"
	w := stage.World{Clients: 2, Configs: map[string]server.Config{"resolver": view}, Zones: changedTown("ferry.city.", domainKeys)}
	return casts(town(w, "plant", 16), oneHost("mailer", "10.72.9.25"), oneHost("logger", "10.72.10.25"))(ctx, s)
}

// services are what servers look up.
func services(ctx context.Context, s *stage.Stage) error {
	s.Go(func() error {
		return crowd{hosts: []string{"mailer"}, habits: stubs()[1:2], errand: mail, rate: 5, names: townNames(""), salt: 61}.talk(ctx, s, 29*time.Second)
	})
	s.Go(func() error { return visitTown(ctx, s, "plant", 1, 29*time.Second, "depot.city.") })
	s.Go(func() error { return writeLog(ctx, s, "25", "18") })
	for i := range 14 {
		if err := pause(ctx, 2*time.Second); err != nil {
			return err
		}
		what := []string{"museum.city", "TXT"}
		if i%5 == 4 {
			what = []string{"tickets.museum.city", "AAAA"}
		}
		if _, err := s.Dig(ctx, "plant", append([]string{"-b", "10.73.2.70", "@" + stage.ResolverIPv4}, what...)...); err != nil {
			return err
		}
	}
	return nil
}

// dropCast is an Unbound with few slots, and two name servers far away.
func dropCast(ctx context.Context, s *stage.Stage) error {
	w := stage.World{Clients: 2, NoAnchor: true, Configs: map[string]server.Config{"resolver": {Extra: "  num-queries-per-thread: 24\n  outgoing-range: 60\n"}}}
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

// closedCast is a BIND with two zones.
func closedCast(ctx context.Context, s *stage.Stage) error {
	mill := zone.Zone{Name: "mill.city.", Servers: []zone.Server{nameServer("dns1.mill.city.", nsdSecondary)}, Records: townRecords(9)}
	if err := town(stage.World{Clients: 2, Zones: []zone.Zone{harvest(nsdSecondary), mill}}, "plant", 16)(ctx, s); err != nil {
		return err
	}
	return another(ctx, s, "hoster", nsdSecondary, server.BIND, "harvest.city.", "mill.city.")
}

// closeServer has it read a list on which the resolver is not.
func closeServer(_ context.Context, s *stage.Stage) error {
	srv := s.Servers["hoster"]
	file := filepath.Join(srv.Dir, "named.conf")
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	changed := strings.Replace(string(text), "allow-query { any; };", "allow-query { !10.53.0.0/16; any; };", 1)
	if changed == string(text) {
		return fmt.Errorf("%s: has no allow-query", file)
	}
	if err := os.WriteFile(file, []byte(changed), 0o644); err != nil {
		return err
	}
	return srv.Signal(syscall.SIGHUP)
}

// mendedRecursor is mendedCast with another resolver.
func mendedRecursor(ctx context.Context, s *stage.Stage) error {
	w := stage.World{Clients: 2, Resolver: server.Recursor, NoAnchor: true, Zones: []zone.Zone{harvest(nsdSecondary)}, Configs: map[string]server.Config{
		"resolver": {Extra: "packetcache-servfail-ttl=60\nserver-down-max-fails=8\n"},
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

// askAll asks the resolver for all hosts of a zone, that it remembers what comes of it.
func askAll(ctx context.Context, s *stage.Stage, zone string) {
	var all sync.WaitGroup
	for _, label := range townHosts() {
		for _, t := range []uint16{dns.TypeA, dns.TypeAAAA, dns.TypeHTTPS} {
			all.Go(func() {
				b, err := new(dns.Msg).SetQuestion(label+"."+zone, t).Pack()
				if err == nil {
					_, _ = s.Send(ctx, "clients", "udp", netip.Addr{}, netip.MustParseAddr(stage.ResolverIPv4), b, 12*time.Second)
				}
			})
		}
	}
	all.Wait()
}

// keeper is a host with the resolver's address, which is sent what has AD in its header, and answers FORMERR.
func keeper(ctx context.Context, s *stage.Stage) error {
	h, err := s.Host("keeper", "192.0.2.114/28")
	if err != nil {
		return err
	}
	run := func(host *netns.Host, line ...string) error {
		if out, err := host.Command(ctx, line[0], line[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("%v: %s: %w", line, out, err)
		}
		return nil
	}
	for _, line := range [][]string{{"ip", "addr", "add", stage.ResolverIPv4 + "/32", "dev", "lo"}, {"sysctl", "-q", "-w", "net.ipv4.ip_default_ttl=255"}} {
		if err := run(h, line...); err != nil {
			return err
		}
	}
	for _, line := range []string{"ip rule add fwmark 7 table 107", "ip route add default via 192.0.2.114 table 107"} {
		if err := run(s.Hosts["router"], strings.Fields(line)...); err != nil {
			return err
		}
	}
	file, err := s.Write("keeper.conf", fmt.Sprintf("setLocal(\"%s:53\")\nsetACL(\"0.0.0.0/0\")\nsetSecurityPollSuffix(\"\")\naddAction(AllRule(), RCodeAction(DNSRCode.FORMERR))\n", stage.ResolverIPv4))
	if err != nil {
		return err
	}
	s.Uses(string(dnsdist))
	if _, err := h.Start("dnsdist", "--supervised", "--disable-syslog", "-C", file); err != nil {
		return err
	}
	return s.Net.Nft("table ip keeper { chain c { type filter hook prerouting priority -150; ip daddr " + stage.ResolverIPv4 + " udp dport 53 @th,88,8 & 0x20 == 0x20 meta mark set 7\n}\n}")
}

// filteringCast is dnsdist with a rule in the resolver's place, and a BIND behind it.
func filteringCast(rule string) func(context.Context, *stage.Stage) error {
	return func(ctx context.Context, s *stage.Stage) error { return beforeBIND(ctx, s, rule) }
}
