//go:build linux

package scenario

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/dnssniff/dnssniff/pcaps/lab/server"
	"github.com/dnssniff/dnssniff/pcaps/lab/stage"
	"github.com/dnssniff/dnssniff/pcaps/lab/zone"
	"github.com/miekg/dns"
)

// nameIncidents are faults of names, and of zones as a whole.
func nameIncidents() []incident {
	bot := stage.ClientIPv4(13).String()
	return []incident{
		{
			name: "generated-names", ending: "pcap.gz", title: "an infected client that tries domains from a generator",
			teaches: "that NXDOMAIN for many domains of one client, each asked once and none of them a word, is malware that looks for its master",
			played: fmt.Sprintf(`Sixteen devices use Unbound; captured at the resolver, both sides. From some moment on one of them, %s, asks for domains of 9 to 15 random letters in com, net and org, two and a half a second, none of which exists: the word of
				com, net and org. Its own lookups go on. Other clients mistype a name now and then, and browsers probe.`, bot),
			cause: "generated-names", scope: map[string]string{"client": bot},
			world: stage.World{Clients: 16}, crowd: crowd{rate: 2.4}, length: 30 * time.Second, onset: 8 * time.Second, breaks: generator,
		},
		{
			name: "zone-vanished", ending: "pcap.gz", title: "a domain that has expired: its delegation is gone",
			teaches: "that NXDOMAIN for all of a zone, with the SOA of its parent, is a domain that its registry has taken away",
			played: `Sixteen devices use Unbound, which keeps nothing for longer than five seconds; captured at the resolver, both sides. At some moment the registry's server, Knot DNS, gets a version of example without the delegation of travel.example.
				The zone's own server goes on as before, but nobody is sent there any more.`,
			cause: "zone-vanished", scope: map[string]string{"zone": "travel.example."},
			world: stage.World{
				Clients: 16, NoAnchor: true, Configs: map[string]server.Config{"resolver": {Extra: "  cache-max-ttl: 5\n"}},
				Zones: []zone.Zone{world("example.", func(z *zone.Zone) { z.Signing = zone.Unsigned })},
			},
			crowd: crowd{rate: 2}, length: 32 * time.Second, onset: 12 * time.Second, breaks: expire,
			beside: func(ctx context.Context, s *stage.Stage) error {
				return visit(ctx, s, 1.4, 32*time.Second, "travel.example.")
			},
		},
		{
			name: "upstream-servfail", ending: "pcap.gz", title: "one of the two name servers of a zone could not load it",
			teaches: "that SERVFAIL between a resolver and one server of a zone is that server's own failure, which clients need not notice",
			played: `Sixteen devices use Unbound; captured at the resolver, both sides. weather.example has two servers: PowerDNS at 198.51.100.50, which is well, and BIND at 198.51.100.66, whose copy of the zone file has an error in it, so that it
				answers SERVFAIL; club.example, which it has too, it serves.`,
			cause: "upstream-servfail", scope: map[string]string{"zone": "weather.example.", "server": otherServer},
			world: stage.World{Clients: 16, Zones: []zone.Zone{
				changedSite("weather.example.", func(z *zone.Zone) {
					z.Servers = append(z.Servers, nameServer("ns2.weather.example.", otherServer))
				}),
				{Name: "club.example.", Servers: []zone.Server{nameServer("ns1.club.example.", otherServer)}, Records: siteRecords(9)},
			}},
			cast: unloadable, crowd: crowd{rate: 2.4}, length: 30 * time.Second,
			beside: func(ctx context.Context, s *stage.Stage) error {
				s.Go(func() error { return visit(ctx, s, .6, 30*time.Second, "club.example.") })
				return visit(ctx, s, 1.2, 30*time.Second, "weather.example.")
			},
		},
	}
}

// generator is one client with a bot that tries domains.
func generator(ctx context.Context, s *stage.Stage) error {
	bot := habit{name: "bot", rd: true, sizes: []uint16{0}, waits: seconds(2), each: true}
	r := rand.New(rand.NewPCG(s.Net.Seed, 66))
	var infected *device
	for _, d := range (crowd{habits: []habit{bot}, salt: 6}).devices(s) {
		if d.from == stage.ClientIPv4(13) {
			infected = d
		}
	}
	if infected == nil {
		return fmt.Errorf("%s is no client", stage.ClientIPv4(13))
	}
	return poisson(ctx, r, 2.5, 20*time.Second, func() {
		name := letters(r, 9+r.IntN(7)) + []string{".com.", ".net.", ".org."}[r.IntN(3)]
		s.Go(func() error { return infected.look(ctx, name, []uint16{dns.TypeA}) })
	})
}

// expire takes the delegation of travel.example out of its parent.
func expire(_ context.Context, s *stage.Stage) error {
	file := s.Files.Path("example.")
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	without := regexp.MustCompile(`(?m)^(ns1\.)?travel(\.example\.)?\s.*\n`).ReplaceAll(text, nil)
	if len(without) == len(text) {
		return fmt.Errorf("%s: travel.example is not in it", file)
	}
	without = []byte(strings.Replace(string(without), "2026010101", "2026010102", 1))
	if err := os.WriteFile(file, without, 0o644); err != nil {
		return err
	}
	return s.Servers["tld"].Signal(syscall.SIGHUP)
}

// unloadable makes a server with a zone file that has an error in it, beside a good one.
func unloadable(ctx context.Context, s *stage.Stage) error {
	file, err := s.Write("broken.zone", "@ 300 IN SOA ns1.weather.example. hostmaster.weather.example. 2026010101 7200 900 1209600 300\n@ 300 IN NS ns1.weather.example.\nwww 300 IN A 203.0.113.\n")
	if err != nil {
		return err
	}
	if err := farHost(s, "hoster", otherServer+"/28"); err != nil {
		return err
	}
	_, err = s.Serve(ctx, "hoster", server.BIND, server.Config{Zones: []server.Zone{
		{Name: "club.example.", File: s.Files.Path("club.example.")}, {Name: "weather.example.", File: file},
	}})
	return err
}
