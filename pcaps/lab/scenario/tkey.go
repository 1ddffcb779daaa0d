//go:build linux

package scenario

import (
	"context"
	"net/netip"
	"time"

	"github.com/dnssniff/dnssniff/pcaps/lab/stage"
	"github.com/miekg/dns"
)

func tkeyErrors() stage.Scenario {
	return stage.Scenario{
		Name: "tkey-errors", Title: "TKEY exchanges that fail, with every mode of RFC 2930",
		Teaches: "where TKEY keeps its errors, and what servers say that do not do it",
		Played: `A client asks BIND, NSD, Knot DNS, PowerDNS and Unbound for keys with TKEY: each mode from 0 to 6, with an algorithm that exists and one that does not, with and without a TSIG signature;
			and to delete a key that the server does not have.`,
		At: "clients", Play: tkeyPlay,
		Cast: func(ctx context.Context, s *stage.Stage) error { return writable(ctx, s, nil) },
	}
}

// tkey is one request for a key, or for its end.
type tkey struct {
	name, algorithm string
	mode            uint16
	signed          bool
}

func tkeys() []tkey {
	var out []tkey
	for mode := range uint16(7) { // 1: server assignment, 2: Diffie-Hellman, 3: GSS-API, 4: resolver assignment, 5: deletion
		for _, signed := range []bool{true, false} {
			out = append(out, tkey{"wanted.example.com.", dns.HmacSHA256, mode, signed})
		}
	}
	return append(out, tkey{"wanted.example.com.", "gss-tsig.", 3, false}, tkey{"wanted.example.com.", "gss-tsig.", 3, true},
		tkey{"wanted.example.com.", "no-such-algorithm.", 2, true}, tkey{key().Name, dns.HmacSHA256, 5, true}, tkey{key().Name, dns.HmacSHA256, 3, true},
		tkey{key().Name, dns.HmacMD5, 2, true})
}

// message is the query, packed and signed.
func (t tkey) message(now time.Time) ([]byte, error) {
	m := new(dns.Msg).SetQuestion(t.name, dns.TypeTKEY)
	m.Question[0].Qclass = dns.ClassANY
	m.Extra = append(m.Extra, &dns.TKEY{
		Hdr:       dns.RR_Header{Name: t.name, Rrtype: dns.TypeTKEY, Class: dns.ClassANY},
		Algorithm: t.algorithm, Inception: uint32(now.Unix()), Expiration: uint32(now.Add(time.Hour).Unix()), Mode: t.mode, KeySize: 8, Key: "0011223344556677",
	})
	if !t.signed {
		return m.Pack()
	}
	m.SetTsig(key().Name, dns.HmacSHA256, 300, now.Unix())
	b, _, err := dns.TsigGenerate(m, key().Secret, "", false)
	return b, err
}

func tkeyPlay(ctx context.Context, s *stage.Stage) error {
	servers := []string{at("bind"), at("nsd"), at("knot"), at("powerdns"), stage.ResolverIPv4}
	for i, to := range servers {
		for _, t := range tkeys() {
			b, err := t.message(time.Now())
			if err != nil {
				return err
			}
			// Who does not answer is asked over and over only in vain.
			if _, err := s.Send(ctx, "clients", "udp", netip.Addr{}, netip.MustParseAddr(to), b, 500*time.Millisecond); err != nil && i > 0 {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
	return ctx.Err()
}
