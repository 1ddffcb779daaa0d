package synth

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// world is what the traffic is about: names, clients, servers.
type world struct {
	names   [][]byte // in wire form, lower case, most popular first; then those that do not exist; then those of addresses
	absent  int      // index of the first name that does not exist
	reverse int      // index of the first name of an address
	clients []client
	popular *rand.Zipf // over names[:absent]
	busy    *rand.Zipf // over clients
}

type client struct {
	addr [16]byte // IPv4 in the last four
	v6   bool
	vlan uint16 // 0: untagged
	hops uint8
	// last counts the messages' IDs and ports, so that no key comes back within 65536 queries of a client.
	last uint32
	// connections counts those made, so that no TCP port comes back soon either.
	connections uint32
}

// servers are two resolvers, each with an IPv4 (the last four bytes) and an IPv6 address.
var servers = [2][2][16]byte{
	{{12: 10, 13: 0, 14: 0, 15: 53}, {12: 10, 13: 0, 14: 1, 15: 53}},
	{{0x20, 0x01, 0x0d, 0xb8, 0, 0x53, 15: 1}, {0x20, 0x01, 0x0d, 0xb8, 0, 0x53, 15: 2}},
}

func newWorld(r *rand.Rand, o Options) world {
	w := world{absent: o.Names * 7 / 10, reverse: o.Names * 19 / 20, clients: make([]client, o.Clients)}
	taken := map[string]bool{}
	add := func(name string) {
		if !taken[name] {
			taken[name] = true
			w.names = append(w.names, wireName(name))
		}
	}
	var zone string
	for len(w.names) < w.absent {
		if len(w.names)%4 == 0 {
			zone = word(r, 2, 3)
		}
		add(hostLabels[r.IntN(len(hostLabels))] + zone + ".example")
	}
	for len(w.names) < w.reverse {
		add(fmt.Sprintf("%s%x.%s.example", word(r, 1, 2), r.Uint32N(1<<16), word(r, 2, 3)))
	}
	for len(w.names) < o.Names {
		add(fmt.Sprintf("%d.%d.%d.10.in-addr.arpa", r.IntN(256), r.IntN(256), r.IntN(64)))
	}
	for i := range w.clients {
		w.clients[i] = newClient(r, i)
	}
	w.popular = rand.NewZipf(r, 1.1, 8, uint64(w.absent-1))
	w.busy = rand.NewZipf(r, 1.05, 20, uint64(o.Clients-1))
	return w
}

// newClient returns the i-th client; its address is a function of i, so none comes twice.
func newClient(r *rand.Rand, i int) client {
	c := client{v6: r.IntN(10) < 3, hops: uint8(r.IntN(5)), last: r.Uint32()}
	if r.IntN(10) == 0 {
		c.vlan = uint16(20 + r.IntN(4))
	}
	n := uint32(i)*2654435761 + 12345
	if c.v6 {
		copy(c.addr[:], []byte{0x20, 0x01, 0x0d, 0xb8, 0, 1, byte(i >> 16), byte(i >> 8), byte(n), byte(n >> 8), byte(n >> 16), byte(n >> 24), 0, 0, 0, byte(i)})
	} else {
		copy(c.addr[12:], []byte{10, 64 | byte(i>>16), byte(i >> 8), byte(i)})
	}
	return c
}

var hostLabels = strings.Split("www.,www.,api.,cdn.,mail.,img.,login.,static.,edge.eu.,ns1.,_ldap._tcp.,m.,,", ",")

var syllables = strings.Fields("al ba ber cor da den el fi gar ha is jo ka lin mo nor ol pe quin ra sol ta ul ver wes xa yo zen")

func word(r *rand.Rand, lo, hi int) string {
	var b strings.Builder
	for range lo + r.IntN(hi-lo+1) {
		b.WriteString(syllables[r.IntN(len(syllables))])
		b.WriteString(syllables[r.IntN(len(syllables))])
	}
	return b.String()
}

// wireName returns a name, given without its final dot, in wire form.
func wireName(name string) []byte {
	b := make([]byte, 0, len(name)+2)
	for label := range strings.SplitSeq(name, ".") {
		b = append(append(b, byte(len(label))), label...)
	}
	return append(b, 0)
}
