package wire

import (
	"encoding/binary"

	"github.com/miekg/dns"
)

// Bits of EDNS.Flags (RFC 3225, RFC 9824).
const (
	EDNSFlagDO = 1 << 15
	EDNSFlagCO = 1 << 14
)

// Option is one EDNS option (RFC 6891 section 6.1.2).
type Option struct {
	Code uint16
	Off  uint16 // of its code in the message
	Data []byte // OPTION-DATA; aliases the message
}

// All yields the whole options in wire order: for o := range m.EDNS.All. It allocates nothing.
func (e *EDNS) All(yield func(Option) bool) {
	for off := 0; off+4 <= len(e.Options); {
		end := off + 4 + int(binary.BigEndian.Uint16(e.Options[off+2:]))
		if end > len(e.Options) {
			return
		}
		code := binary.BigEndian.Uint16(e.Options[off:])
		if !yield(Option{Code: code, Off: e.OptOff + uint16(off), Data: e.Options[off+4 : end]}) {
			return
		}
		off = end
	}
}

// Option returns the first option of a code.
func (e *EDNS) Option(code uint16) (Option, bool) {
	for o := range e.All {
		if o.Code == code {
			return o, true
		}
	}
	return Option{}, false
}

// ExtendedErrors yields the info code and the text of each Extended DNS Error (RFC 8914 section 2). The text is as it was sent: hostile.
func (m *Message) ExtendedErrors(yield func(code uint16, text []byte) bool) {
	if !m.HasOPT {
		return
	}
	for o := range m.EDNS.All {
		if o.Code == optionEDE && len(o.Data) >= 2 && !yield(binary.BigEndian.Uint16(o.Data), o.Data[2:]) {
			return
		}
	}
}

// opt takes an OPT record in: the first one as EDNS, any other as O02.
func (m *Message) opt(r *Record) {
	if m.HasOPT {
		m.note(fault{optMultiple, int(r.Off), int(r.Data-r.Off) + int(r.Len)})
		return
	}
	m.HasOPT = true
	e := &m.EDNS
	e.Off, e.Section = r.Off, r.Section
	e.UDPSize = r.Class
	e.ExtRCODE, e.Version, e.Flags = uint8(r.TTL>>24), uint8(r.TTL>>16), uint16(r.TTL)
	e.OptOff, e.NOptions, e.Has, e.twice = r.Data, 0, 0, 0
	end := int(r.Data) + int(r.Len)
	e.Options = m.Data[r.Data:end]
	if r.Section != SectionAdditional {
		m.saw |= sawMisplacedOPT
	}
	if r.NameLen != 1 {
		m.note(fault{optOwner, int(r.Off), int(r.Data-r.Off) - rrFixed})
	}
	if r.TTL&^(EDNSFlagDO|EDNSFlagCO) != 0 || e.UDPSize-minUDPSize > safeUDPSize-minUDPSize {
		m.oddEDNS(int(r.Data) - 8)
	}
	if r.Len > 0 {
		m.options(int(r.Data), end)
	}
}

// Sizes of a UDP payload in bytes: less than the one counts as it (RFC 6891 section 6.2.3), more than the other invites fragments (RFC 9715 section 3.2).
const (
	minUDPSize  = 512
	safeUDPSize = 1400
)

// oddEDNS notes odd fields of the OPT record whose CLASS is at off.
func (m *Message) oddEDNS(off int) {
	e := &m.EDNS
	if e.UDPSize < minUDPSize {
		m.note(fault{ednsSize, off, 2})
	}
	if e.UDPSize > safeUDPSize {
		m.note(fault{ednsLarge, off, 2})
	}
	if e.ExtRCODE != 0 {
		m.saw |= sawExtRCODE
	}
	switch {
	case e.Version == 0:
	case !m.Response():
		m.note(fault{ednsVersion, off + 3, 1})
	case m.RCODE() != dns.RcodeBadVers:
		m.note(fault{versionEcho, off + 3, 1})
	}
	if e.Flags&^(EDNSFlagDO|EDNSFlagCO) != 0 {
		m.note(fault{ednsZ, off + 4, 2})
	}
}

// options walks the options in Data[off:end] and cuts EDNS.Options after the last whole one.
func (m *Message) options(off, end int) {
	e, data := &m.EDNS, m.Data[:end]
	for off+4 <= end {
		word := binary.BigEndian.Uint32(data[off:])
		next := off + 4 + int(word&0xffff)
		if next > end {
			m.note(fault{optionOverrun, off + 2, 2})
			break
		}
		bit := optionBit(uint16(word >> 16))
		switch {
		case bit&(checkedOptions|e.Has) == 0:
		case bit&e.Has == 0 && (word == clientCookie || word == subnet24 && binary.BigEndian.Uint32(data[off+4:]) == subnet24Is):
		default:
			m.option(uint16(word>>16), off, next-off-4)
		}
		e.Has |= bit
		e.NOptions++
		off = next
	}
	e.Options = m.Data[e.OptOff:off]
	if left := end - off; left > 0 && left < 4 {
		m.note(fault{optionTail, off, left})
	}
	if m.saw&sawUnknowns != 0 {
		m.sameUnknown()
	}
}

// Codes and lengths as one word of the options that nearly all queries with options have, of which nothing need be checked: a client's cookie, and a
// subnet of IPv4 with 24 bits, which begins with the other word.
const (
	clientCookie = optionCookie<<16 | 8
	subnet24     = optionECS<<16 | 7
	subnet24Is   = 1<<16 | 24<<8
)

// optionBit is the bit of EDNS.Has for an option code.
func optionBit(code uint16) uint32 {
	if code > 31 {
		code = 0
	}
	return 1 << code
}
