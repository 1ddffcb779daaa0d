package evidence

import (
	"encoding/binary"
	"net/netip"
	"testing"

	"github.com/miekg/dns"

	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/packet"
	"github.com/dnssniff/dnssniff/decode/wire"
)

// said returns a good answer with these records, in presentation form, from a server at a time (s since the epoch).
func said(t testing.TB, server string, at int64, records ...string) *decode.Transaction {
	t.Helper()
	m := new(dns.Msg)
	m.SetQuestion("example.com.", dns.TypeA)
	m.Response, m.Authoritative = true, true
	for _, text := range records {
		rr, err := dns.NewRR(text)
		if err != nil {
			t.Fatal(err)
		}
		m.Answer = append(m.Answer, rr)
	}
	data, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	return answerOf(data, server, at)
}

// answerOf returns a transaction whose response has these bytes.
func answerOf(data []byte, server string, at int64) *decode.Transaction {
	w := new(wire.Message)
	w.Parse(data, false)
	s := packet.AddrFrom(netip.MustParseAddr(server))
	r := &decode.Message{Message: w, Time: at * 1e9, Number: 2, Server: s, Length: uint16(len(data))}
	return &decode.Transaction{Server: s, Response: r, Query: &decode.Query{Time: at*1e9 - 1e6, Number: 1, HasQuestion: true, HasOPT: true}, RTT: 1e6}
}

const (
	keyRecord = "example.com. 3600 IN DNSKEY 257 3 8 AwEAAaz/tAm8yTn4Mfeh5eyI96WSVexTBAvkMgJzkKTOiW1vkIbzxeF3+/4RgWOq7HrxRixHlFlExOLAJr5emLvN7SWXgnLh4+B5xQlNVz8Og8kvArMtNROxVQuCaSnIDdD5LKyWbRd2n9WGe2R8PzgCmr3EgVLrjyBxWezF0jLHwVN8efS3rCj/EWgvIWgb9tarpVUDK/b58Da+sqqls3eNbuv7pr+eoZG+SrDK6nWeL3c6H5Apxz7LjVc1uTIdsIXxuOLYA4/ilBmSVIzuDWfdRUfhHdY6+cn8HFRm+2hM8AnXGXws9555KrUB5qihylGa8subX2Nn6UwNR1AkUTV74bU="
	keyTagOf  = 20326 // of that key: it is the root's of 2017 (RFC 9718 section 2)
	past      = 1_600_000_000
)

// TestSignaturesAgainstTime reads signatures that are over, in time and not valid yet, and the tags of keys and DS.
func TestSignaturesAgainstTime(t *testing.T) {
	const signature = "example.com. 300 IN RRSIG A 8 2 300 20200920000000 20200901000000 1234 example.com. AAAA" // 1600560000, 1598918400
	c := New(1, 1<<10, nobody{})
	for _, at := range []int64{past, 1_600_560_000 + 86400, 1_598_918_400 - 3600} {
		c.Transaction(said(t, "192.0.2.1", at, "example.com. 300 IN A 192.0.2.7", signature))
	}
	c.Transaction(said(t, "192.0.2.1", past, keyRecord))
	c.Transaction(said(t, "192.0.2.2", past, "example.com. 300 IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D"))
	f := Gather([]*Collector{c})
	if len(f.Signed) != 1 {
		t.Fatalf("%+v", f.Signed)
	}
	s := &f.Signed[0]
	if s.Zone != "example.com." || s.Good != 1 || s.Expired != 1 || s.NotYet != 1 || s.Overdue != 86400 || s.ExpiredAt != 1_600_560_000 || s.ExpiresAt != 1_600_560_000 ||
		s.ValidFrom != 1_598_918_400 {
		t.Errorf("%+v", s)
	}
	for what, tags := range map[string]*Tags{"keys": &s.Keys, "DS": &s.DS} {
		if all := tags.All(); len(all) != 1 || all[0] != keyTagOf {
			t.Errorf("%s: %v", what, all)
		}
	}
	if all := s.SignedBy.All(); len(all) != 1 || all[0] != 1234 {
		t.Errorf("signed by %v", all)
	}
}

// TestSerialsByServer follows a zone's serial at two servers, one of which stays behind.
func TestSerialsByServer(t *testing.T) {
	c := New(1, 1<<10, nobody{})
	for at, serial := range []string{"7", "7", "8"} {
		soa := "example.com. 300 IN SOA ns1.example.com. h.example.com. " + serial + " 1 1 1 1"
		c.Transaction(said(t, "192.0.2.1", past+int64(at), soa))
		c.Transaction(said(t, "192.0.2.2", past+int64(at), "example.com. 300 IN SOA ns1.example.com. h.example.com. 7 1 1 1 1"))
	}
	f := Gather([]*Collector{c})
	if len(f.Serials) != 2 {
		t.Fatalf("%+v", f.Serials)
	}
	a, b := f.Serials[0], f.Serials[1]
	if a.First != 7 || a.Last != 8 || a.Since != (past+2)*1e9 || a.Count != 3 || a.Primary != "ns1.example.com." || b.Last != 7 || b.Since != past*1e9 || b.LastTime != (past+2)*1e9 {
		t.Errorf("%+v %+v", a, b)
	}
}

// FuzzCollector gives a collector responses of any bytes: what it reads stays within them, and what it gathers can be added up.
func FuzzCollector(f *testing.F) {
	for _, records := range [][]string{
		{keyRecord},
		{"example.com. 300 IN A 10.1.2.3", "example.com. 300 IN RRSIG A 8 2 300 20200920000000 20200901000000 1234 example.com. AAAA"},
		{"example.com. 300 IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D"},
		{"example.com. 300 IN SOA ns1.example.com. h.example.com. 7 1 1 1 1"},
		{"example.com. 0 IN CNAME example.net.", "example.net. 1 IN AAAA fd00::1"},
	} {
		f.Add(said(f, "192.0.2.1", past, records...).Response.Data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<16-1 {
			return
		}
		c := New(1, minRows, nobody{})
		x := answerOf(data, "192.0.2.1", past)
		x.Response.ClientHash = uint64(len(data))
		if len(data) > wire.HeaderLen {
			x.Query.Flags, x.Query.NameHash = binary.BigEndian.Uint16(data[2:])&^wire.FlagQR, 1
		}
		for _, st := range []decode.Status{decode.Answered, decode.Answered, decode.Conflicting, decode.Mismatched, decode.Late} {
			x.Status = st
			c.Transaction(x)
		}
		if f := Gather([]*Collector{c, c}); len(f.Rows) > 3*minRows || len(f.Signed) > minRows || len(f.Serials) > minRows {
			t.Errorf("%d rows, %d signed zones, %d serials", len(f.Rows), len(f.Signed), len(f.Serials))
		}
	})
}
