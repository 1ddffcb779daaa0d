// Package synth makes large captures of plausible DNS traffic together with their exact truth.
//
// The traffic is that of a few resolvers: clients and names by Zipf's law, IPv4 and IPv6, some of it tagged (VLAN), EDNS, TCP (by choice
// and after TC), IP fragments, retransmissions, unanswered queries, responses nobody asked for, and messages that are malformed beyond
// doubt. The same options give the same bytes, on every machine. Names are below .example (RFC 2606); addresses are private or of
// RFC 3849.
package synth

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
)

// Options say what to make. Zero values other than Packets mean the defaults.
type Options struct {
	Packets int    // at least so many: the exchanges that have begun are completed. From 1
	Seed    uint64 // another seed, other traffic
	Names   int    // names to ask for; default a twentieth of Packets, within 500 and 200000
	Clients int    // addresses to ask from; default a hundredth of Packets, within 50 and 50000
	Rate    int    // queries per second of capture time; default 20000
}

// ErrOptions says that the options ask for something that cannot be made.
var ErrOptions = errors.New("synth: impossible options")

// Every exchange is over within five seconds of its first query, which is the default timeout of dnssniff.
const timeout = 5_000_000 // microseconds

// start is 2026-01-05 08:00:00 UTC, in microseconds since the epoch.
const start = 1_767_600_000_000_000

// Write writes a pcap file (Ethernet, microseconds) to w and returns what it holds. Memory: about 150 bytes a name and 40 a client.
func Write(w io.Writer, o Options) (Truth, error) {
	o, err := o.withDefaults()
	if err != nil {
		return Truth{}, err
	}
	g := newGenerator(w, o)
	g.fileHeader()
	for now := float64(start); g.queue.pushed < o.Packets && g.err == nil; {
		now += g.r.ExpFloat64() * 1e6 / float64(o.Rate)
		g.flush(int64(now))
		g.exchange(int64(now))
	}
	g.flush(math.MaxInt64)
	if err := g.w.Flush(); g.err == nil {
		g.err = err
	}
	if g.err != nil {
		return Truth{}, fmt.Errorf("synth: writing the capture: %w", g.err)
	}
	return g.truth.close(), nil
}

func (o Options) withDefaults() (Options, error) {
	fill := func(v *int, def int) {
		if *v == 0 {
			*v = def
		}
	}
	fill(&o.Names, min(max(o.Packets/20, 500), 200_000))
	fill(&o.Clients, min(max(o.Packets/100, 50), 50_000))
	fill(&o.Rate, 20_000)
	if o.Packets < 1 || o.Names < 20 || o.Clients < 2 || o.Clients > 1<<20 || o.Rate < 1 || o.Rate > 100_000 {
		return o, fmt.Errorf("%w: %+v", ErrOptions, o)
	}
	return o, nil
}

type generator struct {
	w     *bufio.Writer
	err   error // the first of w
	r     *rand.Rand
	world world
	queue queue
	truth tally
	ipid  uint16
	msg   []byte // scratch: a message
	stash []byte // scratch: a second message
	l4    []byte // scratch: a datagram or segment
}

func newGenerator(w io.Writer, o Options) *generator {
	r := rand.New(rand.NewPCG(o.Seed, 0x646e73736e696666))
	g := &generator{w: bufio.NewWriterSize(w, 1<<20), r: r, world: newWorld(r, o)}
	g.truth = newTally(len(g.world.names), len(g.world.clients))
	return g
}

func (g *generator) fileHeader() {
	var h [24]byte
	binary.LittleEndian.PutUint32(h[0:], 0xa1b2c3d4)
	binary.LittleEndian.PutUint16(h[4:], 2)
	binary.LittleEndian.PutUint16(h[6:], 4)
	binary.LittleEndian.PutUint32(h[16:], 262144)
	binary.LittleEndian.PutUint32(h[20:], 1) // LINKTYPE_ETHERNET
	g.write(h[:])
}

// flush writes the frames that are due.
func (g *generator) flush(until int64) {
	for len(g.queue.heap) > 0 && g.queue.heap[0].time <= until {
		f := g.queue.pop()
		var h [16]byte
		binary.LittleEndian.PutUint32(h[0:], uint32(f.time/1e6))
		binary.LittleEndian.PutUint32(h[4:], uint32(f.time%1e6))
		binary.LittleEndian.PutUint32(h[8:], uint32(len(f.data)))
		binary.LittleEndian.PutUint32(h[12:], uint32(len(f.data)))
		g.write(h[:])
		g.write(f.data)
		g.queue.free(f.data)
		g.truth.Packets.Read++
	}
}

func (g *generator) write(b []byte) {
	if _, err := g.w.Write(b); err != nil && g.err == nil {
		g.err = err
	}
}

// chance is true with probability p.
func (g *generator) chance(p float64) bool { return g.r.Float64() < p }

// between returns a number from lo up to, not including, hi.
func (g *generator) between(lo, hi int64) int64 { return lo + g.r.Int64N(hi-lo) }
