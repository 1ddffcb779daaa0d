package main

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/dnssniff/dnssniff/capture"
	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/decode/packet"
	"github.com/dnssniff/dnssniff/decode/wire"
	"github.com/dnssniff/dnssniff/ui/inspect"
)

// lateFactor is how many times the timeout a response is waited for, in packet time: one that is late is better than none.
const lateFactor = 4

// maxFragmentAge is how long fragments are waited for, in packet time (ns): as long as they are kept (packet.DefaultLimits).
const maxFragmentAge = 30e9

// finder finds the messages that a packet helps to complete, and what belongs to them. It stands between the source and the decoder, so that it
// sees the packets, and takes what the decoder makes of them.
type finder struct {
	capture.Source
	stop context.CancelFunc
	file string
	want uint64
	conf decode.Config

	parser *packet.Parser
	batch  []capture.Packet // that the decoder is working on
	last   uint64           // number of the last packet read
	now    int64            // the latest packet time
	target *target          // nil while the packet was not read
	hits   []*hit
	held   holder
	events []flowEvent // the last maxEvents, a ring
	told   int         // events ever
	before []*hit      // the last messages before the packet that it is another copy of a part of
	done   bool        // all is known: what comes is of no interest
}

// target is the packet asked for.
type target struct {
	packet capture.Packet // with its own bytes
	t      packet.Transport
	frag   fragmentKey
}

// fragmentKey says which datagram a fragment is of; the zero value is of no fragment.
type fragmentKey struct {
	src, dst packet.Addr
	id       uint32
	version  uint8
}

// hit is a message of the packet asked for.
type hit struct {
	raw     decode.Message // without its wire.Message
	msg     *inspect.Message
	out     inspect.Exchange
	settled bool
	final   bool // nothing more can become known
}

func newFinder(want uint64, conf *decode.Config, file string, stop context.CancelFunc) *finder {
	return &finder{want: want, conf: *conf, file: file, stop: stop, parser: packet.NewParser(packet.Limits{})}
}

// ReadBatch reads from the source and looks for the packet.
func (f *finder) ReadBatch(batch []capture.Packet) (int, error) {
	n, err := f.Source.ReadBatch(batch)
	f.batch = batch[:n]
	for i := range f.batch {
		p := &f.batch[i]
		f.last, f.now = p.Number, max(f.now, p.Time)
		if p.Number == f.want {
			f.aim(p)
		}
	}
	return n, err
}

// aim takes the packet asked for.
func (f *finder) aim(p *capture.Packet) {
	g := &target{packet: *p}
	g.packet.Data = bytes.Clone(p.Data)
	packet.NewParser(packet.Limits{}).Parse(&g.packet, &g.t)
	g.frag = fragmentOf(&g.t)
	f.target = g
	f.held.each(func(x *kept) {
		if m := x.raw(); f.helps(&m, x.whence()) {
			if h := f.hitOf(x); h != nil {
				f.before = append(f.before, h)
			}
		}
	})
}

// whence is what the packet that completed a message says of it.
type whence struct {
	frame      int // where the message is in the packet, negative if in several
	fromServer bool
	frag       fragmentKey // of the packet
}

// whence looks at the packet that completed a message. Where it is gone, the message's QR bit has to say who sent it.
func (f *finder) whence(m *decode.Message) whence {
	w := whence{frame: -1, fromServer: m.Response()}
	p := f.packetOf(m)
	if p == nil {
		return w
	}
	w.frame = within(p.Data, m.Data)
	parser := f.parser
	if m.Fragments > 0 { // it must not know of the others
		parser = packet.NewParser(packet.Limits{})
	}
	var t packet.Transport
	parser.Parse(p, &t)
	w.frag = fragmentOf(&t)
	switch {
	case t.IPVersion == 0:
	case m.Client != m.Server:
		w.fromServer = t.Src == m.Server
	case t.Kind == packet.KindUDP || t.Kind == packet.KindTCP:
		w.fromServer = t.SrcPort == m.ServerPort && (t.DstPort != m.ServerPort || m.Response())
	}
	return w
}

func fragmentOf(t *packet.Transport) fragmentKey {
	if t.Kind != packet.KindFragment {
		return fragmentKey{}
	}
	return fragmentKey{t.Src, t.Dst, t.IPID, t.IPVersion}
}

