package diagnose

import (
	"github.com/dnssniff/dnssniff/analyze/evidence"
	"github.com/dnssniff/dnssniff/decode/packet"
)

// failures are how a client feels that its resolver got no answer.
func failures() []evidence.Symptom {
	return []evidence.Symptom{evidence.RCODE(servFail), evidence.Unanswered, evidence.Late}
}

// echoes are what comes of failures and of slow answers besides.
func echoes() []evidence.Symptom {
	return []evidence.Symptom{evidence.LookupFailed, evidence.LookupRetried, evidence.AskedAgain, evidence.Duplicate, evidence.Conflicting,
		evidence.EDE(ednsNoReachable), evidence.EDE(ednsNetwork), evidence.EDE(ednsCachedError), anomalyOf('P', 4), anomalyOf('S', 11), anomalyOf('S', 13)}
}

// felt is what clients had of trouble upstream.
type felt struct {
	evidence.Tally // their transactions that failed
	clients        []packet.Addr
	slow           uint64 // those that took long, as far as they are kept
	zones          []string
	tied           uint64 // moments that were tied to it, by name
}

// patience is how long after trouble upstream a client's failure can still come of it (ns): resolvers remember failures for some seconds.
const patience = 5e9

// felt ties what clients had to moments upstream, by name and time or else by zone and time, and claims it.
func (c *caseFile) felt(upstream func(*evidence.Event) bool) felt {
	names, zones := make(map[uint64][]*evidence.Event), make(map[string][]*evidence.Event)
	for i := range c.Facts.Moments {
		m := &c.Facts.Moments[i]
		if c.back(m.Client) && upstream(m) {
			names[m.Name] = append(names[m.Name], m)
			zones[m.ZoneName] = append(zones[m.ZoneName], m)
		}
	}
	f := felt{Tally: evidence.NewTally()}
	for i := range c.Facts.Moments {
		m := &c.Facts.Moments[i]
		if c.back(m.Client) || m.ZoneName == "" {
			continue
		}
		switch {
		case during(names[m.Name], m):
			f.tied++
		case !during(zones[m.ZoneName], m):
			continue
		}
		f.zones = addTo(f.zones, m.ZoneName)
		if m.Symptom == evidence.Slow {
			f.slow++
			f.clients = addTo(f.clients, m.Client)
		}
	}
	for _, zone := range f.zones {
		w := where{zone: zone, side: front}
		for r := range c.each(w, failures()...) {
			f.Merge(&r.Tally)
			f.clients = addTo(f.clients, r.Client)
		}
		c.claim(w, failures()...)
		c.claim(w, echoes()...)
	}
	return f
}

// during says that a client's moment has to do with one of those upstream.
func during(list []*evidence.Event, m *evidence.Event) bool {
	for _, u := range list {
		if u.From <= m.To+1e9 && u.To >= m.From-patience {
			return true
		}
	}
	return false
}

// onClients writes down in a finding what clients had of it.
func (f *felt) onClients(to *Finding) {
	to.upstream, to.harm = true, f.Count
	if f.Count == 0 {
		to.harm = f.slow
	}
	if f.Count == 0 && f.slow == 0 {
		return
	}
	to.Clients = len(f.clients)
	if f.Count > 0 {
		to.say(plural(f.Count, "lookup") + " of " + plural(uint64(len(f.clients)), "client") + " for " + some(bares(f.zones), 3) +
			" failed or waited in vain for it at the resolver")
		to.Affected += f.Count
		return
	}
	to.say(plural(f.slow, "answer") + " to clients took 400 ms or longer for it")
	to.Affected += f.slow
}

// severity is Critical if clients got no answers, else Warning.
func (f *felt) severity() Severity {
	if f.Count > 0 {
		return Critical
	}
	return Warning
}
