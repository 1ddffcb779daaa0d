//go:build linux

package scenario

import (
	"context"
	"errors"
	"os"
	"strings"
	"time"

	"github.com/dnssniff/dnssniff/pcaps/lab/server"
	"github.com/dnssniff/dnssniff/pcaps/lab/stage"
	"github.com/dnssniff/dnssniff/pcaps/lab/zone"
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
	}
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
