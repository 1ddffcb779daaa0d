package decode

import (
	"slices"
	"testing"

	"github.com/dnssniff/dnssniff/decode/anomaly"
)

// kinds collects the anomalies of the transactions that have a response.
type kinds struct {
	nopHandler
	seen []anomaly.ID
}

func (k *kinds) Transaction(t *Transaction) {
	for _, a := range t.Anomalies {
		if t.Response != nil {
			k.seen = append(k.seen, a.ID)
		}
	}
}

// TestReplyToAnotherPort has younger queries of others wait beside the one that the reply is for.
func TestReplyToAnotherPort(t *testing.T) {
	for _, tt := range []struct {
		name    string
		younger int
		reply   event
		want    bool
	}{
		{"alone", 0, event{response: true, port: 40001}, true},
		{"youngest_63", otherPortReach - 1, event{response: true, port: 40001}, true},
		{"youngest_64", otherPortReach, event{response: true, port: 40001}, false},
		{"other_id", 0, event{response: true, port: 40001, id: 2}, false},
		{"other_name", 0, event{response: true, port: 40001, name: "mail.example."}, false},
		{"other_server", 0, event{response: true, port: 40001, server: "198.51.100.54"}, false},
		{"other_client", 0, event{response: true, port: 40001, client: "192.0.2.2"}, false},
		{"over_tcp", 0, event{response: true, port: 40001, proto: TCP}, false},
		{"no_question", 0, event{response: true, port: 40001, bare: true}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var h kinds
			var st Stats
			c := testConfig()
			p := newPairer(&c, &h, &st)
			feed(p, event{}.message(t, 1))
			for i := range tt.younger {
				feed(p, event{client: "192.0.2.9", port: uint16(50000 + i), id: uint16(i + 2)}.message(t, 2))
			}
			feed(p, tt.reply.message(t, 3))
			p.Close(0)
			if got := slices.Contains(h.seen, otherPort); got != tt.want {
				t.Errorf("%v, want P09: %v", h.seen, tt.want)
			}
		})
	}
}

// TestReplyFromAnotherPort is about a server whose answer comes from another of its ports.
func TestReplyFromAnotherPort(t *testing.T) {
	var h kinds
	var st Stats
	c := testConfig()
	p := newPairer(&c, &h, &st)
	feed(p, event{}.message(t, 1))
	r := event{response: true}.message(t, 2)
	r.ServerPort = 5300
	feed(p, r)
	p.Close(0)
	if !slices.Equal(h.seen, []anomaly.ID{otherPort}) {
		t.Errorf("got %v, want P09", h.seen)
	}
}

// TestWrongWay has messages whose QR bit says otherwise than their ports.
func TestWrongWay(t *testing.T) {
	backwards := func(e event, n uint64) *Message {
		m := e.message(t, n)
		m.backwards = true
		return m
	}
	for _, tt := range []struct {
		name string
		list []*Message
		want []string
	}{
		{"echoed_query", []*Message{event{}.message(t, 1), backwards(event{}, 2)}, []string{"pending q1"}},
		{"response_to_server", []*Message{event{}.message(t, 1), backwards(event{response: true}, 2), event{response: true}.message(t, 3)},
			[]string{"answered q1 r3 0s", "unsolicited r2"}},
		{"query_from_server_port", []*Message{backwards(event{}, 1), backwards(event{response: true}, 2)}, []string{"answered q1 r2 0s"}},
		{"query_from_server_port_repeated", []*Message{backwards(event{}, 1), backwards(event{}, 2), backwards(event{response: true}, 3)},
			[]string{"answered q1+1 r3 0s"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var h tell
			var st Stats
			c := testConfig()
			p := newPairer(&c, &h, &st)
			for _, m := range tt.list {
				feed(p, m)
			}
			p.Close(0)
			if !slices.Equal(h.lines, tt.want) {
				t.Errorf("got %q, want %q", h.lines, tt.want)
			}
		})
	}
}

// BenchmarkUnsolicited floods with responses that nobody asked for, while a thousand queries wait.
func BenchmarkUnsolicited(b *testing.B) {
	var st Stats
	c := testConfig()
	p := newPairer(&c, nopHandler{}, &st)
	t := new(testing.T)
	q, r := event{}.message(t, 1), event{response: true}.message(t, 2)
	for i := range 1000 {
		q.ID = uint16(i)
		feed(p, q)
	}
	b.ReportAllocs()
	for i := range b.N {
		r.ClientPort = uint16(i)
		feed(p, r)
	}
}
