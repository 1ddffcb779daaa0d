package analyze

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/decode/packet"
	"github.com/dnssniff/dnssniff/decode/wire"
)

// query returns the bytes of a query.
func query(t *testing.T, name string, types ...uint16) []byte {
	t.Helper()
	m := new(dns.Msg)
	for _, typ := range types {
		m.Question = append(m.Question, dns.Question{Name: name, Qtype: typ, Qclass: dns.ClassINET})
	}
	return pack(t, m)
}

// response returns the bytes of a response.
func response(t *testing.T, name string, rcode int) []byte {
	t.Helper()
	m := new(dns.Msg)
	m.SetQuestion(name, dns.TypeA)
	m.Response, m.Rcode = true, rcode
	if rcode > 15 {
		m.SetEdns0(1232, false)
	}
	return pack(t, m)
}

func pack(t *testing.T, m *dns.Msg) []byte {
	t.Helper()
	out, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// message returns a message between the client 10.0.0.1 and the server 10.0.0.53, as the decoder hands it over.
func message(data []byte) *decode.Message {
	m := &decode.Message{Message: new(wire.Message), IPVersion: 4, Client: packet.Addr{10: 0xff, 11: 0xff, 12: 10, 15: 1}, Server: packet.Addr{10: 0xff, 11: 0xff, 12: 10, 15: 53}}
	m.Parse(data, false)
	m.ClientHash, m.ServerHash = decode.HashAddr(testSeed, &m.Client), decode.HashAddr(testSeed, &m.Server)
	if m.Parsed[wire.SectionQuestion] > 0 {
		var lower [maxName]byte
		m.NameHash = wire.HashName(testSeed, appendLower(lower[:0], m.Question.Name))
	}
	return m
}

// counted makes a report of messages.
func counted(all ...*decode.Message) *Report {
	s := newTestSummary(testSeed)
	for _, m := range all {
		s.Message(m)
	}
	return Build([]*Summary{s}, &decode.Stats{}, Source{}, Options{Top: 10})
}

// TestMalformedIsCountedForItsSender is with one malformed query and two malformed responses.
func TestMalformedIsCountedForItsSender(t *testing.T) {
	q, a := query(t, "a.example.", dns.TypeA), response(t, "a.example.", 0)
	q[11], a[7] = 1, 1 // a record more than there is
	r := counted(message(q), message(a), message(a), message(query(t, "a.example.", dns.TypeA)))
	if r.Messages.Malformed != 3 {
		t.Fatalf("%d malformed messages, want 3", r.Messages.Malformed)
	}
	for _, tt := range []struct {
		what string
		rows []Row
		want uint64
	}{{"client", r.Clients, 1}, {"server", r.Servers, 2}, {"name", r.Names, 3}, {"zone", r.Zones, 3}} {
		if len(tt.rows) != 1 || tt.rows[0].Malformed != tt.want {
			t.Errorf("%s: %+v, want one row with %d malformed", tt.what, tt.rows, tt.want)
		}
	}
}

func TestTablesCountRowsWithoutQueries(t *testing.T) {
	r := counted(message(response(t, "a.example.", 0)), message(response(t, "b.example.", 0)))
	if want := (TableRows{Clients: 1, Servers: 1, Names: 2, Zones: 2}); r.Rows != want || r.Distinct.Names != 0 {
		t.Errorf("rows %+v, want %+v; %d distinct names with queries", r.Rows, want, r.Distinct.Names)
	}
	r = counted(message(response(t, "a.example.", 0)), message(query(t, "b.example.", dns.TypeA)))
	if r.Rows.Names != 2 || r.Distinct.Names != 1 || r.Names[0].Name != "b.example." {
		t.Errorf("rows %+v, distinct %+v, first %q: want that with a query first", r.Rows, r.Distinct, r.Names[0].Name)
	}
}

func TestQuestions(t *testing.T) {
	cut := query(t, "a.example.", dns.TypeA)
	r := counted(message(query(t, "a.example.", dns.TypeA, dns.TypeAAAA, dns.TypeMX)), message(cut[:len(cut)-1]), message(query(t, ".")),
		message(response(t, "a.example.", 0)))
	if want := map[string]uint64{"A": 1, "AAAA": 1, "MX": 1}; !maps.Equal(r.QTypes, want) || r.Messages.NoQuestion != 2 || r.Messages.Queries != 3 {
		t.Errorf("types %v and %d of %d queries without a question, want %v and 2 of 3", r.QTypes, r.Messages.NoQuestion, r.Messages.Queries, want)
	}
}

// TestAnomaliesAreCountedOncePerMessage has a response with a thousand bad TTLs, and an mDNS message with one.
func TestAnomaliesAreCountedOncePerMessage(t *testing.T) {
	r14 := anomaly.Make('R', 14)
	many, multicast := message(response(t, "a.example.", 0)), message(response(t, "a.example.", 0))
	multicast.Proto = decode.MDNS
	many.Anomalies, multicast.Anomalies = nil, nil // they lack an SOA record
	for range 1000 {
		many.Anomalies = append(many.Anomalies, anomaly.Seen{ID: r14}, anomaly.Seen{ID: anomaly.Make('N', 1)})
	}
	multicast.Anomalies = append(multicast.Anomalies, anomaly.Seen{ID: r14})
	r := counted(many, many, multicast)
	if want := map[string]uint64{"R14": 2, "N01": 2}; !maps.Equal(r.Anomalies, want) {
		t.Errorf("got %v, want %v", r.Anomalies, want)
	}
	if want := map[string]uint64{"R14": 1}; !maps.Equal(r.Multicast, want) {
		t.Errorf("multicast: got %v, want %v", r.Multicast, want)
	}
}

func TestRCODEsOfARowAddUp(t *testing.T) {
	s := newTestSummary(testSeed)
	for n := range uint64(maxRare) { // no room for another rare code
		s.names.rare[rare{n, 23}] = 1
	}
	for _, rcode := range []int{0, 3, 23, 23, 16} {
		s.Message(message(response(t, "a.example.", rcode)))
	}
	r := Build([]*Summary{s}, &decode.Stats{}, Source{}, Options{Top: 10})
	if want := map[string]uint64{"NOERROR": 1, "NXDOMAIN": 1, "OTHER": 3}; !maps.Equal(r.Names[0].RCODEs, want) {
		t.Errorf("name: %v, want %v", r.Names[0].RCODEs, want)
	}
	if want := map[string]uint64{"NOERROR": 1, "NXDOMAIN": 1, "BADCOOKIE": 2, "BADVERS": 1}; !maps.Equal(r.Clients[0].RCODEs, want) {
		t.Errorf("client: %v, want %v", r.Clients[0].RCODEs, want)
	}
}

// TestSpanIsThatOfMessages has packets of 1970 and mDNS a day later around ten seconds of DNS.
func TestSpanIsThatOfMessages(t *testing.T) {
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	at := func(after time.Duration, p decode.Proto) *decode.Message {
		m := message(query(t, "a.example.", dns.TypeA))
		m.Time, m.Proto = start.Add(after).UnixNano(), p
		return m
	}
	a, b := newTestSummary(testSeed), newTestSummary(testSeed)
	for _, m := range []*decode.Message{at(10*time.Second, decode.UDP), at(24*time.Hour, decode.MDNS)} {
		a.Message(m)
	}
	for _, m := range []*decode.Message{at(3*time.Second, decode.TCP), at(0, decode.UDP), at(-time.Hour, decode.LLMNR)} {
		b.Message(m)
	}
	a.Merge(b)
	a.Merge(newTestSummary(testSeed))
	m := Build([]*Summary{a}, &decode.Stats{Packets: 5, First: 0, Last: start.Add(24 * time.Hour).UnixNano()}, Source{}, Options{Top: 10}).Messages
	if !m.First.Equal(start) || m.Duration != 10 || !m.Last.Equal(start.Add(10*time.Second)) {
		t.Errorf("from %v to %v, %v s: want 10 s from %v", m.First, m.Last, m.Duration, start)
	}
}

func TestOneWay(t *testing.T) {
	q, a := message(query(t, "a.example.", dns.TypeA)), message(response(t, "a.example.", 0))
	lost := &decode.Transaction{Status: decode.Unanswered, Query: &decode.Query{}, Anomalies: []anomaly.Seen{{ID: p01}}}
	orphan := &decode.Transaction{Status: decode.Unsolicited, Response: a, Anomalies: []anomaly.Seen{{ID: p02}}}
	for _, tt := range []struct {
		name     string
		messages []*decode.Message
		want     string
		anomaly  string
	}{
		{"both", []*decode.Message{q, a}, "", "P01 P02"},
		{"no_responses", []*decode.Message{q, q}, OnlyQueries, "P02"},
		{"no_queries", []*decode.Message{a}, OnlyResponses, "P01"},
		{"nothing", nil, "", "P01 P02"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newTestSummary(testSeed)
			for _, m := range tt.messages {
				s.Message(m)
			}
			s.Transaction(lost)
			s.Transaction(orphan)
			r := Build([]*Summary{s}, &decode.Stats{}, Source{}, Options{Top: 10})
			if r.Source.OneWay != tt.want {
				t.Errorf("got %q, want %q", r.Source.OneWay, tt.want)
			}
			for _, id := range []string{"P01", "P02"} {
				if _, there := r.Anomalies[id]; there != strings.Contains(tt.anomaly, id) {
					t.Errorf("anomalies %v, want %s", r.Anomalies, tt.anomaly)
				}
			}
		})
	}
}

