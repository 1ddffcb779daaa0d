package inspect

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/decode/mnemonic"
)

// maxVerdicts is how many anomalies of a message are explained.
const maxVerdicts = 24

// head says what a message is and where it was.
func (p *page) head(e *Exchange, m *Message, width int) []string {
	what := "Query"
	if m.Response() {
		what = "Response"
	}
	when := time.Unix(0, m.Time).UTC().Format("2006-01-02 15:04:05.000000")
	lines := []string{p.styled(p.clean(fmt.Sprintf("%s  packet %d, %s", what, m.Number, when)), bold)}
	for _, s := range []string{
		fmt.Sprintf("%s %s %s, %s", endpoint(m.From), p.arrow(), endpoint(m.To), protoWord(m.Proto)),
		place(e, m),
	} {
		for _, l := range wrap(p.clean(s), width-2, -1, "") {
			lines = append(lines, "  "+l)
		}
	}
	return lines
}

func endpoint(a netip.AddrPort) string { return a.String() }

func protoWord(p decode.Proto) string {
	return [...]string{decode.UDP: "UDP", decode.TCP: "TCP", decode.MDNS: "mDNS", decode.LLMNR: "LLMNR"}[p]
}

// place says how long a message is, and where in the packets.
func place(e *Exchange, m *Message) string {
	s := count(m.Length, "byte")
	switch {
	case m.Fragments > 0:
		s += fmt.Sprintf(" in %s, completed by packet %d", count(m.Fragments, "IP fragment"), m.Number)
	case m.Frame >= 0:
		s += fmt.Sprintf(" from byte %d of the packet", m.Frame)
	case m.Segments > 1:
		s += fmt.Sprintf(" in %s from packet %d on", count(m.Segments, "TCP segment"), m.FirstNumber)
	}
	if e.Packet != m.Number && e.OfResponse == m.Response() {
		s += fmt.Sprintf("; packet %d holds some of them", e.Packet)
	}
	return s
}

// verdicts writes what is odd about the messages, and what became of the query.
func (p *page) verdicts(e *Exchange) {
	none := true
	for _, m := range e.messages() {
		all := e.anomaliesOf(m)
		if len(all) == 0 {
			continue
		}
		none = false
		p.line("")
		what := "query"
		if m.Response() {
			what = "response"
		}
		p.line(p.styled("What is odd about the "+what, bold))
		for _, a := range all[:min(len(all), maxVerdicts)] {
			p.verdict(e, m, a)
		}
		if n := len(all) - maxVerdicts; n > 0 {
			p.line(fmt.Sprintf("  and %d more", n))
		}
	}
	p.line("")
	if none {
		p.line("Nothing is odd about " + map[bool]string{true: "the messages", false: "the message"}[len(e.messages()) > 1] + ".")
	}
	if s := p.outcome(e); s != "" {
		p.paragraph(0, s)
	}
	for _, s := range e.Remarks {
		p.paragraph(0, s)
	}
}

// paragraph writes a text over as many lines as it takes.
func (p *page) paragraph(left int, s string) {
	for _, l := range wrap(p.clean(s), p.Width-left, -1, "") {
		p.line(strings.Repeat(" ", left) + l)
	}
}

// verdict explains an anomaly.
func (p *page) verdict(e *Exchange, m *Message, a anomaly.Seen) {
	const left = 6
	sev := a.ID.Severity()
	symbol := [...]string{anomaly.Info: "-", anomaly.Suspicious: "?", anomaly.Violation: "!", anomaly.Malformed: "!"}[sev]
	p.line(fmt.Sprintf("%s %s", p.styled("  "+symbol+" "+a.ID.String()+" "+a.ID.Name(), styleOf(sev)), sev))
	p.paragraph(left, Sentence(e, m, a))
	if s := where(m, a, p.ellipsis()); s != "" {
		p.paragraph(left, s)
	}
	if rfc := a.ID.RFC(); rfc != "" {
		p.paragraph(left, rfc)
	}
	if p.Answers == nil || m != e.Query {
		return
	}
	p.answers(left, p.Answers(a.ID))
}

