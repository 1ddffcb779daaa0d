package evidence

import (
	"github.com/dnssniff/dnssniff/decode/wire"
)

// denied remembers names that were denied, without the labels at their end: who then finds such a name has a search list. Slots are taken over by
// whoever comes last.
type denied [1 << 10]denial

type denial struct {
	key    uint64 // of client and shortened name; 0 is none
	suffix uint64 // hash of what was cut off
	time   int64  // ns since the epoch
}

// A search list's next name follows at once: within searchWindow (ns).
const searchWindow = 5e9

func (c *Collector) slot(k uint64) *denial { return &c.denied[k%uint64(len(c.denied))] }

// searchKey does not depend on the seed.
func searchKey(o *observation, name []byte) uint64 {
	return (wire.HashName(0, name)^wire.HashName(1, o.Client[:]))*spreading | 1
}

// suffixed remembers a denied name without each suffix of two labels or more.
func (c *Collector) suffixed(o *observation) {
	if o.name == nil || o.kind != Query {
		return
	}
	var short [maxName + 1]byte
	for end := 0; end < len(o.name) && o.name[end] != 0; {
		end += 1 + int(o.name[end])
		suffix := o.name[end:]
		if wire.Labels(suffix) < 2 {
			return
		}
		n := copy(short[:], o.name[:end])
		short[n] = 0
		k := searchKey(o, short[:n+1])
		h := wire.HashName(c.seed, suffix)
		*c.slot(k) = denial{key: k, suffix: h, time: o.Response.Time}
		c.zones.add(h, suffix)
	}
}

// unsuffixed counts a name that was found after it had been denied with a suffix.
func (c *Collector) unsuffixed(o *observation) {
	if o.name == nil || o.kind != Query {
		return
	}
	k := searchKey(o, o.name)
	d := c.slot(k)
	if d.key != k || o.Query.Time < d.time || o.Query.Time-d.time > searchWindow {
		return
	}
	c.countAt(o, key{client: o.Client, server: o.Server, zone: d.suffix, symptom: Suffixed})
}
