//go:build linux

package scenario

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/dnssniff/dnssniff/pcaps/lab/server"
	"github.com/dnssniff/dnssniff/pcaps/lab/stage"
	"github.com/dnssniff/dnssniff/pcaps/lab/zone"
)

// fieldIncidents are of the rules that had no capture yet. Their truth was written before dnssniff saw them, by somebody who had read the guide's
// pages and not the rules.
func fieldIncidents() []incident {
	return slices.Concat(failingResolvers(), failingZones(), balancers(), cookieIncidents(), viewIncidents(), busyClients(), hostileClients(), againIncidents())
}

// harvest is a zone of the town with name servers of its own.
func harvest(addrs ...string) zone.Zone {
	z := zone.Zone{Name: "harvest.city.", Records: townRecords(8)}
	for i, a := range addrs {
		z.Servers = append(z.Servers, nameServer(fmt.Sprintf("dns%d.harvest.city.", i+1), a))
	}
	return z
}

// hosterOf makes one host with NSD on some addresses, which serves harvest.city.
func hosterOf(addrs ...string) func(context.Context, *stage.Stage) error {
	return func(ctx context.Context, s *stage.Stage) error {
		var all []string
		for _, a := range addrs {
			all = append(all, a+"/28")
		}
		if err := farHost(s, "hoster", all...); err != nil {
			return err
		}
		_, err := s.Serve(ctx, "hoster", server.NSD, server.Config{Zones: []server.Zone{{Name: "harvest.city.", File: s.Files.Path("harvest.city.")}}})
		return err
	}
}

// casts are several, one after the other.
func casts(all ...func(context.Context, *stage.Stage) error) func(context.Context, *stage.Stage) error {
	return func(ctx context.Context, s *stage.Stage) error {
		for _, c := range all {
			if err := c(ctx, s); err != nil {
				return err
			}
		}
		return nil
	}
}

// balance starts dnsdist on a host, before what its settings, in Lua, name.
func balance(ctx context.Context, s *stage.Stage, host, addr, name, settings string) error {
	file, err := s.Write("dnsdist-"+host+".conf", fmt.Sprintf("setLocal(\"%s:53\")\nsetACL({\"0.0.0.0/0\", \"::/0\"})\nsetSecurityPollSuffix(\"\")\n%s\n", addr, settings))
	if err != nil {
		return err
	}
	s.Uses(string(dnsdist))
	p, err := s.Hosts[host].Start("dnsdist", "--supervised", "--disable-syslog", "-C", file)
	if err != nil {
		return err
	}
	return resolves(ctx, s, p, host, addr, name)
}

// harvestNames are the hosts of harvest.city, most popular first.
func harvestNames() []string {
	var out []string
	for _, label := range townHosts() {
		out = append(out, label+".harvest.city.")
	}
	return out
}

// visitHarvest is more traffic of the plant to harvest.city.
func visitHarvest(rate float64) func(context.Context, *stage.Stage) error {
	return func(ctx context.Context, s *stage.Stage) error {
		return visitTown(ctx, s, "plant", rate, 31*time.Second, "harvest.city.")
	}
}

// both are two parts of a play at once.
func both(a, b func(context.Context, *stage.Stage) error) func(context.Context, *stage.Stage) error {
	return func(ctx context.Context, s *stage.Stage) error {
		s.Go(func() error { return a(ctx, s) })
		return b(ctx, s)
	}
}
