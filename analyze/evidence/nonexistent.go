package evidence

import (
	"bytes"

	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/decode/wire"
)

// nonexistent notes what a denied name was, and who denied it.
func (c *Collector) nonexistent(o *observation, t *Tally) {
	if o.name == nil || o.kind != Query {
		return
	}
	random := looksRandom(firstLabel(o.zoneName))
	if random {
		addTo(&t.Random, o.weight)
	}
	by := c.deniedBy(o)
	if by == 0 {
		return
	}
	addTo(&t.NoDomain, o.weight)
	if by == rootLen {
		addTo(&t.NoTop, o.weight)
		return
	}
	if special(o.name) != nil {
		return
	}
	domain := *o
	domain.nameHash = wire.HashName(0, o.zoneName)
	d := c.countAt(&domain, key{client: o.Client, server: o.Server, symptom: NoDomain})
	addTo(&d.NoDomain, o.weight)
	if random {
		addTo(&d.Random, o.weight)
	}
}

// rootLen is the length of the root's name.
const rootLen = 1

// deniedBy returns the length of the name of the zone above the name's own whose SOA record a denial has (RFC 2308 section 2.1), 0 where there is none.
func (c *Collector) deniedBy(o *observation) int {
	m := o.Response
	if m.Malformed || m.Cut || m.Parsed[wire.SectionAnswer] > 0 {
		return 0
	}
	for i := range m.Records {
		if r := &m.Records[i]; r.Section == wire.SectionAuthority && r.Type == typeSOA {
			owner := c.owner(m, int(r.Off))
			if len(owner) < len(o.zoneName) && bytes.HasSuffix(o.zoneName, owner) {
				return len(owner)
			}
			return 0
		}
	}
	return 0
}

func firstLabel(name []byte) []byte {
	if len(name) == 0 || int(name[0]) >= len(name) {
		return nil
	}
	return name[1 : 1+name[0]]
}

// Names of less letters than this can be anything.
const shortLabel = 7

// looksRandom says that a label in lower case reads as if a program had made it up letter by letter: too many of its pairs of letters are rare in words
// and names. Digits among the letters count as well. Labels of IDNs (RFC 5890) are another matter.
func looksRandom(label []byte) bool {
	if len(label) < shortLabel || bytes.HasPrefix(label, []byte("xn--")) {
		return false
	}
	rare, pairs, turns := 0, 0, 0
	for i := 1; i < len(label); i++ {
		a, b := label[i-1], label[i]
		switch {
		case isLetter(a) && isLetter(b):
			pairs++
			if commonPairs[a-'a']>>(b-'a')&1 == 0 {
				rare++
			}
		case isLetter(a) && isDigit(b), isDigit(a) && isLetter(b):
			turns++
		}
	}
	return rare >= 3 && rare*10 >= pairs*4 || turns >= 4
}

// commonPairs has bit j of word i for the letters i and j, from a, where at least 0.08 % of the pairs in English technical prose are these. With the
// bounds above, 9 of 10 words of random letters look random, and of the domains that people really use 7 of 100.
var commonPairs = [26]uint32{
	0x1bebd4e, 0x1104911, 0x01e4d95, 0x0166919, 0x0fff97f, 0x0164931, 0x0166195, 0x00a4111, 0x2aef87f, 0x0000000, 0x0040110, 0x11c4919, 0x014d111,
	0x03c6d7d, 0x07efd6f, 0x01ec915, 0x0100000, 0x13e7d7d, 0x15cc995, 0x11ec9b5, 0x00eb937, 0x0000111, 0x0064111, 0x0088000, 0x0048000, 0x0000010,
}

func isLetter(b byte) bool { return 'a' <= b && b <= 'z' }
func isDigit(b byte) bool  { return '0' <= b && b <= '9' }

// special returns the special-use zone that a name is in, or nil: a private reverse zone (RFC 6303 section 4, RFC 7793), or a top-level domain that is not
// of the public name space (RFC 6761, RFC 6762 appendix G, RFC 8375). It is a part of the name.
func special(name []byte) []byte {
	if zone := tail(name, 1); zone != nil {
		for _, s := range specialTop {
			if string(zone) == s {
				return zone
			}
		}
		if string(zone) != "\x04arpa\x00" {
			return nil
		}
	}
	zone := tail(name, 2)
	switch string(zone) {
	case "\x04home\x04arpa\x00":
		return zone
	case "\x07in-addr\x04arpa\x00":
		return privateV4(name)
	case "\x03ip6\x04arpa\x00":
		return privateV6(name)
	}
	return nil
}

