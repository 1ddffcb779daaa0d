//go:build cgo

package main

// hasCgo says that this test binary cannot give up its rights.
const hasCgo = true
