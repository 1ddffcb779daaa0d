package diagnose

import (
	"fmt"
	"slices"
	"time"

	"github.com/dnssniff/dnssniff/analyze/evidence"
)

// validation is what a zone's clients had of DNSSEC.
type validation struct {
	failed  evidence.Tally // SERVFAIL to queries without CD
	rescued uint64         // lookups that got an answer with CD
	clients []addr
	errors  []uint16 // extended errors of validation
}

// validation adds up the failures of names in a zone.
func (c *caseFile) validation(zone string) validation {
	v := validation{failed: evidence.NewTally()}
	for r := range c.each(where{zone: zone, side: front}, evidence.RCODE(servFail)) {
		v.failed.Merge(&r.Tally)
		v.clients = addTo(v.clients, r.Client)
	}
	v.rescued = c.count(where{zone: zone, kind: anyKind}, evidence.Rescued(withCD), anomalyOf('S', 12))
	for code := uint16(5); code <= ednsNoNSEC; code++ {
		if c.count(where{zone: zone, kind: anyKind}, evidence.EDE(code)) > 0 {
			v.errors = append(v.errors, code)
		}
	}
	return v
}

// most says that most of a zone's names fail where a resolver answers for it, and not once by chance. Answers from a cache, and to clients that set CD, are
// good all the same.
func (v *validation) most(c *caseFile, zone string) bool {
	if v.failed.Seen < 2 {
		return false
	}
	good := c.total(where{zone: zone, also: func(r *row) bool { return c.resolver(r.Server) }}, evidence.ZoneFine, evidence.RCODE(nxDomain))
	return v.failed.Count*2 >= good.Count-min(good.Count, uint64(good.CD))
}

// describe fills in what all findings about validation have in common, and claims what they explain.
func (v *validation) describe(c *caseFile, f *Finding, zone string) {
	if v.failed.Count > 0 {
		f.Severity = Critical
		f.say(fmt.Sprintf("%s of %s for %s got SERVFAIL", plural(v.failed.Count, "query"), plural(uint64(len(v.clients)), "client"), bare(zone)))
	}
	for _, code := range v.errors {
		f.say(fmt.Sprintf("the resolver says so: EDE %d in %s", code, plural(c.count(where{zone: zone, kind: anyKind}, evidence.EDE(code)), "response")))
	}
	if v.rescued > 0 {
		f.say("with CD, which turns validation off, the same names were answered")
	}
	if r, ok := c.elsewhere(zone); ok {
		f.say(r)
	}
	f.Scope.Zone, f.Clients = zone, len(v.clients)
	f.Wireshark = nameFilter(zone)
	f.Packets = append(f.Packets, packetsOf(&v.failed)...)
	slices.Sort(f.Packets)
	f.Packets = slices.Compact(f.Packets)
	f.seen(&v.failed)
	w := where{zone: zone, kind: anyKind}
	c.claim(w, evidence.RCODE(servFail), evidence.Unanswered, evidence.Late, evidence.Rescued(withCD), anomalyOf('S', 12), anomalyOf('S', 20))
	c.claim(w, echoes()...)
	for code := range uint16(ednsNoNSEC + 1) {
		c.claim(w, evidence.EDE(code))
	}
}

// elsewhere says that other signed zones validate.
func (c *caseFile) elsewhere(zone string) (string, bool) {
	n := 0
	for i := range c.Facts.Signed {
		if s := &c.Facts.Signed[i]; s.Zone != zone && s.Good > 0 && s.Expired == 0 && !within(s.Zone, zone) {
			n++
		}
	}
	if n == 0 {
		return "", false
	}
	return fmt.Sprintf("the signatures of %s seen here are in time", plural(uint64(n), "other zone")), true
}

