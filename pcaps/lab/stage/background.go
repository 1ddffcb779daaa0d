//go:build linux

package stage

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/miekg/dns"
)

// Background is healthy traffic from the stage's clients to the resolver: rate lookups a second, of one or two queries each, spread evenly with
// some chance over the duration. What is asked, by whom and when follows from the stage's seed. It returns when all is answered.
func (s *Stage) Background(ctx context.Context, rate float64, d time.Duration) error {
	r := rand.New(rand.NewPCG(s.Net.Seed, 20)) // its own, so that it may run beside other parts
	popular := rand.NewZipf(r, 1.2, 6, uint64(len(healthyNames())-1))
	start := time.Now()
	for at := time.Duration(0); at < d; at += time.Duration(r.ExpFloat64() * float64(time.Second) / rate) {
		l := s.healthy(r, popular)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Until(start.Add(at))):
		}
		s.Go(func() error {
			_, err := s.Look(ctx, l)
			return err
		})
	}
	return nil
}

// healthy chooses a lookup.
func (s *Stage) healthy(r *rand.Rand, popular *rand.Zipf) Lookup {
	i := r.IntN(len(s.Clients))
	l := Lookup{From: s.Clients[i], Types: []uint16{dns.TypeA, dns.TypeAAAA}}
	if i%4 != 0 { // a client stays what it is
		l.EDNS = 1232
	}
	names := healthyNames()
	switch p := r.IntN(100); {
	case p < 60:
		l.Name = names[popular.Uint64()]
	case p < 72:
		l.Name, l.Types = names[popular.Uint64()], []uint16{dns.TypeHTTPS, dns.TypeA, dns.TypeAAAA}
	case p < 80:
		l.Name, l.Types = fmt.Sprintf("%d.1.53.10.in-addr.arpa", 11+r.IntN(20)), []uint16{dns.TypePTR}
	case p < 85:
		l.Name, l.Types = []string{"example.com", "example.net", "example.org"}[r.IntN(3)], []uint16{dns.TypeMX}
	case p < 88:
		l.Name, l.Types = "_ldap._tcp.corp.example", []uint16{dns.TypeSRV}
	case p < 92:
		l.Name, l.Types = []string{"example.com", "_dmarc.example.com", "medium.example.com"}[r.IntN(3)], []uint16{dns.TypeTXT}
	case p < 97:
		l.Name = fmt.Sprintf("user%02d.app.example.com", r.IntN(50))
	default: // what people mistype
		l.Name = []string{"wwww.example.com", "exampel.net", "mial.example.org", "intranet.corp.exmaple"}[r.IntN(4)]
	}
	return l
}

// healthyNames are what people ask for, most popular first.
func healthyNames() []string {
	names := []string{"www.example.com", "api.example.com", "cdn.example.net", "intranet.corp.example", "www.example.org", "wiki.corp.example", "www.example.net",
		"mail.example.com", "old.example.org", "mail.example.org", "ldap1.corp.example"}
	for i := range 30 {
		names = append(names, fmt.Sprintf("host%02d.%s", i, []string{"example.com", "example.net", "example.org", "corp.example"}[i%4]))
	}
	return names
}
