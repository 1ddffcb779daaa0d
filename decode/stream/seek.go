package stream

// restart begins a new connection in the place of h's: sequence numbers far off that start with a message are of one whose SYN was missed.
func (a *Assembler) restart(h *half, s *Segment, seq uint32) *half {
	c, dir := h.conn, 0
	if h == &c.half[1] {
		dir = 1
	}
	k, hash := c.key, c.hash
	a.drop(c)
	h = &a.add(&k, hash, s.Time).half[dir]
	a.joinMidstream(h, seq)
	return h
}

// joinMidstream starts a direction whose SYN was not seen: what went before it is lost, and is taken if it comes late.
func (a *Assembler) joinMidstream(h *half, seq uint32) {
	h.startAt(seq, seeking)
	h.midstream = true
	h.lostFrom, h.lostTo = seq-window, seq
	a.stats.Midstream++
	a.reopen(h.conn)
}

// first looks at the first bytes of a direction.
func (a *Assembler) first(h *half, payload []byte) {
	h.fresh = false
	if notDNS(payload) {
		h.mode = foreignProto
		a.stats.NotDNS++
		a.tell(Foreign, h, a.segment)
		a.discard(h)
		return
	}
	if bareMessage(payload) && !plausible(payload) {
		h.mode = seeking // for a length prefix: what it has in its place is the ID
	}
}

// seekQueue judges whether a message starts at the first piece that waits; false if more bytes are needed.
func (a *Assembler) seekQueue(h *half) bool {
	if h.head.seq != h.next {
		a.gap(h, h.head.seq)
	}
	if h.head.length == 0 {
		a.dropHead(h)
		return true
	}
	var start [startLen]byte
	n := 0
	for p := h.head; p != nil && n < startLen; p = p.next {
		n += copy(start[n:], p.data)
		if n < startLen && (len(p.data) < p.length || p.next == nil || p.next.seq != p.end()) {
			break
		}
	}
	b := start[:n]
	if len(h.head.data) >= startLen {
		b = h.head.data
	}
	if n < startLen && len(h.head.data) == h.head.length && h.growing() {
		return false
	}
	if a.locate(h, b); h.mode == seeking {
		a.dropHead(h)
	}
	return true
}

// growing says that the bytes right after the first pieces may still come: they do not end in a cut or a hole.
func (h *half) growing() bool {
	for p := h.head; ; p = p.next {
		if len(p.data) < p.length {
			return false
		}
		if p.next == nil || p.next.seq != p.end() {
			return true
		}
	}
}

func (a *Assembler) dropHead(h *half) {
	p := h.pop()
	a.dropBytes(h, p.data, p.length)
	a.pool.putPiece(p)
}

// dropBytes passes over bytes in which no message boundary is known.
func (a *Assembler) dropBytes(h *half, data []byte, length int) {
	if bareMessage(data) {
		a.stats.NoPrefix++
		a.tell(Bare, h, a.segment)
	}
	a.stats.Dropped += uint64(length)
	h.next += uint32(length)
}

// locate makes the direction framed if b, from the expected byte on, starts with a plausible message.
func (a *Assembler) locate(h *half, b []byte) {
	if len(b) >= startLen && plausible(b) {
		h.mode, h.skip = framed, 0
		a.stats.Resyncs++
	}
}
