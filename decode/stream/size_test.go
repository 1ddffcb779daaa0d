package stream

import (
	"testing"
	"unsafe"
)

// TestDocumentedMemory checks what Limits says of a connection: its record, and at most 8/3 slots of the table.
func TestDocumentedMemory(t *testing.T) {
	if n := unsafe.Sizeof(conn{}) + 8*unsafe.Sizeof(slot{})/3; n > 600 {
		t.Errorf("a connection takes %d bytes", n)
	}
	t.Logf("conn %d, piece %d, partial %d bytes", unsafe.Sizeof(conn{}), unsafe.Sizeof(piece{}), unsafe.Sizeof(partial{}))
}
