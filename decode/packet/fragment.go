package packet

import (
	"bytes"
	"hash/maphash"
	"math/bits"
)

// FragStats says what became of the fragments, each counted once.
type FragStats struct {
	Held       uint64 // in datagrams that are not complete
	Completed  uint64 // in datagrams that became complete
	Duplicate  uint64 // held already, byte for byte
	Overlapped uint64 // in datagrams refused for overlapping fragments with different data
	Evicted    uint64 // thrown away because a bound was reached
	TimedOut   uint64 // in datagrams that stayed incomplete for too long
	Cut        uint64 // by the snaplen, or of a datagram whose first fragment it cut
	Invalid    uint64 // with an impossible offset or length

	Later uint64 // of all of these: not the first of their datagram, nor invalid
}

// Lost returns the number of fragments that made no datagram: those of incomplete datagrams among them.
func (s FragStats) Lost() uint64 {
	return s.Held + s.Overlapped + s.Evicted + s.TimedOut + s.Cut + s.Invalid
}

const (
	unit        = 8 // bytes that fragment offsets count in
	chunkBytes  = 2048
	chunkUnits  = chunkBytes / unit
	maxDatagram = 1 << 16
	maxChunks   = maxDatagram / chunkBytes
)

// chunk holds part of the payload of a datagram, and says which units of it are there.
type chunk struct {
	have [chunkUnits / 64]uint64
	data [chunkBytes]byte
}

// chunkSize is what a chunk takes of the memory allowed, in bytes.
const chunkSize = chunkBytes + chunkUnits/8

// piece is a fragment.
type piece struct {
	offset int   // in bytes
	more   bool  // not the last one
	proto  uint8 // what the payload begins with; valid in the first fragment
}

// fragKey is what fragments of one datagram have in common (RFC 791, RFC 8200 section 4.5).
type fragKey struct {
	src, dst Addr
	id       uint32
	version  uint8
	proto    uint8 // 0 for IPv6
}

// state says what a datagram's further fragments are good for.
type state uint8

const (
	stateOpen    state = iota
	stateRefused       // overlapping fragments disagreed: further ones are thrown away too (RFC 8200 section 4.5)
	stateCut           // its first fragment was cut by the snaplen, and given out
)

// datagram is one that is not complete. Index 0 stands for none.
type datagram struct {
	key          fragKey
	start, last  int64            // times of its first fragment to be seen, and of the last
	number       uint64           // packet of the last one, in the file
	older, newer int32            // in the order of start
	next         int32            // with the same hash
	total        int32            // its length in bytes, -1 while unknown
	end          int32            // of the furthest fragment
	units        int32            // that are there
	fragments    uint32           // that are there
	chunks       [maxChunks]int32 // of the payload: where they are, 0 for nowhere
	file         uint16
	proto        uint8 // of the first fragment; until it comes, of another
	state        state
	told         bool // that it lost fragments
	spared       bool // that is not to be told: the snaplen cut one of its fragments, or it was captured twice
}

// fragments puts fragments together.
type fragments struct {
	limits  Limits
	stats   FragStats
	seed    maphash.Seed
	buckets []int32    // by hash: the first datagram
	table   []datagram // from index 1
	spare   []int32    // free indexes of table
	oldest  int32
	newest  int32
	chunks  []*chunk // from index 1
	free    []int32  // free indexes of chunks
	whole   []byte   // the last datagram completed
	within  int64    // ns, and the rest as of Watch
	watcher func(*Lost)
	past    []past // recentlyWhole, a ring
	wholes  int
	lost    Lost
}

func newFragments(l Limits) fragments {
	return fragments{limits: l, seed: maphash.MakeSeed()}
}

// alloc makes the tables, the first time that there is a fragment.
func (f *fragments) alloc() {
	f.buckets = make([]int32, 1<<bits.Len(uint(f.limits.Datagrams)))
	f.table = make([]datagram, 1, 8)
	f.chunks = make([]*chunk, 1, 8)
	f.past = make([]past, recentlyWhole)
}

func (f *fragments) bucket(k *fragKey) *int32 {
	return &f.buckets[maphash.Comparable(f.seed, *k)&uint64(len(f.buckets)-1)]
}

// find returns the datagram with a key, newly made where there is none.
func (f *fragments) find(k fragKey, now int64) int32 {
	if f.buckets == nil {
		f.alloc()
	}
	for f.oldest != 0 && f.expired(&f.table[f.oldest], now) {
		f.drop(f.oldest, &f.stats.TimedOut)
	}
	bucket := f.bucket(&k)
	for i := *bucket; i != 0; i = f.table[i].next {
		if d := &f.table[i]; d.key == k {
			if !f.expired(d, now) {
				return i
			}
			f.drop(i, &f.stats.TimedOut)
			break
		}
	}
	i := f.slot()
	f.table[i] = datagram{key: k, start: now, total: -1, older: f.newest, next: *bucket, spared: f.again(&k, now)}
	*bucket = i
	if f.newest != 0 {
		f.table[f.newest].newer = i
	} else {
		f.oldest = i
	}
	f.newest = i
	return i
}

