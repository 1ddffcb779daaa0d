//go:build linux

package scenario

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/dnssniff/dnssniff/pcaps/lab/server"
	"github.com/dnssniff/dnssniff/pcaps/lab/stage"
	"github.com/dnssniff/dnssniff/pcaps/lab/zone"
	"github.com/miekg/dns"
)

// askers makes the name servers, and sixteen resolvers that ask them.
func askers(ctx context.Context, s *stage.Stage, w stage.World) error {
	var all []string
	for i := range 16 {
		all = append(all, fmt.Sprintf("192.0.2.%d/27", 200+i), fmt.Sprintf("2001:db8:61::%d/64", 200+i))
	}
	h, err := s.Host("askers", all...)
	if err != nil {
		return err
	}
	s.Clients = h.Addrs
	w.Zones = append(townZones(), w.Zones...)
	return s.MakeServers(ctx, w)
}

const knotSecondary, nsdSecondary = "198.51.100.82", "198.51.100.98"

// ferryCast is a primary and two secondaries.
func ferryCast(ctx context.Context, s *stage.Stage) error {
	const name = "ferry.city."
	both := addrs(knotSecondary, nsdSecondary)
	err := askers(ctx, s, stage.World{Configs: map[string]server.Config{"bind": {Extra: "notify-delay 0; serial-query-rate 100;", Zones: []server.Zone{
		{Name: name, File: zone.Files{Dir: s.Dir}.Path(name), Notify: both, Transfer: both},
	}}}})
	if err != nil {
		return err
	}
	if err := errors.Join(farHost(s, "mirror1", knotSecondary+"/28"), farHost(s, "mirror2", nsdSecondary+"/28")); err != nil {
		return err
	}
	primary := addrs(serverAt("bind"))
	_, err = s.Serve(ctx, "mirror1", server.Knot, server.Config{Zones: []server.Zone{{
		Name: name, File: filepath.Join(s.Dir, "mirror1.zone"), Primaries: primary, Extra: "    retry-min-interval: 2\n    retry-max-interval: 3",
	}}})
	if err != nil {
		return err
	}
	_, err = s.Serve(ctx, "mirror2", server.NSD, server.Config{Zones: []server.Zone{{Name: name, File: filepath.Join(s.Dir, "mirror2.zone"), Primaries: primary}}})
	return err
}

// misspellSecondary takes Knot out of the access list of a BIND that runs, and then changes the zone three times.
func misspellSecondary(ctx context.Context, s *stage.Stage) error {
	srv := s.Servers["bind"]
	file := filepath.Join(srv.Dir, "named.conf")
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	list := regexp.MustCompile(`allow-transfer \{ 198\.51\.100\.82;`)
	if !list.Match(text) {
		return fmt.Errorf("%s: the secondary is not in it", file)
	}
	if err := os.WriteFile(file, list.ReplaceAll(text, []byte("allow-transfer { 198.51.100.28;")), 0o644); err != nil {
		return err
	}
	for i := range 3 {
		if err := newSerial(s.Files.Path("ferry.city."), 2026010101+i); err != nil {
			return err
		}
		if err := srv.Signal(syscall.SIGHUP); err != nil {
			return err
		}
		if err := pause(ctx, 7*time.Second); err != nil {
			return err
		}
	}
	return nil
}

// newSerial gives a zone's file the serial after old, and one more record.
func newSerial(file string, old int) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	changed := strings.Replace(string(text), fmt.Sprint(old), fmt.Sprint(old+1), 1) + fmt.Sprintf("quay%d 60 A 203.0.113.9\n", old%100)
	return os.WriteFile(file, []byte(changed), 0o644)
}

func routerKey() server.Key {
	return server.Key{Name: "routers.depot.city.", Algorithm: "hmac-sha256", Secret: "cm91dGVycyByZWdpc3RlciB0aGVpciBuYW1lcyBoZXJlISE="}
}

// depotCast is Knot with a zone that takes updates.
func depotCast(ctx context.Context, s *stage.Stage) error {
	k, name := routerKey(), "depot.city."
	err := askers(ctx, s, stage.World{Configs: map[string]server.Config{"knot": {Keys: []server.Key{k}, Zones: []server.Zone{
		{Name: name, File: zone.Files{Dir: s.Dir}.Path(name), Update: k.Name},
	}}}})
	if err != nil {
		return err
	}
	for i := 1; i <= 3; i++ {
		if _, err := s.Host(fmt.Sprintf("depot%d", i), fmt.Sprintf("10.77.%d.9/28", i)); err != nil {
			return err
		}
	}
	return nil
}

