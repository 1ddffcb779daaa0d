//go:build linux

package scenario

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/dnssniff/dnssniff/pcaps/lab/netns"
	"github.com/dnssniff/dnssniff/pcaps/lab/server"
	"github.com/dnssniff/dnssniff/pcaps/lab/stage"
	"github.com/dnssniff/dnssniff/pcaps/lab/zone"
	"github.com/miekg/dns"
)

// balancers are name servers behind a dnsdist that does not do well. The one address that the world sees is dnsdist's.
func balancers() []incident {
	return []incident{
		{
			name: "balancer-denies-aaaa", title: "a load balancer that says NXDOMAIN to AAAA",
			teaches: "that NXDOMAIN for one type of a name and an address for another is a server's fault: the name is there, or it is not",
			played: `Eighteen devices use Unbound; captured at the resolver, both sides. The one name server of harvest.city is dnsdist at 198.51.100.66, before NSD. A rule of dnsdist's, made by somebody without IPv6, answers NXDOMAIN, without a SOA record,
				to each query for AAAA, of names that have an A record and even of those that have AAAA.`,
			cause: "nxdomain-by-type", scope: map[string]string{"zone": "harvest.city."},
			ending: "pcap.gz", alone: true, cast: casts(town(stage.World{Clients: 2, Zones: []zone.Zone{harvest(otherServer)}}, "plant", 18),
				fronted(`addAction(QTypeRule(DNSQType.AAAA), RCodeAction(DNSRCode.NXDOMAIN))`)),
			crowd: townCrowd("plant", 3, 0), length: 32 * time.Second, beside: visitHarvest(1.4),
		},
		{
			name: "cookie-formerr", title: "a firewall's rule that calls queries with a cookie malformed",
			teaches: "that FORMERR to all queries with one option, and answers to those with EDNS and without it, is that option",
			played: `Eighteen devices use BIND, which sends COOKIE to all servers; captured at the resolver, both sides. The one name server of harvest.city is dnsdist at 198.51.100.66, before NSD, with a rule that answers FORMERR to queries with the COOKIE
				option. BIND does not try without, as the FORMERR has an OPT record, and its clients get SERVFAIL. A monitor at the resolver's host asks the same server for the zone's SOA with kdig each two seconds, with EDNS and without a cookie, and is answered.`,
			cause: "option-intolerant-server", scope: map[string]string{"server": otherServer},
			ending: "pcap.gz", alone: true, cast: casts(town(stage.World{Clients: 2, Resolver: server.BIND, Zones: []zone.Zone{harvest(otherServer)}}, "plant", 18),
				fronted(`addAction(EDNSOptionRule(EDNSOptionCode.COOKIE), RCodeAction(DNSRCode.FORMERR))`)),
			crowd: townCrowd("plant", 3, 0), length: 32 * time.Second, beside: both(visitHarvest(1.4), monitorSOA),
		},
		{
			name: "https-formerr", title: "a load balancer that calls queries for HTTPS malformed",
			teaches: "that FORMERR to well-formed queries of one type, which another server of the zone answers, is a server's fault",
			played: `Eighteen devices use Unbound; captured at the resolver, both sides. harvest.city has two name servers: NSD at 198.51.100.98, and dnsdist at 198.51.100.66, before another NSD. dnsdist answers FORMERR to queries for HTTPS, as programs did
				that were written before there was such a type. Unbound then asks the other server, and no client notices.`,
			cause: "formerr-server-bug", scope: map[string]string{"server": otherServer},
			ending: "pcap.gz", alone: true, cast: casts(town(stage.World{Clients: 2, Zones: []zone.Zone{harvest(otherServer, nsdSecondary)}}, "plant", 18),
				fronted(`addAction(QTypeRule(65), RCodeAction(DNSRCode.FORMERR))`), hosterOf(nsdSecondary)),
			crowd: townCrowd("plant", 3, 0), length: 32 * time.Second, beside: func(ctx context.Context, s *stage.Stage) error {
				return crowd{hosts: []string{"plant"}, habits: stubs()[4:7], rate: 3, names: harvestNames(), salt: 47, errand: func(_ *rand.Rand, d *device, popular string) (string, []uint16) {
					return popular, d.types()
				}}.talk(ctx, s, 32*time.Second)
			},
		},
	}
}

