package decode

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"

	"github.com/dnssniff/dnssniff/capture"
)

// batch is the number of packets asked of a source at once: a power of two.
const batch = 1024

// Run decodes all packets of a capture with one worker for each source, each of which gives all packets, until the sources end or the
// context is done: what was read by then is settled all the same. It makes a handler for each of the [Shards]; a handler is called from
// one goroutine at a time, and with one source all of them are. At most Shards sources are used.
//
// With several workers a cancelled run has seen as many packets as each worker had got to.
func Run(ctx context.Context, sources []capture.Source, c Config, handler func(shard int) Handler) (Stats, error) {
	n := min(len(sources), Shards)
	workers := make([]*worker, n)
	for i := range workers {
		workers[i] = newWorker(&c, i, n, handler)
	}
	errs := make([]error, n)
	stats := make([]*Stats, n)
	var wg sync.WaitGroup
	for i, w := range workers {
		wg.Go(func() {
			errs[i] = w.run(ctx, sources[i])
			stats[i] = w.close()
		})
	}
	wg.Wait()
	var sum Stats
	for _, s := range stats {
		sum.Add(s)
	}
	return sum, errors.Join(errs...)
}

func (w *worker) run(ctx context.Context, src capture.Source) error {
	packets := make([]capture.Packet, batch)
	left := w.conf.MaxPackets
	for ctx.Err() == nil {
		if left > 0 {
			packets = packets[:min(uint64(len(packets)), left)]
		}
		n, err := src.ReadBatch(packets)
		w.batch(packets[:n])
		if n == 0 && err == nil && w.conf.Now != nil {
			w.idle(w.conf.Now())
		}
		w.tell()
		if w.conf.AfterBatch != nil {
			w.conf.AfterBatch()
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if left > 0 {
			if left -= uint64(n); left == 0 {
				return nil
			}
		}
	}
	return nil
}

// tell tells the handlers that a batch is over, and what was counted.
func (w *worker) tell() {
	var own *Stats
	if w.lead {
		own = &w.stats
	}
	for _, s := range w.shards {
		if s == nil || s.batcher == nil {
			continue
		}
		if own == nil {
			s.batcher.Batch(&s.stats)
			continue
		}
		sum := *own
		sum.LinkTypes = slices.Clone(own.LinkTypes)
		sum.Add(&s.stats)
		s.batcher.Batch(&sum)
		own = nil
	}
}
