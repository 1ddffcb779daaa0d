package hostile

import "github.com/miekg/dns"

// rdataCases are what is wrong within RDATA: of an additional record, and of a record to be added by UPDATE, which has to be read.
var rdataCases = []Case{
	{Anomaly: "R04", Name: "address_without_rdata", build: func(m *message) { m.query(0, 0, 1).owned(dns.TypeA).here().u16(0) }},
	{Anomaly: "R04", Name: "soa_without_rdata", build: func(m *message) { m.query(0, 0, 1).owned(dns.TypeSOA).here().u16(0) }},
	{Anomaly: "R05", Name: "address_of_3_bytes", build: func(m *message) { m.query(0, 0, 1).additional(dns.TypeA).raw(192, 0, 2).here().end() }},
	{Anomaly: "R05", Name: "address_of_5_bytes", build: func(m *message) { m.query(0, 0, 1).additional(dns.TypeA).raw(192, 0, 2, 1).here().raw(9).end() }},
	{Anomaly: "R05", Name: "aaaa_of_15_bytes", build: func(m *message) { m.query(0, 0, 1).additional(dns.TypeAAAA).zeros(15).here().end() }},
	{Anomaly: "R05", Name: "eui48_of_5_bytes", build: func(m *message) { m.query(0, 0, 1).additional(dns.TypeEUI48).zeros(5).here().end() }},
	{Anomaly: "R05", Name: "update_adds_address_of_3_bytes", build: func(m *message) { m.add(dns.TypeA).raw(192, 0, 2).here().end() }},
	{Anomaly: "R05", Name: "update_adds_address_of_5_bytes", build: func(m *message) { m.add(dns.TypeA).raw(192, 0, 2, 1).here().raw(9).end() }},
	{Anomaly: "R05", Name: "update_adds_aaaa_of_17_bytes", build: func(m *message) { m.add(dns.TypeAAAA).zeros(16).here().raw(9).end() }},
	{Anomaly: "R05", Name: "update_adds_eui64_of_7_bytes", build: func(m *message) { m.add(dns.TypeEUI64).zeros(7).here().end() }},
	{Anomaly: "R06", Name: "mx_with_tail", build: func(m *message) {
		m.query(0, 0, 1).additional(dns.TypeMX).u16(10).name(Host).here().u16(0xdead).end()
	}},
	{Anomaly: "R06", Name: "update_adds_mx_with_tail", build: func(m *message) { m.add(dns.TypeMX).u16(10).name(Host).here().u16(0xdead).end() }},
	{Anomaly: "R06", Name: "update_adds_srv_with_tail", build: func(m *message) { m.add(dns.TypeSRV).u16(0, 0, 53).name(Host).here().raw(0).end() }},
	{Anomaly: "R06", Name: "notify_soa_with_tail", build: func(m *message) { m.notify().soa(2).here().raw(0, 0).end() }},
	{Anomaly: "R07", Name: "ixfr_soa_without_minimum", build: func(m *message) {
		m.head(0, 1, 0, 1).question(Zone, dns.TypeIXFR, dns.ClassINET)
		m.record(Zone, dns.TypeSOA, dns.ClassINET, 0).name(Host).name(Host).u32(1, 2, 3, 4).here().end()
	}},
	{Anomaly: "R07", Name: "notify_soa_is_names_only", build: func(m *message) { m.notify().name(Host).name(Host).here().end() }},
	{Anomaly: "R08", Name: "txt_string_past_rdlength", build: func(m *message) { m.query(0, 0, 1).additional(dns.TypeTXT).here().raw(200).text("lab").end() }},
	{Anomaly: "R08", Name: "update_adds_txt_past_rdlength", build: func(m *message) { m.add(dns.TypeTXT).here().raw(200).text("lab").end() }},
	{Anomaly: "R08", Name: "update_adds_hinfo_past_rdlength", build: func(m *message) { m.add(dns.TypeHINFO).raw(3).text("cpu").here().raw(9).text("os").end() }},
	{Anomaly: "R08", Name: "update_adds_caa_tag_past_rdlength", build: func(m *message) { m.add(dns.TypeCAA).raw(0).here().raw(99).text("issue").end() }},
	{Anomaly: "R08", Name: "update_adds_naptr_past_rdlength", build: func(m *message) { m.add(dns.TypeNAPTR).u16(1, 1).raw(1, 'u').here().raw(99).text("E2U").end() }},

	{Anomaly: "R09", Name: "srv_target_compressed", build: func(m *message) { m.query(0, 0, 1).additional(dns.TypeSRV).u16(0, 0, 53).here().pointer(qname).end() }},
	{Anomaly: "R09", Name: "update_adds_srv_compressed", build: func(m *message) { m.add(dns.TypeSRV).u16(0, 0, 53).here().pointer(qname).end() }},
	{Anomaly: "R09", Name: "update_adds_dname_compressed", build: func(m *message) { m.add(dns.TypeDNAME).labels("d").here().pointer(qname).end() }},
	{Anomaly: "R09", Name: "update_adds_naptr_compressed", build: func(m *message) {
		m.add(dns.TypeNAPTR).u16(1, 1).raw(0, 0, 0).here().pointer(qname).end()
	}},
	{Anomaly: "R09", Name: "update_adds_https_compressed", build: func(m *message) { m.add(dns.TypeHTTPS).u16(1).here().pointer(qname).end() }},
	{Anomaly: "R09", Name: "tsig_algorithm_compressed", build: func(m *message) { // the algorithm's name is the key's: unknown, but so it can be compressed
		m.query(0, 0, 1)
		owner, mac := len(m.b), m.mac(m.at)
		m.record(KeyName, dns.TypeTSIG, dns.ClassANY, 0).here().pointer(owner).signature(m.at, mac).end()
	}},

	{Anomaly: "R10", Name: "svcb_keys_fall", build: func(m *message) {
		m.query(0, 0, 1).additional(dns.TypeSVCB).u16(1).name(".").option(3, 0, 53).here().option(1, 2, 'h', '2').end()
	}},
	{Anomaly: "R10", Name: "update_adds_https_keys_fall", build: func(m *message) {
		m.add(dns.TypeHTTPS).u16(1).name(".").option(3, 0, 53).here().option(1, 2, 'h', '2').end()
	}},
	{Anomaly: "R10", Name: "update_adds_https_key_twice", build: func(m *message) { m.add(dns.TypeHTTPS).u16(1).name(".").option(3, 0, 53).here().option(3, 0, 54).end() }},
	{Anomaly: "R10", Name: "update_adds_https_port_of_1_byte", build: func(m *message) { m.add(dns.TypeHTTPS).u16(1).name(".").u16(3).here().u16(1).raw(53).end() }},
	{Anomaly: "R10", Name: "update_adds_https_value_past_rdlength", build: func(m *message) { m.add(dns.TypeHTTPS).u16(1).name(".").u16(4).here().u16(40).zeros(4).end() }},
	{Anomaly: "R10", Name: "update_adds_https_alias_with_params", build: func(m *message) { m.add(dns.TypeHTTPS).u16(0).name(Host).here().option(3, 0, 53).end() }},
	{Anomaly: "R11", Name: "update_adds_nsec_window_of_33", build: func(m *message) { m.add(dns.TypeNSEC).name(Host).here().raw(0, 33).zeros(32).raw(1).end() }},
	{Anomaly: "R11", Name: "update_adds_nsec_windows_fall", build: func(m *message) { m.add(dns.TypeNSEC).name(Host).raw(1, 1, 0x80).here().raw(0, 1, 0x40).end() }},
	{Anomaly: "R11", Name: "nsec_window_empty", build: func(m *message) { m.query(0, 0, 1).additional(dns.TypeNSEC).name(Host).here().raw(0, 0).end() }},
	{Anomaly: "R12", Name: "nsec3_owner_not_base32hex", build: func(m *message) {
		m.query(0, 0, 1).here().record("not-a-hash."+Zone, dns.TypeNSEC3, dns.ClassINET, 300).nsec3().end()
	}},
	{Anomaly: "R12", Name: "update_adds_nsec3_owner_not_base32hex", build: func(m *message) {
		m.update(0, 1).here().record("not-a-hash."+Zone, dns.TypeNSEC3, dns.ClassINET, 300).nsec3().end()
	}},
	{Anomaly: "R13", Name: "rrsig_covers_any", build: func(m *message) { m.query(0, 0, 1).additional(dns.TypeRRSIG).here().u16(dns.TypeANY).rrsig().end() }},
	{Anomaly: "R13", Name: "rrsig_covers_rrsig", build: func(m *message) { m.query(0, 0, 1).additional(dns.TypeRRSIG).here().u16(dns.TypeRRSIG).rrsig().end() }},
	{Anomaly: "R13", Name: "update_adds_rrsig_covering_0", build: func(m *message) { m.add(dns.TypeRRSIG).here().u16(dns.TypeNone).rrsig().end() }},
}

// add begins an UPDATE that adds a record of a type at hostile.example.com.
func (m *message) add(typ uint16) *message {
	return m.update(0, 1).record("hostile."+Zone, typ, dns.ClassINET, 300)
}

// notify begins a NOTIFY for Zone, up to the RDATA of the SOA in its answer section.
func (m *message) notify() *message {
	return m.head(opcode(dns.OpcodeNotify)|aa, 1, 1).question(Zone, dns.TypeSOA, dns.ClassINET).record(Zone, dns.TypeSOA, dns.ClassINET, 300)
}

// rrsig appends the RDATA of an RRSIG after the type covered.
func (m *message) rrsig() *message {
	return m.raw(dns.ECDSAP256SHA256, 3).u32(300, 2000000000, 1700000000).u16(1).name(Zone).zeros(64)
}

// nsec3 appends the RDATA of an NSEC3 record without a salt.
func (m *message) nsec3() *message { return m.raw(1, 0, 0, 0, 0, 20).zeros(20).raw(0, 1, 0x40) }
