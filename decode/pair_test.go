package decode

import (
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/decode/packet"
	"github.com/dnssniff/dnssniff/decode/wire"
)

// tell records transactions as text: what a reader of the test wants to see.
type tell struct {
	lines    []string
	messages int
}

func (h *tell) Message(*Message) { h.messages++ }

func (h *tell) Transaction(t *Transaction) {
	line := statusName(t.Status)
	if t.Query != nil {
		line += fmt.Sprintf(" q%d", t.Query.Number)
		if t.Query.Retransmissions > 0 {
			line += fmt.Sprintf("+%d", t.Query.Retransmissions)
		}
		if t.Query.ICMP.Seen {
			line += fmt.Sprintf(" icmp %d/%d", t.Query.ICMP.Type, t.Query.ICMP.Code)
		}
	}
	if t.Response != nil {
		line += fmt.Sprintf(" r%d", t.Response.Number)
		if t.Query != nil {
			line += " " + time.Duration(t.RTT).String()
		}
	}
	if t.CaseDiffers {
		line += " case"
	}
	h.lines = append(h.lines, line)
}

func statusName(s Status) string {
	return [...]string{"answered", "unanswered", "pending", "unsolicited", "duplicate", "conflicting", "mismatched", "late"}[s]
}

// event is one message of a test's traffic. The zero values stand for the usual: client 192.0.2.1 port 40000, server 198.51.100.53,
// ID 1, www.example. A over UDP.
type event struct {
	at       time.Duration
	response bool
	id       uint16
	name     string
	qtype    uint16
	client   string
	port     uint16
	server   string
	proto    Proto
	conn     uint64
	rcode    int
	bare     bool // header only, as of a FORMERR
}

func (e event) message(t *testing.T, number uint64) *Message {
	t.Helper()
	m := new(dns.Msg)
	m.Id, m.Response, m.Rcode = max(e.id, 1), e.response, e.rcode
	if !e.bare {
		m.Question = []dns.Question{{Name: or(e.name, "www.example."), Qtype: max(e.qtype, dns.TypeA), Qclass: dns.ClassINET}}
	}
	data, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	w := new(wire.Message)
	w.Parse(data, false)
	msg := &Message{Message: w, Time: e.at.Nanoseconds(), Number: number, Proto: e.proto, IPVersion: 4, Length: uint16(len(data)),
		Client: addr(or(e.client, "192.0.2.1")), Server: addr(or(e.server, "198.51.100.53")), ClientPort: max(e.port, 40000), ServerPort: 53, conn: e.conn}
	if w.Parsed[0] > 0 {
		msg.NameHash, msg.spelling = wire.HashSpelling(7, w.Question.Name)
	}
	return msg
}

func or(s, usual string) string {
	if s == "" {
		return usual
	}
	return s
}

func addr(s string) packet.Addr { return packet.AddrFrom(netip.MustParseAddr(s)) }

// hashed fills in what a shard does.
func hashed(m *Message) *Message {
	m.ClientHash, m.ServerHash = HashAddr(7, &m.Client), HashAddr(7, &m.Server)
	m.body = crc32.ChecksumIEEE(m.Data)
	return m
}

func feed(p *pairer, m *Message) {
	k := keysOf(hashed(m))
	p.Message(m, &k)
}

func testConfig() Config {
	return Config{Timeout: 5 * time.Second, Seed: 7, Limits: Limits{Open: 1 << 10, Answered: 1 << 10, Late: 16, Orphans: 4}}
}

