package hostile

import (
	"time"

	"github.com/miekg/dns"
)

// tsigCases are what is wrong with TSIG, TKEY and SIG(0). The key is known to the server, and the MAC right, where the case does not say
// otherwise.
var tsigCases = []Case{
	{Anomaly: "T01", Name: "opt_after_tsig", build: func(m *message) { m.query(0, 0, 2).here().tsig().opt().end() }},
	{Anomaly: "T01", Name: "address_after_tsig", build: func(m *message) { m.query(0, 0, 2).here().tsig().address(Host) }},
	{Anomaly: "T01", Name: "tsig_in_authority", build: func(m *message) { m.query(0, 1).here().tsig() }},
	{Anomaly: "T02", Name: "two_tsigs", build: func(m *message) { m.query(0, 0, 2).tsig().here().tsig() }},
	{Anomaly: "T03", Name: "tsig_of_class_in", build: func(m *message) {
		m.signed(m.at, func(mac []byte) {
			m.name(KeyName).u16(dns.TypeTSIG).here().u16(dns.ClassINET).u32(0).sized().sha256().signature(m.at, mac)
		})
	}},
	{Anomaly: "T03", Name: "tsig_with_ttl", build: func(m *message) {
		m.signed(m.at, func(mac []byte) {
			m.name(KeyName).u16(dns.TypeTSIG, dns.ClassANY).here().u32(1).sized().sha256().signature(m.at, mac)
		})
	}},
	{Anomaly: "T04", Name: "tsig_mac_past_rdlength", build: func(m *message) {
		m.signed(m.at, func(mac []byte) { m.key().sha256().signedAt(m.at).u16(fudge).here().u16(200).raw(mac...) })
	}},
	{Anomaly: "T04", Name: "tsig_other_data_past_rdlength", build: func(m *message) {
		m.signed(m.at, func(mac []byte) {
			m.key().sha256().signedAt(m.at).u16(fudge, 32).raw(mac...).u16(m.id, 0).here().u16(6)
		})
	}},
	{Anomaly: "T04", Name: "tsig_mac_of_8_bytes", build: func(m *message) { // below the 16 that half of the hash makes
		m.signed(m.at, func(mac []byte) {
			m.key().sha256().signedAt(m.at).u16(fudge).here().u16(8).raw(mac[:8]...).u16(m.id, 0, 0)
		})
	}},
	{Anomaly: "T04", Name: "tsig_mac_empty", build: func(m *message) {
		m.signed(m.at, func([]byte) { m.key().sha256().signedAt(m.at).u16(fudge).here().u16(0, m.id, 0, 0) })
	}},
	{Anomaly: "T04", Name: "tsig_mac_of_33_bytes", build: func(m *message) {
		m.signed(m.at, func(mac []byte) {
			m.key().sha256().signedAt(m.at).u16(fudge).here().u16(33).raw(mac...).raw(0).u16(m.id, 0, 0)
		})
	}},
	{Anomaly: "T04", Name: "tsig_is_algorithm_only", build: func(m *message) { m.signed(m.at, func([]byte) { m.key().sha256().here() }) }},
	{Anomaly: "T04", Name: "tsig_without_rdata", build: func(m *message) {
		m.query(0, 0, 1).name(KeyName).u16(dns.TypeTSIG, dns.ClassANY).u32(0).here().u16(0)
	}},
	{Anomaly: "T05", Name: "tsig_algorithm_unknown", build: func(m *message) {
		m.signed(m.at, func(mac []byte) { m.key().here().name("hmac-unknown.").signature(m.at, mac) })
	}},
	{Anomaly: "T05", Name: "tsig_algorithm_md5", build: func(m *message) { // known to all once, but not this key's
		m.signed(m.at, func(mac []byte) { m.key().here().name(dns.HmacMD5).signature(m.at, mac[:16]) })
	}},
	{Anomaly: "T06", Name: "tsig_key_unknown", build: func(m *message) {
		m.signed(m.at, func(mac []byte) {
			m.here().record("nobody.", dns.TypeTSIG, dns.ClassANY, 0).sha256().signature(m.at, mac)
		})
	}},
	{Anomaly: "T07", Name: "tsig_mac_wrong", build: func(m *message) {
		m.signed(m.at, func(mac []byte) {
			m.key().sha256().signedAt(m.at).u16(fudge, 32).here().raw(^mac[0]).raw(mac[1:]...).u16(m.id, 0, 0)
		})
	}},
	{Anomaly: "T08", Name: "tsig_of_2020", build: func(m *message) { m.stale(time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)) }},
	{Anomaly: "T08", Name: "tsig_of_2100", build: func(m *message) { m.stale(time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)) }},
	{Anomaly: "T09", Name: "tsig_mac_truncated_to_half", build: func(m *message) { // legal, but for a local policy
		m.signed(m.at, func(mac []byte) {
			m.key().sha256().signedAt(m.at).u16(fudge).here().u16(16).raw(mac[:16]...).u16(m.id, 0, 0)
		})
	}},
	{Anomaly: "T10", Name: "tkey_mode_99", build: func(m *message) { m.tkeyQuery(1).tkey("gss-tsig.", 99).tsig() }},
	{Anomaly: "T10", Name: "tkey_deletes_unknown_key", build: func(m *message) { m.tkeyQuery(1).tkey(dns.HmacSHA256, 5).tsig() }},
	{Anomaly: "T10", Name: "tkey_algorithm_unknown", build: func(m *message) { m.tkeyQuery(1).tkey("hmac-unknown.", 2).tsig() }},
	{Anomaly: "T10", Name: "tkey_gss_unsigned", build: func(m *message) { m.tkeyQuery(0).tkey("gss-tsig.", 3) }},
	{Anomaly: "T11", Name: "opt_after_sig0", build: func(m *message) { m.query(0, 0, 2).here().sig0(".").opt().end() }},
	{Anomaly: "T11", Name: "sig0_owner_not_root", build: func(m *message) { m.query(0, 0, 1).here().sig0(Host) }},
	{Anomaly: "T11", Name: "sig0_in_answer", build: func(m *message) { m.query(1).here().sig0(".") }},
	{Anomaly: "T12", Name: "tkey_in_answer", build: func(m *message) {
		m.head(0, 1, 1).question("hostile.", dns.TypeTKEY, dns.ClassANY).here()
		m.record("hostile.", dns.TypeTKEY, dns.ClassANY, 0).name("gss-tsig.").u32(1700000000, 2000000000).u16(3, 0, 4).text("data").u16(0).end()
	}},
}

