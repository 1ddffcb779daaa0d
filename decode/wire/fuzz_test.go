package wire

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/pcaps/lab/hostile"
	"github.com/miekg/dns"
	"golang.org/x/net/dns/dnsmessage"
)

// miekgAccepts explains what miekg/dns takes and we call malformed. A malformed anomaly that it takes and that is not here is a fault of
// one of the two.
var miekgAccepts = map[anomaly.ID]string{
	countOverrun:  "a message that ends at a record boundary is whole, whatever the counts say",
	questionCut:   "a question may end after its name or type",
	rdataSize:     "RDATA may end after any of its fields",
	rdataMismatch: "RDATA may end before a name",
	soaShort:      "RDATA may end after any of its fields",
	stringOverrun: "RDATA may end before a string",
	tsigRDATA:     "RDATA may end after any of its fields",
	bitmapBad:     "a bit map may be empty",
	svcbBad:       "keys may hold values that their format forbids",
	ptrForward:    "pointers may lead anywhere",
	ptrHeader:     "pointers may lead into the header",
	ptrLoop:       "pointers into the name's own bytes may end",
	chainDepth:    "pointers are counted one less",
	trailingBytes: "trailing bytes are ignored",
	optOwner:      "the owner of OPT is not looked at",
	optMultiple:   "any number of OPT",
	optMisplaced:  "OPT anywhere",
	tsigMisplaced: "TSIG anywhere",
	tsigMultiple:  "any number of TSIG",

	qdcountMany:     "any number of questions",
	updateZoneCount: "UPDATE is read as any message",
	updateZoneType:  "UPDATE is read as any message",
	prereqTTL:       "UPDATE is read as any message",
	prereqRDATA:     "UPDATE is read as any message",
	updateMeta:      "UPDATE is read as any message",
	updateClass:     "UPDATE is read as any message",
}

// miekgReads explains the types into whose RDATA miekg/dns looks deeper than we do, besides those (and the classes) that shapes lacks.
var miekgReads = map[uint16]string{
	dns.TypeOPT:      "values of options",
	dns.TypeIPSECKEY: "gateway and its type",
	dns.TypeAMTRELAY: "gateway and its type",
	dns.TypeHIP:      "lengths of HIT, key and servers",
	dns.TypeSVCB:     "values of keys",
	dns.TypeHTTPS:    "values of keys",
	dns.TypeNXT:      "bit map as that of NSEC",
	dns.TypeISDN:     "at most two strings",
}

func seeds(f *testing.F) {
	for _, data := range realMessages {
		f.Add(unhex(f, data))
	}
	f.Add(unhex(f, ednsQuery+"00 0029 04d0 00 00 0000 000a fde9 0000 fdea 0005 0102"))
	f.Add(unhex(f, chain(12)))
	f.Add(unhex(f, signed("0002", tsig+"00 0029 04d0 00 00 0000 0000")))
	f.Add(unhex(f, "1234 8180 0001 0002 0000 0000 03 'a.b' 00 0001 0001 c00c 0006 0001 00000000 0018 c00c c00c 20*00 c00c 0032 0001 00000000 000f 01 00 0000 00 05 'abcde' 00 02 4000"))
	f.Add(unhex(f, queryHeader+"c012 0001 0001 03 'abc' 00"))
	for _, c := range hostile.Cases() {
		if !c.Raw {
			f.Add(c.Message(0x1234, time.Unix(1700000000, 0)))
		}
	}
}

// FuzzParse checks what holds for any bytes, cut or not.
func FuzzParse(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		var m, cut Message
		checkInvariants(t, &m, data)
		for c := OverUDP; c <= OverLLMNR; c++ {
			m.Parse(data, false)
			m.Over(c)
			checkAnomalies(t, &m)
		}
		m.Parse(data, false)
		m.RRSIGWindow()
		Foreign(data)
		cut.Parse(data, true)
		if cut.Malformed && !m.Malformed {
			t.Fatalf("cut: %q, whole: %q", seen(cut.Anomalies), seen(m.Anomalies))
		}
		if len(cut.Records) != len(m.Records) || cut.End != m.End {
			t.Fatalf("cut: end %d, whole: end %d", cut.End, m.End)
		}
	})
}

