package wire

import (
	"encoding/binary"

	"github.com/miekg/dns"
)

// maxInZone is how many names of an UPDATE are compared with the zone's: a bound for the work that a message of 64 KiB can ask for.
const maxInZone = 1024

// Notes of update that are made once a message.
type updateNotes struct{ ttl, rdata, meta, class, prereqZone, updateZone bool }

// update checks an UPDATE request as a primary server does before it looks at the zone (RFC 2136 sections 3.1.1, 3.2.5 and 3.4.1.3). What was cut off
// is not missing.
func (m *Message) update() {
	if m.Counts[SectionQuestion] != 1 {
		m.insert(fault{updateZoneCount, 4, 2})
	}
	if m.Parsed[SectionQuestion] == 0 {
		return
	}
	q := &m.Question
	if q.Type != typeSOA {
		m.insert(fault{updateZoneType, int(q.End) - 4, 2})
	}
	if q.Class == classANY || q.Class == classNONE {
		m.insert(fault{updateZoneClass, int(q.End) - 2, 2})
	}
	var noted updateNotes
	for i := range m.Records {
		r := &m.Records[i]
		switch r.Section {
		case SectionAnswer:
			m.prerequisite(r, &noted)
		case SectionAuthority:
			m.change(r, &noted)
		}
		if i < maxInZone && r.Section != SectionAdditional {
			m.inZone(r, &noted)
		}
	}
}

// first notes a fault unless one of its kind was noted.
func (m *Message) first(noted *bool, f fault) {
	if !*noted {
		*noted = true
		m.insert(f)
	}
}

// prerequisite checks a record of the prerequisite section.
func (m *Message) prerequisite(r *Record, noted *updateNotes) {
	at := int(r.Data)
	if r.TTL != 0 {
		m.first(&noted.ttl, fault{prereqTTL, at - 6, 4})
	}
	switch {
	case r.Class == m.Question.Class:
	case r.Class != classANY && r.Class != classNONE:
		m.first(&noted.class, fault{updateClass, at - 8, 2})
	case r.Len != 0:
		m.first(&noted.rdata, fault{prereqRDATA, at - 2, 2})
	}
}

// change checks a record of the update section: one to add has the zone's class, RRsets to delete have ANY, a record to delete has NONE.
func (m *Message) change(r *Record, noted *updateNotes) {
	at := int(r.Data)
	meta := r.Type == dns.TypeAXFR || r.Type == dns.TypeMAILA || r.Type == dns.TypeMAILB || r.Type == typeIXFR || r.Type == typeOPT || r.Type == typeTSIG
	switch {
	case meta, r.Type == typeANY && r.Class != classANY:
		m.first(&noted.meta, fault{updateMeta, at - 10, 2})
	case r.Class == m.Question.Class:
	case r.Class != classANY && r.Class != classNONE:
		m.first(&noted.class, fault{updateClass, at - 8, 2})
	case r.TTL != 0:
		m.first(&noted.meta, fault{updateMeta, at - 6, 4})
	case r.Class == classANY && r.Len != 0:
		m.first(&noted.meta, fault{updateMeta, at - 2, 2})
	}
}

// inZone notes the first prerequisite and the first update whose owner is not in the zone.
func (m *Message) inZone(r *Record, noted *updateNotes) {
	zone := m.Question.Name
	if int(r.NameLen) >= len(zone) {
		if r.OwnerIsPtrToQ {
			return
		}
		var room [maxName]byte
		owner := appendWire(room[:0], m.Data, int(r.Off))
		cut := 0
		for len(owner)-cut > len(zone) {
			cut += int(owner[cut]) + 1
		}
		if EqualFold(owner[cut:], zone) {
			return
		}
	}
	f := fault{updateOutside, int(r.Off), int(r.Data-r.Off) - rrFixed}
	if r.Section == SectionAnswer {
		f.id = prereqOutside
		m.first(&noted.prereqZone, f)
		return
	}
	m.first(&noted.updateZone, f)
}

// Types that NOTIFY is for, besides SOA (RFC 1996 section 3.7, RFC 9859).
const (
	typeCDS   = dns.TypeCDS
	typeCSYNC = dns.TypeCSYNC
)

// notify checks a NOTIFY message. A request may have records in any section (RFC 1996 section 3.7).
func (m *Message) notify() {
	switch q := &m.Question; {
	case m.Counts[SectionQuestion] != 1:
		m.insert(fault{notifyBad, 4, 2})
	case m.Parsed[SectionQuestion] > 0 && q.Type != typeSOA && q.Type != typeCDS && q.Type != typeCSYNC:
		m.insert(fault{notifyBad, int(q.End) - 4, 2})
	case !m.Response():
	case m.Counts[SectionAnswer] > 0:
		m.insert(fault{notifyBad, 6, 2})
	case m.Counts[SectionAuthority] > 0:
		m.insert(fault{notifyBad, 8, 2})
	}
}

// ixfr checks that an IXFR query has one SOA record in its authority section (RFC 1995 section 3).
func (m *Message) ixfr() {
	if m.Counts[SectionAuthority] == 0 {
		m.insert(fault{ixfrSOA, 8, 2})
		return
	}
	found := false
	for i := range m.Records {
		r := &m.Records[i]
		if r.Section != SectionAuthority {
			continue
		}
		if r.Type != typeSOA || found {
			m.insert(fault{ixfrSOA, int(r.Off), int(r.Data-r.Off) + int(r.Len)})
			return
		}
		found = true
	}
}

// dso checks the header of a DNS Stateful Operations message: its counts are 0 (RFC 8490 section 5.4). What follows is not of the usual sections.
func (m *Message) dso() {
	m.saw |= sawOnCarrier
	m.insert(fault{dsoMessage, 2, 2})
	if counts := binary.BigEndian.Uint64(m.Data[4:]); counts != 0 {
		m.insert(fault{dsoMisused, 2, 2})
	}
}
