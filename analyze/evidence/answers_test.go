package evidence

import (
	"net/netip"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/packet"
	"github.com/dnssniff/dnssniff/decode/wire"
)

// nobody is a directory that has forgotten everything.
type nobody struct{}

func (nobody) Name(uint64) []byte        { return nil }
func (nobody) Server(uint64) packet.Addr { return packet.Addr{} }

// exchange is a query with its response.
type exchange struct {
	question string // NAME TYPE
	client   string // 192.0.2.1 unless given
	server   string // 198.51.100.1 unless given
	at       int    // seconds
	rcode    int
	flags    uint16 // AA unless given
	records  string // of the answer section, one a line
	soa      bool   // in the authority section
	ecs      string // prefix of the client subnet option with a scope
	hopLimit uint8
	second   bool // another response to the exchange before
	again    uint16
}

func (x *exchange) defaults() {
	for _, d := range []struct {
		at    *string
		value string
	}{{&x.client, "192.0.2.1"}, {&x.server, "198.51.100.1"}} {
		if *d.at == "" {
			*d.at = d.value
		}
	}
	if x.flags == 0 {
		x.flags = wire.FlagAA
	}
}

// transaction makes it one, by way of the bytes.
func (x exchange) transaction(t *testing.T, number uint64) *decode.Transaction {
	t.Helper()
	x.defaults()
	m := x.message(t)
	data, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	w := new(wire.Message)
	w.Parse(data, false)
	now := int64(x.at) * int64(time.Second)
	client, server := packet.AddrFrom(netip.MustParseAddr(x.client)), packet.AddrFrom(netip.MustParseAddr(x.server))
	r := &decode.Message{Message: w, Time: now + 1e6, Number: number + 1, Client: client, Server: server, ClientPort: 1234, ServerPort: 53, HopLimit: x.hopLimit,
		Length: uint16(len(data))}
	out := &decode.Transaction{Client: client, Server: server, ClientPort: 1234, ServerPort: 53, Response: r, RTT: 1e6}
	if x.second {
		out.Status = decode.Conflicting
		return out
	}
	out.Query = &decode.Query{Time: now, Number: number, Type: m.Question[0].Qtype, Class: m.Question[0].Qclass, HasQuestion: true, Retransmissions: x.again}
	return out
}

func (x *exchange) message(t *testing.T) *dns.Msg {
	t.Helper()
	m := new(dns.Msg)
	rr, err := dns.NewRR(x.question + " \\# 0")
	if err != nil {
		t.Fatal(err)
	}
	m.SetQuestion(rr.Header().Name, rr.Header().Rrtype)
	m.Id = 7
	m.Response, m.Rcode = true, x.rcode
	m.Authoritative, m.RecursionAvailable = x.flags&wire.FlagAA != 0, x.flags&wire.FlagRA != 0
	for z := dns.NewZoneParser(newReader(x.records), ".", ""); ; {
		rr, ok := z.Next()
		if !ok {
			if z.Err() != nil {
				t.Fatal(z.Err())
			}
			break
		}
		m.Answer = append(m.Answer, rr)
	}
	if x.soa {
		soa, _ := dns.NewRR("example.com. 300 SOA ns1.example.com. host.example.com. 7 1 1 1 300")
		m.Ns = append(m.Ns, soa)
	}
	if x.ecs != "" {
		p := netip.MustParsePrefix(x.ecs)
		m.SetEdns0(1232, false)
		m.IsEdns0().Option = append(m.IsEdns0().Option, &dns.EDNS0_SUBNET{Code: dns.EDNS0SUBNET, Family: 1, SourceNetmask: uint8(p.Bits()), SourceScope: 24,
			Address: p.Addr().AsSlice()})
	}
	return m
}

// gathered returns the facts of exchanges in one collector.
func gathered(t *testing.T, all ...exchange) *Facts {
	t.Helper()
	c := New(1, 1<<12, nobody{})
	for i, x := range all {
		c.Transaction(x.transaction(t, uint64(10*i+1)))
	}
	return Gather([]*Collector{c})
}

const www = "www.example.com. A"

func TestAnswersAreTheSameInAnyOrderAndCase(t *testing.T) {
	f := gathered(t,
		exchange{question: www, records: "www.example.com. 300 A 203.0.113.1\nwww.example.com. 300 A 203.0.113.2"},
		exchange{question: "WWW.example.com. A", at: 1, records: "WWW.example.com. 7 A 203.0.113.2\nWWW.example.com. 7 A 203.0.113.1"})
	if len(f.Answers) != 1 || len(f.Answers[0].Sets) != 1 {
		t.Fatalf("%+v", f.Answers)
	}
	a, s := f.Answers[0], f.Answers[0].Sets[0]
	if a.Name != "www.example.com." || a.Zone != "example.com." || s.Count != 2 || s.TTLLow != 7 || s.TTLHigh != 300 || s.Authority != 2 || !s.Public || s.Private || s.Packet != 2 {
		t.Errorf("%+v", a)
	}
}

func TestCompressedNamesAreComparedWhole(t *testing.T) {
	f := gathered(t,
		exchange{question: "example.com. MX", records: "example.com. 300 MX 10 mail.example.com."},
		exchange{question: "example.com. MX", at: 1, server: "198.51.100.2", records: "example.com. 300 MX 10 MAIL.example.com."},
		exchange{question: "example.com. MX", at: 2, server: "198.51.100.3", records: "example.com. 300 MX 20 mail.example.com."})
	s := f.Answers[0].Sets
	if len(s) != 3 || s[0].Hash != s[1].Hash || s[0].Hash == s[2].Hash {
		t.Errorf("%+v", s)
	}
}

