package where

import (
	"net/netip"

	"github.com/dnssniff/dnssniff/analyze/record"
	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/decode/wire"
)

// Field is what an expression can ask for.
type Field struct {
	Name    string
	Type    string // "name", "address", "code", "number", "duration", "word", "true or false", and lists of these
	Meaning string // one clause, without a full stop
	Example string // an expression
}

// The types of fields.
const (
	isFlag     = "true or false"
	isNumber   = "number"
	isDuration = "duration"
	isCode     = "code"
	isWord     = "word"
	isAddress  = "address"
	isName     = "name"
)

// field is a field with one way to get at it.
type field struct {
	Field
	aliases []string
	words   *vocabulary // names of numbers
	many    bool        // each is a list, of which a comparison has to be true of one
	ordered bool        // < and > mean something

	flag    pred
	number  func(r *record.Record) (v int64, ok bool)
	numbers func(r *record.Record, test func(int64) bool) bool // whether it is true of one of them; iff many
	address func(r *record.Record) netip.Addr
	text    func(r *record.Record) (string, bool) // an absolute name
}

// Fields returns what expressions can ask for, in the order of their help.
func Fields() []Field {
	all := make([]Field, len(fields))
	for i := range fields {
		all[i] = fields[i].Field
	}
	return all
}

func fieldNames() []string {
	names := make([]string, len(fields))
	for i := range fields {
		names[i] = fields[i].Name
	}
	return names
}

// fields is the table of all fields. To add one, add its line; help and tests follow.
var fields = [...]field{
	{Field: Field{"rcode", isCode, "response code, 12 bits", `rcode == "SERVFAIL"`}, words: &rcodes, ordered: true,
		number: func(r *record.Record) (int64, bool) { return int64(r.RCODE), r.HasResponse }},
	{Field: Field{"client", isAddress, "address of who asks", `client in "10.0.0.0/8"`},
		address: func(r *record.Record) netip.Addr { return r.Client.Addr() }},
	{Field: Field{"server", isAddress, "address of who is asked", `server == "2001:db8::53"`},
		address: func(r *record.Record) netip.Addr { return r.Server.Addr() }},
	{Field: Field{"name", isName, "name of the question, in any case, with or without its final dot", `name endsWith ".example.com"`},
		text: func(r *record.Record) (string, bool) { return r.Name, r.HasQuestion }},
	{Field: Field{"zone", isName, "registrable domain of the name, by the public suffix list", `zone == "example.co.uk"`},
		text: func(r *record.Record) (string, bool) { return zoneOf(r.Name), r.HasQuestion }},
	{Field: Field{"type", isCode, "type of the question", `type in ["A", "AAAA"]`}, words: &types, ordered: true,
		number: func(r *record.Record) (int64, bool) { return int64(r.Type), r.HasQuestion }},
	{Field: Field{"class", isCode, "class of the question", `class == "CH"`}, words: &classes, ordered: true,
		number: func(r *record.Record) (int64, bool) { return int64(r.Class), r.HasQuestion }},
	{Field: Field{"opcode", isCode, "opcode", `opcode == "NOTIFY"`}, words: &opcodes, ordered: true,
		number: func(r *record.Record) (int64, bool) { return int64(r.Opcode), true }},
	{Field: Field{"status", isWord, "how it ended: " + statuses.list(), `status == "unanswered"`}, words: &statuses,
		number: func(r *record.Record) (int64, bool) { return int64(r.Status), true }},
	{Field: Field{"proto", isWord, "what carried it: " + protos.list(), `proto == "tcp"`}, aliases: []string{"transport"}, words: &protos,
		number: func(r *record.Record) (int64, bool) { return int64(r.Proto), true }},
	{Field: Field{"ip", isNumber, "version of IP", `ip == 6`}, ordered: true,
		number: func(r *record.Record) (int64, bool) { return int64(r.IPVersion), true }},
	{Field: Field{"rtt", isDuration, "time from the query to its response", `rtt > 500ms`}, ordered: true,
		number: func(r *record.Record) (int64, bool) { return int64(r.RTT), r.HasQuery && r.HasResponse }},
	{Field: Field{"size", isNumber, "length of the response in bytes", `size > 1232`}, ordered: true,
		number: func(r *record.Record) (int64, bool) { return int64(r.ResponseLength), r.HasResponse }},
	{Field: Field{"query_size", isNumber, "length of the query in bytes", `query_size > 512`}, ordered: true,
		number: func(r *record.Record) (int64, bool) { return int64(r.QueryLength), r.HasQuery }},
	{Field: Field{"answers", isNumber, "records in the answer section, as far as they can be read", `answers == 0 && rcode == "NOERROR"`}, ordered: true,
		number: func(r *record.Record) (int64, bool) { return int64(r.Answers), r.HasResponse }},
	{Field: Field{"retransmissions", isNumber, "how often the query was sent again before its response", `retransmissions > 0`}, ordered: true,
		number: func(r *record.Record) (int64, bool) { return int64(r.Retransmissions), r.HasQuery }},
	{Field: Field{"id", isNumber, "ID of the message", `id == 0x1f2e`}, ordered: true,
		number: func(r *record.Record) (int64, bool) { return int64(r.ID), true }},
	{Field: Field{"port", isNumber, "ports of client and server, either", `port == 5300`}, ordered: true, many: true,
		numbers: func(r *record.Record, test func(int64) bool) bool {
			return test(int64(r.Client.Port())) || test(int64(r.Server.Port()))
		}},
	{Field: Field{"packet", isNumber, "packet numbers of query and response, either", `packet == 440`}, ordered: true, many: true,
		numbers: func(r *record.Record, test func(int64) bool) bool {
			return r.HasQuery && test(clamp(r.QueryPacket)) || r.HasResponse && test(clamp(r.ResponsePacket))
		}},
	{Field: Field{"edns", isFlag, "the query has an OPT record", `edns`}, flag: func(r *record.Record) bool { return r.EDNS }},
	{Field: Field{"udp_size", isNumber, "UDP payload size that the query offers in its OPT record", `udp_size >= 4096`}, ordered: true,
		number: func(r *record.Record) (int64, bool) { return int64(r.UDPSize), r.EDNS }},
	{Field: Field{"do", isFlag, "the query has DO set (DNSSEC OK)", `do`}, flag: func(r *record.Record) bool { return r.EDNS && r.DO }},
	{Field: Field{"aa", isFlag, "the response is authoritative", `aa`}, flag: responseBit(wire.FlagAA)},
	{Field: Field{"tc", isFlag, "the response is truncated", `tc && proto == "udp"`}, flag: responseBit(wire.FlagTC)},
	{Field: Field{"ra", isFlag, "the response offers recursion", `not ra`}, flag: responseBit(wire.FlagRA)},
	{Field: Field{"ad", isFlag, "the response is validated (AD)", `ad`}, flag: responseBit(wire.FlagAD)},
	{Field: Field{"rd", isFlag, "recursion is desired, by the query or else the response", `not rd`}, flag: queryBit(wire.FlagRD)},
	{Field: Field{"cd", isFlag, "checking is disabled (CD), by the query or else the response", `cd`}, flag: queryBit(wire.FlagCD)},
	{Field: Field{"ede", isCode, "extended DNS errors of the response (RFC 8914), any", `ede == 22`}, words: &edes, ordered: true, many: true,
		numbers: func(r *record.Record, test func(int64) bool) bool { return anyOf(r.EDE, test) }},
	{Field: Field{"anomaly", isCode, "anomalies of query and response by ID or name, any", `anomaly contains "N05"`}, aliases: []string{"anomalies"},
		words: &anomalies, many: true,
		numbers: func(r *record.Record, test func(int64) bool) bool {
			return anyOf(r.Anomalies, test) || implied(r, test)
		}},
	{Field: Field{"severity", isWord, "worst of the anomalies: " + severities.list(), `severity >= "violation"`}, words: &severities, ordered: true,
		number: func(r *record.Record) (int64, bool) { return severity(r), true }},
	{Field: Field{"malformed", isFlag, "query or response is malformed", `malformed`}, flag: func(r *record.Record) bool { return r.Malformed }},
}

