package hostile

import "github.com/miekg/dns"

// updateCases are what is wrong with UPDATE (RFC 2136), NOTIFY (RFC 1996) and requests for a zone transfer. None changes a zone.
var updateCases = []Case{
	{Anomaly: "U01", Name: "update_without_zone", build: func(m *message) { m.faultAt(qdcount).head(opcode(dns.OpcodeUpdate)) }},
	{Anomaly: "U01", Name: "update_of_two_zones", build: func(m *message) {
		m.faultAt(qdcount).head(opcode(dns.OpcodeUpdate), 2).question(Zone, dns.TypeSOA, dns.ClassINET).question(Zone, dns.TypeSOA, dns.ClassINET)
	}},
	{Anomaly: "U02", Name: "update_zone_type_a", build: func(m *message) {
		m.head(opcode(dns.OpcodeUpdate), 1).name(Zone).here().u16(dns.TypeA, dns.ClassINET)
	}},
	{Anomaly: "U03", Name: "update_zone_class_any", build: func(m *message) { m.zoneClass(dns.ClassANY) }},
	{Anomaly: "U03", Name: "update_zone_class_none", build: func(m *message) { m.zoneClass(dns.ClassNONE) }},
	{Anomaly: "U04", Name: "update_of_unknown_zone", build: func(m *message) {
		m.faultAt(qname).head(opcode(dns.OpcodeUpdate), 1).question("not-here.test.", dns.TypeSOA, dns.ClassINET)
	}},
	{Anomaly: "U05", Name: "prerequisite_with_ttl", build: func(m *message) {
		m.update(1).name(Host).u16(dns.TypeANY, dns.ClassANY).here().u32(1).u16(0)
	}},
	{Anomaly: "U05", Name: "prerequisite_of_value_with_ttl", build: func(m *message) {
		m.update(1).name(Host).in(dns.TypeA).here().u32(1).u16(4).raw(192, 0, 2, 1)
	}},
	{Anomaly: "U06", Name: "prerequisite_class_any_with_rdata", build: func(m *message) { m.prerequisiteWithData(dns.ClassANY) }},
	{Anomaly: "U06", Name: "prerequisite_class_none_with_rdata", build: func(m *message) { m.prerequisiteWithData(dns.ClassNONE) }},
	{Anomaly: "U07", Name: "prerequisite_out_of_zone", build: func(m *message) {
		m.update(1).here().record("www.example.org.", dns.TypeANY, dns.ClassANY, 0).end()
	}},
	{Anomaly: "U09", Name: "update_out_of_zone", build: func(m *message) { m.update(0, 1).here().address("www.example.org.") }},
	{Anomaly: "U10", Name: "update_adds_type_any", build: func(m *message) { m.addMeta(dns.TypeANY) }},
	{Anomaly: "U10", Name: "update_adds_type_axfr", build: func(m *message) { m.addMeta(dns.TypeAXFR) }},
	{Anomaly: "U10", Name: "update_deletes_type_axfr", build: func(m *message) {
		m.update(0, 1).name("hostile."+Zone).here().u16(dns.TypeAXFR, dns.ClassANY).u32(0).u16(0)
	}},
	{Anomaly: "U10", Name: "update_deletes_rrset_with_ttl", build: func(m *message) {
		m.update(0, 1).name("hostile."+Zone).u16(dns.TypeA, dns.ClassANY).here().u32(1).u16(0)
	}},
	{Anomaly: "U10", Name: "update_deletes_rrset_with_rdata", build: func(m *message) {
		m.update(0, 1).name("hostile."+Zone).u16(dns.TypeA, dns.ClassANY).u32(0).here().u16(4).raw(192, 0, 2, 9)
	}},
	{Anomaly: "U10", Name: "update_deletes_record_with_ttl", build: func(m *message) {
		m.update(0, 1).name("hostile."+Zone).u16(dns.TypeA, dns.ClassNONE).here().u32(1).u16(4).raw(192, 0, 2, 9)
	}},
	{Anomaly: "U11", Name: "update_adds_class_ch", build: func(m *message) {
		m.update(0, 1).name("hostile." + Zone).u16(dns.TypeTXT).here().u16(dns.ClassCHAOS).u32(300).u16(4).raw(3).text("lab")
	}},
	{Anomaly: "U12", Name: "update_sound", build: func(m *message) { // its prerequisite, that Zone is there, is met; it asks for nothing
		m.faultAt(flagsField).update(1).record(Zone, dns.TypeANY, dns.ClassANY, 0).end()
	}},

	{Anomaly: "U14", Name: "notify_of_type_a", build: func(m *message) {
		m.head(opcode(dns.OpcodeNotify)|aa, 1).name(Zone).here().u16(dns.TypeA, dns.ClassINET)
	}},
	{Anomaly: "U14", Name: "notify_without_question", build: func(m *message) { m.faultAt(qdcount).head(opcode(dns.OpcodeNotify) | aa) }},
	{Anomaly: "U14", Name: "notify_of_two_zones", build: func(m *message) {
		m.faultAt(qdcount).head(opcode(dns.OpcodeNotify)|aa, 2).question(Zone, dns.TypeSOA, dns.ClassINET).question(Zone, dns.TypeSOA, dns.ClassINET)
	}},
	{Anomaly: "U14", Name: "notify_with_authority", build: func(m *message) {
		m.faultAt(nscount).head(opcode(dns.OpcodeNotify)|aa, 1, 0, 1).question(Zone, dns.TypeSOA, dns.ClassINET).record(Zone, dns.TypeSOA, dns.ClassINET, 300).soa(2).end()
	}},
	{Anomaly: "U15", Name: "axfr_over_udp", build: func(m *message) { m.head(0, 1).name(Zone).here().u16(dns.TypeAXFR, dns.ClassINET) }},
	{Anomaly: "U16", Name: "ixfr_without_soa", build: func(m *message) { m.faultAt(nscount).ixfr(0) }},
	{Anomaly: "U16", Name: "ixfr_with_two_soas", build: func(m *message) {
		m.ixfr(2).record(Zone, dns.TypeSOA, dns.ClassINET, 0).soa(1).end().here().record(Zone, dns.TypeSOA, dns.ClassINET, 0).soa(2).end()
	}},
	{Anomaly: "U16", Name: "ixfr_with_address_for_soa", build: func(m *message) { m.ixfr(1).here().address(Zone) }},
}

// zoneClass appends an UPDATE whose zone's class is the matter.
func (m *message) zoneClass(class uint16) *message {
	return m.head(opcode(dns.OpcodeUpdate), 1).name(Zone).u16(dns.TypeSOA).here().u16(class)
}

// prerequisiteWithData appends an UPDATE with a prerequisite that should have no RDATA.
func (m *message) prerequisiteWithData(class uint16) *message {
	return m.update(1).name(Host).u16(dns.TypeA, class).u32(0).here().u16(4).raw(192, 0, 2, 1)
}

// addMeta appends an UPDATE that adds a record whose type is the matter.
func (m *message) addMeta(typ uint16) *message {
	return m.update(0, 1).name("hostile."+Zone).here().fixed(typ, dns.ClassINET, 300).raw(192, 0, 2, 9).end()
}

// ixfr appends an IXFR query's header and question.
func (m *message) ixfr(nscount uint16) *message {
	return m.head(0, 1, 0, nscount).question(Zone, dns.TypeIXFR, dns.ClassINET)
}
