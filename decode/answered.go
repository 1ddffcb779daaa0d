package decode

import (
	"encoding/binary"
	"math/bits"

	"github.com/dnssniff/dnssniff/decode/hugepage"
)

// answer is a query of the last timeout that has its response: what a repetition of either is known by.
type answer struct {
	key  uint64 // hash of endpoints, ID and question; 0 where there is none any more
	hash uint32 // of the response's bytes; transfer if more messages may follow
	time uint32 // of the query's first transmission or last repetition, in ticks
}

// transfer marks the answer to AXFR or IXFR over TCP: a response of several messages (RFC 5936 section 2.2, RFC 1995 section 4).
const transfer = 1 << 31

const (
	// perGroup is how many answers the index has room for where a key belongs; a mask, too.
	perGroup = 15
	// maxAnswers bounds the ring: the numbers of answers that have gone differ from those of the ones that are there.
	maxAnswers = 1 << 30
	minAnswers = 1 << 7
)

// group is the part of the index where a key belongs: of each answer a byte of its key, so that the others need not be looked at, and its number.
// The last byte is the place of the next one: they come and go in turn.
type group struct {
	tags    [perGroup + 1]uint8
	numbers [perGroup + 1]uint32
}

const (
	eachByte = 0x0101010101010101
	highBits = 0x8080808080808080
)

// next returns the place of the next answer.
func (g *group) next() int { return int(g.tags[perGroup]) }

// put puts an answer into a place, and makes the one behind it the next.
func (g *group) put(place int, key uint64, number uint32) {
	place &= perGroup
	g.tags[place], g.numbers[place] = tag(key), number
	if place++; place == perGroup {
		place = 0
	}
	g.tags[perGroup] = uint8(place)
}

func tag(key uint64) uint8 { return uint8(key >> 8) }

// answered remembers answered queries in the order of their responses: they come and go at the ends of a ring. What is searched at random is an
// index, and of it hardly ever more than 16 bytes.
type answered struct {
	ring  []answer // answer number i is at i % len(ring); a power of two
	next  uint32   // number of the next answer
	n     uint32   // answers in the ring, the last that came
	limit int
	index []group // answers that have gone stay in it until their room is needed
	shift uint    // 64 - log2(len(index))
	// A tick is 1<<tick ns, about a millionth of the timeout. Ticks wrap; sweep keeps old times from looking young.
	tick    uint
	timeout uint32 // in ticks
	swept   int64  // ns
	span    int64  // from one sweep to the next
	warmed  uint8
}

// newAnswered returns a table for answers of the last timeout, in ns; limit bounds their number.
func newAnswered(limit int, timeout int64) answered {
	limit = min(max(limit, minAnswers), maxAnswers)
	t := answered{limit: 1 << (bits.Len(uint(limit)) - 1), tick: uint(min(max(bits.Len64(uint64(timeout))-21, 0), 32))}
	t.timeout, t.span = uint32(timeout>>t.tick), 1<<30<<t.tick
	t.ring, t.next = make([]answer, minAnswers), 1 // numbers of an empty index are 0
	t.reindex(minAnswers / 8)
	return t
}

func (t *answered) ticks(now int64) uint32 { return uint32(now >> (t.tick & 63)) }

// young says whether a is of the last timeout, or as much later: captures are not strictly in order.
func (t *answered) young(a *answer, now uint32) bool {
	return a.key != 0 && now-a.time+t.timeout <= 2*t.timeout
}

func (t *answered) at(number uint32) *answer { return &t.ring[int(number)&(len(t.ring)-1)] }

func (t *answered) group(key uint64) *group { return &t.index[key>>(t.shift&63)] }

// warm asks memory for a group. What it reads has to go somewhere, or the compiler leaves it out.
func (t *answered) warm(key uint64) { t.warmed += t.group(key).tags[0] }

// there says whether the answer of a number has not gone.
func (t *answered) there(number uint32) bool { return t.next-number-1 < t.n }

