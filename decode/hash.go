package decode

import (
	"encoding/binary"
	"math/bits"

	"github.com/dnssniff/dnssniff/decode/packet"
)

// Odd constants with about half their bits set, as multiply-fold hashes want them.
const (
	k0 = 0xa0761d6478bd642f
	k1 = 0xe7037ed1a0b428db
	k2 = 0x8ebc6af09c88c6e3
)

func fold(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

func halves(a *packet.Addr) (uint64, uint64) {
	return binary.LittleEndian.Uint64(a[:8]), binary.LittleEndian.Uint64(a[8:])
}

// HashAddr hashes an address with a seed.
func HashAddr(seed uint64, a *packet.Addr) uint64 {
	x, y := halves(a)
	return fold(fold(x^k0^seed, y^bits.RotateLeft64(seed, 32)), k1) // no factor can be made 0 by who does not know the seed
}

// shardOf assigns a client to a shard. It has no seed: the assignment is the same in each run.
func shardOf(a *packet.Addr) uint8 { return shardOfWords(halves(a)) }

func shardOfWords(x, y uint64) uint8 { return uint8(fold(fold(x^k0, y^k1), k2) >> 61) }

// hashBytes hashes the bytes of a message or a name, 32 at a time; the last 16 are taken as they stand, whatever of them was taken before.
func hashBytes(seed uint64, b []byte) uint64 {
	h := seed ^ uint64(len(b))*k0
	if len(b) < 16 {
		return hashFew(h, b)
	}
	last := b[len(b)-16:]
	for len(b) > 32 {
		g := bits.RotateLeft64(h, 32)
		x := fold(binary.LittleEndian.Uint64(b)^h, binary.LittleEndian.Uint64(b[8:])^g)
		h = x ^ bits.RotateLeft64(fold(binary.LittleEndian.Uint64(b[16:])^k1^h, binary.LittleEndian.Uint64(b[24:])^k1^g), 32)
		b = b[32:]
	}
	if len(b) > 16 {
		h = fold(binary.LittleEndian.Uint64(b)^h, binary.LittleEndian.Uint64(b[8:])^bits.RotateLeft64(h, 32))
	}
	return fold(fold(binary.LittleEndian.Uint64(last)^h, binary.LittleEndian.Uint64(last[8:])^bits.RotateLeft64(h, 32)), k2)
}

// hashFew hashes fewer than 16 bytes.
func hashFew(h uint64, b []byte) uint64 {
	var x, y uint64
	switch n := len(b); {
	case n >= 8:
		x, y = binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[n-8:])
	case n >= 4:
		x, y = uint64(binary.LittleEndian.Uint32(b)), uint64(binary.LittleEndian.Uint32(b[n-4:]))
	case n > 0:
		x = uint64(b[0])<<16 | uint64(b[n/2])<<8 | uint64(b[n-1])
	}
	return fold(fold(x^h, y^bits.RotateLeft64(h, 32)), k2)
}
