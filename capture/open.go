package capture

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// Options of [Open].
type Options struct {
	// Stdin is what the path "-" reads. It stays the caller's: Close only interrupts a Read of it, and only where it has a
	// SetReadDeadline that works.
	Stdin io.Reader
	// blockSize overrides the size of a stream's blocks, for tests.
	blockSize int
}

// inputFile is one file of an Input.
type inputFile struct {
	path    string
	kind    container
	size    int64        // as stored; 0 when unknown
	taken   atomic.Int64 // bytes read of them
	plain   *plainFile   // this, or
	stream  *stream
	regular bool // a file on a disk, whose reads do not wait for anybody
	closing sync.Once
}

// maxFiles is what Packet.File can tell apart.
const maxFiles = math.MaxUint16

// Open opens captures to be read as one; "-" is opts.Stdin. What a file is goes by its content: pcap or pcapng, or either compressed
// with gzip, zstd, lz4 or xz. A file that is none of them is a [*FormatError]. Open reads the first bytes of each file, and waits
// for them where it is a pipe; it starts no goroutine.
func Open(paths []string, opts Options) (*Input, error) {
	if len(paths) == 0 || len(paths) > maxFiles {
		return nil, fmt.Errorf("capture: %d files to read, want 1 to %d", len(paths), maxFiles)
	}
	in := &Input{paths: append([]string(nil), paths...), log: faultLog{files: make([]fileFaults, len(paths))}}
	if opts.blockSize == 0 {
		opts.blockSize = max(min(streamBudget/streamBlocks/len(paths), streamBlock), minStreamBlock)
	}
	usedStdin := false
	for _, path := range paths {
		if path == "-" && usedStdin {
			in.Close()
			return nil, errors.New("capture: standard input (-) can be read once")
		}
		usedStdin = usedStdin || path == "-"
		f, err := openFile(path, opts)
		if err != nil {
			in.Close()
			return nil, err
		}
		in.files = append(in.files, f)
	}
	return in, nil
}

func openFile(path string, opts Options) (*inputFile, error) {
	if path == "-" {
		if opts.Stdin == nil {
			return nil, errors.New("capture: no standard input (-) to read")
		}
		return openStream(path, opts.Stdin, opts, func() {})
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		err = fmt.Errorf("%s: a directory, not a capture file", printable(path))
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return openStream(path, f, opts, func() { f.Close() })
}

// openStream prepares to read r, which done gives up.
func openStream(path string, r io.Reader, opts Options, done func()) (*inputFile, error) {
	f := &inputFile{path: path}
	var plain *plainFile
	if file, ok := r.(*os.File); ok {
		widenPipe(file)
		if info, err := file.Stat(); err == nil && info.Mode().IsRegular() {
			f.size, f.regular = rest(file, info.Size()), true
			plain = &plainFile{file: file, start: info.Size() - f.size, size: f.size, block: min(opts.blockSize, plainBlock), close: done}
			r = &shrinkReader{r: r, size: f.size}
		}
	}
	counted := countingReader{r, &f.taken}
	inner, kind, release, err := unwrap(path, counted)
	if err != nil {
		done()
		return nil, err
	}
	f.kind = kind
	if p, ok := inner.(*prefixedReader); ok && plain != nil && p.r == counted {
		f.plain = plain
		return f, nil
	}
	f.stream = newStream(inner, opts.blockSize)
	f.stream.release = func() { release(); done() }
	f.stream.stop = func() bool { return interrupt(r) }
	return f, nil
}

// rest is what is left of a file of the given size: somebody may have read from it before.
func rest(f *os.File, size int64) int64 {
	at, err := f.Seek(0, io.SeekCurrent)
	if err != nil {
		return size
	}
	return max(size-at, 0)
}

// interrupt makes a Read that waits return. It says whether it could.
func interrupt(r io.Reader) bool {
	d, ok := r.(interface{ SetReadDeadline(t time.Time) error })
	return ok && d.SetReadDeadline(time.Unix(1, 0)) == nil
}

// reader returns a Source's own reader of the file.
func (f *inputFile) reader(index int, log *faultLog) fileReader {
	w := newWalker(f.kind, place{file: uint16(index), name: f.path, log: log})
	if f.plain == nil {
		f.stream.readers++
		return &streamFile{blocks: &streamReader{s: f.stream}, w: w}
	}
	r := &plainReader{f: f.plain}
	if f.plain.readers++; f.plain.readers == 1 {
		r.taken = &f.taken
	}
	return &streamFile{blocks: r, w: w}
}

// run begins the reading, where it takes a goroutine.
func (f *inputFile) run() {
	if f.stream != nil {
		go f.stream.run()
	}
}

// stop ends the reading. For a stream it waits for its goroutine, unless that may sit in a Read that cannot be interrupted.
func (f *inputFile) stop(started bool) {
	f.closing.Do(func() {
		switch {
		case f.plain != nil:
			f.plain.close()
		case !started:
			f.stream.release()
		case f.stream.close() || f.regular:
			<-f.stream.done
		}
	})
}
