//go:build linux

package scenario

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/dnssniff/dnssniff/pcaps/lab/netns"
	"github.com/dnssniff/dnssniff/pcaps/lab/server"
	"github.com/dnssniff/dnssniff/pcaps/lab/stage"
	"github.com/dnssniff/dnssniff/pcaps/lab/zone"
	"github.com/miekg/dns"
)

// otherServer is the address of a name server that the world does not have.
const otherServer = "198.51.100.66"

// serverIncidents are faults of upstream name servers.
func serverIncidents() []incident {
	return []incident{
		{
			name: "lame-delegation", title: "the one name server of a zone does not serve it any more",
			teaches: "that SERVFAIL for one zone whose server answers REFUSED without delay is a lame delegation, not an outage",
			played: `Twenty-four devices use Unbound; captured at the resolver, both sides. The name server of travel.example, BIND at 198.51.100.66, reads a new configuration without that zone, and keeps serving club.example: REFUSED for the
				one, as before for the other. The clients get SERVFAIL as what they have cached expires.`,
			cause: "lame-delegation", scope: map[string]string{"zone": "travel.example.", "server": otherServer},
			world: stage.World{Clients: 24, Zones: hosted("travel.example.", "club.example.")},
			cast: func(ctx context.Context, s *stage.Stage) error {
				return another(ctx, s, "hoster", otherServer, server.BIND, "travel.example.", "club.example.")
			},
			crowd: crowd{rate: 3.8}, length: 40 * time.Second, onset: 14 * time.Second, breaks: loseZone,
			beside: func(ctx context.Context, s *stage.Stage) error {
				s.Go(func() error { return visit(ctx, s, .7, 40*time.Second, "club.example.") })
				return visit(ctx, s, 1, 40*time.Second, "travel.example.")
			},
		},
		{
			name: "lame-one-of-two", title: "one of the two name servers of a zone does not serve it",
			teaches: "that a lame server beside a good one costs time and no answers: it is seen upstream only",
			played: `Twenty devices use BIND; captured at the resolver, both sides. weather.example is delegated to two servers: PowerDNS at 198.51.100.50, which has it, and NSD at 198.51.100.66, which does not and answers REFUSED. No client
				notices: BIND asks the other server.`,
			cause: "lame-delegation", scope: map[string]string{"zone": "weather.example.", "server": otherServer},
			world: stage.World{Clients: 20, Resolver: server.BIND, Zones: []zone.Zone{
				changedSite("weather.example.", func(z *zone.Zone) {
					z.Servers = append(z.Servers, nameServer("ns2.weather.example.", otherServer))
				}),
				{Name: "club.example.", Servers: []zone.Server{nameServer("ns1.club.example.", otherServer)}, Records: siteRecords(9)},
			}},
			cast: func(ctx context.Context, s *stage.Stage) error {
				return another(ctx, s, "hoster", otherServer, server.NSD, "club.example.")
			},
			crowd: crowd{rate: 4}, length: 36 * time.Second,
			beside: func(ctx context.Context, s *stage.Stage) error {
				s.Go(func() error { return visit(ctx, s, .7, 36*time.Second, "club.example.") })
				return visit(ctx, s, 1.5, 36*time.Second, "weather.example.")
			},
		},
		{
			name: "stale-secondary", title: "a secondary that does not get the zone any more",
			teaches: "that two servers with two serials and two sets of addresses are a secondary that is behind",
			played: `Twenty-four devices use Unbound; captured at the resolver, both sides. shop.example has a primary, NSD at 198.51.100.18, and a secondary, BIND at 198.51.100.66, that cannot transfer (to the capture it is only a server with an old
				zone). The primary gets a new serial, 2026010102 after 2026010101, and new addresses for all hosts; the secondary keeps the old ones. Answers, and the SOA of negative answers, differ by server from then on.`,
			cause: "stale-secondary", scope: map[string]string{"server": otherServer, "zone": "shop.example."},
			world: stage.World{Clients: 24, Zones: []zone.Zone{changedSite("shop.example.", func(z *zone.Zone) {
				z.Servers = append(z.Servers, nameServer("ns2.shop.example.", otherServer))
			})}},
			cast: staleCast, crowd: crowd{rate: 3.6}, length: 40 * time.Second, onset: 14 * time.Second, breaks: renumber,
			beside: func(ctx context.Context, s *stage.Stage) error {
				return visit(ctx, s, 2.2, 40*time.Second, "shop.example.")
			},
		},
		{
			name: "edns-formerr", title: "an upstream server that answers FORMERR to EDNS",
			teaches: "that FORMERR without OPT to each query with EDNS, and an answer to the same without, is a server that does not know EDNS",
			played: `Twenty-four devices use Unbound; captured at the resolver, both sides. The name server of partner.example, at 198.51.100.66, is a small responder of the lab's that behaves like the servers of twenty years ago: FORMERR, a header and
				the question, to a query with OPT, the right answer to one without. Unbound asks twice, remembers it, and the clients notice nothing but time.`,
			cause: "edns-intolerant-server", scope: map[string]string{"server": otherServer},
			world: stage.World{Clients: 24, Zones: hosted("partner.example.")},
			cast:  responderCast, crowd: crowd{rate: 5}, length: 34 * time.Second,
			beside: ednsIntolerant(dns.RcodeFormatError),
		},
		{
			name: "edns-dropped", title: "an upstream server that does not answer EDNS",
			teaches: "that silence for queries with EDNS, and answers to those without, is no loss",
			played: `Twenty-four devices use PowerDNS Recursor; captured at the resolver, both sides. The name server of partner.example, at 198.51.100.66, is a small responder of the lab's that, like some firewalls, drops queries with OPT and answers those
				without. PowerDNS waits for its timeout and gives up: SERVFAIL. Somebody at the resolver's host asks the server with dig, with and without EDNS.`,
			cause: "edns-intolerant-server", scope: map[string]string{"server": otherServer},
			world: stage.World{Clients: 24, Resolver: server.Recursor, Zones: hosted("partner.example.")},
			cast:  responderCast, crowd: crowd{rate: 4.4}, length: 36 * time.Second,
			beside: func(ctx context.Context, s *stage.Stage) error {
				s.Go(func() error { return digEDNS(ctx, s) })
				return ednsIntolerant(-1)(ctx, s)
			},
		},
		{
			name: "other-address", title: "a name server with two addresses that answers from the wrong one",
			teaches: "that a query without an answer and an answer without a query, from a neighbouring address with the same ID, are one server",
			played: `Twenty devices use BIND; captured at the resolver, both sides. The name server of partner.example, an Unbound with 198.51.100.66 and 198.51.100.67 that is bound to neither, is delegated to as .67 and answers from .66. The resolver
				cannot take that: ICMP port unreachable for each, retries, then SERVFAIL for the clients.`,
			cause: "reply-other-address", scope: map[string]string{"server": "198.51.100.67"},
			world: stage.World{Clients: 20, Resolver: server.BIND, Zones: []zone.Zone{
				{Name: "partner.example.", Servers: []zone.Server{nameServer("ns1.partner.example.", "198.51.100.67")}, Records: siteRecords(9)},
			}},
			cast: multihomed, crowd: crowd{rate: 4}, length: 34 * time.Second,
			beside: func(ctx context.Context, s *stage.Stage) error {
				return visit(ctx, s, .8, 34*time.Second, "partner.example.")
			},
		},
	}
}

