package hostile

// Families are the servers of the matrix, by Debian's package name, with what each is in the lab. The slice is the caller's.
func Families() []Family {
	return []Family{
		{"bind9", "hostile-bind", "authoritative"},
		{"unbound", "hostile-unbound", "recursive"},
		{"nsd", "hostile-nsd", "authoritative"},
		{"knot", "hostile-knot", "authoritative"},
		{"pdns-server", "hostile-powerdns", "authoritative"},
		{"pdns-recursor", "hostile-recursor", "recursive"},
		{"dnsdist", "hostile-dnsdist", "load balancer"},
		{"dnsmasq", "hostile-dnsmasq", "forwarder"},
	}
}

// Family is a server of the matrix.
type Family struct {
	Package string
	Capture string // the name of its capture
	Role    string // authoritative, recursive, forwarder or load balancer
}

// What a cell of the catalogue's section 3.2 expects, besides an RCODE. Several are separated by "|".
const (
	none     = "none"     // no answer
	ok       = "ok"       // an answer as to a sound query: NOERROR, or NXDOMAIN for a name that is not there
	accepted = "accepted" // an answer that does not find fault with the message
	passed   = "passed"   // it went on to the server behind
	unknown  = "?"        // the catalogue does not know
	skip     = ""         // the catalogue says that the matter does not concern the family
)

// Condition is a row of section 3.2, or a part of one whose cells differ by case: what the sources let expect of each family.
type Condition struct {
	Name  string
	Cases []string  // names, or prefixes of names or of catalogue entries that end in "*"
	Want  [7]string // in the order of Families; dnsmasq has no column
}

// Conditions are section 3.2 of the catalogue, which was read from sources. Left out is its row on the rate of error replies, which no
// single query shows, and its column for CoreDNS, which the lab has not.
func Conditions() []Condition {
	const f, ni, r, bv, bc = "FORMERR", "NOTIMP", "REFUSED", "BADVERS", "BADCOOKIE"
	return []Condition{
		//                                                                                    BIND       Unbound      NSD          Knot      auth      recursor  dnsdist
		{"shorter than a header", []string{"H01*"}, [7]string{none, none, none, none, none, none, none}},
		{"QR=1", []string{"H02*"}, [7]string{none, none, none, none, unknown, none, none}},
		{"TC=1", []string{"H16*"}, [7]string{ok, f, ok, ok, unknown, unknown, none}},
		{"RCODE other than 0", []string{"H14*"}, [7]string{ok, ok, f, ok, ok, ok, ok}},
		{"opcode IQUERY, STATUS or unassigned", []string{"H04*", "H05*", "H06*"}, [7]string{ni, ni, ni, ni, none, none, passed}},
		{"UPDATE", []string{"update_sound"}, [7]string{ok, ni, ni + "|" + none, ok, ok, none, passed}},
		{"QDCOUNT=0", []string{"header_only", "no_question_but_opt", "question_not_counted"}, [7]string{f, f, f, f, none, none, ni + "|" + none}},
		{"QDCOUNT=0", []string{"no_question_but_cookie"}, [7]string{ok, f, f, f, none, none, ni + "|" + none}},
		{"QDCOUNT>1", []string{"H09*"}, [7]string{f, f, f, f, none, none + "|SERVFAIL", passed}},
		{"ANCOUNT>0", []string{"H11*"}, [7]string{ok, f, f, ok, ok, ok, ok}},
		{"OPT and TSIG", []string{"opt_and_tsig"}, [7]string{ok, f, ok, ok, ok, ok, ok}},
		{"QNAME compressed", []string{"qname_ends_in_pointer", "N07 qname*"}, [7]string{accepted, f, f, f, none, none, none}},
		{"trailing bytes", []string{"R21*", "R22*"}, [7]string{ok, ok, ok, f, ok, ok, ok}},
		{"two OPT records", []string{"O02*"}, [7]string{f, f, f, f, unknown, unknown, passed}},
		{"EDNS version above 0", []string{"O04*"}, [7]string{bv, bv, bv, bv, bv, bv, passed}},
		{"EDNS option overruns", []string{"O11*"}, [7]string{f, ok, f, f, ok, ok, passed}},
		{"cookie of bad length", []string{"O14*"}, [7]string{f, f + "|" + ok, f, unknown, f, skip, skip}}, // on in NSD and PowerDNS; Unbound 1.17 has none
		{"ECS malformed", []string{"O20*"}, [7]string{f, ok, ok, f, ok, ok, passed}},                      // on in Knot
		{"server cookie stale or invented", []string{"O15*"}, [7]string{ok + "|" + bc, ok + "|" + bc, skip, skip, bc, skip, skip}},
		{"class 0, ANY or NONE", []string{"qclass_0", "qclass_none"}, [7]string{f, ok, r, r, r, unknown, passed}},
		{"class 0, ANY or NONE", []string{"qclass_any"}, [7]string{f, ok, ok, ok, r, unknown, passed}},
		{"AXFR over UDP", []string{"axfr_over_udp"}, [7]string{f, r, unknown, unknown, unknown, none, passed}},
		{"TSIG in the wrong place", []string{"T01*"}, [7]string{f, f, f, f, none, none, passed}},
		{"query of more than 512 bytes over UDP", []string{"padding_makes_600_bytes"}, [7]string{ok, ok + "|" + none, ok, ok, ok, ok, ok}},
	}
}

