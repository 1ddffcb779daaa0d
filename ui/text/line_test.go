package text

import (
	"encoding/json"
	"math"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/miekg/dns"

	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/decode/packet"
	"github.com/dnssniff/dnssniff/decode/wire"
	"github.com/dnssniff/dnssniff/ui/sanitize"
)

var start = at("2026-03-01T12:00:00.123456789Z").UnixNano()

func addr(s string) packet.Addr { return packet.AddrFrom(netip.MustParseAddr(s)) }

// wireName packs a name as miekg/dns reads it.
func wireName(t testing.TB, s string) []byte {
	t.Helper()
	var buf [256]byte
	n, err := dns.PackDomainName(dns.Fqdn(s), buf[:], 0, nil, false)
	if err != nil {
		t.Fatal(err)
	}
	return buf[:n]
}

// asked returns an answered query for example.com. A without its response.
func asked(t testing.TB) *decode.Transaction {
	t.Helper()
	return &decode.Transaction{
		Client: addr("10.20.30.40"), Server: addr("192.0.2.53"), ClientPort: 53124, ServerPort: 53, IPVersion: 4, RTT: 843_210,
		Query: &decode.Query{Time: start, Number: 7, ID: 0x1234, Flags: 0x0100, HasQuestion: true, Type: 1, Class: 1, Length: 52, HasOPT: true,
			UDPSize: 1232, EDNSFlags: wire.EDNSFlagDO, Name: wireName(t, "www.example.com.")},
	}
}

// reply gives x a response that edit may change before it is packed.
func reply(t testing.TB, x *decode.Transaction, edit func(*dns.Msg)) *decode.Transaction {
	t.Helper()
	m := new(dns.Msg)
	m.SetQuestion("www.example.com.", dns.TypeA)
	m.Id, m.Response, m.RecursionAvailable = 0x1234, true, true
	if edit != nil {
		edit(m)
	}
	data, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	return respond(x, data)
}

func respond(x *decode.Transaction, data []byte) *decode.Transaction {
	var w wire.Message
	w.Parse(data, false)
	x.Response = &decode.Message{Message: &w, Time: start + x.RTT, Number: 9, Client: x.Client, Server: x.Server, ClientPort: x.ClientPort,
		ServerPort: x.ServerPort, Length: uint16(len(data))}
	return x
}

func answer(t testing.TB, texts ...string) func(*dns.Msg) {
	t.Helper()
	return func(m *dns.Msg) {
		for _, s := range texts {
			rr, err := dns.NewRR(s)
			if err != nil {
				t.Fatal(err)
			}
			if rr.Header().Rrtype == dns.TypeNS || rr.Header().Rrtype == dns.TypeSOA {
				m.Ns = append(m.Ns, rr)
			} else {
				m.Answer = append(m.Answer, rr)
			}
		}
	}
}

func ede(code uint16, text string) func(*dns.Msg) {
	return func(m *dns.Msg) {
		m.Rcode = dns.RcodeServerFailure
		m.SetEdns0(1232, true)
		m.IsEdns0().Option = append(m.IsEdns0().Option, &dns.EDNS0_EDE{InfoCode: code, ExtraText: text}, &dns.EDNS0_LOCAL{Code: 65001, Data: []byte{1}})
	}
}

