package stream

// piece is a segment, or a part of one, that waits for earlier bytes.
type piece struct {
	next    *piece
	seq     uint32
	length  int    // bytes of the stream; above len(data) where the snaplen cut the segment
	data    []byte // a buffer of the pool
	seg     Segment
	arrival uint64 // counts the segments of the Assembler
	since   int64  // when it began to wait: seg.Time, later if it was given a second wait
}

func (p *piece) end() uint32 { return p.seq + uint32(p.length) }

// data takes a segment's payload and returns the direction that it went to: of another record if it began a new connection.
func (a *Assembler) data(h *half, s *Segment, seq uint32, length int) *half {
	if !h.started {
		a.joinMidstream(h, seq)
	}
	d, payload := ahead(seq, h.next), s.Payload
	if d > window || d < -window {
		if len(payload) < startLen || !plausible(payload) {
			a.stats.OutOfWindow++
			a.stats.Dropped += uint64(length)
			return h
		}
		h = a.restart(h, s, seq)
		d = 0
	}
	a.touch(h.conn, s.Time)
	if len(payload) > length {
		payload = payload[:length]
	}
	if d < 0 {
		seen := min(-d, length)
		if seen == length {
			a.again(h, s, seq, payload, length)
			return h
		}
		a.stats.Retransmitted += uint64(seen)
		payload = payload[min(seen, len(payload)):]
		seq, length, d = h.next, length-seen, 0
	}
	if h.fresh && d == 0 {
		a.first(h, payload)
	}
	a.place(h, s, seq, payload, length)
	return h
}

// place hands on a segment that is not behind the expected byte, or lets it wait.
func (a *Assembler) place(h *half, s *Segment, seq uint32, payload []byte, length int) {
	if h.mode == foreignProto {
		a.stats.NotDNSBytes += uint64(length)
		h.next = seq + uint32(length)
		return
	}
	if h.mode == seeking && h.head == nil {
		if seq != h.next {
			a.gap(h, seq)
		}
		a.locate(h, payload)
	}
	inOrder := seq == h.next && (h.head == nil || ahead(h.head.seq, seq) >= length)
	switch {
	case inOrder && h.mode == framed:
		a.consume(h, payload, length, s, a.stats.Segments)
	case inOrder && h.head == nil && len(payload) >= startLen:
		a.dropBytes(h, payload, length)
	default:
		a.enqueue(h, s, seq, payload, length)
	}
	if h.head != nil {
		a.drain(h)
		for h.queued > a.limits.OutOfOrder {
			a.giveUp(h)
		}
	}
	a.track(h)
}

// again handles a segment from before the expected byte: a retransmission, or late bytes of a hole that was given up. The latter are worth
// something only if they are whole messages.
func (a *Assembler) again(h *half, s *Segment, seq uint32, payload []byte, length int) {
	end := seq + uint32(length)
	if ahead(seq, h.lostFrom) < 0 || ahead(end, h.lostTo) > 0 || len(payload) < length || h.mode == foreignProto || !wholeMessages(payload) {
		a.stats.Retransmitted += uint64(length)
		return
	}
	if end == h.lostTo {
		h.lostTo = seq
	} else {
		h.lostFrom = end
	}
	for len(payload) > 0 {
		payload = payload[a.begin(h, payload, len(payload), s, a.stats.Segments):]
	}
}

// enqueue keeps those parts of a segment that are not waiting already: the first copy wins.
func (a *Assembler) enqueue(h *half, s *Segment, seq uint32, payload []byte, length int) {
	prev, at := (*piece)(nil), h.head
	if h.tail != nil && ahead(seq, h.tail.end()) >= 0 {
		prev, at = h.tail, nil
	}
	for length > 0 {
		for at != nil && ahead(seq, at.end()) >= 0 {
			prev, at = at, at.next
		}
		n := min(length, maxBuf)
		if at != nil {
			n = min(n, ahead(at.seq, seq))
		}
		if n > 0 {
			p := a.newPiece(h, s, seq, payload[:min(n, len(payload))], n)
			if p == nil {
				return
			}
			h.link(prev, p)
			prev = p
		} else {
			n = min(length, ahead(at.end(), seq))
			a.stats.Retransmitted += uint64(n)
		}
		payload = payload[min(n, len(payload)):]
		seq, length = seq+uint32(n), length-n
	}
}

// mark lets the place of a FIN wait like a segment, so that bytes missing before it are given up in the same way.
func (a *Assembler) mark(h *half, s *Segment, seq uint32) {
	if h.head != nil && ahead(seq, h.tail.end()) < 0 {
		return
	}
	if p := a.newPiece(h, s, seq, nil, 0); p != nil {
		h.link(h.tail, p)
		a.track(h)
	}
}

func (h *half) link(prev, p *piece) {
	if prev == nil {
		p.next, h.head = h.head, p
	} else {
		p.next, prev.next = prev.next, p
	}
	if p.next == nil {
		h.tail = p
	}
	h.queued += cap(p.data)
}

// newPiece copies a part of a segment; nil if there is no room.
func (a *Assembler) newPiece(h *half, s *Segment, seq uint32, data []byte, length int) *piece {
	if !a.room(h, len(data)) {
		a.stats.Dropped += uint64(length)
		return nil
	}
	p := a.pool.getPiece()
	p.seq, p.length, p.arrival, p.since, p.seg = seq, length, a.stats.Segments, s.Time, *s
	p.seg.Payload = nil
	p.data = append(a.pool.get(len(data)), data...)
	a.stats.OutOfOrder += uint64(length)
	return p
}

// pop takes the first piece out of the queue.
func (h *half) pop() *piece {
	p := h.head
	h.head = p.next
	if h.head == nil {
		h.tail = nil
	}
	h.queued -= cap(p.data)
	return p
}

// drain hands on the pieces that no longer wait.
func (a *Assembler) drain(h *half) {
	for h.head != nil {
		if h.mode == seeking {
			if !a.seekQueue(h) {
				return
			}
			continue
		}
		if h.head.seq != h.next {
			return
		}
		h.acked = false
		p := h.pop()
		a.consume(h, p.data, p.length, &p.seg, p.arrival)
		a.pool.putPiece(p)
	}
}
