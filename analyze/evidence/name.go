package evidence

import "github.com/dnssniff/dnssniff/decode/wire"

// A name of dataName octets with a label of dataLabel is more likely data than a name. A name of an address in ip6.arpa is as long, of short labels; a hash
// of NSEC3 is a label of 32, hardly ever asked for; names of cloud services can be as long, but are few.
const (
	dataName  = 60
	dataLabel = 30
)

func longName(name []byte) bool {
	if len(name) < dataName {
		return false
	}
	for at := 0; at < len(name) && name[at] != 0; at += 1 + int(name[at]) {
		if name[at] >= dataLabel {
			return true
		}
	}
	return false
}

// heard remembers questions that resolvers answered, by hashes without the seed. Slots are taken over by whoever comes last.
type heard [1 << 12]uint64

// first says that a question was not heard before.
func (h *heard) first(o *observation) bool {
	q := o.nameHash ^ (uint64(o.Response.Question.Type)<<1|1)*spreading ^ wire.HashName(2, o.Server[:])
	s := &h[q*spreading>>52%uint64(len(h))]
	known := *s == q
	*s = q
	return !known
}

// novelty counts a resolver's answer by whether its question was heard before.
func (c *Collector) novelty(o *observation) {
	if o.weight != 1 || o.kind != Query || o.name == nil || o.Response.Flags&wire.FlagRA == 0 || isError(o.Response.RCODE()) {
		return
	}
	s := AskedBefore
	if c.heard.first(o) {
		s = AskedFirst
	}
	c.countAt(o, key{server: o.Server, symptom: s, kind: o.kind})
}
