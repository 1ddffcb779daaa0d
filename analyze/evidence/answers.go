package evidence

import (
	"cmp"
	"encoding/binary"
	"maps"
	"net/netip"
	"slices"

	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/packet"
	"github.com/dnssniff/dnssniff/decode/wire"
)

// Answer is what servers said to one question of class IN. Only names that were answered with data have one.
type Answer struct {
	Name string // absolute, lower case, \DDD for unprintable octets
	Zone string // absolute, lower case; filled in by Gather
	Type uint16
	Sets []AnswerSet // the first ones; all, iff More is 0
	More uint64      // responses that said something else

	zone uint64
}

// AnswerKind is what sort of answer a server gave.
type AnswerKind uint8

// The kinds of answer.
const (
	Data AnswerKind = iota
	NoSuchType
	NoSuchName
)

// AnswerSet is one answer of one server to the question.
type AnswerSet struct {
	Server      packet.Addr
	Hash        uint64 // of the records, whatever their order and TTL; 0 without data
	Kind        AnswerKind
	Count       uint64 // responses
	First, Last int64  // ns since the epoch
	// TTLLow and TTLHigh are the least and the largest TTL of the answer section in seconds. Valid iff Kind is Data.
	TTLLow, TTLHigh uint32
	// Authority, Recursion and Scoped count responses with AA, with RA, and with a client subnet of a scope above 0 (RFC 7871 section 7.2.1).
	Authority, Recursion, Scoped uint64
	// Private says that an address is for private networks, the host or the link, Public that one is for all. Example is the first address.
	Private, Public bool
	Example         packet.Addr
	// Subnets are where it was asked from, /24 and /64, or /24 and /48 by the client subnet option where there is one: the first maxSubnets ones; Everywhere says that
	// there were more.
	Subnets    []netip.Prefix
	Everywhere bool
	Packet     uint64 // of the first response
	File       uint16
}

// Bounds of answers of a question, and of networks of an answer, also in a sum: there were more in the whole if there were in its parts together.
const (
	maxSets    = 8
	maxSubnets = 8
)

type answerKey struct {
	name uint64 // hash without the seed
	typ  uint16
}

// replies has the first questions that were answered with data.
type replies struct {
	by    map[answerKey]*Answer
	limit int
	lost  uint64
}

func newReplies(limit int) replies { return replies{by: make(map[answerKey]*Answer), limit: limit} }

// answer takes a response to a query, and returns what it said of its question.
func (c *Collector) answer(o *observation) (said answered, ok bool) {
	r := o.Response
	if r.Malformed || r.Cut || r.Truncated() || o.kind != Query || o.name == nil || r.Question.Class != classIN || r.Opcode() != 0 {
		return said, false
	}
	if said, ok = c.said(r); !ok {
		return said, false
	}
	a := c.replies.at(o, said.kind)
	if a == nil {
		return said, true
	}
	if s := a.set(o.Response.Server, said.hash, said.kind); s != nil {
		s.add(o, &said)
	} else {
		a.More++
	}
	return said, true
}

func (t *replies) at(o *observation, kind AnswerKind) *Answer {
	k := answerKey{o.nameHash, o.Response.Question.Type}
	if a, ok := t.by[k]; ok || kind != Data {
		return a
	}
	if len(t.by) >= t.limit {
		t.lost++
		return nil
	}
	a := &Answer{Name: string(wire.AppendName(nil, o.name)), Type: k.typ, zone: o.zone}
	t.by[k] = a
	return a
}

func (a *Answer) set(server packet.Addr, hash uint64, kind AnswerKind) *AnswerSet {
	for i := range a.Sets {
		if s := &a.Sets[i]; s.Hash == hash && s.Kind == kind && s.Server == server {
			return s
		}
	}
	if len(a.Sets) >= maxSets {
		return nil
	}
	a.Sets = append(a.Sets, AnswerSet{Server: server, Hash: hash, Kind: kind})
	return &a.Sets[len(a.Sets)-1]
}

func (s *AnswerSet) add(o *observation, said *answered) {
	r := o.Response
	if s.Count == 0 {
		s.First, s.Last, s.Packet, s.File = r.Time, r.Time, r.Number, r.File
		s.TTLLow, s.TTLHigh = said.ttl, said.ttl
		s.Private, s.Public, s.Example = said.private, said.public, said.example
	}
	s.Count++
	s.First, s.Last = min(s.First, r.Time), max(s.Last, r.Time)
	s.TTLLow, s.TTLHigh = min(s.TTLLow, said.ttl), max(s.TTLHigh, said.ttl)
	if r.Flags&wire.FlagAA != 0 {
		s.Authority++
	}
	if r.Flags&wire.FlagRA != 0 {
		s.Recursion++
	}
	from, scoped := askedFrom(r)
	if scoped {
		s.Scoped++
	}
	s.from(from)
}

