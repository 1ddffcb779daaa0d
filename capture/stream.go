package capture

import (
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
)

// Memory of a stream: streamBlocks blocks of streamBlock bytes. Where many files are streams at once, all of them together get
// streamBudget, down to minStreamBlock each.
const (
	streamBlocks   = 4
	streamBlock    = 1 << 20
	minStreamBlock = 64 << 10
	streamBudget   = 64 << 20
)

// stream is a file being read. One goroutine reads it into blocks, which all readers see; a block is used again when the
// last of them has left it. What was read is visible at once, a full block or not, so that a slow pipe does not hold packets back.
type stream struct {
	src     io.Reader
	stop    func() bool // interrupts a Read of src that waits, and says whether it could
	release func()      // gives up src, when no Read is under way

	mu      sync.Mutex
	data    sync.Cond // a block grew, or the stream ended
	space   sync.Cond // a block became free, or nobody reads any more
	blocks  []*streamBlockBuf
	first   int // sequence number of blocks[0]
	free    []*streamBlockBuf
	made    int // blocks allocated
	size    int // of a block
	readers int
	ended   bool  // nothing follows the last block
	err     error // why, unless it is io.EOF
	closed  bool
	done    chan struct{} // closed when the goroutine has returned
}

type streamBlockBuf struct {
	buf    []byte
	filled int  // bytes readers may see
	full   bool // filled will not grow
	refs   int  // readers that have not left it
}

func newStream(src io.Reader, blockSize int) *stream {
	s := &stream{src: src, size: blockSize, done: make(chan struct{})}
	s.data.L, s.space.L = &s.mu, &s.mu
	return s
}

// run reads until the source ends or nobody listens. It is the stream's goroutine.
func (s *stream) run() {
	defer close(s.done)
	defer s.release()
	for {
		b := s.grab()
		if b == nil || !s.fill(b) {
			return
		}
	}
}

// grab waits for a free block and puts it behind the others. It returns nil when reading on is of no use.
func (s *stream) grab() *streamBlockBuf {
	s.mu.Lock()
	defer s.mu.Unlock()
	for !s.closed && s.readers > 0 && len(s.free) == 0 && s.made == streamBlocks {
		s.space.Wait()
	}
	if s.closed || s.readers == 0 {
		return nil
	}
	var b *streamBlockBuf
	if n := len(s.free); n > 0 {
		b, s.free = s.free[n-1], s.free[:n-1]
	} else {
		b = &streamBlockBuf{buf: make([]byte, s.size)}
		s.made++
	}
	b.filled, b.full, b.refs = 0, false, s.readers
	s.blocks = append(s.blocks, b)
	return b
}

// maxEmptyReads is how often a Read may give nothing and no error, as in bufio.
const maxEmptyReads = 100

// fill reads into a block until it is full. It returns false at the end of the source.
func (s *stream) fill(b *streamBlockBuf) bool {
	for filled, empty := 0, 0; filled < len(b.buf); {
		n, err := s.src.Read(b.buf[filled:])
		filled += n
		if empty++; n > 0 {
			empty = 0
		}
		if err == nil && empty == maxEmptyReads {
			err = io.ErrNoProgress
		}
		if !s.publish(b, filled, err) {
			return false
		}
	}
	return true
}

// publish shows readers what a block holds now. It returns false where there is nothing more to read, or nobody to read it.
func (s *stream) publish(b *streamBlockBuf, filled int, err error) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	b.filled = filled
	b.full = filled == len(b.buf) || err != nil
	if err != nil {
		s.ended = true
		if !errors.Is(err, io.EOF) {
			s.err = err
		}
	}
	s.data.Broadcast()
	return err == nil && !s.closed && s.readers > 0
}

// close makes every wait return. It says whether the goroutine is sure to end soon.
func (s *stream) close() bool {
	s.mu.Lock()
	s.closed = true
	s.data.Broadcast()
	s.space.Broadcast()
	s.mu.Unlock()
	return s.stop()
}

// streamReader is one reader's place in a stream.
type streamReader struct {
	s    *stream
	seq  int // of the block it is in
	pos  int // in that block
	gone bool
}

// window implements blocks.
func (r *streamReader) window(had int) (window []byte, full bool, err error) {
	s := r.s
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		if s.closed {
			return nil, true, errStreamClosed
		}
		if i := r.seq - s.first; i < len(s.blocks) {
			if b := s.blocks[i]; b.full || b.filled-r.pos > had {
				return b.buf[r.pos:b.filled], b.full, nil
			}
		} else if s.ended {
			return nil, true, io.EOF
		}
		s.data.Wait()
	}
}

var errStreamClosed = errors.New("capture: closed")

// advance implements blocks.
func (r *streamReader) advance(n int) { r.pos += n }

// next implements blocks.
func (r *streamReader) next() {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	r.s.leave(r.seq)
	r.seq++
	r.pos = 0
}

// leave gives up a reader's hold on a block; the first blocks that nobody holds become free. Locked by the caller.
func (s *stream) leave(seq int) {
	i := seq - s.first
	if i >= len(s.blocks) {
		return
	}
	s.blocks[i].refs--
	for len(s.blocks) > 0 && s.blocks[0].refs == 0 && s.blocks[0].full {
		s.free = append(s.free, s.blocks[0])
		s.blocks = append(s.blocks[:0], s.blocks[1:]...)
		s.first++
		s.space.Signal()
	}
}

// detach implements blocks: the others do not wait for this reader any more.
func (r *streamReader) detach() {
	if r.gone {
		return
	}
	r.gone = true
	s := r.s
	s.mu.Lock()
	defer s.mu.Unlock()
	s.readers--
	for end := s.first + len(s.blocks); r.seq < end; r.seq++ {
		s.leave(r.seq)
	}
	if s.readers == 0 {
		s.space.Broadcast()
	}
}

// failure implements blocks.
func (r *streamReader) failure() error {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	return r.s.err
}

// guardedReader turns a panic of a decompressor on hostile bytes into an error: it runs in a goroutine of ours, where nobody else
// could stop it from ending the process.
type guardedReader struct{ io.Reader }

func (g guardedReader) Read(p []byte) (n int, err error) {
	defer func() {
		if r := recover(); r != nil {
			n, err = 0, fmt.Errorf("the decompressor failed: %v", r)
		}
	}()
	return g.Reader.Read(p)
}

// countingReader counts what is taken from a file.
type countingReader struct {
	io.Reader
	count *atomic.Int64
}

func (c countingReader) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.count.Add(int64(n))
	return n, err
}

// shrinkReader reads a file of known size, and says so where it ends before that.
type shrinkReader struct {
	r          io.Reader
	read, size int64
}

func (s *shrinkReader) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	s.read += int64(n)
	if errors.Is(err, io.EOF) && s.read < s.size {
		err = shrank(s.size, s.read)
	}
	return n, err
}

func shrank(from, to int64) error {
	return fmt.Errorf("the file shrank from %d to %d bytes while it was read", from, to)
}
