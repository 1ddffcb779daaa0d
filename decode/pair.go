package decode

import (
	"encoding/binary"
	"math/bits"
	"slices"

	"github.com/miekg/dns"

	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/decode/packet"
)

// skew is how much later than its response a query may be captured and still be its query (several capture queues, merged files).
const skew = 10e6 // ns

// pairer pairs the queries and responses of one shard (DESIGN: counting rules). A query is remembered for the timeout in packet time, whether
// answered or not: that is how repetitions of either side are known.
type pairer struct {
	timeout   int64
	keepNames bool
	keepData  bool
	opens     opens
	answered  answered
	late      lateTable
	orphans   orphanQueue
	out       Handler
	stats     *Stats
	tx        Transaction
	found     found
	reused    bool // the query that came last has the ID of another open one
}

func newPairer(c *Config, out Handler, stats *Stats) *pairer {
	timeout := c.Timeout.Nanoseconds()
	return &pairer{
		timeout: timeout, keepNames: c.KeepNames, keepData: c.KeepData,
		opens: newOpens(c.Limits.Open), answered: newAnswered(c.Limits.Answered, timeout),
		late: newLateTable(c.Limits.Late), orphans: newOrphanQueue(c.Limits.Orphans),
		out: out, stats: stats,
	}
}

// keys are the hashes that a message is found by.
type keys struct {
	client uint64 // client address, client port, transport and ID: what any response to a query shares with it
	server uint64 // server address, server port and TCP connection
	quest  uint64 // name, type and class; 0 where the question could not be read
	// Of all of these, with placeBits first that have no seed, of what a query and its response share: where a full table forgets may not
	// differ from run to run.
	all uint64
}

const placeBits = 24

func keysOf(m *Message) keys {
	if m.Parsed[0] == 0 {
		return keysWith(m, 0, 0)
	}
	q := &m.Question
	quest := fold(m.NameHash^k0, uint64(q.Type)<<16|uint64(q.Class)|1<<40) | 1
	return keysWith(m, quest, firstWord(q.Name)^uint64(len(q.Name))<<48^uint64(q.Type))
}

// keysWith returns the keys of a message whose question has these hashes: with the seed, and for its place.
func keysWith(m *Message, quest, question uint64) (k keys) {
	endpoint := uint64(m.ClientPort)<<24 ^ uint64(m.ID)<<8 ^ uint64(m.Proto)
	if m.backwards { // nothing that goes the right way is a query or a response to it
		endpoint ^= 1 << 4
	}
	k.client = fold(m.ClientHash^endpoint, k2)
	k.server = fold(m.ServerHash^uint64(m.ServerPort)<<48^m.conn, k1)
	k.quest = quest
	x, y := halves(&m.Client)
	const rest = 1<<(64-placeBits) - 1
	k.all = fold(x^bits.RotateLeft64(y, 23)^endpoint^k0, question^k2)&^rest | fold(k.client^k0, k.server^bits.RotateLeft64(quest, 32))&rest | 1
	return k
}

// firstWord returns the first octets of a name, whatever the case of its letters.
func firstWord(name []byte) uint64 {
	const lower = 0x2020202020202020
	if len(name) >= 8 {
		return binary.LittleEndian.Uint64(name) | lower
	}
	return lastWord(name) | lower
}

// Message settles what the message settles. Its keys are those of keysOf.
func (p *pairer) Message(m *Message, k *keys) {
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
	p.tx.Anomalies = p.found.status(&p.tx)
	p.out.Transaction(&p.tx)
	if s == Unanswered {
		p.late.add(o)
	}
	p.opens.remove(n)
}

func (p *pairer) query(m *Message, k *keys) {
	same, last := 0, uint32(0)
	for n := p.opens.first(k.client); n != 0; n = p.opens.list[n].after {
		o := &p.opens.list[n]
		if o.keys == *k {
			p.stats.Retransmitted++
			o.Retransmissions++
			return
		}
		same, last = same+1, n
		p.reused = p.reused || o.keys.server == k.server
	}
	if a := p.answered.find(k.all, m.Time); a != nil {
		p.stats.Retransmitted++
		p.answered.repeat(a, m.Time)
		return
	}
	if m.backwards && p.echoed(m) {
		return
	}
	switch {
	case same >= maxSame:
		p.evict(last)
	case p.opens.full():
		p.evict(p.opens.oldest())
	}
	o := p.opens.add(k)
	fill(o, m, p.keepNames)
	if p.keepData {
		o.Data = append(o.Data[:0], m.Data...)
	}
	if p.orphans.len() > 0 {
		p.adopt(k)
	}
}

