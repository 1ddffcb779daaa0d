package decode

import "github.com/dnssniff/dnssniff/decode/wire"

// maxOrphan is how much of an orphan's bytes is kept.
const maxOrphan = 4096

// orphan is a response that came without its query, held for the time that a capture may put a query after its response.
type orphan struct {
	keys
	msg       Message
	data      []byte
	adopted   bool
	otherPort bool // its query was open, and came from another port of the client
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

func (q *orphanQueue) hold(m *Message, k *keys, otherPort bool) {
	o := q.at(q.head)
	q.head++
	o.keys, o.msg, o.adopted, o.otherPort = *k, *m, false, otherPort
	o.msg.Frame = nil
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
	if o.adopted {
		return
	}
	t := p.pair(Unsolicited, p.orphans.message(o), nil)
	t.Anomalies = p.found.status(t)
	if o.otherPort {
		p.found.add(otherPort, 0, 0)
		t.Anomalies = p.found.all()
	}
	p.out.Transaction(t)
}

// otherPortReach is how many open queries, from the youngest on, an orphan is compared with.
const otherPortReach = 64

// toOtherPort says whether a response without a query would answer one of the youngest, had it gone to the port that the query came from: an address
// translator has lost its table, or changed it (RFC 5452 section 9.1).
func (p *pairer) toOtherPort(m *Message, k *keys) bool {
	if m.Proto != UDP || k.quest == 0 || m.backwards {
		return false
	}
	n := p.opens.list[0].prev
	for range otherPortReach {
		if n == 0 {
			return false
		}
		o := &p.opens.list[n]
		if o.ID == m.ID && o.quest == k.quest && o.proto == UDP && o.client == m.Client && o.server == m.Server && o.serverPort == m.ServerPort {
			return true
		}
		n = o.prev
	}
	return false
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
