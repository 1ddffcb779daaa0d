package decode

import (
	"github.com/dnssniff/dnssniff/decode/packet"
)

// skew is how much later than its response a query may be captured and still be its query (several capture queues, merged files).
const skew = 10e6 // ns

// maxSame bounds how many queries of one client endpoint with one ID are looked at: more are a flood, where precision is lost anyway.
const maxSame = 64

// open is a query without a response yet.
type open struct {
	Query
	client, server         packet.Addr
	clientPort, serverPort uint16
	proto                  Proto
	ipVersion              uint8
}

// pairer pairs the queries and responses of one shard (DESIGN: counting rules). A query is remembered for the timeout, counted from its
// first transmission and in packet time, whether answered or not: that is how repetitions of either side are known.
type pairer struct {
	timeout   int64
	seed      uint64
	keepNames bool
	now       int64
	table     pairTable
	opens     []open
	free      []uint32
	late      lateTable
	orphans   orphanQueue
	out       Handler
	stats     *Stats
	tx        Transaction
}

func newPairer(c *Config, out Handler, stats *Stats) *pairer {
	return &pairer{
		timeout: c.Timeout.Nanoseconds(), seed: c.Seed, keepNames: c.KeepNames,
		table: newPairTable(c.Limits.Pairs), late: newLateTable(c.Limits.Late), orphans: newOrphanQueue(c.Limits.Orphans),
		out: out, stats: stats,
	}
}

// keys are the hashes that a message is found by.
type keys struct{ client, server, quest uint64 }

func (p *pairer) keysOf(m *Message) keys {
	k := keys{
		client: fold(HashAddr(p.seed, &m.Client)^uint64(m.ClientPort)<<24^uint64(m.ID)<<8^uint64(m.Proto), k2),
		server: fold(HashAddr(p.seed, &m.Server)^uint64(m.ServerPort)<<48^m.conn, k1),
	}
	if m.Parsed[0] > 0 {
		k.quest = fold(m.NameHash^p.seed, uint64(m.Question.Type)<<16|uint64(m.Question.Class)|1<<40) | 1
	}
	return k
}

// Message settles what the message settles.
func (p *pairer) Message(m *Message) {
	p.advance(m.Time)
	k := p.keysOf(m)
	if m.Response() {
		p.response(m, k)
	} else {
		p.query(m, k)
	}
}

// advance moves packet time and gives up the queries whose time is over. A clock that jumps back ends them too, once it is off by more than
// the timeout: otherwise one frame from the future would keep all behind it open.
func (p *pairer) advance(now int64) {
	p.now = now
	for p.table.tail != p.table.head {
		e := p.table.at(p.table.tail)
		if age := now - e.time; age <= p.timeout && age >= -p.timeout {
			break
		}
		p.expire(e, Unanswered)
	}
	if p.orphans.len() > 0 {
		p.releaseOrphans(now)
	}
}

// expire forgets the oldest entry, settling it if it is open.
func (p *pairer) expire(e *entry, s Status) {
	if e.detail != none {
		o := &p.opens[e.detail]
		p.settle(s, o)
		if s == Unanswered {
			p.late.add(e, o)
		}
		p.release(e)
	}
	p.table.pop()
}

func (p *pairer) release(e *entry) {
	p.free = append(p.free, e.detail)
	e.detail = none
}

func (p *pairer) settle(s Status, o *open) {
	p.tx = Transaction{Status: s, Proto: o.proto, IPVersion: o.ipVersion, Client: o.client, Server: o.server,
		ClientPort: o.clientPort, ServerPort: o.serverPort, Query: &o.Query}
	p.out.Transaction(&p.tx)
}

func (p *pairer) query(m *Message, k keys) {
	i := p.table.home(k.client)
	for range maxSame {
		var e *entry
		if e, i = p.table.next(k.client, i); e == nil {
			break
		}
		if e.server == k.server && e.quest == k.quest {
			p.stats.Retransmitted++
			if e.detail != none {
				p.opens[e.detail].Retransmissions++
			}
			return
		}
	}
	if p.table.full() {
		p.evict()
	}
	e := p.table.push(entry{client: k.client, server: k.server, quest: k.quest, time: m.Time, spell: p.spelling(m), detail: p.take()})
	p.fill(&p.opens[e.detail], m)
	if p.orphans.len() > 0 {
		p.adopt(m, k, e)
	}
}

// evict forgets the oldest entry before its time, for want of room.
func (p *pairer) evict() {
	e := p.table.at(p.table.tail)
	if e.detail == none {
		p.stats.PairingForgotten++
	} else {
		p.stats.PairingEvicted++
		p.release(e)
	}
	p.table.pop()
}

// spelling tells one spelling of the question's name from another; 0 without a name.
func (p *pairer) spelling(m *Message) uint32 {
	if m.Parsed[0] == 0 {
		return 0
	}
	return uint32(hashBytes(p.seed, m.Question.Name)) | 1
}

