package hostile

import (
	"strings"

	"github.com/miekg/dns"
)

// qname is the offset of the question's name.
const qname = headerLen

var (
	long63 = strings.Repeat("x", 63)
	long62 = long63[:62]
)

// nameCases are what is wrong with a name, in the question or as the owner of an additional record.
var nameCases = []Case{
	{Anomaly: "N01", Name: "qname_label_type_01", build: func(m *message) { m.head(rd, 1).here().raw(0x47).text("example").raw(0).in(dns.TypeA) }},
	{Anomaly: "N01", Name: "qname_bit_string_label", build: func(m *message) { // RFC 2673, withdrawn
		m.head(rd, 1).here().raw(0x41, 8, 0xc0).name(Zone).in(dns.TypePTR)
	}},
	{Anomaly: "N01", Name: "qname_second_label_type_01", build: func(m *message) { m.head(rd, 1).labels("www").here().raw(0x7f).text("example").raw(0).in(dns.TypeA) }},
	{Anomaly: "N01", Name: "owner_label_type_01", build: func(m *message) { m.query(0, 0, 1).here().raw(0x40, 0).host() }},
	{Anomaly: "N02", Name: "qname_label_type_10", build: func(m *message) { m.head(rd, 1).here().raw(0x87).text("example").raw(0).in(dns.TypeA) }},
	{Anomaly: "N02", Name: "qname_second_label_type_10", build: func(m *message) { m.head(rd, 1).labels("www").here().raw(0xbf, 0).in(dns.TypeA) }},
	{Anomaly: "N02", Name: "owner_label_type_10", build: func(m *message) { m.query(0, 0, 1).here().raw(0x80, 0).host() }},

	{Anomaly: "N04", Name: "qname_of_256_octets", build: func(m *message) {
		m.head(rd, 1).here().labels(long63, long63, long63, long62).raw(0).in(dns.TypeA)
	}},
	{Anomaly: "N04", Name: "qname_of_1026_octets", build: func(m *message) {
		m.head(rd, 1).here()
		for range 16 {
			m.labels(long63)
		}
		m.raw(0).in(dns.TypeA)
	}},
	{Anomaly: "N04", Name: "owner_of_256_octets_by_pointer", build: func(m *message) { // 192 octets of its own, 64 through the pointer
		m.head(rd, 1, 0, 0, 1).labels(long63[:50]).name(Zone).in(dns.TypeA)
		m.here().labels(long63, long63, long63).pointer(qname).host()
	}},

	{Anomaly: "N05", Name: "qname_points_to_itself", build: func(m *message) { m.head(rd, 1).here().pointer(qname).in(dns.TypeA) }},
	{Anomaly: "N05", Name: "qname_pointers_in_a_cycle", build: func(m *message) { m.head(rd, 1).here().pointer(qname + 2).pointer(qname).in(dns.TypeA) }},
	{Anomaly: "N05", Name: "qname_points_to_its_start", build: func(m *message) { m.head(rd, 1).labels("www").here().pointer(qname).in(dns.TypeA) }},
	{Anomaly: "N05", Name: "owner_points_to_itself", build: func(m *message) { m.query(0, 0, 1).here(); m.pointer(len(m.b)).host() }},
	{Anomaly: "N05", Name: "owner_points_to_its_start", build: func(m *message) {
		m.query(0, 0, 1)
		start := len(m.b)
		m.labels("www").here().pointer(start).host()
	}},
	{Anomaly: "N06", Name: "qname_points_forward", build: func(m *message) { // to the owner of the additional record: it ends there
		m.head(rd, 1, 0, 0, 1).here().pointer(qname + 6).in(dns.TypeA).address(Host)
	}},
	{Anomaly: "N06", Name: "owner_points_forward", build: func(m *message) {
		m.query(0, 0, 2).here()
		m.pointer(len(m.b) + 16).host().address(Host)
	}},
	{Anomaly: "N07", Name: "qname_points_to_zero_in_header", build: func(m *message) { m.head(rd, 1).here().pointer(qdcount).in(dns.TypeA) }},
	{Anomaly: "N07", Name: "qname_points_to_flags", build: func(m *message) { m.head(rd, 1).here().pointer(flagsField).in(dns.TypeA) }}, // 01 00 00: a label of NUL
	{Anomaly: "N07", Name: "owner_points_to_zero_in_header", build: func(m *message) { m.query(0, 0, 1).here().pointer(ancount).host() }},
	{Anomaly: "N08", Name: "owner_points_into_a_label", build: func(m *message) { // of the QNAME, which holds the name "hi" within a label
		m.head(rd, 1, 0, 0, 1).labels("a\x02hi\x00b").name(Zone).in(dns.TypeA).here().pointer(qname + 2).host()
	}},
	{Anomaly: "N08", Name: "owner_points_into_rdata", build: func(m *message) {
		m.query(0, 0, 2).record(Host, dns.TypeTXT, dns.ClassINET, 300)
		at := len(m.b) + 1
		m.raw(4).name("hi.").end().here().pointer(at).host()
	}},
	{Anomaly: "N09", Name: "qname_points_past_the_end", build: func(m *message) { m.head(rd, 1).here().pointer(0x3fff).in(dns.TypeA) }},
	{Anomaly: "N09", Name: "qname_points_to_the_end", build: func(m *message) { m.head(rd, 1).here().pointer(qname + 6).in(dns.TypeA) }},
	{Anomaly: "N09", Name: "owner_points_past_the_end", build: func(m *message) { m.query(0, 0, 1).here().pointer(0x0200).host() }},
	{Anomaly: "N10", Name: "qname_pointer_cut", build: func(m *message) { m.head(rd, 1).here().raw(0xc0) }},
	{Anomaly: "N10", Name: "owner_pointer_cut", build: func(m *message) { m.query(0, 0, 1).here().raw(0xc0) }},
	{Anomaly: "N11", Name: "qname_label_past_the_end", build: func(m *message) { m.head(rd, 1).here().raw(63).text("www") }},
	{Anomaly: "N11", Name: "qname_second_label_past_the_end", build: func(m *message) { m.head(rd, 1).labels("www").here().raw(8).text("example") }},
	{Anomaly: "N11", Name: "owner_label_past_the_end", build: func(m *message) { m.query(0, 0, 1).here().raw(20).text("example") }},
	{Anomaly: "N12", Name: "qname_without_root", build: func(m *message) { m.head(rd, 1).labels("www", "example", "com").here() }},
	{Anomaly: "N12", Name: "owner_without_root", build: func(m *message) { m.query(0, 0, 1).labels("www").here() }},
	{Anomaly: "N13", Name: "qname_ends_in_pointer", build: func(m *message) { // to a zero octet in the header; nothing else is before it
		m.head(rd, 1).labels("www", "example", "com").here().pointer(qdcount).in(dns.TypeA)
	}},
	{Anomaly: "N13", Name: "second_qname_compressed", build: func(m *message) {
		m.head(rd, 2).question(Host, dns.TypeA, dns.ClassINET).here().pointer(qname).in(dns.TypeAAAA)
	}},
	{Anomaly: "N14", Name: "owner_through_11_pointers", build: func(m *message) { m.chain(10) }},
	{Anomaly: "N14", Name: "owner_through_101_pointers", build: func(m *message) { m.chain(100) }},
	{Anomaly: "N14", Name: "owner_through_201_pointers", build: func(m *message) { m.chain(200) }},

	{Anomaly: "N15", Name: "nul_in_label", build: func(m *message) { m.odd("w", "\x00", "w") }},
	{Anomaly: "N15", Name: "trailing_space", build: func(m *message) { m.odd("www", " ", "") }},
	{Anomaly: "N15", Name: "dot_in_label", build: func(m *message) { m.odd("www", ".", "mail") }},
	{Anomaly: "N15", Name: "url_as_name", build: func(m *message) { m.odd("http", ":", "//www") }},
	{Anomaly: "N15", Name: "log4j_probe", build: func(m *message) { m.odd("", "$", "{jndi:ldap://x}") }},
	{Anomaly: "N15", Name: "ansi_escape_in_label", build: func(m *message) { m.odd("", "\x1b", "[2J[red]<b>") }},
	{Anomaly: "N15", Name: "utf8_in_label", build: func(m *message) { m.odd("b", "\xc3", "\xbccher") }},
	{Anomaly: "N15", Name: "octet_255_in_label", build: func(m *message) { m.odd("", "\xff", "") }},
	{Anomaly: "N16", Name: "single_label", build: func(m *message) { m.ask("workgroup.", dns.TypeA) }},
	{Anomaly: "N16", Name: "localhost", build: func(m *message) { m.ask("localhost.", dns.TypeA) }},
	{Anomaly: "N16", Name: "address_as_name", build: func(m *message) { m.ask("10.1.2.3.", dns.TypeA) }},
	{Anomaly: "N16", Name: "private_reverse", build: func(m *message) { m.ask("1.1.168.192.in-addr.arpa.", dns.TypePTR) }},
	{Anomaly: "N16", Name: "search_suffix_twice", build: func(m *message) { m.ask("www.example.com.example.com.", dns.TypeA) }},
}

// in appends a type, and class IN.
func (m *message) in(typ uint16) *message { return m.u16(typ, dns.ClassINET) }

// host appends what follows the owner of an address record.
func (m *message) host() *message {
	return m.fixed(dns.TypeA, dns.ClassINET, 300).raw(192, 0, 2, 1).end()
}

// ask appends a sound query for a name that is itself the matter.
func (m *message) ask(name string, typ uint16) *message {
	return m.faultAt(qname).head(rd, 1).question(name, typ, dns.ClassINET)
}

// odd appends a query for a name below Zone with an octet in its first label that host names do not have.
func (m *message) odd(before, octet, after string) *message {
	return m.faultAt(qname+1+len(before)).head(rd, 1).labels(before + octet + after).name(Zone).in(dns.TypeA)
}

// chain appends a query with an additional record whose owner leads to the QNAME through 1+n pointers, n of them in the RDATA of another
// record, each to the one before it.
func (m *message) chain(n int) *message {
	m.query(0, 0, 2).record(Host, dns.TypeNULL, dns.ClassINET, 300)
	target := qname
	for range n {
		at := len(m.b)
		m.pointer(target)
		target = at
	}
	return m.end().here().pointer(target).host()
}
