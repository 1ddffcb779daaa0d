// Package stream cuts TCP byte streams into DNS messages (RFC 1035 section 4.2.2, RFC 7766).
//
// Streams may begin before the capture, lose segments, see them twice or out of order. Memory is bounded; what is given up is counted.
package stream

import "github.com/dnssniff/dnssniff/decode/packet"

// Segment is one TCP segment with where it came from.
type Segment struct {
	Time             int64  // ns since the epoch
	Number           uint64 // packet number
	File             uint16 // index of the capture file
	Src, Dst         packet.Addr
	SrcPort, DstPort uint16
	Seq, Ack         uint32
	Flags            uint8
	Payload          []byte // valid during the call only
	PayloadLen       int    // above len(Payload) where the snaplen cut the segment
}

// Message is one unit of a stream: what a two-byte length prefix announced.
type Message struct {
	// Data is the DNS message without its prefix, valid during the call only.
	Data []byte
	// Length is the announced length; above len(Data) where bytes were cut by the snaplen, or the stream ended first.
	Length int
	// Conn is a number for the TCP connection, unique within the Assembler.
	Conn uint64
	// Segment is the segment that completed the message, or the last one that added to it: its packet is the one that Wireshark shows the
	// message in. Valid during the call only; its Payload is nil where the segment is not the one just handed to the Assembler.
	Segment *Segment
	// FirstTime and FirstNumber are of the segment with the first byte of the message's prefix.
	FirstTime   int64
	FirstNumber uint64
	// Segments is how many segments the message's bytes came from.
	Segments uint16
	// Seq is the sequence number of the prefix's first byte.
	Seq uint32
	// Cut says that bytes are missing because the capture lacks them (snaplen).
	Cut bool
	// Ended says that the stream ended (FIN, RST, gap, end of capture) within the message.
	Ended bool
	// Later says that another message was completed by the same segment before (X05).
	Later bool
	// SplitPrefix says that the length prefix came in two segments, or in one of its own (X04).
	SplitPrefix bool
}

// Handler takes the messages of an Assembler: those of one direction in the order of the stream. It must not call the Assembler.
type Handler interface {
	TCPMessage(m *Message)
	// TCPEvent tells what has become of a connection, of which no message tells. The event is valid during the call.
	TCPEvent(e *Event)
}

// Event is what has become of a connection.
type Event struct {
	Kind Kind
	Conn uint64 // as in Message
	// Segment is the one that showed it. Of an Unanswered or HalfOpen connection, which no segment shows, it has the ends, the client as the source,
	// and time, number and file of the last SYN or SYN-ACK.
	Segment *Segment
	Opener  Side // of Segment
	// First is the time of the first SYN (ns since the epoch), Tries the number of SYNs, and RTT the time from the last SYN to the SYN-ACK (ns); all
	// are 0 where no SYN was seen, and RTT where the SYN-ACK was not, or came after the connection was given up. Valid iff Kind is Opened (RTT only
	// then), Refused, Unanswered or HalfOpen.
	First, RTT int64
	Tries      uint16
	// ICMP is the last ICMP error that quoted a SYN, if one did. Valid iff Kind is Unanswered.
	ICMP packet.ICMP
	// Bytes is how far the sequence numbers of both directions went, what was lost included: in each at most 4 GiB, then from 0 again. Finished says
	// that one of them at least had ended. Valid iff Kind is Reset.
	Bytes    uint64
	Finished bool
}

// Side says which end of a segment began its connection.
type Side uint8

// The sides.
const (
	Unknown     Side = iota // no SYN was seen
	Source                  // the sender of the segment
	Destination             // the receiver
)

// Kind says what a connection has come to.
type Kind uint8

// The kinds.
const (
	Foreign    Kind = iota // its first bytes are of another protocol
	Bare                   // a segment is a message without its length prefix
	Short                  // its sender's FIN or RST came before the end of a message
	Reset                  // a RST ended it after it was answered or had carried bytes, or its client took back the SYN
	Refused                // a RST answered its SYN
	Opened                 // its client went on after the SYN-ACK
	Unanswered             // nothing answered its SYN for Limits.Opening, or before the client began another one on its ports
	HalfOpen               // likewise nothing followed its SYN-ACK
)
