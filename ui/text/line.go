package text

import (
	"bytes"
	"strconv"
	"time"

	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/decode/mnemonic"
	"github.com/dnssniff/dnssniff/decode/wire"
	"github.com/dnssniff/dnssniff/ui/sanitize"
)

// TimeFormat is how a line shows the time.
type TimeFormat uint8

// The formats of time.
const (
	Clock    TimeFormat = iota // 15:04:05.000
	Full                       // 2006-01-02 15:04:05.000000
	Relative                   // seconds since LineOptions.Start
)

// LineOptions say how lines look. The zero value is the clock in UTC, no colour, and a timeout of 5 s.
type LineOptions struct {
	Time     TimeFormat
	Location *time.Location // nil: UTC, so that a file prints the same everywhere
	Start    int64          // ns since the epoch
	Timeout  time.Duration  // that unanswered queries were given; 0: 5 s
	Color    bool
	ASCII    bool
}

// Columns, counted from the end of the time. A text that is too long pushes what follows.
const (
	colServer   = 23
	colProto    = colServer + 18
	colQuestion = colProto + 5
	colOutcome  = colQuestion + 30
	colRTT      = colOutcome + 19
	rttWidth    = 8
	colRest     = colRTT + rttWidth + 1
)

// Line appends one line about t, with its newline: time, client, server, transport, question, outcome, time to the response, bytes of query and
// response, flags (the response's where there is one), EDNS of the query, and what was odd. It allocates nothing, and holds nothing but
// printable characters and, with colour, SGR sequences.
func Line(dst []byte, t *decode.Transaction, o LineOptions) []byte {
	f := factsOf(t)
	l := liner{dst: dst, start: len(dst), o: o}
	l.time(f.time)
	l.start, l.hidden = len(l.dst), 0
	l.next()
	l.addr(t.Client, t.ClientPort, 0)
	l.column(colServer)
	l.arrow()
	l.addr(t.Server, t.ServerPort, 53)
	l.column(colProto)
	l.text(protoWord(t.Proto))
	l.column(colQuestion)
	l.question(f)
	l.column(colOutcome)
	l.outcome(t, f)
	l.rtt(t)
	l.column(colRest)
	l.sizes(t)
	l.flags(t, f)
	l.edns(f)
	l.oddities(t, f)
	return append(l.dst, '\n')
}

// question appends opcode, name, class and type: those of opcode and class that are not the usual ones.
func (l *liner) question(f facts) {
	l.pad()
	if f.opcode != opcodeQuery {
		l.dst = append(mnemonic.AppendOpcode(l.dst, f.opcode), ' ')
	}
	if !f.question {
		l.dst = append(l.dst, "(no question)"...)
		return
	}
	l.dst = append(appendName(l.dst, f.name), ' ')
	if f.class != 1 {
		l.dst = append(mnemonic.AppendClass(l.dst, f.class), ' ')
	}
	l.dst = mnemonic.AppendType(l.dst, f.typ)
}

// appendName appends a name, "?" for one that was not kept.
func appendName(dst, name []byte) []byte {
	if len(name) == 0 {
		return append(dst, '?')
	}
	return wire.AppendName(dst, name)
}

// outcome says in words what came of it.
func (l *liner) outcome(t *decode.Transaction, f facts) {
	st := outcomeStyle(t)
	l.colour(st)
	switch {
	case t.Response == nil && t.Status == decode.Pending:
		l.dst = append(l.dst, "no response before the end"...)
	case t.Response == nil:
		l.dst = append(l.dst, "no response in "...)
		l.dst = append(strconv.AppendFloat(l.dst, timeout(l.o.Timeout).Seconds(), 'g', -1, 64), 's')
		l.icmp(t.Query)
	default:
		l.response(t, f)
	}
	l.reset(st)
}

func timeout(d time.Duration) time.Duration {
	if d <= 0 {
		return 5 * time.Second
	}
	return d
}

