// Package dump writes the packets of a capture to files while others analyse them, in turn where files are to have a size or a time.
//
// Writing must not hold the capture up: what the disk does not take in time, or has no room for, is given up and counted, and writing goes on where it
// can again. For that, packets are copied into chunks, at most 64 MiB of them, which a goroutine of its own writes.
package dump

import (
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dnssniff/dnssniff/capture"
)

// Rotation says when the next file is begun. Without Size and Every there is one file.
type Rotation struct {
	// Size is what a file may have in bytes before the next packet goes to another one; 0 for no bound. A file gets larger by one packet.
	Size int64
	// Every is how long a file is written, in packet time, from its first packet on; 0 for no bound.
	Every time.Duration
	// Count, unless 0, is how many files there are. With Size the first is written over after the last, as in a ring; else the dump ends after the last.
	Count int
	// Numbered says that the time makes no difference to the names of files: they have a number each. Else those of another time begin anew with 0.
	Numbered bool
}

// File is what packets are written to; an [*os.File] is one.
type File interface {
	io.Writer
	io.Seeker
	io.Closer
	Truncate(size int64) error
}

// Options say what is written, and where.
type Options struct {
	Rotation
	// Interface describes where the packets come from. Those of other link types, and of before 1970, are not written, but counted.
	Interface capture.Interface
	// Start is the time of the first file, which is made at once.
	Start time.Time
	// Packets, unless 0, is after how many the dump ends.
	Packets uint64
	// Open makes a file, or empties it. It is called from a goroutine of the dump, again and again while it fails.
	Open func(Slot) (File, error)
	// Ended, unless nil, is called once, when the dump ends before its source does.
	Ended func()
}

// Stats are counts of a dump.
type Stats struct {
	Packets uint64 // written
	Bytes   uint64 // written
	Lost    uint64 // packets that were not written
	Slow    uint64 // those of them that came while the disk was too slow
	Files   uint64 // made
	// Trouble is why packets are not written now; nil while they are. In the end it is what went wrong with the end of the last file.
	Trouble error
}

// ErrSlow is the trouble of a disk that is slower than the packets.
var ErrSlow = errors.New("the disk is too slow")

// Bounds of what waits for the disk: chunks of at most 512 KiB, made when they are first needed.
const (
	chunkSize  = 256<<10 - 64 // and one packet more
	longest    = 256<<10 + 64
	mostChunks = 128
)

// handOver is how long a packet waits for others in its chunk, in packet time.
const handOver = int64(time.Second)

// Dump writes packets. All but Run may be called from any goroutine.
type Dump struct {
	opt    Options
	header []byte // of each file
	encode encoder
	disk   disk

	failing atomic.Bool // the disk takes nothing
	mu      sync.Mutex
	stats   Stats
}

// New makes a dump, which has no file yet.
func New(o Options) (*Dump, error) {
	if o.Size < 0 || o.Every < 0 || o.Count < 0 || o.Size > 0 && o.Every > 0 && o.Count > 0 {
		return nil, fmt.Errorf("a rotation of %+v is not possible", o.Rotation)
	}
	d := &Dump{opt: o}
	d.encode.init(d)
	d.disk = disk{d: d}
	d.header = d.encode.header()
	return d, nil
}

// Stats returns the counts up to now.
func (d *Dump) Stats() Stats {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.stats
}

// Run writes the packets of a source until that ends, and returns its error, nil for io.EOF. All that was given to the disk is written then, and
// the file closed. After the end of the dump packets are still read, as others may wait for it. It allocates nothing for a packet.
func (d *Dump) Run(src capture.Source) error {
	full := make(chan *chunk, mostChunks)
	var writing sync.WaitGroup
	writing.Go(func() { d.disk.write(full) })
	d.encode.full = full
	err := d.encode.run(src)
	close(full)
	writing.Wait()
	return err
}

// lose counts packets that are not written, and why: now, or up to the next that is.
func (d *Dump) lose(packets uint64, why error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stats.Lost += packets
	if errors.Is(why, ErrSlow) {
		d.stats.Slow += packets
	}
	if why != nil {
		d.stats.Trouble = why
	}
}
