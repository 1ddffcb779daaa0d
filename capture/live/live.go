// Package live captures packets from network interfaces.
//
// On Linux it reads a TPACKET_V3 ring of the kernel without copying a packet; on macOS and the BSDs a BPF device. It never sends. It
// starts no goroutine: the kernel fills the buffer, and the [capture.Source] that needs the next block waits for it.
//
// There is one buffer, whose blocks all Sources walk in place; a block goes back to the kernel when the last of them has left it. The kernel
// could spread packets over several buffers (PACKET_FANOUT) instead, but only by flow: a client's next query, from another port, would land
// elsewhere, as would fragments and ICMP errors, and packets would have no common order and number. Nor was it faster, measured on two cores:
// a second Source costs 0.1 µs a packet, and fanout 0.05 µs for the readers and more than that for the kernel, and another buffer.
package live

import (
	"fmt"
	"sync"
	"time"

	"golang.org/x/net/bpf"

	"github.com/dnssniff/dnssniff/capture"
)

// Any is the name that stands for all interfaces, those that come later among them.
const Any = "any"

// What the zero values of [Options] stand for, and their limits.
const (
	// DefaultBuffer is the size of the kernel's buffer in bytes: 0.3 s of a million packets a second.
	DefaultBuffer = 64 << 20
	// DefaultSnaplen is the largest frame that is kept whole, as in tcpdump.
	DefaultSnaplen = 256 << 10
	// DefaultLatency is how long the kernel holds a packet back while the block it lies in is not full.
	DefaultLatency = 20 * time.Millisecond
	// DefaultIdle is after how long without a packet ReadBatch returns none.
	DefaultIdle = 250 * time.Millisecond

	minBuffer  = 1 << 20
	maxBuffer  = 1 << 30
	maxLatency = 10 * time.Second
)

// Options say what to capture.
type Options struct {
	// Interface is an interface's name, or [Any], which only Linux has.
	Interface string
	// Filter selects packets in the kernel; nil takes all. On an interface it sees the frame as its link type says, on Linux without the outer
	// VLAN tag, which is in the metadata ([bpf.ExtVLANTagPresent]). With [Any] it sees what follows the link-layer header, which is in the
	// metadata ([bpf.ExtProto]). It is attached before the first packet comes.
	Filter []bpf.RawInstruction
	// Snaplen cuts longer frames, in bytes; 0 stands for DefaultSnaplen, which is also the most.
	Snaplen int
	// NotPromiscuous leaves the interface as it is: only frames for this machine are seen. With Any it always is left so.
	NotPromiscuous bool
	// Buffer is the kernel's memory for packets, in bytes, from 1 MiB to 1 GiB; 0 stands for DefaultBuffer. Where the system has not that much, half is
	// tried, and so on: see [Stats.Buffer].
	Buffer int
	// AdapterTime takes times from the clock of the network adapter. It is an error where that has none. The clock need not agree with the
	// machine's. Setting it up needs CAP_NET_ADMIN, and setting it up again, when the interface was away.
	AdapterTime bool
	// Latency bounds how long packets are held back; 0 stands for DefaultLatency.
	Latency time.Duration
	// Idle is after how long without a packet ReadBatch returns none; 0 stands for DefaultIdle.
	Idle time.Duration
	// Program is the path of the program, for the text of a [PermissionError].
	Program string
}

// complete fills in what was left out, and checks the rest.
func (o *Options) complete() error {
	set := func(v *int, zero int) {
		if *v == 0 {
			*v = zero
		}
	}
	set(&o.Buffer, DefaultBuffer)
	set(&o.Snaplen, DefaultSnaplen)
	if o.Latency == 0 {
		o.Latency = DefaultLatency
	}
	if o.Idle == 0 {
		o.Idle = DefaultIdle
	}
	switch {
	case o.Interface == "":
		return fmt.Errorf("%w: no name given", ErrNoInterface)
	case o.Buffer < minBuffer || o.Buffer > maxBuffer:
		return fmt.Errorf("%w: a buffer of %d bytes, not %d to %d", ErrOption, o.Buffer, minBuffer, maxBuffer)
	case o.Snaplen < 1 || o.Snaplen > DefaultSnaplen:
		return fmt.Errorf("%w: a snaplen of %d, not 1 to %d", ErrOption, o.Snaplen, DefaultSnaplen)
	case o.Latency < time.Millisecond || o.Latency > maxLatency:
		return fmt.Errorf("%w: a latency of %s, not 1ms to %s", ErrOption, o.Latency, maxLatency)
	case o.Idle < 0:
		return fmt.Errorf("%w: an idle time of %s", ErrOption, o.Idle)
	case o.AdapterTime && o.Interface == Any:
		return fmt.Errorf("%w: adapter time of %q: it needs one interface", ErrOption, Any)
	}
	return nil
}

