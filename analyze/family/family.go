// Package family knows what servers answer to queries that have an anomaly of the catalogue, and how their FORMERR responses look. The figures were
// measured on real servers: tables.go is made from pcaps/matrix.yaml (go test ./analyze/family -update).
package family

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/decode/wire"
)

// Server is a server that was measured.
type Server struct {
	Name    string // "BIND"
	Version string // as upstream numbers it: "9.18.49"
	Role    string // authoritative, recursive, forwarder or load balancer
}

// String returns the name and the version.
func (s Server) String() string { return s.Name + " " + s.Version }

// Servers returns the servers that were measured, in the order of their names.
func Servers() []Server { return slices.Clone(servers[:]) }

// outcome is how often a server answered something.
type outcome struct {
	answer string // an RCODE, or "none"
	n      int
}

// Answer is what a server answered to the queries that had an anomaly.
type Answer struct {
	Server Server
	// Does says it in words: "FORMERR", "no response", or "FORMERR, or NOERROR (1 of 5 ways)" where the ways to have the anomaly are not all alike.
	Does string
}

// Answers returns what servers answered to queries with an anomaly, in the order of [Servers]; nothing for an anomaly that was not measured.
func Answers(id anomaly.ID) []Answer {
	var all []Answer
	for _, c := range cells[id] {
		all = append(all, Answer{servers[c.server], does(c.outcomes)})
	}
	return all
}

func does(outcomes []outcome) string {
	total := 0
	for _, o := range outcomes {
		total += o.n
	}
	var words []string
	for i, o := range outcomes {
		word := o.answer
		if word == "none" {
			word = "no response"
		}
		if i > 0 {
			word = fmt.Sprintf("or %s (%d of %d ways)", word, o.n, total)
		}
		words = append(words, word)
	}
	return strings.Join(words, ", ")
}

// Refused says whether a server was seen to answer FORMERR to some query with the anomaly.
func Refused(id anomaly.ID) bool {
	for _, c := range cells[id] {
		if slices.ContainsFunc(c.outcomes, func(o outcome) bool { return o.answer == "FORMERR" }) {
			return true
		}
	}
	return false
}

// Shape is the form of a FORMERR response, as far as it tells servers apart.
type Shape uint8

// The bits of a Shape.
const (
	HeaderOnly Shape = 1 << iota // 12 bytes
	HasOPT
	Repeats // as long as its query, with the same counts
	FlagRD
	FlagRA
	FlagAA
	FlagAD
	FlagZ
)

// ShapeOf returns the shape of a response to a query of that length in bytes.
func ShapeOf(m *decode.Message, query uint16) Shape {
	var s Shape
	set := func(bit Shape, yes bool) {
		if yes {
			s |= bit
		}
	}
	set(HeaderOnly, m.Length == wire.HeaderLen)
	set(HasOPT, m.HasOPT)
	set(Repeats, m.Length == query && m.Length > wire.HeaderLen)
	set(FlagRD, m.Flags&wire.FlagRD != 0)
	set(FlagRA, m.Flags&wire.FlagRA != 0)
	set(FlagAA, m.Flags&wire.FlagAA != 0)
	set(FlagAD, m.Flags&wire.FlagAD != 0)
	set(FlagZ, m.Flags&wire.FlagZ != 0)
	return s
}

// String lists what a shape has.
func (s Shape) String() string {
	var words []string
	for i, word := range [...]string{"header only", "OPT", "query repeated", "rd", "ra", "aa", "ad", "z"} {
		if s&(1<<i) != 0 {
			words = append(words, word)
		}
	}
	if len(words) == 0 {
		return "question, no flags"
	}
	return strings.Join(words, ", ")
}

// Guess is a server that responses may come from.
type Guess struct {
	Server     Server
	Confidence float64 // 0 to 1: the probability among the servers that were measured, each as likely as the others before
}

// unseen is the probability given to a shape that a server was never seen to answer with: measured is not everything.
const unseen = 0.005

// evidence is what any number of responses is worth at most.
const evidence = 30

// Guesses returns which servers a server's FORMERR responses may come from, by how many of them have which shape, the likeliest first; those below one
// percent are left out. Many responses count as no more than evidence of them: a query sent again tells nothing new.
func Guesses(shapes map[Shape]uint64) []Guess {
	responses := uint64(0)
	for _, n := range shapes {
		responses += n
	}
	weight := min(1, evidence/float64(responses))
	logs := make([]float64, len(servers))
	for _, s := range slices.Sorted(maps.Keys(shapes)) {
		for i := range servers {
			logs[i] += weight * float64(shapes[s]) * math.Log(likelihood(i, s))
		}
	}
	most, total := slices.Max(logs), 0.0
	for i := range logs {
		logs[i] = math.Exp(logs[i] - most)
		total += logs[i]
	}
	var all []Guess
	for i, w := range logs {
		if c := math.Round(100*w/total) / 100; c > 0 {
			all = append(all, Guess{servers[i], c})
		}
	}
	slices.SortStableFunc(all, func(a, b Guess) int { return cmp.Compare(b.Confidence, a.Confidence) })
	return all
}

// likelihood returns how often a FORMERR of a server had a shape.
func likelihood(server int, s Shape) float64 {
	n, total := 0, 0
	for _, f := range formerrs {
		if f.server != server {
			continue
		}
		total += f.n
		if f.shape == s {
			n += f.n
		}
	}
	if total == 0 {
		return unseen
	}
	return max(float64(n)/float64(total), unseen)
}