func responseBit(bit uint16) pred {
	return func(r *record.Record) bool { return r.HasResponse && r.ResponseFlags&bit != 0 }
}

func queryBit(bit uint16) pred {
	return func(r *record.Record) bool {
		if r.HasQuery {
			return r.QueryFlags&bit != 0
		}
		return r.ResponseFlags&bit != 0
	}
}

func anyOf[T ~uint16](all []T, test func(int64) bool) bool {
	for _, v := range all {
		if test(int64(v)) {
			return true
		}
	}
	return false
}

func clamp(n uint64) int64 { return int64(min(n, 1<<62)) }

// severity returns the worst severity of the anomalies by its place in severities; 0 without one.
func severity(r *record.Record) int64 {
	worst := int64(0)
	for _, id := range r.Anomalies {
		worst = max(worst, int64(id.Severity())+1)
	}
	return worst
}

var (
	statuses = vocabulary{what: "status", words: []string{decode.Answered: "answered", decode.Unanswered: "unanswered", decode.Pending: "pending",
		decode.Unsolicited: "unsolicited", decode.Duplicate: "duplicate", decode.Conflicting: "conflicting", decode.Mismatched: "mismatched", decode.Late: "late"}}
	protos     = vocabulary{what: "protocol", words: []string{decode.UDP: "udp", decode.TCP: "tcp"}}
	severities = vocabulary{what: "severity", words: []string{"none", anomaly.Info + 1: "info", anomaly.Suspicious + 1: "suspicious",
		anomaly.Violation + 1: "violation", anomaly.Malformed + 1: "malformed"}}
)
