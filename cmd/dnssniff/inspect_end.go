package main

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/decode/packet"
	"github.com/dnssniff/dnssniff/ui/inspect"
)

// check ends the reading when nothing more can become known. The decoder calls it between batches.
func (f *finder) check() {
	if f.done || f.target == nil || !f.complete() {
		return
	}
	for _, h := range f.hits {
		if !h.final && f.now-h.raw.Time <= f.patience(h) {
			return
		}
	}
	f.done = true
	f.stop()
}

// patience is how long after a message what belongs to it is waited for, in packet time (ns).
func (f *finder) patience(h *hit) int64 {
	if h.msg.Response() {
		return f.conf.Timeout.Nanoseconds()
	}
	return lateFactor * f.conf.Timeout.Nanoseconds()
}

// complete says whether all messages that the packet helps to complete have come.
func (f *finder) complete() bool {
	t := &f.target.t
	switch t.Kind {
	case packet.KindFragment:
		return len(f.hits) > 0 || t.Fault != packet.FaultNone || f.now-f.target.packet.Time > maxFragmentAge
	case packet.KindTCP:
		return t.PayloadLen == 0 || !f.conf.Ports.Has(t.SrcPort) && !f.conf.Ports.Has(t.DstPort) || f.used() >= t.PayloadLen
	}
	return true // the decoder has had the packet
}

// used is how many bytes of the segment asked for are in messages that have come, up to the end of the last of them.
func (f *finder) used() int {
	t := &f.target.t
	n := 0
	for _, h := range append(f.hits[:len(f.hits):len(f.hits)], f.before...) {
		const prefix = 2
		n = max(n, int(int32(h.raw.Seq+prefix+uint32(h.raw.Length)-t.Seq)))
	}
	return n
}

// Errors of a search.
var errNoSuchPacket = errors.New("no such packet")

// exchanges returns what was found, or why nothing was.
func (f *finder) exchanges(interrupted bool) ([]inspect.Exchange, error) {
	switch {
	case f.target == nil && f.last == 0:
		return nil, fmt.Errorf("%w: %s has no packets", errNoSuchPacket, f.file)
	case f.target == nil && interrupted:
		return nil, fmt.Errorf("%w: the reading of %s was interrupted after packet %d", errNoSuchPacket, f.file, f.last)
	case f.target == nil && f.conf.MaxPackets > 0 && f.last >= f.conf.MaxPackets:
		return nil, fmt.Errorf("%w: --count ends the reading of %s at packet %d", errNoSuchPacket, f.file, f.last)
	case f.target == nil:
		return nil, fmt.Errorf("%w: the last one of %s is packet %d", errNoSuchPacket, f.file, f.last)
	}
	if len(f.hits) == 0 {
		f.hits = f.latestBefore()
	}
	if len(f.hits) == 0 {
		f.hits = f.short()
	}
	if len(f.hits) == 0 {
		return nil, fmt.Errorf("packet %d of %s holds no DNS message: %s", f.want, f.file, f.describe())
	}
	out := make([]inspect.Exchange, len(f.hits))
	for i, h := range f.hits {
		out[i] = f.exchange(h)
		for _, m := range []*inspect.Message{out[i].Query, out[i].Response} {
			f.addEvents(m)
		}
	}
	return out, nil
}

// maxEvents is how many events are kept, of 16 bytes each: those of a message come within a few packets of it.
const maxEvents = 1 << 12

// flowEvent is an anomaly of a packet, and of the messages that it completed.
type flowEvent struct {
	number uint64
	id     anomaly.ID
}

// Event takes an event from the decoder, if it is an anomaly.
func (f *finder) Event(e *decode.Event) {
	if e.ID == 0 {
		return
	}
	x := flowEvent{e.Number, e.ID}
	if len(f.events) < maxEvents {
		f.events = append(f.events, x)
	} else {
		f.events[f.told%maxEvents] = x
	}
	f.told++
}

