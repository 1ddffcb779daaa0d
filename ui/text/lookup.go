package text

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/dnssniff/dnssniff/analyze/lookup"
	"github.com/dnssniff/dnssniff/decode/mnemonic"
	"github.com/dnssniff/dnssniff/decode/packet"
	"github.com/dnssniff/dnssniff/decode/wire"
)

// Lookup is a lookup to be printed.
type Lookup struct {
	*lookup.Lookup
	Answered bool
	// Server returns the address behind a step's hash, the zero one where it is not known.
	Server func(hash uint64) packet.Addr
}

// LookupLine appends one line about a lookup, with its newline: when it began, client, question, what the client had after how many tries and how long,
// by what change, and each step. It holds nothing but printable characters and, with colour, SGR sequences.
func LookupLine(dst []byte, x Lookup, o LineOptions) []byte {
	l := liner{dst: dst, start: len(dst), o: o}
	l.time(x.Steps[0].Time)
	l.start, l.hidden = len(l.dst), 0
	l.next()
	l.text(x.Client.String())
	l.column(colServer)
	l.pad()
	l.dst = append(appendName(l.dst, x.Asked), ' ')
	l.dst = mnemonic.AppendType(l.dst, x.Type)
	l.column(colQuestion + 12)
	st := good
	if !x.Answered {
		st = bad
	}
	l.colour(st)
	l.pad()
	l.dst = append(l.dst, x.outcome()...)
	l.reset(st)
	l.text("; ")
	l.dst = append(l.dst, x.steps(o)...)
	return append(l.dst, '\n')
}

// outcome says what the client had: "answered at first in 12 ms", "answered after 3 tries in 5.0 s, over TCP", "failed after 2 tries in 10.0 s".
func (x *Lookup) outcome() string {
	word, tries := "failed", "after "+count(uint64(x.Tries), "try")
	if x.Answered {
		word = "answered"
	}
	if x.Tries == 1 && x.Answered {
		tries = "at first"
	}
	s := word + " " + tries
	if ns, ok := x.took(); ok {
		s += " in " + string(appendMillis(nil, float64(ns)/1e6, true))
	}
	if by, ok := x.by(); ok {
		s += ", " + SolvedBy(by.String())
	}
	return s
}

// took is the time from the first query to the answer, or to the last response of a lookup that failed.
func (x *Lookup) took() (ns int64, ok bool) {
	if s := x.Good(); s != nil {
		return s.Time + s.RTT - x.Steps[0].Time, true
	}
	for i := range x.Kept() {
		if s := &x.Steps[i]; s.State == lookup.Answered {
			ns, ok = max(ns, s.Time+s.RTT-x.Steps[0].Time), true
		}
	}
	return ns, ok
}

// by is the change that brought the answer.
func (x *Lookup) by() (lookup.Change, bool) {
	if s := x.Good(); s != nil && s != &x.Steps[0] {
		return lookup.ChangeTo(&x.Steps[0], s), true
	}
	return 0, false
}

// steps are the tries, each with what was different about it: "10.53.0.53 udp 1232 TC; tcp NOERROR".
func (x *Lookup) steps(o LineOptions) string {
	var b strings.Builder
	last := uint64(0)
	kept := x.Kept()
	for i := range kept {
		s := &kept[i]
		if i > 0 {
			b.WriteString("; ")
		}
		if i == len(kept)-1 && int(x.Tries) > len(kept) {
			b.WriteString("(" + strconv.Itoa(int(x.Tries)-len(kept)) + " more); ")
		}
		if i == 0 || s.Server != last {
			b.WriteString(x.server(s) + " ")
		}
		last = s.Server
		b.WriteString(stepWords(s))
	}
	return b.String()
}

func (x *Lookup) server(s *lookup.Step) string {
	if a := x.Server(s.Server); a != (packet.Addr{}) {
		return a.String()
	}
	return "?"
}