func (l *liner) icmp(q *decode.Query) {
	if q == nil || !q.ICMP.Seen {
		return
	}
	l.dst = strconv.AppendUint(append(l.dst, ", ICMP type "...), uint64(q.ICMP.Type), 10)
	l.dst = strconv.AppendUint(append(l.dst, " code "...), uint64(q.ICMP.Code), 10)
	l.dst = q.ICMP.From.Netip().AppendTo(append(l.dst, " from "...))
	if q.ICMP.MTU > 0 {
		l.dst = strconv.AppendUint(append(l.dst, ", MTU "...), uint64(q.ICMP.MTU), 10)
	}
}

// response appends the response's status, RCODE and what else carries an error.
func (l *liner) response(t *decode.Transaction, f facts) {
	m := t.Response
	if t.Status != decode.Answered {
		l.dst = append(append(l.dst, statusWord(t.Status)...), " response "...)
	}
	l.dst = appendCode(l.dst, m.RCODE())
	if e := emptiness(t, f); e != "" {
		l.dst = append(append(l.dst, ' '), e...)
	}
	if m.HasTSIG && m.TSIG.Error != 0 {
		l.dst = appendError(append(l.dst, " TSIG "...), m.TSIG.Error)
	}
	if m.HasTKEY && m.TKEY.Error != 0 {
		l.dst = appendError(append(l.dst, " TKEY "...), m.TKEY.Error)
	}
	if m.Server != t.Server {
		l.dst = m.Server.Netip().AppendTo(append(l.dst, " from "...))
	}
	if q := m.Question; t.Status == decode.Mismatched && m.Parsed[wire.SectionQuestion] > 0 &&
		(!wire.EqualFold(q.Name, f.name) || q.Type != f.typ || q.Class != f.class) {
		l.dst = append(wire.AppendName(append(l.dst, " to "...), q.Name), ' ')
		l.dst = mnemonic.AppendType(l.dst, q.Type)
	}
}

// appendCode appends an RCODE, with its number where that does not fit the header: OPT carried it.
func appendCode(dst []byte, rcode uint16) []byte {
	if rcode < 16 {
		return mnemonic.AppendRCODE(dst, rcode)
	}
	return appendNumbered(dst, rcode)
}

// appendError appends the error of a TSIG or TKEY record.
func appendError(dst []byte, code uint16) []byte {
	if code == 16 {
		return append(dst, "BADSIG(16)"...)
	}
	return appendNumbered(dst, code)
}

// appendNumbered appends the name of a code and its number, or only the number where it has no name.
func appendNumbered(dst []byte, n uint16) []byte {
	start := len(dst)
	dst = mnemonic.AppendRCODE(dst, n)
	if bytes.HasPrefix(dst[start:], []byte("RCODE")) {
		return dst
	}
	return append(strconv.AppendUint(append(dst, '('), uint64(n), 10), ')')
}

func outcomeStyle(t *decode.Transaction) style {
	if t.Response == nil {
		if t.Status == decode.Pending {
			return dim
		}
		return bad
	}
	switch t.Status {
	case decode.Conflicting, decode.Mismatched:
		return bad
	case decode.Unsolicited, decode.Late:
		return warn
	}
	return rcodeStyle(rcodeShort(t.Response.RCODE()))
}

// rcodeShort names the codes that have a colour of their own.
func rcodeShort(n uint16) string {
	if n < 4 {
		return mnemonic.RCODE(n)
	}
	return ""
}

// rtt is right-aligned.
func (l *liner) rtt(t *decode.Transaction) {
	if t.Query == nil || t.Response == nil {
		return
	}
	var buf [24]byte
	s := appendMillis(buf[:0], float64(t.RTT)/1e6, l.o.ASCII)
	width := 0
	for _, c := range s {
		if c&0xc0 != 0x80 {
			width++
		}
	}
	l.column(colRTT)
	l.column(max(l.want+rttWidth-width, l.width()+1))
	l.pad()
	l.dst = append(l.dst, s...)
	l.hidden += len(s) - width
}

