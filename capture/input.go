package capture

import (
	"io"
	"sync"
	"sync/atomic"
)

// Input is a set of capture files read as one.
type Input struct {
	paths []string
	files []*inputFile
	log   faultLog

	closed atomic.Bool

	mu    sync.Mutex
	taken bool // Sources was called, or never will be
}

// Files returns the paths as given to [Open]; [Packet.File] is an index of it.
func (in *Input) Files() []string { return append([]string(nil), in.paths...) }

// Sources returns n Sources that each hand out all packets of all files, in the same order: that of a file where there is one, else by
// time, files earlier in the list first where times are equal; packets of one file keep their order whatever their times.
//
// Each Source is for a goroutine of its own. A regular file that is not compressed is read by each of them, in blocks of 256 KiB. Anything else
// is read and decompressed once, by one goroutine, into at most 4 blocks of 1 MiB that all Sources parse in place (with more than 16 files,
// 64 MiB for all together, but at least 256 KiB each): there they wait for the slowest, so all must be read, to io.EOF or until Close, and
// they share their bytes: never write to [Packet.Data]. A Source takes up to 640 KiB more for each file, to put together records that lie
// across blocks. Sources may be called once: later calls return Sources that fail with [ErrSourcesTaken].
func (in *Input) Sources(n int) []Source {
	in.mu.Lock()
	defer in.mu.Unlock()
	out := make([]Source, n)
	if in.taken {
		for i := range out {
			out[i] = &source{in: in, done: true, err: ErrSourcesTaken}
		}
		return out
	}
	in.taken = true
	for i := range out {
		out[i] = &source{in: in, err: io.EOF, file: in.readers()}
	}
	for _, f := range in.files {
		f.run()
	}
	return out
}

// readers returns one Source's readers: of the only file, or of the merge of several.
func (in *Input) readers() fileReader {
	if len(in.files) == 1 { // nothing to merge
		return in.files[0].reader(0, &in.log)
	}
	files := make([]fileReader, len(in.files))
	for i, f := range in.files {
		files[i] = f.reader(i, &in.log)
	}
	return newMerge(files)
}

// Faults returns where the files are broken, in the order of the files, at most 64 for each. It is complete when every Source has
// returned io.EOF.
func (in *Input) Faults() []*Fault { return in.log.all() }

// Progress returns how many bytes of the files have been read, and of how many: bytes as stored, so compressed where the file is. total
// is 0 when a file's size is not known. It may be called from any goroutine.
func (in *Input) Progress() (read, total int64) {
	known := true
	for _, f := range in.files {
		read += f.taken.Load()
		total += f.size
		known = known && f.size > 0
	}
	if !known {
		return read, 0
	}
	return read, max(read, total) // a file can have grown
}

// Close stops the reading. It may be called at any time, from any goroutine, and more than once: Sources that wait return io.EOF, the
// others on their next call, and the goroutines end. Close waits for them, except for one that sits in a Read which cannot be
// interrupted (of Options.Stdin, or of a device): that one ends when the Read returns. Packets handed out stay readable.
func (in *Input) Close() error {
	in.mu.Lock()
	started := in.taken
	in.taken = true
	in.mu.Unlock()
	in.closed.Store(true)
	for _, f := range in.files {
		f.stop(started)
	}
	return nil
}
