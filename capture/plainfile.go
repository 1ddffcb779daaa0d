package capture

import (
	"errors"
	"io"
	"os"
	"sync/atomic"
)

// plainBlock is how much of a plain file a Source reads at once: little enough to stay in its core's cache until it is parsed.
const plainBlock = 256 << 10

// plainFile is a regular file without compression. Each Source reads it by itself: a second copy out of the page cache costs less than
// handing blocks from one core to another, or than the page faults of a mapping.
type plainFile struct {
	file    io.ReaderAt
	start   int64 // where in the file the capture begins
	size    int64 // from there
	block   int
	close   func()
	readers int
}

// plainReader is one Source's place in a plain file.
type plainReader struct {
	f           *plainFile
	at          int64 // what was read of f.size
	buf         []byte
	filled, pos int
	why         error
	taken       *atomic.Int64 // counts at; nil for all Sources but one
}

// window implements blocks.
func (r *plainReader) window(had int) (window []byte, full bool, err error) {
	if r.buf == nil {
		r.buf = make([]byte, r.f.block)
	}
	for r.filled < len(r.buf) && r.filled-r.pos <= had {
		n, err := r.f.file.ReadAt(r.buf[r.filled:], r.f.start+r.at)
		r.filled += n
		r.at += int64(n)
		if r.taken != nil {
			r.taken.Store(r.at)
		}
		switch {
		case n > 0 || err == nil:
		case errors.Is(err, os.ErrClosed):
			return nil, true, errStreamClosed
		case err != io.EOF:
			r.why = err
			return nil, true, io.EOF
		case r.at < r.f.size:
			r.why = shrank(r.f.size, r.at)
			return nil, true, io.EOF
		case r.pos < r.filled:
			return r.buf[r.pos:r.filled], true, nil
		default:
			return nil, true, io.EOF
		}
	}
	return r.buf[r.pos:r.filled], r.filled == len(r.buf), nil
}

// advance implements blocks.
func (r *plainReader) advance(n int) { r.pos += n }

// next implements blocks.
func (r *plainReader) next() { r.filled, r.pos = 0, 0 }

// failure implements blocks.
func (r *plainReader) failure() error { return r.why }

// detach implements blocks.
func (r *plainReader) detach() {}
