package hostile

import "github.com/miekg/dns"

// transportCases are what is wrong between TCP and the message, and what is not DNS at all. The client closes its side of the
// connection when all is sent.
var transportCases = []Case{
	{Anomaly: "X01", Name: "tcp_length_0", TCP: true, Raw: true, build: func(m *message) { m.here().u16(0).sized().query().end() }},
	{Anomaly: "X02", Name: "tcp_length_5", TCP: true, Raw: true, build: func(m *message) { m.here().u16(5).u16(m.id, rd).raw(0) }},
	{Anomaly: "X03", Name: "tcp_length_one_too_many", TCP: true, Raw: true, build: func(m *message) {
		m.here().sized().query().end()
		m.b[1]++
	}},
	{Anomaly: "X07", Name: "tcp_without_length", TCP: true, Raw: true, build: func(m *message) { m.here().query() }},
	{Anomaly: "X10", Name: "http_on_53", TCP: true, Raw: true, build: func(m *message) {
		m.here().text("GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n")
	}},
	{Anomaly: "X10", Name: "tls_on_53", TCP: true, Raw: true, build: func(m *message) { // the first bytes of a ClientHello
		m.here().raw(0x16, 3, 1, 0, 49, 1, 0, 0, 45, 3, 3).raw(scramble(32)...).raw(0, 0, 4, 0x13, 1, 0x13, 2, 1, 0, 0)
	}},
	{Anomaly: "M05", Name: "wireguard_on_53", build: func(m *message) { m.here().raw(1, 0, 0, 0).raw(scramble(144)...) }},
	{Anomaly: "M07", Name: "zeros", build: func(m *message) { m.here().zeros(64) }},
	{Anomaly: "M01", Name: "mdns_query_on_53", build: func(m *message) {
		m.head(0, 1).labels("_ipp", "_tcp", "local").raw(0).u16(dns.TypePTR).here().u16(classQU)
	}},
}

// scramble returns n bytes that look like ciphertext, the same each time.
func scramble(n int) []byte {
	b, x := make([]byte, n), uint32(53)
	for i := range b {
		x = x*1664525 + 1013904223
		b[i] = byte(x >> 24)
	}
	return b
}
