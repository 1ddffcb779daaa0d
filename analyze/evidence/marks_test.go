package evidence

import (
	"testing"

	"github.com/miekg/dns"

	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/anomaly"
)

func TestMarksOfQueries(t *testing.T) {
	const cookie, nsid = 1 << 10, 1 << 3
	m := NewTally().Marks
	good := decode.Query{HasQuestion: true, Type: 1, Class: 1}
	for _, options := range []uint32{cookie | nsid, cookie} {
		q := good
		q.Options = options
		m.query(&q, 1)
	}
	if m.AllOptions != cookie || m.AnyOptions != cookie|nsid || m.Odd != 0 {
		t.Errorf("%+v", m)
	}
	m.query(&good, 1)
	if m.AllOptions != 0 || m.AnyOptions != cookie|nsid {
		t.Errorf("after one without options: %+v", m)
	}
	for name, change := range map[string]func(*decode.Query){
		"malformed":    func(q *decode.Query) { q.Malformed = true },
		"cut":          func(q *decode.Query) { q.Cut = true },
		"no question":  func(q *decode.Query) { q.HasQuestion = false },
		"class CH":     func(q *decode.Query) { q.Class = 3 },
		"NOTIFY":       func(q *decode.Query) { q.Flags = 4 << 11 },
		"AXFR":         func(q *decode.Query) { q.Type = 252 },
		"breaks rules": func(q *decode.Query) { q.NAnomalies, q.Anomalies[0].ID = 1, anomaly.Make('H', 9) },
	} {
		q, m := good, NewTally().Marks
		change(&q)
		if m.query(&q, 3); m.Odd != 3 {
			t.Errorf("%s is not odd", name)
		}
	}
}

func TestMarksMergeInAnyOrder(t *testing.T) {
	a, b := NewTally().Marks, NewTally().Marks
	a.query(&decode.Query{HasQuestion: true, Class: 1, Options: 6}, 1)
	b.query(&decode.Query{HasQuestion: true, Class: 1, Options: 12}, 1)
	a.MinHop, a.MaxHop, b.MinHop, b.MaxHop = 50, 51, 60, 62
	a.NoDomain, b.NoDomain, a.Echoes, b.Bare = 1, 2, 3, 4
	ab, ba, empty := a, b, NewTally().Marks
	ab.merge(&b)
	ba.merge(&a)
	if ab != ba || ab.AllOptions != 4 || ab.AnyOptions != 14 || ab.MinHop != 50 || ab.MaxHop != 62 || ab.NoDomain != 3 || ab.Echoes != 3 || ab.Bare != 4 {
		t.Errorf("%+v, %+v", ab, ba)
	}
	if ab.merge(&empty); ab != ba {
		t.Errorf("with nothing: %+v", ab)
	}
}

func TestEchoesHaveTheOptions(t *testing.T) {
	m := new(dns.Msg).SetQuestion("example.com.", dns.TypeA)
	m.Rcode = dns.RcodeFormatError
	m.SetEdns0(1232, false)
	b, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	same := func(options uint32) func(*decode.Query) {
		return func(q *decode.Query) { q.Length, q.Flags, q.Options = uint16(len(b)), 1<<8, options }
	}
	if r := play(t, m.Copy(), same(0)).find(RCODE(1)); r.Echoes != 0 {
		t.Error("a question without options is what any server repeats")
	}
	m.IsEdns0().Option = []dns.EDNS0{&dns.EDNS0_COOKIE{Code: dns.EDNS0COOKIE, Cookie: "0102030405060708"}}
	if b, err = m.Pack(); err != nil {
		t.Fatal(err)
	}
	if r := play(t, m.Copy(), same(1<<10)).find(RCODE(1)); r.Echoes != 1 || r.MinHop != 60 || r.MaxHop != 60 {
		t.Errorf("%+v", r.Marks)
	}
}
