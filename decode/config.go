package decode

import (
	"crypto/rand"
	"encoding/binary"
	"time"

	"github.com/dnssniff/dnssniff/decode/packet"
	"github.com/dnssniff/dnssniff/decode/stream"
)

// Shards is the number of independent parts of the work, and so the largest useful number of workers.
const Shards = 8

// DefaultTimeout is how long a query waits for its response, in packet time.
const DefaultTimeout = 5 * time.Second

// Ports of the protocols told apart (IANA service names domain, mdns, llmnr, domain-s).
const (
	portDNS   = 53
	portMDNS  = 5353
	portLLMNR = 5355
	portTLS   = 853 // DNS over TLS (RFC 7858) and over QUIC (RFC 9250)
)

// Config says how to decode. The zero value is not usable: see [DefaultConfig].
type Config struct {
	// Ports are the UDP and TCP ports taken as DNS: 53, and those added.
	Ports Ports
	// Timeout is how long a query stays open, in packet time.
	Timeout time.Duration
	// KeepNames keeps the name of each open query for its transaction (up to 255 bytes each).
	KeepNames bool
	// KeepData keeps the bytes of each open query for its transaction (up to 64 KiB each).
	KeepData bool
	// InOrder makes a lone worker take all packets in the order of the capture, and so call the handlers in it. It costs speed: without it
	// only each client's packets are in order.
	InOrder bool
	// Dedup analyses a packet once that was captured several times within a millisecond.
	Dedup bool
	// MaxPackets ends the reading after that many packets; 0 reads all.
	MaxPackets uint64
	// Now, unless nil, is asked for the time (ns since the epoch) where a batch is empty: on a quiet interface packet time goes on.
	Now func() int64
	// AfterBatch, unless nil, is called by each worker when the handlers have had all packets read so far: the next read may wait.
	AfterBatch func()
	// Seed keys the hash tables. Results do not depend on it.
	Seed uint64
	// Limits bound what a shard keeps.
	Limits Limits
	// Stream and Fragments bound the TCP streams of a shard and the IP fragments of a worker.
	Stream    stream.Limits
	Fragments packet.Limits
}

// Limits bound the memory of one shard's pairing. What is given up is counted in [Stats].
type Limits struct {
	// Open is the number of queries without a response yet: 280 bytes each, and their names where those are kept.
	Open int
	// Answered is the number of queries of the last Timeout that have their response: 26 bytes each, the next lower power of two of them.
	Answered int
	// Late is the number of timed-out queries remembered for a late response: about 300 bytes each.
	Late int
	// Orphans is the number of responses held for a query that the capture may have put after them: 180 bytes each, and up to 4 KiB of the
	// response.
	Orphans int
}

// DefaultConfig returns the settings of a command without flags. It fails only where the system gives no random bytes.
func DefaultConfig() (Config, error) {
	var seed [8]byte
	if _, err := rand.Read(seed[:]); err != nil {
		return Config{}, err
	}
	return Config{
		Timeout: DefaultTimeout,
		Seed:    binary.LittleEndian.Uint64(seed[:]),
		Limits:  Limits{Open: 1 << 15, Answered: 1 << 17, Late: 1 << 12, Orphans: 1 << 8},
		Stream:  stream.Limits{Bytes: 2 << 20},
	}, nil
}

// Ports is a set of port numbers. Port 53 is always in it.
type Ports struct {
	bits [1 << 16 / 64]uint64
	more bool // than port 53
}

// Add puts a port into the set.
func (p *Ports) Add(port uint16) {
	p.bits[port>>6] |= 1 << (port & 63)
	p.more = true
}

// Has says whether a port is in the set.
func (p *Ports) Has(port uint16) bool {
	return port == portDNS || p.bits[port>>6]>>(port&63)&1 != 0
}
