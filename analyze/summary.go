package analyze

import (
	"math"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/dnssniff/dnssniff/analyze/evidence"
	"github.com/dnssniff/dnssniff/analyze/lookup"
	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/decode/packet"
	"github.com/dnssniff/dnssniff/decode/wire"
)

// Limits bound the tables of one summary. A row takes 64 bytes, 5 or more of an index, and its key (17 bytes, or the name).
type Limits struct {
	Clients, Servers, Names, Zones int
	// Lookups is the number of lookups under way: 510 bytes each.
	Lookups int
	// Evidence is the number of rows of evidence: 500 bytes each.
	Evidence int
}

// DefaultLimits returns the bounds of a shard's summary: four fifths of a power of two, as the tables like it. The package's comment says
// what they come to.
func DefaultLimits() Limits {
	return Limits{Clients: 1 << 15 * 4 / 5, Servers: 1 << 13 * 4 / 5, Names: 1 << 17 * 4 / 5, Zones: 1 << 15 * 4 / 5, Lookups: 1 << 13, Evidence: 1 << 11}
}

// Latencies are recorded in ns between these bounds, the histogram's buckets being at most latencyError wide.
const (
	minLatency   = 1_000
	maxLatency   = int64(3600e9)
	latencyError = 1.0 // percent
)

// Summary counts the messages and transactions of a shard, a file, a window or a machine. Summaries of one seed merge: the result is that
// of one summary over all, as long as no table is over its limit. A Summary is for one goroutine at a time.
type Summary struct {
	seed uint64
	tally
	clients   *table
	servers   *table
	names     *table
	zones     *table // of names that are no longer in names
	ahead     ahead
	lookups   *lookup.Tracker
	habits    *habits
	evidence  *evidence.Collector
	offenders *offenders
	spotted   []anomaly.ID
}

// tally is what is counted without tables.
type tally struct {
	messages Messages
	first    int64 // earliest and latest time of a message in ns; first is above last where there is none
	last     int64
	opcodes  [16]uint64
	rcodes   counter // of responses, 12 bits
	tsig     counter
	tkey     counter
	ede      counter
	qtypes   counter
	edns     edns
	anomaly  counter
	mcast    counter // anomalies of mDNS and LLMNR
	tx       Transactions
	transit  Transport
	tc       uint64
	latency  *hdrhistogram.Histogram
	slowest  int64  // ns
	total    uint64 // ns
	series   *series
	settled  lookup.Counts // of summaries merged into this one
	formErrs *formErrs
}

type edns struct {
	queries, responses, do uint64
	versions               counter
	sizes                  counter
	options                counter
}

// NewSummary returns an empty summary of a run with that configuration. All that are to be merged have one seed.
func NewSummary(c *decode.Config, l Limits) *Summary {
	s := NewSum(c.Seed, l)
	s.lookups, s.habits = lookup.New(c.Seed, c.Timeout.Nanoseconds(), l.Lookups, s), new(habits)
	s.evidence = evidence.New(c.Seed, l.Evidence, directory{s})
	return s
}

// newSummary returns an empty summary without tables.
func newSummary(seed uint64) *Summary {
	return &Summary{seed: seed, offenders: newOffenders(), tally: tally{
		first: math.MaxInt64, last: math.MinInt64, latency: hdrhistogram.New(minLatency, maxLatency, 2), series: newSeries(), formErrs: newFormErrs(),
	}}
}

// zone returns the row of a zone in wire form.
func (s *Summary) zone(name []byte) *row { return s.zones.row(wire.HashName(s.seed, name), name) }

// row returns the row of a key, new if need be.
func (t *table) row(hash uint64, key []byte) *row {
	if r := t.find(hash); r != nil {
		return r
	}
	return t.insert(hash, key)
}

func address(t *table, hash uint64, a *packet.Addr) *row {
	if r := t.find(hash); r != nil {
		return r
	}
	return t.insert(hash, a[:])
}

