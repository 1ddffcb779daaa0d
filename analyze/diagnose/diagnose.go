// Package diagnose turns evidence into findings: ranked causes with the numbers behind them, what would refute them, and the next command to run.
//
// A rule looks for one cause. It compares what is wrong with the healthy rest of the capture (this client with the others, this server with its peers, before
// with after), and claims the evidence that its finding explains, so that the rules behind it, which are less specific, see only what is left. Rules are in
// the order of the table in rules.go.
package diagnose

import (
	"cmp"
	"slices"
	"time"

	"github.com/dnssniff/dnssniff/analyze/evidence"
)

// Severity says how much a finding matters to the users.
type Severity string

// The severities.
const (
	Critical Severity = "critical" // users get no answers
	Warning  Severity = "warning"  // they are slow, or will fail, or somebody abuses the service
	Info     Severity = "info"     // good to know, nothing to do
)

// Finding is a claim about what is behind the symptoms.
type Finding struct {
	// ID names the rule, and is stable: "lame-delegation".
	ID       string   `json:"id"`
	Severity Severity `json:"severity"`
	Title    string   `json:"title"` // one sentence without full stop: who has what trouble
	Cause    string   `json:"cause"` // one or two sentences: why, as far as the capture tells
	// Confidence is from 0 to 1: of the findings said with 0.9, nine of ten are right.
	Confidence float64 `json:"confidence"`
	Scope      Scope   `json:"scope"`
	// Evidence is what was seen, with its numbers, the strongest first.
	Evidence []string `json:"evidence"`
	// Packets are frame numbers to look at, by file and number, and Wireshark a display filter for all that belongs to the finding. PacketFiles has the index
	// of the input's files for each of them; it is nil where all are of the first.
	Packets     []uint64 `json:"packets"`
	PacketFiles []uint16 `json:"packet_files,omitempty"`
	Wireshark   string   `json:"wireshark"`
	// Next are commands to run, with names and addresses filled in and quoted for a shell. Against says what would refute the finding, or explain the same.
	Next    []string `json:"next"`
	Against []string `json:"against"`
	Refs    []string `json:"refs"`
	// First and Last are when it was seen. Affected counts transactions, Clients those who felt it, as far as they are known.
	First    time.Time `json:"first,omitzero"`
	Last     time.Time `json:"last,omitzero"`
	Affected uint64    `json:"affected"`
	Clients  int       `json:"clients,omitempty"`

	harm     uint64 // transactions of clients that went wrong, where these are in the capture, else Affected
	upstream bool   // it is between a resolver and its servers
}

// File returns the index of the input's files for the i-th of Packets.
func (f *Finding) File(i int) uint16 {
	if i < len(f.PacketFiles) {
		return f.PacketFiles[i]
	}
	return 0
}

// Names says that a packet, with its number in its file, is among Packets.
func (f *Finding) Names(file uint16, number uint64) bool {
	for i, n := range f.Packets {
		if n == number && f.File(i) == file {
			return true
		}
	}
	return false
}

// Scope is what a finding is about. What does not apply is empty.
type Scope struct {
	Client string `json:"client,omitempty"`
	Server string `json:"server,omitempty"`
	Zone   string `json:"zone,omitempty"`
	Subnet string `json:"subnet,omitempty"`
	Suffix string `json:"suffix,omitempty"`
	Name   string `json:"name,omitempty"`
	Link   string `json:"link,omitempty"`
	Skew   string `json:"skew_s,omitempty"` // seconds, the client's clock less the server's
}

// Input is what is known of a capture besides the evidence.
type Input struct {
	Facts       *evidence.Facts
	First, Last int64    // of its packets, ns since the epoch
	Window      bool     // they are the last of many: there were packets before First
	OneWay      string   // "queries" or "responses" where the capture has nothing else; else empty
	File        string   // its name, to be filled into commands; "" if there is none, or several
	Files       []string // names of all, by the index that packets have; may be empty
	Load        []Load   // over time, stretches of equal length without gaps; may be empty
	Capture     Capture
}

// Capture counts what tells how good a capture is, in packets but for the last two.
type Capture struct {
	Read                                     uint64
	Dropped                                  uint64 // by the kernel, as far as it is known
	Fragments, LaterFragments, FragmentsLost uint64 // of IP datagrams; later ones are not the first of theirs
	TCPStreams, TCPGaps                      uint64 // connections on DNS ports, and holes in them
}

// Load is what there was in a stretch of time.
type Load struct{ Queries, ServFail, Unanswered uint64 }

// Find returns where the capture was made, and what the rules find, the worst first.
func Find(in Input) (Vantage, []Finding) {
	c := newCase(in)
	all := []Finding{}
	for _, r := range rules() {
		for _, f := range r.find(c) {
			f.ID = r.id
			f.Refs = append(f.Refs, r.refs...)
			if f.Severity == Critical && f.Confidence < unsure {
				f.Severity = Warning
			}
			all = append(all, f.complete())
		}
	}
	for i := range all {
		if f := &all[i]; !f.upstream || c.seenFrom != Recursive && c.seenFrom != Forwarder {
			f.harm = f.Affected
		}
	}
	return c.seenFrom, worth(all)
}

// unsure is the confidence below which nothing is critical: it would stand before what is known.
const unsure = 0.65

// unlikely is the confidence below which a finding is not worth saying, and most how many of one rule are: where more are alike, the rest is of the same
// cause, or the rule sees ghosts.
const (
	unlikely = 0.5
	most     = 16
)

// worth returns the findings worth saying, the worst first.
func worth(all []Finding) []Finding {
	slices.SortStableFunc(all, worse)
	said := make(map[string]int)
	return slices.DeleteFunc(all, func(f Finding) bool {
		if f.Confidence < unlikely {
			return true
		}
		said[f.ID]++
		return said[f.ID] > most
	})
}

// complete makes lists of what is missing, so that JSON has arrays.
func (f Finding) complete() Finding {
	for _, list := range []*[]string{&f.Evidence, &f.Next, &f.Against, &f.Refs} {
		if *list == nil {
			*list = []string{}
		}
	}
	f.Packets, f.PacketFiles = apartFromFiles(f.Packets)
	f.Confidence = float64(int(f.Confidence*100+0.5)) / 100
	return f
}

func worse(a, b Finding) int {
	return cmp.Or(cmp.Compare(b.Severity.rank(), a.Severity.rank()), cmp.Compare(b.weight(b.harm), a.weight(a.harm)),
		cmp.Compare(b.weight(b.Affected), a.weight(a.Affected)), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Title, b.Title))
}

// weight orders findings of one severity: many transactions of which much is sure. First those of clients count: a resolver asks a server that fails again
// and again for one of them, and would make much of little.
func (f *Finding) weight(n uint64) float64 { return float64(n) * f.Confidence * f.Confidence }

func (s Severity) rank() int {
	switch s {
	case Critical:
		return 2
	case Warning:
		return 1
	}
	return 0
}
