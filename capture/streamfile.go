package capture

import (
	"errors"
	"io"
)

// blocks is a file as a Source sees it: block after block.
type blocks interface {
	// window returns what can be read from the reader's place on, at least more than had bytes of it, waiting where needed. full says that
	// the block will not grow; the next window is then behind next.
	window(had int) (window []byte, full bool, err error)
	// advance moves the place by n bytes of the window.
	advance(n int)
	// next leaves the block for the one behind it.
	next()
	// failure is why the file ended, nil at its regular end.
	failure() error
	// detach gives up what the reader holds.
	detach()
}

// streamFile reads a file for one Source. It parses in the blocks; only a record that lies across two of them is copied.
type streamFile struct {
	blocks
	w     walker
	carry []byte // the start of such a record; under twice maxBlock
	need  int    // what that record takes, as far as is known
	had   int    // bytes at pos that were found too few
	skip  int    // bytes to pass by
	done  bool
}

// readBatch implements fileReader.
func (r *streamFile) readBatch(batch []Packet) int {
	for !r.done {
		window, full, err := r.window(r.had)
		if err != nil {
			r.finish(err)
			break
		}
		n, left := r.parse(window, batch)
		if n > 0 {
			return n
		}
		if full && !r.done {
			// Nobody looks at this block any more: its packets were those of earlier calls.
			if len(left) > 0 {
				r.carry = append(r.carry[:0], left...)
			}
			r.had = 0
			r.next()
		}
	}
	r.detach()
	return 0
}

// parse reads packets: first the carried record, once the window completes it, then what lies in the window. What it leaves of the
// window belongs to a record that needs more.
func (r *streamFile) parse(window []byte, batch []Packet) (n int, left []byte) {
	r.had = 0
	for !r.done {
		k := min(r.skip, len(window))
		r.skip -= k
		if window = r.pass(window, k); r.skip > 0 {
			return 0, nil
		}
		if len(r.carry) == 0 {
			break
		}
		k = min(r.need-len(r.carry), len(window))
		r.carry = append(r.carry, window[:k]...)
		if window = r.pass(window, k); len(r.carry) < r.need {
			return 0, nil
		}
		st := r.step(r.carry, batch[:1])
		// A record that became a packet was all of it: nothing moves under the packet.
		r.carry = append(r.carry[:0], r.carry[min(st.used, len(r.carry)):]...)
		if n = st.packets; n > 0 {
			break
		}
	}
	if r.done {
		return n, nil
	}
	st := r.step(window, batch[n:])
	left = r.pass(window, min(st.used, len(window)))
	if st.need > 0 {
		r.had = len(left)
	}
	return n + st.packets, left
}

// step walks and keeps what it asks for.
func (r *streamFile) step(b []byte, batch []Packet) step {
	st := r.w.walk(b, batch)
	r.skip, r.need, r.done = max(st.used-len(b), 0), st.need, st.stop
	return st
}

func (r *streamFile) pass(window []byte, n int) []byte {
	r.advance(n)
	return window[n:]
}

// finish reports what the end of the stream cut off, or why the stream ended early.
func (r *streamFile) finish(err error) {
	r.done = true
	if errors.Is(err, errStreamClosed) {
		return
	}
	why := r.failure()
	if why == nil {
		r.w.ended(len(r.carry), r.need)
		return
	}
	p, class := r.w.at(), ErrUnreadable
	if errors.Is(why, io.ErrUnexpectedEOF) {
		class = ErrTruncated
	}
	p.fault(class, p.packets, p.offset, "the stream breaks off: %v", why)
}

// end implements fileReader.
func (r *streamFile) end() {
	r.done = true
	r.detach()
}
