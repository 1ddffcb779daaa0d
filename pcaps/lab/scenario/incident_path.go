//go:build linux

package scenario

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/dnssniff/dnssniff/pcaps/lab/netns"
	"github.com/dnssniff/dnssniff/pcaps/lab/server"
	"github.com/dnssniff/dnssniff/pcaps/lab/stage"
	"github.com/dnssniff/dnssniff/pcaps/lab/zone"
)

// pathIncidents are faults of what lies between clients, resolver and servers.
func pathIncidents() []incident {
	return []incident{
		{
			name: "upstream-unreachable", title: "an upstream server that no packet reaches any more",
			teaches: "that timeouts for several zones with one server in common are that server, or the way to it",
			played: `Twenty-four devices use Unbound; captured at the resolver, both sides. From some moment on the router drops everything to the host of NSD (198.51.100.18), which has shop.example, games.example and example.net: no answer,
				no ICMP. Unbound retries ever more slowly, and says SERVFAIL late, some 25 s after the first loss, or not before the capture ends; clients retry by their own clocks and give up before. Other zones are fine.`,
			cause: "upstream-unreachable", scope: map[string]string{"server": serverAt("nsd")},
			world: stage.World{Clients: 24}, crowd: crowd{rate: 4.6}, length: 44 * time.Second, onset: 14 * time.Second,
			breaks: filter("ip daddr 198.51.100.18 drop; ip6 daddr 2001:db8:1:2::53 drop;"),
		},
		{
			name: "upstream-down", title: "an upstream server whose process has ended",
			teaches: "that ICMP port unreachable from a server's host is a server that is down, not a path",
			played: `Twenty devices use BIND; captured at the resolver, both sides. Then PowerDNS at 198.51.100.50 stops, which has video.example, weather.example and corp.example: its host answers queries with ICMP port unreachable, though
				not all, as Linux limits their rate, and refuses TCP. BIND tries again, and the clients get SERVFAIL at once or after seconds. The host itself lives.`,
			cause: "upstream-unreachable", scope: map[string]string{"server": serverAt("powerdns")},
			world: stage.World{Clients: 20, Resolver: server.BIND}, crowd: crowd{rate: 4.8}, length: 36 * time.Second, onset: 12 * time.Second,
			breaks: func(_ context.Context, s *stage.Stage) error { return s.Servers["powerdns"].Stop() },
		},
		{
			name: "upstream-slow", title: "an upstream server that has become slow",
			teaches: "that late answers of one server, with retries that get two answers each, are load and not loss",
			played: `Twenty-four devices use Unbound; captured at the resolver, both sides. From some moment on packets to Knot DNS at 198.51.100.34 (bank.example, travel.example, example.org) take 1.1 s, give or take 400 ms, instead of 35 ms. The server
				answers every query, retransmissions too, but some answers come when Unbound has closed the port (ICMP port unreachable); clients wait for seconds, repeat themselves, and a few get nothing in time. There is no loss.`,
			cause: "upstream-slow", scope: map[string]string{"server": serverAt("knot")},
			world: stage.World{Clients: 24}, crowd: crowd{rate: 4.6}, length: 40 * time.Second, onset: 14 * time.Second,
			breaks: impair("knot", "delay 1100ms 400ms", netns.ToHost),
		},
		{
			name: "tcp-blocked", title: "TCP port 53 of an upstream server firewalled",
			teaches: "that truncated answers followed by SYN without an answer are a firewall",
			played: `Twenty-four devices use Unbound; captured at the resolver, both sides. Mail servers among them look up DKIM keys in cloud.example, at BIND (198.51.100.2), whose answers do not fit into 1232 bytes: truncated, then TCP. From
				some moment on a firewall drops TCP port 53 to that server: SYNs are repeated, the clients wait, then get SERVFAIL. Small answers from the same server are fine, and so is TCP between clients and resolver.`,
			cause: "tcp-blocked", scope: map[string]string{"server": serverAt("bind")},
			world: stage.World{Clients: 24, Zones: []zone.Zone{changedSite("cloud.example.", domainKeys)}},
			crowd: crowd{rate: 3.6}, length: 42 * time.Second, onset: 13 * time.Second, breaks: filter("ip daddr 198.51.100.2 tcp dport 53 drop;"),
			beside: func(ctx context.Context, s *stage.Stage) error {
				return visitLarge(ctx, s, .9, 42*time.Second, "cloud.example.")
			},
		},
		{
			name: "fragments-dropped", ending: "pcap.gz", title: "fragments from an upstream server dropped",
			teaches: "that large answers fail while small ones from the same server succeed, first fragments being alone, is a filter of fragments",
			played: `Twenty-four devices use BIND, which announces 4096 bytes upstream; captured at the resolver, both sides. DKIM keys in bank.example, at Knot DNS (198.51.100.34), fit into 4096 bytes but not into an Ethernet frame, so that they come in
				two fragments. From some moment on a firewall drops all fragments but the first of what that server sends: the resolver sees first fragments alone, asks again and again for
				4096 bytes or for as many as the largest answer had that came through, and gives up with SERVFAIL. Small answers of the same server are fine. The second fragment of what came before, and ICMP time exceeded for what did not, are in the capture.`,
			cause: "fragments-dropped", scope: map[string]string{"server": serverAt("knot")},
			world: stage.World{Clients: 24, Resolver: server.BIND, Zones: []zone.Zone{changedSite("bank.example.", domainKeys)}, Configs: map[string]server.Config{
				"resolver": {Extra: "edns-udp-size 4096;"}, "knot": {Extra: "    udp-max-payload: 4096\n"},
			}},
			crowd: crowd{rate: 3.6}, length: 42 * time.Second, onset: 13 * time.Second, breaks: filter("ip saddr 198.51.100.34 ip frag-off & 0x1fff != 0 drop;"),
			beside: func(ctx context.Context, s *stage.Stage) error {
				return visitLarge(ctx, s, .8, 42*time.Second, "bank.example.")
			},
		},
		{
			name: "mtu-black-hole", ending: "pcap.gz", title: "a tunnel whose MTU nobody is told of",
			teaches: "that large answers which vanish whole, with no fragment in sight, while small ones come, are a path's MTU",
			played: `Twenty devices use BIND, which announces 4096 bytes upstream; captured at the resolver, both sides. DKIM keys in bank.example, at Knot DNS (198.51.100.34), make answers of 1437 bytes, which fit into an Ethernet frame. From some moment
				on the way back leads through a tunnel of 1280 bytes that drops larger UDP packets and says nothing: BIND asks again for 4096 bytes, or for as many as the largest answer had that came through, and gives up with SERVFAIL. Small
				answers of the same server are fine, and there is no fragment and no ICMP.`,
			cause: "mtu-black-hole", scope: map[string]string{"server": serverAt("knot")},
			world: stage.World{Clients: 20, Resolver: server.BIND, Zones: []zone.Zone{changedSite("bank.example.", shortKeys)}, Configs: map[string]server.Config{
				"resolver": {Extra: "edns-udp-size 4096;"}, "knot": {Extra: "    udp-max-payload: 4096\n"},
			}},
			crowd: crowd{rate: 2.4}, length: 36 * time.Second, onset: 10 * time.Second, breaks: filter("ip saddr 198.51.100.34 meta l4proto udp meta length > 1280 drop;"),
			beside: func(ctx context.Context, s *stage.Stage) error {
				return visitLarge(ctx, s, .8, 36*time.Second, "bank.example.")
			},
		},
	}
}

