package text

import (
	"fmt"
	"strings"
	"time"

	"github.com/dnssniff/dnssniff/analyze"
)

// health lists what makes the numbers below it less than the whole truth: only what is there.
func health(r *analyze.Report, o Options) block {
	b := block{title: "Health of the capture"}
	switch r.Source.OneWay {
	case analyze.OnlyQueries:
		b.warn("only queries were captured: nothing can be said about answers")
	case analyze.OnlyResponses:
		b.warn("only responses were captured: nothing can be said about latency, or about queries without an answer")
	}
	if r.Source.Interrupted {
		b.warn("interrupted: the counts end where the reading was stopped")
	}
	b.remarks = append(b.remarks, faults(r.Source)...)
	b.remarks = append(b.remarks, clock(r, o)...)
	for _, c := range conditions(r) {
		if c.n == 0 {
			continue
		}
		text := strings.TrimSpace(count(c.n, c.noun) + " " + c.text)
		if share := percent(c.n, c.of); share != "" {
			text += " (" + share + " of " + c.ofWhat + ")"
		}
		if c.advice != "" {
			text += ": " + c.advice
		}
		if c.note {
			b.remarks = append(b.remarks, remark{mark: "-", text: text})
		} else {
			b.warn(text)
		}
	}
	if r.Settings.LimitReached {
		b.remarks = append(b.remarks, remark{mark: "-", text: "the reading ended after " + count(r.Settings.MaxPackets, "packet") + ", the limit of --count"})
	}
	b.remarks = append(b.remarks, approximations(r)...)
	return b
}

func (b *block) warn(text string) {
	b.remarks = append(b.remarks, remark{mark: "!", text: text, style: warn})
}

// condition is a count that matters for how far the report can be trusted.
type condition struct {
	n          uint64
	noun, text string
	of         uint64
	ofWhat     string
	advice     string
	note       bool // worth knowing, but spoils nothing
}

// conditions are those of the packets, the worst first.
func conditions(r *analyze.Report) []condition {
	p, t := r.Packets, r.Transport
	twice := "analysed as seen; --dedup analyses them once"
	if r.Settings.Dedup {
		twice = "analysed once"
	}
	all := func(c condition) condition {
		c.of, c.ofWhat = p.Read, "packets"
		return c
	}
	return []condition{
		{n: p.KernelDropped, noun: "packet", text: "dropped by the kernel", of: p.Read + p.KernelDropped, ofWhat: "packets that came",
			advice: "counts are too low, and answered queries can look unanswered"},
		all(condition{n: p.NotWritten, noun: "packet", text: "not written to the file of -w", advice: "they are counted here all the same", note: true}),
		all(condition{n: p.SnaplenCut, noun: "packet", text: "cut short by the snapshot length", advice: "capture with -s 0"}),
		all(condition{n: p.Undecodable, noun: "packet", text: "could not be decoded"}),
		all(condition{n: p.FragmentsLost, noun: "IP fragment", text: "lost", advice: fragmentAdvice(&p)}),
		{n: p.TCPGaps, noun: "TCP gap", text: "on DNS ports, in " + count(p.TCPStreams, "connection"), advice: "messages in them are missing"},
		all(condition{n: p.Duplicate, noun: "packet", text: "captured twice", advice: twice, note: r.Settings.Dedup}),
		all(condition{n: p.TimeWentBack, noun: "packet", text: "earlier than the one before"}),
		all(condition{n: p.BadIPChecksum, noun: "bad IP checksum", advice: "often checksum offload", note: true}),
		all(condition{n: p.BadL4Checksum, noun: "bad UDP or TCP checksum", advice: "often checksum offload", note: true}),
		{n: p.ShortDNS, noun: "payload", text: "on a DNS port too short for a DNS header", note: true},
		{n: p.TCPNotDNS, noun: "TCP stream", text: "on DNS ports, carrying something else", note: true},
		{n: p.ICMPErrors, noun: "ICMP error", text: "about DNS packets" + someOf(t.Unreachable, p.ICMPErrors, "unreachable") + someOf(t.TooBig, p.ICMPErrors, "too big") +
			someOf(t.Reassembly, p.ICMPErrors, "about fragments that did not come"), note: true},
		{n: t.TCPUnanswered, noun: "TCP connection", text: "did not open" + someOf(t.TCPRefused, t.TCPUnanswered, "refused"), of: t.TCPOpened + t.TCPUnanswered + t.TCPHalfOpen,
			ofWhat: "those to DNS ports", note: true},
		{n: t.TCPHalfOpen, noun: "TCP connection", text: "answered, but not gone on with", note: true},
		{n: t.TCPResetEarly, noun: "TCP connection", text: "reset by one side before either had finished", note: true},
		all(condition{n: p.EncryptedDNS, noun: "packet", text: "of encrypted DNS", advice: "not readable, in no count but this and the next", note: true}),
		all(condition{n: p.NonDNS, noun: "packet", text: "not DNS", note: true}),
		{n: r.Messages.MDNS, noun: "mDNS message", text: "counted apart", note: true},
		{n: r.Messages.LLMNR, noun: "LLMNR message", text: "counted apart", note: true},
	}
}

