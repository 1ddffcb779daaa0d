package where

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/dnssniff/dnssniff/analyze/record"
	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/decode/wire"
)

// answered is a SERVFAIL that came late and has a flaw.
func answered() *record.Record {
	return &record.Record{
		Status: decode.Answered, Proto: decode.UDP, IPVersion: 4, ID: 0x1f2e,
		Client: netip.MustParseAddrPort("10.1.2.3:40000"), Server: netip.MustParseAddrPort("192.0.2.53:53"),
		HasQuestion: true, Name: "WWW.Example.CO.UK.", Type: 28, Class: 1,
		HasQuery: true, QueryPacket: 7, QueryFlags: wire.FlagRD, QueryLength: 48, Retransmissions: 2, EDNS: true, UDPSize: 1232, DO: true,
		HasResponse: true, ResponsePacket: 9, ResponseFlags: wire.FlagRA | wire.FlagTC, ResponseLength: 512, RCODE: 2, Answers: 0,
		EDE: []uint16{22, 23}, RTT: 750 * time.Millisecond, Anomalies: []anomaly.ID{anomaly.Make('N', 5), anomaly.Make('P', 3)},
	}
}

// alone is a query for the root that nobody answered, over IPv6.
func alone() *record.Record {
	return &record.Record{
		Status: decode.Unanswered, Proto: decode.TCP, IPVersion: 6, HasQuery: true, QueryPacket: 3, QueryFlags: wire.FlagCD,
		Client: netip.MustParseAddrPort("[2001:db8::1]:5300"), Server: netip.MustParseAddrPort("[2001:db8::53]:53"),
		HasQuestion: true, Name: ".", Type: 2, Class: 3, Opcode: 4,
	}
}

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		text                string
		ofAnswered, ofAlone bool
	}{
		{"", true, true},
		{" \t\n", true, true},
		{"true", true, true},
		{"false or rd", true, false},
		{`rcode == "SERVFAIL" && client in "10.0.0.0/8" && rtt > 500ms`, true, false},
		{`rcode == "servfail" and rtt > 0.8s`, false, false},
		{`rcode != "NOERROR"`, true, false},
		{`not (rcode == "NOERROR")`, true, true},
		{`not rcode == "NOERROR"`, true, true},
		{`!rcode == 2`, false, true},
		{`"SERVFAIL" == rcode`, true, false},
		{`rcode == 2 and rcode > 1 and rcode <= 2 and 3 > rcode and rcode in 1..3`, true, false},
		{`1 < rcode < 3`, true, false},
		{`rcode in ["NXDOMAIN", "SERVFAIL", 4095]`, true, false},
		{`rcode not in ["NXDOMAIN"]`, true, true},
		{`rcode == "RCODE27"`, false, false},
		{`client == "10.1.2.3"`, true, false},
		{`client == "::ffff:10.1.2.3"`, true, false},
		{`client != "10.1.2.3"`, false, true},
		{`client in ["192.0.2.0/24", "2001:db8::/32"]`, false, true},
		{`client in "10.1.2.3"`, true, false},
		{`server in "192.0.2.1/24"`, true, false},
		{`name == "www.example.co.uk"`, true, false},
		{`name == "www.EXAMPLE.co.uk."`, true, false},
		{`name != "www.example.co.uk"`, false, true},
		{`name == "."`, false, true},
		{`name endsWith ".co.uk" and name endsWith "UK."`, true, false},
		{`name endsWith "."`, true, true},
		{`name startsWith "www." and name contains "le.co" and name contains ".uk."`, true, false},
		{`name contains "" and name startsWith ""`, true, true},
		{`name matches "^w+\\.ex" and name matches "uk$" and name matches "uk\\.$"`, true, false},
		{`name matches "^\\.$"`, false, true},
		{`name in ["a.example", "www.example.co.uk"]`, true, false},
		{`zone == "example.co.uk"`, true, false},
		{`zone == "co.uk" or zone contains "www"`, false, false},
		{`zone == "."`, false, true},
		{`zone in ["EXAMPLE.co.uk."]`, true, false},
		{`type == "AAAA" and type == 28 and type == "TYPE28" and type in ["A", "AAAA"]`, true, false},
		{`class == "CH"`, false, true},
		{`opcode == "NOTIFY"`, false, true},
		{`status == "unanswered"`, false, true},
		{`status in ["answered", "late"]`, true, false},
		{`status != "answered"`, false, true},
		{`proto == "tcp"`, false, true},
		{`transport == "udp"`, true, false},
		{`ip == 6`, false, true},
		{`rtt >= 750ms and rtt < 1s and rtt < 1m30s and 749.5ms < rtt and rtt in 1ms..1h`, true, false},
		{`rtt > -1ms`, true, false},
		{`size > 500 and size == 512 and size > query_size`, true, false},
		{`query_size < 0`, false, false},
		{`query_size == 48`, true, false},
		{`answers == 0`, true, false},
		{`retransmissions > 1`, true, false},
		{`id == 0x1f2e`, true, false},
		{`port == 5300`, false, true},
		{`port == 53`, true, true},
		{`53 in port`, true, true},
		{`packet == 9 and packet == 7 and packet in [1, 7]`, true, false},
		{`packet in 1..3`, false, true},
		{`edns and do and rd and ra and tc`, true, false},
		{`aa or ad`, false, false},
		{`cd`, false, true},
		{`edns == false`, false, true},
		{`edns != false`, true, false},
		{`udp_size >= 1232`, true, false},
		{`ede == 22 and ede contains 23 and 22 in ede and ede == "No Reachable Authority" and not (ede == 1)`, true, false},
		{`ede > 22`, true, false},
		{`anomaly contains "N05" and "n5" in anomalies and anomaly == "` + anomaly.Make('P', 3).Name() + `"`, true, false},
		{`anomaly startsWith "p" and anomaly in ["N05"]`, true, false},
		{`severity >= "suspicious"`, true, false},
		{`severity == "none"`, false, true},
		{`malformed`, false, false},
		{`not malformed`, true, true},
		{"name == `www.example.co.uk`", true, false},
		{`name == 'www.example.co.uk'`, true, false},
		{`name == "500ms" or rtt > 700ms`, true, false},
	} {
		e, err := Parse(c.text)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		if got := e.Match(answered()); got != c.ofAnswered {
			t.Errorf("%s: %v of the answered one", c.text, got)
		}
		if got := e.Match(alone()); got != c.ofAlone {
			t.Errorf("%s: %v of the one alone", c.text, got)
		}
		if e.String() != c.text {
			t.Errorf("%s: String %q", c.text, e)
		}
	}
}

