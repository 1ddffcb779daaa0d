package hostile

import "github.com/miekg/dns"

// ednsCases are what is wrong with an OPT record, and with the frame of its options.
var ednsCases = []Case{
	{Anomaly: "O01", Name: "opt_owner_not_root", build: func(m *message) { m.query(0, 0, 1).here().record(Host, dns.TypeOPT, 1232, 0).end() }},
	{Anomaly: "O02", Name: "two_opts", build: func(m *message) { m.query(0, 0, 2).opt().end().here().opt().end() }},
	{Anomaly: "O02", Name: "three_opts", build: func(m *message) { m.query(0, 0, 3).opt().end().here().opt().end().opt().end() }},
	{Anomaly: "O03", Name: "opt_in_answer", build: func(m *message) { m.query(1).here().opt().end() }},
	{Anomaly: "O03", Name: "opt_in_authority", build: func(m *message) { m.query(0, 1).here().opt().end() }},
	{Anomaly: "O04", Name: "edns_version_1", build: func(m *message) { m.version(1).end() }},
	{Anomaly: "O04", Name: "edns_version_255", build: func(m *message) { m.version(255).end() }},
	{Anomaly: "O04", Name: "edns_version_1_with_cookie_and_nsid", build: func(m *message) {
		m.version(1).option(dns.EDNS0COOKIE, clientCookie...).option(dns.EDNS0NSID).end()
	}},
	{Anomaly: "O04", Name: "edns_version_1_with_unknown_option", build: func(m *message) { m.version(1).option(100).end() }},
	{Anomaly: "O07", Name: "udp_size_0", build: func(m *message) { m.size(0) }},
	{Anomaly: "O07", Name: "udp_size_11", build: func(m *message) { m.size(11) }},
	{Anomaly: "O07", Name: "udp_size_511", build: func(m *message) { m.size(511) }},
	{Anomaly: "O08", Name: "udp_size_4096", build: func(m *message) { m.size(4096) }},
	{Anomaly: "O08", Name: "udp_size_65535", build: func(m *message) { m.size(65535) }},
	{Anomaly: "O09", Name: "edns_flag_next_to_do_and_co", build: func(m *message) { m.ednsFlags(do | 0x2000) }},
	{Anomaly: "O09", Name: "edns_flag_0x40", build: func(m *message) { m.ednsFlags(0x40) }},
	{Anomaly: "O09", Name: "all_edns_flags", build: func(m *message) { m.ednsFlags(0xffff) }},

	{Anomaly: "O11", Name: "option_one_byte_too_long", build: func(m *message) { m.query(0, 0, 1).opt().u16(65001).here().u16(5).zeros(4).end() }},
	{Anomaly: "O11", Name: "option_length_65535", build: func(m *message) { m.query(0, 0, 1).opt().u16(65001).here().u16(65535).end() }},
	{Anomaly: "O11", Name: "cookie_longer_than_opt", build: func(m *message) {
		m.query(0, 0, 1).opt().u16(dns.EDNS0COOKIE).here().u16(24).raw(clientCookie...).end()
	}},
	{Anomaly: "O11", Name: "second_option_longer_than_opt", build: func(m *message) {
		m.query(0, 0, 1).opt().option(dns.EDNS0COOKIE, clientCookie...).u16(dns.EDNS0SUBNET).here().u16(7).u16(1).raw(24, 0).end()
	}},
	{Anomaly: "O12", Name: "one_byte_after_options", build: func(m *message) { m.query(0, 0, 1).opt().option(65001).here().zeros(1).end() }},
	{Anomaly: "O12", Name: "two_bytes_after_options", build: func(m *message) { m.query(0, 0, 1).opt().option(65001).here().zeros(2).end() }},
	{Anomaly: "O12", Name: "three_bytes_in_opt", build: func(m *message) { m.query(0, 0, 1).opt().here().zeros(3).end() }},
	{Anomaly: "O13", Name: "two_cookies", build: func(m *message) {
		m.twice(dns.EDNS0COOKIE, clientCookie...)
	}},
	{Anomaly: "O13", Name: "two_subnets", build: func(m *message) { m.twice(dns.EDNS0SUBNET, 0, 1, 24, 0, 192, 0, 2) }},
	{Anomaly: "O13", Name: "two_nsids", build: func(m *message) { m.twice(dns.EDNS0NSID) }},
	{Anomaly: "O13", Name: "two_zoneversions", build: func(m *message) { m.twice(zoneVersion) }},
	{Anomaly: "O13", Name: "two_keepalives", TCP: true, build: func(m *message) { m.twice(dns.EDNS0TCPKEEPALIVE) }},
}

// version begins an OPT record whose version is the matter.
func (m *message) version(v byte) *message {
	m.query(0, 0, 1)
	return m.faultAt(len(m.b)+6).optVersion(1232, v, 0)
}

// size appends an OPT record whose UDP payload size is the matter.
func (m *message) size(n uint16) *message {
	m.query(0, 0, 1)
	return m.faultAt(len(m.b)+3).optVersion(n, 0, 0).end()
}

// ednsFlags appends an OPT record whose flags are the matter.
func (m *message) ednsFlags(flags uint16) *message {
	m.query(0, 0, 1)
	return m.faultAt(len(m.b)+7).optVersion(1232, 0, flags).end()
}

// twice appends an OPT record with the same option twice.
func (m *message) twice(code uint16, data ...byte) *message {
	return m.query(0, 0, 1).opt().option(code, data...).here().option(code, data...).end()
}
