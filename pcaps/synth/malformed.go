package synth

import "encoding/binary"

// breakage makes a query malformed: it appends the message, and says whether its question can still be read.
type breakage func(b []byte, q *query) (out []byte, readable bool)

var queryBreakages = []weighted[breakage]{
	{1, func(b []byte, q *query) ([]byte, bool) { // a label runs past the end
		return append(appendHeader(b, q.id, flagRD, 1, 0, 0, 0), 63, 'w', 'w', 'w'), false
	}},
	{1, func(b []byte, q *query) ([]byte, bool) { // a pointer past the end
		return append(appendHeader(b, q.id, flagRD, 1, 0, 0, 0), 0xc1, 0xff, 0, 1, 0, 1), false
	}},
	{1, func(b []byte, q *query) ([]byte, bool) { // a name, and no type
		return append(appendHeader(b, q.id, flagRD, 1, 0, 0, 0), q.wire...), false
	}},
	{1, func(b []byte, q *query) ([]byte, bool) { // an OPT that ends after its type
		return append(appendQuestion(appendHeader(b, q.id, flagRD, 1, 0, 0, 1), q), 0, 0, 41), true
	}},
	{1, func(b []byte, q *query) ([]byte, bool) { // one record claimed, none there
		return appendQuestion(appendHeader(b, q.id, flagRD, 1, 0, 0, 1), q), true
	}},
}

// malformedQuery is answered with a header that says FORMERR and nothing more, or not at all.
func (g *generator) malformedQuery(time int64) {
	f, q := g.newQuery()
	var readable bool
	g.msg, readable = choose(g, queryBreakages)(g.msg[:0], &q)
	g.udp(time, &f, true, g.msg)
	g.truth.query(&f, &q, readable, true)
	if g.chance(0.2) {
		g.truth.Transactions.UnansweredAndPending++
		return
	}
	a := answer{rcode: 1}
	g.msg = appendHeader(g.msg[:0], q.id, flagQR|flagRD|1, 0, 0, 0, 0)
	g.udp(time+g.delay(&a), &f, false, g.msg)
	g.truth.response(&f, &a)
	g.truth.Transactions.Answered++
}

// malformedResponse answers a sound query with the question and a broken rest.
func (g *generator) malformedResponse(time int64) {
	f, q := g.newQuery()
	a := answer{malformed: true, records: 1}
	g.sendQuery(time, &f, &q)
	b := appendResponse(g.msg[:0], &q, &a, 65535)
	rest := headerLen + len(q.wire) + 4
	switch g.r.IntN(4) {
	case 0: // cut within the first record
		b, a.opt = b[:rest+5], false
	case 1: // RDLENGTH past the end
		b, a.opt = b[:rest], false
		b = append(append(b, 0xc0, headerLen, 0, 1, 0, 1, 0, 0, 0, 60, 0x40, 0), 1, 2, 3, 4)
		binary.BigEndian.PutUint16(b[6:], 1)
		binary.BigEndian.PutUint32(b[8:], 0)
	case 2: // the first record's owner is a pointer past the end
		b[rest], b[rest+1], a.opt = 0xff, 0xff, false
	case 3: // more additional records claimed than there are: an OPT before them is read
		binary.BigEndian.PutUint16(b[10:], binary.BigEndian.Uint16(b[10:])+2)
	}
	g.msg = b
	g.udp(time+g.delay(&a), &f, false, b)
	g.truth.response(&f, &a)
	g.truth.Transactions.Answered++
}