// badChecksum is X12, of which one packet alone says little: network cards fill in checksums after the capture.
var badChecksum = anomaly.Make('X', 12)

// addEvents adds what the packet of a message showed, and not the message itself.
func (f *finder) addEvents(m *inspect.Message) {
	if m == nil {
		return
	}
	for _, x := range f.events {
		own := slices.ContainsFunc(m.Anomalies, func(a anomaly.Seen) bool { return a.ID == x.id })
		if x.number == m.Number && x.id != badChecksum && !own && !slices.Contains(m.Flow, x.id) {
			m.Flow = append(m.Flow, x.id)
		}
	}
}

// latestBefore returns the messages that were complete before the packet, which repeats bytes of them: of one datagram the last, of a stream all.
func (f *finder) latestBefore() []*hit {
	all := f.before
	if len(all) > 0 && all[0].raw.Proto != decode.TCP {
		all = all[len(all)-1:]
	}
	for _, h := range all {
		h.remark(fmt.Sprintf("Packet %d repeats bytes of a message that packet %d had completed.", f.want, h.raw.Number))
	}
	return all
}

// exchange fills in what no transaction told: messages of a zone transfer after the first, repeated queries that have their answer, copies.
func (f *finder) exchange(h *hit) inspect.Exchange {
	e := &h.out
	e.Packet, e.OfResponse, e.Timeout = f.want, h.msg.Response(), f.conf.Timeout
	if e.OfResponse {
		e.Response = h.msg
		if e.Query == nil && e.Status != decode.Unsolicited && e.FirstQuery == 0 {
			f.findQuery(h)
		}
		return *e
	}
	e.Query = h.msg
	if !h.settled {
		f.findResponse(h)
	} else if e.FirstQuery != 0 && e.FirstQuery != h.raw.Number {
		h.remark(fmt.Sprintf("The query was sent first in packet %d, from which the time runs.", e.FirstQuery))
	}
	if e.Settled && e.Status == decode.Pending {
		left := time.Duration(f.now - h.raw.Time)
		h.remark(fmt.Sprintf("The capture goes on for %s after the query, and a query is given %s.", left.Round(time.Microsecond), f.conf.Timeout))
	}
	return *e
}

// findQuery looks for the query of a response that no transaction has tied to one.
func (f *finder) findQuery(h *hit) {
	x := f.held.latest(func(x *kept) bool {
		return !x.response && x.id == h.msg.ID && x.sameEnds(&h.raw) && x.time <= h.raw.Time && sameQuestion(x, h)
	})
	if x == nil || h.raw.Proto != decode.UDP && h.raw.Proto != decode.TCP {
		return
	}
	h.out.Query = f.messageOf(x)
	h.out.RTT, h.out.HasRTT = time.Duration(h.raw.Time-x.time), true
}

// findResponse looks for the response of a query that no transaction is about: it was answered before it was sent again, or is a copy.
func (f *finder) findResponse(h *hit) {
	x := f.held.latest(func(x *kept) bool {
		return x.response && x.id == h.msg.ID && x.sameEnds(&h.raw) && sameQuestion(x, h) &&
			max(x.time-h.raw.Time, h.raw.Time-x.time) <= f.conf.Timeout.Nanoseconds()
	})
	if x == nil || h.raw.Proto != decode.UDP && h.raw.Proto != decode.TCP {
		return
	}
	h.out.Response = f.messageOf(x)
	h.out.RTT, h.out.HasRTT = time.Duration(x.time-h.raw.Time), true
	if x.time < h.raw.Time {
		h.remark("The query was sent again after it had its response.")
	}
}

// sameQuestion says whether two messages have the same name in question, or one of them none that can be read.
func sameQuestion(x *kept, h *hit) bool {
	return x.nameHash == h.raw.NameHash || x.nameHash == 0 || h.raw.NameHash == 0
}
