package inspect

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/miekg/dns"

	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/decode/wire"
	"github.com/dnssniff/dnssniff/ui/sanitize"
)

var update = flag.Bool("update", false, "rewrite the expected output in testdata")

// message makes what is shown of a message's bytes, as captured in a packet of its own.
func message(number uint64, data []byte) *Message {
	w := &wire.Message{}
	w.Parse(data, false)
	client, server := netip.MustParseAddrPort("192.0.2.1:40000"), netip.MustParseAddrPort("192.0.2.53:53")
	if w.Response() {
		client, server = server, client
	}
	return &Message{Message: w, File: "test.pcap", Number: number, Time: 1_800_000_000e9 + int64(number)*1e6, From: client, To: server,
		Length: len(data), Frame: 42}
}

// pair makes an answered exchange.
func pair(query, response []byte) Exchange {
	return Exchange{Packet: 1, Query: message(1, query), Response: message(2, response), Status: decode.Answered, Settled: true, RTT: 1234 * time.Microsecond,
		HasRTT: true, FirstQuery: 1, Timeout: 5 * time.Second}
}

func pack(t testing.TB, m *dns.Msg) []byte {
	t.Helper()
	b, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// ask makes a query with an OPT.
func ask(name string, typ uint16) *dns.Msg {
	m := new(dns.Msg)
	m.SetQuestion(name, typ)
	m.Id = 0x1234
	m.SetEdns0(1232, true)
	return m
}

// reply makes a response with the answers given in master file form.
func reply(t testing.TB, q *dns.Msg, answers ...string) *dns.Msg {
	t.Helper()
	m := new(dns.Msg)
	m.SetReply(q)
	m.Compress, m.RecursionAvailable = true, true
	for _, s := range answers {
		rr, err := dns.NewRR(s)
		if err != nil {
			t.Fatal(err)
		}
		m.Answer = append(m.Answer, rr)
	}
	return m
}

// hostile is a response whose names and texts attack the reader's terminal.
func hostile(t testing.TB) Exchange {
	q := ask(`\027[2J\027[1;1H.\226\128\174gpj.exe.example.`, dns.TypeTXT)
	r := reply(t, q, `\226\128\174.example. 60 TXT "\027]0;owned\007" "\226\128\142 bidi" "<script>[red]"`)
	opt := &dns.OPT{Hdr: dns.RR_Header{Name: ".", Rrtype: dns.TypeOPT, Class: 1232}}
	opt.Option = append(opt.Option, &dns.EDNS0_EDE{InfoCode: 15, ExtraText: "\x1b[31mblocked\u202e\u200b 日本"}, &dns.EDNS0_NSID{Nsid: "1b5b324a"})
	r.Extra = append(r.Extra, opt)
	e := pair(pack(t, q), pack(t, r))
	e.Query.File = "\x1b[2J.pcap"
	return e
}

// long is a response with hundreds of records, and a name of 255 octets.
func long(t testing.TB) Exchange {
	name := strings.Repeat(strings.Repeat("x", 61)+".", 4) + "abcde."
	q := ask(name, dns.TypeA)
	answers := []string{fmt.Sprintf("%s 60 TYPE65280 \\# 600 %s", name, strings.Repeat("ab", 600))}
	for i := range 300 {
		answers = append(answers, fmt.Sprintf("%s 60 A 192.0.2.%d", name, i%256))
	}
	b := pack(t, reply(t, q, answers...))
	b[len(b)-16*100+6] |= 0x80 // the TTL of a record that would be left out: R14
	return pair(pack(t, q), b)
}

func malformed(t testing.TB) Exchange {
	q := []byte{0x41, 1, 1, 0x40, 0, 1, 0, 0, 0, 0, 0, 1, 3, 'w', 'w', 'w', 0x47, 'e', 'x', 'a', 'm', 'p', 'l', 'e', 0, 0, 1, 0, 1}
	r := []byte{0x41, 1, 0x81, 1, 0, 0, 0, 0, 0, 0, 0, 0}
	return pair(q, r)
}

func exchanges(t testing.TB) map[string][]Exchange {
	q := ask("www.example.com.", dns.TypeA)
	plain := pair(pack(t, q), pack(t, reply(t, q, "www.example.com. 60 CNAME web.example.com.", "web.example.com. 60 A 192.0.2.7")))
	lost := Exchange{Packet: 1, Query: message(1, pack(t, q)), Status: decode.Unanswered, Settled: true, Timeout: 5 * time.Second, Repetitions: 2,
		Anomalies: []anomaly.Seen{{ID: anomaly.Make('P', 1)}, {ID: anomaly.Make('P', 3)}}, Remarks: []string{"A remark."},
		ICMP: decode.ICMP{Seen: true, Type: 3, Code: 3}}
	orphan := Exchange{Packet: 2, OfResponse: true, Response: message(2, malformed(t).Response.Data), Status: decode.Unsolicited, Settled: true,
		Anomalies: []anomaly.Seen{{ID: anomaly.Make('P', 2)}}}
	pieces := pair(pack(t, q), pack(t, reply(t, q)))
	pieces.Packet, pieces.OfResponse = 7, true
	pieces.Query.Fragments, pieces.Query.Frame = 3, -1
	pieces.Query.Flow = []anomaly.ID{anomaly.Make('X', 14)}
	pieces.Response.Proto, pieces.Response.Segments, pieces.Response.FirstNumber, pieces.Response.Frame = decode.TCP, 4, 5, -1
	cut := Exchange{Packet: 1, Query: message(1, pack(t, q)[:20]), Status: decode.Pending, Settled: true}
	cut.Query.Parse(cut.Query.Data, true)
	cut.Query.Length = 44
	return map[string][]Exchange{
		"plain": {plain}, "malformed": {malformed(t)}, "hostile": {hostile(t)}, "long": {long(t)}, "lost": {lost}, "orphan": {orphan}, "pieces": {pieces},
		"cut": {cut}, "several": {plain, orphan},
	}
}

// servers is what a measured matrix could say.
func servers(id anomaly.ID) []Answer {
	if id != anomaly.Make('N', 1) {
		return nil
	}
	return []Answer{{"BIND 9.20", "FORMERR"}, {"Unbound 1.22", "FORMERR, 12 bytes"}, {"PowerDNS 4.9", "no response"}}
}

func TestText(t *testing.T) {
	looks := map[string]Options{
		"80": {Width: 80}, "120": {Width: 120}, "200": {Width: 200}, "120_color": {Width: 120, Color: true}, "120_ascii": {Width: 120, ASCII: true},
	}
	for name, all := range exchanges(t) {
		for look, o := range looks {
			if name != "malformed" && name != "hostile" && look != "80" && look != "120" {
				continue
			}
			t.Run(name+"_"+look, func(t *testing.T) {
				o.Answers = servers
				var out bytes.Buffer
				if err := Text(&out, all, o); err != nil {
					t.Fatal(err)
				}
				checkText(t, out.String(), o)
				golden(t, name+"_"+look, out.Bytes())
			})
		}
	}
}

// golden compares with a file in testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs: go test ./ui/inspect -update, and read it\n%s", path, got)
	}
}

