// Package analyze counts messages and transactions into mergeable summaries and makes immutable reports of them.
//
// Memory is bounded whatever the traffic. A shard's summary with [DefaultLimits] takes at most, in MiB:
//
//	clients     26,214 rows in 1.7, keys 0.4
//	servers      6,553 rows in 0.4, keys 0.1
//	names      104,857 rows in 6.9, keys 4.0
//	zones       26,214 rows in 1.7, keys 1.0
//	rare RCODEs of the four tables  1.8
//	counters of codes  3.2 (six of them full: types, options, sizes, EDE, TSIG and TKEY errors)
//	zones known by name  1.0
//	series, latencies and estimates of distinct keys  0.3
//	lookups under way  3.4
//	offenders  0.6
//	reasons for FORMERR  0.2
//
// That is 27 MiB, and 214 for eight shards. A table that grows has its old rows for a moment too (names: 1.6), one that purges 8 bytes for
// each row (names: 0.8). A report goes through all shards' rows part by part: a MiB for each core, and for the zones of names up to 128, with their
// keys, where each name has a zone of its own, and 16 for each core to find them.
package analyze

import (
	"time"

	"github.com/dnssniff/dnssniff/analyze/diagnose"
	"github.com/dnssniff/dnssniff/analyze/lookup"
	"github.com/dnssniff/dnssniff/decode"
)

// Schema is the version of the JSON report. Fields are added, never renamed.
const Schema = "dnssniff.report/1"

// Report is what a capture holds, at one moment. It is immutable and shares nothing with the summary it came from.
// Counts are of messages where nothing else is said; maps leave out zeros.
type Report struct {
	Schema       string            `json:"schema"`
	Source       Source            `json:"source"`
	Settings     Settings          `json:"settings"`
	Packets      Packets           `json:"packets"`
	Messages     Messages          `json:"messages"`
	RCODEs       map[string]uint64 `json:"rcodes"`
	TSIGErrors   map[string]uint64 `json:"tsig_errors"`
	TKEYErrors   map[string]uint64 `json:"tkey_errors"`
	EDE          map[string]uint64 `json:"ede"`
	Opcodes      map[string]uint64 `json:"opcodes"`
	QTypes       map[string]uint64 `json:"qtypes"` // of all questions of queries: a query can have several, or none
	Truncated    uint64            `json:"truncated_responses"`
	EDNS         EDNS              `json:"edns"`
	Transactions Transactions      `json:"transactions"`
	Transport    Transport         `json:"transport"`
	Lookups      Lookups           `json:"lookups"`
	Latency      Latency           `json:"latency_ms"`
	// Anomalies counts by entry of the catalogue: messages that have it, however often, or transactions. Multicast are those of mDNS and LLMNR.
	Anomalies  map[string]uint64 `json:"anomalies"`
	Multicast  map[string]uint64 `json:"anomalies_multicast"`
	Distinct   Distinct          `json:"distinct"`
	Rows       TableRows         `json:"table_rows"`
	Clients    []Row             `json:"clients"`
	Servers    []Row             `json:"servers"`
	Names      []Row             `json:"names"`
	Zones      []Row             `json:"zones"`
	Offenders  []Offender        `json:"offenders"`
	FormErrors FormErrors        `json:"formerr"`
	Series     Series            `json:"series"`
	Limits     Forgotten         `json:"limits"`
	// Vantage says where the capture was made, as far as it tells, and Findings what is behind what is wrong, the worst first.
	Vantage  diagnose.Vantage   `json:"vantage"`
	Findings []diagnose.Finding `json:"findings"`
}

// Lookups are what clients tried for a question until they had an answer or gave up, as they felt it.
type Lookups struct {
	lookup.Counts
	// SolvedBy counts the lookups that were answered after a try had failed, by what was different then: tcp, no_edns, no_options, smaller_edns,
	// cd, other_server, or again where it was nothing.
	SolvedBy map[string]uint64 `json:"solved_by"`
}

