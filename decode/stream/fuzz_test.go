package stream

import (
	"encoding/binary"
	"testing"
	"time"
)

// The fuzzing scripts: each step is 6 bytes: kind, ISN and side; offset; length; cut; time; acknowledged.
const stepLen = 6

// decodeScript makes segments of fuzzing input. The streams' bytes come from data, so that prefixes and headers can be found by mutation.
func decodeScript(b, data []byte) (script []step) {
	flags := [...]string{"", "A", "S", "F", "R", "SA", "FA", "SF"}
	for ; len(b) >= stepLen && len(script) < 400; b = b[stepLen:] {
		s := step{from: 'c', flags: flags[b[0]&7], seq: int(b[1]), at: int(b[4]) * 37, ack: int(b[5])}
		if b[0]&8 != 0 {
			s.from = 's'
		}
		if b[0]&16 != 0 {
			s.isn = 1 << 30
		}
		if b[0]&32 != 0 {
			s.at -= 5000
		}
		from := min(s.seq, len(data))
		s.data = data[from:min(from+int(b[2]), len(data))]
		s.cut = min(int(b[3])%32, len(s.data))
		script = append(script, s)
	}
	return script
}

// FuzzScript plays any segments at all: the Assembler stays within its bounds, and every message adds up.
func FuzzScript(f *testing.F) {
	data := join(a1, a2, a3)
	f.Add([]byte{2, 0, 0, 0, 0, 0, 0, 0, 40, 0, 0, 0, 0, 40, 110, 0, 1, 0, 3, 150, 0, 0, 2, 0}, data)
	f.Add([]byte{0, 40, 50, 0, 0, 0, 0, 0, 40, 0, 0, 0, 4, 90, 0, 0, 0, 0, 0, 90, 60, 9, 200, 0}, data)
	f.Add([]byte{2, 0, 0, 0, 0, 0, 0, 40, 50, 0, 0, 0, 8, 0, 0, 0, 60, 90, 16, 0, 50, 0, 61, 0, 24, 0, 90, 9, 61, 0}, data)
	f.Add([]byte{0, 0, 1, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 2, 200, 0, 0, 0, 35, 90, 0, 0, 0, 0}, data)
	f.Fuzz(func(t *testing.T, b, data []byte) {
		all, stats := run(t, Limits{OutOfOrder: 1024, Streams: 2}, decodeScript(b, data))
		if stats.Messages != uint64(len(all)) {
			t.Fatalf("Stats.Messages %d, %d came", stats.Messages, len(all))
		}
		for _, g := range all {
			if len(g.data) > g.length || g.length > 65535 || len(g.data) < g.length && !g.cut && !g.ended {
				t.Fatalf("%v: cut %v ended %v", g, g.cut, g.ended)
			}
			if g.number == 0 || g.first == 0 || g.segments == 0 || g.ended && len(g.data) < headerLen {
				t.Fatalf("%+v", g)
			}
		}
	})
}

// FuzzReference compares with a naive reader where nothing is lost: after any first steps within the stream, the rest of it comes in order.
func FuzzReference(f *testing.F) {
	data := join(a1, a2, a3)
	f.Add([]byte{0, 40, 50, 0, 0, 0, 0, 10, 20, 0, 0, 0, 0, 90, 60, 0, 0, 0}, data)
	f.Add([]byte{0, 100, 1, 0, 0, 0, 0, 99, 3, 0, 0, 0, 0, 90, 60, 0, 0, 0, 0, 0, 1, 0, 0, 0}, join([]byte{0, 0, 0, 5, 1, 2, 3, 4, 5}, data))
	f.Fuzz(func(t *testing.T, b, data []byte) {
		if unlikeStream(data) {
			return
		}
		script := []step{syn}
		for _, s := range decodeScript(b, data) {
			if len(s.data) > 0 && !(s.seq == 0 && unlikeStream(s.data)) {
				script = append(script, step{from: 'c', seq: s.seq, data: s.data})
			}
		}
		script = append(script, step{from: 'c', flags: "F", data: data})
		all, _ := run(t, Limits{}, script)
		whole := all[:0]
		for _, g := range all {
			if !g.ended {
				whole = append(whole, g)
			}
		}
		wantMessages(t, "reference", whole, reference(data))
	})
}

// unlikeStream says that a stream that begins like this is not taken for DNS with length prefixes.
func unlikeStream(b []byte) bool { return notDNS(b) || bareMessage(b) && !plausible(b) }

func reference(stream []byte) (messages [][]byte) {
	for len(stream) >= prefixLen {
		n := int(binary.BigEndian.Uint16(stream))
		if prefixLen+n > len(stream) {
			break
		}
		messages = append(messages, stream[prefixLen:prefixLen+n])
		stream = stream[prefixLen+n:]
	}
	return messages
}

// FuzzBytes gives whole streams of any bytes, in two segments that repeat: no time, no memory beyond the bounds.
func FuzzBytes(f *testing.F) {
	f.Add(join(a1, a2), uint16(7), true)
	f.Add(make([]byte, 100), uint16(1), false)
	f.Fuzz(func(t *testing.T, data []byte, at uint16, withSYN bool) {
		a := New(Limits{Bytes: 1, OutOfOrder: 1}, &recorder{})
		cut := min(int(at), len(data))
		script := []step{{from: 'c', seq: cut, data: data[cut:]}, {from: 'c', data: data[:cut]}, {from: 'c', seq: 1, data: data}}
		if withSYN {
			script = append([]step{syn}, script...)
		}
		for i, s := range script {
			s.at = i * int(time.Second/time.Millisecond)
			a.Segment(s.segment(uint64(i)))
			check(t, a)
		}
		a.Close()
		check(t, a)
	})
}
