//go:build linux

package scenario

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/dnssniff/dnssniff/pcaps/lab/netns"
	"github.com/dnssniff/dnssniff/pcaps/lab/server"
	"github.com/dnssniff/dnssniff/pcaps/lab/stage"
	"github.com/miekg/dns"
)

func lossy() stage.Scenario {
	return stage.Scenario{
		Name: "retransmissions", Title: "stub resolvers on a link that loses a quarter of its packets",
		Teaches: "what is a retransmission (same socket and ID), what is another attempt, and how much longer a lookup takes",
		Played: `Ten clients look up forty names, from one socket each, and repeat after one second what was not answered, four times at most; dig does the same from new ports. Their link loses 25 % of the packets in each
			direction, so queries get lost as well as answers. Captured at the clients.`,
		At: "clients",
		Cast: func(ctx context.Context, s *stage.Stage) error {
			if err := stage.Whole(ctx, s); err != nil {
				return err
			}
			return s.Hosts["clients"].Impair("loss 25%")
		},
		Play: func(ctx context.Context, s *stage.Stage) error {
			for i := range 40 {
				from := stage.ClientIPv4(i % 10)
				if i%3 == 0 {
					from = stage.ClientIPv6(i % 10)
				}
				s.Go(func() error {
					_, err := s.Look(ctx, stage.Lookup{From: from, Name: fmt.Sprintf("host%02d.example.%s", i%30, []string{"com", "net", "org"}[i%3]), Types: []uint16{dns.TypeA, dns.TypeAAAA},
						EDNS: 1232, Timeout: time.Second, Attempts: 4})
					return err
				})
				time.Sleep(60 * time.Millisecond)
			}
			for i := range 6 {
				if err := digs(ctx, s, []string{fmt.Sprintf("@%s +tries=4 +timeout=1 host%02d.corp.example", stage.ResolverIPv4, i)}); err != nil {
					return err
				}
			}
			return outlast(ctx, s, 6*time.Second)
		},
	}
}

func late() stage.Scenario {
	return stage.Scenario{
		Name: "late", Title: "answers that come after the client has gone",
		Teaches: "that an answer after the timeout is late, not unsolicited, and that ICMP port unreachable tells who does not listen any more",
		Played: `The name server of example.net gets its packets five and a half seconds late. Twelve clients ask it for names in its zone and give up after one second, or after two attempts of one second;
			three wait, and the resolver asks, too. Captured at the clients; the late answers meet closed sockets.`,
		At: "clients",
		Cast: func(ctx context.Context, s *stage.Stage) error {
			if err := stage.Whole(ctx, s); err != nil {
				return err
			}
			return s.Hosts["nsd"].Impair("delay 5500ms", netns.ToHost)
		},
		Play: func(ctx context.Context, s *stage.Stage) error {
			for i := range 12 {
				l := stage.Lookup{From: stage.ClientIPv4(i), To: netip.MustParseAddr(at("nsd")), Name: fmt.Sprintf("host%02d.example.net", i), Types: []uint16{dns.TypeA}, EDNS: 1232,
					Timeout: time.Second, Attempts: 1 + i%2}
				if i > 8 {
					l.Timeout = 12 * time.Second
				}
				s.Go(func() error {
					_, err := s.Look(ctx, l)
					return err
				})
				time.Sleep(70 * time.Millisecond)
			}
			if err := digs(ctx, s, []string{"@" + stage.ResolverIPv4 + " +timeout=3 www.example.net", "@" + stage.ResolverIPv4 + " +timeout=3 www.example.org"}); err != nil {
				return err
			}
			return outlast(ctx, s, 6*time.Second)
		},
	}
}

func mixedCase() stage.Scenario {
	return stage.Scenario{
		Name: "case", Title: "0x20: Unbound asks in random case, and so does a client",
		Teaches: "that names are equal whatever their case, and that the answer repeats the question's",
		Played:  `Unbound runs with use-caps-for-id. One client writes its names in mixed case, the others in lower case. Captured at the resolver.`, Healthy: true,
		Cast: func(ctx context.Context, s *stage.Stage) error {
			return s.Make(ctx, stage.World{Configs: map[string]server.Config{"resolver": {Extra: "  use-caps-for-id: yes\n"}}})
		},
		Play: func(ctx context.Context, s *stage.Stage) error {
			s.Go(func() error { return s.Background(ctx, 6, 5*time.Second) })
			for i := range 12 {
				name := []byte(fmt.Sprintf("host%02d.example.com", i))
				for j := range name {
					if s.Rand.IntN(2) == 0 {
						name[j] = strings.ToUpper(string(name[j]))[0]
					}
				}
				if _, err := s.Look(ctx, stage.Lookup{From: stage.ClientIPv4(18), Name: string(name), Types: []uint16{dns.TypeA}, EDNS: 1232}); err != nil {
					return err
				}
			}
			return s.Wait()
		},
	}
}

func limited() stage.Scenario {
	return stage.Scenario{
		Name: "rrl", Title: "response rate limiting with slip, by BIND, NSD and Knot DNS",
		Teaches: "what a limited client sees: no answer, or a truncated one without records, and TCP works",
		Played: `A client sends the same query two hundred times in two seconds to each of three name servers, which allow five answers a second and let every second one through as a truncated answer; meanwhile another client
			asks once in a while, and a third asks over TCP.`,
		At: "clients", Play: limitedPlay,
		Cast: func(ctx context.Context, s *stage.Stage) error {
			return s.Make(ctx, stage.World{Configs: map[string]server.Config{
				"bind": {Extra: "rate-limit { responses-per-second 5; slip 2; window 5; };"},
				"nsd":  {Extra: "  rrl-ratelimit: 5\n  rrl-slip: 2\n  rrl-size: 1000\n"},
				"knot": {Tail: "mod-rrl:\n  - id: default\n    rate-limit: 5\n    slip: 2\ntemplate:\n  - id: default\n    global-module: mod-rrl/default\n"},
			}})
		},
	}
}

func limitedPlay(ctx context.Context, s *stage.Stage) error {
	for i, v := range vendors()[:3] {
		to := netip.MustParseAddr(at(v[0]))
		s.Go(func() error {
			m := new(dns.Msg).SetQuestion("host01."+v[1], dns.TypeA)
			for range 200 {
				m.Id = dns.Id()
				b, err := m.Pack()
				if err != nil {
					return err
				}
				s.Go(func() error { // an answer is not waited for, and its absence no failure
					_, _ = s.Send(ctx, "clients", "udp", stage.ClientIPv4(i), to, b, 2*time.Second)
					return nil
				})
				time.Sleep(10 * time.Millisecond)
			}
			return nil
		})
		q := fmt.Sprintf("@%s +norecurse host02.%s -b ", to, v[1])
		s.Go(func() error {
			return digs(ctx, s, []string{q + stage.ClientIPv4(10).String(), q + stage.ClientIPv4(11).String() + " +tcp", q + stage.ClientIPv4(10).String(), q + stage.ClientIPv4(i).String(), q + stage.ClientIPv4(i).String() + " +tcp"})
		})
	}
	return outlast(ctx, s, 6*time.Second)
}
