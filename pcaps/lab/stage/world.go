//go:build linux

package stage

import (
	"context"
	"fmt"
	"net/netip"
	"slices"

	"github.com/dnssniff/dnssniff/pcaps/lab/netns"
	"github.com/dnssniff/dnssniff/pcaps/lab/server"
	"github.com/dnssniff/dnssniff/pcaps/lab/zone"
)

// World says what the small internet is to be. Its zero value is the whole of it: a root (NSD), top-level domains (Knot), name
// servers from four vendors, Unbound as the resolver, and twenty clients.
type World struct {
	Resolver server.Kind              // empty: Unbound
	Configs  map[string]server.Config // by host, on top of what the world gives it: Keys, Allow, Extra, Tail, Env
	Zones    []zone.Zone              // added, or in place of those with the same name
	Clients  int                      // how many there are, each with an IPv4 and an IPv6 address; 0: 20
	Networks []string                 // of more clients: addresses in CIDR notation
	NoAnchor bool                     // the resolver does not validate
}

// member is a name server of the world.
type member struct {
	host  string
	kind  server.Kind
	name  string // of the server, in the zones
	delay string // of each packet to it; the answers have none
	addrs []string
}

// members are the name servers: the root's, the top-level domains', and one of each vendor.
func members() []member {
	return []member{
		{"root", server.NSD, "a.root-servers.lab.", "11ms 1ms", []string{"192.0.2.2/28", "2001:db8:0:1::53/64"}},
		{"tld", server.Knot, "a.tld-servers.lab.", "17ms 2ms", []string{"192.0.2.18/28", "2001:db8:0:2::53/64"}},
		{"bind", server.BIND, "ns1.example.com.", "8ms 1ms", []string{"198.51.100.2/28", "2001:db8:1:1::53/64"}},
		{"nsd", server.NSD, "ns1.example.net.", "24ms 4ms", []string{"198.51.100.18/28", "2001:db8:1:2::53/64"}},
		{"knot", server.Knot, "ns1.example.org.", "35ms 3ms", []string{"198.51.100.34/28", "2001:db8:1:3::53/64"}},
		{"powerdns", server.PowerDNS, "ns1.corp.example.", "2ms 500us", []string{"198.51.100.50/28", "2001:db8:1:4::53/64"}},
	}
}

// Addresses that scenarios may name.
const (
	ResolverIPv4 = "10.53.0.53"
	ResolverIPv6 = "2001:db8:53::53"
)

// NameServer is the entry for a zone's Servers of one of the world's: root, tld, bind, nsd, knot or powerdns.
func NameServer(host string) zone.Server {
	for _, m := range members() {
		if m.host == host {
			s := zone.Server{Name: m.name}
			for _, a := range m.addrs {
				s.Addrs = append(s.Addrs, netip.MustParsePrefix(a).Addr())
			}
			return s
		}
	}
	return zone.Server{}
}

// ClientIPv4 is the address of the i-th client, from 0.
func ClientIPv4(i int) netip.Addr { return netip.AddrFrom4([4]byte{10, 53, 1, byte(11 + i)}) }

// ClientIPv6 is the other address of the i-th client.
func ClientIPv6(i int) netip.Addr {
	return netip.MustParseAddr(fmt.Sprintf("2001:db8:53:1::%d", 11+i))
}

// Whole makes the whole world, as a scenario without a Cast gets it.
func Whole(ctx context.Context, s *Stage) error { return s.Make(ctx, World{}) }

// Make makes a world: hosts clients, resolver, and those name servers that have a zone to serve.
func (s *Stage) Make(ctx context.Context, w World) error {
	if err := s.makeClients(w); err != nil {
		return err
	}
	if err := s.MakeServers(ctx, w); err != nil {
		return err
	}
	if _, err := s.Host("resolver", ResolverIPv4+"/24", ResolverIPv6+"/64"); err != nil {
		return err
	}
	cfg := w.Configs["resolver"]
	cfg.Roots = NameServer("root").Addrs
	if !w.NoAnchor {
		cfg.Anchors = s.Files.Anchors
	}
	kind := w.Resolver
	if kind == "" {
		kind = server.Unbound
	}
	_, err := s.Serve(ctx, "resolver", kind, cfg)
	return err
}

func (s *Stage) makeClients(w World) error {
	n := w.Clients
	if n == 0 {
		n = 20
	}
	var addrs []string
	for i := range n {
		addrs = append(addrs, ClientIPv4(i).String()+"/24", ClientIPv6(i).String()+"/64")
	}
	h, err := s.Host("clients", append(addrs, w.Networks...)...)
	if err != nil {
		return err
	}
	s.Clients = h.Addrs
	return nil
}

// MakeServers makes the zones and the name servers alone. Each server is some milliseconds away; Impair on its host changes that.
func (s *Stage) MakeServers(ctx context.Context, w World) error {
	s.Zones = merge(Zones(), w.Zones)
	var err error
	if s.Files, err = s.Zones.Write(s.Dir); err != nil {
		return err
	}
	for _, m := range members() {
		cfg := w.Configs[m.host]
		for _, z := range s.Zones {
			if served(z, m) && !slices.ContainsFunc(cfg.Zones, func(c server.Zone) bool { return c.Name == z.Name }) {
				cfg.Zones = append(cfg.Zones, server.Zone{Name: z.Name, File: s.Files.Path(z.Name)})
			}
		}
		if len(cfg.Zones) == 0 {
			continue
		}
		h, err := s.Host(m.host, m.addrs...)
		if err != nil {
			return err
		}
		if err := h.Impair("delay "+m.delay, netns.ToHost); err != nil {
			return err
		}
		if _, err := s.Serve(ctx, m.host, m.kind, cfg); err != nil {
			return err
		}
	}
	return nil
}

// served says whether a server is among a zone's.
func served(z zone.Zone, m member) bool {
	return slices.ContainsFunc(z.Servers, func(s zone.Server) bool {
		return slices.ContainsFunc(s.Addrs, func(a netip.Addr) bool { return a == netip.MustParsePrefix(m.addrs[0]).Addr() })
	})
}

// merge puts zones into a tree, in place of their namesakes.
func merge(tree zone.Tree, more []zone.Zone) zone.Tree {
	for _, z := range more {
		if i := slices.IndexFunc(tree, func(t zone.Zone) bool { return t.Name == z.Name }); i >= 0 {
			tree[i] = z
		} else {
			tree = append(tree, z)
		}
	}
	return tree
}
