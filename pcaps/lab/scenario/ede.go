//go:build linux

package scenario

import (
	"context"
	"fmt"
	"time"

	"github.com/dnssniff/dnssniff/pcaps/lab/server"
	"github.com/dnssniff/dnssniff/pcaps/lab/stage"
	"github.com/dnssniff/dnssniff/pcaps/lab/zone"
)

func extendedErrors() stage.Scenario {
	return stage.Scenario{
		Name: "ede", Title: "extended errors (EDE) from Unbound, BIND, PowerDNS Recursor and Knot DNS",
		Teaches: "what an EDE adds to SERVFAIL, REFUSED and NOERROR, and that resolvers differ in what they tell",
		Played: `Three resolvers look up names in zones that are each broken in one way: signatures expired, not yet valid, missing, or wrong; a DS of another key, of an unknown algorithm or digest; a DS but
			no keys; servers that do not answer, or not for this zone. Then a client that may not ask, names that are blocked by policy, and answers out of a cache whose
			origin has gone. Knot DNS is asked for a zone that it has not received yet.`,
		At: "clients", Cast: edeCast, Play: edePlay,
	}
}

// thirdResolver is a PowerDNS Recursor.
const thirdResolver = "10.53.3.53"

// bogus are zones that fail validation, or come near it, by what is wrong.
func bogus() []zone.Zone {
	ns := []zone.Server{stage.NameServer("bind")}
	out := []zone.Zone{}
	for _, z := range []struct {
		name string
		how  zone.Signing
	}{
		{"good", zone.Signed}, {"expired", zone.Expired}, {"stale", zone.ExpiredData}, {"notyet", zone.NotYet}, {"wrongds", zone.WrongDS}, {"nosig", zone.NoSignatures}, {"broken", zone.OneBroken}, {"stripped", zone.Stripped},
		{"algorithm", zone.Unsigned}, {"digest", zone.Unsigned},
	} {
		out = append(out, zone.Zone{Name: z.name + ".example.", Servers: ns, Signing: z.how, Records: "@ A 203.0.113.65\nwww A 203.0.113.66\nwww AAAA 2001:db8:113::66\n"})
	}
	return out
}

// blackHole is a host that takes packets and answers none.
const blackHole = "192.0.2.99"

// unreachable are zones whose servers do not answer, or not for them.
func unreachable() []zone.Zone {
	hole := zone.Server{Name: "ns.dead.example.", Addrs: addrs(blackHole)}
	closed := zone.Server{Name: "ns.closed.example.", Addrs: addrs("192.0.2.98")}
	return []zone.Zone{
		{Name: "dead.example.", Servers: []zone.Server{hole}},
		{Name: "closed.example.", Servers: []zone.Server{closed}},
		{Name: "lame.example.", Servers: []zone.Server{{Name: "ns.lame.example.", Addrs: addrs("192.0.2.97")}}, Lame: []zone.Server{stage.NameServer("knot")}},
	}
}

// unknown are DS records that no validator can use: an algorithm and a digest type without a meaning.
const unknown = `algorithm DS 12345 200 2 0101010101010101010101010101010101010101010101010101010101010101
digest DS 12345 13 200 0202020202020202020202020202020202020202020202020202020202020202
`

func edeCast(ctx context.Context, s *stage.Stage) error {
	zones := append(bogus(), unreachable()...)
	zones = append(zones, world("example.", func(z *zone.Zone) { z.Records += unknown }),
		zone.Zone{Name: "brief.example.", Servers: []zone.Server{stage.NameServer("nsd")}, Records: "$TTL 1\nwww 1 A 203.0.113.67\nsoon 1 A 203.0.113.68\n"})
	policy, err := s.Write("policy.zone", `$TTL 60
@ SOA localhost. hostmaster.localhost. 1 3600 600 86400 60
@ NS localhost.
blocked.example.net CNAME .
`)
	if err != nil {
		return err
	}
	err = s.Make(ctx, stage.World{Zones: zones, Configs: map[string]server.Config{
		"resolver": {Extra: `  serve-expired: yes
  serve-expired-client-timeout: 800
  ede-serve-expired: yes
  access-control: 10.53.1.30/32 refuse
  local-zone: "refused.example.net." always_refuse
  local-zone: "denied.example.net." always_nxdomain
  module-config: "respip validator iterator"
  infra-cache-min-rtt: 100
  outbound-msg-retry: 2
`, Tail: "rpz:\n  name: policy.lab.\n  zonefile: " + policy + "\n"},
		"knot": {Zones: []server.Zone{{Name: "never.example.", File: "never.zone", Primaries: addrs(blackHole)}}},
	}})
	if err != nil {
		return err
	}
	return otherResolvers(ctx, s, policy)
}

