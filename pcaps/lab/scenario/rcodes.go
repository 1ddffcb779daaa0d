//go:build linux

package scenario

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"github.com/dnssniff/dnssniff/pcaps/lab/server"
	"github.com/dnssniff/dnssniff/pcaps/lab/stage"
	"github.com/dnssniff/dnssniff/pcaps/lab/zone"
	"github.com/miekg/dns"
)

// RCodes are the scenarios about response codes.
func RCodes() []stage.Scenario {
	return []stage.Scenario{everyRCode(), tsigErrors(), tkeyErrors(), extendedErrors()}
}

func everyRCode() stage.Scenario {
	return stage.Scenario{
		Name: "rcodes", Title: "every response code that real servers give to well-formed messages",
		Teaches: "what each RCODE looks like, and which servers give it for what",
		Show:    "dnssniff report pcaps/rcodes.pcap",
		Played: `One client asks BIND, NSD, Knot DNS and PowerDNS (each the primary of a zone), Unbound and a BIND that wants cookies: names that are, names that are not,
			types that are not, a delegation, other opcodes, EDNS version 1, a cookie of nine bytes, no cookie, two questions, a DNAME that makes a name too long, a zone that
			never came from its primary, a signature that expired; then updates whose prerequisites fail one by one, for zones that are another's.`,
		At: "clients", Cast: rcodesCast, Play: rcodesPlay,
	}
}

// secondResolver is a BIND that answers over UDP only who sends its cookie.
const secondResolver = "10.53.2.53"

func rcodesCast(ctx context.Context, s *stage.Stage) error {
	err := writable(ctx, s, func(w *stage.World) {
		w.Zones = append(w.Zones, zone.Zone{Name: "expired.example.", Servers: []zone.Server{stage.NameServer("bind")}, Signing: zone.Expired, Records: "www A 203.0.113.66\n"})
		// A zone without contents, as its primary is nowhere.
		for _, v := range vendors()[:3] {
			c := w.Configs[v[0]]
			c.Zones = append(c.Zones, server.Zone{Name: "never.example.", File: s.Dir + "/never-" + v[0] + ".zone", Primaries: []netip.Addr{netip.MustParseAddr("192.0.2.99")}})
			w.Configs[v[0]] = c
		}
		c := w.Configs["knot"]
		c.Tail = "mod-cookies:\n  - id: default\n    badcookie-slip: 1\ntemplate:\n  - id: default\n    global-module: mod-cookies/default\n"
		w.Configs["knot"] = c
	})
	if err != nil {
		return err
	}
	if _, err := s.Host("second", secondResolver+"/24"); err != nil {
		return err
	}
	_, err = s.Serve(ctx, "second", server.BIND, server.Config{
		Roots: stage.NameServer("root").Addrs, Anchors: s.Files.Anchors, Extra: "require-server-cookie yes;",
	})
	return err
}

func rcodesPlay(ctx context.Context, s *stage.Stage) error {
	lines := []string{"@" + at("tld") + " www.example.com +norecurse", "@" + at("root") + " www.example.com +norecurse"} // referrals
	for _, v := range vendors() {
		a, z := "@"+at(v[0])+" +norecurse ", v[1]
		lines = append(lines,
			a+"host01."+z+" A", a+"host00."+z+" AAAA", a+"nobody."+z+" A", // NOERROR, NODATA, NXDOMAIN
			a+"www.unknown.test A",                               // REFUSED
			a+z+" SOA +opcode=status", a+z+" SOA +opcode=iquery", // NOTIMP
			a+z+" SOA +edns=1 +noednsneg",                                                                    // BADVERS
			a+z+" SOA +nocookie +ednsopt=10:010203040506070809",                                              // FORMERR: a cookie has 8 bytes
			a+"a-label-of-some-length.another-label-of-some-length.and-one-more-of-some-length.elsewhere."+z, // YXDOMAIN
			a+"never.example. SOA",                                                                           // SERVFAIL
			a+z+" SOA +nobadcookie",                                                                          // BADCOOKIE
		)
	}
	for _, r := range []string{stage.ResolverIPv4, secondResolver} {
		a := "@" + r + " "
		lines = append(lines, a+"www.example.com", a+"host00.example.net AAAA", a+"nobody.example.org", a+"www.expired.example", a+"www.expired.example +cd",
			a+"www.example.com +opcode=status", a+"www.example.com +edns=1 +noednsneg", a+"www.example.com +nobadcookie", a+"www.example.com +nocookie",
			a+"www.example.com +ednsopt=10:010203040506070809 +nocookie")
	}
	if err := digs(ctx, s, lines); err != nil {
		return err
	}
	for _, to := range []string{at("bind"), at("nsd"), at("knot"), at("powerdns"), stage.ResolverIPv4, secondResolver} {
		twoQuestions := new(dns.Msg).SetQuestion("www.example.com.", dns.TypeA)
		twoQuestions.Question = append(twoQuestions.Question, dns.Question{Name: "www.example.org.", Qtype: dns.TypeA, Qclass: dns.ClassINET})
		_, _ = s.Ask(ctx, "clients", netip.Addr{}, netip.MustParseAddr(to), twoQuestions) // some do not answer
	}
	for _, v := range vendors() {
		if err := prerequisites(ctx, s, at(v[0]), v[1]); err != nil {
			return err
		}
	}
	return nil
}

