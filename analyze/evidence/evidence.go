// Package evidence gathers what a diagnosis needs, in bounded room, while messages go by: for each client, server and zone what went wrong between them and
// what went right, and a few things that take several messages to see, such as the serial of a zone by server.
//
// What is wrong is counted transaction by transaction until there is much of it, and then by sample: the first 1024 of each kind in a shard all, half as
// many of good answers, beyond that 32 in a row of each 64, then of each 128 and so on to 4096. For each row that a collector may have it takes 830 bytes at most, with its share of zones, moments, serials,
// signed zones and answers, and 110 KiB besides. What is gathered does not depend on the run's seed.
package evidence

import (
	"github.com/dnssniff/dnssniff/analyze/zone"
	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/decode/packet"
	"github.com/dnssniff/dnssniff/decode/wire"
)

// Directory knows the names and addresses behind the hashes of a run.
type Directory interface {
	// Name returns a question's name in wire form, lower case, or nil where it is forgotten.
	Name(hash uint64) []byte
	// Server returns the address of a server, the zero one where it is forgotten.
	Server(hash uint64) packet.Addr
}

// zoneBytes bounds the finder's memory of a collector.
const zoneBytes = 1 << 18

// Collector gathers the evidence of a shard. It is for one goroutine at a time.
type Collector struct {
	seed      uint64
	directory Directory
	finder    *zone.Finder
	samples   [classes]sample
	denied    denied
	asked     asked
	answers   uint32 // up to where all clients are looked at for it
	firsts    firsts
	lacking   lacking
	heard     heard
	meters    meters
	lower     [maxName]byte // of a question
	ownerName [maxName]byte // of a record
	harvest
}

// maxName is the longest wire name in octets (RFC 1035 section 2.3.4).
const maxName = 255

// harvest is what was gathered.
type harvest struct {
	rows    rows
	zones   zones
	moments moments
	serials serials
	signed  signed
	replies replies
	quotas  quotas
	pace    [2]*pace // of answers without RA, and with it
}

func newHarvest(limit int) harvest {
	limit = max(limit, minRows)
	return harvest{rows: newRows(limit), zones: newZones(limit), moments: moments{limit: limit / 2}, serials: newSerials(limit / 4), signed: newSigned(limit / 4),
		replies: newReplies(limit / 16), quotas: newQuotas(limit / 32), pace: [2]*pace{new(pace), new(pace)}}
}

// New returns an empty collector, of at most that many rows, for a shard of a run with that seed.
func New(seed uint64, limit int, d Directory) *Collector {
	return &Collector{seed: seed, directory: d, finder: zone.NewFinder(zoneBytes), harvest: newHarvest(limit)}
}

// NewSum returns an empty collector that takes what others have gathered.
func NewSum(limit int) *Collector { return &Collector{harvest: newHarvest(limit)} }

// Classes of transactions, which are sampled apart: by RCODE, by status, and those with an anomaly though they were answered well.
const (
	classStatus = 32
	classLookup = 48 // by what it is counted as
	classOpened = 62 // TCP connections
	classOdd    = 63
	classes     = 64
)

func classOf(t *decode.Transaction) int {
	switch {
	case t.Status != decode.Answered:
		return classStatus + int(t.Status)
	case odd(t):
		return classOdd
	}
	return int(t.Response.RCODE() & 31)
}

// odd says that an answered transaction has an anomaly that is noted.
func odd(t *decode.Transaction) bool {
	q, r := t.Query, t.Response
	if len(t.Anomalies)+int(q.NAnomalies)+len(r.Anomalies) == 0 {
		return false
	}
	return anyNoted(r.Anomalies) || anyNoted(t.Anomalies) || anyNoted(q.Anomalies[:q.NAnomalies])
}

func anyNoted(all []anomaly.Seen) bool {
	for i := range all {
		if noted(all[i].ID) {
			return true
		}
	}
	return false
}