// mostLines bounds a text: both messages side by side or not, and what is said about them.
const mostLines = 2*maxRows*16 + 2*maxVerdicts*200

// checkText checks what holds for any text: no control characters but for colours, nothing wider than asked for.
func checkText(t *testing.T, s string, o Options) {
	t.Helper()
	if !utf8.ValidString(s) {
		t.Fatal("no UTF-8")
	}
	lines := strings.Split(s, "\n")
	if len(lines) > mostLines {
		t.Errorf("%d lines", len(lines))
	}
	for _, l := range lines {
		plain := l
		if o.Color {
			for _, code := range append(sgr[1:], sgrReset) {
				plain = strings.ReplaceAll(plain, code, "")
			}
		}
		if i := strings.IndexFunc(plain, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || o.ASCII && r > 0x7e }); i >= 0 {
			t.Fatalf("%q has a character at %d that it must not have", plain, i)
		}
		if w := sanitize.Width(plain); w > max(o.Width, minWidth) {
			t.Fatalf("%q is %d wide", plain, w)
		}
		if strings.HasSuffix(plain, " ") {
			t.Fatalf("%q ends in a space", plain)
		}
	}
}

func TestJSON(t *testing.T) {
	for name, all := range exchanges(t) {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			if err := JSON(&out, all, Options{Answers: servers}); err != nil {
				t.Fatal(err)
			}
			checkDocument(t, out.Bytes(), all)
			if name != "long" {
				golden(t, name+"_json", out.Bytes())
			}
		})
	}
}