// lossIncidents are loss of packets: on a link that all share, on a branch's, and on the way to one server.
func lossIncidents() []incident {
	return []incident{
		{
			name: "packet-loss-everywhere", ending: "pcap.gz", title: "loss on the resolver's own line",
			teaches: "that loss which all have, clients and servers alike, is on what they share",
			played: `Twenty devices use Unbound; captured at the resolver, both sides. The resolver's own line loses 12 % of packets in each direction: clients repeat after one to five seconds by their kind, Unbound by its own timers, and nearly everything is
				answered. No client, server or name is worse off than another.`,
			cause: "packet-loss", scope: map[string]string{"client": "10.53.0.53"},
			world: stage.World{Clients: 20}, crowd: crowd{rate: 4}, length: 36 * time.Second,
			cast: func(_ context.Context, s *stage.Stage) error { return s.Hosts["resolver"].Impair("loss 12%") },
		},
		{
			name: "packet-loss", title: "loss on the link of a branch",
			teaches: "that retransmissions of all clients of one subnet, and of no other, are its link",
			played: `Sixteen devices of the main site and twelve of a branch (10.54.7.0/24) use Unbound; captured at the resolver. The branch's link loses 18 % of packets in each direction: of what is lost on the way to the resolver only the retry is
				seen, after one to five seconds by the kind of client, and of what is lost on the way back the query is seen twice, answered twice. Upstream, nothing is lost; servers and names are the same for both sites.`,
			cause: "packet-loss", scope: map[string]string{"subnet": "10.54.7.0/24"},
			world: stage.World{Clients: 16}, crowd: crowd{rate: 2.6}, length: 40 * time.Second,
			beside: func(ctx context.Context, s *stage.Stage) error {
				return crowd{hosts: []string{"branch"}, rate: 3, salt: 3}.talk(ctx, s, 40*time.Second)
			},
			cast: func(ctx context.Context, s *stage.Stage) error {
				if err := branches("branch", "10.54.7.", 12)(ctx, s); err != nil {
					return err
				}
				return errors.Join(s.Hosts["branch"].Impair("loss 18%"), pin(ctx, s, "branch"))
			},
		},
		{
			name: "packet-loss-upstream", title: "loss on the way to one upstream server",
			teaches: "that some queries to one server unanswered, and answered when repeated, is loss and no outage",
			played: `Twenty devices use BIND; captured at the resolver, both sides. The way to and from NSD at 198.51.100.18 (shop.example, games.example, example.net) loses a quarter of the packets in each direction: BIND repeats after 0.8 s and more, and nearly
				everything is answered, some of it late.`,
			cause: "packet-loss", scope: map[string]string{"server": serverAt("nsd")},
			world: stage.World{Clients: 20, Resolver: server.BIND}, crowd: crowd{rate: 4.2}, length: 40 * time.Second,
			cast: func(_ context.Context, s *stage.Stage) error { return s.Hosts["nsd"].Impair("loss 25% delay 12ms 2ms") },
		},
	}
}

