package capture

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/ulikunitz/xz"
)

// maxWindow bounds the memory of a zstd or xz decompressor: what zstd itself accepts unless told otherwise, and twice what xz -9
// needs. They allocate what the file asks for, as far as this.
const maxWindow = 128 << 20

// maxNesting is how many layers of compression are taken off a file.
const maxNesting = 3

// readAhead is how much compressed data is read at once.
const readAhead = 128 << 10

// unwrap takes off the compression that the content shows, until a capture begins. release gives up the decompressors.
func unwrap(path string, r io.Reader) (inner io.Reader, kind container, release func(), err error) {
	release = func() {}
	for depth := 0; ; depth++ {
		first, err := peek(r)
		kind = sniff(first)
		switch {
		case kind == pcapContainer || kind == pcapngContainer:
			return &prefixedReader{first, r}, kind, release, nil
		case err != nil && !errors.Is(err, io.EOF):
			release()
			return nil, 0, nil, fmt.Errorf("%s: %w: %w", printable(path), ErrUnreadable, err)
		case kind == unknownContainer || depth == maxNesting:
			release()
			return nil, 0, nil, notCapture(path, first, depth, kind)
		}
		var stop func()
		r, stop, err = decompress(kind, &prefixedReader{first, r})
		if err != nil {
			release()
			return nil, 0, nil, fmt.Errorf("%s: %w: %w", printable(path), ErrUnreadable, err)
		}
		outer := release
		release = func() { stop(); outer() }
	}
}

func notCapture(path string, first []byte, depth int, kind container) *FormatError {
	e := describe(path, first)
	if depth > 0 {
		e.Looks += " (unpacked)"
	}
	if kind != unknownContainer {
		e.Looks, e.Advice = "is compressed more than three times over", adviseUnpack
	}
	return e
}

// excerptBytes is what it takes to describe a file, if it has as many.
const excerptBytes = 64

// peek reads what tells the containers apart, and for a file that is none of them somewhat more, to describe it. It waits for no
// more than that: a live capture on a pipe begins with few bytes.
func peek(r io.Reader) ([]byte, error) {
	first := make([]byte, 512)
	n, enough := 0, magicBytes
	for reads := 0; n < enough; reads++ {
		more, err := r.Read(first[n:])
		n += more
		if err == nil && reads == maxEmptyReads {
			err = io.ErrNoProgress
		}
		if err != nil {
			return first[:n], err
		}
		if n >= magicBytes && sniff(first[:n]) == unknownContainer {
			enough = excerptBytes
		}
	}
	return first[:n], nil
}

// prefixedReader gives back what was read from r to look at it.
type prefixedReader struct {
	prefix []byte
	r      io.Reader
}

func (p *prefixedReader) Read(b []byte) (int, error) {
	if len(p.prefix) > 0 {
		n := copy(b, p.prefix)
		p.prefix = p.prefix[n:]
		return n, nil
	}
	return p.r.Read(b)
}

// decompress opens a decompressor that runs within the calls of Read, with no goroutine of its own, and with bounded memory: gzip and
// lz4 need 64 KiB and up to 8 MiB, zstd and xz what the file says, up to maxWindow.
func decompress(kind container, r io.Reader) (io.Reader, func(), error) {
	in := bufio.NewReaderSize(r, readAhead)
	switch kind {
	case gzipContainer:
		z, err := gzip.NewReader(in)
		return guardedReader{z}, func() {}, err
	case zstdContainer:
		z, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecodeBuffersBelow(0))
		if err != nil {
			return nil, nil, err
		}
		return guardedReader{z}, z.Close, nil
	case lz4Container:
		return guardedReader{lz4.NewReader(in)}, func() {}, nil
	default:
		z, err := xz.NewReader(&xzGuard{in: in})
		return guardedReader{z}, func() {}, err
	}
}