func TestDenialsAreAnswersOnceThereIsData(t *testing.T) {
	f := gathered(t,
		exchange{question: www, rcode: dns.RcodeNameError, soa: true}, // nothing is known of the name yet: a flood of them takes no room
		exchange{question: www, at: 1, records: "www.example.com. 300 A 203.0.113.1"},
		exchange{question: www, at: 2, rcode: dns.RcodeNameError, soa: true},
		exchange{question: www, at: 3, soa: true},
		exchange{question: www, at: 4, rcode: dns.RcodeServerFailure},
		exchange{question: "other.example.com. A", at: 5, rcode: dns.RcodeNameError, soa: true})
	if len(f.Answers) != 1 || len(f.Answers[0].Sets) != 3 {
		t.Fatalf("%+v", f.Answers)
	}
	for i, want := range []AnswerKind{Data, NoSuchName, NoSuchType} {
		if got := f.Answers[0].Sets[i].Kind; got != want {
			t.Errorf("%d: %v, want %v", i, got, want)
		}
	}
}

func TestPrivateAddresses(t *testing.T) {
	for address, want := range map[string]bool{"10.0.0.1": true, "172.16.0.1": true, "192.168.1.1": true, "127.0.0.1": true, "0.0.0.0": true, "169.254.1.1": true, "100.64.0.1": true,
		"fd00::1": true, "fe80::1": true, "::1": true, "::ffff:10.0.0.1": true, "100.128.0.1": false, "172.32.0.1": false, "203.0.113.1": false, "2001:db8::1": false} {
		if got := Private(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s: %v", address, got)
		}
	}
}

func TestNetworksOfAnAnswer(t *testing.T) {
	record := "www.example.com. 300 A 203.0.113.1"
	f := gathered(t, exchange{question: www, records: record}, exchange{question: www, at: 1, records: record, client: "192.0.2.200"},
		exchange{question: www, at: 2, records: record, ecs: "198.18.7.0/24"}, exchange{question: www, at: 3, records: record, client: "2001:db8:1:2::3"})
	s := f.Answers[0].Sets[0]
	want := []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("198.18.7.0/24"), netip.MustParsePrefix("2001:db8:1:2::/64")}
	if len(s.Subnets) != 3 || s.Subnets[0] != want[0] || s.Subnets[1] != want[1] || s.Subnets[2] != want[2] || s.Scoped != 1 {
		t.Errorf("%+v", s)
	}
}

func countOf(f *Facts, s Symptom) (n uint64) {
	for _, r := range f.Rows {
		if r.Symptom == s {
			n += r.Count
		}
	}
	return n
}

func TestSecondAnswers(t *testing.T) {
	first := exchange{question: www, records: "www.example.com. 300 A 203.0.113.1", hopLimit: 60}
	for _, tt := range []struct {
		name       string
		first      exchange
		second     exchange
		want, hops uint64
	}{
		{"other records from elsewhere", first, exchange{records: "www.example.com. 300 A 192.0.2.99", hopLimit: 50}, 1, 1},
		{"other records from as far", first, exchange{records: "www.example.com. 300 A 192.0.2.99", hopLimit: 60}, 1, 0},
		{"the same with another TTL", first, exchange{records: "www.example.com. 1 A 203.0.113.1", hopLimit: 50}, 0, 0},
		{"a denial", first, exchange{rcode: dns.RcodeNameError, soa: true, hopLimit: 60}, 1, 0},
		{"a failure", first, exchange{rcode: dns.RcodeServerFailure, hopLimit: 60}, 0, 0},
		{"the query was sent twice", exchange{question: www, records: first.records, again: 1}, exchange{records: "www.example.com. 300 A 192.0.2.99"}, 0, 0},
		{"to another client", first, exchange{records: "www.example.com. 300 A 192.0.2.99", client: "192.0.2.7"}, 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.second.question, tt.second.second = www, true
			f := gathered(t, tt.first, tt.second)
			if got, hops := countOf(f, OtherAnswer), countOf(f, OtherHops); got != tt.want || hops != tt.hops {
				t.Errorf("%d and %d, want %d and %d", got, hops, tt.want, tt.hops)
			}
		})
	}
}

func TestAskedInVain(t *testing.T) {
	none := exchange{question: "www.example.com. AAAA", soa: true}
	for _, tt := range []struct {
		name string
		next exchange
		want uint64
	}{
		{"at once", exchange{question: none.question, soa: true, at: 1}, 1},
		{"later", exchange{question: none.question, soa: true, at: 10}, 0},
		{"another type", exchange{question: "www.example.com. MX", soa: true, at: 1}, 0},
		{"another client", exchange{question: none.question, soa: true, at: 1, client: "192.0.2.9"}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := gathered(t, none, tt.next)
			if got := countOf(f, AskedInVain); got != tt.want || countOf(f, NoData) != 2 {
				t.Errorf("%d of %d", got, countOf(f, NoData))
			}
		})
	}
}

func TestAReferralIsNoAnswer(t *testing.T) {
	x := exchange{question: www}.transaction(t, 1)
	m := x.Response.Message
	m.Records = append(m.Records, wire.Record{Type: typeNS, Section: wire.SectionAuthority})
	c := New(1, 64, nobody{})
	c.Transaction(x)
	if f := Gather([]*Collector{c}); countOf(f, NoData) != 0 || len(f.Answers) != 0 {
		t.Errorf("%+v", f)
	}
}

func TestQueriesOfOtherClassesAreForeign(t *testing.T) {
	x := exchange{question: "version.bind. TXT", rcode: dns.RcodeRefused}.transaction(t, 1)
	x.Query.Class = dns.ClassCHAOS
	if k := kindOf(x); k != Foreign {
		t.Errorf("kind %d", k)
	}
}
