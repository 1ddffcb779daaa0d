package analyze

// chunk is the size of an arena's pieces in bytes.
const chunk = 1 << 16

// ref is a place in an arena: chunk number and offset. Later keys have higher ones.
type ref uint32

// arena holds byte strings of up to 255 bytes without a header for each.
type arena struct {
	chunks   [][]byte
	last, at int // where the next key goes
	bytes    int // in use
}

// put copies a key into the arena.
func (a *arena) put(key []byte) ref {
	if a.at+1+len(key) > chunk {
		a.last, a.at = a.last+1, 0
	}
	if a.last == len(a.chunks) {
		a.chunks = append(a.chunks, make([]byte, chunk))
	}
	r := ref(a.last<<16 | a.at)
	c := a.chunks[a.last][a.at:]
	c[0] = byte(len(key))
	copy(c[1:], key)
	a.at += 1 + len(key)
	a.bytes += 1 + len(key)
	return r
}

// get returns a key; it is the arena's own.
func (a *arena) get(r ref) []byte {
	c := a.chunks[r>>16]
	at := int(r & 0xffff)
	return c[at+1 : at+1+int(c[at])]
}

// rewind makes the arena empty without giving its chunks up: keys that are put again in the order of their refs are moved down, and never onto
// one that comes after them.
func (a *arena) rewind() { a.last, a.at, a.bytes = 0, 0, 0 }