// Capture is a running capture. Its methods may be called from any goroutine.
type Capture struct {
	dev  *device
	idle time.Duration

	mu      sync.Mutex
	blocks  []hold // by sequence number, modulo their number
	next    uint64 // sequence number of the next block to take from the device
	readers int
	taken   bool // Sources was called, or never will be
	stopped bool // no more packets are taken in
	ended   bool // after block next-1 none follows
	closed  bool
	freed   bool
	soon    time.Time // when nobody passes the filter any more that was past it before the stop
	quiet   time.Time // when what was taken in until then is sure to be in blocks
	stats   Stats
}

// hold is a block that Sources read.
type hold struct {
	view view
	refs int // readers that have not left it
}

// Open begins to capture. Packets are kept from now on, as far as the buffer goes, so Sources are to be read soon.
//
// The error is a [*PermissionError] without the right to capture, a [*LinkError] for an interface that carries no IP, and else wraps
// [ErrNoInterface], [ErrOption], [ErrFilter], [ErrAdapterTime], [ErrNotSupported], or what the system said. An interface that is down is no error: see [Stats].
func Open(o Options) (*Capture, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	filter, err := limitFilter(o.Filter, o.Snaplen)
	if err != nil {
		return nil, err
	}
	dev, err := openDevice(&o, filter)
	if err != nil {
		return nil, err
	}
	return &Capture{dev: dev, idle: o.Idle, blocks: make([]hold, dev.blocks())}, nil
}

// Link returns the link type of all packets.
func (c *Capture) Link() capture.LinkType { return c.dev.link }

// Sources returns n Sources that each hand out all packets, numbered from 1, in the same order: that in which the kernel took them.
//
// Each is for a goroutine of its own. They read the same buffer in place, so all must be read, and never write to [capture.Packet.Data].
// The slowest decides when packets are dropped. ReadBatch returns what is there, and 0 without an error where nothing came for
// [Options.Idle]; no packet waits for others longer than [Options.Latency]. It allocates nothing. Sources may be called once: later calls
// return Sources that fail with [capture.ErrSourcesTaken].
func (c *Capture) Sources(n int) []capture.Source {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make([]capture.Source, n)
	for i := range out {
		s := &source{c: c}
		switch {
		case c.taken:
			s.done, s.err = true, capture.ErrSourcesTaken
		default:
			s.wait, s.failed = c.dev.newWaiter()
			c.readers++
		}
		out[i] = s
	}
	c.taken = true
	return out
}

// Stop takes no more packets in. What was captured until now is still handed out, and then io.EOF, the same to all Sources. It returns at once.
func (c *Capture) Stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stop()
}

// settleTime is how long a packet may be between the filter and the count of packets, which other CPUs do.
const settleTime = 5 * time.Millisecond

func (c *Capture) stop() {
	if c.stopped {
		return
	}
	c.account()
	c.stopped = true
	c.soon = time.Now().Add(settleTime)
	c.quiet = c.soon.Add(c.dev.stop())
	c.dev.wake()
}

// Close ends the capture. Sources that wait return io.EOF, the others on their next call; when all have, or if there are none, the
// buffer is given back: before that, packets handed out stay readable. A Source that is never asked again keeps the buffer until the process ends.
func (c *Capture) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.taken = true
	if !c.closed {
		c.stop()
		c.closed = true
	}
	c.free()
	return nil
}

// free gives the device back, if nobody uses it. Locked by the caller.
func (c *Capture) free() {
	if c.closed && c.readers == 0 && !c.freed {
		c.freed = true
		c.dev.free()
	}
}
