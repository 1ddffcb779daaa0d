//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package live

import (
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/dnssniff/dnssniff/capture"
)

// view is what is left of a block for one Source: records of struct bpf_hdr and a frame.
type view struct {
	block   []byte
	link    capture.LinkType
	snaplen int
}

// read takes the next frames of the block.
func (v *view) read(batch []capture.Packet, number uint64) (n int) {
	for n < len(batch) && len(v.block) >= int(unsafe.Sizeof(unix.BpfHdr{})) {
		h := (*unix.BpfHdr)(unsafe.Pointer(&v.block[0]))
		begin := int(h.Hdrlen)
		end := begin + int(h.Caplen)
		if begin == 0 || end < begin || end > len(v.block) { // never, unless the kernel errs
			v.block = nil
			break
		}
		p := &batch[n]
		p.Data = v.block[begin:min(end, begin+v.snaplen)]
		p.Data = p.Data[:len(p.Data):len(p.Data)]
		p.Time = int64(h.Tstamp.Sec)*1e9 + int64(h.Tstamp.Usec)*1e3
		n++
		p.Number, p.Length, p.Link, p.File = number+uint64(n), h.Datalen, v.link, 0
		next := (end + unix.BPF_ALIGNMENT - 1) &^ (unix.BPF_ALIGNMENT - 1)
		v.block = v.block[min(next, len(v.block)):]
	}
	return n
}
