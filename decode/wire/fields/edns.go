package fields

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/miekg/dns"

	"github.com/dnssniff/dnssniff/decode/mnemonic"
	"github.com/dnssniff/dnssniff/decode/wire"
)

// ednsFlags are the lower 16 bits of an OPT record's TTL (RFC 6891 section 6.1.3, RFC 3225, RFC 9824).
var ednsFlags = []flag{
	{"DO", wire.EDNSFlagDO, word("no DNSSEC", "DNSSEC OK")},
	{"CO", wire.EDNSFlagCO, word("no compact answers", "compact answers OK")},
	{"Z", 0x3fff, func(v uint16) string {
		if v == 0 {
			return "0"
		}
		return hex16(uint64(v)) + ", reserved bits set"
	}},
}

// opt reads an OPT record from its TYPE on (RFC 6891 section 6.1).
func (c *cursor) opt() {
	c.number("TYPE", 2, typeText)
	c.number("UDP payload size", 2, decimal)
	c.number("Extended RCODE", 1, func(v uint64) string {
		if !c.m.HasOPT {
			return decimal(v)
		}
		rcode := uint16(v)<<4 | c.m.Flags&15
		return fmt.Sprintf("%d (with the header %s, %d)", v, mnemonic.RCODE(rcode), rcode)
	})
	c.number("Version", 1, decimal)
	c.flags("EDNS flags", 2, hex16, ednsFlags)
	c.contents(func(c *cursor) {
		for !c.bad && c.left() > 0 {
			c.option()
		}
	})
}

// option reads an EDNS option.
func (c *cursor) option() {
	code, _ := c.peek16(0)
	n, ok := c.peek16(2)
	if !ok || 4+n > c.left() {
		c.fail("an EDNS option")
		return
	}
	f := c.bounded(Option, mnemonic.Option(uint16(code)), 4+n, func(c *cursor) {
		c.number("Option code", 2, func(v uint64) string { return mnemonic.Option(uint16(v)) + " (" + decimal(v) + ")" })
		c.number("Option length", 2, decimal)
		c.optionData(uint16(code))
	})
	f.Value = size(n)
	if n == 0 {
		f.Value = "no data"
	}
}

// optionData reads what an option holds. To add one, add its case.
func (c *cursor) optionData(code uint16) {
	if c.left() == 0 {
		return
	}
	switch code {
	case dns.EDNS0LLQ: // RFC 8764 section 3.2
		c.layout([]item{{"Version", u16}, {"LLQ opcode", u16}, {"Error code", u16}, {"LLQ ID", hex64}, {"Lease life", seconds}})
	case dns.EDNS0UL: // RFC 9664 section 4
		c.number("Lease", 4, secondsText)
		if c.left() > 0 {
			c.number("Key lease", 4, secondsText)
		}
	case dns.EDNS0NSID:
		c.rest("Name server identifier", hexAndText)
	case dns.EDNS0DAU:
		c.rest("Algorithms understood", listed(algorithmText))
	case dns.EDNS0DHU:
		c.rest("DS digests understood", listed(digestText))
	case dns.EDNS0N3U:
		c.rest("NSEC3 hashes understood", listed(nsec3HashText))
	case dns.EDNS0SUBNET:
		c.subnet()
	case dns.EDNS0EXPIRE:
		c.number("Expire", 4, secondsText)
	case dns.EDNS0COOKIE:
		c.cookie()
	case dns.EDNS0TCPKEEPALIVE:
		c.number("Timeout", 2, func(v uint64) string { return fmt.Sprintf("%d (%g s)", v, float64(v)/10) })
	case dns.EDNS0PADDING:
		c.rest("Padding", paddingText)
	case 13: // CHAIN (RFC 7901 section 5)
		c.name("Closest trust point")
	case 14: // KEY-TAG (RFC 8145 section 4.1)
		c.keyTags()
	case dns.EDNS0EDE:
		c.number("Info code", 2, func(v uint64) string { return fmt.Sprintf("%d (%s)", v, mnemonic.EDE(uint16(v))) })
		c.rest("Extra text", func(b []byte) string { return `"` + string(b) + `"` })
	case 16, 17: // CLIENT-TAG, SERVER-TAG (draft-bellis-dnsop-edns-tags)
		c.number("Tag", 2, decimal)
	case dns.EDNS0REPORTING:
		c.name("Agent domain")
	case dns.EDNS0ZONEVERSION:
		c.zoneVersion()
	default:
		c.rest("Option data", hexadecimal)
	}
}

// subnet reads a Client Subnet option (RFC 7871 section 6).
func (c *cursor) subnet() {
	family := c.number("Family", 2, func(v uint64) string {
		switch v {
		case 1:
			return "1 (IPv4)"
		case 2:
			return "2 (IPv6)"
		}
		return decimal(v)
	})
	source := c.number("Source prefix length", 1, decimal)
	c.number("Scope prefix length", 1, decimal)
	room := map[uint64]int{1: 4, 2: 16}[family]
	if n := c.left(); n > room || n == 0 {
		return
	}
	c.rest("Address", func(b []byte) string {
		full := make([]byte, room)
		copy(full, b)
		a, _ := netip.AddrFromSlice(full)
		return fmt.Sprintf("%s/%d", a, source)
	})
}

// Lengths of cookies in bytes (RFC 7873 section 4), and of a server cookie as servers agree to make them (RFC 9018 section 4).
const (
	clientCookie    = 8
	serverCookieMin = 8
	serverCookieMax = 32
	serverCookieAll = 16
)

func (c *cursor) cookie() {
	c.bytes("Client cookie", clientCookie, hexadecimal)
	n := c.left()
	switch {
	case c.bad || n < serverCookieMin || n > serverCookieMax:
		return
	case n == serverCookieAll && c.m.Data[c.off] == 1 && integer(c.m.Data[c.off+1:c.off+4]) == 0:
		c.group(Group, "Server cookie", func(c *cursor) {
			c.number("Version", 1, decimal)
			c.bytes("Reserved", 3, hexadecimal)
			c.number("Timestamp", 4, timeText)
			c.rest("Hash", hexadecimal)
		})
	default:
		c.rest("Server cookie", hexadecimal)
	}
}

func (c *cursor) keyTags() {
	if c.left()%2 != 0 {
		return
	}
	c.rest("Key tags", func(b []byte) string {
		var all []string
		for ; len(b) >= 2; b = b[2:] {
			all = append(all, decimal(integer(b[:2])))
		}
		return strings.Join(all, " ")
	})
}

// zoneVersion reads a ZONEVERSION option (RFC 9660 section 2).
func (c *cursor) zoneVersion() {
	c.number("Label count", 1, decimal)
	typ := c.number("Type", 1, func(v uint64) string {
		if v == 0 {
			return "SOA-SERIAL (0)"
		}
		return decimal(v)
	})
	if typ == 0 && c.left() == 4 {
		c.number("Version", 4, decimal)
		return
	}
	c.rest("Version", hexadecimal)
}

func paddingText(b []byte) string {
	for _, x := range b {
		if x != 0 {
			return size(len(b)) + ", not all zero"
		}
	}
	return size(len(b)) + ", all zero"
}