// expired says whether a datagram is too old. Time that went back as far counts too, or such a datagram would stay.
func (f *fragments) expired(d *datagram, now int64) bool {
	age := int64(f.limits.FragmentAge)
	return now-d.start > age || d.start-now > age
}

// slot returns the index of a free datagram, that of the oldest if need be.
func (f *fragments) slot() int32 {
	if len(f.spare) == 0 && len(f.table) <= f.limits.Datagrams {
		f.table = append(f.table, datagram{})
		return int32(len(f.table) - 1)
	}
	if len(f.spare) == 0 {
		f.drop(f.oldest, &f.stats.Evicted)
	}
	i := f.spare[len(f.spare)-1]
	f.spare = f.spare[:len(f.spare)-1]
	return i
}

// chunk returns the index of a free chunk, or 0 where there is none.
func (f *fragments) chunk() int32 {
	if n := len(f.free); n > 0 {
		i := f.free[n-1]
		f.free = f.free[:n-1]
		f.chunks[i].have = [chunkUnits / 64]uint64{}
		return i
	}
	if len(f.chunks)*chunkSize > f.limits.FragmentBytes {
		return 0
	}
	f.chunks = append(f.chunks, new(chunk))
	return int32(len(f.chunks) - 1)
}

// drop forgets a datagram and moves its fragments to another count.
func (f *fragments) drop(i int32, to *uint64) {
	d := &f.table[i]
	if to == &f.stats.TimedOut {
		f.lose(d)
	}
	f.empty(d, to)
	link := f.bucket(&d.key)
	for *link != i {
		link = &f.table[*link].next
	}
	*link = d.next
	if d.older != 0 {
		f.table[d.older].newer = d.newer
	} else {
		f.oldest = d.newer
	}
	if d.newer != 0 {
		f.table[d.newer].older = d.older
	} else {
		f.newest = d.older
	}
	f.spare = append(f.spare, i)
}

// empty gives back the memory of a datagram, and moves its fragments to another count.
func (f *fragments) empty(d *datagram, to *uint64) {
	for c, i := range d.chunks {
		if i != 0 {
			f.free = append(f.free, i)
			d.chunks[c] = 0
		}
	}
	f.stats.Held -= uint64(d.fragments)
	*to += uint64(d.fragments)
	d.fragments = 0
}

// refuse gives up a datagram, and all of it that is still to come.
func (f *fragments) refuse(d *datagram, s state, to *uint64) {
	d.state = s
	f.lose(d)
	f.empty(d, to)
	*to++
}

// outcome of adding a fragment.
type outcome uint8

const (
	outcomeHeld outcome = iota
	outcomeDone
	outcomeOverlap
	outcomeLimit
	outcomeCut
)

// add takes a whole fragment into datagram i.
func (f *fragments) add(i int32, b []byte, fr piece) outcome {
	d := &f.table[i]
	switch d.state {
	case stateRefused:
		f.stats.Overlapped++
		return outcomeOverlap
	case stateCut:
		f.stats.Cut++
		return outcomeCut
	}
	if !d.fits(fr.offset+len(b), fr.more) {
		f.refuse(d, stateRefused, &f.stats.Overlapped)
		return outcomeOverlap
	}
	if !f.reserve(i, fr.offset, len(b)) {
		f.stats.Evicted++
		return outcomeLimit
	}
	before := d.units
	if !f.store(d, fr.offset, b) {
		f.refuse(d, stateRefused, &f.stats.Overlapped)
		return outcomeOverlap
	}
	if fr.offset == 0 || d.fragments == 0 {
		d.proto = fr.proto
	}
	if d.units == before {
		f.stats.Duplicate++
	} else {
		d.fragments++
		f.stats.Held++
	}
	if d.total >= 0 && int(d.units) == (int(d.total)+unit-1)/unit {
		return outcomeDone
	}
	return outcomeHeld
}

// fits says whether a fragment that ends at end agrees with what is known of the datagram's length, and notes what it adds.
func (d *datagram) fits(end int, more bool) bool {
	if d.total >= 0 && (end > int(d.total) || (!more && end != int(d.total))) {
		return false
	}
	d.end = max(d.end, int32(end))
	if !more {
		d.total = int32(end)
	}
	return d.end <= int32(end) || more
}

// reserve finds memory for n bytes of datagram i, throwing out the oldest datagrams. False: i itself was the oldest.
func (f *fragments) reserve(i int32, offset, n int) bool {
	d := &f.table[i]
	for c := offset / chunkBytes; c*chunkBytes < offset+n; c++ {
		for d.chunks[c] == 0 {
			if d.chunks[c] = f.chunk(); d.chunks[c] != 0 {
				break
			}
			oldest := f.oldest
			f.drop(oldest, &f.stats.Evicted)
			if oldest == i {
				return false
			}
		}
	}
	return true
}