// echoed says whether a query that came from a server's port is what a client sent there and waits for: not a query of its own.
func (p *pairer) echoed(m *Message) bool {
	m.backwards = false
	k := keysOf(m)
	m.backwards = true
	n, _ := p.candidates(&k)
	return n != 0
}

func (p *pairer) evict(n uint32) {
	p.stats.PairingEvicted++
	p.opens.remove(n)
}

// lastWord returns the last octets of a name.
func lastWord(name []byte) uint64 {
	if n := len(name); n >= 8 {
		return binary.LittleEndian.Uint64(name[n-8:])
	}
	var w [8]byte
	copy(w[:], name)
	return binary.LittleEndian.Uint64(w[:])
}

// fill makes a query of a message. Each field is set by itself: a literal would be made elsewhere and copied.
func fill(o *open, m *Message, keepName bool) {
	o.client, o.server, o.clientPort, o.serverPort = m.Client, m.Server, m.ClientPort, m.ServerPort
	o.proto, o.ipVersion, o.spell, o.conn = m.Proto, m.IPVersion, m.spelling, m.conn
	q := &o.Query
	q.Time, q.Number, q.File, q.ID, q.Flags, q.Length = m.Time, m.Number, m.File, m.ID, m.Flags, m.Length
	q.HasOPT, q.UDPSize, q.EDNSFlags, q.EDNSVersion = m.HasOPT, m.EDNS.UDPSize, m.EDNS.Flags, m.EDNS.Version
	q.Malformed, q.Cut, q.NameHash, q.Retransmissions, q.ICMP.Seen = m.Malformed, m.Cut, m.NameHash, 0, false
	q.NAnomalies = uint8(copy(q.Anomalies[:], m.Message.Anomalies))
	if len(m.Message.Anomalies) > len(q.Anomalies) {
		q.keepWorst(m.Message.Anomalies)
	}
	q.TSIG, q.Signed, q.Options, q.CookieLen = m.HasTSIG, m.HasTSIG || m.HasSIG0, 0, 0
	if m.HasOPT && m.EDNS.Has != 0 {
		q.Options = m.EDNS.Has
		q.keepOptions(&m.EDNS)
	}
	q.HasQuestion, q.Name = m.Parsed[0] > 0, q.Name[:0]
	if q.HasQuestion {
		q.Type, q.Class = m.Question.Type, m.Question.Class
		if keepName {
			q.Name = append(q.Name, m.Question.Name...)
		}
	}
}

// keepWorst keeps the worst of more anomalies than there is room for, in their order.
func (q *Query) keepWorst(all []anomaly.Seen) {
	for least := anomaly.Malformed; ; least-- {
		n := 0
		for i := range all {
			if all[i].ID.Severity() >= least {
				n++
			}
		}
		if n >= len(q.Anomalies) || least == anomaly.Info {
			q.takeFrom(all, least)
			return
		}
	}
}

// takeFrom takes those that are worse than a severity, then of it, and puts them in the order of their offsets.
func (q *Query) takeFrom(all []anomaly.Seen, least anomaly.Severity) {
	kept := q.Anomalies[:0]
	for _, worse := range [...]bool{true, false} {
		for i := range all {
			if sev := all[i].ID.Severity(); len(kept) < len(q.Anomalies) && (worse && sev > least || !worse && sev == least) {
				kept = append(kept, all[i])
			}
		}
	}
	slices.SortStableFunc(kept, func(a, b anomaly.Seen) int { return int(a.Offset) - int(b.Offset) })
	q.NAnomalies = uint8(len(kept))
}

// response finds the query of a response: the one with the same endpoints, ID and question. Where one of the two has no readable question,
// as an error response to a malformed query often has not, the rest decides.
func (p *pairer) response(m *Message, k *keys) {
	exact, near := p.candidates(k)
	if exact != 0 {
		p.answer(m, exact, k)
		return
	}
	if a := p.answered.find(k.all, m.Time); a != nil {
		p.again(m, a)
	} else if near != 0 {
		p.mismatch(m, near)
	} else {
		p.unmatched(m, k)
	}
}

// candidates returns the first open query that a response with these keys answers, and the first that it nearly does; 0 for none.
func (p *pairer) candidates(k *keys) (exact, near uint32) {
	for n := p.opens.first(k.client); n != 0; n = p.opens.list[n].after {
		o := &p.opens.list[n]
		switch {
		case o.keys.server == k.server && (o.quest == k.quest || o.quest == 0 || k.quest == 0):
			exact = n
		case o.keys.server == k.server || o.quest == k.quest && k.quest != 0:
			near = n
		}
	}
	return exact, near
}