// anomalies yields what a transaction shows, and its messages. An entry can come twice.
func anomalies(t *decode.Transaction) func(func(anomaly.ID) bool) {
	return func(yield func(anomaly.ID) bool) {
		for i := range t.Anomalies {
			if !yield(t.Anomalies[i].ID) {
				return
			}
		}
		if q := t.Query; q != nil {
			for i := range q.Anomalies[:q.NAnomalies] {
				if !yield(q.Anomalies[i].ID) {
					return
				}
			}
		}
		if r := t.Response; r != nil {
			for i := range r.Anomalies {
				if !yield(r.Anomalies[i].ID) {
					return
				}
			}
		}
	}
}

// Transactions of a class that are all taken, and of those beyond: block in a row of each period. Periods begin with the shortest, and are twice as long after
// alike of them, so that the sum is never more than an eighth off.
const (
	exact    = 1 << 10
	block    = 1 << 5
	shortest = 2 * block
	alike    = 8
	doubled  = 6 // how often periods become longer
	period   = shortest << doubled
)

// sample is where a class is in all that.
type sample struct {
	skip  uint32 // how many come before the next that is taken
	taken uint32 // one by one, and of the periods of one length
	times uint8  // doubled
}

// allOf is how many of a class are all taken: of good answers, of which there are the most, half as many.
func allOf(class int) uint32 {
	if class == rcodeNoError || class == rcodeNXDomain || class == classOpened {
		return exact / 2
	}
	return exact
}

// weight says for how many transactions of its class one stands; 0 is not at all.
func (c *Collector) weight(class int) uint32 {
	s := &c.samples[class]
	if s.skip > 0 {
		s.skip--
		return 0
	}
	return s.take(allOf(class))
}

// take says for how many transactions one stands that is taken.
func (s *sample) take(all uint32) uint32 {
	if s.taken++; s.taken <= all {
		return 1
	}
	long := uint32(shortest) << s.times
	if n := s.taken - all; n%block == 0 {
		s.skip = long - block
		if n == alike*block {
			s.taken, s.times = all, min(s.times+1, doubled)
		}
	}
	return long / block
}

// Transaction takes the end of a transaction.
func (c *Collector) Transaction(t *decode.Transaction) {
	if t.Status == decode.Pending {
		return
	}
	soon := uint32(0)
	if t.Status == decode.Answered {
		soon = c.again(t)
		if refused := t.Response.RCODE() == rcodeRefused; refused || c.meters.may(&t.Client) {
			c.meter(t, refused)
		}
	}
	w := c.weight(classOf(t))
	if w == 0 {
		return
	}
	if t.Status == decode.Answered {
		c.keepPace(t, w)
	}
	o := c.observe(t, w)
	o.soon = soon
	if t.Status == decode.Answered {
		c.answered(&o)
	} else {
		c.count(&o, Symptom(0x1000)+Symptom(t.Status))
		if t.Response != nil {
			c.errors(&o)
		} else {
			c.leaked(&o)
		}
		if t.Status == decode.Conflicting {
			c.second(&o)
		}
	}
	if longName(o.name) {
		c.count(&o, LongName)
	}
	for id := range anomalies(t) {
		if noted(id) {
			c.once(&o, Anomaly(id))
		}
	}
	c.moment(&o)
}

// observation is a transaction that is being counted.
type observation struct {
	*decode.Transaction
	weight   uint32
	name     []byte // wire form, lower case; nil if it is unknown
	zone     uint64
	zoneName []byte // part of name
	nameHash uint64 // without the seed
	kind     Kind
	soon     uint32     // questions that came again within seconds
	counted  [8]Symptom // the first anomalies that were counted
	nCounted int
}

func (c *Collector) observe(t *decode.Transaction, weight uint32) observation {
	o := observation{Transaction: t, weight: weight, kind: kindOf(t)}
	switch {
	case t.Response != nil && t.Response.Parsed[wire.SectionQuestion] > 0:
		o.name = appendLower(c.lower[:0], t.Response.Question.Name)
	case t.Query != nil && t.Query.HasQuestion:
		o.name = c.directory.Name(t.Query.NameHash)
	}
	if o.name != nil {
		o.nameHash = wire.HashName(0, o.name)
		o.zone, o.zoneName = c.zone(o.name)
	}
	return o
}