// dsMismatch looks for zones whose keys are not those that their parent names.
func dsMismatch(c *caseFile) (all []Finding) {
	for i := range c.Facts.Signed {
		s := &c.Facts.Signed[i]
		ds, keys := s.DS.All(), s.Keys.All()
		said := c.count(where{kind: anyKind, also: func(r *row) bool { return r.Zone == s.Zone }}, evidence.EDE(ednsNoDNSKEY)) > 0
		apart := len(ds) > 0 && len(keys) > 0 && len(keys) < cap(keys) && !overlap(ds, keys)
		if !apart && (!said || overlap(ds, keys)) {
			continue
		}
		v := c.validation(s.Zone)
		if !v.most(c, s.Zone) {
			continue
		}
		f := Finding{
			Severity:   Warning,
			Title:      fmt.Sprintf("%s fails validation: its DS at the parent is of another key", bare(s.Zone)),
			Cause:      "The parent vouches for a key that the zone does not have: a key was rolled, or the zone moved to another signer, and the DS was not changed with it.",
			Confidence: sure(0.98, v.failed.Seen+2),
			Next: []string{
				command("dig %s DS +short; dig %s DNSKEY +multiline", s.Zone, s.Zone) + "   # the key id of each",
				command("delv %s SOA", s.Zone),
				command("dig %s DNSKEY +cd | dnssec-dsfromkey -f - %s", s.Zone, s.Zone) + "   # the DS that the parent ought to have",
			},
			Against: []string{"if DS or DNSKEY was changed within their TTL, a resolver may hold an old one: ask another, or flush it"},
		}
		if apart {
			f.say(fmt.Sprintf("DS at the parent: key tag %s; DNSKEY of the zone: %s", tags(ds), tags(keys)))
		} else {
			f.Confidence *= 0.93
			f.say("the DNSKEY response itself is not in the capture, or the parent's DS is not")
		}
		if s.Good > 0 && s.Expired == 0 {
			f.say("the signatures themselves are in time")
		}
		v.describe(c, &f, s.Zone)
		all = append(all, f)
	}
	return all
}

func tags(list []uint16) string {
	list = slices.Sorted(slices.Values(list))
	s := ""
	for i, t := range list {
		if i > 0 {
			s += ", "
		}
		s += fmt.Sprint(t)
	}
	return s
}

func overlap(a, b []uint16) bool {
	return slices.ContainsFunc(a, func(t uint16) bool { return slices.Contains(b, t) })
}

// signaturesExpired looks for zones whose signatures are over.
func signaturesExpired(c *caseFile) (all []Finding) {
	for i := range c.Facts.Signed {
		s := &c.Facts.Signed[i]
		v := c.validation(s.Zone)
		said := slices.Contains(v.errors, ednsExpired)
		if s.Expired == 0 || s.Good > s.Expired || v.failed.Count > 0 && !v.most(c, s.Zone) || v.failed.Count == 0 && !said && s.Expired < 3 {
			continue
		}
		over := s.Overdue
		f := Finding{
			Severity:   Warning,
			Title:      fmt.Sprintf("%s fails validation: its signatures expired %s ago", bare(s.Zone), span(over*1e9)),
			Cause:      "The zone was not signed again in time: the signer has stopped, its keys are offline, or the servers have an old copy of the zone.",
			Confidence: sure(0.98, s.Expired+v.failed.Seen),
			Next: []string{
				command("dig %s SOA +dnssec +cd | grep RRSIG", s.Zone) + "   # expiration is the first of the two dates",
				command("delv %s SOA", s.Zone),
				command("rndc signing -list %s; rndc zonestatus %s", s.Zone, s.Zone) + "   # on the signer; knotc zone-status, pdnsutil check-zone elsewhere",
			},
			Against: []string{"a wrong clock on the capturing or the validating host: then signatures of other zones are out of time, too"},
			Packets: samplesOf(s),
		}
		if v.failed.Count == 0 {
			f.Title = fmt.Sprintf("the signatures of %s expired %s ago; validating resolvers will not take its answers", bare(s.Zone), span(over*1e9))
			f.Affected = s.Expired
		}
		f.say(fmt.Sprintf("%s of %s are over, the last since %s; %d are in time", plural(s.Expired, "RRSIG record"), bare(s.Zone),
			time.Unix(s.ExpiredAt, 0).UTC().Format("2006-01-02 15:04:05 UTC"), s.Good))
		v.describe(c, &f, s.Zone)
		all = append(all, f)
	}
	return all
}

func samplesOf(s *evidence.Signed) (list []uint64) {
	for _, x := range s.Samples {
		if x.Packet != 0 {
			list = append(list, frame(x.File, x.Packet))
		}
	}
	return list
}
