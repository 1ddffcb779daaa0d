package stream

import (
	"math/rand/v2"
	"time"

	"github.com/dnssniff/dnssniff/decode/packet"
)

// Assembler cuts the TCP streams of one shard into messages. It is for one goroutine; both directions of a connection must reach the same
// Assembler. What it hands over depends on the segments only, and on each connection's own as long as packet time does not go back and no
// bound is reached.
type Assembler struct {
	limits   Limits
	idle     int64 // Limits.Idle in ns
	hole     int64 // Limits.Hole in ns
	patience int64 // Limits.Opening in ns
	handler  Handler
	stats    Stats
	table    table
	pool     pool
	message  Message  // the one that is handed over
	emitted  uint64   // the packet number of the one before
	segment  *Segment // in work; nil while the Assembler closes
	free     *conn
	told     Event   // the one that is handed over
	lastSYN  Segment // its segment, where there is none

	young, active, closed list // connections without payload yet, with payload, closed; each in the order of their last segments
	waiting               list // directions with segments that wait for earlier bytes
	holding               list // directions with anything buffered
	opening               list // connections whose handshake is not over, in the order of their last SYN or SYN-ACK
}

// New returns an Assembler that gives its messages to h.
func New(limits Limits, h Handler) *Assembler {
	limits = limits.withDefaults()
	return &Assembler{
		limits:   limits,
		idle:     int64(limits.Idle / time.Nanosecond),
		hole:     int64(limits.Hole / time.Nanosecond),
		patience: int64(limits.Opening / time.Nanosecond),
		handler:  h,
		table:    newTable([2]uint64{rand.Uint64(), rand.Uint64()}),
		pool:     pool{limit: limits.Bytes},
	}
}

// Stats returns the counts so far.
func (a *Assembler) Stats() Stats {
	s := a.stats
	s.Streams, s.Held = uint64(a.table.n), uint64(a.pool.held)
	return s
}

// Close ends the capture: what waits is handed over, the connection that has been silent longest first. The Assembler is empty afterwards
// and can be used again.
func (a *Assembler) Close() {
	a.segment = nil
	for _, l := range []*list{&a.closed, &a.young, &a.active} {
		for l.first != nil {
			a.drop(l.first.conn)
		}
	}
}

// Segment takes the next segment of the capture, and hands over the messages that it completes and those that no longer wait for
// anything. Neither s nor its payload is kept.
func (a *Assembler) Segment(s *Segment) {
	a.stats.Segments++
	a.segment = s
	a.sweep(s.Time)
	control := s.Flags & (packet.FlagSYN | packet.FlagFIN | packet.FlagRST)
	length := min(max(s.PayloadLen, len(s.Payload)), window)
	if control == 0 && length == 0 && a.waiting.n == 0 && a.opening.n == 0 {
		return // an ACK, and nothing that it could decide
	}
	k, dir := keyOf(s)
	hash := k.hash(a.table.seed)
	c := a.current(a.table.find(&k, hash), s, dir, length)
	seq := s.Seq
	if control&packet.FlagSYN != 0 && control&packet.FlagRST == 0 {
		c = a.open(c, &k, hash, dir, s)
		seq++
	}
	if c == nil {
		if length == 0 || control&packet.FlagRST != 0 {
			return
		}
		c = a.add(&k, hash, s.Time)
	}
	h := &c.half[dir]
	if s.Flags&packet.FlagACK != 0 {
		a.acknowledged(h.other(), s)
	}
	if control&packet.FlagRST != 0 {
		a.reset(h, dir, s)
		return
	}
	if control&packet.FlagSYN == 0 {
		a.goOn(c, dir, s, length)
	}
	if length > 0 {
		h = a.data(h, s, seq, length)
	}
	if control&packet.FlagFIN != 0 {
		a.lastByte(h, s, seq+uint32(length))
	}
	a.finish(h)
}

// lastByte handles a FIN at seq.
func (a *Assembler) lastByte(h *half, s *Segment, seq uint32) {
	missing := ahead(seq, h.next)
	if !h.started || h.fin || missing < 0 || missing > window {
		return
	}
	h.fin, h.finSeq = true, seq
	if missing > 0 && h.mode != foreignProto {
		a.mark(h, s, seq)
	}
}

// current returns c as far as it still stands for the connection of s: nil if it timed out, or if it was closed and s belongs to a later one
// on the same ports.
func (a *Assembler) current(c *conn, s *Segment, dir, length int) *conn {
	if c == nil {
		return nil
	}
	if s.Time-c.last > a.idle {
		a.stats.Idle++
		a.lapse(c)
		a.drop(c)
		return nil
	}
	for i := range c.half {
		a.expire(&c.half[i], s.Time)
	}
	h := &c.half[dir]
	if c.order.in == &a.closed && length > 0 && s.Flags&packet.FlagSYN == 0 && h.started && later(h, s.Seq) {
		a.drop(c)
		return nil
	}
	return c
}

// later says that seq cannot belong to a closed direction.
func later(h *half, seq uint32) bool {
	d := ahead(seq, h.next)
	return d > 0 || d < -window
}

// open handles a SYN: of a new connection, of a later one on the same ports, or once more of this one.
func (a *Assembler) open(c *conn, k *key, hash uint64, dir int, s *Segment) *conn {
	seq := s.Seq + 1
	if c != nil && a.reused(&c.half[dir], s, seq) {
		a.lapse(c)
		a.drop(c)
		c = nil
	}
	if c == nil {
		c = a.add(k, hash, s.Time)
	}
	if h := &c.half[dir]; !h.started {
		h.startAt(seq, framed)
		a.reopen(c)
	}
	a.shake(c, dir, s)
	return c
}

