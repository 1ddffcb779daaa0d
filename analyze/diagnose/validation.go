package diagnose

import (
	"fmt"
	"slices"
	"time"

	"github.com/dnssniff/dnssniff/analyze/evidence"
	"github.com/dnssniff/dnssniff/decode/mnemonic"
)

func validationRules() []rule {
	return []rule{
		{"dnssec-signatures-missing", marked, signaturesMissing, []string{"RFC 4035 sections 3.1.1 and 5.2", "RFC 8914 sections 4.10 and 4.11"}},
		{"dnssec-not-yet-valid", marked, signaturesNotYet, []string{"RFC 4035 section 5.3.1", "RFC 8914 section 4.9"}},
		{"dnssec-bogus", atServer, bogus, []string{"RFC 4035 section 5", "RFC 8914 section 4.7"}},
	}
}

// signaturesMissing looks for zones that their parent calls signed, and that have no signatures, or no keys.
func signaturesMissing(c *caseFile) (all []Finding) {
	for i := range c.Facts.Signed {
		s := &c.Facts.Signed[i]
		ds := s.DS.All()
		if len(ds) == 0 || s.Unsigned+s.Keyless < 2 || s.Good+s.Expired+s.NotYet > 0 || len(s.SignedBy.All()) > 0 {
			continue
		}
		v := c.validation(s.Zone)
		if !v.most(c, s.Zone) {
			continue
		}
		f := Finding{
			Severity:   Warning,
			Title:      fmt.Sprintf("%s fails validation: it has a DS at the parent, and no signatures", bare(s.Zone)),
			Cause:      "The parent says that the zone is signed, and its servers give out answers without RRSIG: an unsigned copy was loaded, or the zone moved to somebody who does not sign, and the DS stayed.",
			Confidence: sure(0.97, s.Unsigned+v.failed.Seen),
			Next: []string{
				command("dig %s DS +short; dig %s DNSKEY +short +cd; dig %s SOA +dnssec +cd", s.Zone, s.Zone, s.Zone) + "   # a DS, and then neither key nor RRSIG",
				command("delv %s SOA", s.Zone),
				command("rndc signing -list %s; pdnsutil show-zone %s; keymgr %s list", s.Zone, s.Zone, s.Zone) + "   # on the signer: is the zone signed at all?",
				"if it is to stay unsigned: have the registrar remove the DS, and wait for its TTL",
			},
			Against: []string{"a proxy or firewall on the way that strips RRSIG does so for all zones", "a DS whose algorithm or digest the resolver does not know makes a zone insecure, not bogus: then there is no SERVFAIL"},
		}
		if s.Keyless > 0 && len(s.Keys.All()) == 0 {
			f.Title = fmt.Sprintf("%s fails validation: it has a DS at the parent, and neither keys nor signatures", bare(s.Zone))
			f.say(fmt.Sprintf("%s to queries for its DNSKEY have none; the DS at the parent is for key tag %s", plural(s.Keyless, "answer"), tags(ds)))
		}
		f.say(fmt.Sprintf("%s of its servers to queries with DO, and no RRSIG in any", plural(s.Unsigned, "answer")))
		v.describe(c, &f, s.Zone)
		all = append(all, f)
	}
	return all
}

// signaturesNotYet looks for zones whose signatures begin in the future.
func signaturesNotYet(c *caseFile) (all []Finding) {
	for i := range c.Facts.Signed {
		s := &c.Facts.Signed[i]
		if s.NotYet == 0 || s.Good > s.NotYet {
			continue
		}
		v := c.validation(s.Zone)
		said := slices.Contains(v.errors, ednsNotYet)
		if v.failed.Count > 0 && !v.most(c, s.Zone) || v.failed.Count == 0 && !said && s.NotYet < 3 {
			continue
		}
		begin := time.Unix(s.ValidFrom, 0).UTC()
		ahead := span(s.ValidFrom*1e9 - v.when(c))
		f := Finding{
			Severity:   Warning,
			Title:      fmt.Sprintf("%s fails validation: its signatures are not valid before %s", bare(s.Zone), begin.Format("2006-01-02 15:04 UTC")),
			Cause:      "The zone was signed by a host whose clock is ahead, or signatures made for later were published too early. Validating resolvers do not take them.",
			Confidence: sure(0.98, s.NotYet+v.failed.Seen),
			Next: []string{
				command("dig %s SOA +dnssec +cd | grep RRSIG", s.Zone) + "   # inception is the second of the two dates",
				"chronyc tracking; date -u   # on the signer",
				command("rndc sign %s", s.Zone) + "   # sign again; knotc zone-sign, pdnsutil rectify-zone elsewhere",
			},
			Against: []string{"if signatures of other zones begin in the future as well, it is the clock of the capturing or of the validating host"},
			Packets: samplesOf(s),
		}
		f.say(fmt.Sprintf("%s of %s begin in the future, the last of them %s after the capture; %d are in time", plural(s.NotYet, "RRSIG record"), bare(s.Zone), ahead, s.Good))
		if others := c.early(s.Zone); others > 0 {
			f.Confidence *= 0.6
			f.say(fmt.Sprintf("so it is with %s: the clock here may be slow", plural(uint64(others), "other zone")))
		}
		if v.failed.Count == 0 {
			f.Title = fmt.Sprintf("the signatures of %s are not valid before %s; resolvers will not take its answers", bare(s.Zone), begin.Format("2006-01-02 15:04 UTC"))
			f.Affected = s.NotYet
		}
		v.describe(c, &f, s.Zone)
		all = append(all, f)
	}
	return all
}

