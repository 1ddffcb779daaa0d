package evidence

import (
	"bytes"

	"github.com/dnssniff/dnssniff/decode/wire"
)

// unsigned counts an answer in which the zone ought to have signatures, and has none: RRSIG records belong to it if the query had DO (RFC 4035 section 3.1).
// What is not authoritative is not asked of, and which zone an answer is from is known where its SOA or NS records or the question name the zone itself.
func (c *Collector) unsigned(o *observation) {
	m, q := o.Response, o.Query
	if m.Flags&wire.FlagAA == 0 || m.Truncated() || !q.HasOPT || q.EDNSFlags&wire.EDNSFlagDO == 0 || o.name == nil || o.kind != Query {
		return
	}
	var apex []byte
	keys := false
	for i := range m.Records {
		r := &m.Records[i]
		switch {
		case r.Section == wire.SectionAdditional:
		case r.Type == typeRRSIG:
			return
		case r.Type == typeDNSKEY:
			keys = true
		case apex == nil && r.Section == wire.SectionAuthority && (r.Type == typeSOA || r.Type == typeNS):
			apex = c.owner(m, int(r.Off))
		}
	}
	keyless := q.Type == typeDNSKEY && !keys && m.RCODE() == rcodeNoError && m.Parsed[wire.SectionAnswer] == 0 && bytes.Equal(apex, o.name)
	if q.Type == typeDNSKEY && keys {
		apex = o.name
	}
	if s := c.signed.known(apex, keyless); s != nil {
		s.Unsigned++
		if keyless {
			s.Keyless++
		}
	}
}

// known returns what is known of a zone; nil where nothing is, unless it is new.
func (t *signed) known(zone []byte, isNew bool) *Signed {
	if isNew {
		return t.at(zone)
	}
	return t.by[string(zone)]
}
