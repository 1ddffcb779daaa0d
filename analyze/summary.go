package analyze

import (
	"math"
	"slices"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/decode/packet"
	"github.com/dnssniff/dnssniff/decode/wire"
)

// Limits bound the tables of one summary. A row takes 64 bytes, 80 with its share of free ones, and its key (17 bytes, or the name).
type Limits struct {
	Clients, Servers, Names, Zones int
}

// DefaultLimits returns the bounds of a shard's summary: four fifths of a power of two, as the tables like it. The package's comment says
// what they come to.
func DefaultLimits() Limits {
	return Limits{Clients: 1 << 15 * 4 / 5, Servers: 1 << 13 * 4 / 5, Names: 1 << 17 * 4 / 5, Zones: 1 << 15 * 4 / 5}
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
	seed     uint64
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
	tc       uint64
	latency  *hdrhistogram.Histogram
	slowest  int64  // ns
	total    uint64 // ns
	clients  *table
	servers  *table
	names    *table
	zones    *table // of names that are no longer in names
	series   *series
	warmed   uint32 // where Warm puts what it reads
}

type edns struct {
	queries, responses, do uint64
	versions               counter
	sizes                  counter
	options                counter
}

// NewSummary returns an empty summary. All that are to be merged have the seed of the run's [decode.Config].
func NewSummary(seed uint64, l Limits) *Summary {
	s := newSummary(seed)
	s.clients, s.servers, s.names, s.zones = newTable(l.Clients), newTable(l.Servers), newTable(l.Names), newTable(l.Zones)
	z := newZoner(zonerBytes)
	s.names.lost = func(name []byte, c *counts) { s.zone(z.zoneOf(name)).add(c) }
	return s
}

