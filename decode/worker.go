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

// worker walks all packets and decodes those of its own shards.
type worker struct {
	conf   *Config
	shards [Shards]*shard // nil where another worker's
	lead   bool
	parser *packet.Parser
	t      packet.Transport
	stats  Stats            // of the packets that no shard need own. All workers count the same, and the lead tells
	prev   int64            // time of the packet before
	last   int64            // the clock: the latest time that can be believed
	link   capture.LinkType // of the packet before
	tick   int64            // packet time at which all shards move on next
	leapt  bool             // the packet before had a time far ahead of all others
	// The packets of a batch that wait for their shard's turn: a shard that has several in a row finds its tables in the cache.
	waiting [Shards]*queue // nil where another worker's
	// What the parser has found lost in the packet in work, or in time that went by.
	lost []packet.Lost
}

// queue holds the packets that wait.
type queue struct {
	n    int
	list [batch]waiting
}

func (q *queue) put(number int, f packet.Flow, r role) {
	q.list[q.n&(batch-1)] = waiting{f, uint16(number), r}
	q.n++
}

// waiting is a packet of a batch, by its number there, and what Peek has told of it.
type waiting struct {
	flow   packet.Flow
	number uint16
	role   role
}

// newWorker makes worker number i of n, with a handler for each of its shards.
func newWorker(c *Config, i, n int, handler func(shard int) Handler) *worker {
	w := &worker{conf: c, lead: i == 0, parser: packet.NewParser(c.Fragments)}
	places := new([ahead]prepared)
	for i := range places {
		places[i].msg.Message = &places[i].wire
	}
	for s := i; s < Shards; s += n {
		w.shards[s], w.waiting[s] = newShard(c, handler(s), places), new(queue)
	}
	w.parser.Watch(c.Timeout, func(l *packet.Lost) { w.lost = append(w.lost, *l) })
	return w
}

// batch takes the next packets of the capture. Each shard gets its packets in their order; between shards there is none, unless the
// configuration asks for it.
func (w *worker) batch(packets []capture.Packet) {
	for i := 0; i < len(packets); i++ {
		if i = w.plain(packets, i); i < len(packets) {
			w.sort(packets, i)
		}
	}
	for s := range w.shards {
		w.serve(packets, uint8(s))
	}
}

// plain counts and sorts packets from number i on, as long as they are what nearly all are: DNS over UDP on Ethernet, in order, and before the tick, which each
// leap is behind. It returns the number of the first that is not. Each worker does this for all packets: it has to be short.
func (w *worker) plain(packets []capture.Packet, i int) int {
	if packets[i].Link != w.link || w.conf.InOrder || w.conf.Ports.more {
		return i
	}
	first, cut, prev := i, 0, w.prev
	for ; i < len(packets); i++ {
		p := &packets[i]
		start := packet.StartOf(p)
		if start == nil {
			break
		}
		var f packet.Flow
		var lo, hi uint64 // the client
		if start.UDP4() {
			f, lo, hi = start.Client4()
		} else if start.UDP6() {
			f, lo, hi = start.Client6()
		} else {
			break
		}
		if f.FromDNS() == f.ToDNS() || p.Time < prev || p.Time >= w.tick {
			break
		}
		prev = p.Time
		cut -= (len(p.Data) - int(p.Length)) >> 63 // all ones where the snaplen cut it: what can be chosen without a branch, is
		if q := w.waiting[shardOfWords(lo, hi)]; q != nil {
			r := uint32(dstServer)
			if f.FromDNS() {
				r = uint32(srcServer)
			}
			q.put(i, f, role(r))
		}
	}
	w.passed(i-first, cut, prev)
	return i
}

// passed counts n packets in order, of which the last has that time.
func (w *worker) passed(n, cut int, last int64) {
	if n == 0 {
		return
	}
	s := &w.stats
	s.Packets += uint64(n)
	s.SnaplenCut += uint64(cut)
	w.prev, w.last, s.Last = last, max(w.last, last), max(s.Last, last)
}

// sort counts a packet, whatever it is, and finds whose it is.
func (w *worker) sort(packets []capture.Packet, i int) {
	p := &packets[i]
	w.count(p)
	if w.clock(p) && p.Time >= w.tick {
		w.advance(packets, p.Time)
	}
	f, ok := packet.Peek(p)
	if !ok {
		w.slow(packets, p)
		return
	}
	r := w.conf.Ports.role(f.SrcPort(), f.DstPort(), f.TCP())
	if !r.dns() {
		w.nonDNS(r)
		return
	}
	s := r.shardOf(p, f)
	if w.shards[s] == nil {
		return
	}
	w.waiting[s].put(i, f, r)
	if w.conf.InOrder {
		w.serve(packets, s)
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
	q := w.waiting[s]
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
	if t.Kind == packet.KindFragment || t.Fragments > 0 {
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
		w.stats.Undecodable++
	case packet.KindOther:
		w.nonDNS(0)
	}
}

// leap is how far the clock may move at once (ns). Further, a second packet has to confirm it: one frame from the future must not end all that
// is open.
const leap = 3600e9

// clock keeps time. It says whether the packet's time can be believed.
func (w *worker) clock(p *capture.Packet) bool {
	w.leapt = !w.leapt && w.last != 0 && p.Time-w.last > leap
	if !w.leapt && p.Time > w.last {
		w.last = p.Time
	}
	return !w.leapt
}

// count counts a packet and its time.
func (w *worker) count(p *capture.Packet) {
	s := &w.stats
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

func (w *worker) nonDNS(r role) {
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
	var sum Stats
	if w.lead {
		sum = w.stats
		f := w.parser.Stats()
		sum.FragmentsLost, sum.FragmentsOdd, sum.FragmentsLimit, sum.FragmentsLater = f.Lost(), f.Overlapped+f.Invalid, f.Evicted, f.Later
	}
	for _, s := range w.shards {
		if s != nil {
			s.close(w.last)
			sum.Add(&s.stats)
		}
	}
	return &sum
}