// checkDocument reads JSON back: the leaves cover the bytes, and no text holds a control character.
func checkDocument(t *testing.T, raw []byte, all []Exchange) {
	t.Helper()
	var d Document
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&d); err != nil {
		t.Fatal(err)
	}
	if d.Schema != Schema || len(d.Exchanges) != len(all) {
		t.Fatalf("schema %q, %d exchanges", d.Schema, len(d.Exchanges))
	}
	for i, x := range d.Exchanges {
		for _, m := range []struct {
			got  *JSONMessage
			want *Message
		}{{x.Query, all[i].Query}, {x.Response, all[i].Response}} {
			if (m.got == nil) != (m.want == nil) {
				t.Fatal("a message is lost")
			}
			if m.got == nil {
				continue
			}
			if end := leaves(t, m.got.Fields, 0); end != len(m.want.Data) || m.got.Captured != end {
				t.Errorf("leaves end at %d of %d", end, len(m.want.Data))
			}
			if len(m.got.Anomalies) != len(m.want.Anomalies)+len(m.want.Flow) {
				t.Errorf("%d anomalies, want %d", len(m.got.Anomalies), len(m.want.Anomalies))
			}
		}
	}
}

func leaves(t *testing.T, all []JSONField, off int) int {
	t.Helper()
	for _, f := range all {
		if strings.ContainsFunc(f.Value, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }) {
			t.Fatalf("%q is not fit to be shown", f.Value)
		}
		if len(f.Fields) > 0 {
			off = leaves(t, f.Fields, off)
			continue
		}
		if f.Offset != off {
			t.Fatalf("%s is at %d, and the leaf before ends at %d", f.Name, f.Offset, off)
		}
		off += f.Length
	}
	return off
}

// What is left out is said, and a fault in it is shown all the same.
func TestLongMessageIsBounded(t *testing.T) {
	var out bytes.Buffer
	e := long(t)
	if err := Text(&out, []Exchange{e}, Options{}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"fields left out (", "◄ R14", "… 576 bytes", "Answer 40: ", "Answer 202: "} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in the text", want)
		}
	}
	if n := strings.Count(out.String(), "\n"); n > 900 {
		t.Errorf("%d lines", n)
	}
}

// Every byte at fault stands in brackets, whatever the colours.
func TestFaultyBytesAreMarked(t *testing.T) {
	var out bytes.Buffer
	if err := Text(&out, []Exchange{malformed(t)}, Options{}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{" 16 [47]65 78", "(01 40)", "Label length 0x47 at 16 is of reserved type 01.", "byte 16 of the message, 58 of the packet: 47"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, out.String())
		}
	}
}

func TestBorders(t *testing.T) {
	l := layout{page: &page{}, per: 8, digits: 3}
	const info, malformed = uint8(anomaly.Info) + 1, uint8(anomaly.Malformed) + 1
	for _, tt := range []struct {
		name  string
		marks []uint8
		want  string
	}{
		{"sound", []uint8{0, 0}, " 00 01" + strings.Repeat("   ", 6) + " "},
		{"first", []uint8{malformed, 0}, "[00]01 " + strings.Repeat("   ", 6)},
		{"last", []uint8{0, info}, " 00(01)" + strings.Repeat("   ", 6)},
		{"next_to_each_other", []uint8{info, malformed}, "(00|01]" + strings.Repeat("   ", 6)},
		{"both", []uint8{malformed, malformed}, "[00 01]" + strings.Repeat("   ", 6)},
	} {
		l.m = &Message{Message: &wire.Message{Data: []byte{0, 1}}}
		l.marks = &marks{bytes: tt.marks}
		if got := l.hex(0, 2); strings.TrimRight(got, " ") != strings.TrimRight(tt.want, " ") || len(got) != 25 {
			t.Errorf("%s: %q (%d), want %q", tt.name, got, len(got), tt.want)
		}
	}
}