// hosted are zones of one more name server.
func hosted(names ...string) []zone.Zone {
	var out []zone.Zone
	for i, name := range names {
		out = append(out, zone.Zone{Name: name, Servers: []zone.Server{nameServer("ns1."+name, otherServer)}, Records: siteRecords(9 + i)})
	}
	return out
}

// loseZone removes the first zone from the configuration of a BIND that runs.
func loseZone(_ context.Context, s *stage.Stage) error {
	srv := s.Servers["hoster"]
	file := filepath.Join(srv.Dir, "named.conf")
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	without := regexp.MustCompile(`(?s)zone "travel.example." \{.*?\n\};`).ReplaceAll(text, nil)
	if len(without) == len(text) {
		return fmt.Errorf("%s: travel.example is not in it", file)
	}
	if err := os.WriteFile(file, without, 0o644); err != nil {
		return err
	}
	return srv.Signal(syscall.SIGHUP)
}

// staleCast makes a server with a copy of shop.example.
func staleCast(ctx context.Context, s *stage.Stage) error {
	text, err := os.ReadFile(s.Files.Path("shop.example."))
	if err != nil {
		return err
	}
	copied, err := s.Write("copy.zone", string(text))
	if err != nil {
		return err
	}
	if err := farHost(s, "secondary", otherServer+"/28"); err != nil {
		return err
	}
	_, err = s.Serve(ctx, "secondary", server.BIND, server.Config{Zones: []server.Zone{{Name: "shop.example.", File: copied}}})
	return err
}

// renumber gives the primary's shop.example a new serial and other addresses.
func renumber(_ context.Context, s *stage.Stage) error {
	file := s.Files.Path("shop.example.")
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	changed := strings.NewReplacer("2026010101", "2026010102", "203.0.113.", "192.0.2.2", "2001:db8:113:", "2001:db8:114:").Replace(string(text))
	changed = regexp.MustCompile(`192\.0\.2\.2(\d)\b`).ReplaceAllString(changed, "192.0.2.20$1")
	if err := os.WriteFile(file, []byte(changed), 0o644); err != nil {
		return err
	}
	return s.Servers["nsd"].Signal(syscall.SIGHUP)
}

func responderCast(_ context.Context, s *stage.Stage) error {
	return farHost(s, "partner", otherServer+"/28")
}