// testTransactions are those of the golden files, in their order.
func testTransactions(t testing.TB) []*decode.Transaction {
	t.Helper()
	tsig := func(m *dns.Msg) {
		m.Rcode = dns.RcodeNotAuth
		m.Extra = append(m.Extra, &dns.TSIG{Hdr: dns.RR_Header{Name: "key.", Rrtype: dns.TypeTSIG, Class: dns.ClassANY}, Algorithm: dns.HmacSHA256, TimeSigned: 1, Fudge: 300, OrigId: 0x1234, Error: 17})
	}
	tkey := func(m *dns.Msg) {
		m.Answer = append(m.Answer, &dns.TKEY{Hdr: dns.RR_Header{Name: "key.", Rrtype: dns.TypeTKEY, Class: dns.ClassANY}, Algorithm: "gss-tsig.", Mode: 3, Error: 21})
	}
	rcode := func(n int) func(*dns.Msg) {
		return func(m *dns.Msg) { m.SetEdns0(1232, false); m.Rcode = n }
	}
	with := func(x *decode.Transaction, edit func(*decode.Transaction)) *decode.Transaction { edit(x); return x }
	return []*decode.Transaction{
		reply(t, asked(t), answer(t, "www.example.com. 60 A 192.0.2.1")),
		reply(t, asked(t), answer(t, "example.com. 60 SOA a. b. 1 2 3 4 5")),
		reply(t, asked(t), answer(t, "www.example.com. 60 CNAME cdn.example.net.")),
		reply(t, asked(t), answer(t, "example.com. 60 NS ns1.example.com.")),
		reply(t, asked(t), func(m *dns.Msg) { m.Truncated = true }),
		reply(t, asked(t), func(m *dns.Msg) { m.Rcode = dns.RcodeNameError; m.AuthenticatedData = true }),
		reply(t, asked(t), rcode(16)), reply(t, asked(t), rcode(23)), reply(t, asked(t), rcode(4095)),
		reply(t, asked(t), tsig), reply(t, asked(t), tkey),
		reply(t, asked(t), ede(22, "at delegation example.com.")),
		reply(t, asked(t), ede(49152, "\x1b[2J\"\\\u202e\xff")),
		asked(t),
		with(asked(t), func(x *decode.Transaction) {
			x.Status, x.Query.Retransmissions, x.Query.Malformed = decode.Unanswered, 2, true
			x.Query.ICMP = decode.ICMP{Seen: true, Type: 3, Code: 3, From: addr("192.0.2.53")}
		}),
		with(asked(t), func(x *decode.Transaction) {
			x.Status, x.Query.ICMP = decode.Unanswered, decode.ICMP{Seen: true, Type: 3, Code: 4, IPVersion: 4, From: addr("192.0.2.254"), MTU: 1400}
		}),
		with(asked(t), func(x *decode.Transaction) { x.Status = decode.Pending }),
		with(reply(t, asked(t), nil), func(x *decode.Transaction) { x.Status, x.Query = decode.Unsolicited, nil }),
		with(reply(t, asked(t), nil), func(x *decode.Transaction) { x.Status, x.Query = decode.Duplicate, nil }),
		with(reply(t, asked(t), nil), func(x *decode.Transaction) { x.Status, x.Query = decode.Conflicting, nil }),
		with(reply(t, asked(t), func(m *dns.Msg) { m.Question[0].Name = "other.example."; m.Question[0].Qtype = 28 }), func(x *decode.Transaction) {
			x.Status, x.Response.Server = decode.Mismatched, addr("192.0.2.54")
		}),
		with(reply(t, asked(t), nil), func(x *decode.Transaction) { x.Status, x.RTT, x.CaseDiffers = decode.Late, 7_000_000_000, true }),
		with(reply(t, asked(t), nil), func(x *decode.Transaction) { x.RTT = -1_500_000 }),
		with(reply(t, asked(t), nil), func(x *decode.Transaction) {
			x.Proto, x.Client, x.Server, x.ServerPort = decode.TCP, addr("2001:db8:1234:5678:9abc:def0:1234:5678"), addr("2001:db8::53"), 5353
			x.Response.Server = x.Server
			x.Query.Flags, x.Query.Type, x.Query.Class, x.Query.HasOPT = 5<<11, 65534, 254, false
			x.Query.Name = wireName(t, `a\.b.\027[2J\255.`+strings.Repeat("long-label.", 8)+"example.")
		}),
		with(asked(t), func(x *decode.Transaction) { x.Status, x.Query.Name = decode.Unanswered, nil }),
		with(asked(t), func(x *decode.Transaction) {
			x.Status, x.Query.HasQuestion, x.Proto = decode.Unanswered, false, decode.MDNS
		}),
		respond(asked(t), []byte{0x12, 0x34, 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0, 0xc0, 12, 0, 1, 0, 1}), // ptr_to_itself
		{Status: 77, Proto: 77},
	}
}

func lines(t *testing.T, o LineOptions) string {
	t.Helper()
	var out []byte
	for _, x := range testTransactions(t) {
		out = Line(out, x, o)
	}
	return string(out)
}

func TestLineGolden(t *testing.T) {
	golden(t, "lines.golden", lines(t, LineOptions{}))
	golden(t, "lines_ascii_full.golden", lines(t, LineOptions{ASCII: true, Time: Full, Location: time.FixedZone("", 3600), Timeout: 1500 * time.Millisecond}))
	golden(t, "lines_color_relative.golden", lines(t, LineOptions{Color: true, Time: Relative, Start: start - 5}))
	var out []byte
	for _, x := range testTransactions(t) {
		out = JSON(out, x)
	}
	golden(t, "json.golden", string(out))
}

func TestLinesAreSafe(t *testing.T) {
	for _, o := range []LineOptions{{}, {ASCII: true}, {Color: true}, {Time: Full}, {Time: Relative, ASCII: true, Color: true}} {
		out := lines(t, o)
		if got := colours.ReplaceAllString(out, ""); o.Color {
			o.Color = false
			if got != lines(t, o) {
				t.Errorf("%+v: colour changes the words", o)
			}
			out = got
		}
		for line := range strings.Lines(out) {
			line = strings.TrimSuffix(line, "\n")
			if line != sanitize.String(line) || strings.HasSuffix(line, " ") || o.ASCII && utf8.RuneCountInString(line) != len(line) {
				t.Errorf("%+v: a line holds what it must not: %q", o, line)
			}
		}
	}
}