func TestPairing(t *testing.T) {
	const ms, s = time.Millisecond, time.Second
	tests := []struct {
		name   string
		events []event
		end    time.Duration
		want   []string
	}{
		{"answered", []event{{}, {at: 20 * ms, response: true}}, s, []string{"answered q1 r2 20ms"}},
		{"answered_without_question", []event{{}, {at: ms, response: true, bare: true, rcode: dns.RcodeFormatError}}, s, []string{"answered q1 r2 1ms"}},
		{"query_without_question_answered", []event{{bare: true}, {at: ms, response: true, bare: true}}, s, []string{"answered q1 r2 1ms"}},
		{"unanswered_after_timeout", []event{{}, {at: 6 * s, id: 2}}, 7 * s, []string{"unanswered q1", "pending q2"}},
		{"pending_at_end", []event{{}}, 4 * s, []string{"pending q1"}},
		{"timeout_is_exclusive", []event{{}, {at: 5 * s, response: true}}, 5 * s, []string{"answered q1 r2 5s"}},
		{"retransmitted_then_answered_from_first", []event{{}, {at: s}, {at: 2 * s}, {at: 2100 * ms, response: true}}, 9 * s, []string{"answered q1+2 r4 2.1s"}},
		{"both_answered_same_bytes", []event{{}, {at: ms, response: true}, {at: s}, {at: 1001 * ms, response: true}}, 9 * s, []string{"answered q1 r2 1ms", "duplicate r4"}},
		{"second_answer_differs", []event{{}, {at: ms, response: true}, {at: 2 * ms, response: true, rcode: dns.RcodeNameError}}, 9 * s, []string{"answered q1 r2 1ms", "conflicting r3"}},
		{"same_key_after_timeout_is_new", []event{{}, {at: ms, response: true}, {at: 6 * s}, {at: 6*s + ms, response: true}}, 9 * s, []string{"answered q1 r2 1ms", "answered q3 r4 1ms"}},
		{"late", []event{{}, {at: 6 * s, response: true}}, 9 * s, []string{"unanswered q1", "late q1 r2 6s"}},
		{"unsolicited", []event{{response: true}}, s, []string{"unsolicited r1"}},
		{"response_captured_before_query", []event{{at: ms, response: true}, {at: 2 * ms}}, s, []string{"answered q2 r1 -1ms"}},
		{"response_long_before_query_is_unsolicited", []event{{response: true}, {at: 20 * ms}}, s, []string{"unsolicited r1", "pending q2"}},
		{"id_reused_in_flight", []event{{}, {at: ms, name: "other.example."}, {at: 2 * ms, response: true, name: "other.example."}, {at: 3 * ms, response: true}}, s,
			[]string{"answered q2 r3 1ms", "answered q1 r4 3ms"}},
		{"other_question", []event{{}, {at: ms, response: true, name: "other.example."}, {at: 2 * ms, response: true}}, s, []string{"mismatched q1 r2 1ms", "answered q1 r3 2ms"}},
		{"other_type_is_other_question", []event{{}, {at: ms, response: true, qtype: dns.TypeAAAA}}, 9 * s, []string{"mismatched q1 r2 1ms", "unanswered q1"}},
		{"from_another_address", []event{{}, {at: ms, response: true, server: "198.51.100.54"}}, s, []string{"mismatched q1 r2 1ms", "pending q1"}},
		{"case_differs", []event{{name: "WwW.example."}, {at: ms, response: true}}, s, []string{"answered q1 r2 1ms case"}},
		{"nat_port_reuse_other_client", []event{{}, {at: ms, client: "192.0.2.2"}, {at: 2 * ms, response: true, client: "192.0.2.2"}}, s, []string{"answered q2 r3 1ms", "pending q1"}},
		{"udp_does_not_answer_tcp", []event{{proto: TCP, conn: 1}, {at: ms, response: true}}, s, []string{"unsolicited r2", "pending q1"}},
		{"tcp_within_its_connection", []event{{proto: TCP, conn: 1}, {at: ms, proto: TCP, conn: 2}, {at: 2 * ms, proto: TCP, conn: 2, response: true}, {at: 3 * ms, proto: TCP, conn: 1, response: true}}, s,
			[]string{"answered q2 r3 1ms", "answered q1 r4 3ms"}},
		{"header_only_response_twice", []event{{}, {at: ms, response: true, bare: true, rcode: 1}, {at: 2 * ms, response: true, bare: true, rcode: 1}}, s,
			[]string{"answered q1 r2 1ms", "duplicate r3"}},
		{"clock_jumps_back", []event{{at: 100 * s}, {at: s, id: 2}, {at: s + ms, id: 2, response: true}}, 2 * s, []string{"unanswered q1", "answered q2 r3 1ms"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var h tell
			var st Stats
			c := testConfig()
			p := newPairer(&c, &h, &st)
			for i, e := range tt.events {
				feed(p, e.message(t, uint64(i+1)))
			}
			p.Close(tt.end.Nanoseconds())
			if !slices.Equal(h.lines, tt.want) {
				t.Errorf("got  %q\nwant %q", h.lines, tt.want)
			}
		})
	}
}

