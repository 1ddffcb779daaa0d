package text

import (
	"net/netip"
	"strconv"
	"time"

	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/decode/mnemonic"
	"github.com/dnssniff/dnssniff/decode/wire"
	"github.com/dnssniff/dnssniff/ui/sanitize"
)

// JSON appends one object about t and a newline. Fields are added, never renamed; one that is absent is 0, false or unknown.
//
//	time             of the query, else of the response: RFC 3339 with nanoseconds, UTC
//	file             which file, from 0
//	packet           of the query, from 1 in its file
//	response_packet
//	client, client_port, server, server_port
//	transport        udp, tcp, mdns, llmnr
//	id               message ID
//	opcode           QUERY, UPDATE, OPCODE7
//	name, type, class   of the question; the name in presentation form, in the case sent
//	status           answered, unanswered, pending, unsolicited, duplicate, conflicting, mismatched, late
//	rcode            of the response: 12 bits, by its IANA name
//	empty            "no data", "referral" or "alias only": a NOERROR without the records asked for
//	rtt_ms           from the first query to the response; negative where the capture reordered them
//	query_bytes, response_bytes
//	query_flags, response_flags   words of aa tc rd ra z ad cd
//	edns             of the query: udp_size, do
//	response_edns    udp_size, version, do, options
//	tsig_error, tkey_error   of the response, where not NOERROR
//	ede              of the response: code, purpose, text
//	answers          records in the answer section, as claimed
//	response_server  where the response came from another address
//	anomalies        of messages: id, offset and length in bytes, of ("query", "response" or "transaction")
//	retransmissions  times the query was sent again
//	malformed        query or response is
//	case_differs     the response spells the name in other case
//	icmp             the last ICMP error about the query: type, code, from, and mtu in bytes where it says one
func JSON(dst []byte, t *decode.Transaction) []byte {
	f := factsOf(t)
	j := object{append(dst, '{')}
	j.key("time")
	j.dst = time.Unix(0, f.time).UTC().AppendFormat(append(j.dst, '"'), time.RFC3339Nano)
	j.dst = append(j.dst, '"')
	j.number("file", uint64(f.file))
	if t.Query != nil {
		j.number("packet", f.number)
	}
	if t.Response != nil {
		j.number("response_packet", t.Response.Number)
	}
	j.addr("client", t.Client.Netip())
	j.number("client_port", uint64(t.ClientPort))
	j.addr("server", t.Server.Netip())
	j.number("server_port", uint64(t.ServerPort))
	j.string("transport", protoWord(t.Proto))
	j.number("id", uint64(f.id))
	j.key("opcode")
	j.dst = append(mnemonic.AppendOpcode(append(j.dst, '"'), f.opcode), '"')
	j.question(f)
	j.string("status", statusWord(t.Status))
	if t.Query != nil {
		j.query(t.Query)
	}
	if t.Response != nil {
		j.response(t, f)
	}
	j.anomalies(t)
	j.flag("malformed", f.queryIsOdd || t.Response != nil && t.Response.Malformed)
	j.flag("case_differs", t.CaseDiffers)
	return append(j.dst, '}', '\n')
}

// object appends the members of a JSON object.
type object struct{ dst []byte }

func (j *object) key(name string) {
	if last := j.dst[len(j.dst)-1]; last != '{' && last != '[' {
		j.dst = append(j.dst, ',')
	}
	j.dst = append(append(append(j.dst, '"'), name...), '"', ':')
}

// item separates the elements of an array.
func (j *object) item() {
	if j.dst[len(j.dst)-1] != '[' {
		j.dst = append(j.dst, ',')
	}
}

func (j *object) number(name string, n uint64) {
	j.key(name)
	j.dst = strconv.AppendUint(j.dst, n, 10)
}

func (j *object) string(name, s string) {
	j.key(name)
	j.dst = append(append(append(j.dst, '"'), s...), '"')
}

// flag appends a member only where it is true.
func (j *object) flag(name string, is bool) {
	if is {
		j.key(name)
		j.dst = append(j.dst, "true"...)
	}
}

func (j *object) addr(name string, a netip.Addr) {
	j.key(name)
	j.dst = append(a.AppendTo(append(j.dst, '"')), '"')
}

// words appends an array of flag words.
func (j *object) words(name string, flags uint16) {
	j.key(name)
	j.dst = append(j.dst, '[')
	for w := range mnemonic.FlagWords(flags) {
		j.item()
		j.dst = append(append(append(j.dst, '"'), w...), '"')
	}
	j.dst = append(j.dst, ']')
}

func (j *object) question(f facts) {
	if !f.question {
		return
	}
	if len(f.name) > 0 {
		var name [4 * 255]byte // an octet becomes four characters at most
		j.key("name")
		j.quoted(wire.AppendName(name[:0], f.name))
	}
	j.key("type")
	j.dst = append(mnemonic.AppendType(append(j.dst, '"'), f.typ), '"')
	j.key("class")
	j.dst = append(mnemonic.AppendClass(append(j.dst, '"'), f.class), '"')
}