// answers says what servers were measured to answer, a line for each answer.
func (p *page) answers(left int, all []Answer) {
	var order []string
	servers := map[string][]string{}
	for _, x := range all {
		if servers[x.Does] == nil {
			order = append(order, x.Does)
		}
		servers[x.Does] = append(servers[x.Does], x.Server)
	}
	for i, does := range order {
		if i == 0 {
			p.paragraph(left, "Servers answer")
		}
		p.paragraph(left+2, does+": "+strings.Join(servers[does], ", "))
	}
}

// maxShown is how many of the bytes at fault are repeated.
const maxShown = 12

// where says which bytes are at fault: in the message, and in the packet where it lies in one.
func where(m *Message, a anomaly.Seen, ellipsis string) string {
	off, n := int(a.Offset), int(a.Length)
	if off == 0 && n == 0 || off > len(m.Data) {
		return ""
	}
	s := "byte " + strconv.Itoa(off)
	if n > 1 {
		s = fmt.Sprintf("bytes %d to %d", off, off+n-1)
	}
	s += " of the message"
	if m.Frame >= 0 {
		s += fmt.Sprintf(", %d", m.Frame+off)
		if n > 1 {
			s += fmt.Sprintf(" to %d", m.Frame+off+n-1)
		}
		s += " of the packet"
	}
	b := m.Data[off:min(off+n, len(m.Data))]
	if len(b) == 0 {
		return "from " + s + " on, bytes are missing"
	}
	s += fmt.Sprintf(": % x", b[:min(len(b), maxShown)])
	if len(b) > maxShown {
		s += " " + ellipsis
	}
	return s
}

// outcome says what was answered here, and how long after.
func (p *page) outcome(e *Exchange) string {
	after := ""
	if e.HasRTT {
		after = ", " + p.duration(e.RTT) + " after the query"
		if e.RTT < 0 {
			after = ", " + p.duration(-e.RTT) + " before the query"
		}
	}
	if m := e.Response; m != nil {
		s := fmt.Sprintf("%s in packet %d%s", codeText(m.RCODE()), m.Number, after)
		switch {
		case !e.Settled && e.Query == nil:
			return "Response " + s + "."
		case e.Settled && e.Status != decode.Answered:
			return strings.ToUpper(statusWord(e.Status)[:1]) + statusWord(e.Status)[1:] + " response " + s + "."
		}
		return "Answered here: " + s + "."
	}
	switch {
	case e.Settled && e.Status == decode.Unanswered:
		s := fmt.Sprintf("Answered here: no response within %s", e.Timeout)
		if e.ICMP.Seen {
			s += fmt.Sprintf("; %s sent ICMP type %d code %d about it", e.ICMP.From, e.ICMP.Type, e.ICMP.Code)
		}
		return s + "."
	case e.Settled && e.Status == decode.Pending:
		return "Answered here: nothing before the end of the capture."
	}
	return "" // multicast, or the reading was interrupted
}

func statusWord(s decode.Status) string {
	words := [...]string{decode.Answered: "answered", decode.Unanswered: "unanswered", decode.Pending: "pending", decode.Unsolicited: "unsolicited",
		decode.Duplicate: "duplicate", decode.Conflicting: "conflicting", decode.Mismatched: "mismatched", decode.Late: "late"}
	if int(s) >= len(words) {
		return "unknown"
	}
	return words[s]
}

// codeText names an RCODE, with its number where that does not fit the header.
func codeText(rcode uint16) string {
	if rcode < 16 {
		return mnemonic.RCODE(rcode)
	}
	return fmt.Sprintf("%s (%d)", mnemonic.RCODE(rcode), rcode)
}

// duration writes a time with three digits.
func (p *page) duration(d time.Duration) string {
	unit, v := " s", d.Seconds()
	switch {
	case d < time.Millisecond:
		unit, v = " µs", float64(d)/1e3
		if p.ASCII {
			unit = " us"
		}
	case d < time.Second:
		unit, v = " ms", float64(d)/1e6
	}
	digits := 2
	if v >= 9.995 {
		digits = 1
	}
	if v >= 99.95 {
		digits = 0
	}
	return strconv.FormatFloat(v, 'f', digits, 64) + unit
}
