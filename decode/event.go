package decode

import (
	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/decode/packet"
	"github.com/dnssniff/dnssniff/decode/wire"
)

// Kind says what an [Event] tells of.
type Kind uint8

// The kinds of event. Connections are those to a DNS port; one of which the capture has not seen the beginning is told of by its reset only.
const (
	// KindAnomaly is an entry of the catalogue that a packet or a flow shows, and nothing more.
	KindAnomaly Kind = iota
	// KindICMP is an ICMP error that quotes a packet from or to a DNS port. It is told for each one, at its packet.
	KindICMP
	// KindOpened is a TCP connection whose handshake is over, or that goes on as if it were, where only one direction was captured.
	KindOpened
	// KindUnanswered is a TCP connection that did not open: its SYNs were refused, or nothing has come back for [Config.Timeout] since the last one.
	// What a RST refused is told at once, what an ICMP error did when the timeout is over, since hosts go on trying. Without a refusal it is told
	// only where the capture goes on for as long. A connection that opens all the same is told as KindOpened then.
	KindUnanswered
	// KindHalfOpen is a TCP connection whose SYN was answered, but whose client has not gone on for [Config.Timeout]: the answer does not reach it, or
	// the SYN was not its own.
	KindHalfOpen
	// KindReset is a RST that ended a TCP connection which had been answered or had carried bytes, or with which a client took back its SYN. It is not one
	// that comes after both sides have ended theirs.
	KindReset
	// KindFragmentsLost is a datagram of which fragments have not come within [Config.Timeout] from its first one, or of which fragments contradicted each
	// other, so that its receiver has to throw it away (RFC 8200 section 4.5). Its first fragment shows a DNS port, or has not come. What the snaplen
	// cut, a bound forgot, or was captured twice is not lost; but what a capture filter on ports left out is: then [Stats.FragmentsLater] is 0.
	KindFragmentsLost
)

// Refusal says what a connection's SYNs have met with.
type Refusal uint8

// The refusals.
const (
	Silence       Refusal = iota // nothing: filtered, or nobody there
	RefusedByRST                 // nobody listens on the port, or a firewall says so
	RefusedByICMP                // what Event.ICMP says
)

// Event is what a packet or a flow shows, and no message tells. Each is told once, whatever the number of workers.
type Event struct {
	Kind Kind
	// ID is the entry of the catalogue that the event counts as, 0 for none. A KindAnomaly always has one.
	ID anomaly.ID
	// Time (ns since the epoch), Number (1-based in its file) and File are those of the packet that showed it. Where nothing came it is the last one
	// that did: a SYN or SYN-ACK, or a fragment.
	Time      int64
	Number    uint64
	File      uint16
	Proto     Proto
	IPVersion uint8
	// Where fragments without the first one were lost, the ports are 0, and the client is the receiver: it is responses that are large.
	Client, Server packet.Addr
	ClientPort     uint16
	ServerPort     uint16

	// FromServer says who sent the packet that an ICMP error quotes, the RST, or the fragments. Valid iff Kind is KindICMP, KindReset or
	// KindFragmentsLost.
	FromServer bool
	// ICMP is the error of a KindICMP; and the last one that quoted a SYN of a KindUnanswered that is RefusedByICMP.
	ICMP ICMP
	// Length is that of the IP packet which an ICMP error quotes, by its header, in bytes: valid iff Kind is KindICMP, 0 where it is not known.
	// And that of an IP packet's payload of which fragments were lost: valid iff Kind is KindFragmentsLost, 0 where the last fragment has not come.
	Length uint32

	// First is the time of the first SYN, or of the first fragment to come, in ns since the epoch. Valid iff Kind is KindOpened (0 where no SYN was
	// captured), KindUnanswered, KindHalfOpen or KindFragmentsLost.
	First int64
	// RTT is the time in ns from the last SYN to the first SYN-ACK, 0 where one of them was not captured, or the SYN-ACK came after the connection was
	// told as unanswered. Valid iff Kind is KindOpened.
	RTT int64
	// Tries is the number of SYNs, at least 1 but where a KindOpened or KindHalfOpen has none in the capture. Valid as First is.
	Tries uint16
	// Refusal is valid iff Kind is KindUnanswered.
	Refusal Refusal

	// Finished says that one side at least had ended its direction before the RST, as it is usual. Valid iff Kind is KindReset.
	Finished bool
	// Bytes is how much the connection has carried before the RST, in each direction modulo 4 GiB: valid iff Kind is KindReset. And how much of the IP
	// packet's payload has come: valid iff Kind is KindFragmentsLost.
	Bytes uint64
	// Fragments is how many of them have come, FirstFragment whether the one with the ports has, and Contradicted that they were thrown away because
	// two had different bytes for one place. Valid iff Kind is KindFragmentsLost.
	Fragments     uint16
	FirstFragment bool
	Contradicted  bool
}

