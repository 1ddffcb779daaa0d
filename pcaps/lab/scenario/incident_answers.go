//go:build linux

package scenario

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/dnssniff/dnssniff/pcaps/lab/server"
	"github.com/dnssniff/dnssniff/pcaps/lab/stage"
	"github.com/dnssniff/dnssniff/pcaps/lab/zone"
	"github.com/miekg/dns"
)

// answerIncidents are servers that answer, and not what they are asked for.
func answerIncidents() []incident {
	return []incident{
		{
			name: "servers-disagree", title: "two name servers of a zone whose copies differ, with one serial",
			teaches: "that one name with two addresses, each always from the same server, is a zone that is kept by hand in two places",
			played: `Twenty-four devices use Unbound; captured at the resolver, both sides. shop.example has two name servers, NSD at 198.51.100.18 and BIND at 198.51.100.66. Somebody has given the hosts new addresses in BIND's file and forgotten the
				serial, so that no transfer mends it: the servers agree on the serial, and on no address. Clients get the one or the other as Unbound happens to ask.`,
			cause: "answers-differ-by-server", scope: map[string]string{"zone": "shop.example."},
			world: stage.World{Clients: 24, Zones: []zone.Zone{changedSite("shop.example.", func(z *zone.Zone) {
				z.Servers = append(z.Servers, nameServer("ns2.shop.example.", otherServer))
			})}},
			cast: disagreeing, crowd: crowd{rate: 2}, length: 40 * time.Second,
			beside: func(ctx context.Context, s *stage.Stage) error {
				return visit(ctx, s, 4, 40*time.Second, "shop.example.")
			},
		},
		{
			name: "stubs-at-authoritative", title: "a branch whose resolver is a name server",
			teaches: "that REFUSED to queries with RD for all zones but the server's own is no access list: the clients have the wrong address",
			played: `Resolvers ask BIND at 198.51.100.2 for names of its zones; captured there. Ten devices of a branch (10.54.7.0/24), whose DHCP server has the name server's address by mistake, send it all that they look up: it answers for
				its own zones, and REFUSED for all others.`,
			cause: "recursion-at-authoritative", scope: map[string]string{"server": "198.51.100.2"},
			at: "bind", alone: true, cast: func(ctx context.Context, s *stage.Stage) error {
				return errors.Join(resolversOnly(ctx, s), branches("branch", "10.54.7.", 10)(ctx, s))
			},
			crowd:  crowd{hosts: []string{"resolvers"}, habits: recursives(), to: "bind", errand: recursion, rate: 6, names: namesAt("bind")},
			length: 30 * time.Second,
			beside: func(ctx context.Context, s *stage.Stage) error {
				return crowd{hosts: []string{"branch"}, to: "bind", rate: 2.5, salt: 4}.talk(ctx, s, 30*time.Second)
			},
		},
		{
			name: "forged-answers", title: "somebody on the way answers in a name server's name",
			teaches: "that two answers to one query that contradict each other, from two distances, are an injection; and that the client takes the first",
			played: `Twenty devices use Unbound; captured at the resolver, both sides. The name server of partner.example, BIND at 198.51.100.66, is 14 ms away. A box beside the path gets a copy of each query to it, and answers at once for
				www, api and login, in the server's name, with an address of its own. The server's own answers follow, and find nobody: ICMP port unreachable.`,
			cause: "forged-answers", scope: map[string]string{"server": otherServer},
			world: stage.World{Clients: 20, Zones: hosted("partner.example.")},
			cast: func(ctx context.Context, s *stage.Stage) error {
				return errors.Join(another(ctx, s, "partner", otherServer, server.BIND, "partner.example."), injectorCast(ctx, s))
			},
			crowd: crowd{rate: 3}, length: 34 * time.Second, beside: inject,
		},
	}
}

// injectorCast makes a host that is sent a copy of the queries to otherServer, and has its address. It sends with another hop limit, as other systems do.
func injectorCast(ctx context.Context, s *stage.Stage) error {
	h, err := s.Host("injector", "198.51.100.82/28")
	if err != nil {
		return err
	}
	for _, line := range [][]string{{"ip", "addr", "add", otherServer + "/32", "dev", "lo"}, {"sysctl", "-q", "-w", "net.ipv4.ip_default_ttl=128"}} {
		if out, err := h.Command(ctx, line[0], line[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("%v: %s: %w", line, out, err)
		}
	}
	return s.Net.Nft("table ip injector { chain c { type filter hook prerouting priority 0; ip daddr " + otherServer + " udp dport 53 dup to 198.51.100.82\n}\n}")
}

// inject answers for some names of partner.example while clients look them up.
func inject(ctx context.Context, s *stage.Stage) error {
	stop, err := respondAt(s.Hosts["injector"], otherServer, func(w dns.ResponseWriter, q *dns.Msg) {
		host, _, _ := strings.Cut(q.Question[0].Name, ".")
		if q.Question[0].Qtype != dns.TypeA || !slices.Contains([]string{"www", "api", "login"}, strings.ToLower(host)) {
			return
		}
		r := new(dns.Msg).SetReply(q)
		r.Authoritative = true
		r.Answer = []dns.RR{&dns.A{Hdr: dns.RR_Header{Name: q.Question[0].Name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 20}, A: net.IPv4(192, 0, 2, 66)}}
		_ = w.WriteMsg(r)
	})
	if err != nil {
		return err
	}
	err = visit(ctx, s, 1.5, 33*time.Second, "partner.example.")
	return joinStop(err, stop)
}

// disagreeing makes a server with a copy of shop.example in which all addresses are others.
func disagreeing(ctx context.Context, s *stage.Stage) error {
	text, err := os.ReadFile(s.Files.Path("shop.example."))
	if err != nil {
		return err
	}
	changed, err := s.Write("changed.zone", strings.NewReplacer("203.0.113.", "198.18.113.", "2001:db8:113:", "2001:db8:114:").Replace(string(text)))
	if err != nil {
		return err
	}
	if err := farHost(s, "second", otherServer+"/28"); err != nil {
		return err
	}
	_, err = s.Serve(ctx, "second", server.BIND, server.Config{Zones: []server.Zone{{Name: "shop.example.", File: changed}}})
	return err
}
