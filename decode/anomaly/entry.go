package anomaly

import "strings"

// Entry is what the catalogue says about a condition.
type Entry struct {
	ID   ID
	Name string // short and unique, of lower-case words joined by hyphens ("ptr-loop")
	// Severity is Info for what must not be reported (Level Never), and without meaning for what cannot be decided (Level Undecidable).
	Severity Severity
	Level    Level
	Of       Kind
	Culprits Culprits
	// RFC lists the RFCs and sections that the condition breaks or that define it, by commas ("RFC 1035 section 4.1.1, RFC 6895 section 2.1").
	// It is empty where no RFC speaks of the condition.
	RFC string
	// Meaning is one sentence for operators, with its full stop, to which the value seen can be added.
	Meaning string
	// Reason says why it cannot be decided. It is empty iff Level is not Undecidable.
	Reason string
}

// Level says how much traffic must be known to decide an entry.
type Level uint8

// The levels, from the smallest view to the widest.
const (
	// Message is decided from one message alone.
	Message Level = iota
	// Pair is decided from a query and what came back, or from a message and its addresses and ports.
	Pair
	// Flow is decided from a TCP stream, a UDP or IP header, fragments, or ICMP.
	Flow
	// History is decided from several transactions.
	History
	// Undecidable is what an observer who sends nothing cannot know; Entry.Reason says why.
	Undecidable
	// Never is an artefact of the capture: the sender did nothing odd, and nothing must be reported.
	Never
)

// String returns the level in lower case.
func (l Level) String() string {
	return word(int(l), "message", "pair", "flow", "history", "undecidable", "never reported")
}

// Kind says which messages an entry is about.
type Kind uint8

// The kinds of messages.
const (
	Either Kind = iota
	Query
	Response
)

// String returns the kind in lower case.
func (k Kind) String() string { return word(int(k), "either", "query", "response") }

// Culprits is the set of those who usually cause an entry.
type Culprits uint8

// The usual culprits.
const (
	Client    Culprits = 1 << iota // a bug or the configuration of a client, resolvers that ask others included
	Server                         // a bug or the configuration of a server
	Middlebox                      // a firewall, proxy, home router or load balancer on the way
	Attack                         // scans, forgery, amplification, tunnels, fuzzing
	Network                        // loss, MTU, routing, clocks
	Capture                        // how the capture was taken
	NotDNS                         // another protocol on a DNS port
)

// String lists the culprits by commas ("client, middlebox"). It is empty for the empty set.
func (c Culprits) String() string {
	var names []string
	for i, name := range [...]string{"client", "server", "middlebox", "attack", "network", "capture", "not DNS"} {
		if c&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}
