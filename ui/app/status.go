package app

import (
	"fmt"
	"strings"
	"time"

	"github.com/dnssniff/dnssniff/analyze/watch"
	"github.com/dnssniff/dnssniff/ui/sanitize"
	"github.com/dnssniff/dnssniff/ui/text"
)

// Status is what is known of the source beside its traffic.
type Status struct {
	Source string // what is read: "eth0", "office.pcap", "3 files"
	Live   bool
	// Read and Total are bytes of files; Total is 0 where it is not known.
	Read, Total int64
	// Dropped counts packets that the kernel dropped.
	Dropped uint64
	// NotWritten counts packets that were to be kept in a file, and are not.
	NotWritten uint64
	// Trouble says what is wrong with the source: an interface that is down, a damaged file. "" for nothing.
	Trouble string
}

// part is a piece of the status line.
type part struct {
	text string
	look style
	rank int // what goes first where the width is short: the highest
}

// statusLine says where the numbers come from and how far they can be trusted. What does not fit goes by rank; what spoils numbers stays longest.
func statusLine(st Status, s *watch.Snapshot, l look, width int) line {
	parts := []part{{st.Source, bold, 0}, {reading(st, s), dim, 7}, {spanText(s), plain, 3}}
	if !s.Done && !st.Live || s.Span != watch.All {
		parts[1].rank, parts[2].rank = 2, 2
	}
	if st.Trouble != "" {
		parts = append(parts, part{"! " + st.Trouble, bad, 1})
	}
	if st.Live {
		parts = append(parts, liveRates(s, l)...)
	} else {
		parts = append(parts, fileRates(s, l)...)
	}
	dropped := max(st.Dropped, s.Report.Packets.KernelDropped)
	drops := part{"drops " + text.Number(dropped), plain, 4}
	if dropped > 0 {
		drops = part{"! kernel dropped " + text.Number(dropped), bad, 1}
	}
	parts = append(parts, drops)
	if st.NotWritten > 0 {
		parts = append(parts, part{"! not written " + text.Number(st.NotWritten), warn, 1})
	}
	if len(s.Approximate) > 0 {
		parts = append(parts, part{"approximate: " + strings.Join(s.Approximate, ", "), warn, 3})
	}
	if s.Report.Source.OneWay != "" {
		parts = append(parts, part{"only " + s.Report.Source.OneWay, warn, 2})
	}
	return joined(append(parts, spoilt(s)...), l, width)
}

// spoilt are the counts of what is missing from the numbers.
func spoilt(s *watch.Snapshot) (parts []part) {
	p := s.Report.Packets
	for _, x := range []struct {
		n    uint64
		what string
	}{{p.SnaplenCut, "cut by snaplen"}, {p.Undecodable, "unreadable"}, {p.FragmentsLost, "fragments lost"}, {p.TCPGaps, "TCP gaps"}, {p.Duplicate, "captured twice"}} {
		if x.n > 0 {
			parts = append(parts, part{x.what + " " + text.Number(x.n), warn, 4})
		}
	}
	return parts
}

// reading says how far it is.
func reading(st Status, s *watch.Snapshot) string {
	switch {
	case st.Live:
		return "live"
	case s.Done:
		return "read"
	case st.Total > 0:
		return fmt.Sprintf("reading %d%%", min(100*st.Read/st.Total, 99))
	}
	return "reading"
}

// spanText says of what time the tables are.
func spanText(s *watch.Snapshot) string {
	if s.Span == watch.All {
		if d := s.Taken.Sub(s.From); d > 0 && !s.From.IsZero() {
			return text.Span(d.Seconds(), true)
		}
		return "all"
	}
	return "last " + s.Span.String()
}

// liveRates are of the last seconds.
func liveRates(s *watch.Snapshot, l look) []part {
	r := s.Rates
	if r.Over == 0 && (s.Report.Packets.Read > 0 || len(s.Records) > 0) {
		return []part{{"no packet now", dim, 2}}
	}
	if r.Over == 0 {
		return []part{{"no packet yet", dim, 2}}
	}
	parts := []part{{perS(r.Packets, "pkt"), plain, 5}, {perS(r.Messages, "msg"), plain, 2}}
	if r.Settled > 0 {
		look := plain
		if r.Answered < 0.9 {
			look = bad
		}
		answered := uint64(r.Answered*float64(r.Settled) + 0.5)
		parts = append(parts, part{text.Percent(min(answered, r.Settled), r.Settled) + " of " + text.Number(r.Settled) + " answered", look, 1})
	}
	if r.Measured > 0 {
		parts = append(parts, part{"p50 " + l.millis(ms(r.P50)), plain, 4}, part{"p95 " + l.millis(ms(r.P95)), plain, 3})
	}
	return append(parts, part{"over " + text.Span(r.Over.Seconds(), l.ascii), dim, 8})
}

// fileRates are of all that the tables are of: what the last seconds of a file held means little.
func fileRates(s *watch.Snapshot, l look) []part {
	r := s.Report
	var parts []part
	if d := r.Source.Duration; d > 0 && r.Packets.Read > 0 && !s.Narrowed {
		parts = append(parts, part{perS(float64(r.Packets.Read)/d, "pkt"), plain, 5})
	}
	if d := r.Messages.Duration; d > 0 && r.Messages.Total > 0 && !s.Narrowed {
		parts = append(parts, part{perS(float64(r.Messages.Total)/d, "msg"), plain, 2})
	}
	if x := r.Transactions; x.Answered+x.Unanswered > 0 && r.Source.OneWay == "" {
		parts = append(parts, part{text.Percent(x.Answered, x.Answered+x.Unanswered) + " of " + text.Number(x.Answered+x.Unanswered) + " answered", plain, 1})
	}
	if r.Latency.Count > 0 {
		parts = append(parts, part{"p50 " + l.millis(r.Latency.P50), plain, 4}, part{"p95 " + l.millis(r.Latency.P95), plain, 3})
	}
	return parts
}

func perS(r float64, what string) string {
	if s := text.PerSecond(r); s != "" {
		return strings.TrimSuffix(s, "/s") + " " + what + "/s"
	}
	return "0 " + what + "/s"
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func duration(seconds float64) time.Duration { return time.Duration(seconds * float64(time.Second)) }

// joined puts parts into a line of a width.
func joined(parts []part, l look, width int) line {
	for {
		w, drop := 0, -1
		for i, p := range parts {
			if p.text == "" {
				continue
			}
			w += sanitize.Width(l.clean(p.text)) + gap
			if p.rank > 0 && (drop < 0 || p.rank > parts[drop].rank) {
				drop = i
			}
		}
		if w-gap <= width || drop < 0 {
			break
		}
		parts = append(parts[:drop:drop], parts[drop+1:]...)
	}
	var out line
	left := width
	for _, p := range parts {
		if p.text == "" || left < 2 {
			continue
		}
		s := l.cut(l.clean(p.text), left)
		if len(out) > 0 {
			out = append(out, span{spaces(gap), plain})
		}
		out = append(out, span{s, p.look})
		left -= sanitize.Width(s) + gap
	}
	return out
}