// zone returns a name's zone, with its hash, and keeps its text.
func (c *Collector) zone(name []byte) (hash uint64, zone []byte) {
	z := c.finder.Of(name)
	h := wire.HashName(c.seed, z)
	c.zones.add(h, z)
	return h, z
}

func kindOf(t *decode.Transaction) Kind {
	var opcode uint8
	typ, class := uint16(0), uint16(classIN)
	switch q, r := t.Query, t.Response; {
	case q != nil:
		opcode = uint8(q.Flags >> 11 & 15)
		if q.HasQuestion {
			typ, class = q.Type, q.Class
		}
	case r != nil:
		opcode = r.Opcode()
		if r.Parsed[wire.SectionQuestion] > 0 {
			typ, class = r.Question.Type, r.Question.Class
		}
	}
	switch {
	case (opcode == 0 && class != classANY || opcode == 5) && class != classIN:
		return Foreign
	case opcode == 0 && (typ == typeAXFR || typ == typeIXFR):
		return Transfer
	case opcode == 0:
		return Query
	case opcode == 4:
		return Notify
	case opcode == 5:
		return Update
	}
	return Other
}

// count counts a symptom of a transaction.
func (c *Collector) count(o *observation, s Symptom) *Tally {
	return c.countAt(o, key{client: o.Client, server: o.Server, zone: o.zone, symptom: s, kind: o.kind})
}

func (c *Collector) countAt(o *observation, k key) *Tally {
	t, _ := c.rows.at(k)
	t.add(o.Transaction, o.nameHash, o.weight)
	addTo(&t.Soon, o.soon*o.weight)
	if x := o.sample(); t.wants(&x) {
		x.Name = o.text()
		t.sample(x)
	}
	return t
}

// once counts an anomaly, unless it was counted for this transaction.
func (c *Collector) once(o *observation, s Symptom) {
	for _, have := range o.counted[:o.nCounted] {
		if have == s {
			return
		}
	}
	if o.nCounted < len(o.counted) {
		o.counted[o.nCounted] = s
		o.nCounted++
	}
	c.count(o, s)
}

func (o *observation) sample() Sample {
	s := Sample{}
	if q := o.Query; q != nil {
		s.Packet, s.File, s.Type = q.Number, q.File, q.Type
	} else if r := o.Response; r != nil {
		s.Packet, s.File, s.Type = r.Number, r.File, r.Question.Type
	}
	return s
}

// text is the name of the question, "" without one.
func (o *observation) text() string {
	if o.name == nil {
		return ""
	}
	return string(wire.AppendName(nil, o.name))
}

// answered counts a response to a query.
func (c *Collector) answered(o *observation) {
	switch code := o.Response.RCODE(); code {
	case rcodeNoError:
		c.countAt(o, key{client: o.Client, server: o.Server, symptom: RCODE(code), kind: o.kind})
		c.countAt(o, key{server: o.Server, zone: o.zone, symptom: ZoneFine, kind: o.kind})
		c.unsuffixed(o)
	case rcodeNXDomain:
		c.nonexistent(o, c.count(o, RCODE(code)))
		c.suffixed(o)
		c.leaked(o)
	default:
		c.failed(o, code)
		c.leaked(o)
	}
	c.novelty(o)
	if o.Response.Length > largeMessage && o.Proto == decode.UDP {
		c.countAt(o, key{server: o.Server, symptom: LargeAnswer, kind: o.kind})
	}
	c.errors(o)
	c.content(o)
	if said, ok := c.answer(o); ok {
		c.first(o, &said)
		if said.kind == NoSuchType {
			c.noSuchType(o)
		}
	}
}

