package decode

import (
	"slices"
	"testing"

	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/decode/fixture"
)

// notInWalk says why an entry that one message decides is not decided by its walk.
var notInWalk = map[string]string{
	"N15": "once for each distinct name, by analyze",
	"N16": "once for each distinct name, by analyze",
	"S17": "of which zone the server is asked is not in the message",
	"S20": "takes the time of the packet",
}

// TestEntriesOfOneMessage: what one message decides has a fixture that triggers it and a near miss.
func TestEntriesOfOneMessage(t *testing.T) {
	all := fixtures(t)
	for id := range anomaly.All {
		e, _ := id.Entry()
		if e.Level != anomaly.Message || notInWalk[id.String()] != "" {
			continue
		}
		trigger := slices.ContainsFunc(all, func(f *fixture.Fixture) bool {
			return slices.ContainsFunc(f.Want, func(w fixture.Want) bool { return w.ID == id })
		})
		miss := slices.ContainsFunc(all, func(f *fixture.Fixture) bool { return slices.Contains(f.Never, id) })
		if !trigger || !miss {
			t.Errorf("%v %s: trigger %v, near miss %v", id, id.Name(), trigger, miss)
		}
	}
}