// find returns the answered query with that key, or nil. It is valid until the next call.
func (t *answered) find(key uint64, now int64) *answer {
	g, want := t.group(key), uint64(tag(key))*eachByte
	for at := 0; at <= 8; at += 8 {
		// The high bit of each byte that is the same; now and then of another, too.
		x := binary.LittleEndian.Uint64(g.tags[at:]) ^ want
		for same := (x - eachByte) &^ x & highBits; same != 0; same &= same - 1 {
			number := g.numbers[(at+bits.TrailingZeros64(same)/8)&perGroup]
			if a := t.at(number); a.key == key && t.there(number) && t.young(a, t.ticks(now)) {
				return a
			}
		}
	}
	return nil
}

// repeat notes that an answered query was sent again: it is the youngest now, in the place where it was.
func (t *answered) repeat(a *answer, now int64) {
	again, g := *a, t.group(a.key)
	*a = answer{}
	t.room(t.ticks(now))
	for i := range g.numbers[:perGroup] {
		if t.at(g.numbers[i]) == a {
			g.numbers[i] = t.next
		}
	}
	again.time = t.ticks(now)
	t.push(again)
}

// push puts an answer at the end of the ring, which has room.
func (t *answered) push(a answer) {
	*t.at(t.next) = a
	t.next++
	t.n++
}

// add remembers an answered query. It returns false where another, not yet old, had to go.
func (t *answered) add(key uint64, first, now int64, hash uint32) bool {
	kept := t.room(t.ticks(now))
	g := t.group(key)
	place := g.next()
	for range perGroup {
		if !t.lives(g.numbers[place], now) {
			break
		}
		if place++; place == perGroup {
			place = 0
		}
	}
	if t.lives(g.numbers[place], now) { // all of them do
		if 8*len(t.index) < t.limit {
			t.reindex(2 * len(t.index))
			return t.add(key, first, now, hash)
		}
		kept = false
		*t.at(g.numbers[place]) = answer{}
	}
	g.put(place, key, t.next)
	t.push(answer{key: key, hash: hash, time: t.ticks(first)})
	return kept
}

// lives says whether the answer of a number is there, and not old.
func (t *answered) lives(number uint32, now int64) bool {
	return t.there(number) && t.young(t.at(number), t.ticks(now))
}

// room makes room for an answer at the ring's end. It returns false where another, not yet old, had to go. Where there is room, what is old stays:
// time may go back.
func (t *answered) room(now uint32) bool {
	if int(t.n) < len(t.ring) {
		return true
	}
	old := !t.young(t.at(t.next-t.n), now)
	if !old && len(t.ring) < t.limit {
		t.grow()
		return true
	}
	t.n--
	return old
}

// grow doubles the ring, and makes an index for it.
func (t *answered) grow() {
	old := *t
	t.ring = hugepage.Make[answer](2 * len(old.ring))
	for i := old.next - old.n; i != old.next; i++ {
		*t.at(i) = *old.at(i)
	}
	if len(t.index)*8 < len(t.ring) {
		t.reindex(2 * len(t.index))
	}
}

// reindex makes an index of n groups, a power of two. Where one is full, which is hardly ever, its oldest answers are no longer found. It is one group for
// eight answers of the ring, and more where a group was full, but never more than that for the limit.
func (t *answered) reindex(n int) {
	t.index = make([]group, n)
	t.shift = uint(64 - bits.TrailingZeros(uint(n)))
	for i := t.next - t.n; i != t.next; i++ {
		if key := t.at(i).key; key != 0 {
			g := t.group(key)
			g.put(g.next(), key, i)
		}
	}
}

// sweep forgets what is old, from time to time: ticks wrap, and an old time would look young again.
func (t *answered) sweep(now int64) {
	if now-t.swept < t.span && t.swept-now < t.span {
		return
	}
	t.swept = now
	for i := range t.ring {
		if !t.young(&t.ring[i], t.ticks(now)) {
			t.ring[i] = answer{}
		}
	}
}