// sizes appends the bytes of query and response: "45/120 B", with "-" for what is not there.
func (l *liner) sizes(t *decode.Transaction) {
	l.pad()
	if t.Query != nil {
		l.dst = strconv.AppendUint(l.dst, uint64(t.Query.Length), 10)
	} else {
		l.dst = append(l.dst, '-')
	}
	l.dst = append(l.dst, '/')
	if t.Response != nil {
		l.dst = strconv.AppendUint(l.dst, uint64(t.Response.Length), 10)
	} else {
		l.dst = append(l.dst, '-')
	}
	l.dst = append(l.dst, " B"...)
	l.next()
}

func (l *liner) flags(t *decode.Transaction, f facts) {
	flags := f.flags
	if t.Response != nil {
		flags = t.Response.Flags
	}
	for w := range mnemonic.FlagWords(flags) {
		l.word(w)
	}
}

func (l *liner) edns(f facts) {
	if !f.hasOPT {
		return
	}
	l.text("edns ")
	l.dst = strconv.AppendUint(l.dst, uint64(f.size), 10)
	if f.ednsFlags&wire.EDNSFlagDO != 0 {
		l.dst = append(l.dst, " do"...)
	}
	l.next()
}

// oddities appends retransmissions, extended errors, and the anomalies of query and response.
func (l *liner) oddities(t *decode.Transaction, f facts) {
	if f.retransmits > 0 {
		l.text("sent ")
		l.dst = append(strconv.AppendUint(l.dst, uint64(f.retransmits)+1, 10), 'x')
		l.next()
	}
	if q := t.Query; q != nil {
		l.anomalies("query", q.Malformed, q.Anomalies[:q.NAnomalies])
	}
	if t.CaseDiffers {
		l.word("case differs")
	}
	m := t.Response
	if m == nil {
		return
	}
	for code, text := range m.ExtendedErrors {
		l.ede(code, text)
	}
	l.anomalies("response", m.Malformed, m.Anomalies)
	l.together(t.Anomalies)
}

// together appends what query and response show together, but for what other columns say in words: the status and the case.
func (l *liner) together(all []anomaly.Seen) {
	for _, a := range all {
		if g := a.ID.Group(); g != 'P' && g != 'Q' && a.ID.Severity() > anomaly.Info {
			l.pad()
			l.dst = appendID(l.dst, a.ID)
			l.next()
		}
	}
}

// anomalies appends what is odd about one of the two messages, but for what is legal.
func (l *liner) anomalies(of string, malformed bool, all []anomaly.Seen) {
	if malformed {
		l.marked(of, " malformed", bad)
	}
	for _, a := range all {
		if a.ID.Severity() == anomaly.Info {
			continue
		}
		if !malformed {
			l.word(of)
			malformed = true // said once
		}
		l.pad()
		l.dst = appendID(l.dst, a.ID)
		l.next()
	}
}

func (l *liner) marked(s, more string, st style) {
	l.colour(st)
	l.dst = append(append(l.dst, s...), more...)
	l.reset(st)
	l.next()
}

func (l *liner) ede(code uint16, text []byte) {
	l.pad()
	l.dst = strconv.AppendUint(append(l.dst, "EDE "...), uint64(code), 10)
	if purpose := mnemonic.AppendEDE(append(l.dst, ' ', '('), code); !bytes.HasPrefix(purpose[len(l.dst):], []byte(" (EDE")) {
		l.dst = append(purpose, ')')
	}
	if len(text) > 0 {
		before := len(l.dst)
		l.dst = append(l.dst, ' ', '"')
		l.dst = sanitize.Append(l.dst, string(text))
		if l.o.ASCII {
			l.dst = append(l.dst[:before+2], sanitize.ASCII(string(l.dst[before+2:]))...)
		}
		l.dst = append(l.dst, '"')
	}
	l.next()
}