// FuzzMiekg compares with miekg/dns.
func FuzzMiekg(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > maxMessage {
			return
		}
		m := parse(t, data)
		var msg dns.Msg
		if err := unpack(&msg, data); err != nil {
			if !m.Malformed {
				explainReject(t, m, err)
			}
			return
		}
		for _, a := range m.Anomalies {
			if a.ID.Severity() == anomaly.Malformed && miekgAccepts[a.ID] == "" && !inUnknownRDATA(m, a) {
				t.Fatalf("miekg/dns accepts, we see %q", seen(m.Anomalies))
			}
		}
		if !m.Malformed {
			compareMiekg(t, m, &msg)
		}
	})
}

var errPanic = errors.New("the library panics")

func unpack(msg *dns.Msg, data []byte) (err error) {
	defer func() {
		if recover() != nil {
			err = errPanic
		}
	}()
	return msg.Unpack(data)
}

// inUnknownRDATA says that the anomaly can be in the RDATA of a type that miekg/dns does not know.
func inUnknownRDATA(m *Message, a anomaly.Seen) bool {
	for i := range m.Records {
		if dns.TypeToRR[m.Records[i].Type] == nil && (a.ID.Group() == 'N' || a.ID.Group() == 'R') {
			return true
		}
	}
	return false
}

// overRecordEnd says that miekg/dns takes the record when it may read past its end: the labels that a pointer leads to run over the record.
func overRecordEnd(m *Message, r *Record) bool {
	owner, _ := m.AppendWireName(nil, int(r.Off))
	h := dns.RR_Header{Name: string(AppendName(nil, owner)), Rrtype: r.Type, Class: r.Class, Ttl: r.TTL, Rdlength: r.Len}
	_, _, err := dns.UnpackRRWithHeader(h, m.Data, int(r.Data))
	return err == nil
}

// explainReject finds the record that miekg/dns does not take and looks up why.
func explainReject(t *testing.T, m *Message, err error) {
	t.Helper()
	if m.Truncated() && m.Parsed[SectionQuestion] < m.Counts[SectionQuestion] {
		return // with TC=1 we do not mind missing questions
	}
	for i := range m.Records {
		r := &m.Records[i]
		if _, _, rrErr := dns.UnpackRR(m.Data, int(r.Off)); rrErr == nil {
			continue
		}
		if miekgReads[r.Type] == "" && shape(r.Type, r.Class) != nil && !overRecordEnd(m, r) {
			t.Fatalf("record %d of type %d: miekg/dns says %v, we see %q", i, r.Type, err, seen(m.Anomalies))
		}
		return
	}
	t.Fatalf("miekg/dns says %v, we see %q", err, seen(m.Anomalies))
}

