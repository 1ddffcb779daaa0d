package watch

import (
	"cmp"
	"math"
	"slices"

	"github.com/dnssniff/dnssniff/analyze/record"
	"github.com/dnssniff/dnssniff/decode"
)

// chunkSize is the size of a ring's pieces: offsets in them have 16 bits.
const chunkSize = 1 << 16

// chunk holds records of one shard in the order of their settling.
type chunk struct {
	shard int
	data  []byte
	index []uint16 // where each begins
	full  bool     // nothing more is added

	// Which of them match the expression of that generation: of the first checked ones.
	generation uint64
	checked    int
	matching   []uint16
}

// ring holds the newest records in a bounded number of bytes. When it is full, the chunk goes that was begun first.
type ring struct {
	most   int // chunks
	chunks []*chunk
	open   [decode.Shards]*chunk
	spare  []*chunk

	held, dropped uint64 // records
	where         Matcher
	generation    uint64 // of where
	reader        reader
}

func newRing(bytes int) *ring {
	return &ring{most: max(bytes/chunkSize, 2*decode.Shards), generation: 1}
}

// narrow makes an expression the one that each looks for; nil for all.
func (g *ring) narrow(where Matcher) {
	g.where = where
	g.generation++
}

// take copies the records of a shard. What is left of them is too long for a chunk, and was never written so.
func (g *ring) take(shard int, records held) {
	for len(records) >= headSize {
		n := records.length()
		if n < headSize || n > min(len(records), chunkSize) {
			return
		}
		c := g.open[shard]
		if c == nil || len(c.data)+n > chunkSize {
			c = g.begin(shard)
		}
		c.index = append(c.index, uint16(len(c.data)))
		c.data = append(c.data, records[:n]...)
		g.held++
		records = records[n:]
	}
}

// begin begins a chunk for a shard, in place of its open one.
func (g *ring) begin(shard int) *chunk {
	if c := g.open[shard]; c != nil {
		c.full = true
	}
	for len(g.chunks) >= g.most {
		g.drop()
	}
	c := &chunk{}
	if n := len(g.spare); n > 0 {
		c, g.spare = g.spare[n-1], g.spare[:n-1]
	} else {
		c.data = make([]byte, 0, chunkSize)
	}
	*c = chunk{shard: shard, data: c.data[:0], index: c.index[:0], matching: c.matching[:0]}
	g.chunks = append(g.chunks, c)
	g.open[shard] = c
	return c
}

// drop gives up the oldest chunk. One that is still being written to gets its turn later: what is in it may be new.
func (g *ring) drop() {
	c := g.chunks[0]
	g.chunks = g.chunks[1:]
	if !c.full {
		c.full = true
		g.open[c.shard] = nil
		g.chunks = append(g.chunks, c)
		return
	}
	g.held -= uint64(len(c.index))
	g.dropped += uint64(len(c.index))
	g.spare = append(g.spare, c)
}

// check brings the list of matching records of a chunk up to date.
func (g *ring) check(c *chunk) []uint16 {
	if g.where == nil {
		return c.index
	}
	if c.generation != g.generation {
		c.generation, c.checked, c.matching = g.generation, 0, c.matching[:0]
	}
	for _, at := range c.index[c.checked:] {
		if g.where.Match(g.reader.read(c.data[at:])) {
			c.matching = append(c.matching, at)
		}
	}
	c.checked = len(c.index)
	return c.matching
}

// each calls f for each record that matches and is not older than since, newest chunks first.
func (g *ring) each(since int64, f func(held)) {
	for _, c := range slices.Backward(g.chunks) {
		for _, at := range slices.Backward(g.check(c)) {
			if b := held(c.data[at:]); b.time() >= since {
				f(b)
			}
		}
	}
}

// choice keeps the records of the highest keys. It is a heap with the lowest on top.
type choice struct {
	most int
	list []chosen
}

type chosen struct {
	key    int64
	packet uint64 // among equals the later one is higher
	b      held
}

func (a *chosen) compare(b *chosen) int {
	return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.packet, b.packet))
}

func (k *choice) offer(key int64, b held) {
	if len(k.list) == k.most && (k.most == 0 || key < k.list[0].key) {
		return
	}
	x := chosen{key, max(b.u64(atQuery), b.u64(atReply)), b}
	if len(k.list) < k.most {
		k.list = append(k.list, x)
		k.up(len(k.list) - 1)
		return
	}
	if x.compare(&k.list[0]) > 0 {
		k.list[0] = x
		k.down(0)
	}
}

func (k *choice) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if k.list[parent].compare(&k.list[i]) <= 0 {
			return
		}
		k.list[parent], k.list[i] = k.list[i], k.list[parent]
		i = parent
	}
}

func (k *choice) down(i int) {
	for {
		least := i
		for _, child := range [...]int{2*i + 1, 2*i + 2} {
			if child < len(k.list) && k.list[child].compare(&k.list[least]) < 0 {
				least = child
			}
		}
		if least == i {
			return
		}
		k.list[least], k.list[i] = k.list[i], k.list[least]
		i = least
	}
}

// records returns the chosen ones as records of their own, lowest key first.
func (k *choice) records(x *reader) []*record.Record {
	slices.SortFunc(k.list, func(a, b chosen) int { return a.compare(&b) })
	out := make([]*record.Record, len(k.list))
	for i := range k.list {
		out[i] = x.copied(k.list[i].b)
	}
	return out
}

// beginning is before all times.
const beginning = math.MinInt64