// failed counts an error, with what of the query is behind it. NOTAUTH to a signed query is about the key, and not about the zone (RFC 8945 section
// 5.2), whether the response has a TSIG record that says so or not.
func (c *Collector) failed(o *observation, code uint16) {
	r := o.Response
	switch {
	case code == rcodeNotAuth && r.HasTSIG && r.TSIG.Error != 0:
		return
	case (code == rcodeNotAuth || code == rcodeRefused && o.kind == Update) && o.Query.TSIG && !r.HasTSIG:
		c.count(o, KeyRefused)
		return
	}
	t := c.count(o, RCODE(code))
	switch {
	case code == rcodeNotImp && o.kind == Query && o.Query.HasQuestion:
		t.measured(int64(o.Query.Type))
	case code == rcodeNotImp && r.Opcode() != 0 && o.kind != Query:
		t.measured(int64(r.Opcode()))
	case code == rcodeBadVers && !r.HasTSIG:
		t.measured(int64(o.Query.EDNSVersion))
	}
}

// errors counts what a response says beside its RCODE.
func (c *Collector) errors(o *observation) {
	r := o.Response
	for code := range r.ExtendedErrors {
		c.once(o, EDE(code))
	}
	if r.HasTSIG && r.TSIG.Error != 0 {
		t := c.count(o, TSIGError(r.TSIG.Error))
		c.keyOf(t, r, int(r.TSIG.Off))
		if skew, ok := clockSkew(r); ok {
			t.measured(skew)
		}
	}
	if r.HasTKEY && r.TKEY.Error != 0 {
		c.keyOf(c.count(o, TKEYError(r.TKEY.Error)), r, int(r.TKEY.Off))
	}
}

// keyOf notes the name of a key, at an offset.
func (c *Collector) keyOf(t *Tally, r *decode.Message, off int) {
	var room [4*maxName + 1]byte
	if name := c.owner(r, off); name != nil {
		if text := wire.AppendName(room[:0], name); t.Key == "" || string(text) < t.Key {
			t.Key = string(text)
		}
	}
}

// clockSkew returns the client's clock less the server's in seconds, of a response with BADTIME (RFC 8945 section 5.2.3).
func clockSkew(r *decode.Message) (seconds int64, ok bool) {
	const badTime, timeLen = 18, 6
	t := &r.TSIG
	if t.Error != badTime || t.OtherLen != timeLen || int(t.OtherData)+timeLen > len(r.Data) {
		return 0, false
	}
	var server int64
	for _, b := range r.Data[t.OtherData:][:timeLen] {
		server = server<<8 | int64(b)
	}
	return int64(t.Time) - server, true
}

// Merge adds what another collector of the same seed gathered; it is not changed.
func (c *Collector) Merge(o *Collector) {
	c.zones.merge(&o.zones, &o.rows)
	c.rows.merge(&o.rows)
	c.moments.merge(&o.moments)
	c.serials.merge(&o.serials)
	c.signed.merge(&o.signed)
	c.replies.merge(&o.replies)
	c.quotas.merge(&o.quotas)
	c.quotas.underWay(&o.meters)
	for i := range c.pace {
		c.pace[i].merge(o.pace[i])
	}
}

// Reset makes a collector empty. Its room stays.
func (c *Collector) Reset() {
	c.rows.reset()
	c.zones.reset()
	c.moments.reset()
	c.serials.reset()
	c.signed.reset()
	c.replies.reset()
	c.quotas.reset()
	c.meters = meters{}
	for _, p := range c.pace {
		p.reset()
	}
}

// Turn hands over what was gathered to an empty collector of NewSum. That a zone is signed is remembered, as answers without signatures are noted of such
// zones alone.
func (c *Collector) Turn(to *Collector) {
	c.harvest, to.harvest = to.harvest, c.harvest
	for zone, s := range to.signed.by {
		if _, ok := c.signed.by[zone]; !ok && len(c.signed.by) < c.signed.limit/2 {
			c.signed.by[zone] = &Signed{Zone: s.Zone}
		}
	}
}

func appendLower(dst, name []byte) []byte {
	for _, b := range name {
		if 'A' <= b && b <= 'Z' {
			b += 'a' - 'A'
		}
		dst = append(dst, b)
	}
	return dst
}