func TestErrors(t *testing.T) {
	for _, c := range []struct {
		text   string
		column int
		says   string
	}{
		{`rcod == "SERVFAIL"`, 1, "unknown field rcod, did you mean rcode?"},
		{`rcode == "SERVFAIL" && klient == "10.0.0.1"`, 24, "did you mean client?"},
		{`colour == 1`, 1, "known are rcode client server"},
		{`rcode == "SERVFIAL"`, 10, `unknown RCODE "SERVFIAL", did you mean SERVFAIL?`},
		{`type == "AAAAA"`, 9, "did you mean AAAA?"},
		{`type == "zzzzzzzzzz"`, 9, "unknown type"},
		{`rcode == SERVFAIL`, 10, `write it in quotes: "SERVFAIL"`},
		{`SERVFAIL == rcode`, 1, `write it in quotes`},
		{`rcode in [SERVFAIL]`, 11, `write it in quotes`},
		{`rcode == 4096`, 10, "RCODEs go up to 4095"},
		{`opcode == 16`, 11, "opcodes go up to 15"},
		{`status == "answeredd"`, 11, "did you mean answered?"},
		{`status == "disappeared"`, 11, "known are answered, unanswered"},
		{`status == 1`, 11, "status is a word"},
		{`status > "late"`, 8, "> is no operator for status"},
		{`rtt > 500`, 7, "has its unit"},
		{`rtt > 5xs`, 7, `"5xs" is no duration`},
		{`rtt > "5s"`, 7, "has its unit"},
		{`size > 5s`, 8, "size is a number"},
		{`rtt`, 1, "rtt alone is neither true nor false"},
		{`500ms`, 1, "a duration alone"},
		{`client == "10.0.0.0/8"`, 11, "is a network: client in"},
		{`client in "10.0.0.0/33"`, 11, "is no address and no network"},
		{`client == 10`, 11, "an address in quotes"},
		{`client in [1]`, 12, "an address in quotes"},
		{`client > "10.0.0.1"`, 8, "> is no operator for client"},
		{`client == "fe80::1%eth0"`, 11, "is no address"},
		{`name == 5`, 9, "name is a name"},
		{`name < "a"`, 6, "< is no operator"},
		{`name in "a.example"`, 9, "after in stands a list"},
		{`name in [1]`, 10, "name is a name"},
		{`name matches "("`, 14, "missing closing )"},
		{`name matches "((a{900}){900})"`, 14, "invalid repeat count"},
		{`name matches "(abcdefgh){999}"`, 14, "too large"},
		{`packet != 5`, 8, "can be several"},
		{`5 in size`, 6, "size is no list"},
		{`"a" contains name`, 1, "has its field on the left"},
		{`size == name`, 6, "cannot be compared"},
		{`size == rtt`, 6, "cannot be compared"},
		{`size in 5`, 9, "after in stands a list"},
		{`status in "late".."answered"`, 17, "status is in a list"},
		{`anomaly == "Z99"`, 12, "unknown anomaly"},
		{`anomaly == "X15"`, 12, "no transaction has X15: packets and connections show it"},
		{`anomaly in ["N05", "tc-no-retry"]`, 20, `no transaction has O33: several transactions show it together`},
		{`anomaly contains "C01"`, 18, "the capture makes it"},
		{`anomaly == "O31"`, 12, "nothing that can be captured"},
		{`anomaly startsWith "c"`, 20, "no transaction has an anomaly of group C"},
		{`anomaly startsWith "N05"`, 20, "letter of their group"},
		{`edns == 1`, 6, "true or false as it stands"},
		{`1 == 1`, 1, "has a field on one side"},
		{`"a"`, 1, "a constant alone"},
		{`nil`, 1, "a constant alone"},
		{`len(name) > 5`, 1, "functions are not part"},
		{`all(ede, # > 1)`, 1, "functions are not part"},
		{`foo(1)`, 1, "functions are not part"},
		{`now() > 1`, 1, "functions are not part"},
		{`ede | len() > 1`, 7, "functions are not part"},
		{`client.addr == "10.0.0.1"`, 8, "fields have no parts"},
		{`ede[0] == 1`, 4, "fields have no parts"},
		{`size + 1 > 5`, 6, "arithmetic"},
		{`-size > 5`, 1, ""},
		{`-1`, 1, "arithmetic"},
		{`1..5`, 2, "a range stands after in"},
		{`rd ?? true`, 4, "not part of expressions"},
		{`rd ? true : false`, 0, "only comparisons"},
		{`let x = 1; rd`, 5, "only comparisons"},
		{`rd; rd`, 1, "only comparisons"},
		{`{"a": 1}`, 1, "only comparisons"},
		{`(rd) == (tc)`, 6, "cannot be compared"},
		{`(rd and tc) == true`, 5, "a truth is not compared"},
		{`rcode = 2`, 7, "compare with =="},
		{`rcode ==`, 0, "the expression ends too early"},
		{`(rd`, 0, "the expression ends too early"},
		{`rd)`, 3, "unexpected"},
		{`rd @`, 4, "unrecognized character"},
		{`name == "a`, 0, "literal not terminated"},
		{"rd // note", 4, "comments"},
		{"rd\n&& rcod == 1", 7, "did you mean rcode?"},
		{`name == "é" && rcod == 1`, 16, "did you mean rcode?"},
		{strings.Repeat("(", 101) + "rd" + strings.Repeat(")", 101), 101, "parentheses in each other"},
		{"rd" + strings.Repeat(" or rd", 1000), 1, "longer than 4096"},
		{"rd\xff", 1, "not UTF-8"},
	} {
		_, err := Parse(c.text)
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%.60s: %v", c.text, err)
			continue
		}
		if c.column > 0 && e.Column != c.column || !strings.Contains(e.Message, c.says) {
			t.Errorf("%.60s:\n got %v\nwant column %d: ...%s", c.text, e, c.column, c.says)
		}
		check(t, c.text, e)
	}
}