// cookieIncidents are servers and clients that do not do well with COOKIE.
func cookieIncidents() []incident {
	appliance := "10.73.2.64"
	return []incident{
		{
			name: "cookie-secrets", title: "a load balancer before two servers that make different cookies",
			teaches: "that a server that takes its own cookies at times only is several servers with a secret each",
			played: `Eighteen devices use BIND, which keeps cookies; captured at the resolver, both sides. The one name server of harvest.city is dnsdist at 198.51.100.66, which sends queries by turns to two BINDs, that want a cookie (require-server-cookie) and
				have made up a secret each: a cookie of the one is BADCOOKIE to the other. The resolver tries again, and goes over TCP in the end.`,
			cause: "cookie-secret-differs", scope: map[string]string{"server": otherServer},
			ending: "pcap.gz", alone: true, cast: casts(town(stage.World{Clients: 2, Resolver: server.BIND, Zones: []zone.Zone{harvest(otherServer)}}, "plant", 18), twoSecrets),
			crowd: townCrowd("plant", 3, 0), length: 32 * time.Second, beside: visitHarvest(1.4),
		},
		{
			name: "cookie-cache", title: "a load balancer whose cache gives one client's cookie to the next",
			teaches: "that a cookie in an answer which is not the query's comes out of a cache, and that clients which check it wait in vain",
			played: `Eighteen devices of a plant ask dnsdist at 10.53.0.53, before a BIND that resolves; captured at dnsdist, its clients' side. dnsdist has a cache of packets (newPacketCache) that is not told to keep answers with cookies apart
				(cookieHashing): a client that sends a cookie gets what another client got, with that one's cookie. A third of the devices send cookies; they take what comes, but for a real dig, which does not believe it and asks again.`,
			cause: "cookie-replayed", scope: map[string]string{"server": stage.ResolverIPv4},
			ending: "pcap.gz", capture: netns.CaptureOptions{Filter: clientsOnly}, alone: true, cast: cachingCast,
			crowd: crowd{hosts: []string{"plant"}, habits: cookied(), errand: townspeople, names: townNames(""), rate: 7}, length: 30 * time.Second,
			beside: digCookies,
		},
		{
			name: "cookie-forgotten", title: "an appliance that forgets each cookie at once",
			teaches: "that BADCOOKIE again and again for one client is a client that does not bring back what it gets",
			played: `Eighteen devices use BIND, which wants of clients that know cookies that they bring back its own (require-server-cookie yes); captured at the resolver, but only what is between it and the clients. An appliance, ` + appliance + `, sends its client
				cookie and never the server's: BADCOOKIE for each query, three times, and then it gives up. Another program at that address has no EDNS, and is answered. Other clients keep the cookie.`,
			cause: "cookie-loop", scope: map[string]string{"client": appliance},
			ending: "pcap.gz", capture: netns.CaptureOptions{Filter: clientsOnly}, alone: true,
			cast:  town(stage.World{Clients: 2, Resolver: server.BIND, Configs: map[string]server.Config{"resolver": {Extra: "require-server-cookie yes;"}}}, "plant", 18),
			crowd: townCrowd("plant", 5, 0), length: 28 * time.Second, beside: forgetful(appliance),
		},
	}
}

// fronted puts dnsdist with a rule before NSD with harvest.city.
func fronted(rule string) func(context.Context, *stage.Stage) error {
	return func(ctx context.Context, s *stage.Stage) error {
		if err := another(ctx, s, "behind", knotSecondary, server.NSD, "harvest.city."); err != nil {
			return err
		}
		if err := farHost(s, "front", otherServer+"/28"); err != nil {
			return err
		}
		return balance(ctx, s, "front", otherServer, "www.harvest.city.", backend(knotSecondary)+rule)
	}
}

// backend is a line of dnsdist's settings.
func backend(addr string) string {
	return fmt.Sprintf("newServer({address=\"%s:53\", checkName=\"www.harvest.city.\", checkInterval=60})\n", addr)
}

