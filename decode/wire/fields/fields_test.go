package fields

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"github.com/dnssniff/dnssniff/decode/wire"
)

// covered checks that leaves cover all bytes without gaps and overlaps, and that each field covers just what its parts do.
func covered(t *testing.T, all []Field, length int) {
	t.Helper()
	off := 0
	Leaves(all, func(f *Field) bool {
		if f.Off != off || f.Len <= 0 {
			t.Fatalf("%s is %d bytes at %d, and the field before ends at %d", f.Name, f.Len, f.Off, off)
		}
		if f.Kind > NotUnderstood {
			t.Fatalf("%s at %d has kind %d, and no parts", f.Name, f.Off, f.Kind)
		}
		off += f.Len
		return true
	})
	if off != length {
		t.Fatalf("the fields end at %d of %d", off, length)
	}
	each(all, func(f *Field) {
		if f.Name == "" {
			t.Fatalf("a field at %d has no name", f.Off)
		}
		if n := len(f.Fields); n > 0 {
			if last := f.Fields[n-1]; f.Fields[0].Off != f.Off || last.Off+last.Len != f.Off+f.Len {
				t.Fatalf("%s is %d bytes at %d, its parts are not", f.Name, f.Len, f.Off)
			}
		}
	})
}

func each(all []Field, do func(*Field)) {
	for i := range all {
		do(&all[i])
		each(all[i].Fields, do)
	}
}

// agrees checks that the walk went as far as wire's.
func agrees(t *testing.T, m *wire.Message, all []Field) {
	t.Helper()
	if len(m.Data) < wire.HeaderLen {
		return
	}
	words := wordsOf(m)
	whole := 0
	for _, f := range all {
		if f.Kind == Section {
			for s, w := range words {
				if w.section == f.Name {
					whole += min(len(f.Fields), int(m.Parsed[s]))
					if got := len(f.Fields) - int(m.Parsed[s]); got < 0 || got > 1 {
						t.Fatalf("%s has %d entries, wire read %d", f.Name, len(f.Fields), m.Parsed[s])
					}
				}
			}
		}
	}
	want := 0
	for _, n := range m.Parsed {
		want += int(n)
	}
	if whole != want {
		t.Fatalf("%d entries, wire read %d", whole, want)
	}
	if whole < int(m.Counts[0])+int(m.Counts[1])+int(m.Counts[2])+int(m.Counts[3]) || len(all) == 0 {
		return
	}
	for _, f := range all {
		if f.Kind == NotUnderstood && f.Off < m.End {
			t.Fatalf("bytes from %d are not understood, and wire read to %d", f.Off, m.End)
		}
	}
}

// lay lays out data, and checks what holds for any.
func lay(t *testing.T, data []byte, cut bool) []Field {
	t.Helper()
	var m wire.Message
	m.Parse(data, cut)
	all := Of(&m)
	covered(t, all, len(m.Data))
	agrees(t, &m, all)
	return all
}

// dump writes fields for a comparison: a line each, indented.
func dump(all []Field) string {
	var b strings.Builder
	var write func([]Field, int)
	write = func(all []Field, depth int) {
		for _, f := range all {
			fmt.Fprintf(&b, "%s%d+%d %s", strings.Repeat(" ", depth), f.Off, f.Len, f.Name)
			if f.Value != "" {
				b.WriteString(": " + f.Value)
			}
			b.WriteByte('\n')
			write(f.Fields, depth+1)
		}
	}
	write(all, 0)
	return b.String()
}

