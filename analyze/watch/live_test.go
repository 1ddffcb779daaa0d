package watch

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/miekg/dns"

	"github.com/dnssniff/dnssniff/analyze"
	"github.com/dnssniff/dnssniff/analyze/record"
	"github.com/dnssniff/dnssniff/capture"
	"github.com/dnssniff/dnssniff/decode"
)

// script is a source that asks a function for each batch. The handlers have had the batch before.
type script struct {
	next func() ([]capture.Packet, bool)
	left []capture.Packet
	n    uint64
}

func (s *script) ReadBatch(batch []capture.Packet) (int, error) {
	for len(s.left) == 0 {
		more, ok := s.next()
		if !ok {
			return 0, io.EOF
		}
		s.left = more
	}
	n := copy(batch, s.left)
	s.left = s.left[n:]
	for i := range batch[:n] {
		s.n++
		batch[i].Number = s.n
	}
	return n, nil
}

func (s *script) ZeroCopyReadPacketData() ([]byte, gopacket.CaptureInfo, error) {
	return nil, gopacket.CaptureInfo{}, io.EOF
}

// frame returns a raw IPv4 packet of a message over UDP at a time.
func frame(t testing.TB, m *dns.Msg, client byte, port uint16, at int64) capture.Packet {
	t.Helper()
	data, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 28, 28+len(data))
	b[0], b[8], b[9] = 0x45, 64, 17
	binary.BigEndian.PutUint16(b[2:], uint16(28+len(data)))
	from, to := b[12:16], b[16:20]
	src, dst := b[20:], b[22:]
	if m.Response {
		from, to, src, dst = to, from, dst, src
	}
	copy(from, []byte{10, 0, 0, client})
	copy(to, []byte{192, 0, 2, 53})
	binary.BigEndian.PutUint16(src, port)
	binary.BigEndian.PutUint16(dst, 53)
	binary.BigEndian.PutUint16(b[24:], uint16(8+len(data)))
	b = append(b, data...)
	return capture.Packet{Data: b, Time: at, Length: uint32(len(b)), Link: 101}
}

// exchange returns a query and, 2 ms later, its response.
func exchange(t testing.TB, name string, rcode int, n int, at int64) []capture.Packet {
	t.Helper()
	q := new(dns.Msg)
	q.SetQuestion(name, dns.TypeA)
	q.Id = uint16(n*7919 + 1)
	r := new(dns.Msg)
	r.SetRcode(q, rcode)
	port := uint16(10000 + n*31%50000)
	return []capture.Packet{frame(t, q, byte(n), port, at), frame(t, r, byte(n), port, at+2e6)}
}

// line is a live line that is driven by hand: packets and time come when a test says so.
type line struct {
	t    *testing.T
	w    *Watcher
	a    *aggregator
	now  int64 // of packets and clock, ns
	wall time.Time
}

func newLine(t *testing.T, o Options) *line {
	l := &line{t: t, now: 1_700_000_000e9, wall: time.Unix(2_000_000_000, 0)}
	conf := config(t)
	o.Clock = func() int64 { return l.now }
	l.w, l.a = newWatcher(&conf, o)
	return l
}

// run decodes what next returns until that is false.
func (l *line) run(next func() ([]capture.Packet, bool)) decode.Stats {
	l.t.Helper()
	conf := config(l.t)
	conf.Seed, conf.KeepNames, conf.KeepData = l.a.seed, true, true
	stats, err := decode.Run(context.Background(), []capture.Source{&script{next: next}}, conf, l.w.Handler)
	if err != nil {
		l.t.Fatal(err)
	}
	return stats
}

// look lets the aggregator work and returns the newest snapshot.
func (l *line) look(after time.Duration) *Snapshot {
	l.wall = l.wall.Add(after)
	l.w.asked.Store(true)
	l.a.step(l.wall)
	return l.w.newest.Load()
}