// twoSecrets puts dnsdist before two BINDs.
func twoSecrets(ctx context.Context, s *stage.Stage) error {
	settings := "setServerPolicy(roundrobin)\n"
	for i, addr := range []string{knotSecondary, nsdSecondary} {
		host := fmt.Sprintf("behind%d", i)
		if err := farHost(s, host, addr+"/28"); err != nil {
			return err
		}
		_, err := s.Serve(ctx, host, server.BIND, server.Config{
			Zones: []server.Zone{{Name: "harvest.city.", File: s.Files.Path("harvest.city.")}}, Extra: "require-server-cookie yes;",
		})
		if err != nil {
			return err
		}
		settings += backend(addr)
	}
	if err := farHost(s, "front", otherServer+"/28"); err != nil {
		return err
	}
	return balance(ctx, s, "front", otherServer, "www.harvest.city.", settings)
}

// cachingCast is dnsdist with a cache in the resolver's place, and a BIND behind it.
func cachingCast(ctx context.Context, s *stage.Stage) error {
	return beforeBIND(ctx, s, `getPool(""):setCache(newPacketCache(10000, {maxTTL=86400}))`)
}

// beforeBIND is dnsdist with some settings in the resolver's place, and a BIND behind it.
func beforeBIND(ctx context.Context, s *stage.Stage, settings string) error {
	const behind = "10.76.0.53"
	if err := devicesOf(s, "plant", 18); err != nil {
		return err
	}
	if err := s.MakeServers(ctx, stage.World{Zones: townZones()}); err != nil {
		return err
	}
	if _, err := s.Host("resolver", stage.ResolverIPv4+"/24", stage.ResolverIPv6+"/64"); err != nil {
		return err
	}
	if err := farHost(s, "recursion", behind+"/24", "2001:db8:76::53/64"); err != nil {
		return err
	}
	if _, err := s.Serve(ctx, "recursion", server.BIND, server.Config{Roots: stage.NameServer("root").Addrs}); err != nil {
		return err
	}
	return balance(ctx, s, "resolver", stage.ResolverIPv4, "www.museum.city.", fmt.Sprintf(`addLocal("[%s]:53")
newServer({address="%s:53", checkName="www.museum.city.", checkInterval=60})
`, stage.ResolverIPv6, behind)+settings)
}

// cookied are people's devices, of which every third knows cookies.
func cookied() []habit {
	all := stubs()
	return []habit{all[5], all[1], all[3]}
}

// digCookies is somebody with dig, which has cookies.
func digCookies(ctx context.Context, s *stage.Stage) error {
	names := townNames("")
	for i := range 10 {
		if err := pause(ctx, 2500*time.Millisecond); err != nil {
			return err
		}
		if _, err := s.Dig(ctx, "plant", "-b", "10.73.2.70", "@"+stage.ResolverIPv4, "+tries=2", "+timeout=1", names[i%4]); err != nil {
			return err
		}
	}
	return nil
}

// forgetful is a client that sends the same client cookie with each query.
func forgetful(from string) func(context.Context, *stage.Stage) error {
	return func(ctx context.Context, s *stage.Stage) error {
		r := rand.New(rand.NewPCG(s.Net.Seed, 48))
		names := townNames("")
		return poisson(ctx, r, .8, 26*time.Second, func() {
			q := new(dns.Msg).SetQuestion(names[r.IntN(12)], dns.TypeA)
			opt := q.SetEdns0(1232, false).IsEdns0()
			opt.Option = append(opt.Option, &dns.EDNS0_COOKIE{Code: dns.EDNS0COOKIE, Cookie: "6f7264696e617279"})
			s.Go(func() error {
				for range 3 {
					q.Id = dns.Id()
					m, err := s.Ask(ctx, "plant", netip.MustParseAddr(from), netip.MustParseAddr(stage.ResolverIPv4), q)
					if err != nil && !errors.Is(err, stage.ErrNoAnswer) {
						return err
					}
					if m == nil || m.Rcode != dns.RcodeBadCookie {
						return nil
					}
				}
				return nil
			})
		})
	}
}

// monitorSOA asks a name server for its zone's SOA, with EDNS.
func monitorSOA(ctx context.Context, s *stage.Stage) error {
	for range 15 {
		if err := pause(ctx, 2*time.Second); err != nil {
			return err
		}
		if _, err := s.Kdig(ctx, "resolver", "@"+otherServer, "+norec", "+edns", "harvest.city", "SOA"); err != nil {
			return err
		}
	}
	return nil
}
