//go:build linux

package scenario

import (
	"context"
	"fmt"
	"net/netip"
	"strings"

	"github.com/dnssniff/dnssniff/pcaps/lab/netns"
	"github.com/dnssniff/dnssniff/pcaps/lab/server"
	"github.com/dnssniff/dnssniff/pcaps/lab/stage"
	"github.com/dnssniff/dnssniff/pcaps/lab/zone"
)

// site is a zone below example that people visit.
type site struct {
	zone    string
	host    string // of the world, that serves it
	signing zone.Signing
}

// sites are in the order of their popularity.
func sites() []site {
	return []site{
		{"shop.example.", "nsd", zone.Unsigned},
		{"news.example.", "bind", zone.Signed},
		{"bank.example.", "knot", zone.Opaque},
		{"video.example.", "powerdns", zone.Unsigned},
		{"games.example.", "nsd", zone.Unsigned},
		{"travel.example.", "knot", zone.Unsigned},
		{"weather.example.", "powerdns", zone.Unsigned},
		{"cloud.example.", "bind", zone.Signed},
	}
}

// incidentZones are added to the world's. Each has its name server by a name of its own and over IPv4 alone, so that one address is to blame
// when it fails.
func incidentZones() []zone.Zone {
	var out []zone.Zone
	for i, t := range sites() {
		out = append(out, zone.Zone{
			Name: t.zone, Signing: t.signing, Records: siteRecords(i),
			Servers: []zone.Server{{Name: "ns1." + t.zone, Addrs: stage.NameServer(t.host).Addrs[:1]}},
		})
	}
	return out
}

// changedSite is one of incidentZones with a change, for a world's Zones.
func changedSite(name string, change func(*zone.Zone)) zone.Zone {
	for _, z := range incidentZones() {
		if z.Name == name {
			change(&z)
			return z
		}
	}
	return zone.Zone{}
}

// siteRecords are those of the i-th site: TTLs are short, so that a resolver has to ask again within a minute.
func siteRecords(i int) string {
	var b strings.Builder
	a := func(host int) string { return fmt.Sprintf("203.0.113.%d", (20*i+host)%254+1) }
	fmt.Fprintf(&b, "@ 60 A %s\n@ MX 10 mail\n@ TXT \"v=spf1 mx -all\"\n@ CAA 0 issue \"ca.example.org\"\n_dmarc TXT \"v=DMARC1; p=reject\"\n", a(1))
	fmt.Fprintf(&b, "www 30 A %s\nwww 30 AAAA 2001:db8:113:%d::1\nwww 30 HTTPS 1 . alpn=\"h2,h3\" ipv4hint=%s\n", a(1), i, a(1))
	fmt.Fprintf(&b, "api 10 CNAME lb\nlb 10 A %s\nlb 10 A %s\nstatic 60 CNAME edge\nedge 5 A %s\nedge 5 AAAA 2001:db8:113:%d::2\n", a(2), a(3), a(4), i)
	fmt.Fprintf(&b, "img 60 A %s\nlogin 20 A %s\nm CNAME www\nmail A %s\nmail AAAA 2001:db8:113:%d::25\n*.user 60 A %s\n", a(5), a(6), a(7), i, a(8))
	for n := range 12 {
		fmt.Fprintf(&b, "n%02d 15 A %s\n", n, a(9+n))
		if n%2 == 0 {
			fmt.Fprintf(&b, "n%02d 15 AAAA 2001:db8:113:%d::%d\n", n, i, 16+n)
		}
	}
	return b.String()
}

// visited are the names people look up, most popular first: www of each site, then the next host of each.
func visited() []string {
	var out []string
	for _, host := range []string{"www", "api", "static", "login", "img", "m", "n00", "n01", "n02", "n03", "n04", "n05", "n06", "n07", "n08", "n09", "n10", "n11"} {
		for _, t := range sites() {
			out = append(out, host+"."+t.zone)
		}
	}
	return append(out, "www.example.com.", "www.example.org.", "cdn.example.net.", "intranet.corp.example.", "wiki.corp.example.", "old.example.org.")
}

// another is a name server that the world does not have.
func another(ctx context.Context, s *stage.Stage, host, addr string, kind server.Kind, zones ...string) error {
	if err := farHost(s, host, addr+"/28"); err != nil {
		return err
	}
	var cfg server.Config
	for _, z := range zones {
		cfg.Zones = append(cfg.Zones, server.Zone{Name: z, File: s.Files.Path(z)})
	}
	_, err := s.Serve(ctx, host, kind, cfg)
	return err
}

// farHost is a host 14 ms away.
func farHost(s *stage.Stage, name string, addrs ...string) error {
	h, err := s.Host(name, addrs...)
	if err != nil {
		return err
	}
	return h.Impair("delay 14ms 2ms", netns.ToHost)
}

// nameServer is an entry for a zone's Servers.
func nameServer(name, addr string) zone.Server {
	return zone.Server{Name: name, Addrs: []netip.Addr{netip.MustParseAddr(addr)}}
}