// TestWindows watches 40 minutes, second by second: each span has to have all that was in it, from the time that it names.
func TestWindows(t *testing.T) {
	l := newLine(t, Options{})
	begin, seconds := l.now, 2400
	if testing.Short() {
		seconds = 500 // no quiet time, and no window of half an hour
	}
	var sent []int // exchanges by second
	r := rand.New(rand.NewPCG(1, 2))
	check := func() bool {
		for span := range spans {
			l.w.Refresh(span, nil)
			s := l.look(time.Second)
			first := int((s.From.UnixNano() - begin) / 1e9)
			want := 0
			for _, n := range sent[first:] {
				want += n
			}
			if got := s.Report.Messages.Queries; got != uint64(want) || s.Report.RCODEs["NXDOMAIN"] != uint64(want) || s.Report.Packets.Read != 2*uint64(want) {
				t.Errorf("second %d, %v from %d: %d queries, %v, want %d", len(sent), s.Span, first, got, s.Report.RCODEs, want)
				return false
			}
			late := l.now - s.From.UnixNano() - span.Duration().Nanoseconds()
			if d := span.Duration(); s.Span != span || d > 0 && int64(len(sent))*1e9 > d.Nanoseconds() && (late < 0 || late > int64(time.Minute)) || d == 0 && first != 0 {
				t.Errorf("second %d, %v: from %v, taken %v", len(sent), span, s.From, s.Taken)
				return false
			}
		}
		return true
	}
	l.run(func() ([]capture.Packet, bool) {
		l.wall = l.wall.Add(time.Second)
		l.a.step(l.wall)
		if len(sent)%97 == 96 {
			for _, h := range l.w.handlers { // all is handed over
				l.a.collectFrom(h)
			}
			if !check() {
				return nil, false
			}
		}
		if len(sent) == seconds {
			return nil, false
		}
		n := 1 + r.IntN(4)
		if len(sent) > 1000 && len(sent) < 1500 {
			n = 0 // a quiet time
		}
		var packets []capture.Packet
		for i := range n {
			packets = append(packets, exchange(t, fmt.Sprintf("n%d.example.", len(sent)), 3, len(sent)*4+i, l.now+int64(i)*1e7)...)
		}
		sent = append(sent, n)
		l.now += 1e9
		return packets, true
	})
	for i := range l.a.windows.levels {
		v := &l.a.windows.levels[i]
		if n := len(v.slots); n > int(v.keep/v.width)+10 {
			t.Errorf("level %d has %d slots", i, n)
		}
	}
}

// TestBehind has an aggregator that does nothing: the decoder has to go on, and no message may be missing in the end.
func TestBehind(t *testing.T) {
	l := newLine(t, Options{Data: 100})
	n := 0
	stats := l.run(func() ([]capture.Packet, bool) {
		l.now += 1e9
		var packets []capture.Packet
		for i := range 500 {
			packets = append(packets, exchange(t, "a.example.", 0, n, l.now+int64(i)*1e6)...)
			n++
		}
		return packets, n < 60000
	})
	l.w.Finish(stats)
	s := l.look(time.Second)
	tx := s.Report.Transactions
	if s.Report.Messages.Total != stats.Packets || s.Missed == 0 || s.Held+s.Dropped != tx.Answered+tx.DuplicateResponses+tx.ConflictingResponses+tx.Unsolicited || !s.Done {
		t.Errorf("%d messages of %d, %d held, %d dropped, %d missed, %+v", s.Report.Messages.Total, stats.Packets, s.Held, s.Dropped, s.Missed, tx)
	}
}

// TestQuietLine has some messages and then none: they have to be seen all the same, and time goes on.
func TestQuietLine(t *testing.T) {
	l := newLine(t, Options{})
	begin := l.now
	turn := 0
	l.run(func() ([]capture.Packet, bool) {
		switch turn++; turn {
		case 1:
			return exchange(t, "quiet.example.", 2, 1, l.now), true
		case 2:
			l.now += 2e9
			s := l.look(2 * time.Second)
			if s.Report.Messages.Total != 2 || s.Held != 1 || len(s.Records) != 1 || s.Records[0].Name != "quiet.example." || s.Taken.UnixNano() != l.now {
				t.Errorf("%+v, %d held, taken %v", s.Report.Messages, s.Held, s.Taken)
			}
			if len(s.RCODEs) != 1 || s.RCODEs[0].Code != 2 || s.RCODEs[0].Trend[TrendPoints-2] != 1 || s.RCODEs[0].Last.UnixNano() != begin+2e6 {
				t.Errorf("%+v", s.RCODEs)
			}
			if s.Rates.Queries != 0.5 || s.Rates.Answered != 1 || s.Rates.P95 < 19e5 || s.Rates.P95 > 21e5 || s.Rates.Over != 2*time.Second || s.Rates.Packets != 1 {
				t.Errorf("%+v", s.Rates)
			}
			l.w.Refresh(Minute, nil)
			l.now += 70e9
			if s := l.look(time.Second); s.Report.Messages.Total != 0 || len(s.Records) != 0 || s.Held != 1 || len(s.RCODEs) != 0 {
				t.Errorf("after a minute: %+v", s.Report.Messages)
			}
		}
		return nil, false
	})
}