// TestJSONIsJSON decodes what JSON encodes.
func TestJSONIsJSON(t *testing.T) {
	for i, x := range testTransactions(t) {
		out := JSON(nil, x)
		var got map[string]any
		if err := json.Unmarshal(out, &got); err != nil {
			t.Fatalf("transaction %d: %v in %s", i, err, out)
		}
		if n := strings.Count(string(out), "\n"); n != 1 || out[len(out)-1] != '\n' {
			t.Errorf("transaction %d: %d newlines", i, n)
		}
		if s := strings.TrimSuffix(string(out), "\n"); s != sanitize.String(s) {
			t.Errorf("transaction %d: not safe on a terminal: %q", i, s)
		}
		if keys := memberNames(string(out)); len(keys) != len(got) {
			t.Errorf("transaction %d: %d members written, %d read: a name twice", i, len(keys), len(got))
		}
	}
}

var member = regexp.MustCompile(`"([a-z_]+)":`)

// memberNames returns the names at the top level of an object.
func memberNames(s string) (names []string) {
	depth, quoted := 0, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\':
			i++
		case c == '"':
			if loc := member.FindStringIndex(s[i:]); !quoted && depth == 1 && loc != nil && loc[0] == 0 {
				names = append(names, s[i:i+loc[1]])
			}
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			depth--
		}
	}
	return names
}

func TestJSONFields(t *testing.T) {
	x := reply(t, asked(t), ede(22, "x"))
	x.Response.Anomalies = []anomaly.Seen{{ID: anomaly.Make('N', 5), Offset: 12, Length: 2}}
	var got struct {
		Time       time.Time
		Packet     uint64
		Client     netip.Addr
		ClientPort uint16 `json:"client_port"`
		Name, Type string
		RCODE      string
		RTT        float64  `json:"rtt_ms"`
		Flags      []string `json:"response_flags"`
		EDE        []struct {
			Code    uint16
			Purpose string
		}
		Anomalies []struct {
			ID     string
			Offset uint16
			Of     string
		}
	}
	if err := json.Unmarshal(JSON(nil, x), &got); err != nil {
		t.Fatal(err)
	}
	if got.Time.UnixNano() != start || got.Packet != 7 || got.Client != x.Client.Netip() || got.ClientPort != 53124 || got.Name != "www.example.com." ||
		got.Type != "A" || got.RCODE != "SERVFAIL" || math.Abs(got.RTT-0.84321) > 1e-12 || strings.Join(got.Flags, " ") != "rd ra" {
		t.Errorf("got %+v", got)
	}
	if len(got.EDE) != 1 || got.EDE[0].Code != 22 || got.EDE[0].Purpose != "No Reachable Authority" {
		t.Errorf("got EDE %+v", got.EDE)
	}
	if len(got.Anomalies) != 1 || got.Anomalies[0].ID != "N05" || got.Anomalies[0].Offset != 12 || got.Anomalies[0].Of != "response" {
		t.Errorf("got anomalies %+v", got.Anomalies)
	}
}

func TestLineAllocatesNothing(t *testing.T) {
	busy := reply(t, asked(t), answer(t, "www.example.com. 60 A 192.0.2.1"))
	odd := reply(t, asked(t), func(m *dns.Msg) { m.Rcode = 27; m.SetEdns0(512, false) })
	odd.Query.Type, odd.Query.Class, odd.Query.Retransmissions = 65534, 4096, 3
	buf := make([]byte, 0, 4096)
	if n := testing.AllocsPerRun(100, func() {
		for _, x := range []*decode.Transaction{busy, odd} {
			buf = Line(buf[:0], x, LineOptions{Color: true})
			buf = JSON(buf[:0], x)
		}
	}); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

// FuzzLine gives any bytes as a response, and any as a name.
func FuzzLine(f *testing.F) {
	x := reply(f, asked(f), ede(22, "\x1b[2J"))
	f.Add(x.Response.Data, []byte("\x03www\x00"), uint8(0), int64(1))
	f.Add([]byte{}, []byte{}, uint8(6), int64(-1))
	f.Add([]byte{0x12, 0x34, 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0, 0xc0, 12, 0, 1, 0, 1}, []byte{63}, uint8(255), int64(math.MinInt64))
	f.Fuzz(func(t *testing.T, data, name []byte, status uint8, rtt int64) {
		x := asked(t)
		x.Status, x.RTT, x.Query.Name = decode.Status(status), rtt, name[:min(len(name), 255)]
		respond(x, data[:min(len(data), math.MaxUint16)])
		line := string(Line(nil, x, LineOptions{ASCII: status%2 == 0}))
		if body := strings.TrimSuffix(line, "\n"); body != sanitize.String(body) || strings.HasSuffix(body, " ") {
			t.Errorf("unsafe line %q", line)
		}
		if out := JSON(nil, x); !json.Valid(out) {
			t.Errorf("not JSON: %q", out)
		}
	})
}

func BenchmarkLine(b *testing.B) {
	x := reply(b, asked(b), answer(b, "www.example.com. 60 A 192.0.2.1"))
	buf := make([]byte, 0, 4096)
	b.Run("text", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			buf = Line(buf[:0], x, LineOptions{})
		}
	})
	b.Run("json", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			buf = JSON(buf[:0], x)
		}
	})
}