// newSummary returns an empty summary without tables.
func newSummary(seed uint64) *Summary {
	return &Summary{
		seed: seed, first: math.MaxInt64, last: math.MinInt64, latency: hdrhistogram.New(minLatency, maxLatency, 2), series: newSeries(),
	}
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
	return s.names.insert(m.NameHash, appendLower(lower[:0], m.Question.Name))
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

// Warm implements [decode.Warmer].
func (s *Summary) Warm(m *decode.Message) {
	s.warmed += s.names.warm(m.NameHash) + s.clients.warm(m.ClientHash)
}

// Message counts a message.
func (s *Summary) Message(m *decode.Message) {
	switch m.Proto {
	case decode.MDNS:
		s.messages.MDNS++
		s.mcast.once(m.Anomalies)
		return
	case decode.LLMNR:
		s.messages.LLMNR++
		s.mcast.once(m.Anomalies)
		return
	}
	if len(m.Anomalies) > 0 {
		s.anomaly.once(m.Anomalies)
	}
	s.transport(m)
	if m.Response() {
		s.response(m)
	} else {
		s.query(m)
	}
}

// once counts each entry of the catalogue that is among the anomalies of a message.
func (c *counter) once(all []anomaly.Seen) {
	var room [32]anomaly.ID
	ids := room[:0]
	for i := range all {
		if id := all[i].ID; !slices.Contains(ids, id) {
			ids = append(ids, id)
			c.inc(uint16(id))
		}
	}
}

func (s *Summary) transport(m *decode.Message) {
	s.first, s.last = min(s.first, m.Time), max(s.last, m.Time)
	n := &s.messages
	n.Total++
	if m.Proto == decode.TCP {
		n.TCP++
	} else {
		n.UDP++
	}
	if m.IPVersion == 4 {
		n.IPv4++
	} else {
		n.IPv6++
	}
	if m.Malformed {
		n.Malformed++
	}
}

func (s *Summary) query(m *decode.Message) {
	s.messages.Queries++
	s.series.at(m.Time).queries++
	s.opcodes[m.Opcode()]++
	c, v := address(s.clients, m.ClientHash, &m.Client), address(s.servers, m.ServerHash, &m.Server)
	inc(&c.queries)
	inc(&v.queries)
	if m.Malformed {
		inc(&c.malformed)
	}
	if m.Parsed[wire.SectionQuestion] > 0 {
		s.qtypes.inc(m.Question.Type)
		for t := range m.MoreQuestions {
			s.qtypes.inc(t)
		}
		n := s.name(m)
		inc(&n.queries)
		if m.Malformed {
			inc(&n.malformed)
		}
	} else {
		s.messages.NoQuestion++
	}
	if m.HasOPT && !m.Malformed {
		s.queryEDNS(m)
	}
}

// ednsDO is the DNSSEC OK bit of the OPT flags (RFC 3225).
const ednsDO = 1 << 15

func (s *Summary) queryEDNS(m *decode.Message) {
	e := &s.edns
	e.queries++
	if m.EDNS.Flags&ednsDO != 0 {
		e.do++
	}
	e.versions.inc(uint16(m.EDNS.Version))
	e.sizes.inc(m.EDNS.UDPSize)
	for o := range m.EDNS.All {
		e.options.inc(o.Code)
	}
}

func (s *Summary) response(m *decode.Message) {
	rcode := m.RCODE()
	s.messages.Responses++
	s.rcodes.inc(rcode)
	b := s.series.at(m.Time)
	b.responses++
	b.rcodes[min(rcode, seriesRCODEs)]++
	if m.Truncated() {
		s.tc++
	}
	s.signatures(m)
	if m.HasOPT {
		s.edns.responses++
		for code := range m.ExtendedErrors {
			s.ede.inc(code)
		}
	}
	c, v := address(s.clients, m.ClientHash, &m.Client), address(s.servers, m.ServerHash, &m.Server)
	s.clients.response(c, rcode)
	s.servers.response(v, rcode)
	if m.Malformed {
		inc(&v.malformed)
	}
	if m.Parsed[wire.SectionQuestion] > 0 {
		n := s.name(m)
		s.names.response(n, rcode)
		if m.Malformed {
			inc(&n.malformed)
		}
	}
}

func (s *Summary) signatures(m *decode.Message) {
	if m.HasTSIG && m.TSIG.Error != 0 {
		s.tsig.inc(m.TSIG.Error)
	}
	if m.HasTKEY && m.TKEY.Error != 0 {
		s.tkey.inc(m.TKEY.Error)
	}
}

// Transaction counts what became of a query or a response.
func (s *Summary) Transaction(t *decode.Transaction) {
	if n := s.tx.of(t.Status); n != nil {
		*n++
	}
	for i := range t.Anomalies {
		s.anomaly.inc(uint16(t.Anomalies[i].ID))
	}
	switch t.Status {
	case decode.Answered:
		s.answered(t)
	case decode.Unanswered:
		s.unanswered(t)
	}
}

func (n *Transactions) of(st decode.Status) *uint64 {
	switch st {
	case decode.Answered:
		return &n.Answered
	case decode.Unanswered:
		return &n.Unanswered
	case decode.Pending:
		return &n.Pending
	case decode.Unsolicited:
		return &n.Unsolicited
	case decode.Duplicate:
		return &n.DuplicateResponses
	case decode.Conflicting:
		return &n.ConflictingResponses
	case decode.Mismatched:
		return &n.Mismatched
	case decode.Late:
		return &n.Late
	}
	return nil
}

func (s *Summary) answered(t *decode.Transaction) {
	if t.RTT < 0 {
		s.tx.Reordered++
		return
	}
	_ = s.latency.RecordValue(min(t.RTT, maxLatency)) // fails only above maxLatency
	s.slowest = max(s.slowest, t.RTT)
	s.total += uint64(t.RTT)
}

func (s *Summary) unanswered(t *decode.Transaction) {
	s.series.at(t.Query.Time).unanswered++
	inc(&address(s.clients, decode.HashAddr(s.seed, &t.Client), &t.Client).unanswered)
	inc(&address(s.servers, decode.HashAddr(s.seed, &t.Server), &t.Server).unanswered)
	if t.Query.HasQuestion {
		if r := s.names.find(t.Query.NameHash); r != nil {
			inc(&r.unanswered)
		}
	}
}

// Event counts an anomaly of a packet or a flow.
func (s *Summary) Event(e *decode.Event) {
	if e.ID != decode.TCPRefused {
		s.anomaly.inc(uint16(e.ID))
	}
}

// The entries of the catalogue that the report itself looks at.
var (
	p01 = anomaly.Make('P', 1) // no-response
	p02 = anomaly.Make('P', 2) // orphan-response
	p03 = anomaly.Make('P', 3) // query-retransmit
	h01 = anomaly.Make('H', 1) // msg-too-short
)

// Merge adds another summary, which must have the same seed; it is not changed.
func (s *Summary) Merge(o *Summary) {
	s.mergeCounts(o)
	for i, t := range o.tables() {
		s.tables()[i].merge(t)
	}
}

// mergeCounts adds all but the tables of another summary.
func (s *Summary) mergeCounts(o *Summary) {
	s.messages.add(&o.messages)
	s.first, s.last = min(s.first, o.first), max(s.last, o.last)
	s.tx.add(&o.tx)
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
	s.series.merge(o.series)
}

func (s *Summary) counters() [10]*counter {
	return [...]*counter{&s.rcodes, &s.tsig, &s.tkey, &s.ede, &s.qtypes, &s.anomaly, &s.mcast, &s.edns.versions, &s.edns.sizes, &s.edns.options}
}

func (s *Summary) tables() [4]*table { return [...]*table{s.clients, s.servers, s.names, s.zones} }