// pair fills the transaction of a response.
func (p *pairer) pair(s Status, m *Message, q *Query) *Transaction {
	t := &p.tx
	t.Status, t.Proto, t.IPVersion, t.Client, t.Server = s, m.Proto, m.IPVersion, m.Client, m.Server
	t.ClientPort, t.ServerPort, t.Query, t.Response, t.RTT, t.CaseDiffers, t.Anomalies = m.ClientPort, m.ServerPort, q, m, 0, false, nil
	if q != nil {
		t.RTT = m.Time - q.Time
	}
	return t
}

// end hands over a response that answers no open query.
func (p *pairer) end(t *Transaction) {
	t.Anomalies = p.found.status(t)
	p.out.Transaction(t)
}

// answer settles an open query. k is of the response, which can lack the question: it is remembered under both.
func (p *pairer) answer(m *Message, n uint32, k *keys) {
	o := &p.opens.list[n]
	t := p.pair(Answered, m, &o.Query)
	t.CaseDiffers = m.spelling != o.spell && m.spelling != 0 && o.spell != 0
	p.found.judge(t)
	if m.Proto == TCP && p.overtakes(n) {
		p.found.add(outOfOrder, 0, 0)
	}
	t.Anomalies = p.found.all()
	p.out.Transaction(t)
	hash := m.body &^ transfer
	if m.Proto == TCP && (o.Type == dns.TypeAXFR || o.Type == dns.TypeIXFR) {
		hash |= transfer
	}
	p.remember(o.keys.all, o.Time, m.Time, hash)
	if o.quest != k.quest {
		p.remember(k.all, o.Time, m.Time, hash)
	}
	if hash&transfer != 0 && k.quest != 0 { // later messages of a transfer may lack the question (RFC 5936 section 2.2.1)
		bare := keysWith(m, 0, 0)
		p.remember(bare.all, o.Time, m.Time, hash)
	}
	p.opens.remove(n)
}

func (p *pairer) remember(key uint64, first, now int64, hash uint32) {
	if !p.answered.add(key, first, now, hash) {
		p.stats.PairingForgotten++
	}
}

// again is for another response to an answered query.
func (p *pairer) again(m *Message, a *answer) {
	switch {
	case a.hash&transfer != 0: // the next message of a zone transfer
		p.answered.repeat(a, m.Time)
	case a.hash == m.body&^transfer:
		p.end(p.pair(Duplicate, m, nil))
	default:
		p.end(p.pair(Conflicting, m, nil))
	}
}

func (p *pairer) mismatch(m *Message, n uint32) {
	o := &p.opens.list[n]
	t := p.pair(Mismatched, m, &o.Query)
	t.Server, t.ServerPort = o.server, o.serverPort
	p.end(t)
}

// unmatched is for a response without a query: one that is late, or early by a reordering of the capture, or unsolicited.
func (p *pairer) unmatched(m *Message, k *keys) {
	if o := p.late.find(k); o != nil {
		p.end(p.pair(Late, m, &o.Query))
		return
	}
	if p.orphans.full() {
		p.stats.PairingForgotten++
		p.giveUpOrphan()
	}
	p.orphans.hold(m, k, p.toOtherPort(m, k))
}

// Quoted ties an ICMP error to the query that it quotes. The message is what the quote shows of a DNS message, its header at the least.
func (p *pairer) Quoted(m *Message, icmp ICMP) {
	p.advance(m.Time)
	k := keysOf(m)
	if n, _ := p.candidates(&k); n != 0 {
		p.opens.list[n].ICMP = icmp
	}
}

// quoteReach is how many open queries, from the youngest on, an ICMP error that quotes no whole DNS header is compared with.
const quoteReach = 256

// QuotedPorts ties an ICMP error to the youngest query between the addresses and ports that it quotes: routers may quote no more than the UDP
// header (RFC 792), and then a bit of the DNS header.
func (p *pairer) QuotedPorts(now int64, q *packet.Quote, icmp ICMP) {
	p.advance(now)
	n := p.opens.list[0].prev
	for range quoteReach {
		if n == 0 {
			return
		}
		o := &p.opens.list[n]
		if o.clientPort == q.SrcPort && o.serverPort == q.DstPort && o.client == q.Src && o.server == q.Dst && o.proto == UDP &&
			(len(q.Payload) < 2 || o.ID == binary.BigEndian.Uint16(q.Payload)) {
			o.ICMP = icmp
			return
		}
		n = o.prev
	}
}

// waitsOn says whether one of the youngest queries is of that TCP connection.
func (p *pairer) waitsOn(conn uint64) bool {
	n := p.opens.list[0].prev
	for range quoteReach {
		if n == 0 {
			return false
		}
		o := &p.opens.list[n]
		if o.proto == TCP && o.conn == conn {
			return true
		}
		n = o.prev
	}
	return false
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