// check holds an error to what all errors are.
func check(t *testing.T, text string, e *Error) {
	t.Helper()
	if strings.ContainsAny(e.Error(), "\n\r\x1b") || e.Column < 1 || utf8.ValidString(text) && e.Column > utf8.RuneCountInString(text)+1 {
		t.Errorf("%q: error %q at %d", text, e.Message, e.Column)
	}
}

func TestManyParts(t *testing.T) {
	for text, ok := range map[string]bool{
		"rd" + strings.Repeat("&&rd", 600):    true,
		"rd" + strings.Repeat("&&rd", 1022):   true,
		strings.Repeat("!", 4000) + "rd":      false,
		strings.Repeat("not ", 1000) + "rd":   true,
		"rd" + strings.Repeat("?rd:rd", 600):  false,
		strings.Repeat("(rd)and ", 200) + "d": false,
	} {
		if _, err := Parse(text); (err == nil) != ok {
			t.Errorf("%.40s: %v", text, err)
		}
	}
}

// Each field's example has to parse, and its name alone has to be a flag or an error that shows the example.
func TestFields(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range Fields() {
		if seen[f.Name] || f.Name == "" || f.Type == "" || f.Meaning == "" {
			t.Errorf("field %+v", f)
		}
		seen[f.Name] = true
		if _, err := Parse(f.Example); err != nil || !strings.Contains(f.Example, f.Name) {
			t.Errorf("%s: %v", f.Example, err)
		}
		if _, err := Parse(f.Name); (err == nil) != (f.Type == isFlag) {
			t.Errorf("%s alone: %v", f.Name, err)
		}
	}
}

