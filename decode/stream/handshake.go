package stream

import "github.com/dnssniff/dnssniff/decode/packet"

// stage is how far a connection has come.
type stage uint8

const (
	unknown  stage = iota // no SYN was seen
	asked                 // a SYN, and no answer yet
	answered              // a SYN-ACK, and the client has not gone on yet
	unopened              // it was given up, and can still open
	over                  // it has opened, was refused, or was reset
)

// again is how far apart (ns) two captures of one SYN are at most; nobody sends it again as soon.
const again = 1e6

// handshake is how a connection opens. It is in Assembler.opening while asked or answered.
type handshake struct {
	node   node
	first  int64 // time of the first SYN, 0 if none was seen
	last   int64 // of the last SYN or SYN-ACK, as are number and file
	number uint64
	rtt    int64       // ns
	icmp   packet.ICMP // the last error that quoted a SYN
	file   uint16
	tries  uint16
	client uint8 // the direction that sends the SYN
	stage  stage
	told   bool // that it has not opened
	reset  bool // it was told
}

// shake takes a SYN or SYN-ACK.
func (a *Assembler) shake(c *conn, dir int, s *Segment) {
	h := &c.shake
	if s.Flags&packet.FlagACK == 0 {
		if !h.ask(uint8(dir), s.Time) {
			return
		}
	} else if !h.answer(uint8(dir), s.Time) {
		return
	}
	h.last, h.number, h.file = s.Time, s.Number, s.File
	a.opening.moveLast(&h.node)
}

// ask takes a SYN, and says whether it is one of an opening connection.
func (h *handshake) ask(dir uint8, now int64) bool {
	switch {
	case h.stage == unknown:
		h.stage, h.client, h.first = asked, dir, now
	case h.client != dir || h.stage > answered:
		return false
	case h.tries > 0 && now-h.last <= again && h.last-now <= again:
		return true
	case h.tries == 0: // the SYN-ACK was captured first
		h.first = now
	}
	h.tries = min(h.tries+1, 1<<15)
	return true
}

// answer takes a SYN-ACK, and says whether it is one of an opening connection, or of one that was given up.
func (h *handshake) answer(dir uint8, now int64) bool {
	switch h.stage {
	case unknown:
		h.client = 1 - dir
	case asked, unopened:
		if h.client == dir {
			return false
		}
		if h.stage == asked {
			h.rtt = max(0, now-h.last)
		}
	case over:
		return false
	}
	h.stage = answered
	return true
}

// goOn takes a segment after the handshake: that the client sends it, or the server more than an ACK, says that the connection has opened.
func (a *Assembler) goOn(c *conn, dir int, s *Segment, length int) {
	h := &c.shake
	if h.stage == unknown || h.stage == over {
		return
	}
	more := length > 0 || s.Flags&packet.FlagFIN != 0
	if !more && (uint8(dir) != h.client || h.stage == unopened || s.Flags&packet.FlagACK == 0) || far(&c.half[dir], s.Seq) {
		return
	}
	a.settle(c, over)
	e := a.event(Opened, c, s)
	e.First, e.RTT, e.Tries = h.first, h.rtt, h.tries
	a.handler.TCPEvent(e)
}

// far says that a sequence number is none of the direction's.
func far(h *half, seq uint32) bool {
	d := ahead(seq, h.next)
	return h.started && (d > window || d < -window)
}

// settle ends the handshake.
func (a *Assembler) settle(c *conn, to stage) {
	c.shake.stage = to
	c.shake.node.unlink()
}

// refuse ends a handshake by a RST of the server's.
func (a *Assembler) refuse(c *conn, s *Segment) {
	a.settle(c, over)
	e := a.event(Refused, c, s)
	e.First, e.Tries = c.shake.first, c.shake.tries
	a.handler.TCPEvent(e)
}

// giveUpOpening tells that a connection has not opened, unless it did before: a late SYN-ACK begins the wait anew.
func (a *Assembler) giveUpOpening(c *conn) {
	h, k := &c.shake, Unanswered
	if h.stage == answered {
		k = HalfOpen
	}
	a.settle(c, unopened)
	if h.told {
		return
	}
	h.told = true
	a.lastSYN = Segment{Time: h.last, Number: h.number, File: h.file, Src: c.key.addr[h.client], Dst: c.key.addr[1-h.client],
		SrcPort: c.key.port[h.client], DstPort: c.key.port[1-h.client]}
	e := a.event(k, c, &a.lastSYN)
	e.First, e.Tries, e.ICMP = h.first, h.tries, h.icmp
	a.handler.TCPEvent(e)
}

// lapse gives up a connection, if it is still to open.
func (a *Assembler) lapse(c *conn) {
	if c.shake.stage == asked || c.shake.stage == answered {
		a.giveUpOpening(c)
	}
}

// abandon ends a handshake of which the end will not be known. What was refused was.
func (a *Assembler) abandon(c *conn) {
	if h := &c.shake; h.stage == asked && h.icmp.Seen {
		a.giveUpOpening(c)
	}
	c.shake.node.unlink()
	c.shake = handshake{node: node{conn: c}}
}

// Advance moves on to a packet time, in ns, though no segment came: it gives up the connections that should have opened by then.
func (a *Assembler) Advance(now int64) {
	for n := a.opening.first; n != nil && now-n.conn.shake.last > a.patience; n = a.opening.first {
		a.giveUpOpening(n.conn)
	}
}

// Quoted takes an ICMP error that quotes a segment from src to dst. It refuses a SYN, but the client may try again.
func (a *Assembler) Quoted(src, dst *packet.Addr, sport, dport uint16, icmp packet.ICMP) {
	k, dir := keyOf(&Segment{Src: *src, Dst: *dst, SrcPort: sport, DstPort: dport})
	if c := a.table.find(&k, k.hash(a.table.seed)); c != nil && c.shake.stage == asked && c.shake.client == uint8(dir) {
		c.shake.icmp = icmp
	}
}

// event returns the event to fill in.
func (a *Assembler) event(k Kind, c *conn, s *Segment) *Event {
	e := &a.told
	*e = Event{Kind: k, Conn: c.number, Segment: s}
	if c.shake.stage != unknown {
		e.Opener = Destination
		if _, dir := keyOf(s); uint8(dir) == c.shake.client {
			e.Opener = Source
		}
	}
	return e
}
