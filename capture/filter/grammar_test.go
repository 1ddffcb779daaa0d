package filter

import (
	"math/rand/v2"
	"strconv"
	"strings"
)

// writer makes random expressions of the grammar. What it writes is right by construction.
type writer struct {
	rng      *rand.Rand
	vlans    bool // "vlan" may be used
	usedVLAN bool
}

func (w *writer) pick(of ...string) string { return of[w.rng.IntN(len(of))] }

func (w *writer) chance(percent int) bool { return w.rng.IntN(100) < percent }

func (w *writer) expr(depth int) string {
	s, ids := w.term(depth)
	for w.chance(45) {
		s += w.pick(" and ", " or ", " && ", " || ")
		if ids != nil && w.chance(40) {
			s += ids()
			continue
		}
		var next string
		next, ids = w.term(depth - 1)
		s += next
	}
	return s
}

// term returns a term, and what writes ids that may follow it without a head of their own.
func (w *writer) term(depth int) (string, func() string) {
	switch n := w.rng.IntN(20); {
	case n < 3 && depth > 0:
		return "(" + w.expr(depth-1) + ")", nil
	case n < 6 && depth > 0:
		s, ids := w.term(depth - 1)
		if strings.HasPrefix(s, "(") {
			ids = nil
		}
		return w.pick("not ", "! ", "!") + s, ids
	case n < 8 && w.vlans:
		w.usedVLAN = true
		return w.pick("vlan", "vlan 10", "vlan 20", "vlan "+strconv.Itoa(w.rng.IntN(4096))), nil
	case n < 11:
		return w.pick("ip", "ip6", "arp", "tcp", "udp", "icmp", "icmp6"), nil
	}
	head, id := w.head()
	ids := func() string { return w.ids(id) }
	return head + ids(), ids
}

// ids returns one id or several in brackets.
func (w *writer) ids(id func() string) string {
	switch n := w.rng.IntN(10); {
	case n == 0:
		return "not " + w.ids(id)
	case n < 3:
		return "(" + w.pick("", "not ") + id() + w.pick(" or ", " and ") + w.ids(id) + ")"
	}
	return id()
}

func (w *writer) head() (string, func() string) {
	dir := w.pick("", "", "src ", "dst ", "src or dst ", "src and dst ", "dst or src ", "dst and src ")
	switch w.rng.IntN(7) {
	case 0, 1:
		return w.pick("", "udp ", "tcp ") + dir + "port ", w.port
	case 2:
		return w.pick("", "udp ", "tcp ") + dir + "portrange ", func() string { return w.port() + "-" + strconv.Itoa(w.rng.IntN(65536)) }
	case 3:
		return w.pick("", "ip ", "ip6 ") + "proto ", func() string { return w.pick("1", "6", "17", "58", "44", "132", `\udp`, `\tcp`, "ipv6-icmp") }
	case 4:
		return w.pick("", "ip ", "arp ") + dir + "net ", w.net4
	case 5:
		return w.pick("", "ip6 ") + dir + "net ", func() string {
			return w.pick("2001:db8::/32", "2000::/3", "fe80::/10", "ff00::/8", "2001:db8::53", "::/0")
		}
	}
	if w.chance(30) {
		return w.pick("", "ip6 ") + w.pick("host ", "src ", "dst host "), func() string { return w.pick("2001:db8::1", "2001:db8::53", "::1", "ff02::fb") }
	}
	return w.pick("", "ip ", "arp ") + w.pick("host ", "src ", "dst ", "src and dst ", "src host "), func() string {
		return w.pick("10.1.2.3", "10.1.2.4", "192.0.2.53", "127.0.0.1", "192.168.1.1", "255.255.255.255")
	}
}

func (w *writer) port() string {
	return w.pick("53", "53", "5353", "5355", "853", strconv.Itoa(w.rng.IntN(65536)))
}

func (w *writer) net4() string {
	bits := w.rng.IntN(33)
	addr := w.rng.Uint32()
	if w.chance(70) {
		addr = 10<<24 | 1<<16 | 2<<8 | 3
	}
	addr &= ^uint32(0) << (32 - bits)
	s := make([]string, 4)
	for i := range s {
		s[i] = strconv.Itoa(int(addr >> (24 - 8*i) & 255))
	}
	return strings.Join(s, ".") + "/" + strconv.Itoa(bits)
}
