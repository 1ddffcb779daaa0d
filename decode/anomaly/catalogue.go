package anomaly

// entry is what the catalogue says about an ID.
type entry struct {
	severity Severity
	name     string
	rfc      string // the section that the condition breaks or defines; empty where no RFC speaks of it
}

// catalogue holds the entries by group letter and number. To add one, add its line.
//
// Malformed means that a strict receiver cannot or must not take the message as it stands. What is legal, or wrong and harmless, ranks lower.
var catalogue = ['Z' - 'A' + 1][]entry{
	'H' - 'A': {
		1:  {Malformed, "msg-too-short", "RFC 1035 section 4.1.1"},
		4:  {Suspicious, "opcode-unassigned", "RFC 6895 section 2.2"},
		5:  {Suspicious, "opcode-iquery", "RFC 3425"},
		6:  {Info, "opcode-status", "RFC 1035 section 4.1.1"},
		8:  {Violation, "qdcount-0", "RFC 9619"},
		9:  {Violation, "qdcount-gt1", "RFC 9619"},
		10: {Malformed, "count-overrun", "RFC 1035 section 4.1"},
		11: {Suspicious, "an-in-query", "RFC 1035 section 4.1"},
		12: {Suspicious, "ns-in-query", "RFC 1995 section 3"},
		14: {Suspicious, "rcode-in-query", "RFC 1035 section 4.1.1"},
		15: {Suspicious, "z-bit", "RFC 1035 section 4.1.1"},
		16: {Suspicious, "tc-in-query", "RFC 1035 section 4.1.1"},
		17: {Info, "aa-ra-in-query", "RFC 1035 section 4.1.1"},
	},
	'N' - 'A': {
		1:  {Malformed, "label-type-01", "RFC 6891 section 5"},
		2:  {Malformed, "label-type-10", "RFC 1035 section 4.1.4"},
		4:  {Malformed, "name-too-long", "RFC 1035 section 2.3.4"},
		5:  {Malformed, "ptr-loop", "RFC 1035 section 4.1.4"},
		6:  {Malformed, "ptr-forward", "RFC 1035 section 4.1.4"},
		7:  {Malformed, "ptr-into-header", "RFC 1035 section 4.1.4"},
		9:  {Malformed, "ptr-out-of-bounds", "RFC 1035 section 4.1.4"},
		10: {Malformed, "ptr-cut", "RFC 1035 section 4.1.4"},
		11: {Malformed, "label-past-end", "RFC 1035 section 3.1"},
		12: {Malformed, "no-root", "RFC 1035 section 3.1"},
		14: {Malformed, "chain-depth", "RFC 1035 section 4.1.4"},
	},
	'R' - 'A': {
		1:  {Malformed, "question-truncated", "RFC 1035 section 4.1.2"},
		2:  {Malformed, "rr-header-truncated", "RFC 1035 section 4.1.3"},
		3:  {Malformed, "rdlen-overrun", "RFC 1035 section 4.1.3"},
		4:  {Violation, "rdlen-zero", "RFC 1035 section 3.3"},
		5:  {Malformed, "rdata-size-fixed", "RFC 1035 section 3.4.1"},
		6:  {Malformed, "rdata-underrun", "RFC 1035 section 3.3"},
		7:  {Malformed, "rdata-soa-short", "RFC 1035 section 3.3.13"},
		8:  {Malformed, "charstring-overrun", "RFC 1035 section 3.3"},
		9:  {Violation, "compressed-rdata-illegal", "RFC 3597 section 4"},
		10: {Malformed, "svcb-bad", "RFC 9460 section 2.2"},
		11: {Malformed, "nsec-bitmap", "RFC 4034 section 4.1.2"},
		14: {Violation, "ttl-msb", "RFC 2181 section 8"},
		19: {Violation, "question-only-type-as-rr", "RFC 1035 section 3.2.3"},
		21: {Malformed, "trailing-bytes", "RFC 1035 section 4.1"},
		22: {Violation, "trailing-is-opt", "RFC 6891 section 6.1.1"},
	},
	'O' - 'A': {
		1:  {Malformed, "opt-owner-not-root", "RFC 6891 section 6.1.2"},
		2:  {Malformed, "opt-multiple", "RFC 6891 section 6.1.1"},
		3:  {Malformed, "opt-not-additional", "RFC 6891 section 6.1.1"},
		4:  {Suspicious, "edns-version", "RFC 6891 section 6.1.3"},
		7:  {Suspicious, "udp-size-below-512", "RFC 6891 section 6.2.3"},
		9:  {Suspicious, "edns-z-flags", "RFC 6891 section 6.1.4"},
		11: {Malformed, "option-overrun", "RFC 6891 section 6.1.2"},
		12: {Malformed, "option-tail", "RFC 6891 section 6.1.2"},
		14: {Violation, "cookie-bad-length", "RFC 7873 section 5.2.2"},
	},
	'T' - 'A': {
		1: {Malformed, "tsig-not-last", "RFC 8945 section 5.2"},
		2: {Malformed, "tsig-multiple", "RFC 8945 section 5.2"},
		3: {Violation, "tsig-class-ttl", "RFC 8945 section 4.2"},
		4: {Malformed, "tsig-rdata-bad", "RFC 8945 section 4.2"},
	},
	'P' - 'A': {
		1:  {Info, "no-response", ""},
		2:  {Suspicious, "orphan-response", "RFC 5452 section 9.1"},
		3:  {Info, "query-retransmit", "RFC 1035 section 4.2.1"},
		5:  {Info, "response-duplicate-identical", ""},
		6:  {Suspicious, "response-duplicate-different", "RFC 5452 section 9.1"},
		8:  {Suspicious, "reply-from-other-address", "RFC 2181 section 4"},
		10: {Suspicious, "question-mismatch", "RFC 5452 section 9.1"},
		13: {Info, "negative-latency", ""},
	},
	'Q' - 'A': {
		12: {Suspicious, "case-0x20", "RFC 4343 section 4.1"},
	},
}

// lookup returns the entry, or the zero entry for an ID that the catalogue lacks.
func (id ID) lookup() entry {
	group, n := int(id.Group())-'A', int(byte(id))
	if group < 0 || group >= len(catalogue) || n >= len(catalogue[group]) {
		return entry{}
	}
	return catalogue[group][n]
}

// Severity returns the severity; Info for an ID that the catalogue lacks.
func (id ID) Severity() Severity { return id.lookup().severity }

// Name returns the short name ("ptr-loop"), empty for an ID that the catalogue lacks.
func (id ID) Name() string { return id.lookup().name }

// RFC returns the RFC and section that speak of the condition, or "".
func (id ID) RFC() string { return id.lookup().rfc }

// All yields the IDs of the catalogue, by group letter, then number.
func All(yield func(ID) bool) {
	for group, entries := range catalogue {
		for n, e := range entries {
			if e.name != "" && !yield(Make('A'+byte(group), n)) {
				return
			}
		}
	}
}

// String returns the severity in lower case, as reports write it.
func (s Severity) String() string {
	names := [...]string{"info", "suspicious", "violation", "malformed"}
	if int(s) >= len(names) {
		return "unknown"
	}
	return names[s]
}