// pack builds the message with the answers given in master file form.
func pack(t testing.TB, answers ...string) []byte {
	t.Helper()
	m := new(dns.Msg)
	m.SetQuestion("example.com.", dns.TypeANY)
	m.Id, m.Response, m.Compress = 0x1234, true, true
	for _, s := range answers {
		rr, err := dns.NewRR(s)
		if err != nil {
			t.Fatal(err)
		}
		m.Answer = append(m.Answer, rr)
	}
	b, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// rdataOf returns the RDATA's parts of the first answer.
func rdataOf(t *testing.T, all []Field) string {
	t.Helper()
	for _, f := range all {
		if f.Name != "Answer" {
			continue
		}
		for _, part := range f.Fields[0].Fields {
			if part.Kind == RDATA {
				var out []string
				for _, p := range part.Fields {
					out = append(out, p.Name+"="+p.Value)
				}
				return strings.Join(out, "; ")
			}
		}
	}
	t.Fatal("no RDATA")
	return ""
}

func TestRDATA(t *testing.T) {
	for _, tt := range []struct{ rr, want string }{
		{"A 192.0.2.1", "Address=192.0.2.1"},
		{"AAAA 2001:db8::1", "Address=2001:db8::1"},
		{"NS ns.example.com.", "NSDNAME=ns.example.com. (ends in a pointer to 12)"},
		{"CNAME example.com.", "CNAME=example.com. (pointer to 12)"},
		{"PTR host.example.", "PTRDNAME=host.example."},
		{"MX 10 mail.example.net.", "Preference=10; Exchange=mail.example.net."},
		{"SOA ns.example. host.example. 7 1 2 3 4", "MNAME=ns.example.; RNAME=host.example. (ends in a pointer to 44); SERIAL=7; REFRESH=1 s; RETRY=2 s; EXPIRE=3 s; MINIMUM=4 s"},
		{`TXT "v=spf1 -all" "a\"b\007"`, `Text="v=spf1 -all"; Text="a\"b\007"`},
		{"SRV 1 2 5060 sip.example.", "Priority=1; Weight=2; Port=5060; Target=sip.example."},
		{`CAA 128 issue "ca.example"`, `Flags=0x80; Tag="issue"; Value="ca.example"`},
		{"DS 20326 8 2 E06D44B8", "Key tag=20326; Algorithm=8 (RSASHA256); Digest type=2 (SHA256); Digest=e06d44b8"},
		{"DNSKEY 257 3 13 AQID", "Flags=0x0101; Protocol=3; Algorithm=13 (ECDSAP256SHA256); Public key=AQID"},
		{"RRSIG A 13 2 300 20260902000000 20260801000000 4711 example.com. AQID",
			"Type covered=A (1); Algorithm=13 (ECDSAP256SHA256); Labels=2; Original TTL=300 s; Signature expiration=2026-09-02 00:00:00 (1788307200); " +
				"Signature inception=2026-08-01 00:00:00 (1785542400); Key tag=4711; Signer's name=example.com.; Signature=AQID"},
		{"NSEC a.example.com. A NS TYPE65280", "Next domain name=a.example.com.; Types=A NS; Types=TYPE65280"},
		{"NSEC3 1 1 5 ABCD 2T7B4G4VSA5SMI47K61MV5BV1A22BOJR A RRSIG",
			"Hash algorithm=1 (SHA-1); Flags=0x01; Iterations=5; Salt=abcd; Next hashed owner=2T7B4G4VSA5SMI47K61MV5BV1A22BOJR; Types=A RRSIG"},
		{"NSEC3PARAM 1 0 0 -", "Hash algorithm=1 (SHA-1); Flags=0x00; Iterations=0; Salt=-"},
		{`HTTPS 1 . mandatory=alpn alpn="h2,h3" port=8443 ipv4hint=192.0.2.1 ech=AQID ipv6hint=2001:db8::1 key65000=x`,
			"SvcPriority=1; TargetName=.; mandatory=2 bytes; alpn=6 bytes; port=2 bytes; ipv4hint=4 bytes; ech=3 bytes; ipv6hint=16 bytes; key65000=1 byte"},
		{"SVCB 0 svc.example.", "SvcPriority=0; TargetName=svc.example."},
		{`NAPTR 1 2 "S" "SIP+D2U" "" _sip._udp.example.`, `Order=1; Preference=2; Flags="S"; Services="SIP+D2U"; Regexp=""; Replacement=_sip._udp.example.`},
		{"TLSA 3 1 1 ABCD", "Certificate usage=3; Selector=1; Matching type=1; Certificate association data=abcd"},
		{`HINFO "RFC8482" ""`, `CPU="RFC8482"; OS=""`},
		{`URI 1 2 "https://x.example/"`, `Priority=1; Weight=2; Target="https://x.example/"`},
		{"LOC 52 22 23.000 N 4 53 32.000 E -2.00m 1.00m 10000.00m 10.00m", "LOC=52 22 23.000 N 04 53 32.000 E -2m 1m 10000m 10m"},
		{`TYPE65280 \# 3 010203`, `TYPE65280=\# 3 010203`},
		{`CH A \# 4 01020304`, "A=1.2.3.4"}, // no address: the text is the library's
	} {
		t.Run(strings.Fields(tt.rr)[0], func(t *testing.T) {
			all := lay(t, pack(t, "example.com. 300 "+tt.rr), false)
			if got := rdataOf(t, all); got != tt.want {
				t.Errorf("\n got %s\nwant %s", got, tt.want)
			}
		})
	}
}

// edns builds a query whose OPT has one option.
func edns(code uint16, data ...byte) []byte {
	b := []byte{0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0 /* . */, 0, 1, 0, 1, 0 /* OPT . */, 0, 41, 4, 208, 0, 0, 0x80, 0,
		0, byte(len(data) + 4), byte(code >> 8), byte(code), 0, byte(len(data))}
	return append(b, data...)
}

func TestOptions(t *testing.T) {
	for _, tt := range []struct {
		name string
		code uint16
		data string
		want string
	}{
		{"nsid_text", 3, "ns1", `Name server identifier=6e7331 "ns1"`},
		{"nsid_no_text", 3, "\xff\x00", `Name server identifier=ff00`},
		{"nsid_asked_for", 3, "", ""},
		{"dau", 5, "\x08\x0d\xfe", "Algorithms understood=8 (RSASHA256), 13 (ECDSAP256SHA256), 254 (PRIVATEOID)"},
		{"dhu", 6, "\x02", "DS digests understood=2 (SHA256)"},
		{"n3u", 7, "\x01\x02", "NSEC3 hashes understood=1 (SHA-1), 2"},
		{"ecs", 8, "\x00\x01\x18\x00\xc0\x00\x02", "Family=1 (IPv4); Source prefix length=24; Scope prefix length=0; Address=192.0.2.0/24"},
		{"ecs_v6", 8, "\x00\x02\x10\x00\x20\x01", "Family=2 (IPv6); Source prefix length=16; Scope prefix length=0; Address=2001::/16"},
		{"ecs_none", 8, "\x00\x01\x00\x00", "Family=1 (IPv4); Source prefix length=0; Scope prefix length=0"},
		{"ecs_unknown_family", 8, "\x00\x03\x08\x00\x01", "Family=3; Source prefix length=8; Scope prefix length=0; not understood=1 byte"},
		{"ecs_too_long", 8, "\x00\x01\x20\x00\x01\x02\x03\x04\x05", "Family=1 (IPv4); Source prefix length=32; Scope prefix length=0; not understood=5 bytes"},
		{"ecs_cut", 8, "\x00\x01\x20", "Family=1 (IPv4); Source prefix length=32"},
		{"expire", 9, "\x00\x00\x0e\x10", "Expire=3600 s"},
		{"expire_of_three_bytes", 9, "\x00\x00\x0e", "not understood=3 bytes, from Expire on"},
		{"cookie_of_a_client", 10, "12345678", "Client cookie=3132333435363738"},
		{"cookie_of_nine_bytes", 10, "123456789", "Client cookie=3132333435363738; not understood=1 byte"},
		{"cookie_of_seven_bytes", 10, "1234567", "not understood=7 bytes, from Client cookie on"},
		{"cookie_with_server", 10, "12345678abcdefgh", "Client cookie=3132333435363738; Server cookie=6162636465666768"},
		{"cookie_interoperable", 10, "12345678\x01\x00\x00\x00\x6a\x00\x00\x00abcdefgh", "Client cookie=3132333435363738; Server cookie="},
		{"keepalive", 11, "\x00\x64", "Timeout=100 (10 s)"},
		{"padding", 12, "\x00\x00", "Padding=2 bytes, all zero"},
		{"padding_not_zero", 12, "\x00\x01", "Padding=2 bytes, not all zero"},
		{"chain", 13, "\x03com\x00", "Closest trust point=com."},
		{"chain_pointer", 13, "\xc0\x0c", "Closest trust point=. (pointer to 12)"},
		{"chain_cut", 13, "\x03co", "not understood=3 bytes, from Closest trust point on"},
		{"key_tag", 14, "\x4f\x66\x00\x01", "Key tags=20326 1"},
		{"key_tag_odd", 14, "\x4f\x66\x00", "not understood=3 bytes"},
		{"ede", 15, "\x00\x06bad sig", `Info code=6 (DNSSEC Bogus); Extra text="bad sig"`},
		{"ede_hostile_text_is_as_sent", 15, "\x00\x00\x1b[2J", "Info code=0 (Other Error); Extra text=\"\x1b[2J\""},
		{"client_tag", 16, "\x00\x2a", "Tag=42"},
		{"report_channel", 18, "\x05agent\x00", "Agent domain=agent."},
		{"zoneversion_asked_for", 19, "", ""},
		{"zoneversion", 19, "\x02\x00\x00\x00\x00\x07", "Label count=2; Type=SOA-SERIAL (0); Version=7"},
		{"zoneversion_of_other_type", 19, "\x02\xf0ab", "Label count=2; Type=240; Version=6162"},
		{"ul", 2, "\x00\x00\x00\x3c", "Lease=60 s"},
		{"llq", 1, "\x00\x01\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x02", "Version=1; LLQ opcode=2; Error code=0; LLQ ID=0x0000000000000001; Lease life=2 s"},
		{"local", 65001, "ab", "Option data=6162"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			each(lay(t, edns(tt.code, []byte(tt.data)...), false), func(f *Field) {
				if f.Kind == Option {
					for _, p := range f.Fields[2:] {
						got = append(got, p.Name+"="+p.Value)
					}
				}
			})
			if s := strings.Join(got, "; "); s != tt.want {
				t.Errorf("got  %q\nwant %q", s, tt.want)
			}
		})
	}
}