// Offender is a client that sends queries that are malformed or break a rule of an RFC.
type Offender struct {
	Address   string `json:"address"`
	Malformed uint64 `json:"malformed"` // messages
	Violating uint64 `json:"violating"` // messages that are not malformed, but break a rule
	Queries   uint64 `json:"queries"`   // from the first offence on, sound ones too
	// AllQueries counts those before the first offence, too; too low by up to Forgotten.ClientsError.
	AllQueries uint64    `json:"all_queries"`
	First      time.Time `json:"first"` // offence
	Last       time.Time `json:"last"`
	// Kinds counts messages by entry of the catalogue; OTHER are further ones together.
	Kinds       map[string]uint64 `json:"kinds"`
	Samples     []Sample          `json:"samples"`
	Fingerprint Fingerprint       `json:"fingerprint"`
}

// Sample is a message to look at.
type Sample struct {
	Packet  uint64    `json:"packet"` // number in its file
	File    uint16    `json:"file"`   // index of Source.Files
	Time    time.Time `json:"time"`
	Anomaly string    `json:"anomaly"` // the first of those that are worst
	Offset  int       `json:"offset"`  // in the message, bytes
}

// Fingerprint is how a client makes its queries. Shares are "never", "always" or a percentage of its queries; DO of those with EDNS.
type Fingerprint struct {
	Queries     uint64   `json:"queries"` // that it was taken from: at most 1024, from the first offence on
	IDs         string   `json:"ids"`     // "constant", "rising by one", "changing", or "too few to say"
	Ports       string   `json:"ports"`
	RD          string   `json:"rd"`
	AD          string   `json:"ad"`
	CD          string   `json:"cd"`
	EDNS        string   `json:"edns"`
	DO          string   `json:"do"`
	TCP         string   `json:"tcp"`
	MixedCase   string   `json:"mixed_case"`   // names with letters of both cases (0x20)
	UDPSizes    []uint16 `json:"udp_sizes"`    // least and most
	Options     []string `json:"options"`      // in the order of the first OPT that had any
	OptionsVary bool     `json:"options_vary"` // other OPTs had others
	RetryMS     []uint32 `json:"retry_ms"`     // after how long it asks the same again, the first different times
	HopLimits   []int    `json:"hop_limits"`   // least and most
	MAC         string   `json:"mac,omitempty"`
	VLAN        uint16   `json:"vlan,omitempty"`
}

// Source says what was read.
type Source struct {
	Files     []string  `json:"files"`
	LinkTypes []string  `json:"link_types"`     // as tcpdump names them, in order of first use
	First     time.Time `json:"first,omitzero"` // earliest and latest packet time; absent without packets
	Last      time.Time `json:"last,omitzero"`
	Duration  float64   `json:"duration_s"`
	Truncated bool      `json:"truncated"` // a file ended early or was damaged: see Faults
	Faults    []string  `json:"faults,omitempty"`
	// Interrupted says that the user stopped the reading before its end.
	Interrupted bool `json:"interrupted,omitempty"`
	// OneWay says that only one direction was captured: OnlyQueries or OnlyResponses. Unanswered or unsolicited messages then mean nothing.
	OneWay string `json:"one_way,omitempty"`
	// Settings are given to [Build], which makes them the report's.
	Settings Settings `json:"-"`
}

// Values of Source.OneWay.
const (
	OnlyQueries   = "queries"
	OnlyResponses = "responses"
)

// Settings say what the reading was told.
type Settings struct {
	Timeout    float64  `json:"timeout_s"`
	Ports      []uint16 `json:"ports"` // taken as DNS, ascending; 53 is among them
	Dedup      bool     `json:"dedup"`
	MaxPackets uint64   `json:"max_packets"` // 0: all
	// LimitReached says that the reading ended at MaxPackets. Build finds out.
	LimitReached bool `json:"limit_reached"`
}

// SettingsOf returns the settings of a decoder.
func SettingsOf(c *decode.Config) Settings {
	s := Settings{Timeout: c.Timeout.Seconds(), Dedup: c.Dedup, MaxPackets: c.MaxPackets}
	for p := range 1 << 16 {
		if c.Ports.Has(uint16(p)) {
			s.Ports = append(s.Ports, uint16(p))
		}
	}
	return s
}

