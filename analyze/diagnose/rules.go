package diagnose

import (
	"github.com/dnssniff/dnssniff/analyze/evidence"
	"github.com/dnssniff/dnssniff/analyze/lookup"
	"github.com/dnssniff/dnssniff/decode/anomaly"
)

// rule looks for one cause.
type rule struct {
	id   string
	find func(*caseFile) []Finding
	refs []string
}

// rules returns them in the order in which they claim evidence: those whose marks nothing else leaves come first, and what is known by its absence last.
func rules() []rule {
	return []rule{
		{"reply-other-address", otherAddress, []string{"RFC 2181 section 4"}},
		{"tsig-clock-skew", clockSkew, []string{"RFC 8945 section 5.2.3"}},
		{"dnssec-ds-mismatch", dsMismatch, []string{"RFC 4035 section 5.2", "RFC 6781 section 4.1"}},
		{"dnssec-expired", signaturesExpired, []string{"RFC 4035 section 5.3.1", "RFC 6781 section 4.4"}},
		{"edns-intolerant-server", ednsIntolerant, []string{"RFC 6891 sections 6.2.6 and 7"}},
		{"fragments-dropped", fragmentsDropped, []string{"RFC 9715", "RFC 8900"}},
		{"tcp-blocked", tcpBlocked, []string{"RFC 7766 section 5", "RFC 9210"}},
		{"lame-delegation", lameDelegation, []string{"RFC 9499 section 7", "RFC 1034 section 4.2.1"}},
		{"stale-secondary", staleSecondary, []string{"RFC 1034 section 4.3.5", "RFC 1982"}},
		{"upstream-unreachable", upstreamUnreachable, []string{"RFC 2308 section 7", "RFC 9520"}},
		{"upstream-slow", upstreamSlow, []string{"RFC 1035 section 7.2"}},
		{"formerr-broken-client", brokenClient, []string{"RFC 1035 section 4.1.1"}},
		{"acl-subnet", accessList, []string{"RFC 1035 section 4.1.1", "RFC 5358"}},
		{"packet-loss", packetLoss, []string{"RFC 1035 section 4.2.1"}},
		{"amplification-abuse", amplification, []string{"RFC 5358", "RFC 8482"}},
		{"search-suffix", searchSuffix, []string{"RFC 1535", "RFC 8499"}},
		{"random-subdomain-flood", randomSubdomains, []string{"RFC 8198", "RFC 8020"}},
	}
}

// RCODEs, and extended errors (IANA).
const (
	formErr  = 1
	servFail = 2
	nxDomain = 3
	notImp   = 4
	refused  = 5
	notAuth  = 9

	ednsOther        = 0
	ednsBogus        = 6
	ednsExpired      = 7
	ednsNotYet       = 8
	ednsNoDNSKEY     = 9
	ednsNoRRSIG      = 10
	ednsNoNSEC       = 12
	ednsCachedError  = 13
	ednsProhibited   = 18
	ednsNotAuth      = 20
	ednsNoReachable  = 22
	ednsNetwork      = 23
	tsigBadTime      = 18
	secondsInADay    = 86400
	safeResponseSize = 1232 // bytes
)

func anomalyOf(group byte, n int) evidence.Symptom { return evidence.Anomaly(anomaly.Make(group, n)) }

// What made a lookup succeed.
const (
	overTCP     = lookup.OverTCP
	withoutEDNS = lookup.WithoutEDNS
	smallerSize = lookup.SmallerSize
	withCD      = lookup.WithCD
	otherServer = lookup.OtherServer
)
