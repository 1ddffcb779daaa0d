package hostile

import "github.com/miekg/dns"

// Classes that miekg/dns has no name for.
const (
	classReserved = 0
	classQU       = 1<<15 | dns.ClassINET // mDNS: a unicast answer is wanted (RFC 6762 section 5.4)
)

// questionCases are questions of right form that servers treat in a way of their own.
var questionCases = []Case{
	{Anomaly: "Q01", Name: "qtype_0", build: func(m *message) { m.qtype(dns.TypeNone) }},
	{Anomaly: "Q02", Name: "qtype_opt", build: func(m *message) { m.qtype(dns.TypeOPT) }},
	{Anomaly: "Q02", Name: "qtype_tsig", build: func(m *message) { m.qtype(dns.TypeTSIG) }},
	{Anomaly: "Q02", Name: "qtype_tkey", build: func(m *message) { m.qtype(dns.TypeTKEY) }},
	{Anomaly: "Q02", Name: "qtype_sig", build: func(m *message) { m.qtype(dns.TypeSIG) }},
	{Anomaly: "Q02", Name: "qtype_128", build: func(m *message) { m.qtype(128) }},
	{Anomaly: "Q03", Name: "qtype_maila", build: func(m *message) { m.qtype(dns.TypeMAILA) }},
	{Anomaly: "Q03", Name: "qtype_mailb", build: func(m *message) { m.qtype(dns.TypeMAILB) }},
	{Anomaly: "Q04", Name: "qtype_any", build: func(m *message) { m.qtype(dns.TypeANY) }},
	{Anomaly: "Q07", Name: "qtype_private", build: func(m *message) { m.qtype(65280) }},
	{Anomaly: "Q08", Name: "version_bind", build: func(m *message) { m.chaos("version.bind.") }},
	{Anomaly: "Q08", Name: "hostname_bind", build: func(m *message) { m.chaos("hostname.bind.") }},
	{Anomaly: "Q08", Name: "id_server", build: func(m *message) { m.chaos("id.server.") }},
	{Anomaly: "Q09", Name: "qclass_none", build: func(m *message) { m.qclass(dns.ClassNONE) }},
	{Anomaly: "Q10", Name: "qclass_any", build: func(m *message) { m.qclass(dns.ClassANY) }},
	{Anomaly: "Q11", Name: "qclass_0", build: func(m *message) { m.qclass(classReserved) }},
	{Anomaly: "Q11", Name: "qclass_cs", build: func(m *message) { m.qclass(dns.ClassCSNET) }},
	{Anomaly: "Q11", Name: "qclass_ch", build: func(m *message) { m.qclass(dns.ClassCHAOS) }},
	{Anomaly: "Q11", Name: "qclass_hs", build: func(m *message) { m.qclass(dns.ClassHESIOD) }},
	{Anomaly: "Q11", Name: "qclass_in_with_qu_bit", build: func(m *message) { m.qclass(classQU) }},
}

// qtype appends a query whose type is the matter.
func (m *message) qtype(typ uint16) *message { return m.head(rd, 1).name(Host).here().in(typ) }

// qclass appends a query whose class is the matter.
func (m *message) qclass(class uint16) *message {
	return m.head(rd, 1).name(Host).u16(dns.TypeA).here().u16(class)
}

// chaos appends a query that asks what the server is.
func (m *message) chaos(name string) *message {
	return m.head(rd, 1).name(name).u16(dns.TypeTXT).here().u16(dns.ClassCHAOS)
}
