// Package hugepage makes large tables that the kernel may back with huge pages: their lookups are spread over more memory than a TLB of
// 4 KiB pages covers. Where the kernel does not do that, or another system runs, they are slices like any other.
package hugepage

import "unsafe"

// size is that of a huge page in bytes, on the machines where it matters.
const size = 2 << 20

// Make returns a slice of n zero values, which from a huge page on begins at one: what lies before it is never touched, and takes no
// memory. T must not hold pointers.
func Make[T any](n int) []T {
	each := int(unsafe.Sizeof(*new(T)))
	if n*each < size || size%each != 0 {
		return make([]T, n)
	}
	s := make([]T, n+size/each)
	skip := -int(uintptr(unsafe.Pointer(unsafe.SliceData(s)))) & (size - 1)
	if skip%each != 0 {
		return s[:n:n]
	}
	s = s[skip/each:][:n:n]
	advise(unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(s))), n*each))
	return s
}