func TestTree(t *testing.T) {
	msg := []byte{
		0x12, 0x34, 0x85, 0x83, // response, AA RD RA, NXDOMAIN
		0, 1, 0, 1, 0, 0, 0, 0,
		3, 'w', 'W', 'w', 2, 0x1b, '.', 0, 0, 1, 0, 1,
		0xc0, 16, 0, 2, 0, 1, 0, 0, 0, 60, 0, 2, 0xc0, 12,
		9, 9, // trailing
	}
	const want = `0+12 Header
 0+2 ID: 0x1234 (4660)
 2+2 Flags: 0x8583
 4+2 QDCOUNT: 1
 6+2 ANCOUNT: 1
 8+2 NSCOUNT: 0
 10+2 ARCOUNT: 0
12+12 Question: 1
 12+12 Question 1: wWw.\027\.. A
  12+8 QNAME: wWw.\027\..
   12+4 label: 3 "wWw"
   16+3 label: 2 "\027."
   19+1 root: .
  20+2 QTYPE: A (1)
  22+2 QCLASS: IN (1)
24+14 Answer: 1
 24+14 Answer 1: \027\.. NS wWw.\027\..
  24+2 NAME: \027\.. (pointer to 16)
   24+2 pointer: to 16: \027\..
  26+2 TYPE: NS (2)
  28+2 CLASS: IN (1)
  30+4 TTL: 60 s
  34+2 RDLENGTH: 2
  36+2 RDATA
   36+2 NSDNAME: wWw.\027\.. (pointer to 12)
    36+2 pointer: to 12: wWw.\027\..
38+2 not understood: 2 bytes
`
	if got := dump(lay(t, msg, false)); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestFlagBits(t *testing.T) {
	all := lay(t, []byte{0, 0, 0x85, 0x93, 0, 0, 0, 0, 0, 0, 0, 0}, false)
	f := all[0].Fields[1]
	var got []string
	var masks uint16
	for _, b := range f.Bits {
		got = append(got, b.Name+"="+b.Value)
		if masks&b.Mask != 0 || b.Width != 16 || b.Of != 0x8593 {
			t.Errorf("%s: mask %04x overlaps, or width %d or value %04x is wrong", b.Name, b.Mask, b.Width, b.Of)
		}
		masks |= b.Mask
	}
	if masks != 0xffff {
		t.Errorf("the bits make %04x", masks)
	}
	const want = "QR=response Opcode=QUERY (0) AA=authoritative answer TC=not truncated RD=recursion desired RA=recursion available Z=0 AD=not authenticated " +
		"CD=checking disabled RCODE=NXDOMAIN (3)"
	if s := strings.Join(got, " "); s != want {
		t.Errorf("got  %s\nwant %s", s, want)
	}
}

// question heads the malformed messages.
var question = []byte{0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0}

func TestMalformed(t *testing.T) {
	with := func(b ...byte) []byte { return append(bytes.Clone(question), b...) }
	for _, tt := range []struct {
		name string
		data []byte
		cut  bool
		want []string // lines of the dump that must be there
	}{
		{"empty", nil, false, nil},
		{"three_bytes", []byte{1, 2, 3}, false, []string{"0+2 ID: 0x0102 (258)", "2+1 not understood: 1 byte, from Flags on"}},
		{"label_type_01", with(3, 'w', 'w', 'w', 0x47, 'x'), false, []string{"12+4 QNAME: www. (ends in a fault)", "16+2 not understood: 2 bytes, after the fault in QNAME"}},
		{"pointer_to_itself", with(0xc0, 12, 0, 1, 0, 1), false, []string{"12+2 pointer: to 12, itself", "14+4 not understood: 4 bytes, after the fault in QNAME"}},
		{"pointer_forward", with(0xc0, 20, 0, 1, 0, 1, 0, 0, 0), false, []string{"12+2 pointer: to 20, not before the name"}},
		{"pointer_outside", with(0xc1, 0, 0, 1, 0, 1), false, []string{"12+2 pointer: to 256, past the end of the message"}},
		{"pointer_into_header", with(0xc0, 2, 0, 1, 0, 1), false, []string{"12+2 pointer: to 2, within the header"}},
		{"pointer_cut", with(1, 'a', 0xc0), false, []string{"12+2 label: 1 \"a\"", "14+1 not understood: 1 byte, after the fault in QNAME"}},
		{"label_past_the_end", with(9, 'a'), false, []string{"12+2 not understood: 2 bytes, from QNAME on"}},
		{"question_without_class", with(0, 0, 1), false, []string{"12+1 QNAME: .", "13+2 QTYPE: A (1)"}},
		{"question_with_half_a_class", with(0, 0, 1, 0), false, []string{"15+1 not understood: 1 byte, from QCLASS on"}},
		{"rdlength_overrun", []byte{0, 0, 0x80, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 192, 0}, false,
			[]string{"21+2 RDLENGTH: 4", "23+2 not understood: 2 bytes, from RDATA on"}},
		{"rdata_cut_by_the_capture", []byte{0, 0, 0x80, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 15, 0, 1, 0, 0, 0, 1, 0, 9, 0, 5, 3, 'a'}, true,
			[]string{"23+4 RDATA", "23+2 Preference: 5", "25+2 not understood: 2 bytes, of a field that was not all captured"}},
		{"name_cut_by_the_capture", with(3, 'w', 'w', 'w', 7, 'e'), true,
			[]string{"12+4 QNAME: www. (not all captured)", "16+2 not understood: 2 bytes, of a field that was not all captured"}},
		{"fault_in_a_message_cut_by_the_capture", with(3, 'w', 'w', 'w', 0x47, 'e'), true,
			[]string{"12+4 QNAME: www. (ends in a fault)", "16+2 not understood: 2 bytes, after the fault in QNAME"}},
		{"pointer_to_what_was_not_captured", with(0xc1, 0, 0, 1, 0, 1), true, []string{"12+2 pointer: to 256, which was not captured"}},
		{"opt_not_counted", with(0, 0, 1, 0, 1, 0, 0, 41, 2, 0, 0, 0, 0, 0, 0, 0, 7), false,
			[]string{"17+11 Not counted: an OPT record that no count has", "28+1 not understood: 1 byte"}},
		{"option_overrun", edns(10)[:len(edns(10))-1], false, nil},
		{"svcb_value_overrun", pack(t, `example.com. 1 HTTPS 1 . alpn="h2"`), false, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := dump(lay(t, tt.data, tt.cut))
			for _, w := range tt.want {
				if !strings.Contains(got, w+"\n") {
					t.Errorf("%q is not in\n%s", w, got)
				}
			}
		})
	}
}

