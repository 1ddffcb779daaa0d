//go:build linux

package scenario

import (
	"context"
	"fmt"
	"time"

	"github.com/dnssniff/dnssniff/pcaps/lab/server"
	"github.com/dnssniff/dnssniff/pcaps/lab/stage"
)

// healthyDays have nothing wrong in them.
func healthyDays() []incident {
	return []incident{
		{
			name: "healthy-resolver", title: "a healthy day at a resolver, both sides",
			teaches: "how much failure healthy traffic has: NXDOMAIN, NODATA, truncation, a far server, and no finding",
			played: `Thirty devices of nine kinds look up names in twelve zones through Unbound, which validates; captured at the resolver. Nothing is wrong. What could be taken for
				it: people mistype names, browsers ask for random names of one label, wpad does not exist, most names have no AAAA, a large TXT is truncated and asked for again over TCP,
				and one name server is 35 ms away.`,
			world: stage.World{Clients: 30}, crowd: crowd{rate: 7}, length: 40 * time.Second,
		},
		{
			name: "healthy-authoritative", title: "a healthy day at an authoritative server",
			teaches: "what a zone's name server is asked by resolvers of seven kinds, when all is well",
			played: `Twenty-four resolvers of seven kinds ask Knot DNS for names in bank.example and example.org (signed, NSEC3) and travel.example; captured at the server, which sees
				queries without RD and with cookies, ECS and 0x20. Nothing is wrong: there is NXDOMAIN for autodiscover and the like, and DNSKEY truncated for who announces 512 bytes.`,
			at: "knot", alone: true, cast: resolversOnly,
			crowd:  crowd{hosts: []string{"resolvers"}, habits: recursives(), to: "knot", errand: recursion, rate: 12, names: namesAt("knot")},
			length: 40 * time.Second,
		},
		{
			name: "healthy-busy", ending: "pcap.gz", title: "a healthy quarter of a minute at a busy resolver",
			teaches: "that a spike of cache misses and slow first answers is no fault",
			played: `Forty devices use BIND, which has just been started with an empty cache and does not validate; captured at the resolver. Nothing is wrong: the first answers are slow, for the
				resolver walks down from the root, and after eight seconds a page with forty hosts is opened by five devices at once, which is a spike.`,
			world: stage.World{Clients: 40, Resolver: server.BIND, NoAnchor: true}, crowd: crowd{rate: 12}, length: 22 * time.Second,
			onset: 8 * time.Second, breaks: openPage,
		},
	}
}

// resolversOnly makes the name servers and a host full of resolvers.
func resolversOnly(ctx context.Context, s *stage.Stage) error {
	return resolversWith(ctx, s, stage.World{})
}

func resolversWith(ctx context.Context, s *stage.Stage, w stage.World) error {
	var all []string
	for i := range 24 {
		all = append(all, fmt.Sprintf("192.0.2.%d/26", 130+i), fmt.Sprintf("2001:db8:60::%d/64", 130+i))
	}
	h, err := s.Host("resolvers", all...)
	if err != nil {
		return err
	}
	s.Clients = h.Addrs
	zones := incidentZones()
	for i, t := range sites() { // some of the resolvers come over IPv6
		zones[i].Servers[0].Addrs = stage.NameServer(t.host).Addrs
	}
	w.Zones = append(zones, w.Zones...)
	return s.MakeServers(ctx, w)
}

// serverAt is the IPv4 address of one of the world's name servers.
func serverAt(host string) string { return stage.NameServer(host).Addrs[0].String() }

// namesAt are the visited names that a name server has.
func namesAt(host string) []string {
	var out []string
	for _, name := range []string{"www", "api", "login", "static", "img", "n00", "n01", "n02", "n03", "n04", "n05", "n06"} {
		for _, t := range sites() {
			if t.host == host {
				out = append(out, name+"."+t.zone)
			}
		}
	}
	return out
}

// openPage is five devices that open one page with forty hosts.
func openPage(ctx context.Context, s *stage.Stage) error {
	c := crowd{salt: 1}
	for _, d := range c.devices(s)[:5] {
		for i := range 40 {
			s.Go(func() error {
				return d.look(ctx, fmt.Sprintf("u%03d.user.news.example.", 500+i), d.types())
			})
		}
	}
	return nil
}