// helps says whether the packet asked for has bytes of a message. What completed the message may be another packet.
func (f *finder) helps(m *decode.Message, w whence) bool {
	g := f.target
	switch {
	case m.Number == f.want:
		return true
	case g == nil:
		return false
	case m.Proto == decode.TCP:
		return g.t.Kind == packet.KindTCP && f.overlaps(m, w.fromServer)
	}
	return m.Fragments > 0 && w.frag == g.frag && w.frag != fragmentKey{} && max(m.Time-g.packet.Time, g.packet.Time-m.Time) <= maxFragmentAge
}

// overlaps says whether the segment asked for has bytes of a message.
func (f *finder) overlaps(m *decode.Message, fromServer bool) bool {
	t := &f.target.t
	src, dst, sport, dport := m.Client, m.Server, m.ClientPort, m.ServerPort
	if fromServer {
		src, dst, sport, dport = dst, src, dport, sport
	}
	if t.SrcPort != sport || t.Src != src || t.DstPort != dport || t.Dst != dst {
		return false
	}
	seq := t.Seq
	if t.Flags&packet.FlagSYN != 0 {
		seq++
	}
	const prefix = 2
	return int32(m.Seq-seq) < int32(t.PayloadLen) && int32(seq-m.Seq) < int32(m.Length)+prefix
}

// packetOf returns a packet of the batch in work, or nil.
func (f *finder) packetOf(m *decode.Message) *capture.Packet {
	for i := range f.batch {
		if p := &f.batch[i]; p.Number == m.Number && p.File == m.File {
			return p
		}
	}
	return nil
}

// within returns where bytes that alias a frame are in it, -1 where they do not.
func within(frame, b []byte) int {
	if len(b) == 0 {
		return -1
	}
	for i := range frame {
		if &frame[i] == &b[0] {
			return i
		}
	}
	return -1
}

// Message takes a message from the decoder.
func (f *finder) Message(m *decode.Message) {
	if f.done {
		return
	}
	w := f.whence(m)
	if f.helps(m, w) {
		f.hit(m, w)
	}
	if m.Proto == decode.UDP || m.Proto == decode.TCP {
		f.held.add(m, w)
	}
}

// hit takes a message that the packet asked for has bytes of.
func (f *finder) hit(m *decode.Message, w whence) {
	h := &hit{raw: *m}
	h.msg = f.message(&h.raw, m.Data, w)
	h.raw.Message = h.msg.Message
	if f.target != nil && m.Number < f.want {
		f.before = append(f.before, h)
		return
	}
	f.hits = append(f.hits, h)
	if m.Proto == decode.MDNS || m.Proto == decode.LLMNR { // not paired
		h.settled, h.final = true, true
		h.remark("Multicast messages are not paired with each other.")
	}
}

// hitOf makes a hit of a message that was held.
func (f *finder) hitOf(x *kept) *hit {
	h := &hit{raw: x.raw()}
	if h.msg = f.messageOf(x); h.msg == nil {
		return nil
	}
	h.raw.Message = h.msg.Message
	return h
}

func (f *finder) messageOf(x *kept) *inspect.Message {
	data, ok := f.held.data(x)
	if !ok {
		return nil
	}
	own := x.raw()
	own.Message = &wire.Message{Cut: x.cut}
	return f.message(&own, data, x.whence())
}

// message makes what is shown of a message, with a copy of its bytes.
func (f *finder) message(m *decode.Message, data []byte, at whence) *inspect.Message {
	from, to := netip.AddrPortFrom(m.Client.Netip(), m.ClientPort), netip.AddrPortFrom(m.Server.Netip(), m.ServerPort)
	if at.fromServer {
		from, to = to, from
	}
	w := &wire.Message{}
	w.Parse(bytes.Clone(data), m.Cut)
	w.Over(wire.Carrier(m.Proto))
	if !w.Response() && w.Parsed[wire.SectionQuestion] > 0 {
		w.Anomalies = w.Question.NameAnomalies(w.Anomalies)
	}
	return &inspect.Message{Message: w, File: f.file, Number: m.Number, Time: m.Time, From: from, To: to, Proto: m.Proto, Length: int(m.Length),
		Fragments: int(m.Fragments), Segments: int(m.Segments), FirstNumber: m.FirstNumber, Frame: at.frame}
}