func TestQuotedByICMP(t *testing.T) {
	var h tell
	var st Stats
	c := testConfig()
	p := newPairer(&c, &h, &st)
	feed(p, event{}.message(t, 1))
	p.Quoted(hashed(event{at: time.Millisecond}.message(t, 2)), ICMP{Seen: true, Type: 3, Code: 3})
	p.Quoted(hashed(event{at: time.Millisecond, server: "198.51.100.99"}.message(t, 3)), ICMP{Seen: true, Type: 11})
	p.Close((9 * time.Second).Nanoseconds())
	if want := []string{"unanswered q1 icmp 3/3"}; !slices.Equal(h.lines, want) {
		t.Errorf("got %q, want %q", h.lines, want)
	}
}

// TestPairingIsBounded floods the table: what is forgotten must be counted, and nothing else change.
func TestPairingIsBounded(t *testing.T) {
	var h tell
	var st Stats
	c := testConfig()
	p := newPairer(&c, &h, &st)
	const n = 5000
	for i := range n {
		feed(p, event{at: time.Duration(i), id: uint16(i + 1)}.message(t, uint64(i+1)))
	}
	if got := p.opens.n; got != c.Limits.Open {
		t.Errorf("%d entries, limit %d", got, c.Limits.Open)
	}
	p.Close(0)
	if got := st.PairingEvicted + uint64(len(h.lines)); got != n {
		t.Errorf("%d evicted and %d settled, of %d", st.PairingEvicted, len(h.lines), n)
	}
}

// TestOpensAgainstMap runs the table and a map of slices side by side.
func TestOpensAgainstMap(t *testing.T) {
	table := newOpens(1 << 12)
	model := map[uint64][]int64{}
	type live struct {
		client uint64
		n      uint32
	}
	var order []live
	state := uint64(1)
	for step := range 20000 {
		state = state*6364136223846793005 + 1442695040888963407
		client := (state >> 33) % 97 << 50 // few keys, many of them neighbours
		if step%5 < 3 || len(order) == 0 {
			o := table.add(&keys{client: client})
			o.Time = int64(step)
			model[client] = append(model[client], o.Time)
			order = append(order, live{client, table.list[0].prev})
		} else {
			at := int(state>>40) % len(order)
			gone := order[at]
			order = slices.Delete(order, at, at+1)
			i := slices.Index(model[gone.client], table.list[gone.n].Time)
			model[gone.client] = slices.Delete(model[gone.client], i, i+1)
			table.remove(gone.n)
		}
		var got []int64
		for n := table.first(client); n != 0; n = table.list[n].after {
			got = append(got, table.list[n].Time)
		}
		slices.Reverse(got)
		if !slices.Equal(got, model[client]) {
			t.Fatalf("step %d: table has %v, want %v", step, got, model[client])
		}
		if len(order) > 0 && table.oldest() != order[0].n {
			t.Fatalf("step %d: oldest is %d, want %d", step, table.oldest(), order[0].n)
		}
		if table.full() {
			break
		}
	}
}

// TestAnsweredForgetsInTime checks what is found of many answers, while and after their time runs, and over the wrap of the ticks.
func TestAnsweredForgetsInTime(t *testing.T) {
	const timeout, n = int64(5e9), 20000
	for _, start := range []int64{1, 1767225600e9, 1<<44 - 2e9} { // ticks of 4096 ns wrap at 1<<44
		table := newAnswered(1<<17, timeout)
		for i := range n {
			now := start + int64(i)*1e5 // 2 s in all
			table.sweep(now)
			if !table.add(spreadKey(i), now, now, uint32(i)) {
				t.Fatalf("start %d: no room for answer %d", start, i)
			}
		}
		for i := range n {
			first := start + int64(i)*1e5
			if a := table.find(spreadKey(i), first+timeout-1e5); a == nil || a.hash != uint32(i) {
				t.Fatalf("start %d: answer %d not found in time", start, i)
			}
			if table.find(spreadKey(i), first+timeout+1e5) != nil {
				t.Fatalf("start %d: answer %d found after its time", start, i)
			}
		}
	}
}

// TestAnsweredIsBounded fills a table beyond its limit.
func TestAnsweredIsBounded(t *testing.T) {
	table := newAnswered(1<<10, 5e9)
	lost := 0
	for i := range 5000 {
		if !table.add(spreadKey(i), int64(i), int64(i), 0) {
			lost++
		}
	}
	if len(table.ring) > 1<<10 || len(table.index) > 4<<10/8 || lost < 5000-1<<10 {
		t.Errorf("%d answers, an index of %d, %d lost", len(table.ring), len(table.index), lost)
	}
}

