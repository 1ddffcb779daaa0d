package hugepage

import (
	"testing"
	"unsafe"
)

func TestMake(t *testing.T) {
	type row struct{ a, b uint64 }
	for _, n := range []int{0, 1, 100, 1 << 15, 1 << 17, 1<<17 + 3, 1 << 20} {
		s := Make[row](n)
		if len(s) != n || cap(s) != n {
			t.Fatalf("length %d and capacity %d, want %d", len(s), cap(s), n)
		}
		for i := range s {
			if s[i] != (row{}) {
				t.Fatalf("%d: element %d is not zero", n, i)
			}
			s[i].b = 1
		}
		if at := uintptr(unsafe.Pointer(unsafe.SliceData(s))); n*16 >= size && at%size != 0 {
			t.Errorf("%d: begins at %#x", n, at)
		}
	}
	if s := Make[[3]byte](1 << 20); len(s) != 1<<20 {
		t.Errorf("length %d", len(s))
	}
}
