//go:build linux

package scenario

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/dnssniff/dnssniff/pcaps/lab/netns"
	"github.com/dnssniff/dnssniff/pcaps/lab/server"
	"github.com/dnssniff/dnssniff/pcaps/lab/stage"
	"github.com/dnssniff/dnssniff/pcaps/lab/zone"
	"github.com/miekg/dns"
)

// viewIncidents are answers that are right for somebody else, or for nobody.
func viewIncidents() []incident {
	probe := "10.72.9.25"
	return []incident{
		{
			name: "view-lost", title: "a department whose network is not in the list of the inside view",
			teaches: "that one network has one answer and another network another, from one server and always the same, is a view",
			played: `Sixteen devices of a plant and ten of a department (10.73.6.0/24, 2001:db8:53:6::/64) use Unbound; captured at the resolver, but only what is between it and the clients. Unbound has a view of depot.city with inside addresses
				(10.20.0.0/24) for the plant's networks. The department has moved in lately, and nobody has added its networks: it gets the outside addresses, of 203.0.113.0/24, where it finds no service. All is answered.`,
			cause: "answers-by-subnet", scope: map[string]string{"server": stage.ResolverIPv4},
			ending: "pcap.gz", capture: netns.CaptureOptions{Filter: clientsOnly}, alone: true,
			cast: town(stage.World{Clients: 2, Configs: map[string]server.Config{"resolver": insideView()}}, "plant", 16, "department", 10), crowd: townCrowd("plant", 2.5, 0), length: 32 * time.Second,
			beside: both(func(ctx context.Context, s *stage.Stage) error {
				return townCrowd("department", 1.5, 49).talk(ctx, s, 31*time.Second)
			},
				func(ctx context.Context, s *stage.Stage) error {
					s.Go(func() error { return visitTown(ctx, s, "department", 1.5, 31*time.Second, "depot.city.") })
					return visitTown(ctx, s, "plant", 1.5, 31*time.Second, "depot.city.")
				}),
		},
		{
			name: "empty-answer-loop", title: "a health check that wants IPv6 of a host that has none",
			teaches: "that one client which asks again and again for a type that a name does not have takes NODATA for a failure",
			played: `Eighteen devices, and a host with health checks, ` + probe + `, use Unbound; captured at the resolver, its clients' side. From some moment on the host's Python program calls getaddrinfo for tickets.museum.city with AF_INET6 two times in three seconds,
				on a C library without a cache. The name has an A record and no AAAA: NOERROR, no answer, SOA. The program takes that for a failure and tries again. Other clients get NODATA, too, and go on with IPv4.`,
			cause: "nodata-confusion", scope: map[string]string{"client": probe},
			ending: "pcap.gz", capture: netns.CaptureOptions{Filter: "port 53 and (net 10.73.0.0/16 or host 10.72.9.25 or net 2001:db8:53:2::/64)"}, alone: true,
			cast:  casts(town(stage.World{Clients: 2}, "plant", 18), oneHost("probe", probe)),
			crowd: townCrowd("plant", 5, 0), length: 32 * time.Second, onset: 6 * time.Second, breaks: checkIPv6,
		},
		{
			name: "rebinding", title: "a page whose name leads to the router every other time",
			teaches: "that a name with a public and a private address in turns, and a TTL of a second, is DNS rebinding",
			played: `Eighteen devices use Unbound; captured at the resolver, both sides. lure.city is served by a PowerDNS at 198.51.100.98, whose Lua record for any name below page.lure.city answers 203.0.113.66 or 192.168.1.1 by chance, with a TTL of a
				second. Two browsers, 10.73.2.61 and 10.73.2.64, have such a page open, whose script connects to its own name each second and a half.`,
			cause: "dns-rebinding", scope: map[string]string{"zone": "lure.city."},
			ending: "pcap.gz", alone: true, cast: lureCast,
			crowd: townCrowd("plant", 3, 0), length: 32 * time.Second, onset: 7 * time.Second, breaks: openLure,
		},
	}
}

// insideView is an Unbound with other addresses for the plant.
func insideView() server.Config {
	var b strings.Builder
	b.WriteString("view:\n  name: inside\n  view-first: yes\n  local-zone: depot.city. transparent\n")
	for i, host := range townHosts() {
		fmt.Fprintf(&b, "  local-data: \"%s.depot.city. 20 A 10.20.0.%d\"\n", host, 10+i)
	}
	return server.Config{Extra: "  access-control-view: 10.73.2.0/24 inside\n  access-control-view: 2001:db8:53:2::/64 inside\n", Tail: b.String()}
}

// oneHost is a host with one IPv4 address.
func oneHost(name, addr string) func(context.Context, *stage.Stage) error {
	return func(_ context.Context, s *stage.Stage) error {
		_, err := s.Host(name, addr+"/24")
		return err
	}
}

// checkIPv6 is a program that has no cache, and looks up an IPv6 address.
func checkIPv6(ctx context.Context, s *stage.Stage) error {
	conf, err := s.Write("resolv.conf", "nameserver "+stage.ResolverIPv4+"\n")
	if err != nil {
		return err
	}
	program, err := s.Write("check.py", `
import socket, time
for i in range(34):
    try:
        socket.getaddrinfo("tickets.museum.city", 443, socket.AF_INET6, socket.SOCK_STREAM)
    except socket.gaierror:
        pass
    time.sleep(.66)
`)
	if err != nil {
		return err
	}
	s.Uses("libc6")
	cmd := s.Hosts["probe"].Command(ctx, "unshare", "-m", "sh", "-c", `mount --bind "$0" /etc/resolv.conf && exec python3 "$1"`, conf, program)
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("check.py: %w: %s", err, out)
	}
	return nil
}

// lureCast is a PowerDNS that answers by chance.
func lureCast(ctx context.Context, s *stage.Stage) error {
	z := zone.Zone{Name: "lure.city.", Servers: []zone.Server{nameServer("dns1.lure.city.", nsdSecondary)}, Records: "@ A 203.0.113.66\nwww A 203.0.113.66\n" +
		"*.page 1 LUA A \"pickrandom({'203.0.113.66','192.168.1.1'})\"\n"}
	plain := z // miekg/dns and BIND's tools do not know LUA records
	plain.Records = ""
	if err := town(stage.World{Clients: 2, Zones: []zone.Zone{plain}}, "plant", 18)(ctx, s); err != nil {
		return err
	}
	file, err := s.Write("lua.zone", zone.Tree{z}.Text(z))
	if err != nil {
		return err
	}
	if err := farHost(s, "lure", nsdSecondary+"/28"); err != nil {
		return err
	}
	_, err = s.Serve(ctx, "lure", server.PowerDNS, server.Config{Zones: []server.Zone{{Name: z.Name, File: file}}, Extra: "enable-lua-records=yes\n"})
	return err
}

// openLure is two browsers with a page of lure.city's.
func openLure(ctx context.Context, s *stage.Stage) error {
	browser := habit{name: "browser", rd: true, sizes: []uint16{0}, waits: seconds(1, 2, 4), fresh: true, each: true}
	all := crowd{hosts: []string{"plant"}, habits: []habit{browser}, salt: 50}.devices(s)
	for i, label := range []string{"s-9f31c07b", "s-4410dea2"} {
		r := rand.New(rand.NewPCG(s.Net.Seed, uint64(51+i)))
		d := all[1+3*i]
		s.Go(func() error {
			return poisson(ctx, r, .66, 23*time.Second, func() {
				s.Go(func() error { return d.look(ctx, label+".page.lure.city.", []uint16{dns.TypeA}) })
			})
		})
	}
	return nil
}
