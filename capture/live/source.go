package live

import (
	"io"
	"time"

	"github.com/google/gopacket"

	"github.com/dnssniff/dnssniff/capture"
)

// singleBatch is how many packets ZeroCopyReadPacketData reads ahead.
const singleBatch = 64

// source implements [capture.Source].
type source struct {
	c      *Capture
	wait   *waiter
	failed error  // why it cannot wait
	seq    uint64 // of the block it is in, or wants
	holds  bool   // it is in it
	view   view   // what is left of it
	number uint64 // of the last packet
	done   bool
	err    error            // of the calls after the last packet, unless it is io.EOF
	ahead  []capture.Packet // read, and not yet handed out one by one
	buffer []capture.Packet // holds them
}

var _ capture.Source = (*source)(nil)

// ReadBatch implements [capture.Source]. It can return 0 and no error: see [Capture.Sources].
func (s *source) ReadBatch(batch []capture.Packet) (int, error) {
	if len(s.ahead) > 0 {
		n := copy(batch, s.ahead)
		s.ahead = s.ahead[n:]
		return n, nil
	}
	if len(batch) == 0 {
		return 0, nil
	}
	if n := s.fill(batch); n > 0 {
		return n, nil
	}
	for waited := false; !s.done; waited = true {
		switch s.c.advance(s) {
		case gotBlock:
			if n := s.fill(batch); n > 0 {
				return n, nil
			}
		case noMore:
			s.end(nil)
		case nothingYet:
			if waited {
				return 0, nil
			}
			if err := s.pause(); err != nil {
				s.end(err)
			}
		}
	}
	if s.err == nil {
		return 0, io.EOF
	}
	return 0, s.err
}

// fill takes packets from the block that the source is in.
func (s *source) fill(batch []capture.Packet) int {
	if s.done || !s.holds {
		return 0
	}
	n := s.view.read(batch, s.number)
	s.number += uint64(n)
	return n
}

// pause waits for a block, for at most the idle time.
func (s *source) pause() error {
	if s.failed != nil {
		return s.failed
	}
	return s.wait.wait(s.c.patience())
}

func (s *source) end(err error) {
	s.done, s.err = true, err
	if s.wait != nil {
		s.wait.close()
	}
	s.c.detach(s)
}

// ZeroCopyReadPacketData implements [gopacket.ZeroCopyPacketDataSource].
func (s *source) ZeroCopyReadPacketData() ([]byte, gopacket.CaptureInfo, error) {
	if s.buffer == nil {
		s.buffer = make([]capture.Packet, singleBatch)
	}
	for len(s.ahead) == 0 {
		n, err := s.ReadBatch(s.buffer)
		if err != nil {
			return nil, gopacket.CaptureInfo{}, err
		}
		s.ahead = s.buffer[:n]
	}
	p := &s.ahead[0]
	s.ahead = s.ahead[1:]
	return p.Data, p.CaptureInfo(), nil
}

// step is what [Capture.advance] found.
type step uint8

const (
	gotBlock step = iota
	nothingYet
	noMore
)

// advance moves a source on to the next block.
func (c *Capture) advance(s *source) step {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s.holds {
		c.leave(s.seq)
		s.holds = false
		s.seq++
	}
	if c.closed {
		return noMore
	}
	if s.seq == c.next && !c.take() {
		return c.dry()
	}
	s.view, s.holds = c.hold(s.seq).view, true
	return gotBlock
}

// take takes the next block from the device, if there is one. Locked by the caller, as is all that follows.
func (c *Capture) take() bool {
	h := c.hold(c.next)
	if c.ended || h.refs > 0 { // all blocks are held
		return false
	}
	v, ok := c.dev.take(int(c.next % uint64(len(c.blocks))))
	if !ok {
		return false
	}
	h.view, h.refs = v, c.readers
	c.next++
	if c.stats.State != Up {
		c.look(time.Now())
	}
	return true
}

// dry says what it means that there is no block.
func (c *Capture) dry() step {
	now := time.Now()
	if c.stopped && !now.Before(c.soon) {
		c.account()
		c.ended = !c.dev.owes(&c.stats) || !now.Before(c.quiet)
	}
	if c.ended {
		return noMore
	}
	c.look(now)
	return nothingYet
}

// hold returns the place of a block.
func (c *Capture) hold(seq uint64) *hold { return &c.blocks[seq%uint64(len(c.blocks))] }

// leave gives up a reader's hold on a block.
func (c *Capture) leave(seq uint64) {
	h := c.hold(seq)
	if h.refs--; h.refs == 0 {
		c.dev.release(int(seq % uint64(len(c.blocks))))
	}
}

// detach gives up all that a source holds: the others do not wait for it any more.
func (c *Capture) detach(s *source) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for ; s.seq < c.next; s.seq++ {
		c.leave(s.seq)
	}
	s.holds = false
	c.readers--
	c.free()
}

// patience is how long a source may wait for a block.
func (c *Capture) patience() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopped {
		return min(c.idle, settleTime)
	}
	return c.idle
}
