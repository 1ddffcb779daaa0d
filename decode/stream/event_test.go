package stream

import (
	"slices"
	"testing"
)

func TestEvents(t *testing.T) {
	query := message(1, 40)
	const opened = "opened@2 tries 1 from 0 ms rtt 0" // by what follows the SYN, where no SYN-ACK was captured
	tests := []struct {
		name   string
		script []step
		want   []string
	}{
		{"syn_answered_by_reset", []step{{from: 'c', flags: "S"}, {from: 's', flags: "RA"}}, []string{"refused@2 tries 1 from 0 ms"}},
		{"client_resets_its_own_syn", []step{{from: 'c', flags: "S"}, {from: 'c', flags: "R", seq: 0}}, []string{"reset@2 bytes 0"}},
		{"syn_ack_reset_by_client", []step{{from: 'c', flags: "S"}, {from: 's', flags: "SA"}, {from: 'c', flags: "R"}}, []string{"reset@3 bytes 0"}},
		{"handshake_then_reset_by_client", []step{{from: 'c', flags: "S", at: 10}, {from: 's', flags: "SA", at: 30}, {from: 'c', flags: "A", at: 31}, {from: 'c', flags: "RA"}},
			[]string{"opened@3 tries 1 from 10 ms rtt 20", "reset@4 bytes 0"}},
		{"reset_after_query", []step{{from: 'c', flags: "S"}, {from: 's', flags: "SA"}, {from: 'c', flags: "A", data: query}, {from: 's', flags: "RA", ack: 40}},
			[]string{"opened@3 tries 1 from 0 ms rtt 0", "reset@4 bytes 40"}},
		{"reset_after_fin", []step{{from: 'c', flags: "S"}, {from: 'c', flags: "A", data: query}, {from: 's', flags: "A", data: query}, {from: 'c', flags: "FA", seq: 40}, {from: 'c', flags: "R", seq: 41}},
			[]string{opened, "reset@5 bytes 80 finished"}},
		{"reset_after_the_end_tells_nothing", []step{{from: 'c', flags: "S"}, {from: 's', flags: "SA"}, {from: 'c', flags: "FA"}, {from: 's', flags: "FA"}, {from: 'c', flags: "R", seq: 1}},
			[]string{"opened@3 tries 1 from 0 ms rtt 0"}},
		{"other_direction_first_seen_after_reset", []step{{from: 'c', flags: "A", data: query}, {from: 'c', flags: "R", seq: 40}, {from: 's', flags: "SA"}, {from: 's', flags: "R"}},
			[]string{"reset@2 bytes 40"}},
		{"fin_that_crosses_a_reset", []step{{from: 'c', flags: "S"}, {from: 's', flags: "SA"}, {from: 'c', flags: "A"}, {from: 's', flags: "RA"}, {from: 'c', flags: "FA"}},
			[]string{"opened@3 tries 1 from 0 ms rtt 0", "reset@4 bytes 0"}},
		{"second_reset_tells_nothing", []step{{from: 'c', flags: "S"}, {from: 's', flags: "RA"}, {from: 's', flags: "RA"}}, []string{"refused@2 tries 1 from 0 ms"}},
		{"reset_of_unknown_connection", []step{{from: 's', flags: "RA"}}, nil},
		{"reset_of_connection_without_syn", []step{{from: 'c', flags: "A", data: query}, {from: 's', flags: "R"}}, []string{"reset@2 bytes 40"}},
		{"fin_within_message", []step{{from: 'c', flags: "S"}, {from: 'c', flags: "A", data: query[:30]}, {from: 'c', flags: "FA", seq: 30}}, []string{opened, "short@2"}},
		{"reset_within_message", []step{{from: 'c', flags: "S"}, {from: 'c', flags: "A", data: query[:30]}, {from: 'c', flags: "R", seq: 30}}, []string{opened, "reset@3 bytes 30", "short@2"}},
		{"reset_after_gap", []step{{from: 'c', flags: "S"}, {from: 'c', flags: "A", data: query[:30]}, {from: 'c', flags: "R", seq: 31}}, []string{opened, "reset@3 bytes 30"}},
		{"reset_by_receiver_within_message", []step{{from: 'c', flags: "S"}, {from: 's', flags: "SA"}, {from: 'c', flags: "A", data: query[:30]}, {from: 's', flags: "R"}},
			[]string{"opened@3 tries 1 from 0 ms rtt 0", "reset@4 bytes 30"}},
		{"no_prefix", []step{{from: 'c', flags: "S"}, {from: 'c', flags: "A", data: query[2:]}}, []string{opened, "bare@2"}},
		{"fin_within_prefix", []step{{from: 'c', flags: "S"}, {from: 'c', flags: "A", data: query[:1]}, {from: 'c', flags: "FA", seq: 1}}, []string{opened}},
		{"fin_after_message", []step{{from: 'c', flags: "S"}, {from: 'c', flags: "A", data: query}, {from: 'c', flags: "FA", seq: 40}}, []string{opened}},
		{"tls", []step{{from: 'c', flags: "S"}, {from: 'c', flags: "A", data: []byte("\x16\x03\x01\x00\x50\x01\x00\x00\x4c\x03\x03")}}, []string{opened, "foreign@2"}},
		{"http", []step{{from: 'c', flags: "S"}, {from: 'c', flags: "A", data: []byte("GET / HTTP/1.1\r\n\r\n")}}, []string{opened, "foreign@2"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := &recorder{}
			a := New(Limits{}, r)
			for i, s := range tt.script {
				a.Segment(s.segment(uint64(i + 1)))
			}
			a.Close()
			if !slices.Equal(r.events, tt.want) {
				t.Errorf("got %q, want %q", r.events, tt.want)
			}
		})
	}
}

// TestLater has three messages in one segment, and one in two.
func TestLater(t *testing.T) {
	var got []bool
	a := New(Limits{}, onMessage(func(m *Message) { got = append(got, m.Later) }))
	all := join(message(1, 40), message(2, 40), message(3, 40), message(4, 40))
	for i, s := range []step{{from: 'c', flags: "S"}, {from: 'c', flags: "A", data: all[:130]}, {from: 'c', flags: "A", seq: 130, data: all[130:]}} {
		a.Segment(s.segment(uint64(i + 1)))
	}
	if want := []bool{false, true, true, false}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// onMessage is a Handler of messages only.
type onMessage func(*Message)

func (f onMessage) TCPMessage(m *Message) { f(m) }
func (f onMessage) TCPEvent(*Event)       {}
