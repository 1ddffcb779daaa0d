package watch

import (
	"sync/atomic"
	"time"

	"github.com/dnssniff/dnssniff/analyze"
	"github.com/dnssniff/dnssniff/decode"
)

// Options say how much is kept and shown. Zero values stand for the defaults.
type Options struct {
	Source  analyze.Source // what is read, for reports
	Bytes   int            // of the ring of records; 64 MiB
	Data    int            // bytes kept of each message; 1232
	Rows    int            // in each table of a snapshot; 1000
	Records int            // in a snapshot; 2000
	// Where makes all counts be of the transactions that match alone. It is called from the decoder's goroutines, concurrently.
	Where Matcher
	// Clock says what time it is for a live line (ns since the epoch). Nil reads a file: time goes by in packets only, and the decoder may wait.
	Clock func() int64
	// Interval is the shortest time between two snapshots; 250 ms.
	Interval time.Duration
}

// Watcher takes what a decoder makes and gives snapshots of it.
type Watcher struct {
	newest atomic.Pointer[Snapshot]
}

// New returns a watcher for a run with that configuration, in which it sets what it needs: KeepNames and KeepData. Close ends its goroutine.
func New(conf *decode.Config, o Options) *Watcher {
	conf.KeepNames, conf.KeepData = true, true
	w := new(Watcher)
	w.newest.Store(&Snapshot{Report: new(analyze.Report)})
	return w
}

// Handler returns what [decode.Run] is to be given for a shard.
func (w *Watcher) Handler(shard int) decode.Handler { return nil }

// Finish says that the run has ended with these counts. The handlers must not be used any more.
func (w *Watcher) Finish(st decode.Stats) {}

// Close ends the watcher's goroutine and waits for it. The snapshots stay.
func (w *Watcher) Close() {}

// Snapshot returns the newest snapshot and asks for the next. It never waits, and never returns nil.
func (w *Watcher) Snapshot() *Snapshot { return w.newest.Load() }

// Refresh says what the next snapshots are to be of. It never waits.
func (w *Watcher) Refresh(span Span, where Matcher) {}

// Back returns the snapshot taken n steps (of 10 s of packet time) ago, as it was shown then, or nil where there is none that old. Back(0) is
// Snapshot.
func (w *Watcher) Back(n int) *Snapshot { return nil }