// Transaction takes a transaction from the decoder.
func (f *finder) Transaction(t *decode.Transaction) {
	if f.done {
		return
	}
	for _, h := range f.hits {
		switch {
		case h.final:
		case h.msg.Response():
			if r := t.Response; r != nil && r.Number == h.raw.Number && r.ID == h.msg.ID && r.Seq == h.raw.Seq && r.ClientPort == h.raw.ClientPort {
				f.settle(h, t)
			}
		case t.Query != nil && f.isQuery(h, t):
			f.settle(h, t)
		}
	}
}

// isQuery says whether the query of a transaction is that of a hit, or the first transmission of it.
func (f *finder) isQuery(h *hit, t *decode.Transaction) bool {
	q := t.Query
	if q.ID != h.msg.ID || t.Proto != h.raw.Proto || t.ClientPort != h.raw.ClientPort || t.Client != h.raw.Client || t.Server != h.raw.Server ||
		t.ServerPort != h.raw.ServerPort || q.NameHash != h.raw.NameHash {
		return false
	}
	return q.Number == h.raw.Number || q.Retransmissions > 0 && q.Time <= h.raw.Time
}

// settle notes what became of a query or what a response belongs to.
func (f *finder) settle(h *hit, t *decode.Transaction) {
	if t.Status == decode.Mismatched && !h.msg.Response() {
		h.remark(fmt.Sprintf("A response in packet %d nearly matches the query, and is taken for another's.", t.Response.Number))
		return
	}
	e := &h.out
	e.Status, e.Settled, e.Timeout, h.settled = t.Status, true, f.conf.Timeout, true
	h.final = t.Status != decode.Unanswered // a late response may come
	e.Anomalies = slices.Clone(t.Anomalies)
	if q := t.Query; q != nil {
		e.Repetitions, e.ICMP, e.FirstQuery = int(q.Retransmissions), q.ICMP, q.Number
		if h.msg.Response() {
			e.Query = f.query(t)
			if e.Query == nil {
				h.remark(fmt.Sprintf("The query is packet %d, too far back to be still held.", q.Number))
			}
		}
		if t.Response != nil {
			e.RTT, e.HasRTT = time.Duration(t.RTT), true
		}
	}
	if r := t.Response; r != nil && !h.msg.Response() {
		e.Response = f.response(r)
	}
	f.addFlow(h, t)
}

// addFlow adds the anomalies that the fields of a transaction tell, unless they are there.
func (f *finder) addFlow(h *hit, t *decode.Transaction) {
	add := func(odd bool, id anomaly.ID) {
		if odd && !slices.ContainsFunc(h.out.Anomalies, func(a anomaly.Seen) bool { return a.ID == id }) {
			h.out.Anomalies = append(h.out.Anomalies, anomaly.Seen{ID: id})
		}
	}
	add(t.Status == decode.Unanswered, anomaly.Make('P', 1))
	add(t.Query != nil && t.Query.Retransmissions > 0, anomaly.Make('P', 3))
	add(t.Response != nil && t.Query != nil && t.RTT < 0, anomaly.Make('P', 13))
	add(t.CaseDiffers, anomaly.Make('Q', 12))
}

// query returns the query of a transaction from what is held.
func (f *finder) query(t *decode.Transaction) *inspect.Message {
	if x := f.heldQuery(t); x != nil {
		return f.messageOf(x)
	}
	return nil
}

// heldQuery returns the query of a transaction that has one, or nil where it is held no more.
func (f *finder) heldQuery(t *decode.Transaction) *kept {
	q := t.Query
	return f.held.latest(func(x *kept) bool {
		return !x.response && x.number == q.Number && x.file == q.File && x.id == q.ID && x.nameHash == q.NameHash && x.proto == t.Proto
	})
}

// response copies a response, which is the message in work or one that was held back.
func (f *finder) response(r *decode.Message) *inspect.Message {
	x := f.held.latest(func(x *kept) bool {
		return x.response && x.number == r.Number && x.id == r.ID && x.seq == r.Seq && x.sameEnds(r)
	})
	if x != nil {
		return f.messageOf(x)
	}
	return f.message(r, r.Data, f.whence(r))
}

func (h *hit) remark(s string) { h.out.Remarks = append(h.out.Remarks, s) }
