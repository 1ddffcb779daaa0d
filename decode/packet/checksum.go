package packet

import (
	"encoding/binary"
	"math/bits"
)

// sum adds the 16-bit words of b to acc in one's complement (RFC 1071), eight bytes at a time, in little-endian order: the sum does not
// depend on the order but for a swap of its bytes at the end, and 0xffff looks the same both ways.
func sum(b []byte, acc uint64) uint64 {
	var c uint64
	for len(b) >= 32 {
		acc, c = bits.Add64(acc, binary.LittleEndian.Uint64(b), 0)
		acc, c = bits.Add64(acc, binary.LittleEndian.Uint64(b[8:]), c)
		acc, c = bits.Add64(acc, binary.LittleEndian.Uint64(b[16:]), c)
		acc, c = bits.Add64(acc, binary.LittleEndian.Uint64(b[24:]), c)
		acc += c
		b = b[32:]
	}
	for len(b) >= 8 {
		acc, c = bits.Add64(acc, binary.LittleEndian.Uint64(b), 0)
		acc += c
		b = b[8:]
	}
	var tail uint64
	if len(b) >= 4 {
		tail = uint64(binary.LittleEndian.Uint32(b))
		b = b[4:]
	}
	if len(b) >= 2 {
		tail += uint64(binary.LittleEndian.Uint16(b))
		b = b[2:]
	}
	if len(b) == 1 {
		tail += uint64(b[0])
	}
	acc, c = bits.Add64(acc, tail, 0)
	return acc + c
}

// verdict judges a sum that includes the checksum itself.
func verdict(acc uint64) CheckState {
	acc = acc>>32 + acc&0xffffffff
	acc = acc>>32 + acc&0xffffffff
	acc = acc>>16 + acc&0xffff
	acc = acc>>16 + acc&0xffff
	if acc == 0xffff {
		return CheckGood
	}
	return CheckBad
}

// transportCheck verifies the checksum of the n bytes of a segment or datagram (RFC 8200 section 8.1, RFC 768, RFC 9293). The mapped form
// of IPv4 addresses adds 0xffff twice, which is nothing in one's complement.
func transportCheck(t *Transport, b []byte) CheckState {
	n := uint32(len(b))
	pseudo := uint64(bits.ReverseBytes32(n)) + uint64(t.Proto)<<8
	pseudo = sum(t.Src[:], pseudo)
	return verdict(sum(b, sum(t.Dst[:], pseudo)))
}