// prerequisites sends updates that are refused, each for another reason of RFC 2136, and one that is not.
func prerequisites(ctx context.Context, s *stage.Stage, server, zone string) error {
	with := signed(key())
	for _, u := range []struct {
		zone string
		args []string
		step string
	}{
		{zone, with, "update add new." + zone + " 300 A 203.0.113.200"},                       // NOERROR
		{zone, nil, "update add new." + zone + " 300 A 203.0.113.201"},                        // REFUSED: no signature
		{zone, with, "prereq nxdomain host01." + zone},                                        // YXDOMAIN
		{zone, with, "prereq yxdomain nobody." + zone},                                        // NXDOMAIN
		{zone, with, "prereq nxrrset host01." + zone + " A"},                                  // YXRRSET
		{zone, with, "prereq yxrrset host01." + zone + " MX"},                                 // NXRRSET
		{zone, with, "prereq yxrrset host01." + zone + " A 203.0.113.1"},                      // NXRRSET: another value
		{zone, with, "update add new.elsewhere.example. 300 A 203.0.113.202"},                 // NOTZONE
		{"elsewhere.example.", with, "update add new.elsewhere.example. 300 A 203.0.113.202"}, // NOTAUTH
	} {
		if err := update(ctx, s, server, u.zone, u.args, u.step); err != nil {
			return err
		}
	}
	return nil
}

func tsigErrors() stage.Scenario {
	return stage.Scenario{
		Name: "tsig-errors", Title: "TSIG errors BADSIG, BADKEY, BADTIME and BADTRUNC from four servers",
		Teaches: "how to tell a wrong secret from a wrong name, a wrong clock and a truncated signature: the RCODE is NOTAUTH for all, the TSIG record tells",
		Played: `A client sends queries, transfers and updates signed with the right key, with a wrong secret, with a key that nobody knows, with an algorithm that is not the key's, with a clock
			that is one hour behind and one that is ten minutes ahead, and with half a signature, to BIND, NSD, Knot DNS and PowerDNS.`,
		At: "clients", Play: tsigPlay,
		Cast: func(ctx context.Context, s *stage.Stage) error {
			return writable(ctx, s, func(w *stage.World) {
				c := w.Configs["bind"]
				c.Keys = append(c.Keys, server.Key{Name: "long-key.", Algorithm: "hmac-sha256-192", Secret: key().Secret})
				w.Configs["bind"] = c
			})
		},
	}
}

func tsigPlay(ctx context.Context, s *stage.Stage) error {
	s.Uses("faketime")
	s.Uses("bind9-dnsutils")
	s.Uses("knot-dnsutils")
	k := key()
	right := k.Algorithm + ":" + k.Name + ":" + k.Secret
	for _, v := range vendors() {
		query := []string{"@" + at(v[0]), "+norecurse", "+tries=1", "+timeout=2", v[1], "SOA", "-y"}
		for _, y := range []string{
			right,
			"hmac-sha256:" + k.Name + ":d3JvbmcgYnkgYSBmZXcgYml0cywgYXMgdHlwZWQgaW4=", // BADSIG
			"hmac-sha256:nobodys-key.:" + k.Secret,                                    // BADKEY
			"hmac-sha512:" + k.Name + ":" + k.Secret,                                  // BADKEY: not the key's algorithm
			"hmac-sha256-128:" + k.Name + ":" + k.Secret,                              // truncated, as RFC 8945 allows
			"hmac-sha256-128:long-key.:" + k.Secret,                                   // BADTRUNC: BIND wants 192 bits of this key
		} {
			if _, err := s.Run(ctx, "clients", "", "dig", append(query, y)...); err != nil {
				return err
			}
		}
		// Truncated so far that the signature is malformed; without EDNS, which is not counted for malformed messages.
		if _, err := s.Run(ctx, "clients", "", "dig", append(query, "hmac-sha256-80:"+k.Name+":"+k.Secret, "+noedns")...); err != nil {
			return err
		}
		for _, clock := range []string{"-1h", "+10m"} { // BADTIME. Not with dig and nsupdate: BIND's allocator and faketime block each other.
			fake := func(input, name string, args ...string) error {
				_, err := s.Run(ctx, "clients", input, "faketime", append([]string{"-f", clock, name, "-y", right}, args...)...)
				return err
			}
			script := "server " + at(v[0]) + "\nzone " + v[1] + "\nupdate add clock." + v[1] + " 300 A 203.0.113.9\nsend\n"
			if err := errors.Join(fake("", "kdig", "+retry=0", "+time=2", "@"+at(v[0]), v[1], "SOA"), fake(script, "knsupdate", "-t", "2", "-r", "0")); err != nil {
				return err
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	return nil
}
