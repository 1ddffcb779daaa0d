// Package decode turns packets into DNS messages and messages into transactions.
//
// The work is split by client address into a fixed number of [Shards], so that both directions of a conversation, and all
// conversations of a client, meet in one place and no table is shared. Whatever the number of workers, each shard sees the same packets
// in the same order: that is why reports do not depend on it.
package decode

import (
	"github.com/dnssniff/dnssniff/capture"
	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/decode/packet"
	"github.com/dnssniff/dnssniff/decode/wire"
)

// Proto is what carried a message.
type Proto uint8

// The transports and, apart from them, the multicast protocols (RFC 6762, RFC 4795), which are never paired by ID.
const (
	UDP Proto = iota
	TCP
	MDNS
	LLMNR
)

// Message is one DNS message with the packet that completed it. It is valid during the call that hands it over.
type Message struct {
	*wire.Message
	Time   int64  // ns since the epoch
	Number uint64 // packet number, 1-based in its file
	File   uint16

	Proto          Proto
	IPVersion      uint8
	HopLimit       uint8
	VLAN           uint16           // outermost 802.1Q identifier, 0 = none; of UDP, as are Link and Frame
	Link           capture.LinkType // says how Frame begins
	Frame          []byte           // the packet that completed it, as captured
	Client, Server packet.Addr
	ClientPort     uint16
	ServerPort     uint16
	Length         uint16 // the message's length on the wire in bytes (without the TCP prefix)
	Fragments      uint16 // IP fragments it came in, 0 = whole
	BadChecksum    bool
	NameHash       uint64 // of the first question's name, lower-cased, with the run's seed; 0 without a question
	ClientHash     uint64 // HashAddr of Client and Server, with the run's seed
	ServerHash     uint64
	FirstTime      int64 // TCP: time of the segment with its first byte; UDP: Time

	// FirstNumber is the packet with the first byte, Seq the sequence number of the length prefix, and Segments how many the bytes came in.
	// Valid iff Proto is TCP.
	FirstNumber uint64
	Seq         uint32
	Segments    uint16

	conn      uint64 // TCP connection within the shard
	backwards bool   // the QR bit says otherwise than the ports which way it goes
	spelling  uint32 // tells one spelling of the question's name from another; 0 without a name
	body      uint32 // hash of Data
}

// Backwards says that the QR bit and the ports disagree about which way the message went: a query from a server's port, which Server sent, or a
// response to one, which Client sent.
func (m *Message) Backwards() bool { return m.backwards }

// Status is how a transaction ended.
type Status uint8

// The ends of a transaction.
const (
	Answered    Status = iota
	Unanswered         // no response within the timeout
	Pending            // the capture ended before the timeout
	Unsolicited        // a response without a query
	Duplicate          // another response to an answered query, same bytes
	Conflicting        // another response to an answered query, other bytes
	Mismatched         // a response from another address or to another question than the query it nearly matches
	Late               // a response after the timeout: its query was counted as unanswered
)

// Query is what is kept of a query until it is settled.
type Query struct {
	Time            int64  // of the first transmission, ns since the epoch
	Number          uint64 // its packet
	File            uint16
	ID              uint16
	Flags           uint16 // header flags as on the wire
	Type, Class     uint16 // valid iff HasQuestion
	Length          uint16 // bytes
	UDPSize         uint16 // EDNS requestor's size; valid iff HasOPT, as are EDNSFlags and EDNSVersion
	EDNSFlags       uint16 // DO is 0x8000
	Retransmissions uint16 // times it was seen again while open
	EDNSVersion     uint8
	HasOPT          bool
	HasQuestion     bool
	Malformed       bool
	Cut             bool   // the capture lacks its end
	Signed          bool   // has TSIG or SIG(0)
	TSIG            bool   // has TSIG
	CookieLen       uint8  // bytes of its COOKIE option, 255 for more; 0 without one
	Options         uint32 // EDNS.Has of its OPT, 0 without one
	Subnet          uint32 // hash of its ECS option
	Cookie          uint64 // client cookie, as it is in memory; valid iff Options has it
	ICMP            ICMP   // the last one that quoted it
	// Anomalies are NAnomalies of those that its message has: the worst, in the order of their offsets.
	Anomalies  [4]anomaly.Seen
	NAnomalies uint8
	NameHash   uint64
	// Data is the whole message. Only where [Config.KeepData] is set.
	Data []byte
	// Name is in wire form, uncompressed, in the case sent. Only where [Config.KeepNames] is set.
	Name []byte
}

// ICMP is an ICMP error.
type ICMP = packet.ICMP

// Transaction is a query with its response, or one of the two alone. It is valid during the call that hands it over.
type Transaction struct {
	Status         Status
	Proto          Proto
	IPVersion      uint8
	Client, Server packet.Addr // Server is the address the query was sent to
	ClientPort     uint16
	ServerPort     uint16
	Query          *Query   // nil for Unsolicited, Duplicate and Conflicting; for Mismatched the query it nearly matches, which stays open
	Response       *Message // nil for Unanswered and Pending
	// RTT is from the first query to this response in ns; negative where the capture reordered them (P13).
	// Valid iff Query and Response are there.
	RTT int64
	// Anomalies are what the status means and what query and response show together, at offsets in the response. Valid during the call.
	Anomalies []anomaly.Seen
	// CaseDiffers says that the response spells the question's name in other case than the query (Q12).
	CaseDiffers bool
}

// Handler takes what one shard makes. Its methods are called from one goroutine at a time.
type Handler interface {
	// Message is called for each DNS message, before its transaction.
	Message(m *Message)
	// Transaction is called when a transaction is settled: in the order of settling, which is not that of the queries.
	Transaction(t *Transaction)
}

// Warmer is a [Handler] that can ask memory for what it will need of a message, without waiting for it.
type Warmer interface {
	// Warm is called for some of the messages, a few of them before the first is handed over.
	Warm(m *Message)
}

// Ticker is a [Handler] that is told how packet time goes by, though none of its messages come.
type Ticker interface {
	// Tick is called about once a second of packet time (ns since the epoch), and at the end of the capture after all transactions.
	Tick(now int64)
}

// Batcher is a [Handler] that is told when it has had all packets that were read: the next may be a while.
type Batcher interface {
	// Batch is given what was counted so far besides messages and transactions: by the shard, and for one of a worker's shards by the worker too,
	// so that the counts of all shards add up. What only the end of a capture tells is not there yet. The counts are valid during the call.
	Batch(st *Stats)
}
