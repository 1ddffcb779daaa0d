package capture

import (
	"errors"
	"fmt"
	"sync"
)

// What a [Fault] or an error of [Open] can wrap.
var (
	// ErrTruncated: the file or stream ends inside a record. Common: the capture was still being written.
	ErrTruncated = errors.New("cut off")
	// ErrDamaged: a record contradicts itself or its container.
	ErrDamaged = errors.New("damaged")
	// ErrUnreadable: the file can no longer be read: it shrank while it was read, the disk failed, or its compression is broken.
	ErrUnreadable = errors.New("unreadable")
	// ErrNotCapture: the file is no capture at all; the error is a [*FormatError].
	ErrNotCapture = errors.New("not a capture file")
	// ErrSourcesTaken: [Input.Sources] was called twice.
	ErrSourcesTaken = errors.New("capture: Sources may be called once")
)

// maxFaults bounds the faults kept of one file; the rest is counted in the last of them. About 100 bytes each.
const maxFaults = 64

// Fault says where a capture file is broken. The packets before it were handed out.
type Fault struct {
	// File is the path as given to [Open].
	File string
	// Packet is the number the broken packet would have had.
	Packet uint64
	// Offset is where the broken record begins, in bytes from the start of the decompressed file.
	Offset int64
	// What is wrong, in a few words, without the position.
	What string
	// More counts further faults of the same file that were not kept; only the last kept fault of a file has it.
	More int
	// Err is ErrTruncated, ErrDamaged or ErrUnreadable.
	Err error
}

// Error returns the fault in one line.
func (f *Fault) Error() string {
	s := fmt.Sprintf("%s: packet %d at byte %d: %s", printable(f.File), f.Packet, f.Offset, f.What)
	if f.More > 0 {
		s += fmt.Sprintf(" (and %d more faults)", f.More)
	}
	return s
}

// String returns the same line as Error.
func (f *Fault) String() string { return f.Error() }

// Unwrap returns the class of the fault.
func (f *Fault) Unwrap() error { return f.Err }

// faultLog gathers the faults of all Sources. Every Source meets the same faults in the same order, so the k-th fault of a file is
// kept once, whoever comes first.
type faultLog struct {
	mu    sync.Mutex
	files []fileFaults
}

type fileFaults struct {
	kept  []Fault
	total int
}

// add records fault k (from 0) of a file.
func (l *faultLog) add(file uint16, k int, f Fault) {
	l.mu.Lock()
	defer l.mu.Unlock()
	ff := &l.files[file]
	if k < ff.total {
		return
	}
	ff.total = k + 1
	if len(ff.kept) < maxFaults {
		ff.kept = append(ff.kept, f)
	}
}

// all returns copies, in the order of the files.
func (l *faultLog) all() []*Fault {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []*Fault
	for _, ff := range l.files {
		for _, f := range ff.kept {
			out = append(out, &f)
		}
		if n := len(ff.kept); n > 0 {
			out[len(out)-1].More = ff.total - n
		}
	}
	return out
}
