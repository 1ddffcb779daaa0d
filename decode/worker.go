package decode

import (
	"github.com/dnssniff/dnssniff/capture"
	"github.com/dnssniff/dnssniff/decode/packet"
)

// IP protocol numbers (IANA).
const (
	protoTCP = 6
	protoUDP = 17
)

// worker walks all packets and decodes those of its own shards. What no shard owns is counted by the lead.
type worker struct {
	conf   *Config
	shards [Shards]*shard // nil where another worker's
	lead   bool
	parser *packet.Parser
	t      packet.Transport
	stats  Stats
	prev   int64
	last   int64
	link   capture.LinkType
	tick   int64 // packet time at which all shards move on next
	leapt  bool  // the packet before had a time far ahead of all others
	// The packets of a batch that wait for their shard's turn: a shard that has several in a row finds its tables in the cache.
	waiting [Shards]queue
	// What the parser has found lost in the packet in work, or in time that went by.
	lost []packet.Lost
}

// queue holds the packets that wait.
type queue struct {
	n    int
	list [batch]waiting
}

// waiting is a packet of a batch, by its number there, and what Peek has told of it.
type waiting struct {
	number uint16
	role   role
	flow   packet.Flow
}

// newWorker makes worker number i of n, with a handler for each of its shards.
func newWorker(c *Config, i, n int, handler func(shard int) Handler) *worker {
	w := &worker{conf: c, lead: i == 0, parser: packet.NewParser(c.Fragments)}
	places := new([ahead]prepared)
	for s := i; s < Shards; s += n {
		w.shards[s] = newShard(c, handler(s), places)
	}
	w.parser.Watch(c.Timeout, func(l *packet.Lost) { w.lost = append(w.lost, *l) })
	return w
}

// batch takes the next packets of the capture. Each shard gets its packets in their order; between shards there is none, unless the
// configuration asks for it.
func (w *worker) batch(packets []capture.Packet) {
	if w.lead {
		w.count(packets)
	}
	quiet := w.quiet(packets)
	for i := range packets {
		p := &packets[i]
		if !quiet && w.clock(p) && p.Time >= w.tick {
			w.advance(packets, p.Time)
		}
		f, ok := packet.Peek(p)
		if !ok {
			w.slow(packets, p)
			continue
		}
		r := w.conf.Ports.role(f.SrcPort, f.DstPort, f.Proto == protoTCP)
		if !r.dns() {
			w.nonDNS(r)
			continue
		}
		s := r.shardOf(p, f)
		if w.shards[s] == nil {
			continue
		}
		q := &w.waiting[s]
		q.list[q.n&(batch-1)] = waiting{uint16(i), r, f}
		q.n++
		if w.conf.InOrder {
			w.serve(packets, s)
		}
	}
	for s := range w.shards {
		w.serve(packets, uint8(s))
	}
}

// step is how often, in packet time, a shard gives up what is overdue, though none of its own packets come (ns).
const step = 1e9

// advance moves all shards on. It happens at the same packets in each run, whatever the batches.
func (w *worker) advance(packets []capture.Packet, now int64) {
	w.tick = now + step
	w.parser.Advance(now)
	w.tellLost(packets)
	for i, s := range w.shards {
		if s != nil {
			w.serve(packets, uint8(i))
			s.advance(now)
		}
	}
}

// idle moves packet time on though no packet came.
func (w *worker) idle(now int64) {
	if w.last = max(w.last, now); now >= w.tick {
		w.advance(nil, now)
	}
}

// serve gives a shard the packets that wait for it.
func (w *worker) serve(packets []capture.Packet, s uint8) {
	own := w.shards[s]
	if own == nil {
		return
	}
	q := &w.waiting[s]
	for i := range q.list[:q.n] {
		x := &q.list[i]
		p := &packets[x.number]
		w.parser.ParseFlow(p, x.flow, &w.t)
		own.transport(p, &w.t, x.role)
	}
	q.n = 0
	own.flush()
}

