package decode

import (
	"encoding/binary"
	"math/bits"
)

// skew is how much later than its response a query may be captured and still be its query (several capture queues, merged files).
const skew = 10e6 // ns

// maxSame bounds how many queries of one client endpoint with one ID are looked at: more are a flood, where precision is lost anyway.
const maxSame = 64

// pairer pairs the queries and responses of one shard (DESIGN: counting rules). A query is remembered for the timeout, counted from its
// first transmission and in packet time, whether answered or not: that is how repetitions of either side are known.
type pairer struct {
	timeout   int64
	seed      uint64
	keepNames bool
	opens     opens
	answered  answered
	late      lateTable
	orphans   orphanQueue
	out       Handler
	stats     *Stats
	tx        Transaction
}

func newPairer(c *Config, out Handler, stats *Stats) *pairer {
	timeout := c.Timeout.Nanoseconds()
	return &pairer{
		timeout: timeout, seed: c.Seed, keepNames: c.KeepNames,
		opens: newOpens(c.Limits.Open), answered: newAnswered(c.Limits.Answered, timeout),
		late: newLateTable(c.Limits.Late), orphans: newOrphanQueue(c.Limits.Orphans),
		out: out, stats: stats,
	}
}

// keys are the hashes that a message is found by.
type keys struct{ client, server, quest uint64 }

func (p *pairer) keysOf(m *Message) keys {
	k := keys{
		client: fold(m.ClientHash^uint64(m.ClientPort)<<24^uint64(m.ID)<<8^uint64(m.Proto), k2),
		server: fold(m.ServerHash^uint64(m.ServerPort)<<48^m.conn, k1),
	}
	if m.Parsed[0] > 0 {
		k.quest = fold(m.NameHash^p.seed, uint64(m.Question.Type)<<16|uint64(m.Question.Class)|1<<40) | 1
	}
	return k
}

// Message settles what the message settles. Its keys are those of keysOf.
func (p *pairer) Message(m *Message, k keys) {
	p.advance(m.Time)
	if m.Response() {
		p.response(m, k)
	} else {
		p.query(m, k)
	}
}

// advance moves packet time and gives up the queries whose time is over. A clock that jumps back ends them too, once it is off by more than
// the timeout: otherwise one frame from the future would keep all behind it open.
func (p *pairer) advance(now int64) {
	for n := p.opens.oldest(); n != 0; n = p.opens.oldest() {
		if age := now - p.opens.list[n].Time; age <= p.timeout && age >= -p.timeout {
			break
		}
		p.settle(Unanswered, n)
	}
	p.answered.sweep(now)
	if p.orphans.len() > 0 {
		p.releaseOrphans(now)
	}
}

// settle ends an open query without a response.
func (p *pairer) settle(s Status, n uint32) {
	o := &p.opens.list[n]
	p.tx = Transaction{Status: s, Proto: o.proto, IPVersion: o.ipVersion, Client: o.client, Server: o.server,
		ClientPort: o.clientPort, ServerPort: o.serverPort, Query: &o.Query}
	p.out.Transaction(&p.tx)
	if s == Unanswered {
		p.late.add(o)
	}
	p.opens.remove(n)
}

func (p *pairer) query(m *Message, k keys) {
	if o := p.repeated(k); o != nil {
		p.stats.Retransmitted++
		o.Retransmissions++
		return
	}
	if a, near := p.answered.find(&k, m.Time); a != nil && !near && (a.quest == 0) == (k.quest == 0) {
		p.stats.Retransmitted++
		return
	}
	if p.opens.full() {
		p.stats.PairingEvicted++
		p.opens.remove(p.opens.oldest())
	}
	o := p.opens.add(k)
	p.fill(o, m)
	if p.orphans.len() > 0 {
		p.adopt(k)
	}
}

// repeated returns the open query with these keys.
func (p *pairer) repeated(k keys) *open {
	i := p.opens.home(k.client)
	for range maxSame {
		var n uint32
		if n, i = p.opens.next(k.client, i); n == 0 {
			return nil
		}
		if o := &p.opens.list[n]; o.keys == k {
			return o
		}
	}
	return nil
}

// spelling tells one spelling of the question's name from another; 0 without a name.
func spelling(m *Message) uint32 {
	if m.Parsed[0] == 0 {
		return 0
	}
	var h uint64
	name := m.Question.Name
	for ; len(name) >= 8; name = name[8:] {
		h = bits.RotateLeft64(h, 5) ^ binary.LittleEndian.Uint64(name)
	}
	for _, c := range name {
		h = bits.RotateLeft64(h, 5) ^ uint64(c)
	}
	return uint32(h^h>>32) | 1
}

func (p *pairer) fill(o *open, m *Message) {
	o.client, o.server, o.clientPort, o.serverPort = m.Client, m.Server, m.ClientPort, m.ServerPort
	o.proto, o.ipVersion, o.spell = m.Proto, m.IPVersion, spelling(m)
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
	exact, near := p.candidates(k)
	if exact != 0 {
		p.answer(m, exact)
		return
	}
	a, almost := p.answered.find(&k, m.Time)
	switch {
	case a != nil && !almost:
		p.again(m, a)
	case near != 0:
		p.mismatch(m, near)
	case a != nil:
		p.out.Transaction(p.pair(Mismatched, m, nil))
	default:
		p.unmatched(m, k)
	}
}

// candidates returns the first open query that a response with these keys answers, and the first that it nearly does; 0 for none.
func (p *pairer) candidates(k keys) (exact, near uint32) {
	i := p.opens.home(k.client)
	for range maxSame {
		var n uint32
		if n, i = p.opens.next(k.client, i); n == 0 {
			break
		}
		o := &p.opens.list[n]
		switch {
		case o.keys.server == k.server && (o.quest == k.quest || o.quest == 0 || k.quest == 0):
			if exact == 0 || o.Time < p.opens.list[exact].Time {
				exact = n
			}
		case near == 0 && (o.keys.server == k.server || o.quest == k.quest && k.quest != 0):
			near = n
		}
	}
	return exact, near
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

func (p *pairer) answer(m *Message, n uint32) {
	o := &p.opens.list[n]
	t := p.pair(Answered, m, &o.Query)
	if s := spelling(m); s != 0 && o.spell != 0 {
		t.CaseDiffers = s != o.spell
	}
	p.out.Transaction(t)
	if !p.answered.add(&o.keys, o.Time, m.Time, p.bytesHash(m)) {
		p.stats.PairingForgotten++
	}
	p.opens.remove(n)
}

// bytesHash tells responses apart.
func (p *pairer) bytesHash(m *Message) uint32 { return uint32(hashBytes(p.seed, m.Data)) }

func (p *pairer) again(m *Message, a *answer) {
	s := Conflicting
	if a.hash == p.bytesHash(m) {
		s = Duplicate
	}
	p.out.Transaction(p.pair(s, m, nil))
}

func (p *pairer) mismatch(m *Message, n uint32) {
	o := &p.opens.list[n]
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
	if n, _ := p.candidates(k); n != 0 {
		p.opens.list[n].ICMP = icmp
	}
}

// Close settles what is open at the end of the capture, whose last packet is of the time given.
func (p *pairer) Close(last int64) {
	p.advance(last)
	for n := p.opens.oldest(); n != 0; n = p.opens.oldest() {
		p.settle(Pending, n)
	}
	for p.orphans.len() > 0 {
		p.giveUpOrphan()
	}
}