func stepWords(s *lookup.Step) string {
	w := "udp"
	if s.TCP {
		w = "tcp"
	}
	if s.EDNS && !s.TCP {
		w += " " + strconv.Itoa(int(s.Size))
	}
	if !s.EDNS {
		w += " no EDNS"
	}
	if s.CD {
		w += " cd"
	}
	switch {
	case s.State == lookup.Silent:
		return w + " no response"
	case s.State == lookup.Open:
		return w + " open"
	case s.Truncated:
		w += " TC"
	}
	return w + " " + mnemonic.RCODE(s.RCODE) + " " + string(appendMillis(nil, float64(s.RTT)/1e6, true))
}

// jsonLookup is a line of `print --lookups --json`. Fields are added, never renamed.
type jsonLookup struct {
	Time     string     `json:"time"` // of the first query: RFC 3339 with nanoseconds, UTC
	Client   string     `json:"client"`
	Name     string     `json:"name"` // in presentation form
	Type     string     `json:"type"`
	Outcome  string     `json:"outcome"` // answered, failed
	Tries    uint16     `json:"tries"`   // transactions; the first five and the last are in steps
	Duration *float64   `json:"duration_ms,omitempty"`
	SolvedBy string     `json:"solved_by,omitempty"` // tcp, no_edns, no_options, smaller_edns, cd, other_server, again
	Steps    []jsonStep `json:"steps"`
}

type jsonStep struct {
	Time      string   `json:"time"`
	Packet    uint64   `json:"packet"`         // of the query, from 1 in its file
	File      uint16   `json:"file,omitempty"` // index of the files that were given; absent for the first
	Server    string   `json:"server,omitempty"`
	Transport string   `json:"transport"`
	UDPSize   *uint16  `json:"udp_size,omitempty"` // absent without EDNS
	CD        bool     `json:"cd,omitempty"`
	Status    string   `json:"status"` // answered, unanswered, pending
	RCODE     string   `json:"rcode,omitempty"`
	Truncated bool     `json:"truncated,omitempty"`
	RTT       *float64 `json:"rtt_ms,omitempty"`
}

// LookupJSON appends one object about a lookup and a newline.
func LookupJSON(dst []byte, x Lookup) []byte {
	j := jsonLookup{Time: rfc3339(x.Steps[0].Time), Client: x.Client.String(), Type: mnemonic.Type(x.Type), Outcome: "failed", Tries: x.Tries, Steps: []jsonStep{}}
	if len(x.Asked) > 0 {
		j.Name = string(wire.AppendName(nil, x.Asked))
	}
	if x.Answered {
		j.Outcome = "answered"
	}
	if ns, ok := x.took(); ok {
		j.Duration = inMillis(ns)
	}
	if by, ok := x.by(); ok {
		j.SolvedBy = by.String()
	}
	for i := range x.Kept() {
		j.Steps = append(j.Steps, x.jsonStep(&x.Steps[i]))
	}
	b, err := json.Marshal(j)
	if err != nil { // not for these types
		return dst
	}
	return append(append(dst, b...), '\n')
}

func (x *Lookup) jsonStep(s *lookup.Step) jsonStep {
	j := jsonStep{Time: rfc3339(s.Time), Packet: s.Number, File: s.File, Transport: "udp", CD: s.CD, Status: "pending"}
	if a := x.Server(s.Server); a != (packet.Addr{}) {
		j.Server = a.String()
	}
	if s.TCP {
		j.Transport = "tcp"
	}
	if s.EDNS {
		j.UDPSize = &s.Size
	}
	switch s.State {
	case lookup.Answered:
		j.Status, j.RCODE, j.Truncated, j.RTT = "answered", mnemonic.RCODE(s.RCODE), s.Truncated, inMillis(s.RTT)
	case lookup.Silent:
		j.Status = "unanswered"
	}
	return j
}

func inMillis(ns int64) *float64 {
	ms := float64(ns/1e3) / 1e3
	return &ms
}

func rfc3339(ns int64) string { return time.Unix(0, ns).UTC().Format(time.RFC3339Nano) }