// specialTop are the top-level domains, in wire form.
var specialTop = [...]string{"\x05local\x00", "\x08internal\x00", "\x03lan\x00", "\x04home\x00", "\x04corp\x00", "\x08intranet\x00", "\x07private\x00",
	"\x0blocaldomain\x00", "\x05onion\x00"}

// tail returns the last n labels of a name, and the root; nil if it has less.
func tail(name []byte, n int) []byte {
	have := wire.Labels(name)
	if have < n {
		return nil
	}
	for ; have > n; have-- {
		name = name[1+int(name[0]):]
	}
	return name
}

// privateV4 returns the zone of 10/8, 172.16/12, 192.168/16, 169.254/16 or 100.64/10 that a reverse name is in: as large as the octets in its name tell.
func privateV4(name []byte) []byte {
	first := tail(name, 3)
	if first == nil {
		return nil
	}
	a := octet(first)
	if a == 10 {
		return first
	}
	second := tail(name, 4)
	if second == nil {
		return nil
	}
	switch b := octet(second); {
	case a == 192 && b == 168, a == 169 && b == 254, a == 172 && b >= 16 && b < 32, a == 100 && b >= 64 && b < 128:
		return second
	}
	return nil
}

// octet reads the first label of a name as a number, -1 if it is none.
func octet(name []byte) int {
	label, n := firstLabel(name), 0
	if len(label) == 0 || len(label) > 3 {
		return -1
	}
	for _, d := range label {
		if !isDigit(d) {
			return -1
		}
		n = n*10 + int(d-'0')
	}
	return n
}

// privateV6 returns d.f.ip6.arpa (fd00::/8), or 8 to b.e.f.ip6.arpa (link-local addresses).
func privateV6(name []byte) []byte {
	if zone := tail(name, 4); zone != nil && zone[0] == 1 && zone[1] == 'd' && zone[3] == 'f' {
		return zone
	}
	zone := tail(name, 5)
	if zone == nil || zone[0] != 1 || zone[3] != 'e' || zone[5] != 'f' {
		return nil
	}
	if d := zone[1]; d == '8' || d == '9' || d == 'a' || d == 'b' {
		return zone
	}
	return nil
}

// serves says that somebody has made a zone of a special-use one, or of a part of it, and denies the name there. The servers of AS112 have such zones for those
// that nobody has (RFC 7534).
func (c *Collector) serves(o *observation, zone []byte) bool {
	m := o.Response
	if m == nil || m.Malformed || m.Cut {
		return false
	}
	for i := range m.Records {
		r := &m.Records[i]
		if r.Section != wire.SectionAuthority || r.Type != typeSOA {
			continue
		}
		if !bytes.HasSuffix(c.owner(m, int(r.Off)), zone) {
			return false
		}
		return !bytes.Equal(c.owner(m, int(r.Data)), prisoner)
	}
	return false
}

// prisoner is the primary in the SOA records of AS112's own zones.
var prisoner = []byte("\x08prisoner\x04iana\x03org\x00")

// leaked counts a name of a special-use zone that was not answered with data.
func (c *Collector) leaked(o *observation) {
	if o.name == nil || o.kind != Query {
		return
	}
	zone := special(o.name)
	if zone == nil || c.serves(o, zone) {
		return
	}
	h := wire.HashName(c.seed, zone)
	c.zones.add(h, zone)
	c.countAt(o, key{client: o.Client, server: o.Server, zone: h, symptom: Leaked})
}

// NameHabit takes an anomaly that responses about one name show together, and the last of them.
func (c *Collector) NameHabit(id anomaly.ID, m *decode.Message) {
	if !noted(id) || m.Parsed[wire.SectionQuestion] == 0 {
		return
	}
	name := appendLower(c.lower[:0], m.Question.Name)
	hash, _ := c.zone(name)
	t, _ := c.rows.at(key{client: m.Client, server: m.Server, zone: hash, symptom: Anomaly(id)})
	t.event(m.Time, 1)
	t.Names.add(wire.HashName(0, name) * spreading)
	if t.Samples[samples-1].Packet == 0 {
		t.sample(Sample{Packet: m.Number, File: m.File, Type: m.Question.Type, Name: string(wire.AppendName(nil, name))})
	}
}
