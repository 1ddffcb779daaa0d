package hugepage

import "golang.org/x/sys/unix"

// advise asks for huge pages in b, which begins at one. It is a hint: an error (a kernel without them) changes nothing. The memory stays the
// garbage collector's, which the hint does not concern.
func advise(b []byte) { _ = unix.Madvise(b, unix.MADV_HUGEPAGE) }