// TestHistory goes on for more than an hour.
func TestHistory(t *testing.T) {
	l := newLine(t, Options{Rows: 100})
	n := 0
	l.run(func() ([]capture.Packet, bool) {
		if n > 0 {
			l.look(10 * time.Second)
		}
		if n == 400 {
			return nil, false
		}
		l.now += 10e9
		n++
		var packets []capture.Packet
		for i := range 40 {
			packets = append(packets, exchange(t, fmt.Sprintf("h%d.example.", i), 0, i, l.now+int64(i)*1e6)...)
		}
		return packets, true
	})
	if l.w.Back(historyLength) == nil || l.w.Back(historyLength+1) != nil {
		t.Error("an hour is 360 steps")
	}
	for i := 1; i <= historyLength; i++ {
		s := l.w.Back(i)
		if !s.Reduced || s.Records != nil || len(s.Report.Names) != historyRows || cap(s.Report.Names) > 2*historyRows || len(s.Report.Series.Queries) > historyBuckets {
			t.Fatalf("step %d: %d names, %d records, %d buckets", i, len(s.Report.Names), len(s.Records), len(s.Report.Series.Queries))
		}
		if older := l.w.Back(i + 1); older != nil && (s.Taken.Sub(older.Taken) < historyStep || s.Report.Messages.Total <= older.Report.Messages.Total) {
			t.Fatalf("step %d: %v after %v, %d messages after %d", i, s.Taken, older.Taken, s.Report.Messages.Total, older.Report.Messages.Total)
		}
	}
	if l.w.Back(0) != l.w.newest.Load() || len(l.w.Back(0).Report.Names) != 40 {
		t.Error("now is no past")
	}
}

// TestInterval looks more often than snapshots are made.
func TestInterval(t *testing.T) {
	l := newLine(t, Options{})
	first := l.look(time.Second)
	if s := l.look(100 * time.Millisecond); s != first {
		t.Error("a snapshot after 100 ms")
	}
	second := l.look(200 * time.Millisecond)
	if second == first || second.Number <= first.Number {
		t.Error("no snapshot after 300 ms")
	}
	l.a.step(l.wall.Add(time.Hour))
	if l.w.newest.Load() != second {
		t.Error("a snapshot that nobody asked for")
	}
	l.w.Refresh(FiveMinutes, nil)
	l.a.step(l.wall)
	if s := l.w.newest.Load(); s.Span != FiveMinutes {
		t.Error("not at once")
	}
}

// TestWhileRunning has screens that look, ask and go back while workers count. It is for the race detector.
func TestWhileRunning(t *testing.T) {
	conf := config(t)
	w := New(&conf, Options{Clock: func() int64 { return time.Now().UnixNano() }, Interval: time.Millisecond, Bytes: 1 << 20})
	defer w.Close()
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		only := []Matcher{nil, matcher(func(r *record.Record) bool { return r.RCODE == 3 })}
		for i := 0; ; i++ {
			select {
			case <-done:
				return
			default:
			}
			w.Refresh(Span(i%int(spans)), only[i/3%2])
			s := w.Snapshot()
			_ = asJSON(t, s.Report)
			for _, r := range s.Records {
				_ = r.Name
			}
			w.Back(i % 5)
		}
	})
	// Two sources of other packets, as a ring with fanout gives them.
	var sources []capture.Source
	for k := range 2 {
		n := 0
		sources = append(sources, &script{next: func() ([]capture.Packet, bool) {
			now := time.Now().UnixNano()
			var packets []capture.Packet
			for range 50 {
				n++
				packets = append(packets, exchange(t, fmt.Sprintf("r%d.example.", n%700), n%4, 2*n+k, now)...)
			}
			return packets, n < 15000
		}})
	}
	conf.Timeout = time.Second
	stats, err := decode.Run(context.Background(), sources, conf, w.Handler)
	if err != nil {
		t.Fatal(err)
	}
	w.Finish(stats)
	close(done)
	wg.Wait()
	w.Refresh(All, nil)
	for s := w.Snapshot(); ; s = w.Snapshot() {
		if s.Done && s.Span == All && !s.Narrowed {
			if s.Report.Messages.Total == 0 || s.Report.Packets.Read != stats.Packets {
				t.Errorf("%+v", s.Report.Messages)
			}
			return
		}
		time.Sleep(time.Millisecond)
	}
}

