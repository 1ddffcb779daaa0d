package evidence

import (
	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/anomaly"
)

// Habit takes an anomaly that several messages show together, at the message that made it sure.
func (c *Collector) Habit(id anomaly.ID, m *decode.Message) {
	if !noted(id) {
		return
	}
	t, _ := c.rows.at(key{client: m.Client, server: m.Server, symptom: Anomaly(id), kind: Query})
	t.event(m.Time, 1)
	t.sample(Sample{Packet: m.Number, File: m.File})
}
