package evidence

import (
	"testing"

	"github.com/miekg/dns"

	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/packet"
	"github.com/dnssniff/dnssniff/decode/wire"
)

// oneName is a directory that knows one name.
type oneName []byte

func (n oneName) Name(uint64) []byte            { return n }
func (n oneName) Server(uint64) (a packet.Addr) { return a }

// play gives a collector a response, with the query that it repeats the question of, and returns the facts.
func play(t *testing.T, m *dns.Msg, change func(*decode.Query)) *Facts {
	t.Helper()
	m.Response = true
	b, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	r := &decode.Message{Message: new(wire.Message), Time: 2e9, Number: 2, Length: uint16(len(b)), HopLimit: 60}
	r.Parse(b, false)
	q := &decode.Query{Time: 1e9, Number: 1, Type: m.Question[0].Qtype, Class: m.Question[0].Qclass, HasQuestion: true, HasOPT: true, EDNSFlags: wire.EDNSFlagDO}
	if change != nil {
		change(q)
	}
	r.Client, r.Server = packet.Addr{15: 1}, packet.Addr{15: 2}
	c := New(7, 100, oneName(nil))
	c.Transaction(&decode.Transaction{Status: decode.Answered, Client: r.Client, Server: r.Server, Query: q, Response: r, RTT: 1e9})
	return Gather([]*Collector{c})
}

func (f *Facts) find(s Symptom) *Row {
	for i := range f.Rows {
		if f.Rows[i].Symptom == s {
			return &f.Rows[i]
		}
	}
	return nil
}

// denialOf is NXDOMAIN for a name by the zone.
func denialOf(t *testing.T, name, zone string) *dns.Msg {
	t.Helper()
	soa, err := dns.NewRR(zone + " 60 IN SOA ns.example. host.example. 1 2 3 4 5")
	if err != nil {
		t.Fatal(err)
	}
	m := new(dns.Msg).SetQuestion(name, dns.TypeA)
	m.Rcode, m.Ns = dns.RcodeNameError, []dns.RR{soa}
	return m
}

func TestWhoDenies(t *testing.T) {
	for _, tt := range []struct {
		name, zone              string
		noDomain, noTop, random uint32
		domain                  bool // counted for the client
	}{
		{"www.example.com.", "example.com.", 0, 0, 0, false},
		{"www.example.com.", "com.", 1, 0, 0, true},
		{"www.example.com.", ".", 1, 1, 0, false},
		{"qzkxwjvbq.com.", "com.", 1, 0, 1, true},
		{"www.qzkxwjvbq.com.", "qzkxwjvbq.com.", 0, 0, 1, false},
		{"WWW.Example.COM.", "COM.", 1, 0, 0, true},
		{"qzkxwjvbq.", ".", 1, 1, 1, false},
		{"1.0.0.10.in-addr.arpa.", "in-addr.arpa.", 1, 0, 0, false}, // a special-use name is no domain of anybody
		{"www.example.com.", "example.org.", 0, 0, 0, false},
	} {
		f := play(t, denialOf(t, tt.name, tt.zone), nil)
		r := f.find(RCODE(rcodeNXDomain))
		if r.NoDomain != tt.noDomain || r.NoTop != tt.noTop || r.Random != tt.random {
			t.Errorf("%s by %s: %+v", tt.name, tt.zone, r.Marks)
		}
		if d := f.find(NoDomain); (d != nil) != tt.domain || d != nil && (d.Names.Estimate() != 1 || d.Zone != "" || d.Random != tt.random) {
			t.Errorf("%s by %s: counted %v: %+v", tt.name, tt.zone, d != nil, d)
		}
	}
}

func TestDenialBehindAnAliasIsOfTheTarget(t *testing.T) {
	m := denialOf(t, "www.example.com.", "com.")
	alias, err := dns.NewRR("www.example.com. 60 IN CNAME gone.example.net.")
	if err != nil {
		t.Fatal(err)
	}
	m.Answer = []dns.RR{alias}
	if r := play(t, m, nil).find(RCODE(rcodeNXDomain)); r.NoDomain != 0 {
		t.Errorf("%+v", r.Marks)
	}
}

func TestLooksRandom(t *testing.T) {
	for _, label := range []string{"qzkxwjvbq", "xjwvdtqkpz", "a1b2c3d4e5", "zxqvkwjptn", "hwgfkjzq"} {
		if !looksRandom([]byte(label)) {
			t.Errorf("%s looks like a word", label)
		}
	}
	for _, label := range []string{"", "qzx", "example", "wikipedia", "googleapis", "cloudfront", "stackoverflow", "deutschebahn", "xn--qzkxwjvbq", "2001-2020", "server01", "fileserver"} {
		if looksRandom([]byte(label)) {
			t.Errorf("%s looks random", label)
		}
	}
}