// Fingerprint is a row of section 3.3: the form of the answers by which a family is told.
type Fingerprint struct {
	Name   string
	Family string
	Cases  []string // as in Condition
	Answer string   // the RCODE that has the form; none: silence is the form
	Form   Form
}

// Form is what a fingerprint says of the form of an answer.
type Form struct {
	Question string // "none": QDCOUNT is 0 and the header is all; "one": the question is there; "parsed": it may be; "": whatever
	OPT      string // "no" or "yes"; "": whatever
	Only     string // the flags that may be set; "": any
	Clear    string // flags that are not set
	Set      string // flags that are set
}

// Fingerprints are section 3.3 of the catalogue, as far as the lab's servers are concerned. Left out are those of how many answers come in
// a time, and of Windows DNS.
func Fingerprints() []Fingerprint {
	everywhere := []string{"*"}
	header := []string{"H*", "N*", "R*", "T*", "U16*", "M*"}
	edns := []string{"O*"}
	return []Fingerprint{
		{"any FORMERR is a header, RD all that is set", "nsd", everywhere, "FORMERR", Form{Question: "none", OPT: "no", Only: "rd"}},
		{"a structural FORMERR is a header", "unbound", header, "FORMERR", Form{Question: "none"}},
		{"a FORMERR for a meta type has the question, RA, no OPT", "unbound", []string{"Q*"}, "FORMERR", Form{Question: "one", OPT: "no", Set: "ra"}},
		{"a FORMERR for bad EDNS has the question, RA, no OPT", "unbound", edns, "FORMERR", Form{Question: "one", OPT: "no", Set: "ra"}},
		{"a FORMERR for what does not parse has the question as far as parsed, no RA, Z, AD, no OPT", "knot", []string{"H*", "N*", "R*", "T*", "O0*", "O1*"}, "FORMERR",
			Form{Question: "parsed", OPT: "no", Clear: "ra z ad"}},
		{"a FORMERR before the options are read has the question as far as parsed, no AA, AD, no OPT", "bind9", []string{"H*", "N*", "R*", "T*", "O01*", "O02*", "O03*", "O12*"}, "FORMERR",
			Form{Question: "parsed", OPT: "no", Clear: "aa ad"}},
		{"a FORMERR for an option has the question and an OPT", "bind9", []string{"O11*", "O14*", "O20*", "O21*", "O26*"}, "FORMERR", Form{Question: "one", OPT: "yes"}},
		{"a FORMERR for ECS has the question and an OPT", "knot", []string{"O20*", "O21*"}, "FORMERR", Form{Question: "one", OPT: "yes"}},
		{"a FORMERR for a cookie has the question and an OPT", "pdns-server", []string{"O14*"}, "FORMERR", Form{Question: "one", OPT: "yes"}},
		{"REFUSED for a name compressed where that is forbidden", "bind9", []string{"R09*"}, "REFUSED", Form{}},
		{"NOTIMP for QDCOUNT=0", "dnsdist", []string{"H08*"}, "NOTIMP", Form{}},
		{"silence for what does not parse", "pdns-server", []string{"N01*", "N02*", "N04*", "N05*", "N09*", "N10*", "N11*", "N12*", "R01*", "R02*", "R03*", "H10*"}, none, Form{}},
		{"silence for what does not parse", "pdns-recursor", []string{"N01*", "N02*", "N04*", "N05*", "N09*", "N10*", "N11*", "N12*", "R01*", "R02*", "R03*", "H10*"}, none, Form{}},
	}
}