// name returns the row of a message's question name.
func (s *Summary) name(m *decode.Message) *row {
	if r := s.names.find(m.NameHash); r != nil {
		return r
	}
	var lower [maxName]byte
	r := s.names.insert(m.NameHash, appendLower(lower[:0], m.Question.Name))
	r.more = oddities(m.Question.Name)
	return r
}

// maxName is the longest wire name in octets (RFC 1035 section 2.3.4).
const maxName = 255

// appendLower appends a wire name in lower case. Length octets are below the letters.
func appendLower(dst, name []byte) []byte {
	for _, c := range name {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		dst = append(dst, c)
	}
	return dst
}

// Tick implements [decode.Ticker].
func (s *Summary) Tick(now int64) { s.lookups.Tick(now) }

// directory is what a summary knows of hashes.
type directory struct{ *Summary }

// Name implements [evidence.Directory].
func (d directory) Name(hash uint64) []byte {
	if r := d.names.find(hash); r != nil {
		return d.names.keys.get(r.key)
	}
	return nil
}

// Server implements [evidence.Directory].
func (d directory) Server(hash uint64) (a packet.Addr) {
	if r := d.servers.find(hash); r != nil {
		copy(a[:], d.servers.keys.get(r.key))
	}
	return a
}

// Event counts what a packet or a flow shows.
func (s *Summary) Event(e *decode.Event) {
	s.evidence.Event(e)
	if e.Proto <= decode.TCP {
		s.transit.count(e)
	}
	if e.Kind == decode.KindUnanswered {
		s.lookups.Unopened(e)
	}
	if e.ID == 0 || e.ID == decode.TCPRefused {
		return
	}
	if e.Proto > decode.TCP {
		s.mcast.inc(uint16(e.ID))
		return
	}
	s.anomaly.inc(uint16(e.ID))
}

// The entries of the catalogue that the report itself looks at.
var (
	p01 = anomaly.Make('P', 1)  // no-response
	p02 = anomaly.Make('P', 2)  // orphan-response
	p03 = anomaly.Make('P', 3)  // query-retransmit
	x06 = anomaly.Make('X', 6)  // tcp-gap
	x16 = anomaly.Make('X', 16) // fragments that overlap
)

// Merge adds another summary, which must have the same seed; it is not changed.
func (s *Summary) Merge(o *Summary) {
	s.mergeCounts(o)
	for i, t := range o.tables() {
		s.tables()[i].merge(t)
	}
	s.evidence.Merge(o.evidence)
}

// mergeCounts adds all but the tables of another summary.
func (s *Summary) mergeCounts(o *Summary) {
	s.messages.add(&o.messages)
	s.first, s.last = min(s.first, o.first), max(s.last, o.last)
	s.tx.add(&o.tx)
	s.transit.add(&o.transit)
	for i := range s.opcodes {
		s.opcodes[i] += o.opcodes[i]
	}
	for i, c := range o.counters() {
		s.counters()[i].merge(c)
	}
	s.edns.queries += o.edns.queries
	s.edns.responses += o.edns.responses
	s.edns.do += o.edns.do
	s.tc += o.tc
	s.latency.Merge(o.latency)
	s.slowest = max(s.slowest, o.slowest)
	s.total += o.total
	s.offenders.merge(o.offenders)
	s.formErrs.merge(o.formErrs)
	c := o.lookupCounts()
	s.settled.Add(&c)
	s.series.merge(o.series)
}

// lookupCounts returns what became of the lookups.
func (s *Summary) lookupCounts() lookup.Counts {
	c := s.settled
	if s.lookups != nil {
		own := s.lookups.Counts()
		c.Add(&own)
	}
	return c
}

func (t *tally) counters() [10]*counter {
	return [...]*counter{&t.rcodes, &t.tsig, &t.tkey, &t.ede, &t.qtypes, &t.anomaly, &t.mcast, &t.edns.versions, &t.edns.sizes, &t.edns.options}
}

func (s *Summary) tables() [4]*table { return [...]*table{s.clients, s.servers, s.names, s.zones} }
