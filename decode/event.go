package decode

import (
	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/decode/packet"
	"github.com/dnssniff/dnssniff/decode/wire"
)

// Event is an anomaly of a packet or a flow, of which no message tells.
type Event struct {
	ID             anomaly.ID
	Time           int64  // ns since the epoch
	Number         uint64 // packet number, 1-based in its file
	File           uint16
	Proto          Proto
	IPVersion      uint8
	Client, Server packet.Addr
	ClientPort     uint16
	ServerPort     uint16
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

// tell hands an event to the handler, if it wants any.
func (s *shard) tell(id anomaly.ID, time int64, number uint64, file uint16, proto Proto, e *endpoints) {
	if s.watcher == nil {
		return
	}
	s.event = Event{ID: id, Time: time, Number: number, File: file, Proto: proto, IPVersion: ipVersion(&e.client),
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