func TestSpecialNames(t *testing.T) {
	for name, want := range map[string]string{
		"printer.local.":              "local.",
		"local.":                      "local.",
		"www.example.com.":            "",
		"local.example.com.":          "",
		"notlocal.":                   "",
		"nas.home.arpa.":              "home.arpa.",
		"1.2.3.10.in-addr.arpa.":      "10.in-addr.arpa.",
		"10.in-addr.arpa.":            "10.in-addr.arpa.",
		"1.1.168.192.in-addr.arpa.":   "168.192.in-addr.arpa.",
		"1.1.169.192.in-addr.arpa.":   "",
		"192.in-addr.arpa.":           "",
		"1.1.15.172.in-addr.arpa.":    "",
		"1.1.16.172.in-addr.arpa.":    "16.172.in-addr.arpa.",
		"1.1.31.172.in-addr.arpa.":    "31.172.in-addr.arpa.",
		"1.1.32.172.in-addr.arpa.":    "",
		"1.1.64.100.in-addr.arpa.":    "64.100.in-addr.arpa.",
		"1.1.128.100.in-addr.arpa.":   "",
		"1.1.254.169.in-addr.arpa.":   "254.169.in-addr.arpa.",
		"x.1000.in-addr.arpa.":        "",
		"1.2.3.1o.in-addr.arpa.":      "",
		"0.0.d.f.ip6.arpa.":           "d.f.ip6.arpa.",
		"0.0.8.e.f.ip6.arpa.":         "8.e.f.ip6.arpa.",
		"0.0.b.e.f.ip6.arpa.":         "b.e.f.ip6.arpa.",
		"0.0.c.e.f.ip6.arpa.":         "",
		"8.b.d.0.1.0.0.2.ip6.arpa.":   "",
		".":                           "",
		"in-addr.arpa.":               "",
		"1.2.3.10.in-addr.arpa.evil.": "",
	} {
		b := make([]byte, 256)
		n, err := dns.PackDomainName(name, b, 0, nil, false)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if z := special(b[:n]); z != nil {
			got = string(wire.AppendName(nil, z))
		}
		if got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestLeaksAreCountedUnlessAnswered(t *testing.T) {
	m := denialOf(t, "printer.local.", ".")
	if r := play(t, m, nil).find(Leaked); r == nil || r.Zone != "local." || r.Count != 1 {
		t.Errorf("denied: %+v", r)
	}
	m.Rcode = dns.RcodeSuccess
	if r := play(t, m, nil).find(Leaked); r != nil {
		t.Errorf("answered: %+v", r)
	}
}

func TestPrivateZonesThatSomebodyServes(t *testing.T) {
	for _, tt := range []struct {
		soa    string
		leaked bool
	}{
		{"53.10.in-addr.arpa. 60 IN SOA ns1.example.com. host.example. 1 2 3 4 5", false},
		{"10.in-addr.arpa. 60 IN SOA localhost. nobody.invalid. 1 2 3 4 5", false}, // a resolver's empty zone (RFC 6303)
		{"10.in-addr.arpa. 60 IN SOA prisoner.iana.org. hostmaster.root-servers.org. 1 2 3 4 5", true},
		{"EMPTY.AS112.ARPA. 60 IN SOA BLACKHOLE.AS112.ARPA. noc.dns.icann.org. 1 2 3 4 5", true},
		{"in-addr.arpa. 60 IN SOA b.in-addr-servers.arpa. nstld.iana.org. 1 2 3 4 5", true},
		{". 60 IN SOA a.root-servers.net. nstld.verisign-grs.com. 1 2 3 4 5", true},
	} {
		m := denialOf(t, "1.0.53.10.in-addr.arpa.", ".")
		rr, err := dns.NewRR(tt.soa)
		if err != nil {
			t.Fatal(err)
		}
		m.Ns[0] = rr
		if r := play(t, m, nil).find(Leaked); (r != nil) != tt.leaked {
			t.Errorf("%s: leaked is %v", tt.soa, r != nil)
		}
	}
}

// signedBy is the answer of a zone's server to a query with DO.
func signedBy(t *testing.T, name string, typ uint16, answer, authority string) *dns.Msg {
	t.Helper()
	m := new(dns.Msg).SetQuestion(name, typ)
	m.Authoritative = true
	for _, part := range []struct {
		text string
		to   *[]dns.RR
	}{{answer, &m.Answer}, {authority, &m.Ns}} {
		if part.text == "" {
			continue
		}
		rr, err := dns.NewRR(part.text)
		if err != nil {
			t.Fatal(err)
		}
		*part.to = append(*part.to, rr)
	}
	return m
}

func TestUnsignedAnswers(t *testing.T) {
	const soa, key = "example.com. 60 IN SOA ns.example. host.example. 1 2 3 4 5", "example.com. 60 IN DNSKEY 257 3 13 AAAA"
	plain := func(q *decode.Query) { q.EDNSFlags = 0 }
	for _, tt := range []struct {
		name              string
		m                 *dns.Msg
		change            func(*decode.Query)
		unsigned, keyless uint64
	}{
		{"no DNSKEY at the apex", signedBy(t, "example.com.", dns.TypeDNSKEY, "", soa), nil, 1, 1},
		{"DNSKEY without a signature", signedBy(t, "example.com.", dns.TypeDNSKEY, key, ""), nil, 1, 0},
		{"nobody asked for signatures", signedBy(t, "example.com.", dns.TypeDNSKEY, "", soa), plain, 0, 0},
		{"no DNSKEY below the apex, where none belongs", signedBy(t, "www.example.com.", dns.TypeDNSKEY, "", soa), nil, 0, 0},
		{"a zone of which nothing is known", signedBy(t, "www.example.com.", dns.TypeA, "", soa), nil, 0, 0},
	} {
		f := play(t, tt.m, tt.change)
		var unsigned, keyless uint64
		for _, s := range f.Signed {
			unsigned, keyless = unsigned+s.Unsigned, keyless+s.Keyless
		}
		if unsigned != tt.unsigned || keyless != tt.keyless {
			t.Errorf("%s: %d unsigned, %d keyless: %+v", tt.name, unsigned, keyless, f.Signed)
		}
	}
}