func (s *AnswerSet) from(p netip.Prefix) {
	for _, have := range s.Subnets {
		if have == p {
			return
		}
	}
	if len(s.Subnets) >= maxSubnets {
		s.Everywhere = true
		return
	}
	s.Subnets = append(s.Subnets, p)
}

// askedFrom is the network that a response is for: the client's, or the one that the client subnet option names (RFC 7871 section 6).
func askedFrom(r *decode.Message) (p netip.Prefix, scoped bool) {
	const ecs, v4, v6 = 8, 1, 2
	if !r.HasOPT || r.EDNS.Has&(1<<ecs) == 0 {
		return network(r.Client.Netip(), 64), false
	}
	o, _ := r.EDNS.Option(ecs)
	if len(o.Data) < 4 || o.Data[3] == 0 {
		return network(r.Client.Netip(), 64), false
	}
	var room [16]byte
	n := copy(room[:], o.Data[4:])
	switch family := binary.BigEndian.Uint16(o.Data); {
	case family == v4 && n <= 4:
		return network(netip.AddrFrom4([4]byte(room[:4])), 48), true
	case family == v6:
		return network(netip.AddrFrom16(room), 48), true
	}
	return network(r.Client.Netip(), 64), false
}

// network is the one that an address belongs to, bits being those of IPv6: inside a site a link has 64, and views go by links.
func network(a netip.Addr, bits int) netip.Prefix {
	if a.Is4() {
		bits = 24
	}
	p, _ := a.Prefix(bits) // of an address with a zone it is the zero one
	return p
}

func (t *replies) merge(o *replies) {
	t.lost += o.lost
	for _, k := range slices.SortedFunc(maps.Keys(o.by), compareAnswers) { // so that those which find no room are the same in each run
		a := o.by[k]
		have, ok := t.by[k]
		switch {
		case ok:
			have.merge(a)
		case len(t.by) >= t.limit:
			t.lost++
		default:
			t.by[k] = a.clone()
		}
	}
}

func compareAnswers(a, b answerKey) int {
	return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.typ, b.typ))
}

func (a *Answer) clone() *Answer {
	b := *a
	b.Sets = append([]AnswerSet(nil), a.Sets...)
	for i := range b.Sets {
		b.Sets[i].Subnets = append([]netip.Prefix(nil), a.Sets[i].Subnets...)
	}
	return &b
}

func (a *Answer) merge(o *Answer) {
	a.More += o.More
	for i := range o.Sets {
		s := &o.Sets[i]
		have := (*AnswerSet)(nil)
		for j := range a.Sets {
			if x := &a.Sets[j]; x.Hash == s.Hash && x.Kind == s.Kind && x.Server == s.Server {
				have = x
			}
		}
		switch {
		case have != nil:
			have.merge(s)
		case len(a.Sets) >= maxSets:
			a.More += s.Count
		default:
			cloned := *s
			cloned.Subnets = append([]netip.Prefix(nil), s.Subnets...)
			a.Sets = append(a.Sets, cloned)
		}
	}
}

// merge adds what another collector saw of the same answer.
func (s *AnswerSet) merge(o *AnswerSet) {
	if o.First < s.First || o.First == s.First && o.Packet < s.Packet {
		s.Packet, s.File, s.Example = o.Packet, o.File, o.Example
	}
	s.Count += o.Count
	s.First, s.Last = min(s.First, o.First), max(s.Last, o.Last)
	s.TTLLow, s.TTLHigh = min(s.TTLLow, o.TTLLow), max(s.TTLHigh, o.TTLHigh)
	s.Authority, s.Recursion, s.Scoped = s.Authority+o.Authority, s.Recursion+o.Recursion, s.Scoped+o.Scoped
	s.Private, s.Public, s.Everywhere = s.Private || o.Private, s.Public || o.Public, s.Everywhere || o.Everywhere
	for _, p := range o.Subnets {
		s.from(p)
	}
}

func (t *replies) reset() {
	clear(t.by)
	t.lost = 0
}