// reused says that a SYN whose data begin at seq is of another connection than h's.
func (a *Assembler) reused(h *half, s *Segment, seq uint32) bool {
	if !h.started {
		return s.Flags&packet.FlagACK == 0 && !h.other().silent()
	}
	d := ahead(h.start, seq)
	return d < 0 || d > window || d > 0 && !h.midstream
}

// add begins to follow a connection, if need be instead of another one.
func (a *Assembler) add(k *key, hash uint64, now int64) *conn {
	if a.table.n >= a.limits.Streams {
		a.evict()
	}
	c := a.free
	if c == nil {
		c = newConn()
	} else {
		a.free, c.next = c.next, nil
	}
	a.stats.Connections++
	c.key, c.hash, c.number, c.last = *k, hash, a.stats.Connections, now
	a.table.insert(c)
	a.young.push(&c.order)
	return c
}

// evict makes room for a connection. Those without payload go first where they are half of all, so that a flood of SYNs cannot push
// out the others.
func (a *Assembler) evict() {
	l := &a.active
	switch {
	case a.closed.n > 0:
		a.drop(a.closed.first.conn)
		return
	case l.n == 0, a.young.n > 0 && a.young.n >= a.limits.Streams/2:
		l = &a.young
	}
	a.stats.Evicted++
	a.drop(l.first.conn)
}

// drop hands over what a connection has buffered and forgets it.
func (a *Assembler) drop(c *conn) {
	a.abandon(c)
	for i := range c.half {
		a.flush(&c.half[i])
		c.half[i].clear()
	}
	c.order.unlink()
	a.table.remove(c)
	c.next, a.free = a.free, c
}

// sweep gives up what packet time has overtaken.
func (a *Assembler) sweep(now int64) {
	a.Advance(now)
	for n := a.waiting.first; n != nil; n = a.waiting.first {
		if n.half.head.since > now {
			a.waiting.moveLast(n) // time went back: others may be due
			break
		}
		if !a.expired(n.half, now) {
			break
		}
		a.expire(n.half, now)
	}
	for n := a.closed.first; n != nil && now-n.conn.last > a.hole; n = a.closed.first {
		a.drop(n.conn)
	}
	for _, l := range [...]*list{&a.young, &a.active} {
		for n := l.first; n != nil && now-n.conn.last > a.idle; n = l.first {
			a.stats.Idle++
			a.lapse(n.conn)
			a.drop(n.conn)
		}
	}
}

// reset handles a RST: nothing more is waited for. What still comes in order is taken all the same: it was under way.
func (a *Assembler) reset(h *half, dir int, s *Segment) {
	if far(h, s.Seq) {
		a.stats.OutOfWindow++
		return
	}
	switch c := h.conn; {
	case c.order.in == &a.closed || c.shake.reset: // a direction that is first seen after the RST has opened it again
	case c.shake.stage == asked && c.shake.client != uint8(dir) && !h.started:
		a.refuse(c, s)
	case c.shake.stage == unopened && h.silent() && h.other().silent():
	default:
		a.tellReset(h, s)
	}
	if h.started && s.Seq == h.next {
		a.short(h)
	}
	a.flush(h)
	a.flush(h.other())
	a.close(h.conn, s.Time)
}

// tellReset tells of a RST, which ends a handshake too.
func (a *Assembler) tellReset(h *half, s *Segment) {
	c := h.conn
	if c.shake.stage != unknown {
		a.settle(c, over)
	}
	c.shake.reset = true
	e := a.event(Reset, c, s)
	e.Bytes, e.Finished = h.carried()+h.other().carried(), h.fin || h.other().fin
	a.handler.TCPEvent(e)
}

// finish ends a direction that has reached its FIN, and the connection with its second direction, or its only one.
func (a *Assembler) finish(h *half) {
	if !h.fin || h.ended || h.head != nil || ahead(h.next, h.finSeq) < 0 {
		return
	}
	h.ended = true
	a.short(h)
	a.flush(h)
	if o := h.other(); o.ended || !o.started {
		a.close(h.conn, h.conn.last)
	}
}

// short tells that the sender ended its direction within a message.
func (a *Assembler) short(h *half) {
	if p := h.partial; p != nil && p.prefixed == prefixLen {
		a.tell(Short, h, &p.last)
	}
}

// close keeps the record for a while, so that retransmissions do not look like a connection without SYN.
func (a *Assembler) close(c *conn, now int64) {
	c.last = max(c.last, now)
	a.closed.moveLast(&c.order)
}

// reopen takes back that a connection is closed: its second direction has only just started.
func (a *Assembler) reopen(c *conn) {
	if c.order.in == &a.closed {
		a.young.moveLast(&c.order)
	}
}

// touch notes that a connection carried payload.
func (a *Assembler) touch(c *conn, now int64) {
	c.last = now
	if c.order.in != &a.closed {
		a.active.moveLast(&c.order)
	}
}

// acknowledged notes that the receiver of h has what h waits for: then it is the capture that lacks it.
func (a *Assembler) acknowledged(h *half, s *Segment) {
	if h.head == nil || h.acked || ahead(s.Ack, h.head.seq) < 0 {
		return
	}
	h.acked, h.ackTime = true, s.Time
	h.waiting.unlink()
	a.waiting.pushFirst(&h.waiting)
}

// tell hands over what a connection has come to.
func (a *Assembler) tell(k Kind, h *half, s *Segment) {
	if s != nil {
		a.handler.TCPEvent(a.event(k, h.conn, s))
	}
}
