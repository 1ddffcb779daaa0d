package dump

import (
	"errors"
	"io"
	"time"

	"github.com/dnssniff/dnssniff/capture"
)

// chunk is packets for the disk, in whole blocks.
type chunk struct {
	begin   bool // of a file
	slot    Slot // of that file
	data    []byte
	packets uint64
	first   int64 // packet time
}

// encoder turns packets into chunks, in the goroutine that reads them. It decides where a file ends.
type encoder struct {
	d     *Dump
	out   *capture.Writer
	full  chan<- *chunk
	empty chan *chunk
	made  int
	at    *chunk // being filled, nil for none

	slot   Slot
	next   bool  // the next chunk begins the file of the slot
	began  int64 // packet time of the file's first packet
	size   int64 // of the file, if nothing was lost
	filled int64 // bytes in the chunk
	seen   uint64
	turns  int // files before this one
	ended  bool
}

func (e *encoder) init(d *Dump) {
	e.d, e.empty = d, make(chan *chunk, mostChunks)
	e.out = capture.NewWriter((*sink)(e))
	e.out.Describe(d.opt.Interface)
}

// sink takes what the writer of packets puts out: into the chunk at hand.
type sink encoder

// Write implements [io.Writer].
func (s *sink) Write(b []byte) (int, error) {
	s.at.data = append(s.at.data, b...)
	return len(b), nil
}

// header returns what each file begins with.
func (e *encoder) header() []byte {
	var c chunk
	e.at = &c
	_ = e.out.Flush() // a chunk takes all
	e.at = nil
	return c.data
}

// run reads the source to its end.
func (e *encoder) run(src capture.Source) error {
	e.begin(Slot{Time: e.d.opt.Start})
	e.room()
	e.hand() // so the file is there before a packet is
	batch := make([]capture.Packet, 256)
	for {
		n, err := src.ReadBatch(batch)
		for i := range batch[:n] {
			e.packet(&batch[i])
		}
		if n == 0 {
			e.hand()
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			e.hand()
			return err
		}
	}
}

func (e *encoder) packet(p *capture.Packet) {
	switch {
	case e.ended:
		return
	case p.Link != e.d.opt.Interface.Link || p.Time < 0:
		e.d.lose(1, nil)
		return
	case e.seen == 0:
		e.began = p.Time
	case e.over(p.Time):
		if e.rotate(p.Time); e.ended {
			return
		}
	}
	e.seen++
	e.add(p)
	if e.seen == e.d.opt.Packets {
		e.end()
	}
}

// over says whether a packet belongs to another file. Where the disk takes nothing, a file does not grow.
func (e *encoder) over(now int64) bool {
	r := &e.d.opt.Rotation
	return e.late(now) || r.Size > 0 && e.size > r.Size && (r.Count > 0 || !e.d.failing.Load())
}

func (e *encoder) late(now int64) bool {
	every := int64(e.d.opt.Every)
	return every > 0 && now-e.began >= every
}

// rotate begins the next file, or ends the dump after the last.
func (e *encoder) rotate(now int64) {
	r := &e.d.opt.Rotation
	if e.turns++; r.Size == 0 && e.turns == r.Count {
		e.end()
		return
	}
	to := Slot{Time: e.slot.Time, Number: e.slot.Number + 1}
	if r.Count > 0 && r.Size > 0 {
		to.Number %= r.Count
	}
	if e.late(now) {
		e.began, to.Time = now, time.Unix(0, now)
		if !r.Numbered {
			to.Number = 0
		}
	}
	e.hand()
	e.begin(to)
}

func (e *encoder) begin(s Slot) { e.slot, e.next, e.size = s, true, int64(len(e.d.header)) }

// end ends the dump before its source.
func (e *encoder) end() {
	e.ended = true
	e.hand()
	if e.d.opt.Ended != nil {
		e.d.opt.Ended()
	}
}

// add puts a packet into a chunk.
func (e *encoder) add(p *capture.Packet) {
	if e.at != nil && (e.filled >= chunkSize || p.Time-e.at.first >= handOver) {
		e.hand()
	}
	if !e.room() {
		e.d.lose(1, ErrSlow)
		return
	}
	if e.at.packets == 0 {
		e.at.first = p.Time
	}
	before := e.out.Size()
	if err := e.out.Write(p); err != nil { // longer than any frame
		e.d.lose(1, err)
		return
	}
	n := e.out.Size() - before
	e.size += n
	e.filled += n
	e.at.packets++
}

// room makes sure that there is a chunk.
func (e *encoder) room() bool {
	if e.at != nil {
		return true
	}
	select {
	case e.at = <-e.empty:
	default:
		if e.made == mostChunks {
			return false
		}
		e.made++
		e.at = &chunk{data: make([]byte, 0, chunkSize+longest)}
	}
	e.at.begin, e.at.slot, e.next, e.filled = e.next, e.slot, false, 0
	return true
}

// hand gives the chunk, if there is one, to the disk, which has room for as many as there are.
func (e *encoder) hand() {
	if e.at == nil {
		return
	}
	_ = e.out.Flush() // a chunk takes all
	e.full <- e.at
	e.at = nil
}