func TestRing(t *testing.T) {
	g := newRing(0) // the least: 16 chunks
	var e encoder
	put := func(shard int, at int64) {
		q := decode.Query{Time: at, Number: uint64(at)}
		g.take(shard, e.append(nil, &decode.Transaction{Status: decode.Unanswered, Query: &q}))
	}
	put(3, 1)
	for at := range int64(20000) {
		put(0, 10+at)
		if at == 5000 || at == 9000 {
			put(3, 10+at)
		}
	}
	if len(g.chunks) > 16 || g.held+g.dropped != 20003 || g.dropped == 0 {
		t.Fatalf("%d chunks, %d held, %d dropped", len(g.chunks), g.held, g.dropped)
	}
	k := choice{most: 100}
	n := uint64(0)
	g.each(beginning, func(b held) {
		k.offer(b.time(), b)
		n++
	})
	var x reader
	got := k.records(&x)
	if n != g.held || len(got) != 100 || got[99].QueryPacket != 20009 || got[0].QueryPacket != 19910 {
		t.Errorf("%d of %d, %d to %d", n, g.held, got[0].QueryPacket, got[99].QueryPacket)
	}
	calls := 0
	g.narrow(matcher(func(r *record.Record) bool { calls++; return r.QueryPacket%2 == 0 }))
	for range 3 {
		n = 0
		g.each(15000, func(b held) { n++ })
	}
	if n != 2505 || calls != int(g.held) {
		t.Errorf("%d match, looked at %d of %d", n, calls, g.held)
	}
	g.take(1, make(held, headSize)) // claims no length
	g.take(1, []byte{0xff, 0xff, 0, 0})
	if g.held+g.dropped != 20003 {
		t.Error("what is no record was taken")
	}
}

// TestCountingDoesNotAllocate holds the decoder's side to what it is: hand over a part, and go on.
func TestCountingDoesNotAllocate(t *testing.T) {
	l := newLine(t, Options{})
	var packets [][]capture.Packet
	for i := range 200 {
		packets = append(packets, exchange(t, fmt.Sprintf("c%d.example.", i%50), 0, i, 0))
	}
	turn, allocs := 0, 0.0
	l.run(func() ([]capture.Packet, bool) {
		turn++
		if turn == 400 {
			return nil, false
		}
		l.now += 1e7
		batch := slices.Clone(packets[turn%200])
		for i := range batch {
			batch[i].Time = l.now + int64(i)
		}
		if turn == 300 {
			allocs = testing.AllocsPerRun(100, func() {
				h := l.w.handlers[0]
				h.lock()
				h.Transaction(&decode.Transaction{Status: decode.Late, Query: &decode.Query{}})
				h.unlock()
			})
		}
		return batch, true
	})
	if allocs > 0 {
		t.Errorf("%v allocations", allocs)
	}
}

// TestHostileTimes has parts from all times: no slot may be missed, and no number of slots be unbounded.
func TestHostileTimes(t *testing.T) {
	const least, most = -1 << 63, 1<<63 - 1
	w := newWindows(1, Options{}.withDefaults().Limits)
	tr := trends{}
	r := rand.New(rand.NewPCG(3, 4))
	times := []int64{0, 1, -1, least, most, most - 1, 1_700_000_000e9, maxTime, maxTime + 1}
	for i := range 300 {
		since, until := times[r.IntN(len(times))]+int64(i), times[r.IntN(len(times))]
		p := &part{since: since, until: until, sum: analyze.NewSum(1, analyze.Limits{})}
		p.sum.Record(&record.Record{HasQuery: true, HasResponse: true, Time: time.Unix(0, since)})
		w.take(p)
		tr.take(p)
		w.move(min(max(until, 0), maxTime))
		w.expire(min(max(until, 0), maxTime))
		for span := range spans {
			w.span(span, min(max(until, 0), maxTime))
		}
		w.recent(min(max(until, 0), maxTime), over)
	}
	for i := range w.levels {
		if n := len(w.levels[i].slots); n > 30 {
			t.Errorf("level %d has %d slots", i, n)
		}
	}
	if n := w.all.Total(); n != 600 || tr[0] == nil {
		t.Errorf("%d messages", n)
	}
}
