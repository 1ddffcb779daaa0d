// Package inspect shows a DNS message field by field beside its bytes, what is wrong with it, and what was answered to it.
//
// What is shown is bounded whatever the message: what is left out is said. No byte of the traffic reaches the output but through the
// sanitiser. Faulty bytes are marked by brackets, [..] where a rule is broken and (..) else; colours only repeat that.
package inspect

import (
	"io"
	"net/netip"
	"slices"
	"time"

	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/decode/wire"
)

// Message is a message as it was captured. Its bytes are its own: nothing overwrites them while it is in use.
type Message struct {
	*wire.Message
	File   string
	Number uint64 // of the packet that completed it
	Time   int64  // of that packet, ns since the epoch

	From, To netip.AddrPort
	Proto    decode.Proto
	Length   int // bytes as sent; above len(Data) where the capture lacks some

	Fragments int // IP fragments it came in, 0 = whole
	Segments  int // TCP segments it came in, 0 = not over TCP
	// FirstNumber is the packet with its first byte; valid iff Segments > 1.
	FirstNumber uint64
	// Frame is where it begins in its packet, in bytes from the start of the frame; negative where it lies in several packets.
	Frame int
	// Flow are the anomalies that its packet or its connection shows; they are about none of its bytes.
	Flow []anomaly.ID
}

// Exchange is a query with its response, or one of the two alone.
type Exchange struct {
	// Packet is the packet that was asked for, in the file of the message. Response says that it holds the response, else the query.
	Packet      uint64
	OfResponse  bool
	Query       *Message // nil where it was not seen, or is no longer held
	Response    *Message // nil where there is none
	Status      decode.Status
	Settled     bool          // Status is known
	RTT         time.Duration // from the first query to the response; valid iff both were seen
	HasRTT      bool
	FirstQuery  uint64 // packet of the first transmission of the query, 0 = not known
	Repetitions int    // times that the query was seen again while it was open
	Timeout     time.Duration
	ICMP        decode.ICMP
	// Anomalies are those that query and response show together, at offsets in the response where there is one; those of each message are in
	// the message.
	Anomalies []anomaly.Seen
	// Remarks are sentences about what the capture has of the exchange.
	Remarks []string
}

// Answer is what a server does with a message that has an anomaly, as measured.
type Answer struct {
	Server string // "BIND 9.20"
	Does   string // "FORMERR", "no response"
}

// Options say how the text looks. The zero value is 80 columns of uncoloured UTF-8.
type Options struct {
	Width int  // columns; less than 80 counts as 80
	Color bool // use ANSI colours
	ASCII bool // print no byte above 0x7e
	// Answers, unless nil, returns what servers are known to answer to a query with an anomaly.
	Answers func(anomaly.ID) []Answer
}

// Columns.
const (
	minWidth = 80
	bothFrom = 120 // query and response stand side by side
)

// Text writes exchanges as text. The error is that of w.
func Text(w io.Writer, all []Exchange, o Options) error {
	o.Width = max(o.Width, minWidth)
	p := &page{Options: o}
	for i := range all {
		if i > 0 {
			p.line("")
		}
		p.exchange(&all[i])
	}
	_, err := w.Write(p.out)
	return err
}

// exchange writes both messages, then what is odd about them, then what was answered.
func (p *page) exchange(e *Exchange) {
	switch {
	case e.Query == nil || e.Response == nil:
		for _, m := range e.messages() {
			p.lines(p.panel(e, m, p.Width).all())
		}
	case p.Width >= bothFrom:
		p.sideBySide(e)
	default:
		p.lines(p.panel(e, e.Query, p.Width).all())
		p.line("")
		p.lines(p.panel(e, e.Response, p.Width).all())
	}
	p.verdicts(e)
}

// messages returns the messages that are there.
func (e *Exchange) messages() (all []*Message) {
	for _, m := range []*Message{e.Query, e.Response} {
		if m != nil {
			all = append(all, m)
		}
	}
	return all
}

// anomaliesOf returns what is odd about a message: by itself, and then with its partner.
func (e *Exchange) anomaliesOf(m *Message) []anomaly.Seen {
	all := slices.Clone(m.Anomalies)
	if m == e.Response || e.Response == nil {
		all = append(all, e.Anomalies...)
	}
	return append(all, m.flow()...)
}

// flow returns what the message's packet or connection shows.
func (m *Message) flow() (all []anomaly.Seen) {
	for _, id := range m.Flow {
		all = append(all, anomaly.Seen{ID: id})
	}
	return all
}
