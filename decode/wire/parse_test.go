package wire

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/pcaps/lab/hostile"
)

func TestRealMessagesAreClean(t *testing.T) {
	for name, data := range realMessages {
		m := parse(t, unhex(t, data))
		if got := seen(m.Anomalies); got != "" && got != "S11@44+11" || m.End != len(m.Data) || m.Parsed != m.Counts {
			t.Errorf("%s: anomalies %q, end %d of %d, parsed %v of %v", name, seen(m.Anomalies), m.End, len(m.Data), m.Parsed, m.Counts)
		}
	}
}

func TestQuestion(t *testing.T) {
	m := parse(t, unhex(t, plainQuery))
	q := m.Question
	if m.ID != 0x1234 || m.Flags != FlagRD || m.Response() || m.Opcode() != 0 || m.Truncated() || m.RCODE() != 0 {
		t.Errorf("header %x %x", m.ID, m.Flags)
	}
	if string(AppendName(nil, q.Name)) != "www.example.com." || q.Off != 12 || q.End != 33 || q.Type != 1 || q.Class != 1 {
		t.Errorf("question %+v", q)
	}
	if &q.Name[0] != &m.Data[12] || cap(q.Name) != len(q.Name) {
		t.Error("the name does not alias the message, or can be appended to over it")
	}
}

func TestRecords(t *testing.T) {
	m := parse(t, unhex(t, realMessages["response with CNAME chain"]))
	want := []Record{
		{Off: 33, Data: 45, Len: 6, Type: 5, Class: 1, TTL: 3600, Section: SectionAnswer, NameLen: 17, OwnerIsPtrToQ: true},
		{Off: 51, Data: 63, Len: 4, Type: 1, Class: 1, TTL: 60, Section: SectionAnswer, NameLen: 17},
	}
	for i, w := range want {
		if m.Records[i] != w {
			t.Errorf("record %d is %+v, want %+v", i, m.Records[i], w)
		}
	}
	if len(m.Records) != 6 || m.Records[5].NameLen != 1 || m.Records[5].Section != SectionAdditional || !m.HasOPT {
		t.Errorf("%d records, the last %+v", len(m.Records), m.Records[len(m.Records)-1])
	}
}

func TestEDNS(t *testing.T) {
	m := parse(t, unhex(t, realMessages["query with cookie and subnet"]))
	e := &m.EDNS
	if !m.HasOPT || e.Off != 33 || e.UDPSize != 1232 || e.Flags != EDNSFlagDO || e.OptOff != 44 || e.NOptions != 2 || e.Has != 1<<10|1<<8 || e.Section != SectionAdditional {
		t.Errorf("EDNS %+v", *e)
	}
	var got string
	for o := range e.All {
		got += fmt.Sprintf("%d@%d:%x ", o.Code, o.Off, o.Data)
	}
	if want := "10@44:0102030405060708 8@56:00011800c00002 "; got != want {
		t.Errorf("options %q, want %q", got, want)
	}
	if o, ok := e.Option(8); !ok || o.Off != 56 {
		t.Errorf("option 8 is %+v, %v", o, ok)
	}
	if _, ok := e.Option(3); ok {
		t.Error("option 3 found")
	}
	bad := EDNS{Options: []byte{0, 1, 0, 9, 1}}
	for o := range bad.All {
		t.Errorf("an overrun option yields %+v", o)
	}
}

func TestOptionsBeforeTheFaultAreKept(t *testing.T) {
	m := parse(t, unhex(t, ednsQuery+"00 0029 04d0 00 00 0000 000a fde9 0000 fdea 0005 0102"))
	if m.EDNS.NOptions != 1 || m.EDNS.Has != 1 || len(m.EDNS.Options) != 4 || !m.Malformed {
		t.Errorf("%+v", m.EDNS)
	}
}

func TestExtendedErrors(t *testing.T) {
	m := parse(t, unhex(t, realMessages["response with EDE"]))
	n := 0
	for code, text := range m.ExtendedErrors {
		if n++; code != 22 || string(text) != "stale" {
			t.Errorf("EDE %d %q", code, text)
		}
	}
	if n != 1 {
		t.Errorf("%d extended errors", n)
	}
	m.Parse(unhex(t, plainQuery), false)
	for code := range m.ExtendedErrors {
		t.Errorf("EDE %d left over from another message", code)
	}
}

