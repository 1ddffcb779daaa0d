package synth

import (
	"bytes"
	"encoding/binary"
)

// weighted is a choice with its share; shares need not add up to anything.
type weighted[T any] struct {
	share float64
	value T
}

func choose[T any](g *generator, choices []weighted[T]) T {
	var total float64
	for _, c := range choices {
		total += c.share
	}
	at := g.r.Float64() * total
	for _, c := range choices {
		if at -= c.share; at < 0 {
			return c.value
		}
	}
	return choices[0].value
}

var qtypeMix = []weighted[uint16]{
	{56, 1}, {21, 28}, {9, 65}, {2.5, 16}, {2, 15}, {1.5, 33}, {1.5, 2}, {1, 6}, {0.8, 43}, {0.7, 48}, {0.3, 255}, {0.2, 257}, {5, 12},
}

// kind is what becomes of a query; the shares are of all exchanges.
type kind func(g *generator, time int64)

var kindMix = []weighted[kind]{
	{93.5, (*generator).plain}, {1.5, (*generator).tcpOnly}, {1.2, (*generator).unanswered}, {1.2, (*generator).retransmitted},
	{0.8, (*generator).large}, {0.6, (*generator).refused}, {0.3, (*generator).malformedQuery}, {0.3, (*generator).malformedResponse},
	{0.2, (*generator).badVersion}, {0.15, (*generator).otherOpcode}, {0.1, (*generator).unsolicited}, {0.1, (*generator).short},
	{0.05, (*generator).arp},
}

var rcodeMix = []weighted[uint16]{{82, 0}, {14, 3}, {2.6, 2}, {1.2, 5}, {0.2, 1}}

func (g *generator) exchange(time int64) { choose(g, kindMix)(g, time) }

// newFlow returns a conversation of some client, and the ID of its first query.
func (g *generator) newFlow() (flow, uint16) {
	i := int(g.world.busy.Uint64())
	c := &g.world.clients[i]
	c.last++
	n := c.last * 0x9e3779b1
	f := flow{client: i, c: c, v6: c.v6, port: uint16(10_000 + (n>>8)%50_000)}
	f.server = &servers[pick(c.v6, 1, 0)][pick(n>>31 == 0, 0, 1)]
	return f, uint16(c.last * 40_503)
}

func (g *generator) newQuery() (flow, query) {
	f, id := g.newFlow()
	q := query{id: id, qtype: choose(g, qtypeMix)}
	w := &g.world
	if q.name = int(w.popular.Uint64()); q.qtype == 12 {
		q.name = w.reverse + g.r.IntN(len(w.names)-w.reverse)
	}
	q.wire = w.names[q.name]
	// EDNS is a client's habit, so it follows from the client.
	if f.client%8 != 0 {
		q.edns, q.do, q.cookie = true, f.client%8 > 4, f.client%3 == 0
		q.size = [...]uint16{1232, 4096, 1232, 512, 1400}[f.client%5]
	}
	return f, q
}

// absent gives a query a name that does not exist.
func (g *generator) absent(q *query) {
	q.name = g.world.absent + g.r.IntN(g.world.reverse-g.world.absent)
	q.wire = g.world.names[q.name]
}

// mixCase gives the letters of a name the random case that some resolvers send.
func (g *generator) mixCase(q *query) {
	q.wire = bytes.Clone(q.wire)
	bits := g.r.Uint64()
	for i, c := range q.wire {
		if 'a' <= c && c <= 'z' && bits>>(i%64)&1 == 1 {
			q.wire[i] = c - 32
		}
	}
}

// delay is how long a server takes, in microseconds.
func (g *generator) delay(a *answer) int64 {
	switch {
	case a.rcode == 2:
		return g.between(20_000, timeout*4/5)
	case a.rcode == 5 || a.rcode == 1 || g.chance(0.7): // from the cache, or without looking
		return g.between(60, 900)
	default:
		return 2_000 + int64(g.r.ExpFloat64()*40_000)%(timeout/2)
	}
}

func (g *generator) sendQuery(time int64, f *flow, q *query) {
	g.msg = appendQuery(g.msg[:0], q)
	g.udp(time, f, true, g.msg)
	g.truth.query(f, q, true, false)
}

// respond sends the answer, in g.msg for who wants to send it again, and has the client ask over TCP where it was cut short.
func (g *generator) respond(time int64, f *flow, q *query, a *answer) {
	limit := 512
	if q.edns {
		limit = max(512, int(q.size))
	}
	g.msg = appendResponse(g.msg[:0], q, a, limit)
	g.udp(time, f, false, g.msg)
	g.truth.response(f, a)
	g.truth.Transactions.Answered++
	if a.tc && g.chance(0.9) {
		retry := *f
		again := *q
		again.id = q.id ^ 0x5555
		whole := *a
		g.connection(time+g.between(200, 9_000), &retry, []query{again}, []answer{whole})
	}
}

