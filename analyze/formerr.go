package analyze

import (
	"cmp"
	"maps"
	"slices"

	"github.com/dnssniff/dnssniff/analyze/family"
	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/decode/packet"
)

// Reasons for a FORMERR, where it is not an anomaly of the query.
const (
	reasonNoEDNS      = "no-edns"     // a sound query with EDNS, and no OPT in the response: the server does not know EDNS (RFC 6891 section 7)
	reasonOption      = "option"      // a sound query with EDNS, and an OPT in the response: the server does not take an option
	reasonEcho        = "echo"        // a sound query comes back as it was: an old server, or a middlebox in its place
	reasonOpcode      = "opcode"      // not a QUERY: what is wrong with the request is for its handler to know
	reasonNoQuestion  = "no-question" // a query for a cookie alone, which is legal (RFC 7873 section 5.4)
	reasonType        = "type"        // a sound question for a type that is not of data: TKEY, a transfer, ANY
	reasonCut         = "cut"         // the capture lacks the end of the query
	reasonUnexplained = "unexplained" // a sound query without EDNS
	reasonQuery       = "query"       // an anomaly of the query
	maxFormErrs       = 1 << 10       // different FORMERRs that a shard keeps apart, about 100 bytes each
	rcodeFormErr      = 1
	// Types of questions that are not of data (RFC 6895 section 3.1).
	firstMetaType = 128
	lastMetaType  = 255
)

// FormErrors explains the FORMERR responses whose queries were captured.
type FormErrors struct {
	Responses uint64          `json:"responses"`
	Reasons   []FormErrReason `json:"reasons"` // the most frequent first
	Servers   []FormErrServer `json:"servers"` // likewise
	Lost      uint64          `json:"lost"`    // responses that are in no reason, for want of room
}

// FormErrReason is why queries got FORMERR: "query" for the query's own anomaly; and where the query is sound "no-edns" for a server that does not know
// EDNS, "option" for one that does not take an option, "echo" for a query that comes back as it was; "no-question" for one with a cookie alone,
// "type" for one of a type that is not of data, "opcode" for a request that is no QUERY, "cut" where the capture lacks the query's end, or
// "unexplained".
type FormErrReason struct {
	Reason    string `json:"reason"`
	Anomaly   string `json:"anomaly,omitempty"` // of the query
	Responses uint64 `json:"responses"`
	// The first query that it happened to.
	Client string `json:"client"`
	Packet uint64 `json:"packet"`
	File   uint16 `json:"file"`
	Offset int    `json:"offset"` // of the anomaly in the query, bytes
}

// FormErrServer is a server that answered FORMERR, and what software its responses look like.
type FormErrServer struct {
	Address   string            `json:"address"`
	Responses uint64            `json:"responses"`
	Shapes    map[string]uint64 `json:"shapes"`
	Guesses   []FormErrGuess    `json:"guesses"` // the likeliest first
}

// FormErrGuess is a server software and the probability that it is this one, among those that were measured.
type FormErrGuess struct {
	Server     string  `json:"server"`
	Confidence float64 `json:"confidence"` // 0 to 1
}

// formErr is what makes a FORMERR response like another.
type formErr struct {
	server packet.Addr
	reason string
	id     anomaly.ID // of the query, for reasonQuery
	shape  family.Shape
}

// formErrs counts FORMERR responses to queries that were captured.
type formErrs struct {
	counts map[formErr]*formErrCount
	lost   uint64 // responses that found no room
}

type formErrCount struct {
	n      uint64
	client packet.Addr // of the first
	packet uint64
	file   uint16
	off    uint16
}

func newFormErrs() *formErrs { return &formErrs{counts: make(map[formErr]*formErrCount)} }

// response takes in a FORMERR response with its query.
func (f *formErrs) response(t *decode.Transaction) {
	key := formErr{server: t.Server, shape: family.ShapeOf(t.Response, t.Query.Length)}
	var off uint16
	key.reason, key.id, off = explain(t)
	c := f.counts[key]
	if c == nil {
		if len(f.counts) >= maxFormErrs {
			f.lost++
			return
		}
		c = &formErrCount{client: t.Client, packet: t.Query.Number, file: t.Query.File, off: off}
		f.counts[key] = c
	}
	c.n++
	if cmp.Or(cmp.Compare(t.Query.File, c.file), cmp.Compare(t.Query.Number, c.packet)) < 0 { // they are settled in another order
		c.client, c.packet, c.file, c.off = t.Client, t.Query.Number, t.Query.File, off
	}
}

