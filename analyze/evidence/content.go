package evidence

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"maps"
	"slices"

	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/packet"
	"github.com/dnssniff/dnssniff/decode/wire"
)

// content reads the records of a response that say something about their zone.
func (c *Collector) content(o *observation) {
	m := o.Response
	if m.Malformed || m.Cut {
		return
	}
	for i := range m.Records {
		r := &m.Records[i]
		if r.Section == wire.SectionAdditional || int(r.Data)+int(r.Len) > len(m.Data) {
			continue
		}
		data := m.Data[r.Data:][:r.Len]
		switch r.Type {
		case typeSOA:
			c.soa(m, r, data)
		case typeDS:
			if s := c.signed.at(c.owner(m, int(r.Off))); s != nil && len(data) > 4 {
				s.DS.add(binary.BigEndian.Uint16(data))
			}
		case typeDNSKEY:
			if s := c.signed.at(c.owner(m, int(r.Off))); s != nil && len(data) > 4 {
				s.Keys.add(keyTag(data))
			}
		case typeRRSIG:
			c.rrsig(m, r, data)
		}
	}
	c.unsigned(o)
}

// owner returns the name at an offset in wire form and lower case, valid until the next call, or nil.
func (c *Collector) owner(m *decode.Message, off int) []byte {
	name, ok := m.AppendWireName(c.ownerName[:0], off)
	if !ok {
		return nil
	}
	return appendLower(name[:0], name)
}

// soa notes the serial of a zone at a server that speaks for it.
func (c *Collector) soa(m *decode.Message, r *wire.Record, data []byte) {
	const numbers = 20 // octets of the five at the end (RFC 1035 section 3.3.13)
	if m.Flags&wire.FlagAA == 0 || len(data) < numbers+2 {
		return
	}
	serial := binary.BigEndian.Uint32(data[len(data)-numbers:])
	name := c.owner(m, int(r.Off))
	if name == nil {
		return
	}
	s := c.serials.at(name, m.Server)
	if s == nil {
		return
	}
	if s.Count == 0 {
		s.First, s.FirstTime = serial, m.Time
		if mname := c.owner(m, int(r.Data)); mname != nil {
			s.Primary = string(wire.AppendName(nil, mname))
		}
	}
	s.see(serial, m)
}

func (s *Serial) see(serial uint32, m *decode.Message) {
	s.Count++
	if serial != s.Last || s.LastTime == 0 {
		s.Since = m.Time
	}
	s.Last, s.LastTime, s.Packet, s.File = serial, m.Time, m.Number, m.File
}

// rrsig compares the times of a signature with the packet's.
func (c *Collector) rrsig(m *decode.Message, r *wire.Record, data []byte) {
	const fixed = 18 // octets before the signer's name (RFC 4034 section 3.1)
	if len(data) <= fixed {
		return
	}
	s := c.signed.at(c.owner(m, int(r.Data)+fixed))
	if s == nil {
		return
	}
	to, from := binary.BigEndian.Uint32(data[8:]), binary.BigEndian.Uint32(data[12:])
	now := uint32(m.Time / 1e9)
	switch { // RFC 1982 arithmetic: RFC 4034 section 3.1.5
	case int32(now-to) > 0:
		s.sample(&s.Expired, m)
		s.ExpiredAt = max(s.ExpiredAt, m.Time/1e9-int64(int32(now-to)))
		s.Overdue = minSet(s.Overdue, int64(int32(now-to)))
	case int32(from-now) > 0:
		s.sample(&s.NotYet, m)
		s.ValidFrom = max(s.ValidFrom, m.Time/1e9+int64(int32(from-now)))
	default:
		s.Good++
		s.ExpiresAt = minSet(s.ExpiresAt, m.Time/1e9+int64(int32(to-now)))
	}
	s.SignedBy.add(binary.BigEndian.Uint16(data[16:]))
}

func minSet(a, b int64) int64 {
	if a == 0 {
		return b
	}
	return min(a, b)
}

// keyTag computes the tag of a DNSKEY's RDATA (RFC 4034 appendix B; that of algorithm 1 is not in use).
func keyTag(data []byte) uint16 {
	var sum uint32
	for i, b := range data {
		if i&1 == 0 {
			sum += uint32(b) << 8
		} else {
			sum += uint32(b)
		}
	}
	return uint16(sum + sum>>16)
}

// Serial is what one server said of a zone's version.
type Serial struct {
	Zone             string // absolute, lower case
	Server           packet.Addr
	Primary          string // MNAME of the first
	Count            uint64 // responses that had it
	First, Last      uint32 // serials
	FirstTime, Since int64  // of the first, and from when on Last was seen (ns)
	LastTime         int64
	Packet           uint64 // of the last
	File             uint16
}

type serialKey struct {
	zone   string // wire form
	server packet.Addr
}

func compareSerials(a, b serialKey) int {
	return cmp.Or(cmp.Compare(a.zone, b.zone), bytes.Compare(a.server[:], b.server[:]))
}

// serials is bounded: zones and servers beyond are not noted.
type serials struct {
	by    map[serialKey]*Serial
	limit int
	lost  uint64
}

func newSerials(limit int) serials { return serials{by: make(map[serialKey]*Serial), limit: limit} }

