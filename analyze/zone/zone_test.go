package zone

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"
)

func TestOf(t *testing.T) {
	tests := []struct{ name, zone string }{
		{"www.example.com", "example.com"},
		{"example.com", "example.com"},
		{"com", "com"},
		{"a.b.c.example.co.uk", "example.co.uk"},
		{"co.uk", "co.uk"},
		{"x.github.io", "x.github.io"}, // a private suffix of the list
		{"1.2.0.192.in-addr.arpa", "192.in-addr.arpa"},
		{"host.corp.unknown-tld", "corp.unknown-tld"},
		{"", ""},
	}
	z := NewFinder(1 << 20)
	for range 2 { // from the list, then from memory
		for _, tt := range tests {
			if got := z.Of(wireName(tt.name)); !slices.Equal(got, wireName(tt.zone)) {
				t.Errorf("%s: got %q, want %q", tt.name, got, wireName(tt.zone))
			}
		}
	}
}

// wireName returns the wire form of a name given without its final dot.
func wireName(s string) []byte {
	var out []byte
	for label := range strings.SplitSeq(s, ".") {
		if label != "" {
			out = append(append(out, byte(len(label))), label...)
		}
	}
	return append(out, 0)
}

func TestFinderIsBounded(t *testing.T) {
	const limit = 1 << 16
	z := NewFinder(limit)
	for n := range uint32(10_000) {
		parent := append([]byte{8}, "12345678"...)
		binary.BigEndian.PutUint32(parent[1:], n|0x61616161)
		binary.BigEndian.PutUint32(parent[5:], n)
		z.Of(slices.Concat([]byte{1, 'a'}, parent, wireName("example.com")))
	}
	if len(z.known)*placeBytes != limit || z.used < len(z.known)/2 {
		t.Errorf("%d places, %d used", len(z.known), z.used)
	}
}

// TestFinderForgetsNothingWrong has names whose parents take each other's places, with room for one.
func TestFinderForgetsNothingWrong(t *testing.T) {
	z := NewFinder(placeBytes)
	for range 3 {
		for name, want := range map[string]string{"a.example.co.uk": "example.co.uk", "a.b.example.com": "example.com", "a.com": "a.com", "a.co.uk": "a.co.uk"} {
			if got := z.Of(wireName(name)); !slices.Equal(got, wireName(want)) {
				t.Errorf("%s: got %q, want %q", name, got, wireName(want))
			}
		}
	}
}