// explain says why a query got FORMERR. Of several anomalies it is the worst, and of those as bad the first, that breaks a rule or that a server was
// seen to refuse.
func explain(t *decode.Transaction) (reason string, id anomaly.ID, off uint16) {
	q, m := t.Query, t.Response
	worst := -1
	for i := range q.Anomalies[:q.NAnomalies] {
		a := &q.Anomalies[i]
		if a.ID.Severity() < anomaly.Violation && !family.Refused(a.ID) {
			continue
		}
		if worst < 0 || a.ID.Severity() > q.Anomalies[worst].ID.Severity() {
			worst = i
		}
	}
	switch {
	case worst >= 0:
		return reasonQuery, q.Anomalies[worst].ID, q.Anomalies[worst].Offset
	case q.Cut:
		return reasonCut, 0, 0
	case m.Opcode() != 0:
		return reasonOpcode, 0, 0
	case !q.HasQuestion:
		return reasonNoQuestion, 0, 0
	case q.Type >= firstMetaType && q.Type <= lastMetaType:
		return reasonType, 0, 0
	case m.Length == q.Length && m.Flags&^0x808f == q.Flags&^0x808f:
		return reasonEcho, 0, 0
	case q.HasOPT && !m.HasOPT:
		return reasonNoEDNS, 0, 0
	case q.HasOPT:
		return reasonOption, 0, 0
	}
	return reasonUnexplained, 0, 0
}

func (f *formErrs) merge(o *formErrs) {
	f.lost += o.lost
	for k, c := range o.counts {
		own := f.counts[k]
		if own == nil {
			first := *c
			f.counts[k] = &first
			continue
		}
		own.n += c.n
		if cmp.Or(cmp.Compare(c.file, own.file), cmp.Compare(c.packet, own.packet)) < 0 {
			own.client, own.packet, own.file, own.off = c.client, c.packet, c.file, c.off
		}
	}
}

// report explains the FORMERR responses by reason, the most frequent first, and names the servers that gave most of them.
func (f *formErrs) report(top int) FormErrors {
	r := FormErrors{Reasons: []FormErrReason{}, Servers: []FormErrServer{}}
	type reason struct {
		name string
		id   anomaly.ID
	}
	reasons := map[reason]*FormErrReason{}
	firsts := map[reason]*formErrCount{}
	shapes := map[packet.Addr]map[family.Shape]uint64{}
	for k, c := range f.counts {
		r.Responses += c.n
		key := reason{k.reason, k.id}
		if reasons[key] == nil {
			reasons[key] = &FormErrReason{Reason: k.reason}
			if k.id != 0 {
				reasons[key].Anomaly = k.id.String()
			}
		}
		reasons[key].Responses += c.n
		if first := firsts[key]; first == nil || cmp.Or(cmp.Compare(c.file, first.file), cmp.Compare(c.packet, first.packet)) < 0 {
			firsts[key] = c
		}
		if shapes[k.server] == nil {
			shapes[k.server] = map[family.Shape]uint64{}
		}
		shapes[k.server][k.shape] += c.n
	}
	for key, x := range reasons {
		c := firsts[key]
		x.Client, x.Packet, x.File, x.Offset = c.client.String(), c.packet, c.file, int(c.off)
		r.Reasons = append(r.Reasons, *x)
	}
	slices.SortFunc(r.Reasons, func(a, b FormErrReason) int {
		return cmp.Or(cmp.Compare(b.Responses, a.Responses), cmp.Compare(a.Reason, b.Reason), cmp.Compare(a.Anomaly, b.Anomaly))
	})
	r.Responses += f.lost
	r.Lost = f.lost
	r.Servers = servers(shapes, top)
	return r
}

func servers(shapes map[packet.Addr]map[family.Shape]uint64, top int) []FormErrServer {
	out := []FormErrServer{}
	for server, counts := range shapes {
		x := FormErrServer{Address: server.String(), Shapes: map[string]uint64{}, Guesses: []FormErrGuess{}}
		for _, s := range slices.Sorted(maps.Keys(counts)) {
			x.Responses += counts[s]
			x.Shapes[s.String()] = counts[s]
		}
		for _, g := range family.Guesses(counts) {
			x.Guesses = append(x.Guesses, FormErrGuess{g.Server.Name, g.Confidence})
		}
		out = append(out, x)
	}
	slices.SortFunc(out, func(a, b FormErrServer) int {
		return cmp.Or(cmp.Compare(b.Responses, a.Responses), cmp.Compare(a.Address, b.Address))
	})
	return out[:min(top, len(out))]
}
