// Package hugepage makes large tables that the kernel may back with huge pages: their lookups are spread over more memory than a TLB of
// 4 KiB pages covers. Where the kernel does not do that, or another system runs, they are slices like any other.
package hugepage

// size is that of a huge page in bytes, on the machines where it matters.
const size = 2 << 20

// Make returns a slice of n zero values. T must not hold pointers.
func Make[T any](n int) []T {
	s := make([]T, n)
	advise(s)
	return s
}
