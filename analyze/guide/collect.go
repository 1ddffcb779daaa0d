package guide

import (
	"cmp"
	"slices"

	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/decode/mnemonic"
	"github.com/dnssniff/dnssniff/decode/packet"
	"github.com/dnssniff/dnssniff/decode/wire"
)

// Bounds of what a collector keeps: pages that something was seen for, values of each table of such a page, and packets. There are no more than some 400
// pages, as codes without a meaning share one; each takes at most 32 KiB, most of it names of up to 1 KiB as text.
const (
	maxTallies = 512
	maxValues  = 24
	maxPackets = 3
)

// subject is what a page is about, as it is seen in traffic.
type subject struct {
	kind Kind
	code uint16 // RCODE, error, info code, anomaly's ID; see silence
}

// silence stands for queries without a response: the page of retries and timeouts.
const silence = 1

// top counts the most frequent values with a bound: where it is full, every count gives up one (Misra and Gries). Counts are then too low, by no more than
// a 25th of all; values that have a larger share are always among them.
type top[K comparable] struct {
	counts map[K]*uint64
	full   bool // counts are lower bounds
}

func (t *top[K]) add(k K) {
	if c := t.counts[k]; c != nil {
		*c++
	} else if t.room() {
		t.insert(k, 1)
	}
}

// addBytes is add for a table of strings. It allocates only for a value that is kept.
func addBytes(t *top[string], k []byte) {
	if c := t.counts[string(k)]; c != nil {
		*c++
	} else if t.room() {
		t.insert(string(k), 1)
	}
}

// room says whether a new value can be inserted. Where it cannot, the value and all others give up one count each.
func (t *top[K]) room() bool {
	if len(t.counts) < maxValues {
		return true
	}
	t.full = true
	for k, c := range t.counts {
		if *c--; *c == 0 {
			delete(t.counts, k)
		}
	}
	return false
}

func (t *top[K]) insert(k K, n uint64) {
	if t.counts == nil {
		t.counts = make(map[K]*uint64, maxValues)
	}
	t.counts[k] = &n
}

// merge adds the counts of another shard; for a moment there are more values than the bound.
func (t *top[K]) merge(o *top[K]) {
	t.full = t.full || o.full
	for k, n := range o.counts {
		if c := t.counts[k]; c != nil {
			*c += *n
		} else {
			t.insert(k, *n)
		}
	}
}

// place is a packet.
type place struct {
	file   uint16
	number uint64
}

func (a place) compare(b place) int {
	return cmp.Or(cmp.Compare(a.file, b.file), cmp.Compare(a.number, b.number))
}

// example is what stands in for the placeholders of commands: who and what belong together in the first packet.
type example struct {
	at             place
	client, server packet.Addr
	name           string // in wire form, lower case; "" for none
	typ            uint16
	typed          bool
}

// tally is what was seen for a page.
type tally struct {
	n                uint64
	example          example // valid iff n > 0
	clients, servers top[packet.Addr]
	names            top[string] // in wire form, lower case
	types            top[uint16]
	first            []place  // in order
	skew             [2]int64 // least and most s that clients are ahead of the server, by BADTIME; valid iff skewed
	skewed           bool
}

func (t *tally) packet(p place) {
	at, known := slices.BinarySearchFunc(t.first, p, place.compare)
	if known || at == maxPackets {
		return
	}
	if len(t.first) == maxPackets {
		t.first = t.first[:maxPackets-1]
	}
	t.first = slices.Insert(t.first, at, p)
}

func (t *tally) merge(o *tally) {
	if t.n == 0 || o.n > 0 && o.example.at.compare(t.example.at) < 0 {
		t.example = o.example
	}
	t.n += o.n
	t.clients.merge(&o.clients)
	t.servers.merge(&o.servers)
	t.names.merge(&o.names)
	t.types.merge(&o.types)
	for _, p := range o.first {
		t.packet(p)
	}
	if o.skewed {
		t.clock(o.skew[0])
		t.clock(o.skew[1])
	}
}

// clock takes in by how many seconds a client is ahead of its server.
func (t *tally) clock(ahead int64) {
	if !t.skewed {
		t.skew, t.skewed = [2]int64{ahead, ahead}, true
	}
	t.skew[0], t.skew[1] = min(t.skew[0], ahead), max(t.skew[1], ahead)
}

// Collector collects, in one shard, who and what shows the codes and anomalies that there are pages of. It is a [decode.Handler]; the decoder must have
// [decode.Config.KeepNames].
type Collector struct {
	tallies map[subject]*tally
	name    []byte // under way, in lower case
	seen    []anomaly.ID
}

// NewCollector returns a collector that has seen nothing.
func NewCollector() *Collector { return &Collector{tallies: map[subject]*tally{}} }