// compareMiekg compares the fields of a message that both took.
func compareMiekg(t *testing.T, m *Message, msg *dns.Msg) {
	t.Helper()
	h := msg.MsgHdr
	if h.Id != m.ID || h.Response != m.Response() || h.Opcode != int(m.Opcode()) || h.Truncated != m.Truncated() ||
		h.RecursionDesired != (m.Flags&FlagRD != 0) || h.AuthenticatedData != (m.Flags&FlagAD != 0) {
		t.Fatalf("header %x %x is %+v to miekg/dns", m.ID, m.Flags, h)
	}
	if len(msg.Question) != int(m.Parsed[0]) {
		t.Fatalf("%d questions, miekg/dns has %d", m.Parsed[0], len(msg.Question))
	}
	if len(msg.Question) > 0 {
		q := msg.Question[0]
		if q.Qtype != m.Question.Type || q.Qclass != m.Question.Class || !bytes.Equal(packName(t, q.Name), m.Question.Name) {
			t.Fatalf("question %+v is %+v to miekg/dns", m.Question, q)
		}
	}
	all := append(append(append([]dns.RR(nil), msg.Answer...), msg.Ns...), msg.Extra...)
	if len(all) != len(m.Records) {
		t.Fatalf("%d records, miekg/dns has %d", len(m.Records), len(all))
	}
	for i, rr := range all {
		r, rh := &m.Records[i], rr.Header()
		owner, _ := m.AppendWireName(nil, int(r.Off))
		if rh.Rrtype != r.Type || rh.Class != r.Class || rh.Ttl != r.TTL || rh.Rdlength != r.Len || !bytes.Equal(owner, packName(t, rh.Name)) {
			t.Fatalf("record %d %+v is %+v to miekg/dns", i, r, rh)
		}
	}
	compareEDNS(t, m, msg)
}

func compareEDNS(t *testing.T, m *Message, msg *dns.Msg) {
	t.Helper()
	opt := msg.IsEdns0()
	if opt == nil || m.HasOPT != true {
		if m.HasOPT && m.EDNS.Section == SectionAdditional {
			t.Fatal("we have an OPT, miekg/dns has none")
		}
		return
	}
	if opt.UDPSize() != m.EDNS.UDPSize || opt.Version() != m.EDNS.Version || opt.Do() != (m.EDNS.Flags&EDNSFlagDO != 0) ||
		len(opt.Option) != int(m.EDNS.NOptions) {
		t.Fatalf("EDNS %+v is %+v to miekg/dns", m.EDNS, opt)
	}
	i := 0
	for o := range m.EDNS.All {
		if code := opt.Option[i].Option(); code != o.Code {
			t.Fatalf("option %d is %d, to miekg/dns %d", i, o.Code, code)
		}
		i++
	}
	if m.RCODE() != uint16(msg.Rcode) {
		t.Fatalf("RCODE %d, to miekg/dns %d", m.RCODE(), msg.Rcode)
	}
}

func packName(t *testing.T, name string) []byte {
	t.Helper()
	var buf [300]byte
	n, err := dns.PackDomainName(name, buf[:], 0, nil, false)
	if err != nil {
		t.Fatalf("%q: %v", name, err)
	}
	return buf[:n]
}

// xnetAccepts explains what golang.org/x/net/dns/dnsmessage walks over and where we stop. It does not look into RDATA here.
var xnetAccepts = map[anomaly.ID]string{
	ptrForward: "pointers may lead anywhere",
	ptrHeader:  "pointers may lead into the header",
	ptrLoop:    "pointers into the name's own bytes may end",
}

// FuzzXNet compares the walk with that of golang.org/x/net/dns/dnsmessage.
func FuzzXNet(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > maxMessage {
			return
		}
		m := parse(t, data)
		whole := len(data) >= HeaderLen && m.Parsed == m.Counts
		headers, err := walkXNet(t, m, data)
		switch {
		case err != nil && whole:
			if !xnetRejects(m) {
				t.Fatalf("dnsmessage says %v, we see %q", err, seen(m.Anomalies))
			}
		case err == nil && !whole:
			if a := m.Anomalies; len(a) == 0 || !explained(a) {
				t.Fatalf("dnsmessage accepts, we see %q", seen(m.Anomalies))
			}
		case err == nil:
			compareXNet(t, m, headers)
		}
	})
}

func explained(as []anomaly.Seen) bool {
	for _, a := range as {
		if xnetAccepts[a.ID] != "" {
			return true
		}
	}
	return false
}

