package stream

import (
	"slices"
	"testing"

	"github.com/dnssniff/dnssniff/decode/packet"
)

// TestHandshake plays scripts that end at a time, in ms, with what Advance then says. An ICMP error quotes the client's SYN after step icmp.
func TestHandshake(t *testing.T) {
	syn := func(at int) step { return step{from: 'c', flags: "S", at: at} }
	synACK := func(at int) step { return step{from: 's', flags: "SA", at: at} }
	ack := func(at int) step { return step{from: 'c', flags: "A", at: at} }
	data := func(from byte, at int) step { return step{from: from, flags: "A", data: message(1, 40), at: at} }
	tests := []struct {
		name   string
		script []step
		icmp   int
		until  int
		want   []string
	}{
		{"silence", []step{syn(0)}, 0, 5001, []string{"unanswered@1 tries 1 from 0 ms"}},
		{"capture_ends_at_the_limit", []step{syn(0)}, 0, 5000, nil},
		{"silence_from_the_last_try", []step{syn(0), syn(1000), syn(3000), syn(7000)}, 0, 12_001, []string{"unanswered@4 tries 4 from 0 ms"}},
		{"capture_ends_soon_after_the_last_try", []step{syn(0), syn(1000), syn(3000), syn(7000)}, 0, 11_000, nil},
		{"tries_after_it_was_told", []step{syn(0), syn(1000), syn(7000), syn(15_000), syn(31_000)}, 0, 60_000, []string{"unanswered@2 tries 2 from 0 ms"}},
		{"opened_after_it_was_told", []step{syn(0), syn(7000), synACK(7010), ack(7020)}, 0, 60_000, []string{"unanswered@1 tries 1 from 0 ms", "opened@4 tries 1 from 0 ms rtt 0"}},
		{"reset_after_it_was_told", []step{syn(0), {from: 's', flags: "RA", at: 9000}}, 0, 60_000, []string{"unanswered@1 tries 1 from 0 ms"}},
		{"captured_twice_is_no_second_try", []step{syn(0), syn(1), syn(1000)}, 0, 60_000, []string{"unanswered@3 tries 2 from 0 ms"}},
		{"refused_after_tries", []step{syn(0), syn(1000), {from: 's', flags: "RA", at: 1001}}, 0, 60_000, []string{"refused@3 tries 2 from 0 ms"}},
		{"refused_by_icmp", []step{syn(0), syn(1000)}, 1, 60_000, []string{"unanswered@2 tries 2 from 0 ms icmp 10"}},
		{"refused_by_icmp_where_the_capture_ends", []step{syn(0)}, 1, 10, []string{"unanswered@1 tries 1 from 0 ms icmp 10"}},
		{"opened_in_spite_of_icmp", []step{syn(0), syn(1000), synACK(1010), ack(1020)}, 1, 60_000, []string{"opened@4 tries 2 from 0 ms rtt 10"}},
		{"icmp_about_what_was_answered", []step{syn(0), synACK(10)}, 2, 60_000, []string{"half-open@2 tries 1 from 0 ms"}},
		{"half_open", []step{syn(0), synACK(10), synACK(1010), synACK(3010)}, 0, 60_000, []string{"half-open@4 tries 1 from 0 ms"}},
		{"half_open_is_told_once", []step{syn(0), synACK(10), synACK(8010), synACK(16_010)}, 0, 60_000, []string{"half-open@2 tries 1 from 0 ms"}},
		{"half_open_then_opened", []step{syn(0), synACK(10), data('c', 9000)}, 0, 60_000, []string{"half-open@2 tries 1 from 0 ms", "opened@3 tries 1 from 0 ms rtt 10"}},
		{"opened_by_ack", []step{syn(0), synACK(10), ack(20)}, 0, 60_000, []string{"opened@3 tries 1 from 0 ms rtt 10"}},
		{"opened_at_the_second_try", []step{syn(0), syn(1000), synACK(1010), ack(1020)}, 0, 60_000, []string{"opened@4 tries 2 from 0 ms rtt 10"}},
		{"only_the_servers_side", []step{synACK(0), data('s', 20)}, 0, 60_000, []string{"opened@2 tries 0 from 0 ms rtt 0"}},
		{"only_the_clients_side", []step{syn(5), ack(20), data('c', 21)}, 0, 60_000, []string{"opened@2 tries 1 from 5 ms rtt 0"}},
		{"only_the_servers_syn_ack", []step{synACK(0), synACK(1000)}, 0, 60_000, []string{"half-open@2 tries 0 from 0 ms"}},
		{"syn_ack_captured_first", []step{synACK(1), syn(2), ack(3)}, 0, 60_000, []string{"opened@3 tries 1 from 2 ms rtt 0"}},
		{"servers_ack_opens_nothing", []step{syn(0), {from: 's', flags: "A", at: 10, ack: 1000}}, 0, 60_000, []string{"unanswered@1 tries 1 from 0 ms"}},
		{"far_ack_opens_nothing", []step{syn(0), synACK(10), {from: 'c', flags: "A", seq: 1 << 25, at: 20}}, 0, 60_000, []string{"half-open@2 tries 1 from 0 ms"}},
		{"another_connection_on_the_ports", []step{syn(0), {from: 'c', flags: "S", isn: 1 << 22, at: 2000}}, 0, 60_000,
			[]string{"unanswered@1 tries 1 from 0 ms", "unanswered@2 tries 1 from 2000 ms"}},
		{"without_its_syn", []step{data('c', 0), data('s', 10)}, 0, 60_000, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := &recorder{}
			a := New(Limits{}, r)
			for i, s := range tt.script {
				a.Segment(s.segment(uint64(i + 1)))
				check(t, a)
				if i+1 == tt.icmp {
					client, server := addr(1), addr(2)
					a.Quoted(&client, &server, 4000, 53, packet.ICMP{Seen: true, Type: 3, Code: 10})
				}
			}
			a.Advance(int64(tt.until) * 1e6)
			a.Close()
			if !slices.Equal(r.events, tt.want) {
				t.Errorf("got %q, want %q", r.events, tt.want)
			}
		})
	}
}

// TestFloodOfSYNs is of more connections than there is room for: those that went are not told of, the others once each.
func TestFloodOfSYNs(t *testing.T) {
	r := &recorder{}
	a := New(Limits{Streams: 16}, r)
	for i := range 100 {
		s := step{from: 'c', flags: "S", at: i}.segment(uint64(i + 1))
		s.SrcPort = uint16(1000 + i)
		a.Segment(s)
		check(t, a)
	}
	a.Advance(60e9)
	a.Close()
	if len(r.events) != 16 || a.Stats().Evicted != 84 {
		t.Errorf("%d events, %d evicted: %q", len(r.events), a.Stats().Evicted, r.events)
	}
}