// fragmentAdvice says why fragments were lost.
func fragmentAdvice(p *analyze.Packets) string {
	if p.IPFragments > 0 && p.LaterFragments == 0 {
		return "the capture has no others than first ones, as behind a filter on ports; add \"or ip[6:2] & 0x1fff != 0 or ip6[6] = 44\" to it"
	}
	return "their datagrams never became whole"
}

// someOf says how many of those before it are something, if any; all of them are where that is their number.
func someOf(n, all uint64, what string) string {
	switch n {
	case 0:
		return ""
	case all:
		return ", " + what
	}
	return ", " + number(n) + " of them " + what
}

func faults(s analyze.Source) []remark {
	var out []remark
	for _, f := range s.Faults[:min(len(s.Faults), maxListed)] {
		out = append(out, remark{mark: "!", text: f, style: bad})
	}
	if more := len(s.Faults) - maxListed; more > 0 {
		out = append(out, remark{mark: "!", text: fmt.Sprintf("and %d more faults", more), style: bad})
	}
	if s.Truncated && len(s.Faults) == 0 {
		out = append(out, remark{mark: "!", text: "a file ended early or was damaged", style: bad})
	}
	return out
}

// longPause is the shortest time in seconds that spoils rates, and farApart how many times longer than the messages' the time of the packets
// is that is worth a word.
const (
	longPause = 60
	farApart  = 10
)

// clock says where rates and times mean little: a stray timestamp, or a long pause.
func clock(r *analyze.Report, o Options) []remark {
	var out []remark
	m := r.Messages
	if m.Duration > 0 && r.Source.Duration > longPause && r.Source.Duration > farApart*m.Duration {
		out = append(out, remark{mark: "!", text: fmt.Sprintf("the packets span %s, the DNS messages %s of it: a wrong timestamp, or a long pause; rates of messages are over the latter",
			span(r.Source.Duration, o.ASCII), span(m.Duration, o.ASCII)), style: warn})
	}
	from, length := pause(r.Series)
	if seconds := float64(length) * r.Series.Width; seconds > longPause && seconds > m.Duration/2 && m.Total >= farApart {
		begin := r.Series.Start.Add(time.Duration(float64(from) * r.Series.Width * float64(time.Second))).UTC()
		out = append(out, remark{mark: "!", text: fmt.Sprintf("no DNS message for %s of %s, from about %s UTC: a wrong timestamp, or a long pause; rates are over all of it",
			span(seconds, o.ASCII), span(m.Duration, o.ASCII), begin.Format("2006-01-02 15:04:05")), style: warn})
	}
	return out
}

// pause returns the longest run of buckets without a message, and its length.
func pause(s analyze.Series) (from, length int) {
	run := 0
	for i := range min(len(s.Queries), len(s.Responses)) {
		if run++; s.Queries[i]+s.Responses[i] > 0 {
			run = 0
		}
		if run > length {
			from, length = i-run+1, run
		}
	}
	return from, length
}

// approximations says which tables are estimates, and by how much.
func approximations(r *analyze.Report) []remark {
	var out []remark
	l := r.Limits
	for _, t := range []struct {
		what string
		n    uint64
	}{{"clients", l.ClientsError}, {"servers", l.ServersError}, {"names", l.NamesError}, {"zones", l.ZonesError}} {
		if t.n > 0 {
			out = append(out, remark{mark: "!", text: fmt.Sprintf("the table of %s is approximate: counts can be low by up to %s, and rows with fewer queries than that can be missing",
				t.what, number(t.n)), style: warn})
		}
	}
	for _, t := range []struct {
		n    uint64
		noun string
		text string
	}{
		{l.PairingEvicted, "open query", "forgotten because the pairing table was full: responses to them count as unsolicited"},
		{l.PairingForgotten, "answered query", "forgotten early (table full, or more than 8 of one client port and ID): more responses to them count as unsolicited"},
		{l.StreamsEvicted, "TCP connection", "forgotten because there were too many"},
		{l.FragmentsEvicted, "IP fragment", "forgotten because there were too many"},
	} {
		if t.n > 0 {
			out = append(out, remark{mark: "!", text: count(t.n, t.noun) + " " + t.text, style: warn})
		}
	}
	return out
}