// registerRouters sends the updates of three routers.
func registerRouters(ctx context.Context, s *stage.Stage) error {
	for i := 1; i <= 3; i++ {
		k := routerKey()
		if i == 3 {
			k.Secret = "dGhpcyBpcyB0aGUgc2VjcmV0IG9mIGxhc3QgeWVhcjotLSE="
		}
		s.Go(func() error {
			r := rand.New(rand.NewPCG(s.Net.Seed, uint64(70+i)))
			n := 0
			return poisson(ctx, r, .45, 30*time.Second, func() {
				n++
				script := fmt.Sprintf("server %s\nzone depot.city.\nupdate add if%d-%d.depot.city. 300 A 10.77.%[2]d.9\nsend\n", serverAt("knot"), i, n)
				s.Go(func() error {
					_, err := s.Nsupdate(ctx, fmt.Sprintf("depot%d", i), script, signed(k)...)
					if ctx.Err() == nil {
						return err
					}
					return nil // the play is over, which is no failure
				})
			})
		})
	}
	return nil
}

// branchForwarder is dnsmasq in the resolver's place, and a resolver in the head office.
func branchForwarder(ctx context.Context, s *stage.Stage) error {
	const head = "10.74.0.53"
	if err := farHost(s, "head", head+"/24", "2001:db8:74::53/64"); err != nil {
		return err
	}
	w := stage.World{Clients: 2, Resolver: server.Dnsmasq, Configs: map[string]server.Config{"resolver": {Forward: addrs(head)}}}
	if err := town(w, "plant", 14)(ctx, s); err != nil {
		return err
	}
	_, err := s.Serve(ctx, "head", server.Unbound, server.Config{Roots: stage.NameServer("root").Addrs, Anchors: s.Files.Anchors})
	return err
}

// providerCast is Unbound as a forwarder, dnsdist with a limit, and PowerDNS Recursor behind it.
func providerCast(ctx context.Context, s *stage.Stage) error {
	const front, behind = "10.75.0.53", "10.76.0.53"
	w := stage.World{Clients: 2, NoAnchor: true, Configs: map[string]server.Config{"resolver": {Forward: addrs(front)}}}
	if err := town(w, "plant", 22)(ctx, s); err != nil {
		return err
	}
	if err := errors.Join(farHost(s, "provider", front+"/24"), farHost(s, "recursion", behind+"/24", "2001:db8:76::53/64")); err != nil {
		return err
	}
	if _, err := s.Serve(ctx, "recursion", server.Recursor, server.Config{Roots: stage.NameServer("root").Addrs}); err != nil {
		return err
	}
	file, err := s.Write("dnsdist.conf", fmt.Sprintf(`
setLocal("%s:53")
setACL("0.0.0.0/0")
setSecurityPollSuffix("")
newServer({address="%s:53", checkName="www.museum.city.", checkInterval=60})
addAction(MaxQPSIPRule(5), RCodeAction(DNSRCode.REFUSED))
`, front, behind))
	if err != nil {
		return err
	}
	s.Uses(string(dnsdist))
	p, err := s.Hosts["provider"].Start("dnsdist", "--supervised", "--disable-syslog", "-C", file)
	if err != nil {
		return err
	}
	return answers(ctx, s, p, "provider", front)
}

// answers waits until a forwarder on a host resolves a name of the town.
func answers(ctx context.Context, s *stage.Stage, p interface{ Ended() (string, bool) }, host, addr string) error {
	return resolves(ctx, s, p, host, addr, "www.museum.city.")
}

// resolves waits until a program on a host knows a name's address.
func resolves(ctx context.Context, s *stage.Stage, p interface{ Ended() (string, bool) }, host, addr, name string) error {
	for range 60 {
		if log, ended := p.Ended(); ended {
			return fmt.Errorf("%s ended: %s", host, log)
		}
		m, err := s.Ask(ctx, host, netip.Addr{}, netip.MustParseAddr(addr), new(dns.Msg).SetQuestion(name, dns.TypeA))
		if err == nil && m.Rcode == dns.RcodeSuccess {
			return nil
		}
		if err := pause(ctx, 300*time.Millisecond); err != nil {
			return err
		}
	}
	return fmt.Errorf("%s does not answer", host)
}

// mailerCast is the town with DKIM keys, BIND as the resolver, and a mail server.
func mailerCast(ctx context.Context, s *stage.Stage) error {
	w := stage.World{Clients: 2, Resolver: server.BIND, Zones: changedTown("ferry.city.", domainKeys)}
	if err := town(w)(ctx, s); err != nil {
		return err
	}
	_, err := s.Host("mailer", "10.72.9.25/24")
	return err
}