// signed appends a query and the TSIG record that rest appends, with the MAC of a right one at a time; rest leaves the record open.
func (m *message) signed(at time.Time, rest func(mac []byte)) *message {
	m.query(0, 0, 1)
	rest(m.mac(at))
	return m.end()
}

// key begins a TSIG record.
func (m *message) key() *message { return m.record(KeyName, dns.TypeTSIG, dns.ClassANY, 0) }

func (m *message) sha256() *message { return m.name(dns.HmacSHA256) }

// stale appends a query that was signed rightly at another time.
func (m *message) stale(at time.Time) *message {
	return m.signed(at, func(mac []byte) { m.key().sha256().here().signature(at, mac) })
}

// tkeyQuery appends a TKEY query, to be followed by a TKEY record and a number of further ones.
func (m *message) tkeyQuery(more uint16) *message {
	return m.head(0, 1, 0, 0, 1+more).question("hostile.", dns.TypeTKEY, dns.ClassANY)
}

// tkey appends a TKEY record (RFC 2930 section 2) whose mode is the matter.
func (m *message) tkey(algorithm string, mode uint16) *message {
	m.record("hostile.", dns.TypeTKEY, dns.ClassANY, 0).name(algorithm).u32(1700000000, 2000000000)
	return m.here().u16(mode, 0, 4).text("data").u16(0).end()
}

// sig0 appends a SIG record that covers the transaction (RFC 2931 section 3), with a signature of zeros.
func (m *message) sig0(owner string) *message {
	return m.record(owner, dns.TypeSIG, dns.ClassANY, 0).u16(0).raw(dns.ECDSAP256SHA256, 0).u32(0, 2000000000, 1700000000).u16(1).name("hostile.").zeros(64).end()
}