func TestJSONOfNothing(t *testing.T) {
	out, err := json.Marshal(counted())
	if err != nil {
		t.Fatal(err)
	}
	for _, absent := range []string{`"first"`, `"last"`, `"start"`, "0001-01-01"} {
		if strings.Contains(string(out), absent) {
			t.Errorf("%s is there: %s", absent, out)
		}
	}
	if want := `"settings":{"timeout_s":0,"ports":[],"dedup":false,"max_packets":0,"limit_reached":false}`; !strings.Contains(string(out), want) {
		t.Errorf("%s is not there: %s", want, out)
	}
}

func TestJSONIsASCII(t *testing.T) {
	evil := "K\u00f6ln \x1b[2J \u202egpj.exe \u009b31m \x7f \u2028 \U000e0041 \"\\ end"
	r := Build([]*Summary{newTestSummary(testSeed)}, &decode.Stats{}, Source{Files: []string{evil, "\xff"}, Faults: []string{evil}}, Options{Top: 1})
	out, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range out {
		if c < ' ' || c > '~' {
			t.Fatalf("octet %#x at %d: %q", c, i, out)
		}
	}
	var back Report
	if err := json.Unmarshal(out, &back); err != nil {
		t.Fatal(err)
	}
	if back.Source.Files[0] != evil || back.Source.Faults[0] != evil || back.Source.Files[1] != "\ufffd" {
		t.Errorf("got %q and %q", back.Source.Files, back.Source.Faults)
	}
}

func TestSettings(t *testing.T) {
	c := decode.Config{Timeout: 1500 * time.Millisecond, Dedup: true, MaxPackets: 10}
	c.Ports.Add(5353)
	c.Ports.Add(8)
	src := Source{Settings: SettingsOf(&c)}
	for packets, reached := range map[uint64]bool{9: false, 10: true} {
		got := Build([]*Summary{newTestSummary(testSeed)}, &decode.Stats{Packets: packets}, src, Options{Top: 1}).Settings
		want := Settings{Timeout: 1.5, Ports: []uint16{8, 53, 5353}, Dedup: true, MaxPackets: 10, LimitReached: reached}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
}
