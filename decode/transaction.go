// Package decode turns packets into DNS messages and messages into transactions.
package decode

import (
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
	Client, Server packet.Addr
	ClientPort     uint16
	ServerPort     uint16
	Length         uint16 // the message's length on the wire in bytes (without the TCP prefix)
	Fragments      uint16 // IP fragments it came in, 0 = whole
	BadChecksum    bool
	NameHash       uint64 // of the first question's name, lower-cased; 0 without one
	FirstTime      int64  // TCP: time of its first byte's segment; UDP: Time
}

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
	Time            int64  // of the first transmission
	Number          uint64 // its packet
	File            uint16
	Flags           uint16 // header flags as on the wire
	Type, Class     uint16
	Length          uint16 // bytes
	UDPSize         uint16 // EDNS; valid iff HasOPT
	EDNSFlags       uint16 // DO is 0x8000
	HasOPT          bool
	HasQuestion     bool
	Malformed       bool
	Retransmissions uint16
	NameHash        uint64
	Name            []byte // wire form, uncompressed; only where the pairer keeps names
}

// Transaction is a query with its response, or one of the two alone. It is valid during the call that hands it over.
type Transaction struct {
	Status         Status
	Proto          Proto
	IPVersion      uint8
	Client, Server packet.Addr
	ClientPort     uint16
	ServerPort     uint16
	Query          *Query   // nil for Unsolicited
	Response       *Message // nil for Unanswered and Pending
	// RTT is from the first query to this response in ns; negative where the capture reordered them (P13). Valid iff Query and Response are there.
	RTT int64
}
