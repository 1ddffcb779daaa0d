package stream

import (
	"testing"
)

// Messages of the scripts: 40, 50 and 60 bytes with their prefixes.
var (
	a1 = message(0xa1, 40)
	a2 = message(0xa2, 50)
	a3 = message(0xa3, 60)
	b1 = message(0xb1, 44)
)

var syn = step{from: 'c', flags: "S"}

func TestScripts(t *testing.T) {
	all := join(a1, a2, a3)
	tests := []struct {
		name   string
		script []step
		want   string
		check  func(t *testing.T, s Stats, all []got)
	}{
		{name: "one_message_per_segment", want: "3:a1, 4:b1", script: []step{
			syn, {from: 's', flags: "SA"}, {from: 'c', data: a1}, {from: 's', data: b1}}},
		{name: "three_messages_in_one_segment", want: "2:a1, 2:a2, 2:a3", script: []step{syn, {from: 'c', data: all}}},
		{name: "message_in_three_segments", want: "4:a1", script: []step{
			syn, {from: 'c', data: a1[:10]}, {from: 'c', seq: 10, data: a1[10:30]}, {from: 'c', seq: 30, data: a1[30:]}},
			check: func(t *testing.T, _ Stats, all []got) {
				if g := all[0]; g.first != 2 || g.segments != 3 || g.split {
					t.Errorf("first %d segments %d split %v, want 2 3 false", g.first, g.segments, g.split)
				}
			}},
		{name: "boundary_within_segment", want: "3:a1, 3:a2", script: []step{
			syn, {from: 'c', data: all[:20]}, {from: 'c', seq: 20, data: all[20:90]}}},
		{name: "prefix_in_its_own_segment", want: "3:a1", script: []step{
			syn, {from: 'c', data: a1[:2]}, {from: 'c', seq: 2, data: a1[2:]}}, check: wantSplit},
		{name: "prefix_split_in_two", want: "3:a1", script: []step{
			syn, {from: 'c', data: a1[:1]}, {from: 'c', seq: 1, data: a1[1:]}}, check: wantSplit},
		{name: "prefix_split_after_a_message", want: "2:a1, 3:a2", script: []step{
			syn, {from: 'c', data: all[:41]}, {from: 'c', seq: 41, data: all[41:90]}}},
		{name: "byte_by_byte", want: "41:a1", script: append([]step{syn}, bytewise(a1)...)},
		{name: "data_on_syn", want: "1:a1, 3:a2", script: []step{
			{from: 'c', flags: "S", data: a1}, {from: 's', flags: "SA"}, {from: 'c', seq: 40, data: a2}}},
		{name: "data_on_syn_sent_again", want: "1:a1, 3:a2", script: []step{
			{from: 'c', flags: "S", data: a1}, {from: 's', flags: "SA"}, {from: 'c', data: join(a1, a2)}}},
		{name: "data_with_fin", want: "2:a1", script: []step{syn, {from: 'c', flags: "FA", data: a1}, {from: 's', flags: "A"}}},
		{name: "simultaneous_open", want: "3:a1, 4:b1", script: []step{
			syn, {from: 's', flags: "S"}, {from: 'c', data: a1}, {from: 's', data: b1}}},
		{name: "keep_alive", want: "2:a1, 5:a2", script: []step{syn, {from: 'c', data: a1}, {from: 'c', flags: "A", seq: 39},
			{from: 'c', flags: "A", seq: 39, data: []byte{0}}, {from: 'c', seq: 40, data: a2}}},
		{name: "zero_window_probe", want: "2:a1, 4:a2", script: []step{
			syn, {from: 'c', data: a1}, {from: 'c', seq: 40, data: a2[:1]}, {from: 'c', seq: 40, data: a2}}},

		{name: "retransmission_same", want: "2:a1, 4:a2", script: []step{
			syn, {from: 'c', data: a1}, {from: 'c', data: a1}, {from: 'c', seq: 40, data: a2}}},
		{name: "retransmission_shorter", want: "2:a1, 4:a2", script: []step{
			syn, {from: 'c', data: a1}, {from: 'c', seq: 5, data: a1[5:20]}, {from: 'c', seq: 40, data: a2}}},
		{name: "retransmission_longer", want: "2:a1, 3:a2", script: []step{syn, {from: 'c', data: a1}, {from: 'c', data: join(a1, a2)}}},
		{name: "retransmission_overlaps_the_front", want: "2:a1, 4:a2", script: []step{
			syn, {from: 'c', data: all[:60]}, {from: 'c', seq: 30, data: all[30:60]}, {from: 'c', seq: 50, data: all[50:90]}}},
		{name: "first_copy_wins_in_order", want: "3:a1", script: []step{
			syn, {from: 'c', data: a1[:20]}, {from: 'c', data: join(evil(20), a1[20:])}}, check: wantData(a1)},
		{name: "first_copy_wins_out_of_order", want: "4:a1", script: []step{
			syn, {from: 'c', seq: 20, data: a1[20:30]}, {from: 'c', seq: 10, data: join(a1[10:20], evil(10), a1[30:])},
			{from: 'c', data: join(a1[:10], evil(5))}}, check: wantData(a1)},
		{name: "piece_within_another", want: "4:a1", script: []step{
			syn, {from: 'c', seq: 10, data: a1[10:]}, {from: 'c', seq: 15, data: evil(10)}, {from: 'c', data: a1[:10]}}, check: wantData(a1)},

		{name: "reordered", want: "3:a1, 2:a2, 4:a3", script: []step{
			syn, {from: 'c', seq: 40, data: a2}, {from: 'c', data: a1}, {from: 'c', seq: 90, data: a3}}},
		{name: "reordered_parts_complete_with_the_last_to_come", want: "4:a1", script: []step{
			syn, {from: 'c', seq: 20, data: a1[20:]}, {from: 'c', seq: 10, data: a1[10:20]}, {from: 'c', data: a1[:10]}}},
		{name: "wrap_around", want: "2:a1, 5:a2, 4:a3", script: []step{ // the sequence number wraps in a3
			syn, {from: 'c', data: a1}, {from: 'c', seq: 140, data: a3[50:]}, {from: 'c', seq: 90, data: a3[:50]}, {from: 'c', seq: 40, data: a2}}},

		{name: "port_reuse", want: "2:a1, 4:a2", script: []step{
			syn, {from: 'c', data: a1}, {from: 'c', flags: "S", isn: 5000}, {from: 'c', isn: 5000, data: a2}},
			check: wantConns(1, 2)},
		{name: "port_reuse_within_a_message", want: "2:a1 ended 18/38, 4:a2", script: []step{
			syn, {from: 'c', data: a1[:20]}, {from: 'c', flags: "S", isn: 5000}, {from: 'c', isn: 5000, data: a2}},
			check: wantConns(1, 2)},
		{name: "syn_sent_again", want: "3:a1, 5:a2", script: []step{
			syn, syn, {from: 'c', data: a1}, syn, {from: 'c', seq: 40, data: a2}}, check: wantConns(1, 1)},
		{name: "late_syn", want: "1:a1, 3:a2", script: []step{
			{from: 'c', data: a1}, syn, {from: 'c', seq: 40, data: a2}}, check: wantConns(1, 1)},
		{name: "syn_ack_before_syn", want: "3:a1, 4:b1", script: []step{
			{from: 's', flags: "SA"}, syn, {from: 'c', data: a1}, {from: 's', data: b1}}, check: wantConns(1, 1)},
		{name: "port_reuse_syn_missed_after_close", want: "2:a1, 4:a2", script: []step{
			syn, {from: 'c', flags: "F", data: a1}, {from: 's', flags: "R"}, {from: 'c', isn: 7777, data: a2}}, check: wantConns(1, 2)},
		{name: "port_reuse_syn_missed_far_away", want: "2:a1, 3:a2", script: []step{
			syn, {from: 'c', data: a1}, {from: 'c', isn: 1 << 30, data: a2}}, check: wantConns(1, 2)},
		{name: "stray_far_away", want: "2:a1, 4:a2", script: []step{
			syn, {from: 'c', data: a1}, {from: 'c', isn: 1 << 30, data: evil(30)}, {from: 'c', seq: 40, data: a2}}, check: wantConns(1, 1)},

		{name: "fin_within_message", want: "2:a1 ended 18/38", script: []step{syn, {from: 'c', data: a1[:20]}, {from: 'c', flags: "F", seq: 20}}},
		{name: "fin_within_header", want: "", script: []step{syn, {from: 'c', data: a1[:10]}, {from: 'c', flags: "F", seq: 10}},
			check: func(t *testing.T, s Stats, _ []got) {
				if s.LostMessages != 1 || s.Dropped != 10 {
					t.Errorf("lost %d dropped %d, want 1 10", s.LostMessages, s.Dropped)
				}
			}},
		{name: "half_close", want: "2:a1, 4:b1", script: []step{
			syn, {from: 'c', flags: "FA", data: a1}, {from: 's', flags: "SA"}, {from: 's', data: b1}, {from: 's', flags: "F", seq: 44}}},
		{name: "fin_before_the_data", want: "3:a1", script: []step{syn, {from: 'c', flags: "F", seq: 40}, {from: 'c', data: a1}}},
		{name: "rst_within_message", want: "2:a1 ended 18/38", script: []step{syn, {from: 'c', data: a1[:20]}, {from: 's', flags: "R"}}},
		{name: "data_after_rst", want: "2:a1, 4:b1", script: []step{
			{from: 's', flags: "SA"}, {from: 'c', data: a1}, {from: 'c', flags: "R", seq: 40}, {from: 's', data: b1}}, check: wantConns(1, 1)},
		{name: "rst_far_away", want: "4:a1", script: []step{
			syn, {from: 'c', data: a1[:20]}, {from: 'c', flags: "R", isn: 1 << 30}, {from: 'c', seq: 20, data: a1[20:]}}},
		{name: "retransmission_after_close", want: "2:a1, 3:b1", script: []step{
			syn, {from: 'c', flags: "F", data: a1}, {from: 's', flags: "F", data: b1}, {from: 'c', flags: "F", data: a1}}, check: wantConns(1, 1)},
		{name: "end_of_capture_within_message", want: "2:a1 ended 28/38", script: []step{syn, {from: 'c', data: a1[:30]}}},

		{name: "hole_filled", want: "3:a1, 2:a2", script: []step{
			syn, {from: 'c', seq: 40, data: a2}, {from: 'c', data: a1, at: 1999}}},
		{name: "hole_timed_out", want: "2:a2, 3:a3", script: []step{
			syn, {from: 'c', seq: 40, data: a2}, {from: 'c', seq: 90, data: a3, at: 2001}}, check: wantGap(40)},
		{name: "hole_timed_out_by_other_traffic", want: "2:a2", script: []step{
			syn, {from: 'c', seq: 40, data: a2}, {from: 's', flags: "A", at: 2001}}, check: wantGap(40)},
		{name: "hole_within_message", want: "2:a1 ended 18/38, 3:a2", script: []step{ // the rest of a1 is passed over
			syn, {from: 'c', data: a1[:20]}, {from: 'c', seq: 30, data: join(a1[30:], a2)}}, check: wantGap(10)},
		{name: "hole_up_to_the_end_of_a_message", want: "2:a1 ended 18/38, 3:a2", script: []step{
			syn, {from: 'c', data: a1[:20]}, {from: 'c', seq: 40, data: a2}}, check: wantGap(20)},
		{name: "hole_over_messages", want: "2:a1 ended 18/38, 4:a3", script: []step{
			syn, {from: 'c', data: a1[:20]}, {from: 'c', seq: 70, data: a2[30:]}, {from: 'c', seq: 90, data: a3}}, check: wantGap(50)},
		{name: "hole_then_prefix_alone", want: "4:a3", script: []step{
			syn, {from: 'c', seq: 90, data: a3[:2]}, {from: 's', flags: "A", at: 2001}, {from: 'c', seq: 92, data: a3[2:], at: 2002}}},
		{name: "hole_then_tail_then_split_prefix", want: "5:a3", script: []step{
			syn, {from: 'c', seq: 87, data: a2[47:]}, {from: 'c', seq: 90, data: a3[:1]}, {from: 'c', seq: 91, data: a3[1:2]},
			{from: 'c', seq: 92, data: a3[2:]}}},
		{name: "hole_acknowledged", want: "2:a2, 4:a3", script: []step{
			syn, {from: 'c', seq: 40, data: a2}, {from: 's', flags: "A", ack: 90, at: 10}, {from: 'c', seq: 90, data: a3, at: 111}},
			check: wantGap(40)},
		{name: "hole_acknowledged_but_filled", want: "4:a1, 2:a2", script: []step{
			syn, {from: 'c', seq: 40, data: a2}, {from: 's', flags: "A", ack: 90, at: 10}, {from: 'c', data: a1, at: 20}}},
		{name: "hole_not_acknowledged", want: "4:a1, 2:a2", script: []step{
			syn, {from: 'c', seq: 40, data: a2}, {from: 's', flags: "A", at: 10}, {from: 'c', data: a1, at: 500}}},
		{name: "hole_filled_too_late", want: "2:a2, 3:a1, 4:a3", script: []step{
			syn, {from: 'c', seq: 40, data: a2}, {from: 'c', data: a1, at: 2001}, {from: 'c', seq: 90, data: a3, at: 2002}}},
		{name: "hole_filled_too_late_twice", want: "2:a2, 3:a1", script: []step{
			syn, {from: 'c', seq: 40, data: a2}, {from: 'c', data: a1, at: 2001}, {from: 'c', data: a1, at: 2002}}},
		{name: "hole_before_fin", want: "2:a1 ended 18/38, 5:b1", script: []step{
			syn, {from: 'c', data: a1[:20]}, {from: 'c', flags: "F", seq: 40}, {from: 's', flags: "SA"}, {from: 's', data: b1, at: 2001}},
			check: wantGap(20)},
		{name: "two_holes", want: "2:a2, 3:a1", script: []step{
			syn, {from: 'c', seq: 40, data: a2}, {from: 'c', seq: 190, data: a1}, {from: 's', flags: "A", at: 5000}}},
		{name: "hole_filled_too_late_in_parts", want: "2:a3, 3:a1, 4:a2", script: []step{
			syn, {from: 'c', seq: 90, data: a3}, {from: 'c', data: a1, at: 2001}, {from: 'c', seq: 40, data: a2, at: 2001}}},
		{name: "hole_filled_too_late_with_less_than_messages", want: "2:a3", script: []step{
			syn, {from: 'c', seq: 90, data: a3}, {from: 'c', data: a1[:30], at: 2001}, {from: 'c', seq: 40, data: a2[:8], at: 2001}}},
		{name: "two_holes_acknowledged", want: "4:a2, 2:a2", script: []step{
			syn, {from: 'c', seq: 40, data: a2}, {from: 's', flags: "SA"}, {from: 's', seq: 60, data: a2}, {from: 's', flags: "A", ack: 90},
			{from: 'c', flags: "A", ack: 110}, {from: 'c', flags: "A", at: 150}}},
		{name: "fin_behind_the_data", want: "2:a1, 4:a2", script: []step{
			syn, {from: 'c', data: a1}, {from: 'c', flags: "F", seq: 10}, {from: 'c', seq: 40, data: a2}}},
		{name: "fin_before_what_waits", want: "2:a2", script: []step{syn, {from: 'c', seq: 40, data: a2}, {from: 'c', flags: "F", seq: 20}}},
		{name: "rst_over_hole", want: "2:a2, 4:b1", script: []step{
			syn, {from: 'c', seq: 40, data: a2}, {from: 's', flags: "R"}, {from: 's', data: b1}}, check: wantGap(40)},
		{name: "time_goes_back", want: "5:a1, 2:a2", script: []step{
			syn, {from: 'c', seq: 40, data: a2, at: 9000}, {from: 's', flags: "A", at: 100}, {from: 's', flags: "A", at: 8000}, {from: 'c', data: a1, at: 0}}},

		{name: "midstream_message", want: "1:a1, 2:b1", script: []step{{from: 'c', seq: 500, data: a1}, {from: 's', seq: 900, data: b1}}},
		{name: "midstream_within_message", want: "2:a2", script: []step{{from: 'c', seq: 10, data: a1[10:]}, {from: 'c', seq: 40, data: a2}}},
		{name: "midstream_within_message_small_rest", want: "2:a2", script: []step{{from: 'c', seq: 35, data: a1[35:]}, {from: 'c', seq: 40, data: a2}}},
		{name: "midstream_prefix_alone", want: "2:a1", script: []step{{from: 'c', data: a1[:2]}, {from: 'c', seq: 2, data: a1[2:]}}},
		{name: "midstream_with_hole_before_a_message", want: "2:a2", check: wantGap(1960), script: []step{
			{from: 'c', seq: 10, data: a1[10:]}, {from: 'c', seq: 2000, data: a2}}},
		{name: "port_reuse_syn_missed_far_away_server", want: "2:b1, 3:a2", check: wantConns(1, 2), script: []step{
			{from: 's', flags: "SA"}, {from: 's', data: b1}, {from: 's', isn: 1 << 30, data: a2}}},
		{name: "midstream_keep_alive_first", want: "2:a1", script: []step{{from: 'c', seq: -1, data: []byte{0}}, {from: 'c', data: a1}}},
		{name: "midstream_no_prefix", want: "2:a2", script: []step{{from: 'c', seq: 2, data: a1[2:]}, {from: 'c', seq: 40, data: a2}},
			check: func(t *testing.T, s Stats, _ []got) {
				if s.NoPrefix != 1 {
					t.Errorf("NoPrefix %d, want 1", s.NoPrefix)
				}
			}},
		{name: "midstream_reordered", want: "1:a2, 2:a1, 3:a3", script: []step{
			{from: 'c', seq: 40, data: a2}, {from: 'c', data: a1}, {from: 'c', seq: 90, data: a3}, {from: 'c', data: a1}}},
		{name: "midstream_small_rest_at_the_end", want: "", script: []step{{from: 'c', seq: 35, data: a1[35:]}}},
		{name: "midstream_small_rest_and_hole", want: "2:a2", script: []step{{from: 'c', seq: 35, data: a1[35:38]}, {from: 'c', seq: 40, data: a2}}},
		{name: "midstream_small_rest_then_fin", want: "", script: []step{{from: 'c', seq: 35, data: a1[35:]}, {from: 'c', flags: "F", seq: 40}}},

		{name: "snaplen_cut", want: "2:a1 cut 18/38, 3:a2", script: []step{syn, {from: 'c', data: a1, cut: 20}, {from: 'c', seq: 40, data: a2}}},
		{name: "snaplen_cut_all", want: "3:a2", script: []step{syn, {from: 'c', data: a1, cut: 40}, {from: 'c', seq: 40, data: a2}}},
		{name: "snaplen_cut_over_a_prefix", want: "2:a1 cut 18/38, 3:a3", script: []step{
			syn, {from: 'c', data: join(a1, a2), cut: 70}, {from: 'c', seq: 90, data: a3}}},
		{name: "snaplen_cut_second_message", want: "2:a1, 2:a2 cut 38/48, 3:a3", script: []step{
			syn, {from: 'c', data: join(a1, a2), cut: 10}, {from: 'c', seq: 90, data: a3}}},
		{name: "snaplen_cut_prefix_in_two", want: "2:a1, 3:a3", script: []step{
			syn, {from: 'c', data: join(a1, a2), cut: 49}, {from: 'c', seq: 90, data: a3}}},
		{name: "snaplen_cut_prefix_alone", want: "2:- cut 0/38, 3:a2", script: []step{
			syn, {from: 'c', data: a1, cut: 38}, {from: 'c', seq: 40, data: a2}}},
		{name: "snaplen_cut_in_two_segments", want: "3:a1 cut 10/38, 4:a2", script: []step{
			syn, {from: 'c', data: a1[:20], cut: 8}, {from: 'c', seq: 20, data: a1[20:], cut: 10}, {from: 'c', seq: 40, data: a2}}},
		{name: "snaplen_cut_then_ended", want: "2:a1 cut ended 14/38", script: []step{
			syn, {from: 'c', data: a1[:20], cut: 4}, {from: 'c', flags: "F", seq: 20}}},
		{name: "snaplen_cut_after_split_prefix", want: "4:a2", script: []step{
			syn, {from: 'c', data: a1[:1]}, {from: 'c', seq: 1, data: a1[1:], cut: 39}, {from: 'c', seq: 40, data: a2}}},
		{name: "snaplen_cut_out_of_order", want: "3:a1, 2:a2 cut 30/48, 4:a3", script: []step{
			syn, {from: 'c', seq: 40, data: a2, cut: 18}, {from: 'c', data: a1}, {from: 'c', seq: 90, data: a3}}},
		{name: "snaplen_cut_midstream_after_prefix", want: "3:a2", script: []step{
			{from: 'c', data: a1[:2]}, {from: 'c', seq: 2, data: a1[2:], cut: 37}, {from: 'c', seq: 40, data: a2}}},
		{name: "snaplen_cut_midstream", want: "2:a2", script: []step{{from: 'c', data: a1, cut: 30}, {from: 'c', seq: 40, data: a2}}},

		{name: "length_0", want: "2:- 0/0, 2:a1", script: []step{syn, {from: 'c', data: join([]byte{0, 0}, a1)}}},
		{name: "length_0_alone", want: "2:- 0/0, 3:a1", script: []step{syn, {from: 'c', data: []byte{0, 0}}, {from: 'c', seq: 2, data: a1}}},
		{name: "length_0_split", want: "3:- 0/0, 3:a1", script: []step{syn, {from: 'c', data: []byte{0}}, {from: 'c', seq: 1, data: join([]byte{0}, a1)}}},
		{name: "length_below_12", want: "2:102 3/3, 2:a1", script: []step{syn, {from: 'c', data: join([]byte{0, 3, 1, 2, 3}, a1)}}},
		{name: "no_prefix_after_syn", want: "3:a2", script: []step{syn, {from: 'c', data: a1[2:]}, {from: 'c', seq: 38, data: a2}},
			check: func(t *testing.T, s Stats, _ []got) {
				if s.NoPrefix != 1 {
					t.Errorf("NoPrefix %d, want 1", s.NoPrefix)
				}
			}},

		{name: "tls", want: "3:b1", check: wantNotDNS(1), script: []step{
			syn, {from: 'c', data: []byte("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03abcdefgh")}, {from: 's', data: b1}, {from: 'c', seq: 19, data: a1}}},
		{name: "tls_midstream", want: "", check: wantNotDNS(1), script: []step{{from: 'c', data: []byte("\x17\x03\x03\x02\x00abc")}, {from: 'c', seq: 8, data: a1}}},
		{name: "http", want: "", check: wantNotDNS(1), script: []step{syn, {from: 'c', data: []byte("GET / HTTP/1.1\r\n\r\n")}, {from: 'c', flags: "F", seq: 18}}},
		{name: "ssh_out_of_order", want: "", check: wantNotDNS(1), script: []step{
			syn, {from: 'c', seq: 21, data: a1}, {from: 'c', data: []byte("SSH-2.0-OpenSSH_9.2\r\n")}, {from: 'c', seq: 300, data: a1}}},
		{name: "message_as_long_as_tls", want: "2:a1", check: wantNotDNS(0), script: []step{syn, {from: 'c', data: message(0xa1, 0x1603+2)}}},
		{name: "port_reuse_after_tls", want: "3:a1", check: wantNotDNS(1), script: []step{
			syn, {from: 'c', data: []byte("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03abcdefgh")}, {from: 'c', isn: 1 << 30, data: a1}}},

		{name: "idle", want: "2:a1 ended 18/38, 3:a2", check: wantConns(1, 2), script: []step{
			syn, {from: 'c', data: a1[:20]}, {from: 'c', seq: 40, data: a2, at: 120_001}}},
		{name: "rst_alone", want: "", script: []step{{from: 's', flags: "R"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			all, stats := run(t, Limits{}, tt.script)
			if s := lines(all); s != tt.want {
				t.Fatalf("got  %s\nwant %s", s, tt.want)
			}
			if stats.Messages != uint64(len(all)) {
				t.Errorf("Stats.Messages %d, want %d", stats.Messages, len(all))
			}
			if tt.check != nil {
				tt.check(t, stats, all)
			}
		})
	}
}

func bytewise(b []byte) (script []step) {
	for i := range b {
		script = append(script, step{from: 'c', seq: i, data: b[i : i+1]})
	}
	return script
}

// evil returns bytes that must lose against a first copy.
func evil(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = 0xee
	}
	return b
}