func otherResolvers(ctx context.Context, s *stage.Stage, policy string) error {
	for name, addr := range map[string]string{"second": secondResolver, "third": thirdResolver, "hole": blackHole} {
		length := "/24"
		if name == "hole" {
			length = "/29"
		}
		if _, err := s.Host(name, addr+length); err != nil {
			return err
		}
	}
	if err := s.Hosts["hole"].Impair("loss 100%"); err != nil {
		return err
	}
	common := server.Config{Roots: stage.NameServer("root").Addrs, Anchors: s.Files.Anchors}
	bind := common
	bind.Allow = []string{"!10.53.1.30", "any"}
	bind.Extra = `stale-answer-enable yes; stale-cache-enable yes; stale-answer-client-timeout 0; max-stale-ttl 3600; stale-refresh-time 0;
  response-policy { zone "policy.lab."; } qname-wait-recurse no; resolver-query-timeout 3000;`
	bind.Tail = fmt.Sprintf("zone \"policy.lab.\" { type primary; file %q; };", policy)
	if _, err := s.Serve(ctx, "second", server.BIND, bind); err != nil {
		return err
	}
	rec := common
	rec.Extra = "serve-stale-extensions=10\nnetwork-timeout=500\n"
	rec.Tail = fmt.Sprintf("rpzFile(%q, {policyName=\"lab\", extendedErrorCode=17, extendedErrorExtra=\"by the lab's policy\"})\n", policy)
	_, err := s.Serve(ctx, "third", server.Recursor, rec)
	return err
}

func edePlay(ctx context.Context, s *stage.Stage) error {
	resolvers := []string{stage.ResolverIPv4, secondResolver, thirdResolver}
	var lines []string
	for _, r := range resolvers {
		a := "@" + r + " +timeout=4 "
		for _, z := range bogus() {
			lines = append(lines, a+"www."+z.Name, a+"nobody."+z.Name)
		}
		lines = append(lines, a+"www.expired.example. +cd", a+"blocked.example.net", a+"denied.example.net", a+"refused.example.net", a+"-b 10.53.1.30 www.example.com", a+"www.brief.example")
	}
	lines = append(lines, "@"+at("knot")+" never.example. SOA", "@"+at("knot")+" www.unknown.test", "@"+at("knot")+" example.org AXFR", "@"+at("knot")+" example.org ANY +norecurse")
	if err := digs(ctx, s, lines); err != nil {
		return err
	}
	for _, r := range resolvers {
		s.Go(func() error {
			return digs(ctx, s, []string{"@" + r + " +timeout=8 www.lame.example", "@" + r + " +timeout=8 www.closed.example", "@" + r + " +timeout=8 www.dead.example", "@" + r + " +timeout=8 www.dead.example"})
		})
	}
	if err := s.Wait(); err != nil {
		return err
	}
	// The origin goes away, and what it said gets old.
	if err := s.Servers["nsd"].Stop(); err != nil {
		return err
	}
	time.Sleep(1500 * time.Millisecond)
	for _, r := range resolvers {
		s.Go(func() error {
			return digs(ctx, s, []string{"@" + r + " +timeout=5 www.brief.example", "@" + r + " +timeout=5 soon.brief.example", "@" + r + " +timeout=5 www.brief.example"})
		})
	}
	return outlast(ctx, s, 6*time.Second)
}
