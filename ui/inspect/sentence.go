package inspect

import (
	"encoding/binary"
	"fmt"

	"github.com/miekg/dns"

	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/decode/mnemonic"
	"github.com/dnssniff/dnssniff/decode/wire"
)

// subject is what a sentence is about.
type subject struct {
	m   *Message
	e   *Exchange
	a   anomaly.Seen
	off int // a.Offset
}

// Sentence says in one sentence what is wrong, with the values seen where there are any: else what the catalogue says of the entry. m is the
// message that the anomaly's offset is of, and one of e.
func Sentence(e *Exchange, m *Message, a anomaly.Seen) string {
	s := ""
	if say, ok := sentences[a.ID]; ok {
		s = say(subject{m: m, e: e, a: a, off: int(a.Offset)})
	}
	if s == "" {
		entry, _ := a.ID.Entry()
		s = entry.Meaning
	}
	return s
}

// values returns a sentence, or nothing where a value of it is not there.
func values(format string, args ...any) string {
	for _, a := range args {
		if v, ok := a.(int); ok && v < 0 {
			return ""
		}
	}
	return fmt.Sprintf(format, args...)
}

// u8 and u16 return a number of the message, negative where it is not there.
func (s subject) u8(off int) int {
	if off < 0 || off >= len(s.m.Data) {
		return -1
	}
	return int(s.m.Data[off])
}

func (s subject) u16(off int) int {
	if off < 0 || off+2 > len(s.m.Data) {
		return -1
	}
	return int(binary.BigEndian.Uint16(s.m.Data[off:]))
}

// pointer returns where the pointer at fault leads.
func (s subject) pointer() int {
	if v := s.u16(s.off); v >= 0 {
		return v & 0x3fff
	}
	return -1
}

// after returns how many bytes the message has from an offset on.
func (s subject) after(off int) int { return len(s.m.Data) - off }

// record returns the record that the bytes at fault are in.
func (s subject) record() (wire.Record, bool) {
	for _, r := range s.m.Records {
		if end := int(r.Data) + int(r.Len); s.off >= int(r.Off) && s.off <= end {
			if s.off == end && s.a.Length > 0 {
				continue
			}
			return r, true
		}
	}
	return wire.Record{}, false
}

// about returns a sentence about the record, whose words take its type and its RDLENGTH.
func (s subject) about(format string) string {
	r, ok := s.record()
	if !ok {
		return ""
	}
	return fmt.Sprintf(format, mnemonic.Type(r.Type), r.Len)
}

// option returns the code and the data of the EDNS option that the bytes at fault are in.
func (s subject) option() (code uint16, data []byte, ok bool) {
	for o := range s.m.EDNS.All {
		if s.m.HasOPT && s.off >= int(o.Off) && s.off <= int(o.Off)+4+len(o.Data) {
			code, data, ok = o.Code, o.Data, true
			if s.off < int(o.Off)+4+len(o.Data) {
				return code, data, ok
			}
		}
	}
	return code, data, ok
}

// counts writes four numbers in the order of the sections.
func counts(c [4]uint16) string { return fmt.Sprintf("%d, %d, %d and %d", c[0], c[1], c[2], c[3]) }

// word returns "1 byte" or "3 bytes".
func octets(n int) string {
	if n < 0 {
		n = 0
	}
	return count(n, "byte")
}

// leads says where a pointer leads, in words that follow "The pointer at 12 ".
func leads(tail string) func(subject) string {
	return func(s subject) string {
		return values("The compression pointer at %d leads to %d, "+tail+".", s.off, s.pointer())
	}
}

// reserved is for labels whose first two bits have no meaning.
func reserved(bits string) func(subject) string {
	return func(s subject) string {
		return values("Label length 0x%02x at %d is of reserved type "+bits+".", s.u8(s.off), s.off)
	}
}

// claims is for a count of the header.
func claims(n int, format string) func(subject) string {
	return func(s subject) string { return fmt.Sprintf(format, s.m.Counts[n]) }
}

// ofType is for what is wrong about a record: the words take its type and RDLENGTH.
func ofType(format string) func(subject) string {
	return func(s subject) string { return s.about(format) }
}

// u32 returns a number of the message, negative where it is not there.
func (s subject) u32(off int) int {
	high, low := s.u16(off), s.u16(off+2)
	if high < 0 || low < 0 {
		return -1
	}
	return high<<16 | low
}

// class names the class at an offset.
func (s subject) class(off int) string { return mnemonic.Class(uint16(s.u16(off))) }

// named returns a sentence with the name at the bytes at fault, nothing where none can be read.
func (s subject) named(format string) string {
	full, ok := s.m.AppendWireName(nil, s.off)
	if !ok {
		return ""
	}
	return fmt.Sprintf(format, wire.AppendName(nil, full))
}

// asked is for what is odd about a QTYPE.
func asked(format string) func(subject) string {
	return func(s subject) string {
		if v := s.u16(s.off); v >= 0 {
			return fmt.Sprintf(format, mnemonic.Type(uint16(v)))
		}
		return ""
	}
}

// explained is for what an Extended DNS Error says.
func explained(format string) func(subject) string {
	return func(s subject) string {
		code, data, ok := s.option()
		if !ok || code != dns.EDNS0EDE || len(data) < 2 {
			return ""
		}
		info := binary.BigEndian.Uint16(data)
		why := fmt.Sprintf("EDE %d, %s", info, mnemonic.EDE(info))
		if text := data[2:]; len(text) > 0 {
			why += ` ("` + string(text) + `")`
		}
		return fmt.Sprintf(format, why)
	}
}

// scope returns the scope prefix length of the first client-subnet option.
func (s subject) scope() int {
	if o, ok := s.m.EDNS.Option(dns.EDNS0SUBNET); ok && len(o.Data) >= 4 {
		return int(o.Data[3])
	}
	return -1
}
