package packet

import (
	"encoding/binary"
	"math/bits"
)

// sum adds the 16-bit words of b to acc in one's complement (RFC 1071), eight bytes at a time, in little-endian order: the sum does not
// depend on the order but for a swap of its bytes at the end, and 0xffff looks the same both ways. Lengths are hard to foretell, so that there is one
// loop; what is left besides is taken without a choice.
func sum(b []byte, acc uint64) uint64 {
	n := uint(len(b))
	if n < 32 {
		return sumFew(b, acc)
	}
	// Where a slice ends at its capacity, Go need not make sure that an empty one does not point behind it.
	eights, sixteens := n&^7, n&^15
	rest := binary.LittleEndian.Uint64(b[n-8:n:n]) >> 8 >> ((7 - n%8) * 8) // nothing if n is a multiple of 8
	eight := binary.LittleEndian.Uint64(b[eights-8:eights:eights]) & -uint64(n>>3&1)
	sixteen, mask := (*[16]byte)(b[sixteens-16:sixteens:sixteens]), -uint64(n>>4&1)
	acc, c := bits.Add64(acc, rest, 0)
	acc, c = bits.Add64(acc, eight, c)
	acc, c = bits.Add64(acc, binary.LittleEndian.Uint64(sixteen[:])&mask, c)
	acc, c = bits.Add64(acc, binary.LittleEndian.Uint64(sixteen[8:])&mask, c)
	acc += c
	for i := uint(0); i <= n-32; i += 32 {
		x := (*[32]byte)(b[i : i+32 : i+32])
		acc, c = bits.Add64(acc, binary.LittleEndian.Uint64(x[:]), 0)
		acc, c = bits.Add64(acc, binary.LittleEndian.Uint64(x[8:]), c)
		acc, c = bits.Add64(acc, binary.LittleEndian.Uint64(x[16:]), c)
		acc, c = bits.Add64(acc, binary.LittleEndian.Uint64(x[24:]), c)
		acc += c
	}
	return acc
}

// sumFew is sum for any length.
func sumFew(b []byte, acc uint64) uint64 {
	var c uint64
	for ; len(b) >= 4; b = b[4:] {
		acc, c = bits.Add64(acc, uint64(binary.LittleEndian.Uint32(b)), 0)
		acc += c
	}
	for i, x := range b {
		acc, c = bits.Add64(acc, uint64(x)<<(i%2*8), 0)
		acc += c
	}
	return acc
}

// sum32 is sum for 32 bytes.
func sum32(b *[32]byte) uint64 {
	acc, c := bits.Add64(binary.LittleEndian.Uint64(b[:]), binary.LittleEndian.Uint64(b[8:]), 0)
	acc, c = bits.Add64(acc, binary.LittleEndian.Uint64(b[16:]), c)
	acc, c = bits.Add64(acc, binary.LittleEndian.Uint64(b[24:]), c)
	return acc + c
}

// sum20 is sum for 20 bytes.
func sum20(b *[20]byte) uint64 {
	acc, c := bits.Add64(binary.LittleEndian.Uint64(b[:]), binary.LittleEndian.Uint64(b[8:]), 0)
	acc, c = bits.Add64(acc, uint64(binary.LittleEndian.Uint32(b[16:])), c)
	return acc + c
}

// verdict judges a sum that includes the checksum itself.
func verdict(acc uint64) CheckState {
	if fold16(acc) == 0xffff {
		return CheckGood
	}
	return CheckBad
}

// fold16 folds a sum to 16 bits, in one's complement: each half is added to the other, and the upper one has the carry of the lower.
func fold16(acc uint64) uint16 {
	half := uint32((acc + bits.RotateLeft64(acc, 32)) >> 32)
	return uint16((half + bits.RotateLeft32(half, 16)) >> 16)
}

// transportCheck verifies the checksum, at an offset, of the n bytes of a segment or datagram (RFC 8200 section 8.1, RFC 768, RFC 9293). The
// mapped form of IPv4 addresses adds 0xffff twice, which is nothing in one's complement.
func transportCheck(t *Transport, b []byte, offset int) CheckState {
	n := uint32(len(b))
	pseudo := uint64(bits.ReverseBytes32(n)) + uint64(t.Proto)<<8
	pseudo = sum(t.Dst[:], sum(t.Src[:], pseudo))
	return judge(b, pseudo, offset)
}

// judge verifies the checksum, at an offset, of b, pseudo being the sum of the pseudo-header.
func judge(b []byte, pseudo uint64, offset int) CheckState {
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