// Watcher is a [Handler] that is told of events too.
type Watcher interface {
	// Event is called from the goroutine that calls the other methods of the Handler. The event is valid during the call.
	Event(e *Event)
}

// The entries of the catalogue that are decided by packets and flows.
var (
	responseToPort = anomaly.Make('H', 2)
	queryFromPort  = anomaly.Make('H', 3)
	idReused       = anomaly.Make('P', 11)
	shortMessage   = anomaly.Make('H', 1)
	emptyUnit      = anomaly.Make('X', 1)
	shortUnit      = anomaly.Make('X', 2)
	unitCutByFIN   = anomaly.Make('X', 3)
	splitPrefix    = anomaly.Make('X', 4)
	manyInSegment  = anomaly.Make('X', 5)
	noPrefix       = anomaly.Make('X', 7)
	resetWhileOpen = anomaly.Make('X', 8)
	foreignOnPort  = anomaly.Make('X', 10)
	lengthMismatch = anomaly.Make('X', 11)
	badChecksum    = anomaly.Make('X', 12)
	portZero       = anomaly.Make('X', 13)
	portOfService  = anomaly.Make('X', 14)
	icmpError      = anomaly.Make('X', 15)
	// TCPRefused is the event of a connection that was reset before it carried a byte. It is O34 only where the client has been told to come over
	// TCP: who keeps the history decides.
	TCPRefused = anomaly.Make('O', 34)
)

// endpoints are whose an event is.
type endpoints struct {
	client, server         packet.Addr
	clientPort, serverPort uint16
}

// begin returns the event to fill in, of that kind and of the packet and the endpoints of m; nil if the handler wants none.
func (s *shard) begin(k Kind, m *Message) *Event {
	if s.watcher == nil {
		return nil
	}
	e := &s.event
	*e = Event{Kind: k, Time: m.Time, Number: m.Number, File: m.File, Proto: m.Proto, IPVersion: ipVersion(&m.Client),
		Client: m.Client, Server: m.Server, ClientPort: m.ClientPort, ServerPort: m.ServerPort}
	return e
}

// tell hands an anomaly to the handler, if it wants any.
func (s *shard) tell(id anomaly.ID, time int64, number uint64, file uint16, proto Proto, e *endpoints) {
	if s.watcher == nil {
		return
	}
	s.event = Event{Kind: KindAnomaly, ID: id, Time: time, Number: number, File: file, Proto: proto, IPVersion: ipVersion(&e.client),
		Client: e.client, Server: e.server, ClientPort: e.clientPort, ServerPort: e.serverPort}
	s.watcher.Event(&s.event)
}

// tellOf hands on an event of a message's packet.
func (s *shard) tellOf(id anomaly.ID, m *Message) {
	s.tell(id, m.Time, m.Number, m.File, m.Proto, &endpoints{m.Client, m.Server, m.ClientPort, m.ServerPort})
}

// opcodeDSO is that of DNS Stateful Operations, in which servers ask, too (RFC 8490 section 5.4).
const opcodeDSO = 6

// goesBackwards says whether the QR bit says otherwise than the ports which way a message goes.
func goesBackwards(m *wire.Message, r role) bool {
	return !r.symmetric() && r.srcServer() != m.Response() && m.Opcode() != opcodeDSO
}

// wrongWay notes a query that came from a server's port, and a response that came to one which had asked nothing.
func (s *shard) wrongWay(m *Message, k *keys) {
	if !m.Response() {
		s.tellOf(queryFromPort, m)
		return
	}
	if n, _ := s.pairs.candidates(k); n == 0 {
		s.tellOf(responseToPort, m)
	}
}

// oddPorts is above the client ports that oddPort notes.
const oddPorts = 465

// oddPort notes a client port that no resolver sends from: 0, or one of the services echo, daytime, chargen, time and kpasswd, whose answers to
// answers make a loop.
func (s *shard) oddPort(m *Message) {
	switch m.ClientPort {
	case 0:
		s.tellOf(portZero, m)
	case 7, 13, 19, 37, 464:
		s.tellOf(portOfService, m)
	}
}
