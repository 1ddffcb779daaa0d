package evidence

import (
	"github.com/dnssniff/dnssniff/analyze/lookup"
	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/decode/wire"
)

// LookupAnomaly takes an anomaly that the steps of a lookup show together.
func (c *Collector) LookupAnomaly(id anomaly.ID, l *lookup.Lookup) {
	if w := c.weight(classLookup); w > 0 && noted(id) {
		c.countLookup(l, Anomaly(id), w)
	}
}

// Lookup takes a lookup that is settled after several steps, or that failed.
func (c *Collector) Lookup(l *lookup.Lookup, answered bool) {
	w := c.weight(classLookup + 1)
	if w == 0 {
		return
	}
	if l.Tries > 1 {
		c.countLookup(l, LookupRetried, w)
	}
	if !answered {
		c.countLookup(l, LookupFailed, w)
		return
	}
	if good := l.Good(); good != nil && good != &l.Steps[0] {
		t := c.countLookup(l, Rescued(lookup.ChangeTo(&l.Steps[0], good)), w)
		t.measured(good.Time + good.RTT - l.Steps[0].Time)
	}
}

// countLookup counts a symptom of a lookup, at the server of its first step.
func (c *Collector) countLookup(l *lookup.Lookup, s Symptom, weight uint32) *Tally {
	first := &l.Steps[0]
	k := key{client: l.Client, server: c.directory.Server(first.Server), symptom: s}
	name := c.directory.Name(l.Name)
	if name != nil {
		k.zone, _ = c.zone(name)
	}
	t, _ := c.rows.at(k)
	t.event(first.Time, weight)
	t.Names.add(wire.HashName(0, name) * spreading)
	if x := (Sample{Packet: first.Number, File: first.File, Type: l.Type}); t.wants(&x) {
		if name != nil {
			x.Name = string(wire.AppendName(nil, name))
		}
		t.sample(x)
	}
	return t
}