func wantSplit(t *testing.T, s Stats, all []got) {
	t.Helper()
	if !all[0].split || s.SplitPrefix != 1 || all[0].segments != 2 {
		t.Errorf("split %v, counted %d, segments %d; want true 1 2", all[0].split, s.SplitPrefix, all[0].segments)
	}
}

func wantData(m []byte) func(*testing.T, Stats, []got) {
	return func(t *testing.T, _ Stats, all []got) {
		t.Helper()
		if string(all[0].data) != string(m[prefixLen:]) {
			t.Errorf("data\n%x, want\n%x", all[0].data, m[prefixLen:])
		}
	}
}

func wantConns(want ...uint64) func(*testing.T, Stats, []got) {
	return func(t *testing.T, _ Stats, all []got) {
		t.Helper()
		for i, g := range all {
			if i < len(want) && g.conn != want[i] {
				t.Errorf("message %d is of connection %d, want %d", i, g.conn, want[i])
			}
		}
	}
}

func wantGap(bytes uint64) func(*testing.T, Stats, []got) {
	return func(t *testing.T, s Stats, _ []got) {
		t.Helper()
		if s.Gaps != 1 || s.GapBytes != bytes {
			t.Errorf("%d gaps of %d bytes, want 1 of %d", s.Gaps, s.GapBytes, bytes)
		}
	}
}

func wantNotDNS(n uint64) func(*testing.T, Stats, []got) {
	return func(t *testing.T, s Stats, _ []got) {
		t.Helper()
		if s.NotDNS != n {
			t.Errorf("NotDNS %d, want %d", s.NotDNS, n)
		}
	}
}
