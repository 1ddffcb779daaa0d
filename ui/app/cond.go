package app

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dnssniff/dnssniff/analyze/diagnose"
	"github.com/dnssniff/dnssniff/analyze/record"
	"github.com/dnssniff/dnssniff/analyze/watch"
	"github.com/dnssniff/dnssniff/analyze/where"
	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/decode/mnemonic"
)

// cond is a condition on transactions that a cell stands for.
type cond struct {
	crumb string // as the breadcrumb shows it
	match func(*record.Record) bool
	// expr, wireshark and tcpdump are the condition as an expression of package where, a display filter and a capture filter, "" where there is none.
	expr, wireshark, tcpdump string
	// What a dig command takes of it.
	server    netip.Addr
	name, typ string
}

// narrowing is all that a view is narrowed by: the conditions of its cells, and the expression of the user. It is a [watch.Matcher].
type narrowing struct {
	conds []cond
	where watch.Matcher // may be nil
}

// Match says whether a record is in the view.
func (n *narrowing) Match(r *record.Record) bool {
	for i := range n.conds {
		if !n.conds[i].match(r) {
			return false
		}
	}
	return n.where == nil || n.where.Match(r)
}

func (n *narrowing) empty() bool { return len(n.conds) == 0 && n.where == nil }

// matcher returns the narrowing as the source takes it: nil for all transactions.
func (n *narrowing) matcher() watch.Matcher {
	if n.empty() {
		return nil
	}
	return n
}

// equal returns the expression that a field has a value.
func equal(field, value string) string { return field + " == " + strconv.Quote(value) }

func byRCODE(name string) cond {
	c := cond{crumb: name, expr: equal("rcode", name), match: func(r *record.Record) bool { return r.HasResponse && mnemonic.RCODE(r.RCODE) == name }}
	if n, ok := mnemonic.ParseRCODE(name); ok {
		c.match = func(r *record.Record) bool { return r.HasResponse && r.RCODE == n }
		if n < 16 {
			c.wireshark = fmt.Sprintf("dns.flags.rcode == %d", n)
			c.tcpdump = fmt.Sprintf("(udp[11] & 15 = %d)", n)
		} else {
			c.wireshark = fmt.Sprintf("(dns.flags.rcode == %d && dns.resp.ext_rcode == %d)", n&15, n>>4)
		}
	}
	return c
}

// otherRCODEs are those that have no column of their own.
func otherRCODEs() cond {
	return cond{crumb: "other codes", expr: "(rcode == 4 or rcode > 5)", wireshark: "dns.flags.response == 1 && !(dns.flags.rcode in {0, 1, 2, 3, 5})", match: func(r *record.Record) bool {
		return r.HasResponse && r.RCODE > 3 && r.RCODE != 5
	}}
}

func byClient(address string) cond {
	a, _ := netip.ParseAddr(address)
	return cond{crumb: address, wireshark: ipField(a) + address, tcpdump: "host " + address, expr: equal("client", address),
		match: func(r *record.Record) bool { return r.Client.Addr() == a }}
}

func byServer(address string) cond {
	a, _ := netip.ParseAddr(address)
	return cond{crumb: address, wireshark: ipField(a) + address, tcpdump: "host " + address, expr: equal("server", address), server: a,
		match: func(r *record.Record) bool { return r.Server.Addr() == a }}
}

// bySubnet takes the clients of a network.
func bySubnet(prefix string) cond {
	p, _ := netip.ParsePrefix(prefix) // what is none contains nobody
	return cond{crumb: prefix, wireshark: ipField(p.Addr()) + prefix, tcpdump: "net " + prefix, expr: "client in " + strconv.Quote(prefix),
		match: func(r *record.Record) bool { return p.Contains(r.Client.Addr()) }}
}

// byDomain takes a name and all below it.
func byDomain(name string) cond {
	below := "." + name
	c := cond{crumb: name, match: func(r *record.Record) bool {
		return r.HasQuestion && (strings.EqualFold(r.Name, name) || len(r.Name) > len(below) && strings.EqualFold(r.Name[len(r.Name)-len(below):], below))
	}}
	if name == "." {
		c.match = func(r *record.Record) bool { return r.HasQuestion }
		return c
	}
	c.expr = fmt.Sprintf("(%s or name endsWith %s)", equal("name", name), strconv.Quote(below))
	c.wireshark = "lower(dns.qry.name) matches " + wiresharkString(`(^|\.)`+regexpQuote(asciiLower(wiresharkName(name)))+"$")
	return c
}

// byPackets takes the transactions of a finding's packets.
func byPackets(f *diagnose.Finding) cond {
	frames := frames(f.Packets)
	return cond{crumb: "packets " + frames, wireshark: "frame.number in {" + frames + "}", match: func(r *record.Record) bool {
		return r.HasQuery && f.Names(r.QueryFile, r.QueryPacket) || r.HasResponse && f.Names(r.ResponseFile, r.ResponsePacket)
	}}
}

func ipField(a netip.Addr) string {
	if a.Is4() {
		return "ip.addr == "
	}
	return "ipv6.addr == "
}

func byName(name string) cond {
	return cond{crumb: name, name: name, expr: equal("name", name), match: func(r *record.Record) bool { return r.HasQuestion && strings.EqualFold(r.Name, name) },
		wireshark: "lower(dns.qry.name) == " + wiresharkString(asciiLower(wiresharkName(name)))}
}

