package stream

import "time"

// The defaults of [Limits]. They are per Assembler, of which there is one per shard.
const (
	defaultStreams    = 65536 / 8
	defaultBytes      = 16 << 20
	defaultOutOfOrder = 256 << 10
	defaultIdle       = 120 * time.Second
	defaultHole       = 2 * time.Second
	defaultOpening    = 5 * time.Second
)

// minBytes leaves room for one message of the largest size while it is copied from one buffer to the next.
const minBytes = 256 << 10

// window is how far from the expected sequence number, in bytes, a segment is still taken as part of the stream.
const window = 1 << 20

// ackGrace is how long after the receiver acknowledged the missing bytes the capture may still show them: captures of several queues
// interleave two directions wrongly, by far less than this.
const ackGrace = int64(100 * time.Millisecond)

// Limits bounds what an Assembler keeps. A field of zero or less takes its default.
//
// An Assembler takes at most Streams × 0.6 KiB (records and table) plus Bytes: 21 MiB with the defaults. It starts with next to nothing.
type Limits struct {
	// Streams is how many connections are followed at once (8192). The longest closed goes first, then the longest silent.
	Streams int
	// Bytes is what all buffers may take, in bytes (16 MiB, at least 256 KiB): partial messages and segments behind a hole, with their
	// records, and free buffers. Above it the direction that has waited longest loses what it has buffered.
	Bytes int
	// OutOfOrder is what one direction may buffer behind a hole, in bytes of buffers (256 KiB); above it the hole is given up.
	OutOfOrder int
	// Idle is the packet time without payload after which a connection is forgotten (120 s).
	Idle time.Duration
	// Hole is the packet time after which bytes that are missing are given up (2 s: a retransmission after RFC 6298's first timeout of 1 s
	// still counts, and the messages behind the hole are out before a query's own timeout).
	Hole time.Duration
	// Opening is the packet time without an answer after which a SYN or SYN-ACK is told to have none (5 s).
	Opening time.Duration
}

func (l Limits) withDefaults() Limits {
	l.Streams = orDefault(l.Streams, defaultStreams)
	l.Bytes = max(orDefault(l.Bytes, defaultBytes), minBytes)
	l.OutOfOrder = orDefault(l.OutOfOrder, defaultOutOfOrder)
	l.Idle = orDefault(l.Idle, defaultIdle)
	l.Hole = orDefault(l.Hole, defaultHole)
	l.Opening = orDefault(l.Opening, defaultOpening)
	return l
}

func orDefault[T int | time.Duration](v, d T) T {
	if v <= 0 {
		return d
	}
	return v
}

// Stats counts what an Assembler saw and gave up. Only Streams and Held can fall.
type Stats struct {
	Segments    uint64 // segments taken, with and without payload
	Connections uint64 // connections seen, port reuse counted apart
	Streams     uint64 // connections followed now
	Held        uint64 // bytes of buffers and records now, free ones included (Limits.Bytes)

	Messages     uint64 // messages handed over, whole or not
	Cut          uint64 // of these, with bytes cut by the snaplen
	Ended        uint64 // of these, broken off by FIN, RST, a gap, eviction or the end of the capture
	SplitPrefix  uint64 // of these, with a length prefix split or in a segment of its own
	LostMessages uint64 // messages broken off before the end of their header: not handed over

	Midstream uint64 // directions first seen without their SYN
	Gaps      uint64 // holes given up
	GapBytes  uint64 // their bytes
	Resyncs   uint64 // message boundaries found again after a gap, a cut, or a midstream start
	NoPrefix  uint64 // segments dropped that look like DNS without the length prefix

	Evicted uint64 // open connections forgotten because Limits.Streams was reached
	Starved uint64 // directions that lost their buffers because Limits.Bytes was reached
	Idle    uint64 // connections forgotten after Limits.Idle

	NotDNS      uint64 // directions that carry something else than DNS
	NotDNSBytes uint64 // their bytes

	Dropped       uint64 // bytes that could not be assigned to a message
	Retransmitted uint64 // bytes that came again
	OutOfOrder    uint64 // bytes that were held because earlier ones were missing
	OutOfWindow   uint64 // segments ignored because their sequence number is far off
}
