// Package lookup follows what clients try for one question, until they have an answer or give up: again from a new port, with a smaller EDNS size,
// without EDNS or without options, over TCP, with CD, at another server. The steps together are a lookup; it has one outcome, as the client felt
// it, and one total time.
//
// Lookups that are answered at once cost two probes of a small table. A tracker holds at most its limit of lookups: 64 bytes each, 32 more for those that
// have failed at the first try, 400 for those that took more than that, and 12 in the index.
package lookup

import (
	"math"
	"math/bits"

	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/packet"
	"github.com/dnssniff/dnssniff/decode/wire"
)

// maxSteps bounds the steps that a lookup keeps: the first ones and, in the last place, the last.
const maxSteps = 6

// State is how a step ended.
type State uint8

// The states of a step.
const (
	Open State = iota // nothing has come, and the timeout is not over
	Answered
	Silent // no response within the timeout
)

// Step is one transaction of a lookup.
type Step struct {
	Time    int64  // of the query, ns since the epoch
	RTT     int64  // ns, valid iff Answered
	Number  uint64 // packet of the query, in its file
	Server  uint64 // hash of the server's address
	Options uint32 // EDNS.Has of the query
	port    uint32 // client port and ID
	Size    uint16 // EDNS requestor's size, valid iff EDNS
	RCODE   uint16 // valid iff Answered, as is Truncated
	File    uint16 // index of the input's files
	State   State
	EDNS    bool
	TCP     bool
	CD      bool
	// Malformed says so of the query, or that it is of an EDNS version which is not in use.
	Malformed bool
	// Truncated says that the response has the TC bit.
	Truncated bool
}

// good says that a step gave the client what it asked for.
func (s *Step) good() bool { return s.State == Answered && !s.Truncated && decides(s.RCODE) }

// good says that a response gives the client what it asked for.
func good(m *decode.Message) bool { return !m.Truncated() && decides(m.RCODE()) }

// decides says that an RCODE is an answer, or the word that there is none.
func decides(rcode uint16) bool {
	return rcode == rcodeNoError || rcode == rcodeNXDomain || rcode >= rcodeYXDomain && rcode <= rcodeNXRRSet
}

// RCODEs (IANA).
const (
	rcodeNoError  = 0
	rcodeFormErr  = 1
	rcodeServFail = 2
	rcodeNXDomain = 3
	rcodeYXDomain = 6
	rcodeNXRRSet  = 8
)

// Lookup is what a client tried for one question.
type Lookup struct {
	Client  packet.Addr
	Name    uint64 // hash of the question's name, with the run's seed
	Asked   []byte // the name in wire form, where the tracker keeps names, as the first query spelled it; valid as long as the lookup
	Type    uint16
	Tries   uint16 // transactions, also those that are not in Steps
	open    uint16 // of them, not settled
	residue uint16 // transactions of an earlier lookup for the same question that are not settled
	counted bool   // its outcome has been told
	refused bool   // a TCP connection to a server was refused, or got no answer
	Steps   [maxSteps]Step
}

// Kept returns the steps that are known.
func (l *Lookup) Kept() []Step { return l.Steps[:min(int(l.Tries), maxSteps)] }

// lastStep returns the step that came last.
func (l *Lookup) lastStep() *Step { return &l.Steps[min(int(l.Tries), maxSteps)-1] }

// step returns the step from that client port and with that ID, or nil.
func (l *Lookup) step(port uint32) *Step {
	for i := range l.Kept() {
		if l.Steps[i].port == port {
			return &l.Steps[i]
		}
	}
	return nil
}

// Good returns the first step, in the order of the queries, that gave the client what it asked for, or nil.
func (l *Lookup) Good() *Step {
	for i := range l.Kept() {
		if l.Steps[i].good() {
			return &l.Steps[i]
		}
	}
	return nil
}

// portOf is what tells the transactions of one client and question apart.
func portOf(port, id uint16) uint32 { return uint32(port)<<16 | uint32(id) }

// keyOf returns the key of a client's question.
func keyOf(client, name uint64, typ uint16) uint64 {
	const k = 0x9e3779b97f4a7c15
	hi, lo := bits.Mul64(client^k, bits.RotateLeft64(name, 21)^uint64(typ)*k)
	return hi ^ lo
}

// question is who asked for what.
type question struct {
	client packet.Addr
	name   uint64 // hash
	typ    uint16
}

// begin makes a story a new one, without steps.
func (l *Lookup) begin(q question, asked []byte, residue uint16) {
	l.Client, l.Name, l.Asked, l.Type, l.Tries = q.client, q.name, asked, q.typ, 0
	l.open, l.residue, l.counted, l.refused = 0, residue, false, false
}

// first makes a story that of an entry.
func (l *Lookup) first(e *entry, q question, asked []byte) {
	l.begin(q, asked, 0)
	l.Steps[0], l.Tries = e.step(), 1
	if l.Steps[0].State == Open {
		l.open = 1
	}
}

// Bits of an entry.
const (
	bitEDNS = 1 << iota
	bitTCP
	bitCD
	bitMalformed
	bitError  // the response had an RCODE that is no answer
	bitSilent // there was none in time

	bitsEnded = bitError | bitSilent
)

// begin fills an entry from a query.
func (e *entry) begin(m *decode.Message) {
	e.time, e.last, e.number, e.server, e.port, e.story = m.Time, m.Time, m.Number, m.ServerHash, portOf(m.ClientPort, m.ID), 0
	e.bits, e.size, e.options, e.file = 0, 0, 0, m.File
	if m.HasOPT {
		e.bits, e.size, e.options = bitEDNS, m.EDNS.UDPSize, m.EDNS.Has
	}
	if m.Proto == decode.TCP {
		e.bits |= bitTCP
	}
	if m.Flags&wire.FlagCD != 0 {
		e.bits |= bitCD
	}
	if m.Malformed || m.HasOPT && m.EDNS.Version != 0 {
		e.bits |= bitMalformed
	}
}

// step returns the entry's only step.
func (e *entry) step() Step {
	s := Step{Time: e.time, Number: e.number, File: e.file, Server: e.server, Options: e.options, port: e.port, Size: e.size,
		EDNS: e.bits&bitEDNS != 0, TCP: e.bits&bitTCP != 0, CD: e.bits&bitCD != 0, Malformed: e.bits&bitMalformed != 0}
	switch {
	case e.bits&bitError != 0:
		s.State, s.RTT, s.RCODE = Answered, e.last-e.time, uint16(e.rcode)
	case e.bits&bitSilent != 0:
		s.State = Silent
	}
	return s
}

// fails notes how the only step failed, and says that there is room for it in the entry.
func (e *entry) fails(x *decode.Transaction) bool {
	r := x.Response
	if r == nil {
		e.bits |= bitSilent
		return true
	}
	code := r.RCODE()
	if code > math.MaxUint8 || r.Truncated() || r.Time < e.last || x.RTT != r.Time-e.time {
		return false
	}
	e.bits, e.rcode = e.bits|bitError, uint8(code)
	return true
}

// end fills in how the transaction ended.
func (s *Step) end(t *decode.Transaction) {
	if t.Status != decode.Answered {
		s.State = Silent
		return
	}
	s.State, s.RTT, s.RCODE, s.Truncated = Answered, t.RTT, t.Response.RCODE(), t.Response.Truncated()
}