func TestWrap(t *testing.T) {
	for _, tt := range []struct {
		in           string
		width, lines int
		want         []string
	}{
		{"", 20, -1, []string{""}},
		{"short", 20, -1, []string{"short"}},
		{"one two three four", 10, -1, []string{"one two", "three", "four"}},
		{"abcdefghijklmnopqrstuvwxyz", 10, -1, []string{"abcdefghij", "klmnopqrs", "tuvwxyz"}},
		{"abcdefghijklmnopqrstuvwxyz", 10, 2, []string{"abcdefghij", "klmnopqr…"}},
		{"日本語日本語日本語", 9, -1, []string{"日本語日", "本語日本", "語"}},
	} {
		if got := wrap(tt.in, tt.width, tt.lines, "…"); !slices.Equal(got, tt.want) {
			t.Errorf("wrap(%q, %d, %d) = %q, want %q", tt.in, tt.width, tt.lines, got, tt.want)
		}
	}
}

func TestDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{0: "0.00 µs", 19 * time.Microsecond: "19.0 µs", 385 * time.Microsecond: "385 µs", 1234 * time.Microsecond: "1.23 ms",
		4 * time.Second: "4.00 s", 90 * time.Second: "90.0 s"} {
		if got := (&page{}).duration(d); got != want {
			t.Errorf("%d: %q, want %q", d, got, want)
		}
	}
	if got := (&page{Options: Options{ASCII: true}}).duration(1000); got != "1.00 us" {
		t.Errorf("ASCII: %q", got)
	}
}

// Each sentence is one, for any place in any message: no value that is not there, no panic.
func TestSentencesAreTotal(t *testing.T) {
	for _, all := range exchanges(t) {
		for i := range all {
			e := &all[i]
			for _, m := range e.messages() {
				for id := range anomaly.All {
					for off := 0; off <= len(m.Data)+1; off += max(1, len(m.Data)/50) {
						for _, n := range []uint16{0, 1, 9} {
							s := Sentence(e, m, anomaly.Seen{ID: id, Offset: uint16(off), Length: n})
							if !strings.HasSuffix(s, ".") || strings.Contains(s, "%!") {
								t.Fatalf("%v at %d: %q is no sentence", id, off, s)
							}
						}
					}
				}
			}
		}
	}
}

func FuzzText(f *testing.F) {
	e := malformed(f)
	f.Add(e.Query.Data, e.Response.Data, 80, true, false)
	h := hostile(f)
	f.Add(h.Query.Data, h.Response.Data, 120, false, true)
	l := long(f)
	f.Add(l.Query.Data, l.Response.Data[:3000], 200, false, false)
	f.Fuzz(func(t *testing.T, query, response []byte, width int, color, ascii bool) {
		e := pair(query, response)
		o := Options{Width: max(0, min(width, 400)), Color: color, ASCII: ascii, Answers: servers}
		var out bytes.Buffer
		if err := Text(&out, []Exchange{e}, o); err != nil {
			t.Fatal(err)
		}
		checkText(t, out.String(), o)
		for _, a := range e.Query.Anomalies[:min(len(e.Query.Anomalies), maxVerdicts)] {
			if !strings.Contains(out.String(), a.ID.String()+" "+a.ID.Name()) {
				t.Errorf("%v is not explained", a.ID)
			}
		}
		var doc bytes.Buffer
		if err := JSON(&doc, []Exchange{e}, o); err != nil {
			t.Fatal(err)
		}
		checkDocument(t, doc.Bytes(), []Exchange{e})
	})
}
