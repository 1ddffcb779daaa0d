package diagnose

import (
	"fmt"

	"github.com/dnssniff/dnssniff/analyze/evidence"
)

// staleSecondary looks for servers that go on with an old version of a zone while others have a new one (RFC 1982 compares serials).
func staleSecondary(c *caseFile) (all []Finding) {
	for i := range c.Facts.Serials {
		old := &c.Facts.Serials[i]
		var newest *evidence.Serial
		for j := range c.Facts.Serials {
			s := &c.Facts.Serials[j]
			if s.Zone == old.Zone && int32(s.Last-old.Last) > 0 && old.LastTime > s.Since {
				if newest == nil || int32(s.Last-newest.Last) > 0 {
					newest = s
				}
			}
		}
		if newest == nil || old.Count < 2 || c.resolver(old.Server) {
			continue
		}
		behind := old.LastTime - newest.Since
		f := Finding{
			Severity:   Warning,
			Title:      fmt.Sprintf("%s serves an old version of %s", old.Server, bare(old.Zone)),
			Cause:      "The secondary does not get the zone any more: NOTIFY or transfer fails (firewall, TSIG key, access list of the primary), or it is a copy that nobody updates. Answers depend on who is asked.",
			Confidence: 0.95 * min(1, 0.6+float64(behind)/60e9),
			Scope:      Scope{Server: old.Server.String(), Zone: old.Zone},
			Packets:    []uint64{frame(old.File, old.Packet), frame(newest.File, newest.Packet)},
			Wireshark:  both(nameFilter(old.Zone), "dns.soa.serial_number"),
			Next: []string{
				command("dig %s SOA +nssearch", old.Zone),
				command("dig @%s %s SOA +short +norecurse; dig @%s %s SOA +short +norecurse", old.Server, old.Zone, newest.Server, old.Zone),
				command("rndc zonestatus %s; rndc retransfer %s", old.Zone, old.Zone) + "   # on the secondary",
				command("dig @%s %s AXFR", newest.Server, old.Zone) + "   # from the secondary: is the transfer allowed?",
			},
			Against: []string{"within the zone's refresh time a difference is normal; it matters if it lasts", "servers of different views or providers may have serials of their own"},
		}
		f.say(fmt.Sprintf("%s has serial %d (last seen %s after %s had %d)", old.Server, old.Last, span(behind), newest.Server, newest.Last),
			fmt.Sprintf("%s with the old serial, %s with the new one", plural(old.Count, "response"), plural(newest.Count, "response")))
		f.Affected = old.Count
		all = append(all, f)
	}
	return all
}
