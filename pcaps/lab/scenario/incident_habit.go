//go:build linux

package scenario

import (
	"time"

	"github.com/miekg/dns"
)

// habit is how a kind of client asks. What differs between them is what an observer has to understand: EDNS, ports, IDs and retries.
type habit struct {
	name   string
	sizes  []uint16        // EDNS sizes of the tries, the last for all that follow; 0: no EDNS
	waits  []time.Duration // how long each try waits for an answer
	rd     bool
	ad, cd bool
	do     bool
	cookie bool // a client cookie, and the server's when there is one
	subnet bool // ECS
	spell  bool // 0x20
	fresh  bool // each try from a new port, with a new ID
	each   bool // each type from a port of its own
	cache  bool
	again  bool // an error is a failed try
	lowers bool // an error is a failed try, but the next has the next size; without EDNS it is final
	https  bool // asks for HTTPS before addresses
	ipv4   bool // does not ask for AAAA

}

func seconds(waits ...float64) []time.Duration {
	out := make([]time.Duration, len(waits))
	for i, w := range waits {
		out[i] = time.Duration(w * float64(time.Second))
	}
	return out
}

// stubs are the habits of people's devices.
func stubs() []habit {
	return []habit{
		{name: "glibc", rd: true, sizes: []uint16{0}, waits: seconds(5, 5), again: true},
		{name: "glibc with edns0 and trust-ad", rd: true, ad: true, sizes: []uint16{1200}, waits: seconds(5, 5), again: true},
		{name: "systemd-resolved", rd: true, sizes: []uint16{1472, 1472, 512, 0}, waits: seconds(5, 5, 5, 5), fresh: true, each: true, cache: true, lowers: true},
		{name: "Windows", rd: true, sizes: []uint16{0}, waits: seconds(1, 1, 2, 4), each: true, cache: true},
		{name: "mDNSResponder", rd: true, sizes: []uint16{0}, waits: seconds(1, 3, 9), each: true, cache: true, https: true},
		{name: "dig", rd: true, ad: true, sizes: []uint16{1232}, waits: seconds(5, 5, 5), cookie: true, each: true, ipv4: true},
		{name: "Chromium", rd: true, sizes: []uint16{0}, waits: seconds(1, 2, 4), fresh: true, each: true, cache: true, https: true},
		{name: "validating stub", rd: true, cd: true, do: true, sizes: []uint16{1232}, waits: seconds(2, 2), fresh: true, each: true, cache: true},
		{name: "forwarder of a branch", rd: true, do: true, sizes: []uint16{4096}, waits: seconds(2, 3, 5), cache: true, each: true},
	}
}

// resolvers are the habits of recursive resolvers, as their upstream sees them.
func recursives() []habit {
	return []habit{
		{name: "Unbound", do: true, sizes: []uint16{1232, 1232, 512}, waits: seconds(.376, .752, 1.5), fresh: true, each: true, cache: true},
		{name: "BIND", do: true, sizes: []uint16{1232}, waits: seconds(.8, .8, 1.6, 3.2), fresh: true, each: true, cache: true, cookie: true},
		{name: "PowerDNS", do: true, sizes: []uint16{512}, waits: seconds(1.5, 1.5), fresh: true, each: true, cache: true},
		{name: "Knot", do: true, sizes: []uint16{1232}, waits: seconds(.4, .8, 1.6), fresh: true, each: true, cache: true, spell: true},
		{name: "public, with ECS", do: true, sizes: []uint16{1400}, waits: seconds(.4, .8), fresh: true, each: true, cache: true, subnet: true, spell: true},
		{name: "old BIND", do: true, cd: true, sizes: []uint16{4096, 4096, 512, 0}, waits: seconds(.8, .8, 1.6, 3.2), fresh: true, each: true, cache: true},
		{name: "without EDNS", sizes: []uint16{0}, waits: seconds(2, 4), fresh: true, each: true, cache: true},
	}
}

// size is the EDNS size of a try, from 0.
func (h habit) size(try int) uint16 { return h.sizes[min(try, len(h.sizes)-1)] }

// query is a question as the habit asks it.
func (h habit) query(name string, kind, size uint16) *dns.Msg {
	m := new(dns.Msg).SetQuestion(name, kind)
	m.RecursionDesired, m.AuthenticatedData, m.CheckingDisabled = h.rd, h.ad, h.cd
	if size == 0 {
		return m
	}
	opt := m.SetEdns0(size, h.do).IsEdns0()
	if h.subnet {
		opt.Option = append(opt.Option, &dns.EDNS0_SUBNET{Code: dns.EDNS0SUBNET, Family: 1, SourceNetmask: 24, Address: []byte{198, 18, 7, 0}})
	}
	return m
}

// types are what the habit asks about a host that it wants to connect to.
func (h habit) types() []uint16 {
	out := []uint16{dns.TypeA}
	if h.https {
		out = []uint16{dns.TypeHTTPS, dns.TypeA}
	}
	if !h.ipv4 {
		out = append(out, dns.TypeAAAA)
	}
	return out
}
