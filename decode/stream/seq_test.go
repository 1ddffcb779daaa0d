package stream

import (
	"slices"
	"testing"
)

// seqs keeps the sequence number of each message, relative to the client's first byte.
type seqs struct {
	recorder
	all []int
}

func (r *seqs) TCPMessage(m *Message) { r.all = append(r.all, ahead(m.Seq, clientISN+1)) }

func TestMessagesTellWhereTheyBegin(t *testing.T) {
	all := join(a1, a2, a3)
	for _, tt := range []struct {
		name   string
		script []step
		want   []int
	}{
		{"all_in_one", []step{syn, {from: 'c', data: all}}, []int{0, 40, 90}},
		{"byte_by_byte", append([]step{syn}, bytewise(a1)...), []int{0}},
		{"split_within_the_third", []step{syn, {from: 'c', data: all[:95]}, {from: 'c', seq: 95, data: all[95:]}}, []int{0, 40, 90}},
		{"second_part_first", []step{syn, {from: 'c', seq: 45, data: all[45:]}, {from: 'c', data: all[:45]}}, []int{0, 40, 90}},
		{"prefix_apart", []step{syn, {from: 'c', data: all[:42]}, {from: 'c', seq: 42, data: all[42:]}}, []int{0, 40, 90}},
		{"without_syn", []step{{from: 'c', seq: 40, data: a2}, {from: 'c', seq: 90, data: a3}}, []int{40, 90}},
		{"never_whole", []step{syn, {from: 'c', data: all[:60]}}, []int{0, 40}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := &seqs{}
			a := New(Limits{}, r)
			for i, s := range tt.script {
				a.Segment(s.segment(uint64(i + 1)))
			}
			a.Close()
			if !slices.Equal(r.all, tt.want) {
				t.Errorf("messages begin at %v, want %v", r.all, tt.want)
			}
		})
	}
}