func TestUpdateHasItsOwnWords(t *testing.T) {
	got := dump(lay(t, []byte{0, 0, 0x28, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 6, 0, 1}, false))
	for _, w := range []string{"ZOCOUNT: 1", "PRCOUNT: 0", "UPCOUNT: 0", "ADCOUNT: 0", "Zone 1: . SOA"} {
		if !strings.Contains(got, w+"\n") {
			t.Errorf("%q is not in\n%s", w, got)
		}
	}
}

// TestEveryPrefix cuts messages at each byte, by the sender and by the capture.
func TestEveryPrefix(t *testing.T) {
	for _, msg := range seeds(t) {
		for n := range msg {
			lay(t, msg[:n], false)
			lay(t, msg[:n], true)
		}
	}
}

func TestLeavesStop(t *testing.T) {
	n := 0
	Leaves(lay(t, question, false), func(*Field) bool { n++; return n < 3 })
	if n != 3 {
		t.Errorf("%d leaves after a stop at 3", n)
	}
}

// seeds are messages of all kinds.
func seeds(t testing.TB) [][]byte {
	t.Helper()
	all := [][]byte{
		pack(t, "example.com. 1 A 192.0.2.1", "a.example.com. 1 MX 1 b.example.com.", `example.com. 1 TXT "a" ""`, "example.com. 1 SOA a. b. 1 2 3 4 5"),
		pack(t, "example.com. 1 NSEC3 1 1 5 ABCD 2T7B4G4VSA5SMI47K61MV5BV1A22BOJR A RRSIG", "example.com. 1 NSEC . A TYPE65280"),
		pack(t, `example.com. 1 HTTPS 1 . mandatory=alpn alpn="h2,h3" port=1 ipv4hint=192.0.2.1 ipv6hint=::1`, `example.com. 1 CAA 0 issue "x"`),
		pack(t, "example.com. 1 RRSIG A 13 2 300 20260902000000 20260801000000 4711 example.com. AQID", "example.com. 1 DS 1 8 2 ABCD"),
		pack(t, `example.com. 1 NAPTR 1 2 "S" "x" "" a.`, "example.com. 1 SRV 1 2 3 b.", "example.com. 1 DNSKEY 257 3 13 AQID", "example.com. 1 LOC 1 N 1 E 1m"),
		edns(8, 0, 1, 24, 0, 192, 0, 2), edns(10, []byte("12345678\x01\x00\x00\x00abcdefghijkl")...), edns(15, 0, 6, 'x'), edns(13, 0xc0, 12), edns(19, 1, 0, 0, 0, 0, 1),
		append(bytes.Clone(question), 0xc0, 12, 0, 1, 0, 1), append(bytes.Clone(question), 0x47), nil,
	}
	signed := new(dns.Msg)
	signed.SetQuestion("example.com.", dns.TypeA)
	signed.SetTsig("key.", dns.HmacSHA256, 300, 1790000000)
	b, _, err := dns.TsigGenerate(signed, "c2VjcmV0", "", false)
	if err != nil {
		t.Fatal(err)
	}
	return append(all, b)
}

func FuzzOf(f *testing.F) {
	for _, s := range seeds(f) {
		f.Add(s, false)
		f.Add(s, true)
	}
	f.Fuzz(func(t *testing.T, data []byte, cut bool) {
		if len(data) > 4096 {
			data = data[:4096]
		}
		lay(t, data, cut)
	})
}

// worst is a message of as many pointers to a name of 255 octets as there is room for.
func worst() []byte {
	b := append([]byte{0, 0, 0x80, 0, 0, 1, 0xff, 0xff, 0, 0, 0, 0}, bytes.Repeat([]byte{1, 0xff}, 127)...)
	b = append(b, 0, 0, 1, 0, 1)
	for len(b) < 65535-14 {
		b = append(b, 0xc0, 12, 0, 2, 0, 1, 0, 0, 0, 1, 0, 2, 0xc0, 12)
	}
	return b
}

func BenchmarkOf(b *testing.B) {
	for name, data := range map[string][]byte{"common": seeds(b)[0], "worst": worst()} {
		b.Run(name, func(b *testing.B) {
			var m wire.Message
			m.Parse(data, false)
			b.ReportAllocs()
			for b.Loop() {
				Of(&m)
			}
		})
	}
}
