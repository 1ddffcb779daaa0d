package diagnose

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dnssniff/dnssniff/analyze/evidence"
)

// zoneVanished looks for zones whose parent denies them, though they were there before; and such as several clients miss.
func zoneVanished(c *caseFile) (all []Finding) {
	good := c.popular()
	for _, g := range groupBy(c, where{side: c.floodSide()}, byZone, evidence.RCODE(nxDomain)) {
		zone, names := g.key, g.Names.Estimate()
		if strings.Count(zone, ".") < 2 || strings.HasSuffix(zone, ".arpa.") || internal(zone) || uint64(g.NoDomain-g.NoTop)*2 < g.Count || g.Seen < 3 {
			continue
		}
		before := c.total(where{also: func(r *row) bool { return r.Zone == zone }}, evidence.ZoneFine)
		people := len(g.clients)
		fresh, cached := c.goesOn(zone, g.First+int64(patience))
		switch {
		case before.Count == 0 && (people < 2 || names < 2 || g.Random > 0 || slices.ContainsFunc(good, func(p string) bool { return nearly(zone, p) })):
			continue
		case before.Count > 0 && (before.First > g.First || fresh || cached > g.Count):
			continue
		}
		f := Finding{
			Severity:   Info,
			Title:      fmt.Sprintf("%s does not exist, and %s look for names in it", bare(zone), plural(uint64(people), "client")),
			Cause:      "Its parent says that there is no such domain: it has expired, was deleted, or something that these clients have in common is configured with a name that never was.",
			Confidence: sure(0.75, g.Seen),
			Scope:      Scope{Zone: zone},
			Packets:    packetsOf(&g.Tally, &before),
			Wireshark:  both(nameFilter(zone), "dns.flags.response == 1"),
			Next: []string{
				command("dig %s NS +trace +nodnssec", zone) + "   # the parent's word",
				command("whois %s", bare(zone)) + "   # expired, on hold, deleted? When?",
				command("rndc flushtree %s; unbound-control flush_zone %s; rec_control wipe-cache %s$", zone, zone, bare(zone)) + "   # after it is back: denials are kept for the SOA's minimum",
			},
			Against: []string{"a parent that runs the zone itself, on the same servers, denies single names with its own SOA"},
		}
		if before.Count > 0 {
			f.Severity, f.Confidence = Critical, sure(0.97, g.Seen)*min(1, 0.8+0.05*float64(before.Count))
			f.Title = fmt.Sprintf("%s has vanished: its parent says that there is no such domain any more", bare(zone))
			f.Cause = "The delegation is gone at the parent: the domain has expired, was put on hold or deleted, or a change of the parent zone dropped it. All names below it fail."
			if cached == 0 {
				f.say(plural(before.Count, "query")+" for it had been answered; none since", c.began(&g.Tally))
			} else {
				f.Confidence *= 0.9
				f.say(fmt.Sprintf("%s for it had been answered, and since only what caches still have, about %d", plural(before.Count, "query"), cached), c.began(&g.Tally))
			}
		}
		if before.Count > 0 && names < 2 { // it can be a host of a zone that the finder of zones did not guess
			f.Severity = Warning
			f.Confidence *= 0.8
		}
		f.say(fmt.Sprintf("%s for %s, with the SOA of the zone above", plural(g.Count, "NXDOMAIN answer"), aboutNames(uint64(names))), "asked by "+plural(uint64(people), "client"))
		f.seen(&g.Tally)
		f.Clients = people
		c.claim(where{zone: zone, kind: anyKind}, evidence.RCODE(nxDomain))
		all = append(all, f)
	}
	return all
}

// goesOn says whether a zone's own servers answer for it after a time, and about how many answers others still give, as if those of a row were spread evenly.
func (c *caseFile) goesOn(zone string, from int64) (fresh bool, cached uint64) {
	for _, r := range c.rows[evidence.ZoneFine] {
		if r.Zone != zone || r.Last <= from {
			continue
		}
		fresh = fresh || uint64(r.AA)*2 > r.Count
		cached += r.after(from)
	}
	return fresh, cached
}

// after guesses how many of a row came after a time, as if they were spread evenly.
func (r *row) after(from int64) uint64 {
	switch {
	case r.Last <= from:
		return 0
	case r.First >= from:
		return r.Count
	}
	return uint64(float64(r.Count)*float64(r.Last-from)/float64(r.Last-r.First) + 0.5)
}

// vanished says that a zone's names were first there, and then not.
func (c *caseFile) vanished(zone string) bool {
	w := where{also: func(r *row) bool { return r.Zone == zone }}
	there, gone := c.total(w, evidence.ZoneFine), c.total(w, evidence.RCODE(nxDomain))
	return there.Last < gone.First+int64(patience) || gone.Last < there.First+int64(patience)
}