// filter lets the router drop what it forwards.
func filter(rules string) func(context.Context, *stage.Stage) error {
	return func(_ context.Context, s *stage.Stage) error {
		return s.Net.Nft("table inet lab {\nchain c {\ntype filter hook forward priority 0;\n" + rules + "\n}\n}")
	}
}

// pin tells router and host each other's Ethernet addresses, so that what is lost is not ARP, which makes a router say host unreachable.
func pin(ctx context.Context, s *stage.Stage, host string) error {
	h, router := s.Hosts[host], s.Hosts["router"]
	near, err := hardware(h, "eth0")
	if err != nil {
		return err
	}
	far, err := hardware(router, "r-"+host)
	if err != nil {
		return err
	}
	gateway := netip.PrefixFrom(h.IPv4(), 24).Masked().Addr().Next()
	errs := []error{neighbour(ctx, h, gateway, far, "eth0")}
	for _, a := range h.Addrs {
		errs = append(errs, neighbour(ctx, router, a, near, "r-"+host))
	}
	return errors.Join(errs...)
}

func hardware(h *netns.Host, dev string) (mac string, err error) {
	err = h.Do(func() error {
		i, err := net.InterfaceByName(dev)
		if err == nil {
			mac = i.HardwareAddr.String()
		}
		return err
	})
	return mac, err
}

func neighbour(ctx context.Context, h *netns.Host, a netip.Addr, mac, dev string) error {
	if out, err := h.Command(ctx, "ip", "neigh", "replace", a.String(), "lladdr", mac, "dev", dev, "nud", "permanent").CombinedOutput(); err != nil {
		return fmt.Errorf("ip neigh: %w: %s", err, out)
	}
	return nil
}

func impair(host, how string, which netns.Direction) func(context.Context, *stage.Stage) error {
	return func(_ context.Context, s *stage.Stage) error { return s.Hosts[host].Impair(how, which) }
}

// domainKeys adds twenty TXT record sets of some 1700 bytes each, shortKeys of 1300.
func domainKeys(z *zone.Zone) { keys(z, 6) }
func shortKeys(z *zone.Zone)  { keys(z, 5) }

// keys adds twenty TXT record sets of n records each.
func keys(z *zone.Zone, records int) {
	var b strings.Builder
	for i, n := range "abcdefghijklmnopqrst" {
		for k := range records {
			fmt.Fprintf(&b, "%c._domainkey 8 TXT \"v=DKIM1; k=rsa; n=%02d-%d; p=%s\"\n", n, i, k, strings.Repeat("MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIB", 6))
		}
	}
	z.Records += b.String()
}