func TestRCODEHas12Bits(t *testing.T) {
	m := parse(t, unhex(t, "1234 8180 0001 0000 0000 0001"+wwwQuestion+"00 0029 04d0 01 00 0000 0000"))
	if m.RCODE() != 16 || !m.Response() {
		t.Errorf("RCODE %d", m.RCODE())
	}
}

// TestOPTFoundByOverrun: a server that counts its OPT among the answers, and one answer too many, still speaks EDNS.
func TestOPTFoundByOverrun(t *testing.T) {
	m := parse(t, unhex(t, "1234 8180 0001 0003 0000 0001"+wwwQuestion+"c00c 0001 0001 0000003c 0004 c0000201 00 0029 04d0 01 00 0000 0000"))
	if !m.HasOPT || m.EDNS.UDPSize != 1232 || m.RCODE() != 16 || seen(m.Anomalies) != "H10@6+2" || m.Parsed != [4]uint16{1, 2} {
		t.Errorf("%v %+v %q %v", m.HasOPT, m.EDNS, seen(m.Anomalies), m.Parsed)
	}
}

func TestTSIG(t *testing.T) {
	m := parse(t, unhex(t, realMessages["signed update"]))
	want := TSIG{Off: 41, Algorithm: 56, Time: 0x65000000, Fudge: 300, MACLen: 20, OriginalID: 0x1234, OtherData: 103}
	if !m.HasTSIG || m.TSIG != want {
		t.Errorf("TSIG %+v, want %+v", m.TSIG, want)
	}
	name, ok := m.AppendWireName(nil, int(m.TSIG.Algorithm))
	if !ok || string(AppendName(nil, name)) != "hmac-sha1." {
		t.Errorf("algorithm %q", name)
	}
}

func TestTKEYAndSIG0(t *testing.T) {
	m := parse(t, unhex(t, `1234 0100 0001 0000 0000 0002
		01 'k' 00 00f9 00ff
		01 'k' 00 00f9 00ff 00000000 0017 01 'a' 00 00000001 00000002 0003 0011 0002 abcd 0002 0000
		00 0018 00ff 00000000 0016 0000 05 00 00000000 00000002 00000001 0001 00 abcdef`))
	if want := (TKEY{Off: 19, Inception: 1, Expiration: 2, Mode: 3, Error: 17}); !m.HasTKEY || m.TKEY != want {
		t.Errorf("TKEY %+v, want %+v: %q", m.TKEY, want, seen(m.Anomalies))
	}
	if !m.HasSIG0 {
		t.Error("no SIG(0)")
	}
}

func TestShortMessages(t *testing.T) {
	full := []byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}
	for n := range len(full) + 1 {
		m := parse(t, full[:n])
		if seen(m.Anomalies) != fmt.Sprintf("H01@%d+0", n) || m.End != n || !m.Malformed {
			t.Errorf("%d bytes: %q, end %d", n, seen(m.Anomalies), m.End)
		}
		if (m.ID == 0x0102) != (n >= 2) || (m.Flags == 0x0304) != (n >= 4) || (m.Counts[2] == 0x090a) != (n >= 10) {
			t.Errorf("%d bytes: %x %x %x", n, m.ID, m.Flags, m.Counts)
		}
	}
}

// TestCutIsNoAnomaly: what the snaplen cut off is never called malformed (catalogue C01).
func TestCutIsNoAnomaly(t *testing.T) {
	for name, data := range realMessages {
		data := unhex(t, data)
		var m Message
		for n := range len(data) {
			m.Parse(data[:n:n], true)
			if len(m.Anomalies) > 0 || !m.Cut {
				t.Errorf("%s cut to %d: %q", name, n, seen(m.Anomalies))
			}
			m.Parse(data[:n:n], false)
			if !m.Malformed {
				t.Errorf("%s without its end from %d is not malformed", name, n)
			}
		}
	}
	var m Message
	m.Parse(unhex(t, queryHeader+"ffff"), true)
	if seen(m.Anomalies) != "N13@12+2 N06@12+2" {
		t.Errorf("a pointer past the cut: %q", seen(m.Anomalies))
	}
}

