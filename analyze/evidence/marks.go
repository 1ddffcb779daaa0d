package evidence

import (
	"math"

	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/wire"
)

// Marks say what the messages of a row look like.
type Marks struct {
	// AllOptions are the EDNS options that each query had, AnyOptions those that one of them had, both as in [wire.EDNS.Has].
	AllOptions, AnyOptions uint32
	// Echoes counts responses that are the query again, but for the flags; Bare those that leave out the question.
	Echoes, Bare uint32
	// NoDomain counts denials by a zone above the name's registrable domain: there is no such domain. Random counts denied names whose domain's own label
	// reads as if no person had made it up.
	NoDomain, Random uint32
	// MinHop and MaxHop bound the IP TTL or hop limit of responses; MinHop is above MaxHop where none is known.
	MinHop, MaxHop uint8
}

func (m *Marks) reset() { *m = Marks{AllOptions: math.MaxUint32, MinHop: math.MaxUint8} }

func (m *Marks) query(q *decode.Query) {
	m.AllOptions &= q.Options
	m.AnyOptions |= q.Options
}

func (m *Marks) response(q *decode.Query, r *decode.Message, weight uint32) {
	if r.HopLimit > 0 {
		m.MinHop, m.MaxHop = min(m.MinHop, r.HopLimit), max(m.MaxHop, r.HopLimit)
	}
	if r.RCODE() == rcodeNoError {
		return
	}
	if r.Parsed[wire.SectionQuestion] == 0 {
		addTo(&m.Bare, weight)
	}
	if q != nil && echo(q, r) {
		addTo(&m.Echoes, weight)
	}
}

// echo says that a response has the query's length and, but for QR, RA and RCODE, its flags.
func echo(q *decode.Query, r *decode.Message) bool {
	const own = wire.FlagQR | wire.FlagRA | 0xf
	return r.Length == q.Length && r.Flags&^own == q.Flags&^own && r.HasOPT == q.HasOPT
}

func (m *Marks) merge(o *Marks) {
	m.AllOptions &= o.AllOptions
	m.AnyOptions |= o.AnyOptions
	addTo(&m.Echoes, o.Echoes)
	addTo(&m.Bare, o.Bare)
	addTo(&m.NoDomain, o.NoDomain)
	addTo(&m.Random, o.Random)
	m.MinHop, m.MaxHop = min(m.MinHop, o.MinHop), max(m.MaxHop, o.MaxHop)
}
