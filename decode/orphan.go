package decode

import "github.com/dnssniff/dnssniff/decode/wire"

// orphan is a response that came without its query, held for the time that a capture may put a query after its response.
type orphan struct {
	keys
	msg  Message
	data []byte
	wire wire.Message
}

// orphanQueue is a ring of orphans in the order of their arrival. Its messages are copies.
type orphanQueue struct {
	ring       []orphan
	head, tail int
}

func newOrphanQueue(limit int) orphanQueue { return orphanQueue{ring: make([]orphan, max(limit, 1))} }

func (q *orphanQueue) len() int           { return q.head - q.tail }
func (q *orphanQueue) full() bool         { return q.len() == len(q.ring) }
func (q *orphanQueue) at(pos int) *orphan { return &q.ring[pos%len(q.ring)] }

func (q *orphanQueue) hold(m *Message, k keys) {
	o := q.at(q.head)
	q.head++
	o.keys = k
	o.data = append(o.data[:0], m.Data...)
	o.wire.Parse(o.data, m.Cut)
	o.msg = *m
	o.msg.Message = &o.wire
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
	if o.msg.Message != nil {
		p.out.Transaction(p.pair(Unsolicited, &o.msg, nil))
	}
}

// adopt answers a query, just come, with an orphan that fits it.
func (p *pairer) adopt(k keys) {
	for pos := p.orphans.tail; pos != p.orphans.head; pos++ {
		o := p.orphans.at(pos)
		if o.msg.Message == nil {
			continue
		}
		if n, _ := p.candidates(o.keys); n != 0 && p.opens.list[n].keys == k {
			p.answer(&o.msg, n)
			o.msg.Message = nil
			return
		}
	}
}