// walkXNet reads all questions and record headers, and compares the message's header.
func walkXNet(t *testing.T, m *Message, data []byte) ([]dnsmessage.ResourceHeader, error) {
	t.Helper()
	var p dnsmessage.Parser
	h, err := p.Start(data)
	if err != nil {
		return nil, err
	}
	if h.ID != m.ID || h.Response != m.Response() || uint8(h.OpCode) != m.Opcode() || h.Authoritative != (m.Flags&FlagAA != 0) ||
		h.RecursionAvailable != (m.Flags&FlagRA != 0) || h.CheckingDisabled != (m.Flags&FlagCD != 0) || uint16(h.RCode) != m.Flags&15 {
		t.Fatalf("header %x %x is %+v to dnsmessage", m.ID, m.Flags, h)
	}
	for i := 0; ; i++ {
		q, err := p.Question()
		if errors.Is(err, dnsmessage.ErrSectionDone) {
			break
		}
		if err != nil {
			return nil, err
		}
		if i == 0 && m.Parsed[0] > 0 && (uint16(q.Type) != m.Question.Type || uint16(q.Class) != m.Question.Class ||
			plainName(m.Question.Name) != q.Name.String()) {
			t.Fatalf("question %+v is %+v to dnsmessage", m.Question, q)
		}
	}
	var all []dnsmessage.ResourceHeader
	for _, section := range []struct {
		header func() (dnsmessage.ResourceHeader, error)
		skip   func() error
	}{{p.AnswerHeader, p.SkipAnswer}, {p.AuthorityHeader, p.SkipAuthority}, {p.AdditionalHeader, p.SkipAdditional}} {
		for {
			rh, err := section.header()
			if errors.Is(err, dnsmessage.ErrSectionDone) {
				break
			}
			if err != nil {
				return nil, err
			}
			if err := section.skip(); err != nil {
				return nil, err
			}
			all = append(all, rh)
		}
	}
	return all, nil
}

// plainName is a name as dnsmessage writes it: without escapes.
func plainName(name []byte) string {
	if len(name) == 1 {
		return "."
	}
	var b strings.Builder
	for off := 0; name[off] != 0; off += int(name[off]) + 1 {
		b.Write(name[off+1 : off+1+int(name[off])])
		b.WriteByte('.')
	}
	return b.String()
}

// xnetRejects says that the message has what dnsmessage alone refuses: a dot within a label (golang/go#56246), more than ten pointers in a
// name, a name of 255 octets.
func xnetRejects(m *Message) bool {
	for off, i := HeaderLen, uint16(0); i < m.Parsed[0]; i++ {
		if xnetRejectsName(m, off) {
			return true
		}
		next, _, _ := readName(m.Data, off, len(m.Data))
		off = next + 4
	}
	for i := range m.Records {
		if xnetRejectsName(m, int(m.Records[i].Off)) {
			return true
		}
	}
	return false
}

func xnetRejectsName(m *Message, off int) bool {
	name, _ := m.AppendWireName(nil, off)
	if len(name) == maxName || strings.Count(plainName(name), ".") != max(Labels(name), 1) {
		return true
	}
	hops := 0
	for m.Data[off] != 0 {
		if m.Data[off] > 63 {
			hops++
			off = int(binary.BigEndian.Uint16(m.Data[off:]) & 0x3fff)
		} else {
			off += int(m.Data[off]) + 1
		}
	}
	return hops > 10
}

func compareXNet(t *testing.T, m *Message, headers []dnsmessage.ResourceHeader) {
	t.Helper()
	if len(headers) != len(m.Records) {
		t.Fatalf("%d records, dnsmessage has %d", len(m.Records), len(headers))
	}
	for i, h := range headers {
		r := &m.Records[i]
		owner, _ := m.AppendWireName(nil, int(r.Off))
		if uint16(h.Type) != r.Type || uint16(h.Class) != r.Class || h.TTL != r.TTL || h.Length != r.Len || plainName(owner) != h.Name.String() {
			t.Fatalf("record %d %+v is %+v to dnsmessage", i, r, h)
		}
	}
}