// Packets counts packets.
type Packets struct {
	Read           uint64 `json:"read"`
	SnaplenCut     uint64 `json:"snaplen_cut"`
	NonDNS         uint64 `json:"non_dns"`
	Undecodable    uint64 `json:"undecodable"`
	Duplicate      uint64 `json:"duplicate"`
	ShortDNS       uint64 `json:"short_dns"` // UDP payloads and TCP units below 12 bytes on a DNS port
	IPFragments    uint64 `json:"ip_fragments"`
	LaterFragments uint64 `json:"later_fragments"` // of these, not the first of their datagram: a capture filter on ports lets none of them through
	KernelDropped  uint64 `json:"kernel_dropped"`
	NotWritten     uint64 `json:"not_written,omitempty"` // packets that were to be kept in a file, and are not
	EncryptedDNS   uint64 `json:"encrypted_dns"`         // DNS over TLS or QUIC, port 853; part of NonDNS
	BadIPChecksum  uint64 `json:"bad_ip_checksum"`
	BadL4Checksum  uint64 `json:"bad_l4_checksum"`
	ICMPErrors     uint64 `json:"icmp_errors"`    // ICMP errors that quote a packet on a DNS port
	FragmentsLost  uint64 `json:"fragments_lost"` // fragments whose datagram was never completed, overlapped, or was over a bound
	TCPGaps        uint64 `json:"tcp_gaps"`       // holes in TCP streams on DNS ports
	TCPStreams     uint64 `json:"tcp_streams"`    // TCP connections on DNS ports
	TCPNotDNS      uint64 `json:"tcp_not_dns"`    // directions of TCP connections on a DNS port that carry something else
	TimeWentBack   uint64 `json:"time_went_back"` // packets earlier than the one before them
}

// Messages counts DNS messages on DNS ports; MDNS and LLMNR are apart and not in Total.
type Messages struct {
	Total     uint64 `json:"total"`
	Queries   uint64 `json:"queries"`
	Responses uint64 `json:"responses"`
	UDP       uint64 `json:"udp"`
	TCP       uint64 `json:"tcp"`
	IPv4      uint64 `json:"ipv4"`
	IPv6      uint64 `json:"ipv6"`
	Malformed uint64 `json:"malformed"`
	MDNS      uint64 `json:"mdns"`
	LLMNR     uint64 `json:"llmnr"`
	// NoQuestion counts queries of which no question can be read: there is none, it is malformed, or the capture cut it off.
	NoQuestion uint64 `json:"no_question"`
	// First and Last are the earliest and latest time of a message in Total; absent without one. Rates are over the time between them.
	First    time.Time `json:"first,omitzero"`
	Last     time.Time `json:"last,omitzero"`
	Duration float64   `json:"duration_s"`
}

// EDNS counts what OPT records say. Queries, DO, versions, sizes and options are of queries that parse whole.
type EDNS struct {
	Queries   uint64            `json:"queries"`
	Responses uint64            `json:"responses"`
	DO        uint64            `json:"do"`
	Versions  map[string]uint64 `json:"versions"`
	UDPSizes  map[string]uint64 `json:"udp_sizes"`
	Options   map[string]uint64 `json:"options"` // by IANA name, of queries
}

// Transactions counts what became of queries, and the responses that fit none. The share of answered queries is
// Answered / (Answered + Unanswered).
type Transactions struct {
	Answered             uint64 `json:"answered"`
	Unanswered           uint64 `json:"unanswered"`
	Pending              uint64 `json:"pending"`
	Retransmitted        uint64 `json:"retransmitted"` // queries seen again while open
	Unsolicited          uint64 `json:"unsolicited"`
	DuplicateResponses   uint64 `json:"duplicate_responses"`
	ConflictingResponses uint64 `json:"conflicting_responses"`
	Mismatched           uint64 `json:"mismatched"`
	Late                 uint64 `json:"late_responses"`
	Reordered            uint64 `json:"reordered"` // answered, the response captured before its query
}

// Latency is the time from a first query to its first response in ms. Values below Max are at most ErrorPercent off.
type Latency struct {
	P50   float64 `json:"p50"`
	P90   float64 `json:"p90"`
	P95   float64 `json:"p95"`
	P99   float64 `json:"p99"`
	Max   float64 `json:"max"`
	Mean  float64 `json:"mean"`
	Count uint64  `json:"count"` // transactions measured
	// Histogram holds the transactions by power-of-ten-and-halves buckets for display.
	Histogram []LatencyBucket `json:"histogram"`
	// ErrorPercent is the bound on the relative error of the percentiles.
	ErrorPercent float64 `json:"error_percent"`
}