// slow takes a packet of which only Parse can tell whose it is.
func (w *worker) slow(packets []capture.Packet, p *capture.Packet) {
	w.parser.Parse(p, &w.t)
	t := &w.t
	if len(w.lost) > 0 {
		own := *t
		w.tellLost(packets)
		*t = own
	}
	if w.lead && (t.Kind == packet.KindFragment || t.Fragments > 0) {
		w.stats.Fragments++
	}
	switch t.Kind {
	case packet.KindUDP, packet.KindTCP:
		r := w.conf.Ports.role(t.SrcPort, t.DstPort, t.Kind == packet.KindTCP)
		if !r.dns() {
			w.nonDNS(r)
			return
		}
		if n := r.shard(&t.Src, &t.Dst); w.shards[n] != nil {
			// What waits is earlier. A datagram put together of fragments lies in the parser, which plain packets leave alone.
			own := *t
			w.serve(packets, n)
			w.shards[n].transport(p, &own, r)
			w.shards[n].flush()
		}
	case packet.KindICMP:
		w.icmp(packets, p, t)
	case packet.KindBad:
		if w.lead {
			w.stats.Undecodable++
		}
	case packet.KindOther:
		w.nonDNS(0)
	}
}

// leap is how far the clock may move at once (ns). Further, a second packet has to confirm it: one frame from the future must not end all that
// is open.
const leap = 3600e9

// quiet says whether nothing comes due within a batch and no packet's time is in doubt, as it nearly always is. Then the clock is set.
func (w *worker) quiet(packets []capture.Packet) bool {
	last := w.last
	for i := range packets {
		last = max(last, packets[i].Time)
	}
	if w.leapt || last-w.last > leap || last >= w.tick {
		return false
	}
	w.last = last
	return true
}

// clock keeps time. It says whether the packet's time can be believed.
func (w *worker) clock(p *capture.Packet) bool {
	w.leapt = !w.leapt && w.last != 0 && p.Time-w.last > leap
	if !w.leapt && p.Time > w.last {
		w.last = p.Time
	}
	return !w.leapt
}

// count counts packets and their times.
func (w *worker) count(packets []capture.Packet) {
	s := &w.stats
	for i := range packets {
		p := &packets[i]
		if s.Packets == 0 {
			s.First, s.Last, w.prev = p.Time, p.Time, p.Time
		}
		if s.Packets == 0 || p.Link != w.link {
			w.link = p.Link
			s.link(p.Link)
		}
		s.Packets++
		if p.Time < w.prev {
			s.TimeWentBack++
			s.First = min(s.First, p.Time)
		}
		w.prev = p.Time
		s.Last = max(s.Last, p.Time)
		if int(p.Length) > len(p.Data) {
			s.SnaplenCut++
		}
	}
}

func (w *worker) nonDNS(r role) {
	if !w.lead {
		return
	}
	w.stats.NonDNS++
	if r&encrypted != 0 {
		w.stats.EncryptedDNS++
	}
}

func (w *worker) icmp(packets []capture.Packet, p *capture.Packet, t *packet.Transport) {
	q := &t.Quote
	r := role(0)
	if q.HasPorts && (q.Proto == protoUDP || q.Proto == protoTCP) {
		r = w.conf.Ports.role(q.SrcPort, q.DstPort, q.Proto == protoTCP)
	}
	if !r.dns() {
		w.nonDNS(0)
		return
	}
	if n := r.shard(&q.Src, &q.Dst); w.shards[n] != nil {
		own := *t
		w.serve(packets, n)
		w.shards[n].quote(p, &own, r)
	}
}

// close ends the capture and returns the worker's counts, its shards' among them.
func (w *worker) close() *Stats {
	w.parser.Advance(w.last)
	w.tellLost(nil)
	for _, s := range w.shards {
		if s != nil {
			s.close(w.last)
			w.stats.Add(&s.stats)
		}
	}
	if w.lead {
		f := w.parser.Stats()
		w.stats.FragmentsLost, w.stats.FragmentsOdd, w.stats.FragmentsLimit, w.stats.FragmentsLater = f.Lost(), f.Overlapped+f.Invalid, f.Evicted, f.Later
	}
	return &w.stats
}