// fill decides what the answer holds.
func (g *generator) fill(q *query, rcode uint16) answer {
	a := answer{rcode: rcode}
	if rcode == 3 && q.qtype != 12 {
		g.absent(q)
	}
	if rcode == 0 && !g.chance(0.08) { // else NODATA
		a.records = 1 + g.r.IntN(3)
	}
	return a
}

// plain is one query over UDP and its response.
func (g *generator) plain(time int64) {
	f, q := g.newQuery()
	a := g.fill(&q, choose(g, rcodeMix))
	if g.chance(0.03) {
		g.mixCase(&q)
	}
	g.sendQuery(time, &f, &q)
	g.respond(time+g.delay(&a), &f, &q, &a)
}

// refused is a client that does not belong here.
func (g *generator) refused(time int64) {
	f, q := g.newQuery()
	a := answer{rcode: 5}
	g.sendQuery(time, &f, &q)
	g.respond(time+g.delay(&a), &f, &q, &a)
}

// large is an answer that needs TCP or fragments, as the client's buffer allows.
func (g *generator) large(time int64) {
	f, q := g.newQuery()
	q.qtype = 16
	a := answer{big: true, records: 4 + g.r.IntN(14)}
	g.sendQuery(time, &f, &q)
	g.respond(time+g.delay(&a), &f, &q, &a)
}

// unanswered is a query that is sent up to three times in vain.
func (g *generator) unanswered(time int64) {
	f, q := g.newQuery()
	g.sendQuery(time, &f, &q)
	g.truth.Transactions.UnansweredAndPending++
	for i := range g.r.Int64N(3) {
		g.repeat(time+(i+1)*1_500_000, &f, &q)
	}
}

func (g *generator) repeat(time int64, f *flow, q *query) {
	g.sendQuery(time, f, q)
	g.truth.Transactions.Retransmitted++
}

// retransmitted is a query that is repeated while the server still works on it, or because the client missed the response. The server
// may answer both with the same bytes.
func (g *generator) retransmitted(time int64) {
	f, q := g.newQuery()
	a := g.fill(&q, choose(g, rcodeMix))
	g.sendQuery(time, &f, &q)
	again := time + g.between(400_000, 2_000_000)
	first := time + g.delay(&a)
	if g.chance(0.4) {
		first = again + g.between(1_000, 900_000)
	}
	g.repeat(again, &f, &q)
	g.respond(first, &f, &q, &a)
	if !a.tc && g.chance(0.3) {
		g.udp(max(first, again)+g.between(1_100, 50_000), &f, false, g.msg)
		g.truth.response(&f, &a)
		g.truth.Transactions.DuplicateResponses++
	}
}

// badVersion is a query of EDNS version 1 (RFC 6891 section 6.1.3).
func (g *generator) badVersion(time int64) {
	f, q := g.newQuery()
	q.edns, q.version, q.size = true, 1, 1232
	a := answer{rcode: 16}
	g.sendQuery(time, &f, &q)
	g.respond(time+g.delay(&a), &f, &q, &a)
}

// otherOpcode is a NOTIFY, or a STATUS that nobody implements.
func (g *generator) otherOpcode(time int64) {
	f, q := g.newQuery()
	a := answer{}
	if q.opcode, q.qtype = 4, 6; g.chance(0.4) {
		q.opcode, q.qtype, a.rcode = 2, 1, 4
	}
	g.sendQuery(time, &f, &q)
	g.respond(time+g.delay(&a), &f, &q, &a)
}

// unsolicited is a response that nobody asked for, to a client that asks for something else at the same time.
func (g *generator) unsolicited(time int64) {
	f, q := g.newQuery()
	a := g.fill(&q, 0)
	a.records = min(a.records, 1)
	g.sendQuery(time, &f, &q)
	g.respond(time+g.delay(&a), &f, &q, &a)
	_, q.id = f, g.nextID(&f)
	f.port ^= 0x0101
	b := answer{records: 1}
	g.msg = appendResponse(g.msg[:0], &q, &b, 1232)
	g.udp(time+g.between(5_000, 90_000), &f, false, g.msg)
	g.truth.response(&f, &b)
	g.truth.Transactions.Unsolicited++
}

func (g *generator) nextID(f *flow) uint16 {
	f.c.last++
	return uint16(f.c.last * 40_503)
}

// short is a datagram of less than a header, from a client that also asks properly.
func (g *generator) short(time int64) {
	g.plain(time)
	f, id := g.newFlow()
	g.truth.Packets.ShortDNS++
	g.udp(time, &f, true, binary.BigEndian.AppendUint16(nil, id)[:1+g.r.IntN(2)])
}