// mail is what a mail server looks up.
func mail(r *rand.Rand, _ *device, popular string) (string, []uint16) {
	zone := popular[strings.IndexByte(popular, '.')+1:]
	switch p := r.IntN(100); {
	case p < 20:
		return zone, []uint16{dns.TypeMX}
	case p < 40:
		return []string{"mx1.", "mx2."}[r.IntN(2)] + zone, []uint16{dns.TypeA, dns.TypeAAAA}
	case p < 55:
		return zone, []uint16{dns.TypeTXT}
	case p < 70:
		return fmt.Sprintf("%d.1.53.10.in-addr.arpa.", 11+r.IntN(42)), []uint16{dns.TypePTR}
	case p < 80:
		return "_dmarc." + zone, []uint16{dns.TypeTXT}
	}
	return string("abcdefghijklmnopqrst"[r.IntN(20)]) + "._domainkey.ferry.city.", []uint16{dns.TypeTXT}
}

// departmentCast is a plant, a department and a monitor.
func departmentCast(ctx context.Context, s *stage.Stage) error {
	w := stage.World{Clients: 2}
	if err := town(w, "department", 9)(ctx, s); err != nil {
		return err
	}
	var all []string
	for i := range 21 {
		all = append(all, fmt.Sprintf("10.73.2.%d/24", 60+i), fmt.Sprintf("2001:db8:53:2::%d/64", 60+i))
	}
	_, err := s.Host("plant", append(all, "10.73.2.40/24")...)
	return err
}

// monitorAndDepartment is the monitor all the time, and the department as it should be.
func monitorAndDepartment(ctx context.Context, s *stage.Stage) error {
	s.Go(func() error { return townCrowd("department", 2, 35).talk(ctx, s, 10*time.Second) })
	r := rand.New(rand.NewPCG(s.Net.Seed, 36))
	from, n := netip.MustParseAddr("10.73.2.40"), 0
	return poisson(ctx, r, 1, 33*time.Second, func() {
		n++
		b := twoQuestions(townNames("")[n%20], uint16(r.IntN(1<<16)), n%3 == 0)
		s.Go(func() error {
			_, err := s.Send(ctx, "plant", "udp", from, stage.Resolver(from), b, 2*time.Second)
			if err != nil && !errors.Is(err, stage.ErrNoAnswer) {
				return err
			}
			return nil
		})
	})
}

// twoQuestions asks for A and AAAA at once; if it is odd only, for A with the reserved bit set.
func twoQuestions(name string, id uint16, odd bool) []byte {
	m := new(dns.Msg).SetQuestion(name, dns.TypeA)
	m.Id = id
	b, err := m.Pack()
	if err != nil {
		return nil
	}
	if odd {
		b[3] |= 0x40
		return b
	}
	binary.BigEndian.PutUint16(b[4:], 2)
	question := append([]byte(nil), b[12:]...)
	question[len(question)-3] = byte(dns.TypeAAAA)
	return append(b, question...)
}

// twoFloods are three bots each for two zones.
func twoFloods(ctx context.Context, s *stage.Stage) error {
	bot := habit{name: "bot", rd: true, sizes: []uint16{0}, waits: seconds(2), each: true}
	all := crowd{hosts: []string{"plant"}, habits: []habit{bot}, salt: 37}.devices(s)
	for i, f := range []struct {
		zone string
		rate float64
	}{{"bakery.city.", 4}, {"radio.city.", 3}} {
		bots := all[5+7*i : 8+7*i]
		r := rand.New(rand.NewPCG(s.Net.Seed, uint64(38+i)))
		s.Go(func() error {
			return poisson(ctx, r, f.rate, 20*time.Second, func() {
				d, name := bots[r.IntN(len(bots))], fmt.Sprintf("%s%d.%s", letters(r, 4+r.IntN(4)), r.IntN(10), f.zone)
				s.Go(func() error { return d.look(ctx, name, []uint16{dns.TypeA}) })
			})
		})
	}
	return nil
}

// campusCast is a plant, a campus with a bad link, and a server that does not have a zone.
func campusCast(ctx context.Context, s *stage.Stage) error {
	w := stage.World{Clients: 2, Zones: []zone.Zone{
		{Name: "harvest.city.", Servers: []zone.Server{nameServer("dns.harvest.city.", nsdSecondary)}, Records: townRecords(8)},
		{Name: "mill.city.", Servers: []zone.Server{nameServer("dns.mill.city.", nsdSecondary)}, Records: townRecords(9)},
	}}
	if err := town(w, "plant", 15, "campus", 11)(ctx, s); err != nil {
		return err
	}
	if err := another(ctx, s, "hoster", nsdSecondary, server.NSD, "mill.city."); err != nil {
		return err
	}
	return s.Hosts["campus"].Impair("loss 18%")
}
