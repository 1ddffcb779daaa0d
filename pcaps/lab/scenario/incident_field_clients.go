//go:build linux

package scenario

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"time"

	"github.com/dnssniff/dnssniff/pcaps"
	"github.com/dnssniff/dnssniff/pcaps/lab/netns"
	"github.com/dnssniff/dnssniff/pcaps/lab/server"
	"github.com/dnssniff/dnssniff/pcaps/lab/stage"
	"github.com/dnssniff/dnssniff/pcaps/lab/zone"
	"github.com/miekg/dns"
)

// loggerHost is the address of a host that asks more than others.
const loggerHost = "10.72.9.25"

// withLogger is a capture filter for the plant and that host.
const withLogger = "port 53 and (net 10.73.0.0/16 or host 10.72.9.25 or net 2001:db8:53:2::/64)"

// busyClients ask more than is good.
func busyClients() []incident {
	return []incident{
		{
			name: "log-server", title: "a log server that looks up the address of each line",
			teaches: "that one client which asks more than all others together is one program without a cache, and no attack",
			played: `Eighteen devices, and a log server, ` + loggerHost + `, use Unbound; captured at the resolver, its clients' side. From some moment on the log server writes lines with names: dnsperf stands for it, and asks for the PTR records of forty
				addresses and the A records of some sixty hosts over and over, sixty queries a second. All is answered, and nobody else feels it.`,
			cause: "client-flood", scope: map[string]string{"client": loggerHost},
			ending: "pcap.gz", capture: netns.CaptureOptions{Filter: withLogger}, alone: true,
			cast:  casts(town(stage.World{Clients: 2}, "plant", 18), oneHost("logger", loggerHost)),
			crowd: townCrowd("plant", 3, 0), length: 28 * time.Second, onset: 9 * time.Second, breaks: logLines,
		},
		{
			name: "agent-txt", title: "a monitoring agent that reads its settings from a TXT record five times a second",
			teaches: "that TXT for the same name much more often than its TTL, from one client, is a program with a timer",
			played: `Eighteen devices, and a host with a monitoring agent, ` + loggerHost + `, use Unbound; captured at the resolver, its clients' side. The agent runs dig for the TXT record of settings.bakery.city, which has a TTL of five minutes and 900
				bytes, as fast as five times a second; from time to time it looks up its collector's address.`,
			cause: "txt-abuse", scope: map[string]string{"client": loggerHost},
			ending: "pcap.gz", capture: netns.CaptureOptions{Filter: withLogger}, alone: true,
			cast: casts(town(stage.World{Clients: 2, Zones: changedTown("bakery.city.", func(z *zone.Zone) {
				z.Records += "settings TXT \"" + strings.Repeat("interval=60;", 18) + "\"" + strings.Repeat(" \""+strings.Repeat("check=disk;", 20)+"\"", 3) + "\n"
			})}, "plant", 18), oneHost("logger", loggerHost)),
			crowd: townCrowd("plant", 3, 0), length: 28 * time.Second, onset: 5 * time.Second, breaks: readSettings,
		},
	}
}

// hostileClients want what is not theirs, or do harm.
func hostileClients() []incident {
	return []incident{
		{
			name: "zone-scan", title: "two hosts that try to transfer every zone of a name server",
			teaches: "that AXFR for one zone after the other from hosts that are no secondaries is a scan, and REFUSED the right answer",
			played: `Sixteen resolvers ask BIND at 198.51.100.2 for names of its zones; captured there. Its allow-transfer is none. Two hosts, 203.0.113.77 and 203.0.113.141, try AXFR with dig over TCP for ferry.city, stadium.city, example.com and the
				reverse zone 53.10.in-addr.arpa, and for museum.city, which BIND does not have; one tries IXFR, too. REFUSED or NOTAUTH for all.`,
			cause: "transfer-attempts", scope: map[string]string{"server": serverAt("bind")},
			at: "bind", ending: "pcap.gz", alone: true, cast: scanCast,
			crowd:  crowd{hosts: []string{"askers"}, habits: recursives(), to: "bind", errand: recursion, rate: 5, names: townNames("bind")},
			length: 28 * time.Second, onset: 7 * time.Second, breaks: scanZones,
		},
		{
			name: "reflection", title: "a mail server that name servers are made to flood",
			teaches: "that large answers of several servers to a host that asked none of them are an attack on that host by way of the servers",
			played: `A mail server, 192.0.2.66, uses the resolver at 10.53.0.53; captured at the mail server. From some moment on somebody elsewhere sends queries for TXT and ANY with the mail server's address as source, and EDNS 4096, to BIND (198.51.100.2,
				example.com) and NSD (198.51.100.18, radio.city), sixteen a second for fifteen seconds. The answers, of 1800 bytes in two fragments but for NSD's to ANY, arrive at ports where nobody waits: ICMP port unreachable, as often as Linux lets it. The queries are not in the capture.`,
			cause: "reflection-victim", scope: map[string]string{"client": "192.0.2.66"},
			at: "victim", ending: "pcap.gz", alone: true, cast: reflectionCast,
			crowd:  crowd{hosts: []string{"victim"}, habits: stubs()[1:2], errand: mail, rate: 3, names: townNames("")},
			length: 28 * time.Second, onset: 8 * time.Second, breaks: reflectBoth,
		},
		{
			name: "errors-limited", title: "a broken client that sends malformed queries faster than its server answers errors",
			teaches: "that a server which answers a hundred errors a second and no more is no lossy one: its other answers all come",
			played: `Eighteen devices, and an appliance, ` + loggerHost + `, use Unbound; captured at the resolver, its clients' side. The appliance writes names of four labels and more without the root label, and counts an OPT record in its AAAA queries that it
				does not write. From some moment on it sends some 300 queries a second for four seconds, more than half of them malformed in one of these ways. Unbound answers FORMERR, somewhat more than a hundred times a second at most, and every query that is well formed.`,
			cause: "formerr-broken-client", scope: map[string]string{"client": loggerHost},
			also:   []pcaps.Cause{{ID: "errors-rate-limited", Scope: map[string]string{"server": stage.ResolverIPv4}}},
			ending: "pcap.gz", capture: netns.CaptureOptions{Filter: withLogger}, alone: true,
			cast:  casts(town(stage.World{Clients: 2}, "plant", 18), oneHost("logger", loggerHost)),
			crowd: townCrowd("plant", 4, 0), length: 24 * time.Second, onset: 10 * time.Second, breaks: malformedBurst,
		},
	}
}

