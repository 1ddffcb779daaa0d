package decode

import "github.com/dnssniff/dnssniff/decode/wire"

// maxOrphan is how much of an orphan's bytes is kept.
const maxOrphan = 4096

// orphan is a response that came without its query, held for the time that a capture may put a query after its response.
type orphan struct {
	keys
	msg     Message
	data    []byte
	adopted bool
}

// orphanQueue is a ring of orphans in the order of their arrival. Their bytes are copies, of at most maxOrphan each.
type orphanQueue struct {
	ring       []orphan
	head, tail int
	wire       wire.Message // of the one that leaves
}

func newOrphanQueue(limit int) orphanQueue { return orphanQueue{ring: make([]orphan, max(limit, 1))} }

func (q *orphanQueue) len() int           { return q.head - q.tail }
func (q *orphanQueue) full() bool         { return q.len() == len(q.ring) }
func (q *orphanQueue) at(pos int) *orphan { return &q.ring[pos%len(q.ring)] }

func (q *orphanQueue) hold(m *Message, k *keys) {
	o := q.at(q.head)
	q.head++
	o.keys, o.msg, o.adopted = *k, *m, false
	o.data = append(o.data[:0], m.Data[:min(len(m.Data), maxOrphan)]...)
	o.msg.Cut = m.Cut || len(m.Data) > maxOrphan
}

// message returns an orphan as it was; it is valid until the next call.
func (q *orphanQueue) message(o *orphan) *Message {
	q.wire.Parse(o.data, o.msg.Cut)
	o.msg.Message = &q.wire
	return &o.msg
}

// releaseOrphans gives up those for which no query came in time.
func (p *pairer) releaseOrphans(now int64) {
	for p.orphans.len() > 0 {
		age := now - p.orphans.at(p.orphans.tail).msg.Time
		if age <= skew && age >= -skew {
			return
		}
		p.giveUpOrphan()
	}
}

func (p *pairer) giveUpOrphan() {
	o := p.orphans.at(p.orphans.tail)
	p.orphans.tail++
	if !o.adopted {
		p.end(p.pair(Unsolicited, p.orphans.message(o), nil))
	}
}

// adopt answers a query, just come, with an orphan that fits it.
func (p *pairer) adopt(k *keys) {
	for pos := p.orphans.tail; pos != p.orphans.head; pos++ {
		o := p.orphans.at(pos)
		if o.adopted {
			continue
		}
		if n, _ := p.candidates(&o.keys); n != 0 && p.opens.list[n].keys == *k {
			p.answer(p.orphans.message(o), n, &o.keys)
			o.adopted = true
			return
		}
	}
}
