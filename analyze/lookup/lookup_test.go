package lookup

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/decode/packet"
	"github.com/dnssniff/dnssniff/decode/wire"
)

const seed = 9

// script plays queries and the ends of their transactions. A line of it is "q ID TIME [word...]" with the words tcp, cd, edns=SIZE, opts=MASK, server=N,
// client=N, name=N; "a ID TIME RCODE [tc]" for an answer; "s ID" for silence; "r TIME" for a TCP connection that was refused.
type script struct {
	t       *testing.T
	tracker *Tracker
	queries map[string]*decode.Message
	told    []string
}

func (s *script) Anomaly(id anomaly.ID, _ *Lookup) { s.told = append(s.told, id.String()) }

func (s *script) Settled(*Lookup, bool) {}

func addr(n int) packet.Addr {
	return packet.Addr{10: 0xff, 11: 0xff, 12: 192, 13: 0, 14: 2, 15: byte(n)}
}

func (s *script) time(word string) int64 {
	d, err := time.ParseDuration(word)
	if err != nil {
		s.t.Fatal(err)
	}
	return d.Nanoseconds() + 1e18
}

func (s *script) play(lines []string) {
	for _, line := range lines {
		w := strings.Fields(line)
		switch w[0] {
		case "q":
			s.query(w)
		case "a", "s":
			s.settle(w)
		case "r":
			s.tracker.Unopened(&decode.Event{Kind: decode.KindUnanswered, First: s.time(w[1]), Client: addr(1), Server: addr(101)})
		}
	}
}

func (s *script) query(w []string) {
	id, _ := strconv.Atoi(w[1])
	m := &decode.Message{Message: &wire.Message{ID: uint16(id)}, Time: s.time(w[2]), NameHash: 77, Client: addr(1), Server: addr(101), ClientPort: uint16(4000 + id)}
	m.Question.Type = 1
	for _, word := range w[3:] {
		key, value, _ := strings.Cut(word, "=")
		n, _ := strconv.Atoi(value)
		switch key {
		case "tcp":
			m.Proto = decode.TCP
		case "cd":
			m.Flags |= wire.FlagCD
		case "edns":
			m.HasOPT, m.EDNS.UDPSize = true, uint16(n)
		case "opts":
			m.EDNS.Has = uint32(n)
		case "server":
			m.Server = addr(100 + n)
		case "client":
			m.Client = addr(n)
		case "name":
			m.NameHash = uint64(n)
		case "malformed":
			m.Malformed = true
		default:
			s.t.Fatalf("word %q", word)
		}
	}
	m.ClientHash, m.ServerHash = decode.HashAddr(seed, &m.Client), decode.HashAddr(seed, &m.Server)
	s.queries[w[1]] = m
	s.tracker.Tick(m.Time)
	s.tracker.Query(m)
}

func (s *script) settle(w []string) {
	m := s.queries[w[1]]
	x := &decode.Transaction{Status: decode.Unanswered, Client: m.Client, ClientPort: m.ClientPort,
		Query: &decode.Query{ID: m.ID, Time: m.Time, HasQuestion: true, Type: 1, NameHash: m.NameHash}}
	if w[0] == "a" {
		r := *m
		r.Message = new(wire.Message)
		code, _ := strconv.Atoi(w[3])
		r.Flags = wire.FlagQR | uint16(code)
		if len(w) > 4 {
			r.Flags |= wire.FlagTC
		}
		r.Time = s.time(w[2])
		x.Status, x.Response, x.RTT = decode.Answered, &r, r.Time-m.Time
	}
	s.tracker.Settle(x)
}

func newScript(t *testing.T) *script {
	s := &script{t: t, queries: map[string]*decode.Message{}}
	s.tracker = New(seed, 5e9, 1<<10, s)
	return s
}