// TestNoByteStringPanics parses all prefixes of the messages, with every bit flipped and with random bytes overwritten.
func TestNoByteStringPanics(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	var m Message
	for _, data := range realMessages {
		data := unhex(t, data)
		for n := range len(data) + 1 {
			checkInvariants(t, &m, data[:n:n])
		}
		for bit := range len(data) * 8 {
			data[bit/8] ^= 1 << (bit % 8)
			checkInvariants(t, &m, data)
			data[bit/8] ^= 1 << (bit % 8)
		}
		for range 5000 {
			mutant := append([]byte(nil), data...)
			for range 1 + r.IntN(4) {
				mutant[r.IntN(len(mutant))] = [...]byte{0, 0xff, 0xc0, 12, 0x3f, byte(r.Uint32())}[r.IntN(6)]
			}
			checkInvariants(t, &m, mutant)
		}
	}
}

// checkInvariants parses data and checks what holds for any bytes.
func checkInvariants(t *testing.T, m *Message, data []byte) {
	t.Helper()
	m.Parse(data, false)
	if m.End > len(data) || m.Malformed != malformed(m.Anomalies) {
		t.Fatalf("%x: end %d of %d, malformed %v with %q", data, m.End, len(data), m.Malformed, seen(m.Anomalies))
	}
	if !m.Malformed && len(data) >= HeaderLen && m.Parsed != m.Counts && !m.Truncated() {
		t.Fatalf("%x: read %v of %v and nothing wrong", data, m.Parsed, m.Counts)
	}
	checkAnomalies(t, m)
	n := [4]int{int(m.Parsed[0])}
	end := 0
	for i := range m.Records {
		r := &m.Records[i]
		n[r.Section]++
		owner, ok := m.AppendWireName(nil, int(r.Off))
		if !ok || len(owner) != int(r.NameLen) || int(r.Off) < end || int(r.Data)+int(r.Len) > m.End {
			t.Fatalf("%x: record %d: %+v owner %q", data, i, r, owner)
		}
		if end = int(r.Data) + int(r.Len); r.OwnerIsPtrToQ && !EqualFold(owner, m.Question.Name) {
			t.Fatalf("%x: record %d is not the question's", data, i)
		}
		for j, c := range RData(m, r) {
			if c < ' ' || c > '~' {
				t.Fatalf("%x: record %d: RDATA text has %q at %d", data, i, c, j)
			}
		}
	}
	if n != [4]int{int(m.Parsed[0]), int(m.Parsed[1]), int(m.Parsed[2]), int(m.Parsed[3])} {
		t.Fatalf("%x: sections %v, parsed %v", data, n, m.Parsed)
	}
	options := 0
	for range m.EDNS.All {
		options++
	}
	if m.HasOPT && options != int(m.EDNS.NOptions) {
		t.Fatalf("%x: %d options, want %d", data, options, m.EDNS.NOptions)
	}
}

// checkAnomalies checks that what was noted is in the message and in the catalogue.
func checkAnomalies(t *testing.T, m *Message) {
	t.Helper()
	all := m.Anomalies
	if m.Parsed[SectionQuestion] > 0 {
		all = m.Question.NameAnomalies(slices.Clone(all))
	}
	for _, a := range all {
		if int(a.Offset)+int(a.Length) > len(m.Data) || a.ID.Name() == "" {
			t.Fatalf("%x: %q is outside, or unknown", m.Data, seen(all))
		}
	}
	if m.Malformed != malformed(m.Anomalies) {
		t.Fatalf("%x: malformed %v with %q", m.Data, m.Malformed, seen(m.Anomalies))
	}
}

func malformed(as []anomaly.Seen) bool {
	for _, a := range as {
		if a.ID.Severity() == anomaly.Malformed {
			return true
		}
	}
	return false
}

// TestHugeMessages: the walk over the largest and worst messages stays within its bounds.
func TestHugeMessages(t *testing.T) {
	header := unhex(t, "1234 8180 0000 ffff ffff ffff")
	record := unhex(t, "00 000a 0001 00000000 0000")
	data := header
	for len(data)+len(record) <= 70000 {
		data = append(data, record...)
	}
	m := parse(t, data)
	if len(m.Data) != 65535 || len(m.Records) != (65535-12)/11 || !m.Malformed {
		t.Errorf("%d bytes, %d records: %q", len(m.Data), len(m.Records), seen(m.Anomalies))
	}
	if cap(m.Records) > 2*len(m.Records) {
		t.Errorf("room for %d records", cap(m.Records))
	}
}