// logLines is a log server with much to do.
func logLines(ctx context.Context, s *stage.Stage) error { return writeLog(ctx, s, "60", "16") }

// writeLog has dnsperf look up names as a log server would, so many a second for so many seconds.
func writeLog(ctx context.Context, s *stage.Stage, rate, seconds string) error {
	var b strings.Builder
	for i := range 40 {
		fmt.Fprintf(&b, "%d.1.53.10.in-addr.arpa PTR\n", 11+i)
	}
	for _, name := range townNames("")[:60] {
		fmt.Fprintf(&b, "%s A\n", strings.TrimSuffix(name, "."))
	}
	file, err := s.Write("queries", b.String())
	if err != nil {
		return err
	}
	s.Uses("dnsperf")
	_, err = s.Run(ctx, "logger", "", "dnsperf", "-s", stage.ResolverIPv4, "-d", file, "-Q", rate, "-l", seconds, "-c", "4")
	return err
}

// readSettings runs dig for one TXT record over and over.
func readSettings(ctx context.Context, s *stage.Stage) error {
	for i := range 95 {
		if err := pause(ctx, 180*time.Millisecond); err != nil {
			return err
		}
		what := []string{"settings.bakery.city", "TXT"}
		if i%20 == 19 {
			what = []string{"www.bakery.city", "A"}
		}
		if _, err := s.Dig(ctx, "logger", append([]string{"@" + stage.ResolverIPv4}, what...)...); err != nil {
			return err
		}
	}
	return nil
}

// scanCast is a BIND that transfers nothing, and two hosts.
func scanCast(ctx context.Context, s *stage.Stage) error {
	err := askers(ctx, s, stage.World{Configs: map[string]server.Config{"bind": {Extra: "allow-transfer { none; };"}}})
	for name, addr := range map[string]string{"scan1": "203.0.113.77/28", "scan2": "203.0.113.141/28"} {
		err = errors.Join(err, farHost(s, name, addr))
	}
	return err
}

// scanZones tries transfers, one after the other.
func scanZones(ctx context.Context, s *stage.Stage) error {
	for _, zone := range []string{"ferry.city", "stadium.city", "example.com", "53.10.in-addr.arpa", "museum.city"} {
		for _, host := range []string{"scan1", "scan2"} {
			kinds := []string{"AXFR"}
			if host == "scan2" {
				kinds = append(kinds, "IXFR=2026010100")
			}
			for _, kind := range kinds {
				if _, err := s.Dig(ctx, host, "@"+serverAt("bind"), zone, kind); err != nil {
					return err
				}
				if err := pause(ctx, 700*time.Millisecond); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// reflectionCast is the town with two large zones, a mail server and a bot.
func reflectionCast(ctx context.Context, s *stage.Stage) error {
	large := changedTown("radio.city.", func(z *zone.Zone) { z.Records += verifications() })
	w := stage.World{Clients: 2, NoAnchor: true, Zones: append(large, amplifier()), Configs: map[string]server.Config{
		"bind": {Extra: "max-udp-size 4096;"}, "nsd": {Extra: "  ipv4-edns-size: 4096\n"},
	}}
	if err := town(w)(ctx, s); err != nil {
		return err
	}
	return amplificationCast(ctx, s)
}

// reflectBoth sends queries in the victim's name to two name servers.
func reflectBoth(ctx context.Context, s *stage.Stage) error {
	for i, target := range []struct{ host, zone string }{{"bind", "example.com."}, {"nsd", "radio.city."}} {
		s.Go(func() error {
			return forge(ctx, s, netip.MustParseAddr(serverAt(target.host)), target.zone, 8, 15*time.Second, uint64(56+i))
		})
	}
	return nil
}

// malformedBurst is the appliance, quiet for a while and then in a hurry.
func malformedBurst(ctx context.Context, s *stage.Stage) error {
	r := rand.New(rand.NewPCG(s.Net.Seed, 58))
	from, names := netip.MustParseAddr(loggerHost), []string{"www.museum.city.", "fw.u017.user.museum.city.", "cdn.museum.city.", "log.u017.user.museum.city."}
	return poisson(ctx, r, 300, 4*time.Second, func() {
		kind := dns.TypeA
		if r.IntN(8) == 0 {
			kind = dns.TypeAAAA
		}
		b, _ := brokenQuery(names[r.IntN(len(names))], kind, uint16(r.IntN(1<<16)))
		s.Go(func() error {
			_, err := s.Send(ctx, "logger", "udp", from, stage.Resolver(from), b, time.Second)
			if err != nil && !errors.Is(err, stage.ErrNoAnswer) {
				return err
			}
			return nil
		})
	})
}
