package hugepage

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// advise asks for huge pages in the part of s that consists of whole ones. It is a hint: an error (a kernel without them) changes nothing. The
// memory stays the garbage collector's, which the hint does not concern.
func advise[T any](s []T) {
	n := len(s) * int(unsafe.Sizeof(*new(T)))
	if n < size {
		return
	}
	b := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(s))), n)
	start := -int(uintptr(unsafe.Pointer(&b[0]))) & (size - 1)
	if whole := (n - start) &^ (size - 1); whole > 0 {
		_ = unix.Madvise(b[start:start+whole], unix.MADV_HUGEPAGE)
	}
}
