package analyze

// chunk is the size of an arena's pieces in bytes.
const chunk = 1 << 16

// ref is a place in an arena: chunk number and offset.
type ref uint32

// arena holds byte strings of up to 255 bytes without a header for each.
type arena struct {
	chunks [][]byte
}

// put copies a key into the arena.
func (a *arena) put(key []byte) ref {
	n := len(a.chunks)
	if n == 0 || len(a.chunks[n-1])+1+len(key) > chunk {
		a.chunks = append(a.chunks, make([]byte, 0, chunk))
		n++
	}
	c := &a.chunks[n-1]
	at := len(*c)
	*c = append(append(*c, byte(len(key))), key...)
	return ref((n-1)<<16 | at)
}

// get returns a key; it is the arena's own.
func (a *arena) get(r ref) []byte {
	c := a.chunks[r>>16]
	at := int(r & 0xffff)
	return c[at+1 : at+1+int(c[at])]
}
