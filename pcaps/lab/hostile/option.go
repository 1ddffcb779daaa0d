package hostile

import "github.com/miekg/dns"

// Option codes that miekg/dns has no name for (IANA, DNS EDNS0 Option Codes).
const (
	chain         = 13 // RFC 7901
	keyTag        = 14 // RFC 8145
	clientTag     = 16 // draft-bellis-dnsop-edns-tags
	serverTag     = 17 // draft-bellis-dnsop-edns-tags
	reportChannel = 18 // RFC 9567
	zoneVersion   = 19 // RFC 9660
)

// optionCases are what is wrong within one option.
var optionCases = []Case{
	{Anomaly: "O14", Name: "cookie_empty", build: func(m *message) { m.length(dns.EDNS0COOKIE, 0) }},
	{Anomaly: "O14", Name: "cookie_of_7_bytes", build: func(m *message) { m.length(dns.EDNS0COOKIE, 7) }},
	{Anomaly: "O14", Name: "cookie_of_9_bytes", build: func(m *message) { m.length(dns.EDNS0COOKIE, 9) }},
	{Anomaly: "O14", Name: "cookie_of_15_bytes", build: func(m *message) { m.length(dns.EDNS0COOKIE, 15) }},
	{Anomaly: "O14", Name: "cookie_of_41_bytes", build: func(m *message) { m.length(dns.EDNS0COOKIE, 41) }},
	{Anomaly: "O15", Name: "server_cookie_invented", build: func(m *message) { m.cookie(1, 0, 0, 0, 0x60, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8) }}, // of 2021
	{Anomaly: "O15", Name: "server_cookie_of_unknown_version", build: func(m *message) { m.cookie(9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9) }},
	{Anomaly: "O15", Name: "server_cookie_of_8_bytes", build: func(m *message) { m.cookie(1, 2, 3, 4, 5, 6, 7, 8) }},

	{Anomaly: "O20", Name: "subnet_empty", build: func(m *message) { m.length(dns.EDNS0SUBNET, 0) }},
	{Anomaly: "O20", Name: "subnet_of_3_bytes", build: func(m *message) { m.length(dns.EDNS0SUBNET, 3) }},
	{Anomaly: "O20", Name: "subnet_family_3", build: func(m *message) { m.subnet(0, 0, 3, 24, 0, 192, 0, 2) }},
	{Anomaly: "O20", Name: "subnet_ipv4_prefix_33", build: func(m *message) { m.subnet(2, 0, 1, 33, 0, 192, 0, 2, 1, 0) }},
	{Anomaly: "O20", Name: "subnet_ipv6_prefix_129", build: func(m *message) { m.subnet(2, 0, 2, 129, 0, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0) }},
	{Anomaly: "O20", Name: "subnet_address_short", build: func(m *message) { m.subnet(-2, 0, 1, 24, 0, 192, 0) }},
	{Anomaly: "O20", Name: "subnet_address_long", build: func(m *message) { m.subnet(-2, 0, 1, 24, 0, 192, 0, 2, 0) }},
	{Anomaly: "O20", Name: "subnet_bits_beyond_prefix", build: func(m *message) { m.subnet(6, 0, 1, 20, 0, 192, 0, 0x2f) }},
	{Anomaly: "O20", Name: "subnet_family_0_with_prefix", build: func(m *message) { m.subnet(2, 0, 0, 24, 0, 192, 0, 2) }},
	{Anomaly: "O21", Name: "subnet_scope_in_query", build: func(m *message) { m.subnet(3, 0, 1, 24, 24, 192, 0, 2) }},

	{Anomaly: "O23", Name: "keepalive_over_udp", build: func(m *message) { m.query(0, 0, 1).opt().here().option(dns.EDNS0TCPKEEPALIVE).end() }},
	{Anomaly: "O23", Name: "keepalive_with_timeout_over_udp", build: func(m *message) { m.query(0, 0, 1).opt().here().option(dns.EDNS0TCPKEEPALIVE, 0, 100).end() }},
	{Anomaly: "O24", Name: "keepalive_with_timeout_in_query", TCP: true, build: func(m *message) { m.length(dns.EDNS0TCPKEEPALIVE, 2) }},
	{Anomaly: "O24", Name: "keepalive_of_1_byte", TCP: true, build: func(m *message) { m.length(dns.EDNS0TCPKEEPALIVE, 1) }},
	{Anomaly: "O25", Name: "padding_over_udp", build: func(m *message) { m.query(0, 0, 1).opt().here().option(dns.EDNS0PADDING, make([]byte, 32)...).end() }},
	{Anomaly: "O25", Name: "padding_not_zero", build: func(m *message) {
		m.query(0, 0, 1).opt().u16(dns.EDNS0PADDING).sized().zeros(8).here().text("secret").end().end()
	}},
	{Anomaly: "O25", Name: "padding_makes_600_bytes", build: func(m *message) {
		m.query(0, 0, 1).opt().here().option(dns.EDNS0PADDING, make([]byte, 600-48)...).end()
	}},

	{Anomaly: "O26", Name: "llq_of_17_bytes", build: func(m *message) { m.length(dns.EDNS0LLQ, 17) }},
	{Anomaly: "O26", Name: "update_lease_of_3_bytes", build: func(m *message) { m.length(dns.EDNS0UL, 3) }},
	{Anomaly: "O26", Name: "nsid_with_value", build: func(m *message) { m.length(dns.EDNS0NSID, 4) }},
	{Anomaly: "O26", Name: "expire_of_3_bytes", build: func(m *message) { m.length(dns.EDNS0EXPIRE, 3) }},
	{Anomaly: "O26", Name: "key_tag_empty", build: func(m *message) { m.length(keyTag, 0) }},
	{Anomaly: "O26", Name: "key_tag_of_3_bytes", build: func(m *message) { m.length(keyTag, 3) }},
	{Anomaly: "O26", Name: "chain_not_a_name", build: func(m *message) { m.content(chain, 5, 'a') }},
	{Anomaly: "O26", Name: "client_tag_of_1_byte", build: func(m *message) { m.length(clientTag, 1) }},
	{Anomaly: "O26", Name: "server_tag_of_3_bytes", build: func(m *message) { m.length(serverTag, 3) }},
	{Anomaly: "O26", Name: "ede_of_1_byte", build: func(m *message) { m.length(dns.EDNS0EDE, 1) }},
	{Anomaly: "O26", Name: "ede_text_not_utf8", build: func(m *message) {
		m.query(0, 0, 1).opt().u16(dns.EDNS0EDE).sized().u16(0).text("b").here().raw(0xfc).text("cher").end().end()
	}},
	{Anomaly: "O26", Name: "ede_text_with_byte_order_mark", build: func(m *message) {
		m.query(0, 0, 1).opt().u16(dns.EDNS0EDE).sized().u16(0).here().text("\xef\xbb\xbftext").end().end()
	}},
	{Anomaly: "O26", Name: "report_channel_not_a_name", build: func(m *message) { m.content(reportChannel, 5, 'a') }},
	{Anomaly: "O26", Name: "report_channel_compressed", build: func(m *message) { m.content(reportChannel, 0xc0, qname) }},
	{Anomaly: "O26", Name: "zone_version_in_query", build: func(m *message) { m.length(zoneVersion, 6) }},
	{Anomaly: "O38", Name: "unknown_option", build: func(m *message) { m.query(0, 0, 1).opt().here().option(100, 1, 2, 3).end() }}, // legal
	{Anomaly: "O38", Name: "local_option", build: func(m *message) { m.query(0, 0, 1).opt().here().option(65001).end() }},          // legal
}

// length appends an OPT record with an option of n zeros, whose length is the matter.
func (m *message) length(code uint16, n uint16) *message {
	return m.query(0, 0, 1).opt().u16(code).here().u16(n).zeros(int(n)).end()
}

// content appends an OPT record with an option whose data are the matter from their first byte.
func (m *message) content(code uint16, data ...byte) *message {
	return m.query(0, 0, 1).opt().u16(code).sized().here().raw(data...).end().end()
}

// cookie appends an OPT record with a client cookie and a server cookie that no server made.
func (m *message) cookie(server ...byte) *message {
	return m.query(0, 0, 1).opt().u16(dns.EDNS0COOKIE).sized().raw(clientCookie...).here().raw(server...).end().end()
}

// subnet appends an OPT record with an ECS option: FAMILY, SOURCE PREFIX-LENGTH, SCOPE PREFIX-LENGTH, ADDRESS. The fault is at an offset
// in the data, or at -2: the option's length.
func (m *message) subnet(fault int, data ...byte) *message {
	m.query(0, 0, 1).opt().u16(dns.EDNS0SUBNET).sized()
	return m.faultAt(len(m.b) + fault).raw(data...).end().end()
}