func TestLookups(t *testing.T) {
	const later = "q 99 30s client=9 name=9" // moves time on
	tests := []struct {
		name  string
		lines []string
		want  string // total answered failed retried tcp pending
		by    string
		told  string
	}{
		{"answered_at_once", []string{"q 1 0s", "a 1 1ms 0"}, "1 1 0 0 0 0", "", ""},
		{"nxdomain_is_an_answer", []string{"q 1 0s", "a 1 1ms 3"}, "1 1 0 0 0 0", "", ""},
		{"not_settled", []string{"q 1 0s"}, "0 0 0 0 0 1", "", ""},
		{"retransmission_is_no_try", []string{"q 1 0s", "q 1 1s", "a 1 1500ms 0"}, "1 1 0 0 0 0", "", ""},
		{"silence_then_answer_from_new_port", []string{"q 1 0s", "q 2 1s", "a 2 1001ms 0", "s 1"}, "1 1 0 1 0 0", "again", "P04"},
		{"answered_twice_in_flight", []string{"q 1 0s", "q 2 1ms", "a 1 2ms 0", "a 2 3ms 0"}, "1 1 0 1 0 0", "", "P04"},
		{"asked_again_after_answer", []string{"q 1 0s", "a 1 1ms 0", "q 2 1s", "a 2 1001ms 0"}, "2 2 0 0 0 0", "", ""},
		{"asked_again_while_first_try_is_open", []string{"q 1 0s", "q 2 1s", "a 2 1001ms 0", "q 3 2s", "a 3 2001ms 0", "s 1"}, "2 2 0 1 0 0", "again", "P04"},
		{"silence_ends_it", []string{"q 1 0s", "s 1", later}, "1 0 1 0 0 1", "", ""},
		{"retry_after_the_timeout", []string{"q 1 0s", "s 1", "q 2 5010ms", "a 2 5011ms 0"}, "1 1 0 1 0 0", "again", "P04"},
		{"servfail_is_no_answer", []string{"q 1 0s", "a 1 1ms 2", later}, "1 0 1 0 0 1", "", ""},
		{"servfail_and_same_port_again", []string{"q 1 0s", "a 1 1ms 2", "q 1 2ms", "a 1 3ms 0"}, "1 1 0 0 0 0", "", ""},
		{"silence_and_same_port_again", []string{"q 1 0s", "s 1", "q 1 6s", "a 1 6001ms 0"}, "1 1 0 0 0 0", "", ""},
		{"other_server", []string{"q 1 0s", "a 1 1ms 5", "q 2 2ms server=2", "a 2 3ms 0"}, "1 1 0 1 0 0", "other_server", "P04"},
		{"tc_then_tcp", []string{"q 1 0s", "a 1 1ms 0 tc", "q 2 2ms tcp", "a 2 3ms 0"}, "1 1 0 1 1 0", "tcp", "P04"},
		{"tc_and_no_tcp", []string{"q 1 0s", "a 1 1ms 0 tc", later}, "1 0 1 0 0 1", "", "O33"},
		{"tc_and_tcp_is_silent", []string{"q 1 0s", "a 1 1ms 0 tc", "q 2 2ms tcp", "s 2", later}, "1 0 1 1 1 1", "", "P04"},
		{"tc_and_tcp_refused", []string{"q 1 0s", "a 1 1ms 0 tc", "r 2ms", later}, "1 0 1 0 0 1", "", "O34"},
		{"tcp_refused_without_tc", []string{"q 1 0s", "r 2ms", "a 1 3ms 0"}, "1 1 0 0 0 0", "", ""},
		{"ladder", []string{"q 1 0s edns=4096", "q 2 1s edns=1232", "q 3 2s", "a 3 2001ms 0", "s 1", "s 2"}, "1 1 0 1 0 0", "no_edns", "P04 O37 O38"},
		{"one_step_is_no_ladder", []string{"q 1 0s edns=4096", "q 2 1s edns=1232", "a 2 1001ms 0", "s 1"}, "1 1 0 1 0 0", "smaller_edns", "P04"},
		{"formerr_until_the_options_are_gone", []string{"q 1 0s edns=1232 opts=1024", "a 1 1ms 1", "q 2 2ms edns=1232", "a 2 3ms 0"}, "1 1 0 1 0 0", "no_options", "P04 O38"},
		{"malformed_options_are_not_punished", []string{"q 1 0s edns=1232 opts=1024 malformed", "a 1 1ms 1", "q 2 2ms edns=1232", "a 2 3ms 0"}, "1 1 0 1 0 0", "no_options", "P04"},
		{"formerr_from_another_server", []string{"q 1 0s edns=1232 opts=1024", "a 1 1ms 1", "q 2 2ms edns=1232 server=2", "a 2 3ms 0"}, "1 1 0 1 0 0", "no_options", "P04"},
		{"bogus_unless_cd", []string{"q 1 0s", "a 1 80ms 2", "q 2 81ms cd", "a 2 82ms 0"}, "1 1 0 1 0 0", "cd", "P04 S12"},
		{"servfail_from_the_cache", []string{"q 1 0s", "a 1 80ms 2", "q 2 81ms", "a 2 81200us 2", later}, "1 0 1 1 0 1", "", "P04 S13"},
		{"servfail_twice_slow", []string{"q 1 0s", "a 1 80ms 2", "q 2 81ms", "a 2 181ms 2", later}, "1 0 1 1 0 1", "", "P04"},
		{"more_steps_than_are_kept", []string{"q 1 0s", "q 2 1ms", "q 3 2ms", "q 4 3ms", "q 5 4ms", "q 6 5ms", "q 7 6ms", "q 8 7ms", "a 8 8ms 0", "s 1", "s 2"}, "1 1 0 1 0 0", "again", "P04"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newScript(t)
			s.play(tt.lines)
			c := s.tracker.Counts()
			if got := fmt.Sprint(c.Total, c.Answered, c.Failed, c.Retried, c.TCPFallback, c.Pending); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
			by := ""
			for i, n := range c.SolvedBy {
				if n > 0 {
					by += Change(i).String()
				}
			}
			if by != tt.by {
				t.Errorf("solved by %q, want %q", by, tt.by)
			}
			if told := strings.Join(s.told, " "); told != tt.told {
				t.Errorf("told %q, want %q", told, tt.told)
			}
		})
	}
}