// byZone takes the names of a registrable domain, as reports count them.
func byZone(zone string) cond {
	c := cond{crumb: zone, expr: equal("zone", zone), match: func(*record.Record) bool { return false },
		wireshark: "lower(dns.qry.name) matches " + wiresharkString(`(^|\.)`+regexpQuote(asciiLower(wiresharkName(zone)))+"$")}
	if e, err := where.Parse(c.expr); err == nil {
		c.match = e.Match
	}
	return c
}

func byType(name string) cond {
	c := cond{crumb: name, typ: name, expr: equal("type", name), match: func(r *record.Record) bool { return r.HasQuestion && mnemonic.Type(r.Type) == name }}
	if n, ok := parseType(name); ok {
		c.wireshark = fmt.Sprintf("dns.qry.type == %d", n)
	}
	return c
}

// parseType returns the number of a type that [mnemonic.Type] names.
func parseType(name string) (uint16, bool) {
	for n := range 1 << 16 {
		if mnemonic.Type(uint16(n)) == name {
			return uint16(n), true
		}
	}
	return 0, false
}

func byOpcode(name string) cond {
	c := cond{crumb: name, expr: equal("opcode", name), match: func(r *record.Record) bool { return mnemonic.Opcode(r.Opcode) == name }}
	for n := range uint8(16) {
		if mnemonic.Opcode(n) == name {
			c.wireshark = fmt.Sprintf("dns.flags.opcode == %d", n)
		}
	}
	return c
}

// byAnomaly takes the transactions that have an entry of the catalogue: none, where none can.
func byAnomaly(id anomaly.ID) cond {
	c := cond{crumb: id.String() + " " + id.Name(), match: func(*record.Record) bool { return false }}
	expr := "anomaly contains " + strconv.Quote(id.String())
	if e, err := where.Parse(expr); err == nil {
		c.expr, c.match = expr, e.Match
	}
	return c
}

func byMalformed() cond {
	return cond{crumb: "malformed", expr: "malformed", wireshark: "_ws.malformed", match: func(r *record.Record) bool { return r.Malformed }}
}

// byOffence takes transactions that are malformed or break a rule.
func byOffence() cond {
	return cond{crumb: "offences", expr: `severity >= "violation"`, match: func(r *record.Record) bool {
		return slices.ContainsFunc(r.Anomalies, func(id anomaly.ID) bool { return id.Severity() >= anomaly.Violation })
	}}
}

var statusWords = [...]string{
	decode.Answered: "answered", decode.Unanswered: "unanswered", decode.Pending: "pending", decode.Unsolicited: "unsolicited",
	decode.Duplicate: "duplicate", decode.Conflicting: "conflicting", decode.Mismatched: "mismatched", decode.Late: "late",
}

func statusWord(s decode.Status) string {
	if int(s) < len(statusWords) {
		return statusWords[s]
	}
	return "unknown"
}

func byStatus(s decode.Status) cond {
	c := cond{crumb: statusWord(s), expr: equal("status", statusWord(s)), match: func(r *record.Record) bool { return r.Status == s }}
	if s == decode.Unanswered {
		c.wireshark = "dns.flags.response == 0 && !dns.response_in"
	}
	return c
}

// byRTT takes transactions slower than a bound and not slower than another, in ms; 0 is no upper bound.
func byRTT(crumb string, above, upTo float64) cond {
	c := cond{crumb: crumb, wireshark: fmt.Sprintf("dns.time > %g", above/1000), match: func(r *record.Record) bool {
		ms := float64(r.RTT) / float64(time.Millisecond)
		return r.HasQuery && r.HasResponse && r.Status == decode.Answered && (ms > above || above == 0) && (upTo == 0 || ms <= upTo)
	}}
	c.expr = `status == "answered"`
	if above > 0 {
		c.expr += " and rtt > " + duration(above/1000).String()
	}
	if upTo > 0 {
		c.expr += " and rtt <= " + duration(upTo/1000).String()
		c.wireshark += fmt.Sprintf(" && dns.time <= %g", upTo/1000)
	}
	return c
}

func byEDNS() cond {
	return cond{crumb: "EDNS", expr: "edns", wireshark: "dns.resp.type == 41", match: func(r *record.Record) bool { return r.EDNS }}
}

func byDO() cond {
	return cond{crumb: "DO", expr: "do", wireshark: "dns.resp.z.do == 1", match: func(r *record.Record) bool { return r.EDNS && r.DO }}
}

func bySize(size uint16) cond {
	return cond{crumb: fmt.Sprintf("UDP size %d", size), expr: fmt.Sprintf("udp_size == %d", size), wireshark: fmt.Sprintf("dns.rr.udp_payload_size == %d", size),
		match: func(r *record.Record) bool { return r.EDNS && r.UDPSize == size }}
}

// byOption takes queries with an EDNS option. Codes from 32 on share a bit.
func byOption(code uint16) cond {
	bit := uint32(1)
	if code < 32 {
		bit = 1 << code
	}
	return cond{crumb: mnemonic.Option(code), wireshark: fmt.Sprintf("dns.opt.code == %d", code),
		match: func(r *record.Record) bool { return r.EDNS && r.Options&bit != 0 }}
}

func byEDE(code uint16) cond {
	return cond{crumb: "EDE " + mnemonic.EDE(code), expr: fmt.Sprintf("ede == %d", code), wireshark: fmt.Sprintf("dns.opt.ext_error.info_code == %d", code),
		match: func(r *record.Record) bool { return slices.Contains(r.EDE, code) }}
}

func byTruncated() cond {
	const tc = 0x0200
	return cond{crumb: "truncated", expr: "tc", wireshark: "dns.flags.truncated == 1", match: func(r *record.Record) bool { return r.HasResponse && r.ResponseFlags&tc != 0 }}
}