// TestAnomaliesAreBounded has as many anomalies a record as we know how to make; sizes are those that Parse promises.
func TestAnomaliesAreBounded(t *testing.T) {
	header := "1234 8180 0000 0000 0000 ffff "
	for name, record := range map[string]string{
		"tsig of 0":                 "00 00fa 0001 ffffffff 0000",
		"any of 0":                  "00 00ff 0001 ffffffff 0000",
		"rp of two pointers":        "00 0011 0001 ffffffff 0004 c00c c00c",
		"opt with cookies":          "00 0029 0001 ff01 ff00 0004 000a 0000",
		"tsig, name compressed":     "00 00fa 0001 ffffffff 0002 c00c",
		"signatures over 0":         "00 002e 0003 00000000 0013 12*00 6*00 00",
		"nsec3 without hash":        "00 0032 0001 ffffffff 0008 01 00 0000 00 01 00 00",
		"tsig and another, in turn": "00 00fa 0001 00000000 0000 00 000a 0001 00000000 0000",
	} {
		data := unhex(t, header+record)
		for one := data[HeaderLen:]; len(data)+len(one) <= maxMessage; {
			data = append(data, one...)
		}
		m := parse(t, data)
		if size := 20*cap(m.Records) + 6*cap(m.Anomalies); len(m.Anomalies) > 5*len(m.Records)+20 || size > 350<<10 {
			t.Errorf("%s: %d anomalies of %d records in %d bytes", name, len(m.Anomalies), len(m.Records), size)
		}
	}
}

// TestOptionsAreBounded: however many options are wrong, each code is noted twice at most.
func TestOptionsAreBounded(t *testing.T) {
	data := unhex(t, ednsQuery+"00 0029 04d0 00 00 8000 ffff")
	for n := 0; len(data)+5 <= maxMessage; n++ {
		data = append(data, 0, byte(n%40), 0, 1, 0xff)
	}
	binary.BigEndian.PutUint16(data[42:], uint16(len(data)-44))
	m := parse(t, data)
	if len(m.Anomalies) > 60 || int(m.EDNS.NOptions) != (len(data)-44)/5 {
		t.Errorf("%d anomalies of %d options", len(m.Anomalies), m.EDNS.NOptions)
	}
}

func TestRRSIGWindow(t *testing.T) {
	sig := func(expiration, inception string) string {
		return "c00c 002e 0001 0000003c 0013 0001 0d 03 0000003c " + expiration + " " + inception + " 0001 00\n"
	}
	m := parse(t, unhex(t, "1234 8580 0001 0003 0000 0000"+wwwQuestion+sig("00000010", "fffffff0")+sig("00000020", "fffffff8")+sig("00000018", "ffffff00")))
	inception, expiration, from, to, ok := m.RRSIGWindow()
	if !ok || inception != 0xfffffff8 || expiration != 0x10 || from != &m.Records[1] || to != &m.Records[0] {
		t.Errorf("%x %x %+v %+v %v", inception, expiration, from, to, ok)
	}
	if _, _, _, _, ok := parse(t, unhex(t, plainQuery)).RRSIGWindow(); ok {
		t.Error("a window without signatures")
	}
}