// TestTimeThatRunsBackwards must not look through the whole table for each packet.
func TestTimeThatRunsBackwards(t *testing.T) {
	table := newAnswered(1<<17, 5e9)
	now := int64(1767225600e9)
	table.sweep(now)
	at := table.swept
	for i := range 1000 {
		table.sweep(now - int64(i)*1e6)
	}
	if table.swept != at {
		t.Error("swept for a step back")
	}
	if table.sweep(now + 1<<43); table.swept == at {
		t.Error("not swept before the ticks wrap")
	}
}

// TestOneEndpointWithManyOpenQueries is a client that never changes port and ID: no more of its queries are kept than a response looks at.
func TestOneEndpointWithManyOpenQueries(t *testing.T) {
	var h tell
	var st Stats
	c := testConfig()
	p := newPairer(&c, &h, &st)
	for i := range 300 {
		feed(p, event{at: time.Duration(i), name: fmt.Sprintf("n%d.example.", i)}.message(t, uint64(i+1)))
	}
	if p.opens.n != maxSame || st.PairingEvicted != 300-maxSame {
		t.Errorf("%d open, %d evicted", p.opens.n, st.PairingEvicted)
	}
	for i := 299; i >= 300-maxSame; i-- {
		feed(p, event{at: time.Millisecond, response: true, name: fmt.Sprintf("n%d.example.", i)}.message(t, 1000))
	}
	if p.opens.n != 0 || len(h.lines) != maxSame {
		t.Errorf("%d open after all were answered, %d settled", p.opens.n, len(h.lines))
	}
}

// TestForgettingDoesNotDependOnTheSeed runs a table over its limit with several seeds.
func TestForgettingDoesNotDependOnTheSeed(t *testing.T) {
	forgotten := map[uint64]bool{}
	for seed := range uint64(5) {
		var st Stats
		c := testConfig()
		p := newPairer(&c, nopHandler{}, &st)
		for i := range 4000 {
			for _, e := range []event{{id: uint16(i + 1)}, {id: uint16(i + 1), response: true}} {
				m := e.message(t, 1)
				m.ClientHash, m.ServerHash = HashAddr(seed, &m.Client), HashAddr(seed, &m.Server)
				k := keysOf(m)
				p.Message(m, &k)
			}
		}
		forgotten[st.PairingForgotten] = true
	}
	if len(forgotten) != 1 || forgotten[0] {
		t.Errorf("forgotten: %v", forgotten)
	}
}

// TestZoneTransferIsOneTransaction: the further messages of a response are no second responses.
func TestZoneTransferIsOneTransaction(t *testing.T) {
	var h tell
	var st Stats
	c := testConfig()
	p := newPairer(&c, &h, &st)
	feed(p, event{proto: TCP, conn: 1, qtype: dns.TypeAXFR}.message(t, 1))
	for i := range 3 {
		feed(p, event{at: time.Duration(i+1) * time.Second, proto: TCP, conn: 1, qtype: dns.TypeAXFR, response: true, rcode: i}.message(t, uint64(i+2)))
	}
	feed(p, event{at: 3 * time.Second, proto: TCP, conn: 1, response: true, bare: true}.message(t, 5)) // without the question (RFC 5936 section 2.2.1)
	p.Close((4 * time.Second).Nanoseconds())
	if want := []string{"answered q1 r2 1s"}; !slices.Equal(h.lines, want) {
		t.Errorf("got %q", h.lines)
	}
}

func spreadKey(i int) uint64 { return uint64(i+1) * 0x9e3779b97f4a7c15 }

func TestPairingDoesNotAllocate(t *testing.T) {
	var st Stats
	c := testConfig()
	c.KeepNames = true
	p := newPairer(&c, nopHandler{}, &st)
	q, r := event{}.message(t, 1), event{response: true}.message(t, 2)
	now := int64(0)
	turn := func() {
		now += 1e6
		q.Time, q.ID = now, q.ID+1
		r.Time, r.ID = now+5e5, q.ID
		feed(p, q)
		feed(p, r)
	}
	for range 20000 {
		turn()
	}
	if n := testing.AllocsPerRun(10000, turn); n != 0 {
		t.Errorf("%v allocations a transaction", n)
	}
}

type nopHandler struct{}

func (nopHandler) Message(*Message)         {}
func (nopHandler) Transaction(*Transaction) {}