// sight is a thing seen, with those who show it.
type sight struct {
	client, server *packet.Addr
	name           []byte // in wire form, empty for none
	typ            uint16
	typed          bool // typ is known
	at             place
}

// note counts a sight, and returns the tally that has it, nil where there are too many.
func (c *Collector) note(s subject, x *sight) *tally {
	t := c.tallies[s]
	if t == nil {
		if len(c.tallies) == maxTallies {
			return nil
		}
		t = &tally{}
		c.tallies[s] = t
	}
	c.name = append(c.name[:0], x.name...)
	for i, b := range c.name {
		if 'A' <= b && b <= 'Z' { // no length of a label is
			c.name[i] = b + 'a' - 'A'
		}
	}
	if t.n == 0 || x.at.compare(t.example.at) < 0 {
		t.example = example{x.at, *x.client, *x.server, string(c.name), x.typ, x.typed}
	}
	t.n++
	t.clients.add(*x.client)
	t.servers.add(*x.server)
	if len(c.name) > 0 {
		addBytes(&t.names, c.name)
	}
	if x.typed {
		t.types.add(x.typ)
	}
	t.packet(x.at)
	return t
}

// Message implements [decode.Handler]: it notes what is odd about the message.
func (c *Collector) Message(m *decode.Message) {
	if len(m.Anomalies) == 0 || m.Proto == decode.MDNS || m.Proto == decode.LLMNR {
		return
	}
	x := sightOf(m)
	c.seen = c.seen[:0]
	for i := range m.Anomalies {
		if id := m.Anomalies[i].ID; !slices.Contains(c.seen, id) {
			c.seen = append(c.seen, id)
			c.note(subject{Anomaly, uint16(id)}, &x)
		}
	}
}

func sightOf(m *decode.Message) sight {
	x := sight{client: &m.Client, server: &m.Server, at: place{m.File, m.Number}}
	if m.Parsed[wire.SectionQuestion] > 0 {
		x.name, x.typ, x.typed = m.Question.Name, m.Question.Type, true
	}
	return x
}

// Transaction implements [decode.Handler]: it notes codes of the response, and what query and response show together.
func (c *Collector) Transaction(t *decode.Transaction) {
	x := sight{client: &t.Client, server: &t.Server}
	if t.Response != nil {
		x = sightOf(t.Response)
	}
	if q := t.Query; q != nil {
		x.at = place{q.File, q.Number}
		if q.HasQuestion {
			x.name, x.typ, x.typed = q.Name, q.Type, true
		}
	}
	for i := range t.Anomalies {
		c.note(subject{Anomaly, uint16(t.Anomalies[i].ID)}, &x)
	}
	switch {
	case t.Status == decode.Unanswered:
		c.note(subject{Topic, silence}, &x)
	case t.Response != nil:
		c.codes(t.Response, &x)
	}
}

// codes notes the codes of a response, but for NOERROR.
func (c *Collector) codes(m *decode.Message, x *sight) {
	if n := m.RCODE(); n != 0 {
		c.note(subject{RCODE, assigned(n, mnemonic.RCODE(n))}, x)
	}
	if m.HasTSIG && m.TSIG.Error != 0 {
		t := c.note(subject{TSIG, assigned(m.TSIG.Error, mnemonic.TSIGError(m.TSIG.Error))}, x)
		if ahead, ok := skewOf(m); ok && t != nil {
			t.clock(ahead)
		}
	}
	if m.HasTKEY && m.TKEY.Error != 0 {
		c.note(subject{TSIG, assigned(m.TKEY.Error, mnemonic.TKEYError(m.TKEY.Error))}, x)
	}
	for code := range m.ExtendedErrors {
		c.note(subject{EDE, assigned(code, mnemonic.EDE(code))}, x)
	}
}

// skewOf returns by how many seconds the signer's clock is ahead of the server's, where a BADTIME response tells: it has the time that the request was signed
// at, and as other data the server's (RFC 8945 section 5.2.3).
func skewOf(m *decode.Message) (ahead int64, ok bool) {
	const badTime, timeLen = 18, 6
	t := &m.TSIG
	if t.Error != badTime || t.OtherLen != timeLen || int(t.OtherData)+timeLen > len(m.Data) {
		return 0, false
	}
	server := int64(0)
	for _, b := range m.Data[t.OtherData:][:timeLen] {
		server = server<<8 | int64(b)
	}
	return int64(t.Time) - server, true
}

// noCode is a code that no registry has: all without a name count as it.
const noCode = 1<<16 - 1

// assigned returns a code, or noCode where its name says that it has none.
func assigned(n uint16, name string) uint16 {
	if last := name[len(name)-1]; '0' <= last && last <= '9' {
		return noCode
	}
	return n
}