// TestOver: carriers have rules of their own.
func TestOver(t *testing.T) {
	mdns := "0000 8400 0000 0001 0000 0000 01 'a' 05 'local' 00 0001 8001 00000000 0004 c0000201"
	llmnr := "1234 8400 0001 0000 0000 0000 01 'a' 00 0001 0001"
	axfr := "1234 8400 0000 0001 0000 0000 01 'a' 00 0001 0001 0000003c 0004 c0000201"
	for _, tt := range []struct {
		name, data string
		carrier    Carrier
		want       string
	}{
		{"multicast answer over UDP", mdns, OverUDP, "R24@4+2 S18@25+4"},
		{"multicast answer", mdns, OverMDNS, ""},
		{"conflict bit over UDP", "1234 0400 0001 0000 0000 0000 01 'a' 00 0001 0001", OverUDP, "H17@2+2"},
		{"conflict bit", "1234 0400 0001 0000 0000 0000 01 'a' 00 0001 0001", OverLLMNR, ""},
		{"no data of LLMNR", llmnr, OverLLMNR, ""},
		{"no data over UDP", llmnr, OverUDP, "S01@8+2"},
		{"answer without question over UDP", axfr, OverUDP, "R24@4+2"},
		{"answer without question over TCP", axfr, OverTCP, ""},
		{"malformed multicast", "0000 0000 0002 0000 0000 0000 01 'a' 00 00ff 0001 01", OverMDNS, "N11@19+1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := parse(t, unhex(t, tt.data))
			m.Over(tt.carrier)
			if got := seen(m.Anomalies); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if m.Malformed != malformed(m.Anomalies) {
				t.Errorf("malformed %v with %q", m.Malformed, seen(m.Anomalies))
			}
		})
	}
}

func TestNoAllocations(t *testing.T) {
	inputs := map[string][]byte{}
	for name, data := range realMessages {
		inputs[name] = unhex(t, data)
	}
	inputs["malformed name"] = unhex(t, queryHeader+"03 'www' c00c 0001 0001")
	inputs["option overrun"] = unhex(t, ednsQuery+"00 0029 04d0 00 00 0000 0006 000a 000a 0002 01")
	inputs["count overrun"] = unhex(t, responseHeader+wwwQuestion)
	inputs["short"] = []byte{1, 2, 3}
	for _, c := range hostile.Cases() {
		if !c.Raw {
			inputs[c.Name] = c.Message(1, time.Unix(1700000000, 0))
		}
	}
	var m Message
	dst := make([]byte, 0, 1024)
	for name, data := range inputs {
		m.Parse(data, false)
		n := testing.AllocsPerRun(100, func() {
			m.Parse(data, false)
			m.Over(OverUDP)
			for o := range m.EDNS.All {
				dst = append(dst[:0], o.Data...)
			}
			for _, text := range m.ExtendedErrors {
				dst = append(dst[:0], text...)
			}
			dst = AppendLowerName(dst[:0], m.Question.Name)
			for i := range m.Records {
				dst, _ = m.AppendWireName(dst[:0], int(m.Records[i].Off))
			}
		})
		if n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func TestRData(t *testing.T) {
	tests := []struct{ name, typ, rdata, want string }{
		{"a", "0001", "0004 c0000201", "192.0.2.1"},
		{"a_of_5", "0001", "0005 c000020101", `\# 5 c000020101`},
		{"mx", "000f", "0004 000a c010", "10 example.com."},
		{"mx_past_rdlength", "000f", "0003 000a 03", `\# 3 000a03`},
		{"txt_with_escape_sequence", "0010", "0004 03 1b5b6d", `"\027[m"`},
		{"unknown_type", "fde8", "0002 abcd", `\# 2 abcd`},
		{"empty", "0001", "0000", ""},
		{"opt", "0029", "0004 fde9 0000", `\# 4 fde90000`},
		{"opt_empty", "0029", "0000", `\# 0`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := parse(t, unhex(t, toAnswer+tt.typ+" 0001 0000003c "+tt.rdata))
			if len(m.Records) != 1 {
				t.Fatalf("%d records: %q", len(m.Records), seen(m.Anomalies))
			}
			if got := RData(m, &m.Records[0]); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	if got := RData(&Message{}, &Record{Data: 12, Len: 4}); got != "" {
		t.Errorf("a record of another message gives %q", got)
	}
}

func TestSanitise(t *testing.T) {
	if got, want := sanitise("a.b \\ \x1b[31m\u202e"), `a.b \ \027[31m\226\128\174`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestMoreQuestions(t *testing.T) {
	m := parse(t, unhex(t, `
		0001 0100 0003 0000 0000 0000
		01 61 00 0001 0001
		c00c     001c 0003
		01 62    000f`)) // cut within the third
	var got []uint16
	for typ, class := range m.MoreQuestions {
		got = append(got, typ, class)
	}
	if want := []uint16{28, 3}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for range parse(t, unhex(t, "0001 0100 0000 0000 0000 0000")).MoreQuestions {
		t.Error("a question of a message without")
	}
}