// LatencyBucket counts the transactions slower than the bucket before it and not slower than UpTo ms (0: no upper end).
type LatencyBucket struct {
	UpTo  float64 `json:"up_to_ms"`
	Count uint64  `json:"count"`
}

// Distinct counts different values: all servers, and the clients, names and zones that have queries. Approximate lists those that are
// estimates ("names"), see Limits; an estimate counts those without queries too.
type Distinct struct {
	Clients     uint64   `json:"clients"`
	Servers     uint64   `json:"servers"`
	Names       uint64   `json:"names"`
	Zones       uint64   `json:"zones"`
	Approximate []string `json:"approximate,omitempty"`
}

// TableRows counts the rows that the tables would have without an end, those without queries among them. What is in Distinct.Approximate is
// an estimate here as well.
type TableRows struct {
	Clients   uint64 `json:"clients"`
	Servers   uint64 `json:"servers"`
	Names     uint64 `json:"names"`
	Zones     uint64 `json:"zones"`
	Offenders uint64 `json:"offenders"` // kept of those; Forgotten.OffendersLost says how many more
}

// Row is a line of the client, server, name or zone table. One of Address, Name and Zone is set. Tables are sorted by queries, then
// responses, then key.
//
// Malformed counts the malformed messages that a client or server sent: queries of a client, responses of a server. Names and zones have
// both. A malformed message without a readable question is in the rows of addresses only.
type Row struct {
	Address    string            `json:"address,omitempty"`
	Name       string            `json:"name,omitempty"` // presentation form, lower case, RFC 1035 escapes, final dot
	Zone       string            `json:"zone,omitempty"` // registrable domain by the public suffix list
	Queries    uint64            `json:"queries"`
	Responses  uint64            `json:"responses"`
	RCODEs     map[string]uint64 `json:"rcodes"` // add up to Responses: OTHER are those that a bound did not tell apart
	Malformed  uint64            `json:"malformed"`
	Unanswered uint64            `json:"unanswered"`
	Names      uint64            `json:"names,omitempty"` // of a zone: distinct names in it
}

// Series are counts over time. Bucket i covers Start + i*Width up to Start + (i+1)*Width.
type Series struct {
	Start      time.Time           `json:"start,omitzero"` // absent without messages
	Width      float64             `json:"width_s"`
	Queries    []uint64            `json:"queries"`
	Responses  []uint64            `json:"responses"`
	Unanswered []uint64            `json:"unanswered"`
	RCODEs     map[string][]uint64 `json:"rcodes"`
}

// Forgotten says what a bound made the tables forget or estimate. All zero: everything is exact.
type Forgotten struct {
	// ClientsError, ServersError and NamesError bound by how much a row's counts can be too low; rows with fewer queries can be missing.
	ClientsError     uint64 `json:"clients_error"`
	ServersError     uint64 `json:"servers_error"`
	NamesError       uint64 `json:"names_error"`
	ZonesError       uint64 `json:"zones_error"`
	PairingForgotten uint64 `json:"pairing_forgotten"` // answered queries forgotten early: repetitions of them were not known as such
	PairingEvicted   uint64 `json:"pairing_evicted"`   // open queries forgotten because the pairing table was full
	StreamsEvicted   uint64 `json:"streams_evicted"`   // TCP connections forgotten
	FragmentsEvicted uint64 `json:"fragments_evicted"`
	OffendersLost    uint64 `json:"offenders_lost"` // clients with few malformed queries that are not among the offenders
}

func (n *Messages) add(o *Messages) {
	n.Total += o.Total
	n.Queries += o.Queries
	n.Responses += o.Responses
	n.UDP += o.UDP
	n.TCP += o.TCP
	n.IPv4 += o.IPv4
	n.IPv6 += o.IPv6
	n.Malformed += o.Malformed
	n.MDNS += o.MDNS
	n.LLMNR += o.LLMNR
	n.NoQuestion += o.NoQuestion
}

func (n *Transactions) add(o *Transactions) {
	n.Answered += o.Answered
	n.Unanswered += o.Unanswered
	n.Pending += o.Pending
	n.Retransmitted += o.Retransmitted
	n.Unsolicited += o.Unsolicited
	n.DuplicateResponses += o.DuplicateResponses
	n.ConflictingResponses += o.ConflictingResponses
	n.Mismatched += o.Mismatched
	n.Late += o.Late
	n.Reordered += o.Reordered
}
