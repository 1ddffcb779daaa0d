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
