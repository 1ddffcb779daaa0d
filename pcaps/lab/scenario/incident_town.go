//go:build linux

package scenario

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/dnssniff/dnssniff/pcaps/lab/stage"
	"github.com/dnssniff/dnssniff/pcaps/lab/zone"
	"github.com/miekg/dns"
)

// townSites are zones below city, in the order of their popularity.
func townSites() []site {
	return []site{
		{"museum.city.", "nsd", zone.Unsigned},
		{"bakery.city.", "powerdns", zone.Unsigned},
		{"clinic.city.", "knot", zone.Unsigned},
		{"ferry.city.", "bind", zone.Unsigned},
		{"radio.city.", "nsd", zone.Unsigned},
		{"library.city.", "knot", zone.Signed},
		{"stadium.city.", "bind", zone.Signed},
		{"depot.city.", "knot", zone.Unsigned},
	}
}

// townZones have each two addresses of one name server.
func townZones() []zone.Zone {
	out := []zone.Zone{{Name: "city.", Servers: []zone.Server{stage.NameServer("tld")}, Signing: zone.Signed}}
	for i, t := range townSites() {
		out = append(out, zone.Zone{
			Name: t.zone, Signing: t.signing, Records: townRecords(i),
			Servers: []zone.Server{{Name: "dns." + t.zone, Addrs: stage.NameServer(t.host).Addrs}},
		})
	}
	return out
}

// townHosts are the first labels of what people visit, most popular first.
func townHosts() []string {
	return []string{"www", "tickets", "cdn", "auth", "files", "map", "cam0", "cam1", "cam2", "cam3", "cam4", "cam5", "cam6", "cam7", "cam8", "cam9"}
}

func townRecords(i int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "@ 40 A 203.0.113.%d\n@ 40 MX 5 mx1\n@ 40 MX 10 mx2\n@ 40 TXT \"v=spf1 a mx ~all\"\nmx1 40 A 203.0.113.%[1]d\nmx2 40 A 203.0.113.%[2]d\n*.user 20 A 203.0.113.%[2]d\n", 10+i, 30+i)
	for n, host := range townHosts() {
		fmt.Fprintf(&b, "%s %d A 203.0.113.%d\n", host, 8+5*(n%6), 50+8*i+n)
		if n%3 != 1 {
			fmt.Fprintf(&b, "%s %d AAAA 2001:db8:114:%d::%d\n", host, 8+5*(n%6), i, 10+n)
		}
	}
	return b.String()
}

// changedTown is the one zone with a change, for a world's Zones.
func changedTown(name string, change func(*zone.Zone)) []zone.Zone {
	for _, z := range townZones() {
		if z.Name == name {
			change(&z)
			return []zone.Zone{z}
		}
	}
	return nil
}

// townNames are what is visited at one of the world's name servers, or at all.
func townNames(host string) []string {
	var out []string
	for _, label := range townHosts() {
		for _, t := range townSites() {
			if host == "" || t.host == host {
				out = append(out, label+"."+t.zone)
			}
		}
	}
	return out
}

// townspeople's errands: fewer kinds than people's, and other mistakes.
func townspeople(r *rand.Rand, d *device, popular string) (string, []uint16) {
	zone := popular[strings.IndexByte(popular, '.')+1:]
	switch p := r.IntN(1000); {
	case p < 720:
		return popular, d.types()
	case p < 820:
		return fmt.Sprintf("m%03d.user.%s", r.IntN(400), zone), d.types()
	case p < 860:
		return zone, []uint16{dns.TypeMX}
	case p < 890:
		return zone, []uint16{dns.TypeTXT}
	case p < 920:
		return fmt.Sprintf("%d.1.53.10.in-addr.arpa.", 11+r.IntN(42)), []uint16{dns.TypePTR}
	case p < 950:
		return []string{"wwww.museum.city.", "musuem.city.", "ftp.ferry.city.", "isatap.corp.example."}[r.IntN(4)], d.types()
	case p < 975:
		return "www.example.com.", d.types()
	}
	return zone, [][]uint16{{dns.TypeSOA}, {dns.TypeCAA}, {dns.TypeNS}}[r.IntN(3)]
}

func townCrowd(host string, rate float64, salt uint64) crowd {
	return crowd{hosts: []string{host}, errand: townspeople, names: townNames(""), rate: rate, salt: salt}
}

// visitTown is more traffic of a host's devices to some zones.
func visitTown(ctx context.Context, s *stage.Stage, host string, rate float64, length time.Duration, zones ...string) error {
	var names []string
	for _, label := range townHosts() {
		for _, z := range zones {
			names = append(names, label+"."+z)
		}
	}
	return crowd{hosts: []string{host}, rate: rate, names: names, salt: 32, errand: func(_ *rand.Rand, d *device, popular string) (string, []uint16) {
		return popular, d.types()
	}}.talk(ctx, s, length)
}

// town makes the world with the town's zones, and hosts with devices in networks of their own: name and how many, two arguments each.
func town(w stage.World, hosts ...any) func(context.Context, *stage.Stage) error {
	return func(ctx context.Context, s *stage.Stage) error {
		given := w.Zones
		w := w
		w.Zones = append(townZones(), given...)
		if err := s.Make(ctx, w); err != nil {
			return err
		}
		for i := 0; i < len(hosts); i += 2 {
			if err := devicesOf(s, hosts[i].(string), hosts[i+1].(int)); err != nil {
				return err
			}
		}
		return nil
	}
}

// devicesOf makes the host of some devices. The campus has no IPv4.
func devicesOf(s *stage.Stage, host string, n int) error {
	net := map[string][2]string{"plant": {"10.73.2.", "2001:db8:53:2::"}, "department": {"10.73.6.", "2001:db8:53:6::"}, "campus": {"", "2001:db8:53:8::"}}[host]
	var all []string
	for i := range n {
		if net[0] != "" {
			all = append(all, fmt.Sprintf("%s%d/24", net[0], 60+i))
		}
		all = append(all, fmt.Sprintf("%s%d/64", net[1], 60+i))
	}
	_, err := s.Host(host, all...)
	return err
}

// digTown is somebody who looks into it with dig: as usual, then with CD.
func digTown(ctx context.Context, s *stage.Stage, name string, after time.Duration) error {
	for _, how := range []string{"+dnssec", "+cdflag"} {
		if err := pause(ctx, after); err != nil {
			return err
		}
		if _, err := s.Dig(ctx, "plant", "-b", "10.73.2.62", "@"+stage.ResolverIPv4, "+dnssec", "+timeout=5", name, how); err != nil {
			return err
		}
	}
	return nil
}