func (j *object) query(q *decode.Query) {
	j.number("query_bytes", uint64(q.Length))
	j.words("query_flags", q.Flags)
	if q.HasOPT {
		j.key("edns")
		j.dst = append(j.dst, '{')
		j.number("udp_size", uint64(q.UDPSize))
		j.flag("do", q.EDNSFlags&wire.EDNSFlagDO != 0)
		j.dst = append(j.dst, '}')
	}
	if q.Retransmissions > 0 {
		j.number("retransmissions", uint64(q.Retransmissions))
	}
	if q.ICMP.Seen {
		j.key("icmp")
		j.dst = append(j.dst, '{')
		j.number("type", uint64(q.ICMP.Type))
		j.number("code", uint64(q.ICMP.Code))
		j.addr("from", q.ICMP.From.Netip())
		if q.ICMP.MTU > 0 {
			j.number("mtu", uint64(q.ICMP.MTU))
		}
		j.dst = append(j.dst, '}')
	}
}

func (j *object) response(t *decode.Transaction, f facts) {
	m := t.Response
	j.key("rcode")
	j.dst = append(mnemonic.AppendRCODE(append(j.dst, '"'), m.RCODE()), '"')
	if e := emptiness(t, f); e != "" {
		j.string("empty", e)
	}
	if t.Query != nil {
		j.key("rtt_ms")
		j.dst = strconv.AppendFloat(j.dst, float64(t.RTT)/1e6, 'f', -1, 64)
	}
	j.number("response_bytes", uint64(m.Length))
	j.words("response_flags", m.Flags)
	if m.HasOPT {
		j.edns(&m.EDNS)
	}
	if m.HasTSIG && m.TSIG.Error != 0 {
		j.string("tsig_error", mnemonic.TSIGError(m.TSIG.Error))
	}
	if m.HasTKEY && m.TKEY.Error != 0 {
		j.string("tkey_error", mnemonic.TKEYError(m.TKEY.Error))
	}
	j.extendedErrors(m)
	j.number("answers", uint64(m.Counts[wire.SectionAnswer]))
	if m.Server != t.Server {
		j.addr("response_server", m.Server.Netip())
	}
}

func (j *object) edns(e *wire.EDNS) {
	j.key("response_edns")
	j.dst = append(j.dst, '{')
	j.number("udp_size", uint64(e.UDPSize))
	j.number("version", uint64(e.Version))
	j.flag("do", e.Flags&wire.EDNSFlagDO != 0)
	j.key("options")
	j.dst = append(j.dst, '[')
	for o := range e.All {
		j.item()
		j.dst = append(mnemonic.AppendOption(append(j.dst, '"'), o.Code), '"')
	}
	j.dst = append(j.dst, ']', '}')
}

func (j *object) extendedErrors(m *decode.Message) {
	first := true
	for code, text := range m.ExtendedErrors {
		if first {
			j.key("ede")
			j.dst = append(j.dst, '[')
			first = false
		}
		j.item()
		j.dst = append(j.dst, '{')
		j.number("code", uint64(code))
		j.key("purpose")
		j.dst = append(mnemonic.AppendEDE(append(j.dst, '"'), code), '"')
		if len(text) > 0 {
			j.key("text")
			j.quoted(sanitize.Append(nil, string(text))) // in its display form: it may end up on a terminal
		}
		j.dst = append(j.dst, '}')
	}
	if !first {
		j.dst = append(j.dst, ']')
	}
}

// quoted appends printable text as a JSON string.
func (j *object) quoted(text []byte) {
	j.dst = append(j.dst, '"')
	for _, c := range text {
		if c == '"' || c == '\\' {
			j.dst = append(j.dst, '\\')
		}
		j.dst = append(j.dst, c)
	}
	j.dst = append(j.dst, '"')
}

func (j *object) anomalies(t *decode.Transaction) {
	var query, response []anomaly.Seen
	if t.Query != nil {
		query = t.Query.Anomalies[:t.Query.NAnomalies]
	}
	if t.Response != nil {
		response = t.Response.Anomalies
	}
	if len(query)+len(response)+len(t.Anomalies) == 0 {
		return
	}
	j.key("anomalies")
	j.dst = append(j.dst, '[')
	j.list("query", query)
	j.list("response", response)
	j.list("transaction", t.Anomalies)
	j.dst = append(j.dst, ']')
}

func (j *object) list(of string, all []anomaly.Seen) {
	for _, a := range all {
		j.item()
		j.dst = append(j.dst, '{')
		j.key("id")
		j.dst = append(appendID(append(j.dst, '"'), a.ID), '"')
		j.number("offset", uint64(a.Offset))
		j.number("length", uint64(a.Length))
		j.string("of", of)
		j.dst = append(j.dst, '}')
	}
}
