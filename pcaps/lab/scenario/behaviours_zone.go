//go:build linux

package scenario

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/dnssniff/dnssniff/pcaps/lab/server"
	"github.com/dnssniff/dnssniff/pcaps/lab/stage"
	"github.com/dnssniff/dnssniff/pcaps/lab/zone"
)

func validation() stage.Scenario {
	return stage.Scenario{
		Name: "dnssec", Title: "validation by Unbound: zones that are good, expired, not yet valid, missigned, unsigned under a DS",
		Teaches: "what a validating resolver asks, what it answers when it fails, and that CD=1 gets the data all the same",
		Played:  `A client asks Unbound for an address in each of nine zones, as it is, with DO, with CD, and for a name that does not exist. Captured at the resolver.`,
		Cast: func(ctx context.Context, s *stage.Stage) error {
			return s.Make(ctx, stage.World{Zones: append(bogus(), world("example.", func(z *zone.Zone) { z.Records += unknown }))})
		},
		Play: func(ctx context.Context, s *stage.Stage) error {
			for _, z := range bogus() {
				a := "@" + stage.ResolverIPv4 + " "
				if err := digs(ctx, s, []string{a + "www." + z.Name, a + "www." + z.Name + " +dnssec", a + "www." + z.Name + " +dnssec +cd", a + "nobody." + z.Name + " +dnssec"}); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

func transfers() stage.Scenario {
	return stage.Scenario{
		Name: "transfers", Title: "a primary and its secondaries: UPDATE, NOTIFY, SOA, AXFR, IXFR, TSIG",
		Teaches: "how a change gets from nsupdate to every name server",
		Played: `BIND is the primary of dyn.example; NSD and Knot DNS are its secondaries. Both are started without the zone and transfer it whole. A client then changes it six times with signed updates, two of which have
			prerequisites that hold and one of which has one that does not; BIND notifies, and the secondaries fetch the difference. At the end the client transfers it with and without a key, whole and from a serial on.`,
		At: "bind", Cast: transfersCast, Play: transfersPlay, Linger: 2 * time.Second,
	}
}

func transfersCast(ctx context.Context, s *stage.Stage) error {
	const name = "dyn.example."
	ns := []zone.Server{stage.NameServer("bind"), stage.NameServer("nsd"), stage.NameServer("knot")}
	secondaries := addrs(at("nsd"), at("knot"))
	second := func(host string) server.Zone {
		return server.Zone{Name: name, File: filepath.Join(s.Dir, "second-"+host+".zone"), Primaries: addrs(at("bind"))}
	}
	var machines strings.Builder
	for i := range 60 {
		machines.WriteString("m" + string(rune('a'+i%26)) + string(rune('a'+i/26)) + " A 203.0.113.50\n")
	}
	return s.Make(ctx, stage.World{
		Zones: []zone.Zone{{Name: name, Servers: ns, Records: "www A 203.0.113.51\n" + machines.String()}},
		Configs: map[string]server.Config{
			"bind": {Keys: []server.Key{key()}, Extra: "notify-delay 0; serial-query-rate 100;", Zones: []server.Zone{{
				Name: name, File: zone.Files{Dir: s.Dir}.Path(name), Notify: secondaries, Update: key().Name,
				Extra: "allow-transfer { key lab-key.; " + at("nsd") + "; " + at("knot") + "; };",
			}}},
			"nsd":  {Zones: []server.Zone{second("nsd")}},
			"knot": {Zones: []server.Zone{second("knot")}},
		},
	})
}

func transfersPlay(ctx context.Context, s *stage.Stage) error {
	for _, host := range []string{"nsd", "knot"} { // as new ones
		if err := s.Servers[host].Stop(); err != nil {
			return err
		}
		if err := os.Remove(filepath.Join(s.Dir, "second-"+host+".zone")); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		if err := errors.Join(os.RemoveAll(filepath.Join(s.Servers[host].Dir, "journal")), os.RemoveAll(filepath.Join(s.Servers[host].Dir, "timers")),
			os.RemoveAll(filepath.Join(s.Servers[host].Dir, "xfrd.state"))); err != nil {
			return err
		}
		if err := s.Servers[host].Restart(ctx); err != nil {
			return err
		}
	}
	time.Sleep(2 * time.Second)
	for _, steps := range [][]string{
		{"update add new.dyn.example. 300 A 203.0.113.52"},
		{"update delete new.dyn.example. A", "update add new.dyn.example. 300 A 203.0.113.53", "update add new.dyn.example. 300 AAAA 2001:db8:113::53"},
		{"prereq nxdomain other.dyn.example.", "update add other.dyn.example. 300 TXT \"only if there is none\""},
		{"prereq yxrrset www.dyn.example. A 203.0.113.51", "update delete www.dyn.example.", "update add www.dyn.example. 300 A 203.0.113.54"},
		{"prereq yxrrset www.dyn.example. A 203.0.113.51", "update add www.dyn.example. 300 A 203.0.113.55"}, // NXRRSET
		{"update delete other.dyn.example."},
	} {
		if err := update(ctx, s, at("bind"), "dyn.example.", signed(key()), steps...); err != nil {
			return err
		}
		time.Sleep(1200 * time.Millisecond)
	}
	a, y := "@"+at("bind")+" dyn.example ", " "+strings.Join(signed(key()), " ")
	return digs(ctx, s, []string{a + "AXFR" + y, a + "AXFR", a + "IXFR=2026010101" + y, a + "IXFR=2026010103 +notcp" + y, a + "IXFR=2026010199" + y, a + "SOA" + y,
		"@" + at("nsd") + " dyn.example SOA +norecurse", "@" + at("knot") + " www.dyn.example +norecurse"})
}
