package wire

import (
	"encoding/binary"
	"math/bits"
)

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080

	mix0 = 0xa0761d6478bd642f
	mix1 = 0xe7037ed1a0b428db
	mix2 = 0x8ebc6af09c88c6e3
)

// fold lower-cases the ASCII letters among the eight bytes of w (RFC 4343). The length bytes of a name are below 'A', so they stay.
func fold(w uint64) uint64 {
	return w | capitals(w)
}

// capitals has bit 5 set of each byte of w that is a capital letter: that in which its small one differs.
func capitals(w uint64) uint64 {
	low := w &^ highs
	pastZ := low + (0x7f-'Z')*ones
	fromA := low + (0x80-'A')*ones
	return (fromA &^ pastZ &^ w & highs) >> 2
}

// fold1 lower-cases one byte.
func fold1(c byte) byte {
	if c-'A' < 26 {
		return c | 0x20
	}
	return c
}

func multiply(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

// tail returns the last 1 to 7 bytes of b as a word; 0 for none.
func tail(b []byte) (w uint64) {
	n := len(b)
	switch {
	case n >= 4:
		return uint64(binary.LittleEndian.Uint32(b)) | uint64(binary.LittleEndian.Uint32(b[n-4:]))<<32
	case n > 0:
		return uint64(b[0]) | uint64(b[n/2])<<8 | uint64(b[n-1])<<16
	}
	return 0
}

// HashName hashes an uncompressed wire name without regard to the case of ASCII letters. Names that are equal by EqualFold have equal
// hashes under one seed; a secret random seed keeps others from choosing names that collide. It takes any bytes.
func HashName(seed uint64, name []byte) uint64 {
	h, _ := HashSpelling(seed, name)
	return h
}

// NoCapitals is the spelling of a name without a capital letter.
const NoCapitals = 1

// HashSpelling is HashName, and at its cost a number that tells how the name was spelt: two names that are EqualFold have the same one if they are
// equal, else once in 2^31. It is NoCapitals iff no letter is a capital, and never 0.
func HashSpelling(seed uint64, name []byte) (hash uint64, spelling uint32) {
	h, k, n, s := seed^mix0, seed^mix1, len(name), uint64(0) // no factor can be made 0 by who does not know the seed
	if n <= 16 {
		a, b := ends(name)
		x, y := capitals(a), capitals(b)
		return multiply(multiply((a|x)^k, (b|y)^h)^mix2, uint64(n)^mix1), spelt(x | bits.RotateLeft64(y, 1))
	}
	last := name[n-16:]
	for len(name) > 16 {
		a, b := binary.LittleEndian.Uint64(name), binary.LittleEndian.Uint64(name[8:])
		x, y := capitals(a), capitals(b)
		h = multiply((a|x)^k, (b|y)^h)
		s = bits.RotateLeft64(s*mix2, 29) ^ x ^ bits.RotateLeft64(y, 1)
		name = name[16:]
	}
	a, b := binary.LittleEndian.Uint64(last), binary.LittleEndian.Uint64(last[8:])
	x, y := capitals(a), capitals(b)
	h = multiply((a|x)^k, (b|y)^h)
	return multiply(h^mix2, uint64(n)^mix1), spelt(bits.RotateLeft64(s*mix2, 29) ^ x ^ bits.RotateLeft64(y, 1))
}

// spelt brings what is known of capitals to a number that fits.
func spelt(s uint64) uint32 {
	if s == 0 {
		return NoCapitals
	}
	return uint32(s*mix1>>32) | 2
}

// ends returns the first and the last bytes of b, at most 16, as two words that overlap: to choose by the length costs more than to read twice.
func ends(b []byte) (first, last uint64) {
	switch n := len(b); {
	case n >= 8:
		return binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[n-8:])
	case n >= 4:
		return uint64(binary.LittleEndian.Uint32(b)), uint64(binary.LittleEndian.Uint32(b[n-4:]))
	case n > 0:
		return uint64(b[0])<<16 | uint64(b[n/2])<<8 | uint64(b[n-1]), 0
	}
	return 0, 0
}

// EqualFold says whether two uncompressed wire names are equal without regard to the case of ASCII letters (RFC 4343).
func EqualFold(a, b []byte) bool {
	if len(a) != len(b) {
		return false
	}
	for len(a) >= 8 {
		x, y := binary.LittleEndian.Uint64(a), binary.LittleEndian.Uint64(b)
		if x != y && fold(x) != fold(y) {
			return false
		}
		a, b = a[8:], b[8:]
	}
	return fold(tail(a)) == fold(tail(b))
}

// Labels returns the number of labels of an uncompressed wire name; the root does not count.
func Labels(name []byte) int {
	n := 0
	for off := 0; off < len(name) && name[off] != 0; off += int(name[off]) + 1 {
		n++
	}
	return n
}

// AppendName appends the presentation form of an uncompressed wire name to dst: a final dot, dots and backslashes within labels
// escaped as \. and \\, and what is not printable ASCII as \DDD (RFC 1035 section 5.1). The root is ".". What is no name is appended
// as far as it is one.
func AppendName(dst, name []byte) []byte { return appendName(dst, name, false) }

// AppendLowerName is AppendName with ASCII letters in lower case.
func AppendLowerName(dst, name []byte) []byte { return appendName(dst, name, true) }

func appendName(dst, name []byte, lower bool) []byte {
	if len(name) == 0 || name[0] == 0 {
		return append(dst, '.')
	}
	for len(name) > 0 && name[0]-1 < 63 {
		n := min(int(name[0])+1, len(name))
		for _, c := range name[1:n] {
			if lower {
				c = fold1(c)
			}
			dst = appendEscaped(dst, c)
		}
		dst = append(dst, '.')
		name = name[n:]
	}
	return dst
}

// appendEscaped appends a byte of a label.
func appendEscaped(dst []byte, c byte) []byte {
	switch {
	case c == '.' || c == '\\':
		return append(dst, '\\', c)
	case c <= ' ' || c >= 0x7f:
		return append(dst, '\\', '0'+c/100, '0'+c/10%10, '0'+c%10)
	}
	return append(dst, c)
}