func TestZoneOf(t *testing.T) {
	for name, want := range map[string]string{
		".": ".", "com.": "com.", "co.uk.": "co.uk.", "Example.CO.uk.": "Example.CO.uk.", "a.b.example.co.uk.": "example.co.uk.",
		`a\.co.uk.`: `a\.co.uk.`, `x.a\.co.uk.`: `a\.co.uk.`, `x.\\.uk.`: `\\.uk.`, "host.internal.": "host.internal.", "x.host.internal.": "host.internal.",
	} {
		if got := zoneOf(name); got != want {
			t.Errorf("zone of %s: %s, want %s", name, got, want)
		}
	}
}

func TestMatchDoesNotAllocate(t *testing.T) {
	for _, f := range append(Fields(), Field{Example: `name matches "^w+\\.ex" and name contains "co" and name in ["a"]`}) {
		e, err := Parse(f.Example)
		if err != nil {
			t.Fatal(err)
		}
		r := answered()
		r.Name = "www.example.co.uk."
		if n := testing.AllocsPerRun(100, func() { e.Match(r) }); n > 0 && f.Name != "zone" { // the public suffix list allocates
			t.Errorf("%s: %v allocations", f.Example, n)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, x := range Fields() {
		f.Add(x.Example)
	}
	for _, s := range []string{`rcode == "SERVFAIL" && client in "10.0.0.0/8" && rtt > 500ms`, `not (name matches "^a.*b$") or "N05" in anomalies`,
		`1 < rcode < 3`, `rd ? 1 : 2`, `all(ede, {# > 1})`, `let x = 1; x`, `name == 'a\x00'`, `rtt in 1ms..5s`, `a?.b`, `#`, `$env`, `b"x"`, `1e999`, `0b2`, "\xff"} {
		f.Add(s)
	}
	a, b := answered(), alone()
	f.Fuzz(func(t *testing.T, text string) {
		e, err := Parse(text)
		if err != nil {
			var own *Error
			if !errors.As(err, &own) {
				t.Fatalf("%q: %T", text, err)
			}
			check(t, text, own)
			return
		}
		for _, r := range []*record.Record{a, b} {
			if first, again := e.Match(r), e.Match(r); first != again {
				t.Errorf("%q: not the same twice", text)
			}
		}
		e.Match(new(record.Record))
	})
}

func BenchmarkMatch(b *testing.B) {
	for _, text := range []string{`rcode == "SERVFAIL" && client in "10.0.0.0/8" && rtt > 500ms`, `name endsWith ".example.co.uk" and type in ["A", "AAAA"]`,
		`zone == "example.co.uk"`, `name matches "^www\\."`} {
		e, err := Parse(text)
		if err != nil {
			b.Fatal(err)
		}
		r := answered()
		r.Name = "www.example.co.uk."
		b.Run(text, func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				e.Match(r)
			}
		})
	}
}