func BenchmarkPair(b *testing.B) {
	var st Stats
	c := testConfig()
	c.Limits.Answered = 1 << 17
	p := newPairer(&c, nopHandler{}, &st)
	t := new(testing.T)
	q, r := event{}.message(t, 1), event{response: true}.message(t, 2)
	now := int64(0)
	b.ReportAllocs()
	for i := range b.N {
		now += 160e3 // 6,250 queries a second: the shard's share of 50,000
		q.Time, q.ID, q.ClientPort = now, uint16(i), uint16(i>>5)
		r.Time, r.ID, r.ClientPort = now+1e5, uint16(i), uint16(i>>5)
		feed(p, q)
		feed(p, r)
	}
}

// TestOrphansAreBounded floods a pairer with large responses that nobody asked for.
func TestOrphansAreBounded(t *testing.T) {
	var h tell
	var st Stats
	c := testConfig()
	p := newPairer(&c, &h, &st)
	const n = 100
	for i := range n {
		m := event{response: true, id: uint16(i + 1)}.message(t, uint64(i+1))
		m.Parse(append(slices.Clone(m.Data), make([]byte, 60000)...), false)
		feed(p, m)
	}
	held := 0
	for i := range p.orphans.ring {
		held += cap(p.orphans.ring[i].data)
	}
	if limit := c.Limits.Orphans * 2 * maxOrphan; held == 0 || held > limit {
		t.Errorf("%d bytes held, limit %d", held, limit)
	}
	if st.PairingForgotten != n-uint64(c.Limits.Orphans) {
		t.Errorf("%d given up early, want %d", st.PairingForgotten, n-c.Limits.Orphans)
	}
	p.Close(0)
	if len(h.lines) != n || h.lines[0] != "unsolicited r1" {
		t.Errorf("%d transactions, the first %q", len(h.lines), h.lines[:1])
	}
}

func TestQueryKeepsTheWorstAnomalies(t *testing.T) {
	info, odd, wrong, bad := anomaly.Make('H', 17), anomaly.Make('H', 15), anomaly.Make('N', 13), anomaly.Make('N', 5)
	for _, tt := range []struct {
		all, want []anomaly.ID
	}{
		{[]anomaly.ID{info, info, info, info, info, bad}, []anomaly.ID{info, info, info, bad}},
		{[]anomaly.ID{bad, bad, bad, bad, bad, wrong}, []anomaly.ID{bad, bad, bad, bad}},
		{[]anomaly.ID{info, odd, wrong, bad, odd, wrong}, []anomaly.ID{odd, wrong, bad, wrong}},
		{[]anomaly.ID{info, info, info, info, info}, []anomaly.ID{info, info, info, info}},
	} {
		var seen []anomaly.Seen
		for i, id := range tt.all {
			seen = append(seen, anomaly.Seen{ID: id, Offset: uint16(i)})
		}
		var q Query
		q.keepWorst(seen)
		var got []anomaly.ID
		for _, a := range q.Anomalies[:q.NAnomalies] {
			got = append(got, a.ID)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%v: kept %v, want %v", tt.all, got, tt.want)
		}
	}
}

// TestAnsweredAgainstMap adds, repeats and looks for answers in an order that comes from a fixed seed, over several turns of the ring.
func TestAnsweredAgainstMap(t *testing.T) {
	const timeout = int64(5e9)
	table, want := newAnswered(1<<12, timeout), map[uint64]int64{}
	r := rand.New(rand.NewPCG(1, 2))
	now := int64(1767225600e9)
	for step := range 40000 {
		now += 5e6 // 1,000 of them are young
		key := spreadKey(r.IntN(3000)) | 1
		since, known := want[key]
		young := known && now-since < timeout-1e5 // a tick is a few µs
		a := table.find(key, now)
		switch {
		case young && a == nil:
			t.Fatalf("step %d: not found after %d ms", step, (now-since)/1e6)
		case known && now-since > timeout+1e5 && a != nil, !known && a != nil:
			t.Fatalf("step %d: found, though it is old or was never there", step)
		case a == nil:
			if !table.add(key, now, now, uint32(step)) {
				t.Fatalf("step %d: no room", step)
			}
			want[key] = now
		case step%2 == 0:
			table.repeat(a, now)
			want[key] = now
		}
	}
	if len(table.ring) > 1<<12 || table.next < uint32(3*len(table.ring)) {
		t.Errorf("a ring of %d after %d answers", len(table.ring), table.next)
	}
}
