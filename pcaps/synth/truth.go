package synth

// Truth is what a capture holds, in the words of dnssniff's JSON report. It was counted while the messages were made.
type Truth struct {
	Packets struct {
		Read        uint64 `json:"read"`
		IPFragments uint64 `json:"ip_fragments"`
		ShortDNS    uint64 `json:"short_dns"`
	} `json:"packets"`
	Messages struct {
		Total     uint64 `json:"total"`
		Queries   uint64 `json:"queries"`
		Responses uint64 `json:"responses"`
		UDP       uint64 `json:"udp"`
		TCP       uint64 `json:"tcp"`
		IPv4      uint64 `json:"ipv4"`
		IPv6      uint64 `json:"ipv6"`
		Malformed uint64 `json:"malformed"`
	} `json:"messages"`
	RCODEs    map[string]uint64 `json:"rcodes"`  // of responses, 12 bits
	Opcodes   map[string]uint64 `json:"opcodes"` // of queries
	QTypes    map[string]uint64 `json:"qtypes"`  // of queries whose question can be read
	Truncated uint64            `json:"truncated_responses"`
	EDNS      struct {
		Queries   uint64 `json:"queries"`   // well-formed ones
		Responses uint64 `json:"responses"` // those whose OPT can be read
		DO        uint64 `json:"do"`
	} `json:"edns"`
	Transactions struct {
		Answered uint64 `json:"answered"`
		// UnansweredAndPending is the sum of the report's two: which of them the last ones are depends on the timeout.
		UnansweredAndPending uint64 `json:"unanswered_and_pending"`
		// Retransmitted counts queries with the 5-tuple, ID and question of one not more than five seconds before, answered or not.
		Retransmitted      uint64 `json:"retransmitted"`
		Unsolicited        uint64 `json:"unsolicited"`
		DuplicateResponses uint64 `json:"duplicate_responses"` // with the same bytes; there are no conflicting ones
	} `json:"transactions"`
	Distinct struct {
		Clients uint64 `json:"clients"` // addresses that sent a query
		Names   uint64 `json:"names"`   // of the questions of queries, whatever their case
	} `json:"distinct"`
}

// tally is a Truth in the making.
type tally struct {
	Truth
	rcodes   [4096]uint64
	opcodes  [16]uint64
	qtypes   [1 << 16]uint64
	nameSeen []bool
	seen     []bool // clients
}

func newTally(names, clients int) tally {
	return tally{nameSeen: make([]bool, names), seen: make([]bool, clients)}
}

func (t *tally) message(f *flow, malformed bool) {
	m := &t.Messages
	m.Total++
	*pick(f.tcp, &m.TCP, &m.UDP)++
	*pick(f.v6, &m.IPv6, &m.IPv4)++
	if malformed {
		m.Malformed++
	}
}

// query counts one query on the wire. readable says that its question can be read.
func (t *tally) query(f *flow, q *query, readable, malformed bool) {
	t.message(f, malformed)
	t.Messages.Queries++
	t.opcodes[q.opcode]++
	t.seen[f.client] = true
	if readable {
		t.qtypes[q.qtype]++
		t.nameSeen[q.name] = true
	}
	if q.edns && !malformed {
		t.EDNS.Queries++
		if q.do {
			t.EDNS.DO++
		}
	}
}

// response counts one response on the wire.
func (t *tally) response(f *flow, a *answer) {
	t.message(f, a.malformed)
	t.Messages.Responses++
	t.rcodes[a.rcode]++
	if a.tc {
		t.Truncated++
	}
	if a.opt {
		t.EDNS.Responses++
	}
}

// close turns the arrays into the maps of the report.
func (t *tally) close() Truth {
	t.RCODEs = named(t.rcodes[:], rcodeNames)
	t.Opcodes = named(t.opcodes[:], opcodeNames)
	t.QTypes = named(t.qtypes[:], typeNames)
	t.Distinct.Names = count(t.nameSeen)
	t.Distinct.Clients = count(t.seen)
	return t.Truth
}

func named(counts []uint64, names map[int]string) map[string]uint64 {
	out := map[string]uint64{}
	for v, name := range names {
		if counts[v] > 0 {
			out[name] = counts[v]
		}
	}
	return out
}

func count(seen []bool) (n uint64) {
	for _, s := range seen {
		if s {
			n++
		}
	}
	return n
}

func pick[T any](first bool, a, b T) T {
	if first {
		return a
	}
	return b
}

var rcodeNames = map[int]string{0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED", 16: "BADVERS"}

var opcodeNames = map[int]string{0: "QUERY", 2: "STATUS", 4: "NOTIFY"}

var typeNames = map[int]string{
	1: "A", 2: "NS", 6: "SOA", 12: "PTR", 15: "MX", 16: "TXT", 28: "AAAA", 33: "SRV", 43: "DS", 48: "DNSKEY", 65: "HTTPS", 255: "ANY", 257: "CAA",
}