// ednsIntolerant answers for partner.example as long as the play lasts, and lets the clients ask for it. Queries with OPT get the RCODE without OPT, or nothing
// if it is below 0.
func ednsIntolerant(rcode int) func(context.Context, *stage.Stage) error {
	return func(ctx context.Context, s *stage.Stage) error {
		zone, err := readContents(s.Files.Path("partner.example."))
		if err != nil {
			return err
		}
		stop, err := respond(s.Hosts["partner"], func(w dns.ResponseWriter, q *dns.Msg) {
			switch {
			case q.IsEdns0() == nil:
				_ = w.WriteMsg(zone.answer(q))
			case rcode >= 0:
				_ = w.WriteMsg(new(dns.Msg).SetRcode(q, rcode))
			}
		})
		if err != nil {
			return err
		}
		err = visit(ctx, s, 1, 32*time.Second, "partner.example.")
		if pause(ctx, 10*time.Second) != nil { // resolvers still ask
			err = nil
		}
		return joinStop(err, stop)
	}
}

func joinStop(err error, stop func() error) error {
	if failed := stop(); err == nil {
		err = failed
	}
	return err
}

// respond serves UDP at port 53 of a host until stop is called.
func respond(h *netns.Host, f dns.HandlerFunc) (stop func() error, err error) {
	return respondAt(h, h.IPv4().String(), f)
}

// respondAt is respond at an address.
func respondAt(h *netns.Host, addr string, f dns.HandlerFunc) (stop func() error, err error) {
	var conn net.PacketConn
	err = h.Do(func() error {
		var err error
		conn, err = net.ListenPacket("udp4", net.JoinHostPort(addr, "53"))
		return err
	})
	if err != nil {
		return nil, err
	}
	ready := make(chan struct{})
	srv := &dns.Server{PacketConn: conn, Handler: f, NotifyStartedFunc: func() { close(ready) }}
	done := make(chan error, 1)
	go func() { done <- srv.ActivateAndServe() }()
	select {
	case <-ready:
	case err := <-done:
		return nil, err
	}
	return func() error {
		if err := srv.Shutdown(); err != nil {
			return err
		}
		return <-done
	}, nil
}

// contents are a zone's records by name and type; negative answers have the SOA.
type contents struct {
	sets  map[dns.Question][]dns.RR
	names map[string]bool
	soa   dns.RR
}

func readContents(file string) (contents, error) {
	f, err := os.Open(file)
	if err != nil {
		return contents{}, err
	}
	defer f.Close()
	c := contents{sets: map[dns.Question][]dns.RR{}, names: map[string]bool{}}
	p := dns.NewZoneParser(f, ".", file)
	for rr, ok := p.Next(); ok; rr, ok = p.Next() {
		h := rr.Header()
		q := dns.Question{Name: h.Name, Qtype: h.Rrtype, Qclass: h.Class}
		c.sets[q], c.names[h.Name] = append(c.sets[q], rr), true
		if h.Rrtype == dns.TypeSOA {
			c.soa = rr
		}
	}
	return c, p.Err()
}

// answer is what an old server says: no EDNS, a CNAME not followed.
func (c contents) answer(q *dns.Msg) *dns.Msg {
	m := new(dns.Msg).SetReply(q)
	m.Authoritative = true
	question := q.Question[0]
	question.Name = strings.ToLower(question.Name)
	if m.Answer = c.sets[question]; m.Answer == nil {
		question.Qtype = dns.TypeCNAME
		m.Answer = c.sets[question]
	}
	if m.Answer == nil {
		m.Ns = []dns.RR{c.soa}
		if !c.names[question.Name] {
			m.Rcode = dns.RcodeNameError
		}
	}
	return m
}

// digEDNS is somebody at the resolver's host who asks the server itself.
func digEDNS(ctx context.Context, s *stage.Stage) error {
	for _, how := range []string{"+edns=0", "+noedns"} {
		if err := pause(ctx, 12*time.Second); err != nil {
			return err
		}
		if _, err := s.Dig(ctx, "resolver", "@"+otherServer, "+norecurse", "+tries=2", "+timeout=2", "www.partner.example", how); err != nil {
			return err
		}
	}
	return nil
}

// multihomed starts an Unbound that is bound to no address of its host, so that the kernel chooses whence it answers.
func multihomed(_ context.Context, s *stage.Stage) error {
	if err := farHost(s, "partner", otherServer+"/28", "198.51.100.67/28"); err != nil {
		return err
	}
	file, err := s.Write("multihomed.conf", fmt.Sprintf(`
server:
  directory: %q
  pidfile: ""
  chroot: ""
  username: ""
  use-syslog: no
  interface: 0.0.0.0
  access-control: 0.0.0.0/0 allow
remote-control:
  control-enable: no
auth-zone:
  name: "partner.example."
  zonefile: %q
  for-downstream: yes
  for-upstream: yes
`, s.Dir, s.Files.Path("partner.example.")))
	if err != nil {
		return err
	}
	_, err = s.Hosts["partner"].Start("unbound", "-d", "-c", file)
	return err
}
