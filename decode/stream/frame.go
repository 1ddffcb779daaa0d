package stream

import "encoding/binary"

// partial is a message that has not come whole yet.
type partial struct {
	next     *partial
	prefixed int    // bytes of the prefix, 0 to 2
	length   int    // what they announce
	got      int    // bytes of the message that have gone by, captured or not
	data     []byte // the captured ones up to the first cut, in a buffer of the pool
	cut      bool
	split    bool
	segments uint16
	seq      uint32
	first    int64 // time and number of the first byte's segment
	number   uint64
	last     Segment // of those that the bytes came from, the one captured last
	arrival  uint64  // counts the segments of the Assembler: last's
	touched  uint64  // the one that added last
}

// consume takes the next bytes of a framed direction: length bytes, of which data were captured.
func (a *Assembler) consume(h *half, data []byte, length int, s *Segment, arrival uint64) {
	h.next += uint32(length)
	for length > 0 {
		var n int
		switch {
		case h.skip > 0:
			n = min(h.skip, length)
			h.skip -= n
			a.stats.Dropped += uint64(n)
		case h.partial != nil:
			n = a.extend(h, data, length, s, arrival)
		default:
			n = a.begin(h, data, length, s, arrival)
		}
		data = data[min(n, len(data)):]
		length -= n
	}
}

// begin takes bytes from a message boundary on: a whole message straight from data, or what there is of one. It returns how many.
func (a *Assembler) begin(h *half, data []byte, length int, s *Segment, arrival uint64) int {
	if len(data) >= prefixLen {
		announced := int(binary.BigEndian.Uint16(data))
		if n := prefixLen + announced; n <= length {
			m := &a.message
			*m = Message{Data: data[prefixLen:min(n, len(data))], Length: announced, Segment: s, FirstTime: s.Time, FirstNumber: s.Number,
				Segments: 1, Seq: h.next - uint32(length), Cut: n > len(data)}
			a.emit(h)
			return n
		}
	} else if len(data) < length {
		a.lostFrame(h, length)
		return length
	}
	p := a.pool.getPartial()
	p.first, p.number, p.seq = s.Time, s.Number, h.next-uint32(length)
	h.partial = p
	return a.extend(h, data, length, s, arrival)
}

// lostFrame notes that the snaplen cut a prefix off, so that the place of the next message is not known.
func (a *Assembler) lostFrame(h *half, length int) {
	h.mode = seeking
	a.stats.Dropped += uint64(length)
}

// extend adds bytes to the message that is being collected, hands it over if that makes it whole, and returns how many it took.
func (a *Assembler) extend(h *half, data []byte, length int, s *Segment, arrival uint64) int {
	p := h.partial
	p.touch(s, arrival)
	taken := 0
	for p.prefixed < prefixLen {
		if taken == length {
			p.split = true
			return taken
		}
		if taken == len(data) {
			a.breakOff(h)
			a.lostFrame(h, length-taken)
			return length
		}
		p.length = p.length<<8 | int(data[taken])
		p.prefixed++
		taken++
	}
	if taken == length && p.length > 0 {
		p.split = true
		return taken
	}
	return taken + a.body(h, data[taken:], length-taken, s)
}

// body adds bytes of the message proper.
func (a *Assembler) body(h *half, data []byte, length int, s *Segment) int {
	p := h.partial
	n := min(p.length-p.got, length)
	fresh := data[:min(n, len(data))]
	whole := p.got+n == p.length
	if whole && len(p.data) == 0 && !p.cut { // straight from the packet
		p.cut, p.got = len(fresh) < n, p.length
		a.whole(h, fresh, s)
		return n
	}
	if !p.cut && !a.store(h, fresh) {
		a.breakOff(h)
		return 0 // the rest is passed over
	}
	p.cut = p.cut || len(fresh) < n
	p.got += n
	if whole {
		a.whole(h, p.data, s)
	}
	return n
}

// store appends to the partial message; its buffer grows with what came, never with what was announced.
func (a *Assembler) store(h *half, b []byte) bool {
	p := h.partial
	need := len(p.data) + len(b)
	if need > cap(p.data) {
		if !a.room(h, need) {
			return false
		}
		grown := append(a.pool.get(need), p.data...)
		a.pool.put(p.data)
		p.data = grown
	}
	p.data = append(p.data, b...)
	return true
}

// whole hands over the message that is being collected: all of it has gone by.
func (a *Assembler) whole(h *half, data []byte, s *Segment) {
	p := h.partial
	h.partial = nil
	if p.arrival != p.touched {
		s = &p.last
	}
	a.emitPartial(h, p, data, s, false)
	a.pool.putPartial(p)
}

// touch notes the segment that adds to the message.
func (p *partial) touch(s *Segment, arrival uint64) {
	if arrival == p.touched {
		return
	}
	p.touched = arrival
	if p.segments < 1<<16-1 {
		p.segments++
	}
	if arrival > p.arrival {
		p.arrival, p.last = arrival, *s
		p.last.Payload = nil
	}
}

func (a *Assembler) emitPartial(h *half, p *partial, data []byte, s *Segment, ended bool) {
	a.message = Message{Data: data, Length: p.length, Segment: s, FirstTime: p.first, FirstNumber: p.number, Segments: p.segments,
		Seq: p.seq, Cut: p.cut, Ended: ended, SplitPrefix: p.split}
	a.emit(h)
}

// emit counts and hands over a.message.
func (a *Assembler) emit(h *half) {
	m := &a.message
	m.Conn = h.conn.number
	m.Later = a.emitted == m.Segment.Number && m.Segment.Payload != nil
	a.emitted = m.Segment.Number
	a.stats.Messages++
	if m.Cut || m.Ended || m.SplitPrefix {
		a.countFlags(m)
	}
	a.handler.TCPMessage(m)
}

func (a *Assembler) countFlags(m *Message) {
	if m.Cut {
		a.stats.Cut++
	}
	if m.Ended {
		a.stats.Ended++
	}
	if m.SplitPrefix {
		a.stats.SplitPrefix++
	}
}
