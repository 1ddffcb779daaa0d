// Package watch stands between the decoder and the screens: it counts what goes by into summaries of the whole and of the last minutes, keeps
// the newest transactions, and makes immutable snapshots of them. Traffic never waits for a screen, and a screen never waits for traffic.
//
// Each shard's handler counts into a summary and holds its transactions as bytes. With each second of packet time it hands both over, if the aggregator
// has given back what it had before; else it goes on. The aggregator is one goroutine. It adds what comes to the whole, to slots of 5 s, of 30 s and of
// 1 min, and to the ring of transactions, and makes a snapshot when one has been asked for.
//
// Memory is bounded whatever the traffic. With the default Options, in MiB where every table is full, as in a flood of random names from forged addresses:
//
//	shards  120  8 of a summary and a part, each with 4,096 rows of evidence
//	whole   170  838,860 names, 104,857 clients, 65,536 rows of evidence
//	slots   240  40 of 13,107 names, 6,553 clients and 1,024 rows of evidence
//	ring     64
//	history  35  an hour
//
// On a live line the last five minutes of evidence are diagnosed every three seconds, for at most a fiftieth of the time, and the findings followed: when
// they start, change and end. With all slots full a diagnosis takes 20 ms and 11 MiB for that while.
//
// A quiet line takes about 60. What a bound made approximate is said in each snapshot.
package watch

import (
	"time"

	"github.com/dnssniff/dnssniff/analyze"
	"github.com/dnssniff/dnssniff/analyze/diagnose"
	"github.com/dnssniff/dnssniff/analyze/record"
)

// Span is how far back a snapshot reaches, in packet time.
type Span int

// The spans.
const (
	All Span = iota
	Minute
	FiveMinutes
	FifteenMinutes
	spans
)

// String names the span as screens do: "all", "1 min", "5 min", "15 min".
func (s Span) String() string {
	if s < 0 || s >= spans {
		s = All
	}
	return [...]string{"all", "1 min", "5 min", "15 min"}[s]
}

// Duration returns the span's length, 0 for All.
func (s Span) Duration() time.Duration {
	if s < 0 || s >= spans {
		s = All
	}
	return [...]time.Duration{0, time.Minute, 5 * time.Minute, 15 * time.Minute}[s]
}

// Matcher chooses transactions, as an expression of package where does.
type Matcher interface {
	// Match is called from one goroutine at a time. The record is valid during the call.
	Match(r *record.Record) bool
}

// Snapshot is what there was at one moment. It is immutable and can be shared: nothing that it points to changes again.
type Snapshot struct {
	// Number rises by at least one from each snapshot to the next.
	Number uint64
	// Taken is the packet time up to which it counts; zero before the first packet. On a live line it goes on while no packet comes.
	Taken time.Time
	// From is where it begins, in packet time: at most a few seconds (fifteen minutes: a minute) before Span says, or where the capture begins.
	From time.Time
	Span Span
	// Where is the expression that was given to Refresh, nil where there was none.
	Where Matcher
	// Narrowed says that Report is of the matching ones among the Held records, not of all traffic: what a ring has dropped is not in it. Then a
	// row's Malformed counts transactions, and what only packets and whole messages tell is left out: packets, offenders, FORMERR, lookups.
	Narrowed bool
	// Report is never nil in a snapshot of a Watcher. Its tables have up to Options.Rows rows; Report.Rows says how many there are.
	Report *analyze.Report
	// Tabled is the Taken of the tables in Report: with very many names they are not made anew for each snapshot.
	Tabled time.Time
	Rates  Rates
	// RCODEs are those of the span's responses, the most frequent first.
	RCODEs []RCODE
	// Ongoing are the findings of a live line, the worst first, and then those that have ended, the last one first. They are of the last five minutes,
	// whatever the span and the expression. Nil where a file is read: there the report has its own.
	Ongoing []diagnose.Ongoing

	// Records are the newest transactions that match and lie in the span, newest last, by their time; at most Options.Records.
	// Slowest are the slowest answered among all those held, slowest first; Unanswered the newest without a response, newest last. Both at most
	// listed, and never mixed.
	Records    []*record.Record
	Slowest    []*record.Record
	Unanswered []*record.Record
	// Matching is how many of the Held records match and lie in the span; Held how many there are; Dropped how many are no longer held;
	// Missed how many of those never were, because they came too fast.
	Matching, Held, Dropped, Missed uint64

	// Approximate lists the tables whose rows are not exact: "clients", "names". Empty: all is exact.
	Approximate []string
	// Reduced says that it is one of the earlier ones: short tables, no records.
	Reduced bool
	// Done says that the capture has ended: there is nothing to come.
	Done bool
}

// Rates are of the last seconds before Taken. They are of all traffic, whatever the span and the expression.
type Rates struct {
	Over      time.Duration // what they are taken over; 0: there is nothing yet
	Packets   float64       // per second, as are Messages, Queries and Responses
	Messages  float64
	Queries   float64
	Responses float64
	// Answered is the share of the settled queries that had a response, 0 to 1. Settled is their number: with 0 there is no share.
	Answered float64
	Settled  uint64
	P50, P95 time.Duration // valid iff Measured > 0
	Measured uint64        // transactions
	rcodes   map[string]uint64
}

// RCODE is a line of the table of response codes.
type RCODE struct {
	Code  uint16 // 12 bits
	Name  string
	Count uint64
	Rate  float64   // per second, over Rates.Over
	Last  time.Time // when it was last seen, to a second; zero where that is forgotten
	// Trend counts its responses in each of the last TrendPoints seconds before Taken, newest last. Nil where Narrowed.
	Trend []uint64
}

// TrendPoints is the length of a Trend.
const TrendPoints = 60
