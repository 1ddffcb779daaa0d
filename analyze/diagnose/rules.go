package diagnose

import (
	"cmp"
	"slices"

	"github.com/dnssniff/dnssniff/analyze/evidence"
	"github.com/dnssniff/dnssniff/analyze/lookup"
	"github.com/dnssniff/dnssniff/decode/anomaly"
)

// rule looks for one cause.
type rule struct {
	id    string
	stage stage
	find  func(*caseFile) []Finding
	refs  []string
}

// stage orders rules by what they may claim: those whose marks nothing else leaves come first, and what is known by its absence last.
type stage uint8

// The stages.
const (
	marked   stage = iota // by a mark in the messages or packets themselves
	upstream              // trouble between a resolver and the servers that it asks, which explains that of its clients
	atServer              // between clients and the server that they ask
	abuse                 // load that nobody wants
	general               // what rests
	remarks               // good to know, nothing to do
)

// rules returns all rules, by stage. Within a stage the order is that of the families, and of a family's list.
func rules() []rule {
	var all []rule
	for _, family := range [][]rule{
		formerrRules(), validationRules(), dnssecRules(), signatureRules(), transportRules(), servfailRules(), serverRules(), refusalRules(), answerRules(), clientRules(),
		nxdomainRules(), nameRules(), leakRules(), pathRules(), loadRules(), latencyRules(),
	} {
		all = append(all, family...)
	}
	slices.SortStableFunc(all, func(a, b rule) int { return cmp.Compare(a.stage, b.stage) })
	return all
}

func dnssecRules() []rule {
	return []rule{
		{"dnssec-ds-mismatch", marked, dsMismatch, []string{"RFC 4035 section 5.2", "RFC 6781 section 4.1"}},
		{"dnssec-expired", marked, signaturesExpired, []string{"RFC 4035 section 5.3.1", "RFC 6781 section 4.4"}},
	}
}

func transportRules() []rule {
	return []rule{
		{"reply-other-address", marked, otherAddress, []string{"RFC 2181 section 4"}},
		{"fragments-dropped", marked, fragmentsDropped, []string{"RFC 9715", "RFC 8900"}},
		{"tcp-blocked", marked, tcpBlocked, []string{"RFC 7766 section 5", "RFC 9210"}},
		{"packet-loss", atServer, packetLoss, []string{"RFC 1035 section 4.2.1"}},
	}
}

func serverRules() []rule {
	return []rule{
		{"edns-intolerant-server", marked, ednsIntolerant, []string{"RFC 6891 sections 6.2.6 and 7"}},
		{"lame-delegation", upstream, lameDelegation, []string{"RFC 9499 section 7", "RFC 1034 section 4.2.1"}},
		{"stale-secondary", upstream, staleSecondary, []string{"RFC 1034 section 4.3.5", "RFC 1982"}},
		{"upstream-unreachable", upstream, upstreamUnreachable, []string{"RFC 2308 section 7", "RFC 9520"}},
		{"upstream-slow", upstream, upstreamSlow, []string{"RFC 1035 section 7.2"}},
	}
}

func clientRules() []rule {
	return []rule{
		{"tsig-clock-skew", marked, clockSkew, []string{"RFC 8945 section 5.2.3"}},
		{"errors-rate-limited", marked, errorsLimited, []string{"RFC 8906 section 2"}}, // before who is to blame takes the silence
		{"formerr-broken-client", marked, brokenClient, []string{"RFC 1035 section 4.1.1"}},
		{"acl-subnet", marked, accessList, []string{"RFC 1035 section 4.1.1", "RFC 5358"}},
	}
}

func nameRules() []rule {
	return []rule{
		{"amplification-abuse", abuse, amplification, []string{"RFC 5358", "RFC 8482"}},
		{"search-suffix", abuse, searchSuffix, []string{"RFC 1535", "RFC 9499 section 6"}},
		{"random-subdomain-flood", abuse, randomSubdomains, []string{"RFC 8198", "RFC 8020"}},
	}
}

// RCODEs, and extended errors (IANA).
const (
	formErr  = 1
	servFail = 2
	nxDomain = 3
	notImp   = 4
	refused  = 5
	yxDomain = 6
	nxRRSet  = 8
	notAuth  = 9
	notZone  = 10
	badVers  = 16

	badCookie = 23

	ednsOther        = 0
	ednsStale        = 3
	ednsBogus        = 6
	ednsExpired      = 7
	ednsNotYet       = 8
	ednsNoDNSKEY     = 9
	ednsNoRRSIG      = 10
	ednsNoNSEC       = 12
	ednsCachedError  = 13
	ednsProhibited   = 18
	ednsStaleDenial  = 19
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
	sameAgain   = lookup.Again
)
