package evidence

import (
	"math"
	"math/bits"

	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/decode/packet"
	"github.com/dnssniff/dnssniff/decode/wire"
)

// Tally is what is known of the transactions of one row. Numbers stop at their maximum.
type Tally struct {
	Count       uint64 // transactions; about, where the collector was past its exact ones
	Seen        uint64 // those that were looked at: what a claim can rest on, where Count is for shares and for saying how many
	First, Last int64  // ns since the epoch; First is above Last where there is none

	// Of Count, those whose query had the property. Dubious are of a sort that servers may leave without a response: malformed, or suspicious in themselves.
	EDNS, DO, CD, RD, TCP, Malformed, Dubious uint32
	// Those whose response had it: the bits AA, RA and TC, an OPT, records in the answer section, and bytes that checksums say are wrong.
	AA, RA, TC, OPT, Answers, BadChecksum uint32
	// Those for types that abuse likes: ANY, and TXT and NULL.
	ANY, Bulky uint32
	// Retransmitted counts queries that came again while open, ICMP those that an ICMP error quoted, and Large responses of more than 1232 bytes.
	Retransmitted, ICMP, Large uint32
	// Soon counts questions that came again 0.2 to 5 s after they had been answered: of those that do so by chance, 8 % look like [AskedAgain].
	Soon uint32

	QueryBytes, ResponseBytes uint64 // of DNS messages
	// Other is the first address that answered instead of the one that was asked; the zero Addr if none did.
	Other packet.Addr
	// RTT counts answers by time: bucket i is below 1<<i times 250 µs, the last is all above.
	RTT [RTTBuckets]uint32
	// Low and High are the least and the largest of what the symptom measures; Low is above High where nothing was measured. [TSIGError] of 18 (BADTIME)
	// measures the client's clock less the server's, in seconds; NOTIMP the type of a query, or the opcode of anything else; BADVERS the query's version.
	Low, High int64
	// Names and Ports tell about how many different names and client ports there were.
	Names, Ports Distinct
	Marks
	Samples [samples]Sample
	// Key is the name of a key, absolute, lower case, the first in the order of bytes: of [TSIGError] and [TKEYError].
	Key string
}

// RTTBuckets is how many buckets of answer times there are: the last but one ends at 4.1 s.
const RTTBuckets = 16

// samples is how many transactions of a row are kept as examples: the first ones.
const samples = 2

// Sample is a packet to look at: the query's, or the response's where there is no query.
type Sample struct {
	Packet uint64 // number in its file; 0 is none
	File   uint16 // index of the input's files
	Type   uint16 // of the question, valid iff Name
	Name   string // of the question, absolute, lower case, \DDD for unprintable octets; empty without one
}

// measured notes a value of what the symptom measures.
func (t *Tally) measured(v int64) { t.Low, t.High = min(t.Low, v), max(t.High, v) }

// Distinct estimates how many different values it was given, by linear counting in 256 bits: within a tenth up to 300, and 1000 stands for more.
type Distinct [4]uint64

// add takes a value's hash.
func (d *Distinct) add(hash uint64) { d[hash>>62] |= 1 << (hash >> 56 & 63) }

func (d *Distinct) merge(o *Distinct) {
	for i := range d {
		d[i] |= o[i]
	}
}

// Estimate returns about how many there were, at most 1000.
func (d *Distinct) Estimate() int {
	const size = 256
	used := 0
	for _, w := range d {
		used += bits.OnesCount64(w)
	}
	if used >= size-5 {
		return 1000
	}
	return int(math.Round(-size * math.Log(1-float64(used)/size)))
}

func (t *Tally) reset() {
	*t = Tally{First: math.MaxInt64, Last: math.MinInt64, Low: math.MaxInt64, High: math.MinInt64}
	t.Marks.reset()
}

// spreading is an odd constant that spreads what it multiplies over the upper bits.
const spreading = 0x9e3779b97f4a7c15

// add counts a transaction that stands for weight of them. name is the hash of its question's name.
func (t *Tally) add(x *decode.Transaction, name uint64, weight uint32) {
	t.Count += uint64(weight)
	t.Seen++
	add := func(n *uint32, yes bool) {
		if yes {
			addTo(n, weight)
		}
	}
	if q := x.Query; q != nil {
		t.at(q.Time)
		t.query(q, x.Proto, add)
		t.Marks.query(q, weight)
		t.QueryBytes += uint64(weight) * uint64(q.Length)
		addTo(&t.Retransmitted, weight*uint32(q.Retransmissions))
	}
	if r := x.Response; r != nil {
		t.at(r.Time)
		t.response(r, add)
		t.Marks.response(x.Query, r, weight)
		t.ResponseBytes += uint64(weight) * uint64(r.Length)
		if r.Server != x.Server && t.Other == (packet.Addr{}) {
			t.Other = r.Server
		}
	}
	if x.Query != nil && x.Response != nil {
		addTo(&t.RTT[RTTBucket(x.RTT)], weight)
	}
	t.Names.add(name * spreading)
	t.Ports.add((uint64(x.ClientPort) + 1) * spreading)
}

