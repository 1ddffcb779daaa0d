//go:build linux

package scenario

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/dnssniff/dnssniff/pcaps/lab/stage"
	"github.com/miekg/dns"
)

// crowd are devices that look up names.
type crowd struct {
	hosts  []string // where they are; nil: clients
	habits []habit  // nil: people's devices
	rate   float64  // lookups a second
	names  []string // most popular first; nil: all that people visit
	to     string   // the name server of the world that they ask; empty: the resolver
	errand errand   // nil: people's
	suffix string   // tried first after each name
	salt   uint64   // tells crowds of one play apart
}

// errand is what a device looks up next, popular being a choice among names.
type errand func(r *rand.Rand, d *device, popular string) (name string, types []uint16)

// talk lets the crowd look up names for some time. What, when and by whom follows from the stage's seed. It returns when all is answered.
func (c crowd) talk(ctx context.Context, s *stage.Stage, length time.Duration) error {
	r := rand.New(rand.NewPCG(s.Net.Seed, 6+c.salt))
	devices := c.devices(s)
	names, next := c.names, c.errand
	if names == nil {
		names = visited()
	}
	if next == nil {
		next = people
	}
	popular := rand.NewZipf(r, 1.15, 8, uint64(len(names)-1))
	return poisson(ctx, r, c.rate, length, func() {
		d := devices[r.IntN(len(devices))]
		name, types := next(r, d, names[popular.Uint64()])
		s.Go(func() error {
			var err error
			if c.suffix != "" {
				err = d.look(ctx, name+c.suffix, types)
			}
			err = errors.Join(err, d.look(ctx, name, types))
			if ctx.Err() == nil {
				return err
			}
			return nil // the play is over, which is no failure
		})
	})
}

// poisson calls f at random times, rate a second.
func poisson(ctx context.Context, r *rand.Rand, rate float64, length time.Duration, f func()) error {
	start := time.Now()
	for at := time.Duration(0); ; f() {
		if at += time.Duration(r.ExpFloat64() * float64(time.Second) / rate); at > length {
			return nil
		}
		if err := pause(ctx, time.Until(start.Add(at))); err != nil {
			return err
		}
	}
}

// devices are one for each IPv4 address; every fourth uses its IPv6 address instead, if there is one.
func (c crowd) devices(s *stage.Stage) []*device {
	hosts, habits := c.hosts, c.habits
	if hosts == nil {
		hosts = []string{"clients"}
	}
	if habits == nil {
		habits = stubs()
	}
	var out []*device
	for _, host := range hosts {
		for _, from := range sources(s.Hosts[host].Addrs) {
			i := len(out)
			d := &device{habit: habits[i%len(habits)], host: s.Hosts[host], from: from, to: stage.Resolver(from), rand: rand.New(rand.NewPCG(s.Net.Seed+c.salt, uint64(i))), known: map[dns.Question]time.Time{}}
			if c.to != "" {
				addrs := stage.NameServer(c.to).Addrs
				d.to = addrs[slices.IndexFunc(addrs, func(a netip.Addr) bool { return a.Is4() == from.Is4() })]
			}
			out = append(out, d)
		}
	}
	return out
}

// sources are the addresses that devices use: IPv4 but for every fourth, or IPv6 where there is nothing else.
func sources(addrs []netip.Addr) []netip.Addr {
	var four, six []netip.Addr
	for _, a := range addrs {
		if a.Is4() {
			four = append(four, a)
		} else {
			six = append(six, a)
		}
	}
	if len(four) == 0 {
		return six
	}
	for i := 3; i < min(len(four), len(six)); i += 4 {
		four[i] = six[i]
	}
	return four
}

// people's errands, in the proportions of an office.
func people(r *rand.Rand, d *device, popular string) (string, []uint16) {
	zone := popular[strings.IndexByte(popular, '.')+1:]
	switch p := r.IntN(1000); {
	case p < 660:
		return popular, d.types()
	case p < 730:
		return fmt.Sprintf("%d.1.53.10.in-addr.arpa.", 11+r.IntN(45)), []uint16{dns.TypePTR} // the last few have no name
	case p < 780:
		return zone, []uint16{dns.TypeMX}
	case p < 820:
		return []string{"", "_dmarc."}[r.IntN(2)] + zone, []uint16{dns.TypeTXT}
	case p < 845:
		return "_ldap._tcp.corp.example.", []uint16{dns.TypeSRV}
	case p < 930:
		return fmt.Sprintf("u%03d.user.%s", r.IntN(300), zone), d.types()
	case p < 955:
		return []string{"wwww.news.example.", "shpo.example.", "mial.bank.example.", "intranet.corp.exmaple."}[r.IntN(4)], d.types()
	case p < 965: // a browser that wants to know whether NXDOMAIN is redirected
		return letters(r, 7+r.IntN(9)) + ".", []uint16{dns.TypeA}
	case p < 975:
		return "wpad.corp.example.", []uint16{dns.TypeA}
	case p < 985:
		return "big.example.com.", []uint16{dns.TypeTXT}
	}
	return zone, [][]uint16{{dns.TypeCAA}, {dns.TypeNS}, {dns.TypeSOA}, {dns.TypeDS}}[r.IntN(4)]
}

// recursion's errands are what a zone's name server is asked by resolvers.
func recursion(r *rand.Rand, d *device, popular string) (string, []uint16) {
	zone := popular[strings.IndexByte(popular, '.')+1:]
	switch p := r.IntN(1000); {
	case p < 520:
		return popular, []uint16{dns.TypeA}
	case p < 720:
		return popular, []uint16{dns.TypeAAAA}
	case p < 790:
		return popular, []uint16{dns.TypeHTTPS}
	case p < 850:
		return fmt.Sprintf("u%03d.user.%s", r.IntN(300), zone), []uint16{dns.TypeA}
	case p < 880:
		return zone, []uint16{dns.TypeMX}
	case p < 910:
		return []string{"", "_dmarc."}[r.IntN(2)] + zone, []uint16{dns.TypeTXT}
	case p < 940 && d.do:
		return zone, []uint16{dns.TypeDNSKEY}
	case p < 970:
		return []string{"autodiscover.", "vpn.", "dev.", "_sip._tls.", "ftp."}[r.IntN(5)] + zone, []uint16{dns.TypeA}
	}
	return zone, [][]uint16{{dns.TypeCAA}, {dns.TypeNS}, {dns.TypeSOA}, {dns.TypeA}}[r.IntN(4)]
}

func letters(r *rand.Rand, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = 'a' + byte(r.IntN(26))
	}
	return string(b)
}
