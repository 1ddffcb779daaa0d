package watch

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/dnssniff/dnssniff/analyze"
	"github.com/dnssniff/dnssniff/analyze/diagnose"
	"github.com/dnssniff/dnssniff/decode"
)

// Options say how much is kept and shown. Zero values stand for the defaults.
type Options struct {
	Source  analyze.Source // what is read, for reports
	Bytes   int            // of the ring of records; 64 MiB
	Data    int            // bytes kept of each message, at most 16 KiB; 1232
	Rows    int            // in each table of a snapshot; 1000
	Records int            // in a snapshot; 2000
	// Limits bound the tables of the whole capture. The default is a million places for names: 838,860 rows.
	Limits analyze.Limits
	// Where makes all counts be of the transactions that match alone, as far as records tell. It is called from the decoder's goroutines, concurrently.
	Where Matcher
	// Clock says what time it is for a live line (ns since the epoch). Nil reads a file: time goes by in packets only, and the decoder may wait.
	Clock func() int64
	// Interval is the shortest time between two snapshots; 250 ms.
	Interval time.Duration
	// Events is told what happens to the findings of a live line. It is called from the watcher's goroutine, which it holds up. Nil: nobody is told.
	Events func(diagnose.Event)
}

func (o Options) withDefaults() Options {
	set := func(n *int, value int) {
		if *n <= 0 {
			*n = value
		}
	}
	set(&o.Bytes, 64<<20)
	set(&o.Data, 1232)
	o.Data = min(o.Data, mostData)
	set(&o.Rows, 1000)
	set(&o.Records, 2000)
	set(&o.Limits.Clients, fifths(1<<17))
	set(&o.Limits.Servers, fifths(1<<14))
	set(&o.Limits.Names, fifths(1<<20))
	set(&o.Limits.Zones, fifths(1<<16))
	set(&o.Limits.Evidence, 1<<16)
	if o.Interval <= 0 {
		o.Interval = 250 * time.Millisecond
	}
	return o
}

// listed is the length of the lists of slowest and unanswered transactions.
const listed = 200

// Watcher takes what a decoder makes and gives snapshots of it. Its methods can be called from any goroutine.
type Watcher struct {
	options  Options
	handlers [decode.Shards]*handler
	parts    chan *part
	wake     chan struct{}
	done     chan struct{}
	closing  sync.Once
	ended    sync.WaitGroup
	newest   atomic.Pointer[Snapshot]
	asked    atomic.Bool // a snapshot was looked at since the last was made
	request  atomic.Pointer[request]
	final    atomic.Pointer[decode.Stats]
	history  history
}

// request is what snapshots are to be of.
type request struct {
	span  Span
	where Matcher
}

// New returns a watcher for a run with that configuration, in which it sets what it needs: KeepNames and KeepData. Close ends its goroutine.
func New(conf *decode.Config, o Options) *Watcher {
	w, a := newWatcher(conf, o)
	w.ended.Go(a.run)
	return w
}

// newWatcher returns a watcher and its aggregator, which is not running.
func newWatcher(conf *decode.Config, o Options) (*Watcher, *aggregator) {
	conf.KeepNames, conf.KeepData = true, true
	w := &Watcher{options: o.withDefaults(), parts: make(chan *part, 2*decode.Shards), wake: make(chan struct{}, 1), done: make(chan struct{})}
	for i := range w.handlers {
		w.handlers[i] = newHandler(w, i, conf)
	}
	w.request.Store(&request{})
	a := newAggregator(w, conf)
	a.publish(time.Time{})
	return w, a
}

// Handler returns what [decode.Run] is to be given for a shard.
func (w *Watcher) Handler(shard int) decode.Handler { return w.handlers[shard] }

// Finish says that the run has ended with these counts. The handlers must not be used any more.
func (w *Watcher) Finish(st decode.Stats) {
	for _, h := range w.handlers {
		h.unlock()
	}
	w.final.Store(&st)
	w.rouse()
}

// Close ends the watcher's goroutine and waits for it. The snapshots stay.
func (w *Watcher) Close() {
	w.closing.Do(func() { close(w.done) })
	w.ended.Wait()
}

// Snapshot returns the newest snapshot and asks for the next. It never waits, and never returns nil.
func (w *Watcher) Snapshot() *Snapshot {
	w.asked.Store(true)
	return w.newest.Load()
}

// Refresh says what the next snapshots are to be of: a span, and the transactions that match, or all with nil. It never waits.
func (w *Watcher) Refresh(span Span, where Matcher) {
	if span < 0 || span >= spans {
		span = All
	}
	w.request.Store(&request{span, where})
	w.rouse()
}

// rouse makes the aggregator look what there is to do.
func (w *Watcher) rouse() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// Back returns the snapshot taken n steps (of 10 s of packet time) ago, as it was asked for then and [Snapshot.Reduced], or nil where there is none
// that old. Back(0) is Snapshot.
func (w *Watcher) Back(n int) *Snapshot {
	if n <= 0 {
		return w.Snapshot()
	}
	return w.history.back(n)
}
