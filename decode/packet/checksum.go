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
	if fold16(acc) == 0xffff {
		return CheckGood
	}
	return CheckBad
}

// fold16 folds a sum to 16 bits, in one's complement.
func fold16(acc uint64) uint16 {
	acc = acc>>32 + acc&0xffffffff
	acc = acc>>32 + acc&0xffffffff
	acc = acc>>16 + acc&0xffff
	acc = acc>>16 + acc&0xffff
	return uint16(acc)
}

// transportCheck verifies the checksum, at an offset, of the n bytes of a segment or datagram (RFC 8200 section 8.1, RFC 768, RFC 9293). The
// mapped form of IPv4 addresses adds 0xffff twice, which is nothing in one's complement.
func transportCheck(t *Transport, b []byte, offset int) CheckState {
	n := uint32(len(b))
	pseudo := uint64(bits.ReverseBytes32(n)) + uint64(t.Proto)<<8
	pseudo = sum(t.Dst[:], sum(t.Src[:], pseudo))
	state := verdict(sum(b, pseudo))
	if state == CheckBad {
		return unlessOffloaded(pseudo, b[offset:])
	}
	return state
}

// unlessOffloaded judges a wrong checksum: systems leave the sum of the pseudo-header there for the network card to complete, and captured on the
// sender it says nothing (catalogue C02).
func unlessOffloaded(pseudo uint64, checksum []byte) CheckState {
	if binary.LittleEndian.Uint16(checksum) == fold16(pseudo) {
		return CheckUnverified
	}
	return CheckBad
}