func (t *Tally) query(q *decode.Query, proto decode.Proto, add func(*uint32, bool)) {
	add(&t.EDNS, q.HasOPT)
	add(&t.DO, q.HasOPT && q.EDNSFlags&wire.EDNSFlagDO != 0)
	add(&t.CD, q.Flags&wire.FlagCD != 0)
	add(&t.RD, q.Flags&wire.FlagRD != 0)
	add(&t.TCP, proto == decode.TCP)
	add(&t.Malformed, q.Malformed)
	add(&t.Dubious, dubious(q))
	add(&t.ICMP, q.ICMP.Seen)
	add(&t.ANY, q.HasQuestion && q.Type == typeANY)
	add(&t.Bulky, q.HasQuestion && (q.Type == typeTXT || q.Type == typeNULL))
}

// dubious says that a query is malformed, or has an anomaly that is suspicious or worse, or an opcode that hardly any server has.
func dubious(q *decode.Query) bool {
	if opcode := q.Flags >> 11 & 15; q.Malformed || opcode != 0 && opcode != 4 && opcode != 5 {
		return true
	}
	for i := range q.Anomalies[:q.NAnomalies] {
		if q.Anomalies[i].ID.Severity() >= anomaly.Suspicious {
			return true
		}
	}
	return false
}

func (t *Tally) response(r *decode.Message, add func(*uint32, bool)) {
	add(&t.AA, r.Flags&wire.FlagAA != 0)
	add(&t.RA, r.Flags&wire.FlagRA != 0)
	add(&t.TC, r.Truncated())
	add(&t.OPT, r.HasOPT)
	add(&t.Answers, r.Parsed[wire.SectionAnswer] > 0)
	add(&t.Large, r.Length > largeMessage)
	add(&t.BadChecksum, r.BadChecksum)
}

// largeMessage is above what is sure to pass in one packet everywhere (bytes, DNS flag day 2020).
const largeMessage = 1232

// Types of questions (IANA).
const (
	typeNS     = 2
	typeSOA    = 6
	typeNULL   = 10
	typeTXT    = 16
	typeDS     = 43
	typeRRSIG  = 46
	typeDNSKEY = 48
	typeIXFR   = 251
	typeAXFR   = 252
	typeANY    = 255
)

// RTTBucket returns the index in Tally.RTT of an answer time in ns.
func RTTBucket(ns int64) int {
	const least = 250_000 // ns
	return min(bits.Len64(uint64(max(ns, 0))/least), RTTBuckets-1)
}

func (t *Tally) at(now int64) { t.First, t.Last = min(t.First, now), max(t.Last, now) }

// event counts something that is no transaction, weight times.
func (t *Tally) event(now int64, weight uint32) {
	t.Count += uint64(weight)
	t.Seen++
	t.at(now)
}

// Merge adds another tally, of other transactions.
func (t *Tally) Merge(o *Tally) {
	t.Count += o.Count
	t.Seen += o.Seen
	t.First, t.Last = min(t.First, o.First), max(t.Last, o.Last)
	from := o.numbers()
	for i, n := range t.numbers() {
		addTo(n, *from[i])
	}
	t.QueryBytes += o.QueryBytes
	t.ResponseBytes += o.ResponseBytes
	for i := range t.RTT {
		addTo(&t.RTT[i], o.RTT[i])
	}
	t.Low, t.High = min(t.Low, o.Low), max(t.High, o.High)
	if t.Other == (packet.Addr{}) {
		t.Other = o.Other
	}
	t.Marks.merge(&o.Marks)
	t.Names.merge(&o.Names)
	t.Ports.merge(&o.Ports)
	if t.Key == "" || o.Key != "" && o.Key < t.Key {
		t.Key = o.Key
	}
	for _, s := range o.Samples {
		t.sample(s)
	}
}

func (t *Tally) numbers() [19]*uint32 {
	return [...]*uint32{&t.EDNS, &t.DO, &t.CD, &t.RD, &t.TCP, &t.Malformed, &t.Dubious, &t.AA, &t.RA, &t.TC, &t.OPT, &t.Answers, &t.BadChecksum, &t.ANY, &t.Bulky,
		&t.Retransmitted, &t.ICMP, &t.Large, &t.Soon}
}

// before orders samples as they were captured.
func (s *Sample) before(o *Sample) bool {
	return s.File < o.File || s.File == o.File && s.Packet < o.Packet
}

// wants says that a sample is among the first.
func (t *Tally) wants(s *Sample) bool {
	last := &t.Samples[samples-1]
	return last.Packet == 0 || s.before(last)
}

// sample keeps a sample if it is among the first.
func (t *Tally) sample(s Sample) { sampleInto(&t.Samples, s) }

// sampleInto keeps the first samples in the order of capture.
func sampleInto(list *[samples]Sample, s Sample) {
	if s.Packet == 0 {
		return
	}
	for i := range list {
		have := &list[i]
		switch {
		case have.Packet == 0:
			*have = s
			return
		case have.Packet == s.Packet && have.File == s.File:
			return
		case s.before(have):
			*have, s = s, *have
		}
	}
}

func addTo(n *uint32, by uint32) {
	if sum := *n + by; sum >= *n {
		*n = sum
	} else {
		*n = math.MaxUint32
	}
}

// NewTally returns an empty tally, to merge others into.
func NewTally() (t Tally) {
	t.reset()
	return t
}

// DistinctOf returns what estimates to about n different values, for tests of what reads evidence.
func DistinctOf(n int) (d Distinct) {
	for i := range n {
		d.add((uint64(i) + 1) * spreading)
	}
	return d
}

// TagsOf returns tags, for tests of what reads evidence.
func TagsOf(list ...uint16) (t Tags) {
	for _, tag := range list {
		t.add(tag)
	}
	return t
}
