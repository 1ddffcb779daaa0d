package synth

import "encoding/binary"

// TCP flags (RFC 9293 section 3.1).
const (
	fin = 1 << 0
	syn = 1 << 1
	psh = 1 << 3
	ack = 1 << 4
)

// side is one end of a connection: its next sequence number.
type side uint32

// tcpOnly is a client that uses TCP from the start, for one query or several at once (RFC 7766 section 6.2.1.1).
func (g *generator) tcpOnly(time int64) {
	f, first := g.newQuery()
	queries := []query{first}
	for g.chance(0.25) && len(queries) < 5 {
		next := first
		next.id, next.name = g.nextID(&f), int(g.world.popular.Uint64())
		next.qtype, next.wire = 1, g.world.names[next.name]
		queries = append(queries, next)
	}
	answers := make([]answer, len(queries))
	for i := range queries {
		answers[i] = g.fill(&queries[i], choose(g, rcodeMix))
	}
	g.connection(time, &f, queries, answers)
}

// connection sends queries and their answers over a TCP connection of the flow's own, the answers in any order.
func (g *generator) connection(time int64, f *flow, queries []query, answers []answer) {
	f.tcp = true
	f.c.connections++
	f.port = uint16(10_000 + f.c.connections%50_000)
	client, server := side(g.r.Uint32()), side(g.r.Uint32())
	g.segment(time, f, true, syn, uint32(client), 0, nil)
	client++
	g.segment(time+20, f, false, syn|ack, uint32(server), uint32(client), nil)
	server++
	rtt := g.between(300, 30_000)
	time += rtt
	g.segment(time, f, true, ack, uint32(client), uint32(server), nil)

	stream := g.stash[:0]
	for i := range queries {
		stream = appendPrefixed(stream, func(b []byte) []byte { return appendQuery(b, &queries[i]) })
		g.truth.query(f, &queries[i], true, false)
	}
	g.stash = stream
	time = g.transmit(time+30, f, true, &client, server, stream)
	g.segment(time+10, f, false, ack, uint32(server), uint32(client), nil)

	for _, i := range g.r.Perm(len(queries)) {
		time += g.delay(&answers[i]) / int64(len(queries))
		answers[i].tc = false
		stream = appendPrefixed(g.stash[:0], func(b []byte) []byte { return appendResponse(b, &queries[i], &answers[i], 65535) })
		g.stash = stream
		time = g.transmit(time, f, false, &server, client, stream)
		g.segment(time+rtt, f, true, ack, uint32(client), uint32(server), nil)
		g.truth.response(f, &answers[i])
		g.truth.Transactions.Answered++
	}
	time += rtt + 50
	g.segment(time, f, true, fin|ack, uint32(client), uint32(server), nil)
	client++
	g.segment(time+20, f, false, fin|ack, uint32(server), uint32(client), nil)
	server++
	g.segment(time+rtt+20, f, true, ack, uint32(client), uint32(server), nil)
}

func appendPrefixed(b []byte, message func([]byte) []byte) []byte {
	at := len(b)
	b = message(append(b, 0, 0))
	binary.BigEndian.PutUint16(b[at:], uint16(len(b)-at-2))
	return b
}

// transmit sends stream in segments: some with the length prefix in one of its own or cut anywhere, some sent twice. It returns the
// time of the last.
func (g *generator) transmit(time int64, f *flow, toServer bool, from *side, to side, stream []byte) int64 {
	cut := len(stream)
	switch x := g.r.Float64(); {
	case x < 0.1:
		cut = 2
	case x < 0.2:
		cut = 1 + g.r.IntN(len(stream)-1)
	}
	for len(stream) > 0 {
		part := stream[:min(cut, len(stream), 1400)]
		g.segment(time, f, toServer, psh|ack, uint32(*from), uint32(to), part)
		if g.chance(0.005) {
			g.segment(time+200_000, f, toServer, psh|ack, uint32(*from), uint32(to), part)
		}
		*from += side(len(part))
		stream, cut = stream[len(part):], len(stream)
		time += 15
	}
	return time
}
