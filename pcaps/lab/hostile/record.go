package hostile

import "github.com/miekg/dns"

// recordCases are what is wrong with the frame of questions and records, and with records that should not be together.
var recordCases = []Case{
	{Anomaly: "R01", Name: "question_without_type", build: func(m *message) { m.head(rd, 1).name(Host).here() }},
	{Anomaly: "R01", Name: "question_without_class", build: func(m *message) { m.head(rd, 1).name(Host).here().u16(dns.TypeA) }},
	{Anomaly: "R01", Name: "question_one_byte_short", build: func(m *message) { m.head(rd, 1).name(Host).here().u16(dns.TypeA).raw(0) }},
	{Anomaly: "R02", Name: "opt_cut_after_type", build: func(m *message) { m.query(0, 0, 1).name(".").here().u16(dns.TypeOPT) }},
	{Anomaly: "R02", Name: "opt_without_rdlength", build: func(m *message) { m.query(0, 0, 1).name(".").here().u16(dns.TypeOPT, 1232).u32(0) }},
	{Anomaly: "R02", Name: "record_is_owner_only", build: func(m *message) { m.query(0, 0, 1).name(Host).here() }},
	{Anomaly: "R03", Name: "address_cut", build: func(m *message) { m.query(0, 0, 1).owned(dns.TypeA).here().u16(4).raw(192, 0) }},
	{Anomaly: "R03", Name: "opt_rdlength_65535", build: func(m *message) { m.query(0, 0, 1).name(".").u16(dns.TypeOPT, 1232).u32(0).here().u16(65535) }},
	{Anomaly: "R03", Name: "rdlength_one_too_many", build: func(m *message) { m.query(0, 0, 1).owned(dns.TypeTXT).here().u16(5).raw(3).text("lab") }},

	{Anomaly: "R14", Name: "ttl_with_high_bit", build: func(m *message) {
		m.query(0, 0, 1).name(Host).in(dns.TypeA).here().u32(1<<31).u16(4).raw(192, 0, 2, 1)
	}},
	{Anomaly: "R15", Name: "two_ttls_in_one_rrset", build: func(m *message) {
		m.query(0, 0, 2).address(Host).name(Host).in(dns.TypeA).here().u32(301).u16(4).raw(192, 0, 2, 2)
	}},
	{Anomaly: "R16", Name: "two_cnames_at_one_owner", build: func(m *message) {
		m.query(0, 0, 2).additional(dns.TypeCNAME).name("a.example.com.").end().here().additional(dns.TypeCNAME).name("b.example.com.").end()
	}},
	{Anomaly: "R17", Name: "same_record_twice", build: func(m *message) { m.query(0, 0, 2).address(Host).here().address(Host) }},
	{Anomaly: "R18", Name: "record_of_class_ch", build: func(m *message) {
		m.query(0, 0, 1).name(Host).u16(dns.TypeA).here().u16(dns.ClassCHAOS).u32(300).u16(4).raw(192, 0, 2, 1)
	}},
	{Anomaly: "R19", Name: "record_of_type_axfr", build: func(m *message) { m.typed(dns.TypeAXFR) }},
	{Anomaly: "R19", Name: "record_of_type_any", build: func(m *message) { m.typed(dns.TypeANY) }},
	{Anomaly: "R19", Name: "record_of_type_maila", build: func(m *message) { m.typed(dns.TypeMAILA) }},
	{Anomaly: "R20", Name: "record_of_type_0", build: func(m *message) { m.typed(dns.TypeNone) }},
	{Anomaly: "R20", Name: "record_of_type_null", build: func(m *message) { m.typed(dns.TypeNULL) }},
	{Anomaly: "R20", Name: "record_of_class_0", build: func(m *message) {
		m.query(0, 0, 1).name(Host).u16(dns.TypeA).here().u16(0).u32(300).u16(4).raw(192, 0, 2, 1)
	}},
	{Anomaly: "R20", Name: "record_of_class_any", build: func(m *message) {
		m.query(0, 0, 1).name(Host).u16(dns.TypeA).here().u16(dns.ClassANY).u32(300).u16(4).raw(192, 0, 2, 1)
	}},

	{Anomaly: "R21", Name: "one_byte_left_over", build: func(m *message) { m.query().here().raw(0) }},
	{Anomaly: "R21", Name: "eleven_zeros_left_over", build: func(m *message) { m.query().here().zeros(11) }},
	{Anomaly: "R21", Name: "text_left_over_after_opt", build: func(m *message) { m.query(0, 0, 1).opt().end().here().text("trailing") }},
	{Anomaly: "R22", Name: "opt_not_counted", build: func(m *message) { m.query().here().opt().end() }},
	{Anomaly: "R23", Name: "tsig_in_answer", build: func(m *message) { // the MAC is right but for the section
		m.query(1).here().tsig()
	}},
	{Anomaly: "R23", Name: "soa_in_answer_of_query", build: func(m *message) { m.query(1).here().additional(dns.TypeSOA).soa(1).end() }},
}

// owned appends a record's owner Host, type, class and TTL: its RDLENGTH is next.
func (m *message) owned(typ uint16) *message { return m.name(Host).in(typ).u32(300) }

// additional begins a record of a type at Host.
func (m *message) additional(typ uint16) *message { return m.record(Host, typ, dns.ClassINET, 300) }

// typed appends a query with a record whose type is the matter.
func (m *message) typed(typ uint16) *message {
	return m.query(0, 0, 1).name(Host).here().fixed(typ, dns.ClassINET, 300).text("data").end()
}
