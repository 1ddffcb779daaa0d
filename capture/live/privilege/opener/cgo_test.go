//go:build cgo

package opener

import "testing"

// TestNeedsNoCgo says why the others were skipped: of a program with cgo, not all threads can give up their rights.
func TestNeedsNoCgo(t *testing.T) { t.Skip("this test binary has cgo: CGO_ENABLED=0 go test") }
