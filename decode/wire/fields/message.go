package fields

import (
	"fmt"
	"strconv"

	"github.com/miekg/dns"

	"github.com/dnssniff/dnssniff/decode/mnemonic"
	"github.com/dnssniff/dnssniff/decode/wire"
)

// flag is a bit, or several that stand together.
type flag struct {
	name string
	mask uint16
	show func(uint16) string
}

func bit(v uint16) string { return strconv.Itoa(int(v)) }

func word(zero, one string) func(uint16) string {
	return func(v uint16) string {
		if v == 0 {
			return zero
		}
		return one
	}
}

// headerFlags are the second 16 bits of a header (RFC 1035 section 4.1.1, RFC 4035 section 3).
var headerFlags = []flag{
	{"QR", wire.FlagQR, word("query", "response")},
	{"Opcode", 0x7800, func(v uint16) string { return mnemonic.Opcode(uint8(v)) + " (" + bit(v) + ")" }},
	{"AA", wire.FlagAA, word("not authoritative", "authoritative answer")},
	{"TC", wire.FlagTC, word("not truncated", "truncated")},
	{"RD", wire.FlagRD, word("recursion not desired", "recursion desired")},
	{"RA", wire.FlagRA, word("recursion not available", "recursion available")},
	{"Z", wire.FlagZ, word("0", "reserved bit set")},
	{"AD", wire.FlagAD, word("not authenticated", "authentic data")},
	{"CD", wire.FlagCD, word("checking not disabled", "checking disabled")},
	{"RCODE", 0xf, func(v uint16) string { return mnemonic.RCODE(v) + " (" + bit(v) + ")" }},
}

func hex16(v uint64) string { return fmt.Sprintf("0x%04x", v) }
func hex8(v uint64) string  { return fmt.Sprintf("0x%02x", v) }

// sectionWords are what the sections, the counts and the entries are called; UPDATE has words of its own (RFC 2136 section 2).
type sectionWords struct{ section, count, entry string }

var plainWords = [4]sectionWords{{"Question", "QDCOUNT", "Question"}, {"Answer", "ANCOUNT", "Answer"}, {"Authority", "NSCOUNT", "Authority"},
	{"Additional", "ARCOUNT", "Additional"}}

var updateWords = [4]sectionWords{{"Zone", "ZOCOUNT", "Zone"}, {"Prerequisite", "PRCOUNT", "Prerequisite"}, {"Update", "UPCOUNT", "Update"},
	{"Additional", "ADCOUNT", "Additional"}}

func wordsOf(m *wire.Message) *[4]sectionWords {
	if m.Opcode() == dns.OpcodeUpdate {
		return &updateWords
	}
	return &plainWords
}

func header(c *cursor) {
	c.number("ID", 2, func(v uint64) string { return fmt.Sprintf("0x%04x (%d)", v, v) })
	c.flags("Flags", 2, hex16, headerFlags)
	for _, w := range wordsOf(c.m) {
		c.number(w.count, 2, decimal)
	}
}

// sections reads the four sections as far as they are sound.
func (c *cursor) sections() {
	words := wordsOf(c.m)
	for s, w := range words {
		f := c.group(Section, w.section, func(c *cursor) {
			for i := range c.m.Counts[s] {
				if c.left() == 0 || c.bad {
					return
				}
				name := w.entry + " " + strconv.Itoa(int(i)+1)
				if wire.Section(s) == wire.SectionQuestion {
					c.question(name)
				} else {
					c.record(name)
				}
			}
		})
		if f != nil {
			f.Value = claimed(int(c.m.Parsed[s]), int(c.m.Counts[s]))
		}
	}
}

// claimed says how many entries of how many there are.
func claimed(n, of int) string {
	if n >= of {
		return strconv.Itoa(of)
	}
	return fmt.Sprintf("%d of %d", n, of)
}

func (c *cursor) question(name string) {
	text := ""
	f := c.group(Entry, name, func(c *cursor) {
		text = c.name("QNAME")
		text += " " + mnemonic.Type(uint16(c.number("QTYPE", 2, typeText)))
		c.number("QCLASS", 2, classText)
	})
	if f != nil && !c.bad {
		f.Value = text
	}
}

// record reads a resource record. One whose RDATA is not all there ends the reading.
func (c *cursor) record(name string) {
	summary := ""
	f := c.group(Entry, name, func(c *cursor) {
		start := c.off
		owner := c.name("NAME")
		first, ok := c.peek16(0)
		typ := uint16(first)
		if ok && typ == dns.TypeOPT {
			summary = owner + " OPT"
			c.opt()
			return
		}
		c.number("TYPE", 2, typeText)
		class := uint16(c.number("CLASS", 2, classText))
		c.number("TTL", 4, ttlText)
		text := ""
		c.contents(func(c *cursor) {
			text = c.text(start)
			c.rdata(typ, class, text)
		})
		summary = owner + " " + mnemonic.Type(typ) + " " + text
	})
	if f != nil && !c.bad {
		f.Value = summary
	}
}

// contents reads RDLENGTH and RDATA. RDATA that a capture cut off is read as far as it is there; where the message itself is too short,
// nobody knows what is RDATA.
func (c *cursor) contents(read func(*cursor)) {
	n := int(c.number("RDLENGTH", 2, decimal))
	whole := n <= c.left()
	if c.bad || !whole && !c.m.Cut {
		c.fail("RDATA")
		return
	}
	c.bounded(RDATA, "RDATA", min(n, c.left()), read)
	c.bad = !whole
	c.records++
}

// text returns the RDATA of the record at off as master files write it.
func (c *cursor) text(off int) string {
	if c.bad || c.records >= len(c.m.Records) || int(c.m.Records[c.records].Off) != off {
		return ""
	}
	return wire.RData(c.m, &c.m.Records[c.records])
}

// trailing reads what follows the last record: an OPT that was not counted, and what has no meaning.
func (c *cursor) trailing() {
	if c.left() < 11 || c.m.Data[c.off] != 0 || !c.all() {
		return
	}
	if typ, _ := c.peek16(1); typ != int(dns.TypeOPT) {
		return
	}
	if n, _ := c.peek16(9); 11+n > c.left() {
		return
	}
	if f := c.group(Section, "Not counted", func(c *cursor) { c.record("Record 1") }); f != nil {
		f.Value = "an OPT record that no count has"
	}
}

// all says that the counted entries were all read.
func (c *cursor) all() bool { return c.m.Parsed == c.m.Counts }

func typeText(v uint64) string  { return mnemonic.Type(uint16(v)) + " (" + decimal(v) + ")" }
func classText(v uint64) string { return mnemonic.Class(uint16(v)) + " (" + decimal(v) + ")" }

func ttlText(v uint64) string {
	if v>>31 != 0 {
		return decimal(v) + " (the highest bit is set)"
	}
	return decimal(v) + " s"
}