// TestTrackerIsBounded floods it with questions that nobody answers.
func TestTrackerIsBounded(t *testing.T) {
	s := newScript(t)
	const n = 5000
	for i := range n {
		s.query(strings.Fields(fmt.Sprintf("q %d %dus name=%d", i, i, i)))
	}
	if n := s.tracker.table.index.n; n > 1<<10 {
		t.Errorf("%d lookups", n)
	}
	if c := s.tracker.Counts(); c.Forgotten+c.Pending != n {
		t.Errorf("%d forgotten and %d pending, of %d", c.Forgotten, c.Pending, n)
	}
}

func TestTableAgainstMap(t *testing.T) {
	tab, want := newTable(1<<12), map[uint64]uint32{}
	var order []uint64
	key := uint64(1)
	for i := range 200000 {
		key = key*0x9e3779b97f4a7c15 + 1
		k := key >> 53 << 50 // few, and crowded
		n, at := tab.find(k)
		if n != want[k] {
			t.Fatalf("step %d: found %d, want %d", i, n, want[k])
		}
		switch {
		case n == 0:
			tab.add(k)
			want[k] = tab.youngest()
			order = append(order, k)
		case i%3 == 0:
			tab.touch(n)
			at := slices.Index(order, k)
			order = append(slices.Delete(order, at, at+1), k)
		default:
			tab.remove(n, at)
			delete(want, k)
			at := slices.Index(order, k)
			order = slices.Delete(order, at, at+1)
		}
	}
	for n := tab.oldest(); n != 0; n = uint32(tab.list[n].next) {
		if tab.list[n].key != order[0] {
			t.Fatal("out of order")
		}
		order = order[1:]
	}
	if len(order) > 0 || tab.index.n != len(want) {
		t.Errorf("%d left over, %d in all, want %d", len(order), tab.index.n, len(want))
	}
}

func TestFollowingDoesNotAllocate(t *testing.T) {
	s := newScript(t)
	play := func() {
		s.tracker.Query(s.queries["1"])
		s.tracker.Settle(&decode.Transaction{Status: decode.Unanswered, Client: addr(1), ClientPort: 4001, Query: &decode.Query{ID: 1, HasQuestion: true, Type: 1, NameHash: 77}})
		s.queries["1"].Time += 20e9
	}
	s.play([]string{"q 1 0s"})
	play()
	if n := testing.AllocsPerRun(100, play); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestSameQueryAgain asks again, from the same port and with the same ID, after a failure that came late: the second end of that step is no end of
// another one, and the lookup is over a timeout later.
func TestSameQueryAgain(t *testing.T) {
	s := newScript(t)
	s.play([]string{"q 1 0s", "a 1 3s 2", "q 1 5500ms", "a 1 5600ms 2", "q 9 11s client=9"})
	if c := s.tracker.Counts(); c.Failed != 1 {
		t.Errorf("%d failed lookups 5.4 s after the last response, want 1", c.Failed)
	}
}

// TestStepsKnowTheirFile has a lookup whose tries are in two files, and one of a single try that fails.
func TestStepsKnowTheirFile(t *testing.T) {
	var steps []Step
	out := told(func(l *Lookup) { steps = append(steps, l.Kept()...) })
	x := New(seed, 5e9, 64, out)
	for i, name := range []uint64{77, 77, 78} {
		m := &decode.Message{Message: &wire.Message{ID: uint16(i)}, Time: int64(i+1) * 1e9, Number: 7, File: uint16(i + 1), NameHash: name, Client: addr(1), Server: addr(101),
			ClientPort: uint16(4000 + i)}
		m.ClientHash, m.ServerHash = decode.HashAddr(seed, &m.Client), decode.HashAddr(seed, &m.Server)
		x.Query(m)
		x.Settle(&decode.Transaction{Status: decode.Unanswered, Client: m.Client, ClientPort: m.ClientPort, Query: &decode.Query{ID: m.ID, Time: m.Time, HasQuestion: true, NameHash: name}})
	}
	x.Tick(60e9)
	if len(steps) != 3 || steps[0].File != 1 || steps[1].File != 2 || steps[2].File != 3 {
		t.Errorf("%+v", steps)
	}
}

// told listens to lookups that are settled.
type told func(*Lookup)

func (f told) Anomaly(anomaly.ID, *Lookup) {}

func (f told) Settled(l *Lookup, _ bool) { f(l) }
