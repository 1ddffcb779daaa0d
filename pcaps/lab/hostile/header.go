package hostile

import "github.com/miekg/dns"

// Opcodes that miekg/dns has no name for.
const opcodeDSO = 6

// headerCases are what is wrong with the first twelve bytes.
var headerCases = []Case{
	{Anomaly: "H01", Name: "one_byte", build: func(m *message) { m.raw(0).here() }},
	{Anomaly: "H01", Name: "id_and_flags_only", build: func(m *message) { m.u16(m.id, rd).here() }},
	{Anomaly: "H01", Name: "header_one_byte_short", build: func(m *message) { m.head(rd, 1); m.b = m.b[:headerLen-1]; m.here() }},

	{Anomaly: "H02", Name: "response_without_query", build: func(m *message) {
		m.faultAt(flagsField).head(qr|rd, 1).question(Host, dns.TypeA, dns.ClassINET)
	}},
	{Anomaly: "H02", Name: "response_with_answer", build: func(m *message) {
		m.faultAt(flagsField).head(qr|aa|rd, 1, 1).question(Host, dns.TypeA, dns.ClassINET).address(Host)
	}},
	{Anomaly: "H02", Name: "response_formerr", build: func(m *message) {
		m.faultAt(flagsField).head(qr|dns.RcodeFormatError, 1).question(Host, dns.TypeA, dns.ClassINET)
	}},

	{Anomaly: "H04", Name: "opcode_3", build: func(m *message) { m.opcode(3) }},
	{Anomaly: "H04", Name: "opcode_7", build: func(m *message) { m.opcode(7) }},
	{Anomaly: "H04", Name: "opcode_15", build: func(m *message) { m.opcode(15) }},
	{Anomaly: "H04", Name: "opcode_15_header_only", build: func(m *message) { m.faultAt(flagsField).head(opcode(15) | rd) }},
	{Anomaly: "H05", Name: "opcode_iquery", build: func(m *message) { m.opcode(dns.OpcodeIQuery) }},
	{Anomaly: "H05", Name: "iquery_of_rfc1035", build: func(m *message) { // the address whose name is wanted is an answer
		m.faultAt(flagsField).head(opcode(dns.OpcodeIQuery), 0, 1).address(".")
	}},
	{Anomaly: "H06", Name: "opcode_status", build: func(m *message) { m.opcode(dns.OpcodeStatus) }},
	{Anomaly: "H06", Name: "status_header_only", build: func(m *message) { m.faultAt(flagsField).head(opcode(dns.OpcodeStatus)) }},
	{Anomaly: "H07", Name: "dso_over_udp", build: func(m *message) { m.faultAt(flagsField).dsoKeepalive(0) }},
	{Anomaly: "H07", Name: "dso_with_question", TCP: true, build: func(m *message) { m.opcode(opcodeDSO) }},

	{Anomaly: "H08", Name: "header_only", build: func(m *message) { m.faultAt(qdcount).head(rd) }},
	{Anomaly: "H08", Name: "no_question_but_opt", build: func(m *message) { m.faultAt(qdcount).head(rd, 0, 0, 0, 1).opt().end() }},
	{Anomaly: "H08", Name: "no_question_but_cookie", build: func(m *message) { // legal: RFC 7873 section 5.4
		m.faultAt(qdcount).head(rd, 0, 0, 0, 1).opt().option(dns.EDNS0COOKIE, clientCookie...).end()
	}},
	{Anomaly: "H08", Name: "question_not_counted", build: func(m *message) { m.faultAt(qdcount).head(rd).question(Host, dns.TypeA, dns.ClassINET) }},
	{Anomaly: "H09", Name: "two_questions", build: func(m *message) { m.faultAt(qdcount).twoQuestions(Host, Zone) }},
	{Anomaly: "H09", Name: "same_question_twice", build: func(m *message) { m.faultAt(qdcount).twoQuestions(Host, Host) }},

	{Anomaly: "H10", Name: "question_missing", build: func(m *message) { m.faultAt(qdcount).head(rd, 1) }},
	{Anomaly: "H10", Name: "second_question_missing", build: func(m *message) { m.faultAt(qdcount).head(rd, 2).question(Host, dns.TypeA, dns.ClassINET) }},
	{Anomaly: "H10", Name: "answer_missing", build: func(m *message) { m.faultAt(ancount).query(1) }},
	{Anomaly: "H10", Name: "authority_missing", build: func(m *message) { m.faultAt(nscount).query(0, 1) }},
	{Anomaly: "H10", Name: "additional_missing", build: func(m *message) { m.faultAt(arcount).query(0, 0, 1) }},
	{Anomaly: "H10", Name: "opt_there_another_missing", build: func(m *message) { m.faultAt(arcount).query(0, 0, 2).opt().end() }},
	{Anomaly: "H10", Name: "all_counts_65535", build: func(m *message) {
		m.faultAt(qdcount).head(rd, 65535, 65535, 65535, 65535).question(Host, dns.TypeA, dns.ClassINET)
	}},

	{Anomaly: "H11", Name: "answer_in_query", build: func(m *message) { m.faultAt(ancount).query(1).address(Host) }},
	{Anomaly: "H11", Name: "two_answers_in_query", build: func(m *message) { m.faultAt(ancount).query(2).address(Host).address(Zone) }},
	{Anomaly: "H12", Name: "authority_in_query", build: func(m *message) { m.faultAt(nscount).query(0, 1).address(Host) }},
	{Anomaly: "H12", Name: "two_authorities_in_query", build: func(m *message) { m.faultAt(nscount).query(0, 2).address(Host).address(Zone) }},
	{Anomaly: "H13", Name: "opt_and_tsig", build: func(m *message) { m.faultAt(arcount).query(0, 0, 2).opt().end().tsig() }}, // legal
	{Anomaly: "H13", Name: "address_and_opt", build: func(m *message) { m.faultAt(arcount).query(0, 0, 2).address(Host).opt().end() }},
	{Anomaly: "H13", Name: "three_additional", build: func(m *message) {
		m.faultAt(arcount).query(0, 0, 3).address(Host).address(Zone).address(Host)
	}},

	{Anomaly: "H14", Name: "rcode_formerr_in_query", build: func(m *message) { m.flags(rd | dns.RcodeFormatError) }},
	{Anomaly: "H14", Name: "rcode_15_in_query", build: func(m *message) { m.flags(rd | 15) }},
	{Anomaly: "H15", Name: "z_bit", build: func(m *message) { m.flags(rd | z) }},
	{Anomaly: "H16", Name: "tc_in_query", build: func(m *message) { m.flags(rd | tc) }},
	{Anomaly: "H17", Name: "aa_in_query", build: func(m *message) { m.flags(rd | aa) }},
	{Anomaly: "H17", Name: "ra_in_query", build: func(m *message) { m.flags(rd | ra) }},
	{Anomaly: "H18", Name: "ad_in_query", build: func(m *message) { m.flags(rd | ad) }}, // legal: RFC 6840 section 5.7
	{Anomaly: "H18", Name: "cd_without_edns", build: func(m *message) { m.flags(rd | cd) }},
}

// clientCookie is the client's half of a cookie (RFC 7873 section 4).
var clientCookie = []byte("clientCk")

// flags appends a query that is sound but for its flags.
func (m *message) flags(flags uint16) *message {
	return m.faultAt(flagsField).head(flags, 1).question(Host, dns.TypeA, dns.ClassINET)
}

func (m *message) opcode(n uint16) *message { return m.flags(opcode(n)) }

func (m *message) twoQuestions(first, second string) *message {
	return m.head(rd, 2).question(first, dns.TypeA, dns.ClassINET).question(second, dns.TypeA, dns.ClassINET)
}

// dsoKeepalive appends a DSO request with a Keepalive TLV (RFC 8490 section 7.1) and a QDCOUNT, which has to be 0.
func (m *message) dsoKeepalive(qdcount uint16) *message {
	return m.head(opcode(opcodeDSO), qdcount).u16(1, 8).u32(15000, 15000)
}
