package watch

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/dnssniff/dnssniff/analyze"
	"github.com/dnssniff/dnssniff/decode"
)

// When a shard hands over what it has counted: with each tick of a live line, for a file less often, where little is in it; and before its tables
// are full in any case.
const (
	fewMessages  = 1 << 10
	manyMessages = 1 << 13
	longest      = int64(15e9) // of a part of a file, ns
)

// recordBytes is the room for the records of a part.
const recordBytes = 1 << 18

// handler counts what one shard makes. It hands over a part when it has another one to go on with. On a live line it never waits for one: it goes on
// with the same part. With a file it waits.
//
// The decoder's goroutine has the lock from the first call of a batch to the batch's end. In between the aggregator can take what was counted.
type handler struct {
	w       *Watcher
	shard   int
	mu      sync.Mutex
	locked  bool // by the decoder
	sum     *analyze.Summary
	encoder encoder
	reader  reader // with scratch for Where
	scratch held
	spare   chan *part
	counted int
	records []byte
	missed  uint64
	since   atomic.Int64 // when what is counted now began, in packet time; 0 before the first tick
	now     int64        // packet time of the last tick
	stats   decode.Stats // so far
	told    decode.Stats // of them in parts
}

func newHandler(w *Watcher, shard int, conf *decode.Config) *handler {
	l := slotLimits(slotNames)
	l.Lookups, l.Evidence = analyze.DefaultLimits().Lookups, analyze.DefaultLimits().Evidence
	h := &handler{w: w, shard: shard, spare: make(chan *part, 1), records: make([]byte, 0, recordBytes), encoder: encoder{limit: w.options.Data}}
	if w.options.Where == nil {
		h.sum = analyze.NewSummary(conf, l)
	} else {
		h.sum = analyze.NewSum(conf.Seed, l)
	}
	h.spare <- &part{shard: shard, sum: analyze.NewSum(conf.Seed, l), records: make([]byte, 0, recordBytes)}
	return h
}

func (h *handler) lock() {
	if !h.locked {
		h.mu.Lock()
		h.locked = true
	}
}

func (h *handler) unlock() {
	if h.locked {
		h.locked = false
		h.mu.Unlock()
	}
}

// Message implements [decode.Handler].
func (h *handler) Message(m *decode.Message) {
	h.lock()
	if h.w.options.Where != nil {
		return
	}
	h.sum.Message(m)
	if h.counted++; h.counted >= manyMessages {
		h.turn(h.now)
	}
}

// Transaction implements [decode.Handler].
func (h *handler) Transaction(t *decode.Transaction) {
	h.lock()
	room := len(h.records)+mostRecord <= cap(h.records) || h.turn(h.now)
	if h.w.options.Where != nil {
		h.choose(t, room)
		return
	}
	h.sum.Transaction(t)
	h.counted++
	if !room {
		h.missed++
		return
	}
	h.records = h.encoder.append(h.records, t)
}

// choose counts a transaction if it matches the watcher's own expression.
func (h *handler) choose(t *decode.Transaction, room bool) {
	h.scratch = h.encoder.append(h.scratch[:0], t)
	r := h.reader.read(h.scratch)
	if !h.w.options.Where.Match(r) {
		return
	}
	h.sum.Record(r)
	h.counted++
	if !room {
		h.missed++
		return
	}
	h.records = append(h.records, h.scratch...)
}

// Warm implements [decode.Warmer].
func (h *handler) Warm(m *decode.Message) {
	h.lock()
	if h.w.options.Where == nil {
		h.sum.Warm(m)
	}
}

// Event implements [decode.Watcher].
func (h *handler) Event(e *decode.Event) {
	h.lock()
	if h.w.options.Where == nil {
		h.sum.Event(e)
		h.counted++
	}
}

// Tick implements [decode.Ticker].
func (h *handler) Tick(now int64) {
	h.lock()
	if h.w.options.Where == nil {
		h.sum.Tick(now)
	}
	h.now = max(h.now, now)
	if h.due(h.now) {
		h.turn(h.now)
	}
	if h.idle() {
		h.since.Store(h.now)
	}
}

// idle says that nothing was counted since the last part.
func (h *handler) idle() bool { return h.counted == 0 && h.stats.Packets == h.told.Packets }

// due says whether it is time to hand over what was counted.
func (h *handler) due(now int64) bool {
	if h.idle() {
		return false
	}
	return h.w.options.Clock != nil || h.counted >= fewMessages || now-h.since.Load() >= longest
}

// Batch implements [decode.Batcher].
func (h *handler) Batch(st *decode.Stats) {
	h.lock()
	links := h.stats.LinkTypes
	h.stats = *st
	h.stats.LinkTypes = append(links[:0], st.LinkTypes...)
	h.unlock()
}

// turn hands over what was counted up to a packet time, if there is a part to go on with.
func (h *handler) turn(now int64) bool {
	p := h.next()
	if p == nil {
		return false
	}
	h.fill(p, now)
	h.w.parts <- p // has room for all parts that there are
	h.since.Store(now)
	return true
}

// next returns the spare part, for which it waits unless the line is live.
func (h *handler) next() *part {
	if h.w.options.Clock != nil {
		select {
		case p := <-h.spare:
			return p
		default:
			return nil
		}
	}
	select {
	case p := <-h.spare:
		return p
	case <-h.w.done:
		return nil
	}
}

// fill puts what was counted into an empty part.
func (h *handler) fill(p *part, now int64) {
	h.sum.Turn(p.sum)
	if h.w.options.Clock != nil {
		h.sum.Resample()
	}
	p.since, p.until = h.since.Load(), now
	p.records, h.records = h.records, p.records[:0]
	p.missed, h.missed = h.missed, 0
	p.stats = h.delta()
	h.counted = 0
}

// delta returns what the decoder counted since the last part.
func (h *handler) delta() decode.Stats {
	st := h.stats
	st.LinkTypes = slices.Clone(h.stats.LinkTypes)
	st.Sub(&h.told)
	h.told = h.stats
	return st
}