// take returns the index of a free open query. Their number is bounded by that of the entries.
func (p *pairer) take() uint32 {
	if n := len(p.free); n > 0 {
		i := p.free[n-1]
		p.free = p.free[:n-1]
		return i
	}
	p.opens = append(p.opens, open{})
	return uint32(len(p.opens) - 1)
}

func (p *pairer) fill(o *open, m *Message) {
	o.client, o.server, o.clientPort, o.serverPort = m.Client, m.Server, m.ClientPort, m.ServerPort
	o.proto, o.ipVersion = m.Proto, m.IPVersion
	name := o.Name[:0]
	o.Query = Query{Time: m.Time, Number: m.Number, File: m.File, ID: m.ID, Flags: m.Flags, Length: m.Length,
		HasOPT: m.HasOPT, UDPSize: m.EDNS.UDPSize, EDNSFlags: m.EDNS.Flags, Malformed: m.Malformed, NameHash: m.NameHash}
	if m.Parsed[0] > 0 {
		o.HasQuestion, o.Type, o.Class = true, m.Question.Type, m.Question.Class
		if p.keepNames {
			name = append(name, m.Question.Name...)
		}
	}
	o.Name = name
}

// response finds the query of a response: the one with the same endpoints, ID and question. Where one of the two has no readable question,
// as an error response to a malformed query often has not, the rest decides.
func (p *pairer) response(m *Message, k keys) {
	var exact, near *entry
	i := p.table.home(k.client)
	for range maxSame {
		var e *entry
		if e, i = p.table.next(k.client, i); e == nil {
			break
		}
		fits := e.quest == k.quest || e.quest == 0 || k.quest == 0
		switch {
		case e.server == k.server && fits:
			exact = better(exact, e)
		case e.server == k.server || e.quest == k.quest && k.quest != 0:
			near = better(near, e)
		}
	}
	switch {
	case exact != nil && exact.detail != none:
		p.answer(m, exact, hashBytes(p.seed, m.Data))
	case exact != nil:
		p.again(m, exact)
	case near != nil:
		p.mismatch(m, near)
	default:
		p.unmatched(m, k)
	}
}

// better prefers an open query, and of two the first.
func better(a, b *entry) *entry {
	if a == nil || a.detail == none && b.detail != none {
		return b
	}
	return a
}

// pair fills the transaction of a response.
func (p *pairer) pair(s Status, m *Message, q *Query) *Transaction {
	p.tx = Transaction{Status: s, Proto: m.Proto, IPVersion: m.IPVersion, Client: m.Client, Server: m.Server,
		ClientPort: m.ClientPort, ServerPort: m.ServerPort, Query: q, Response: m}
	if q != nil {
		p.tx.RTT = m.Time - q.Time
	}
	return &p.tx
}

func (p *pairer) answer(m *Message, e *entry, hash uint64) {
	t := p.pair(Answered, m, &p.opens[e.detail].Query)
	if s := p.spelling(m); s != 0 && e.spell != 0 {
		t.CaseDiffers = s != e.spell
	}
	e.answer = hash
	p.out.Transaction(t)
	p.release(e)
}

func (p *pairer) again(m *Message, e *entry) {
	s := Conflicting
	if e.answer == hashBytes(p.seed, m.Data) {
		s = Duplicate
	}
	p.out.Transaction(p.pair(s, m, nil))
}

func (p *pairer) mismatch(m *Message, e *entry) {
	if e.detail == none {
		p.out.Transaction(p.pair(Mismatched, m, nil))
		return
	}
	o := &p.opens[e.detail]
	t := p.pair(Mismatched, m, &o.Query)
	t.Server, t.ServerPort = o.server, o.serverPort
	p.out.Transaction(t)
}

// unmatched is for a response without a query: one that is late, or early by a reordering of the capture, or unsolicited.
func (p *pairer) unmatched(m *Message, k keys) {
	if o := p.late.find(k); o != nil {
		p.out.Transaction(p.pair(Late, m, &o.Query))
		return
	}
	if p.orphans.full() {
		p.giveUpOrphan()
	}
	p.orphans.hold(m, k)
}

// Quoted ties an ICMP error to the query that it quotes. The message is what the quote shows of a DNS message, its header at the least.
func (p *pairer) Quoted(m *Message, icmp ICMP) {
	p.advance(m.Time)
	k := p.keysOf(m)
	i := p.table.home(k.client)
	for range maxSame {
		var e *entry
		if e, i = p.table.next(k.client, i); e == nil {
			return
		}
		if e.server == k.server && e.detail != none {
			p.opens[e.detail].ICMP = icmp
			return
		}
	}
}

// Close settles what is open at the end of the capture, whose last packet is of the time given.
func (p *pairer) Close(last int64) {
	p.advance(last)
	for p.table.tail != p.table.head {
		p.expire(p.table.at(p.table.tail), Pending)
	}
	for p.orphans.len() > 0 {
		p.giveUpOrphan()
	}
}