// when is the time (ns) of the last failure, or of the capture's end.
func (v *validation) when(c *caseFile) int64 {
	if v.failed.Count > 0 {
		return v.failed.Last
	}
	return c.Last
}

// early counts the other zones whose signatures are not valid yet.
func (c *caseFile) early(zone string) (n int) {
	for i := range c.Facts.Signed {
		if s := &c.Facts.Signed[i]; s.Zone != zone && s.NotYet > s.Good {
			n++
		}
	}
	return n
}

// bogus looks for zones of which a validating resolver says that they are, where the capture does not show why.
func bogus(c *caseFile) (all []Finding) {
	for _, g := range groupBy(c, where{side: front}, byZone, evidence.RCODE(servFail)) {
		if g.key == "" || g.key == "." {
			continue
		}
		w := where{zone: g.key, kind: anyKind}
		v := c.validation(g.key)
		code, said := c.reason(w)
		if v.rescued == 0 && len(v.errors) == 0 && said == 0 || g.Seen < 2 && v.rescued == 0 || !v.most(c, g.key) {
			continue
		}
		f := Finding{
			Severity:   Warning,
			Title:      fmt.Sprintf("%s fails validation%s", bare(g.key), bogusWords(code)),
			Cause:      "The resolver gets answers for the zone and cannot build a chain of signatures to them from the parent. The records that show where it breaks are not in the capture.",
			Confidence: sure(0.92, g.Seen+said+2*v.rescued),
			Next: []string{
				command("delv %s SOA", g.key) + "   # says which link is broken",
				command("dig %s SOA +dnssec; dig %s SOA +dnssec +cd", g.key, g.key) + "   # SERVFAIL, and an answer: it is validation",
				command("unbound-host -D -d %s", g.key) + "   # or the page of the zone at dnsviz.net",
				command("rndc nta %s", g.key) + "   # for the moment, at your own risk: do not validate it; unbound-control insecure_add",
			},
			Against: []string{"if other signed zones fail at the same time, it is the resolver: its clock, or its trust anchor"},
		}
		if v.rescued == 0 {
			f.Against = append(f.Against, "no client asked with CD: that the data are there at all is the resolver's word")
		}
		if said > 0 && v.rescued == 0 && code == ednsOther {
			f.Confidence *= 0.8
		}
		for _, code := range []uint16{1, 2, 5, 27} {
			if n := c.count(w, evidence.EDE(code)); n > 0 && !slices.Contains(v.errors, code) {
				f.say(fmt.Sprintf("the resolver says so: EDE %d (%s) in %s", code, mnemonic.EDE(code), plural(n, "response")))
			}
		}
		v.describe(c, &f, g.key)
		all = append(all, f)
	}
	return all
}

// reason returns the extended error about validation that most responses have, of those that name a cause, and how many responses have any.
func (c *caseFile) reason(w where) (code uint16, n uint64) {
	most := uint64(0)
	for _, x := range []uint16{ednsExpired, ednsNotYet, ednsNoDNSKEY, ednsNoRRSIG, 11, ednsNoNSEC, 1, 2, 27, 5, ednsBogus} {
		k := c.count(w, evidence.EDE(x))
		if n += k; k > most && (x != ednsBogus && x != 5 || most == 0) {
			code, most = x, k
		}
	}
	return code, n
}

// bogusWords say what the resolver has found, by its extended error (RFC 8914).
func bogusWords(code uint16) string {
	switch code {
	case ednsExpired:
		return ": its signatures have expired, as the resolver says"
	case ednsNotYet:
		return ": its signatures are not valid yet, as the resolver says"
	case ednsNoDNSKEY:
		return ": it has no key that its parent vouches for, as the resolver says"
	case ednsNoRRSIG:
		return ": signatures are missing, as the resolver says"
	case 11:
		return ": no key of it is a zone key, as the resolver says"
	case ednsNoNSEC:
		return ": proofs that names do not exist are missing, as the resolver says"
	case 1, 2:
		return ": its algorithms are not supported, as the resolver says"
	}
	return ""
}
