package packet

import (
	"testing"

	"github.com/dnssniff/dnssniff/capture"
)

func BenchmarkQuick(b *testing.B) {
	f := quickFrame()
	pkt := &capture.Packet{Data: f, Length: uint32(len(f)), Link: 1}
	p := NewParser(Limits{})
	var t Transport
	b.Run("parse", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			p.Parse(pkt, &t)
		}
	})
	p.Parse(pkt, &t)
	if t.Kind != KindUDP || t.IPCheck != CheckGood || t.L4Check != CheckGood {
		b.Fatalf("%+v", t)
	}
	b.Run("peek", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if f, ok := Peek(pkt); !ok || f.DstPort != 53 {
				b.Fatal()
			}
		}
	})
}
func quickFrame() []byte {
	h := "0012345678ab00aabbccddee0800" + "4500003df18440004011311a0a00020f0a000203" + "d62700350029" + "74e3" + "51ee01000001000000000000" + "03777777076578616d706c6503636f6d0000010001"
	out := make([]byte, len(h)/2)
	for i := range out {
		out[i] = nib(h[2*i])<<4 | nib(h[2*i+1])
	}
	return out
}
func nib(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c - 'a' + 10
}