// store puts b at offset. False: other bytes are there.
func (f *fragments) store(d *datagram, offset int, b []byte) bool {
	for len(b) > 0 {
		c, at := f.chunks[d.chunks[offset/chunkBytes]], offset%chunkBytes
		n := min(len(b), chunkBytes-at)
		added, ok := c.store(at, b[:n])
		if !ok {
			return false
		}
		d.units += int32(added)
		b, offset = b[n:], offset+n
	}
	return true
}

// fresh marks the units of n bytes as there and returns their number; or 0 and marks none where some are there already.
func (c *chunk) fresh(at, n int) int {
	first, last := uint(at/unit), uint((at+n-1)/unit)
	var seen uint64
	for w := first / 64; w <= last/64; w++ {
		seen |= c.have[w] & wordMask(w, first, last)
	}
	if seen != 0 {
		return 0
	}
	for w := first / 64; w <= last/64; w++ {
		c.have[w] |= wordMask(w, first, last)
	}
	return int(last-first) + 1
}

// wordMask has the bits of word w that stand for the units from first to last.
func wordMask(w, first, last uint) uint64 {
	mask := ^uint64(0)
	if w == first/64 {
		mask <<= first % 64
	}
	if w == last/64 {
		mask &= ^uint64(0) >> (63 - last%64)
	}
	return mask
}

// store puts b at a multiple of unit and returns how many units that added. False: other bytes are there.
func (c *chunk) store(at int, b []byte) (added int, ok bool) {
	if f := c.fresh(at, len(b)); f > 0 {
		copy(c.data[at:], b)
		return f, true
	}
	for len(b) > 0 {
		n := min(unit, len(b))
		word, bit := &c.have[at/unit/64], uint64(1)<<(at/unit%64)
		switch {
		case *word&bit == 0:
			*word |= bit
			copy(c.data[at:], b[:n])
			added++
		case !bytes.Equal(c.data[at:at+n], b[:n]):
			return added, false
		}
		b, at = b[n:], at+n
	}
	return added, true
}

// finish forgets the complete datagram i and returns its bytes, valid until the next one, and what they begin with.
func (f *fragments) finish(i int32) (whole []byte, proto uint8, n uint32) {
	d := &f.table[i]
	if f.whole == nil {
		f.whole = make([]byte, maxDatagram)
	}
	whole, proto, n = f.whole[:d.total], d.proto, d.fragments
	for c := 0; c*chunkBytes < len(whole); c++ {
		copy(whole[c*chunkBytes:], f.chunks[d.chunks[c]].data[:])
	}
	f.remember(&d.key, d.last)
	f.drop(i, &f.stats.Completed)
	return whole, proto, n
}

// fragment takes a fragment with n bytes of payload, of which b are there.
func (p *Parser) fragment(t *Transport, b []byte, n int, fr piece) {
	f := &p.fragments
	t.Kind = KindFragment
	if t.IPVersion == 4 && fr.more { // as hosts do; IPv6 asks for an error (RFC 8200 section 4.5)
		n &^= unit - 1
		b = b[:min(n, len(b))]
	}
	if n == 0 || fr.offset+n > maxDatagram-1 || (fr.more && n%unit != 0) {
		f.stats.Invalid++
		p.bad(t, FaultHeader)
		return
	}
	if fr.offset > 0 {
		f.stats.Later++
	}
	key := fragKey{src: t.Src, dst: t.Dst, id: t.IPID, version: t.IPVersion}
	if key.version == 4 {
		key.proto = t.Proto
	}
	i := f.find(key, p.now)
	d := &f.table[i]
	d.last, d.number, d.file = p.now, p.number, p.file
	if len(b) < n {
		p.fragmentCut(t, b, n, fr, d)
		return
	}
	switch f.add(i, b, fr) {
	case outcomeDone:
		whole, proto, count := f.finish(i)
		t.Kind, t.Fragments = KindOther, uint16(count)
		p.guessed, p.missing = false, 0
		p.protocol(t, whole, len(whole), proto)
	case outcomeOverlap:
		t.Fault = FaultFragOverlap
	case outcomeLimit:
		t.Fault = FaultFragLimit
	case outcomeCut:
		t.Fault = FaultCut
	}
}

// fragmentCut takes a fragment that is not all there. Its datagram will never be whole; a first fragment is read as far as it goes.
func (p *Parser) fragmentCut(t *Transport, b []byte, n int, fr piece, d *datagram) {
	f := &p.fragments
	if d.state == stateRefused {
		f.stats.Overlapped++
		t.Fault = FaultFragOverlap
		return
	}
	if fr.offset != 0 && p.missing == 0 { // longer by its header than on the wire
		f.stats.Invalid++
		p.bad(t, FaultHeader)
		return
	}
	if fr.offset != 0 {
		d.spared = true
		f.stats.Cut++
		t.Fault = FaultCut
		return
	}
	f.refuse(d, stateCut, &f.stats.Cut)
	t.Kind, t.Fragments = KindOther, 1
	p.guessed = true
	p.protocol(t, b, n, fr.proto)
}
