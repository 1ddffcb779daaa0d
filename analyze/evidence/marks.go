package evidence

import (
	"math"

	"github.com/dnssniff/dnssniff/analyze/family"
	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/decode/wire"
)

// Marks say what the messages of a row look like.
type Marks struct {
	// AllOptions are the EDNS options that each query had, AnyOptions those that one of them had, both as in [wire.EDNS.Has].
	AllOptions, AnyOptions uint32
	// Echoes counts responses that are the query again, but for the flags; Bare those that leave out the question.
	Echoes, Bare uint32
	// NoDomain counts denials by a zone above the name's registrable domain: there is no such domain. NoTop counts those by the root: there is no such
	// top-level domain. Random counts denied names whose domain's own label reads as if no person had made it up.
	NoDomain, NoTop, Random uint32
	// Odd counts queries at which a server may take offence though they can be read: they break a rule, are of no type of data or another class than
	// IN, are no QUERY, or have no question; and what the capture has not whole.
	Odd uint32
	// MinHop and MaxHop bound the IP TTL or hop limit of responses; MinHop is above MaxHop where none is known.
	MinHop, MaxHop uint8
}

func (m *Marks) reset() { *m = Marks{AllOptions: math.MaxUint32, MinHop: math.MaxUint8} }

func (m *Marks) query(q *decode.Query, weight uint32) {
	m.AllOptions &= q.Options
	m.AnyOptions |= q.Options
	odd := q.Malformed || q.Cut || !q.HasQuestion || q.Class != classIN || q.Flags>>11&15 != 0 || q.Type >= firstMetaType && q.Type <= typeANY
	if odd || offensive(q) {
		addTo(&m.Odd, weight)
	}
}

// firstMetaType is the first of the types that are not of data, typeANY the last (RFC 6895 section 3.1).
const firstMetaType = 128

// offensive says that a query has an anomaly that breaks a rule, or that some server was seen to refuse.
func offensive(q *decode.Query) bool {
	for i := range q.Anomalies[:q.NAnomalies] {
		if id := q.Anomalies[i].ID; id.Severity() >= anomaly.Violation || family.Refused(id) {
			return true
		}
	}
	return false
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

// echo says that a response has the query's length, options and, but for QR, RA and RCODE, its flags. Without options each copy of the question does.
func echo(q *decode.Query, r *decode.Message) bool {
	const own = wire.FlagQR | wire.FlagRA | 0xf
	return q.Options != 0 && r.HasOPT && r.EDNS.Has == q.Options && r.Length == q.Length && r.Flags&^own == q.Flags&^own
}

func (m *Marks) merge(o *Marks) {
	m.AllOptions &= o.AllOptions
	m.AnyOptions |= o.AnyOptions
	addTo(&m.Echoes, o.Echoes)
	addTo(&m.Bare, o.Bare)
	addTo(&m.NoDomain, o.NoDomain)
	addTo(&m.NoTop, o.NoTop)
	addTo(&m.Odd, o.Odd)
	addTo(&m.Random, o.Random)
	m.MinHop, m.MaxHop = min(m.MinHop, o.MinHop), max(m.MaxHop, o.MaxHop)
}