func (t *serials) at(zone []byte, server packet.Addr) *Serial {
	if s, ok := t.by[serialKey{string(zone), server}]; ok {
		return s
	}
	if len(t.by) >= t.limit {
		t.lost++
		return nil
	}
	s := &Serial{Zone: string(wire.AppendName(nil, zone)), Server: server}
	t.by[serialKey{string(zone), server}] = s
	return s
}

func (t *serials) merge(o *serials) {
	t.lost += o.lost + mergeInto(t.by, o.by, slices.SortedFunc(maps.Keys(o.by), compareSerials), t.limit, (*Serial).merge)
}

// mergeInto adds the entries of o to t, up to a limit, in the order of keys, so that those which find no room are the same in each run. It returns how many
// these are.
func mergeInto[K comparable, V any](t, o map[K]*V, keys []K, limit int, merge func(have, other *V)) (lost uint64) {
	for _, k := range keys {
		if have, ok := t[k]; ok {
			merge(have, o[k])
			continue
		}
		if len(t) >= limit {
			lost++
			continue
		}
		cloned := *o[k]
		t[k] = &cloned
	}
	return lost
}

// merge adds what was seen by another: shards see the same server at the same time.
func (s *Serial) merge(o *Serial) {
	s.Count += o.Count
	if o.FirstTime < s.FirstTime {
		s.First, s.FirstTime = o.First, o.FirstTime
	}
	switch {
	case o.Last == s.Last:
		s.Since = min(s.Since, o.Since)
		if o.LastTime > s.LastTime {
			s.LastTime, s.Packet, s.File = o.LastTime, o.Packet, o.File
		}
	case o.LastTime > s.LastTime:
		s.Last, s.LastTime, s.Since, s.Packet, s.File = o.Last, o.LastTime, o.Since, o.Packet, o.File
	}
}

func (t *serials) reset() {
	clear(t.by)
	t.lost = 0
}

// Tags are key tags, the first eight that were seen, in order of their numbers.
type Tags struct {
	n    uint8
	list [8]uint16
}

func (t *Tags) add(tag uint16) {
	for _, have := range t.list[:t.n] {
		if have == tag {
			return
		}
	}
	if int(t.n) < len(t.list) {
		t.list[t.n] = tag
		t.n++
	}
}

// All returns the tags.
func (t *Tags) All() []uint16 { return t.list[:t.n] }

func (t *Tags) merge(o *Tags) {
	for _, tag := range o.All() {
		t.add(tag)
	}
}

// Signed is what was seen of a signed zone.
type Signed struct {
	Zone string // absolute, lower case
	// DS are the key tags that the parent names, Keys those of the zone's DNSKEY records, SignedBy those of its signatures.
	DS, Keys, SignedBy Tags
	// Good, Expired and NotYet count RRSIG records by their times against the packet's.
	Good, Expired, NotYet uint64
	// ExpiredAt is when the last of the expired did, ExpiresAt when the first of the good will, ValidFrom when the last of those that are not valid yet will
	// be: seconds since the epoch, 0 where there is none.
	ExpiredAt, ExpiresAt, ValidFrom int64
	// Unsigned counts answers to queries with DO whose records the zone ought to have signed, and that have no signature; Keyless those to queries for DNSKEY
	// that have none.
	Unsigned, Keyless uint64
	Overdue           int64           // seconds from the expiry to the packet, of the one least overdue
	Samples           [samples]Sample // of those that are not good
}

func (s *Signed) sample(n *uint64, m *decode.Message) {
	*n++
	if s.Samples[samples-1].Packet == 0 {
		sampleInto(&s.Samples, Sample{Packet: m.Number, File: m.File})
	}
}

// signed is bounded: zones beyond are not noted.
type signed struct {
	by    map[string]*Signed
	limit int
	lost  uint64
}

func newSigned(limit int) signed { return signed{by: make(map[string]*Signed), limit: limit} }

// at returns what is known of a zone in wire form; nil for none, and where there is no room.
func (t *signed) at(zone []byte) *Signed {
	if zone == nil {
		return nil
	}
	if s, ok := t.by[string(zone)]; ok {
		return s
	}
	if len(t.by) >= t.limit {
		t.lost++
		return nil
	}
	s := &Signed{Zone: string(wire.AppendName(nil, zone))}
	t.by[string(zone)] = s
	return s
}

func (t *signed) merge(o *signed) {
	t.lost += o.lost + mergeInto(t.by, o.by, slices.Sorted(maps.Keys(o.by)), t.limit, (*Signed).merge)
}

func (s *Signed) merge(o *Signed) {
	s.DS.merge(&o.DS)
	s.Keys.merge(&o.Keys)
	s.SignedBy.merge(&o.SignedBy)
	s.Good, s.Expired, s.NotYet = s.Good+o.Good, s.Expired+o.Expired, s.NotYet+o.NotYet
	s.Unsigned, s.Keyless = s.Unsigned+o.Unsigned, s.Keyless+o.Keyless
	s.ExpiredAt, s.ValidFrom = max(s.ExpiredAt, o.ExpiredAt), max(s.ValidFrom, o.ValidFrom)
	if o.Overdue != 0 {
		s.Overdue = minSet(s.Overdue, o.Overdue)
	}
	if o.ExpiresAt != 0 {
		s.ExpiresAt = minSet(s.ExpiresAt, o.ExpiresAt)
	}
	for _, x := range o.Samples {
		sampleInto(&s.Samples, x)
	}
}

func (t *signed) reset() {
	clear(t.by)
	t.lost = 0
}
