package stream

// expired says that h has waited long enough for what it lacks: by packet time, or by its receiver having it.
func (a *Assembler) expired(h *half, now int64) bool {
	return h.head != nil && (now-h.head.since > a.hole || h.acked && now-h.ackTime > ackGrace)
}

// expire gives up the holes of h that packet time has overtaken.
func (a *Assembler) expire(h *half, now int64) {
	if !a.expired(h, now) {
		return
	}
	for a.expired(h, now) {
		a.giveUp(h)
	}
	a.track(h)
	a.finish(h)
}

// giveUp passes over the first hole of h and hands on what lies behind it. In a direction that seeks it passes over the first piece.
func (a *Assembler) giveUp(h *half) {
	h.acked = false
	if h.mode == seeking {
		a.dropHead(h)
	} else {
		a.gap(h, h.head.seq)
		if h.mode == seeking {
			h.head.since += a.hole // a lone prefix, say: what follows it may still come
		}
	}
	a.drain(h)
}

// gap passes over the bytes up to seq, which are missing. Where they end within the message that they interrupt, the next message's place
// is known all the same.
func (a *Assembler) gap(h *half, seq uint32) {
	missing := ahead(seq, h.next)
	a.stats.Gaps++
	a.stats.GapBytes += uint64(missing)
	a.breakOff(h)
	h.lose(seq)
	if h.mode != framed || missing > h.skip {
		h.mode, h.skip = seeking, 0
		return
	}
	h.skip -= missing
}

// flush hands over what h has, as if nothing more came.
func (a *Assembler) flush(h *half) {
	for h.head != nil {
		a.giveUp(h)
	}
	a.breakOff(h)
	a.track(h)
}

// breakOff ends the message that is being collected: it is handed over if its header is there, and the rest of it will be passed over.
func (a *Assembler) breakOff(h *half) {
	p := h.partial
	if p == nil {
		return
	}
	h.partial = nil
	if p.prefixed == prefixLen {
		h.skip = p.length - p.got
	} else {
		h.mode = seeking
	}
	if p.prefixed == prefixLen && len(p.data) >= headerLen {
		a.emitPartial(h, p, p.data, &p.last, true)
	} else {
		a.stats.LostMessages++
		a.stats.Dropped += uint64(p.prefixed + p.got)
	}
	a.pool.putPartial(p)
}

// track keeps h in the lists of directions that wait and that hold buffers.
func (a *Assembler) track(h *half) {
	a.waiting.keep(&h.waiting, h.head != nil)
	a.holding.keep(&h.holding, h.head != nil || h.partial != nil)
}

// room makes sure that h can have a buffer of n bytes and its record; if need be, the directions that have waited longest lose theirs.
func (a *Assembler) room(h *half, n int) bool {
	for !a.pool.has(n) {
		v := a.holding.first
		if v != nil && v.half == h {
			v = v.next
		}
		if v == nil {
			return false
		}
		a.starve(v.half)
	}
	return true
}

// starve takes all buffers from h. It hands over the message being collected only: to hand on more could need buffers in turn.
func (a *Assembler) starve(h *half) {
	a.stats.Starved++
	a.breakOff(h)
	if h.head != nil {
		h.mode, h.skip = seeking, 0
		a.gap(h, h.head.seq)
	}
	a.discard(h)
}

// discard drops the segments that wait.
func (a *Assembler) discard(h *half) {
	for h.head != nil {
		p := h.pop()
		a.stats.Dropped += uint64(p.length)
		h.lose(p.end())
		a.pool.putPiece(p)
	}
	a.track(h)
}
