package wire

import (
	"encoding/binary"
	"unicode/utf8"

	"github.com/miekg/dns"
)

// Option codes whose data the walk looks at (IANA, DNS EDNS0 Option Codes).
const (
	optionLLQ           = 1  // RFC 8764
	optionUpdateLease   = 2  // RFC 9664
	optionNSID          = 3  // RFC 5001
	optionECS           = 8  // RFC 7871
	optionExpire        = 9  // RFC 7314
	optionCookie        = 10 // RFC 7873
	optionKeepalive     = 11 // RFC 7828
	optionPadding       = 12 // RFC 7830
	optionChain         = 13 // RFC 7901
	optionKeyTag        = 14 // RFC 8145
	optionEDE           = 15 // RFC 8914
	optionClientTag     = 16 // draft-bellis-dnsop-edns-tags
	optionServerTag     = 17
	optionReportChannel = 18 // RFC 9567
	optionZoneVersion   = 19 // RFC 9660
)

// checkedOptions has the bits of those options.
const checkedOptions = 1<<optionLLQ | 1<<optionUpdateLease | 1<<optionNSID | 1<<optionECS | 1<<optionExpire | 1<<optionCookie |
	1<<optionKeepalive | 1<<optionPadding | 1<<optionChain | 1<<optionKeyTag | 1<<optionEDE | 1<<optionClientTag | 1<<optionServerTag |
	1<<optionReportChannel | 1<<optionZoneVersion

// repeatable are the options of which a message may have several: one for each LLQ question, and extended errors (RFC 8914 section 2).
const repeatable = 1<<optionLLQ | 1<<optionEDE

// option checks an option of n bytes whose code is at off. What is said of one code is said of its first option, and once more if there is a second:
// so thousands of options have no thousands of anomalies.
func (m *Message) option(code uint16, off, n int) {
	if m.EDNS.Has&optionBit(code) != 0 {
		m.optionAgain(code, off, n)
		return
	}
	data := m.Data[off+4 : off+4+n]
	switch code {
	case optionCookie:
		if !cookieSize(n) {
			m.note(fault{cookieLength, off + 2, 2 + n})
		}
	case optionECS:
		m.subnet(data, off)
	case optionKeepalive:
		m.keepalive(off, n)
	case optionPadding:
		m.padding(data, off)
	case optionEDE:
		m.extendedError(data, off)
	case optionChain, optionReportChannel:
		m.optionName(code, data, off)
	default:
		if !m.optionSize(code, n) {
			m.note(fault{optionFormat, off + 2, 2})
		}
	}
}

// cookieSize says whether a cookie can have n bytes: the client's 8, or those with 8 to 32 of the server (RFC 7873 section 4).
func cookieSize(n int) bool { return n == 8 || n >= 16 && n <= 40 }

// hasCookie says that there is a COOKIE option.
func (m *Message) hasCookie() bool { return m.HasOPT && m.EDNS.Has&(1<<optionCookie) != 0 }

// optionAgain is for an option whose bit has been seen.
func (m *Message) optionAgain(code uint16, off, n int) {
	switch bit := optionBit(code); {
	case bit == 1:
		m.saw |= sawUnknowns
	case bit&repeatable == 0 && m.EDNS.twice&bit == 0:
		m.EDNS.twice |= bit
		m.note(fault{optionTwice, off, 4 + n})
	}
}

// maxUnknown is how many options of codes above 31 are compared with one another: the most comparisons are half its square.
const maxUnknown = 64

// sameUnknown notes the first option of a code above 31 that is there twice.
func (m *Message) sameUnknown() {
	var codes [maxUnknown]uint16
	n := 0
	for o := range m.EDNS.All {
		if optionBit(o.Code) != 1 {
			continue
		}
		for _, c := range codes[:n] {
			if c == o.Code {
				m.insert(fault{optionTwice, int(o.Off), 4 + len(o.Data)})
				return
			}
		}
		if n == maxUnknown {
			return
		}
		codes[n] = o.Code
		n++
	}
}

// subnet checks an ECS option (RFC 7871 section 6): family, prefix lengths, and an address of as many octets as the source prefix needs, with
// zeros after it.
func (m *Message) subnet(data []byte, off int) {
	n, at := len(data), off+4
	if n < 4 {
		m.note(fault{ecsBad, off + 2, 2})
		return
	}
	family, prefix, scope := binary.BigEndian.Uint16(data), int(data[2]), data[3]
	most := [...]int{0, 32, 128}
	switch {
	case family > 2:
		m.note(fault{ecsBad, at, 2})
	case prefix > most[family]:
		m.note(fault{ecsBad, at + 2, 1})
	case n != 4+(prefix+7)/8:
		m.note(fault{ecsBad, off + 2, 2})
	case prefix&7 != 0 && data[n-1]<<(prefix&7) != 0:
		m.note(fault{ecsBad, at + n - 1, 1})
	}
	if scope != 0 && !m.Response() {
		m.note(fault{ecsScope, at + 3, 1})
	}
}

// keepalive checks the length of a TCP keepalive option: a query's has no timeout, a response's one of two bytes (RFC 7828 section 3.1).
func (m *Message) keepalive(off, n int) {
	m.saw |= sawOnCarrier
	switch {
	case !m.Response() && n != 0:
		m.note(fault{keepaliveQuery, off + 2, 2})
	case m.Response() && n != 2:
		m.note(fault{optionFormat, off + 2, 2})
	}
}

// padding notes padding, which is for encrypted transports only (RFC 7830 section 6): none of what we read is encrypted. Octets other than 0 are
// where it says more.
func (m *Message) padding(data []byte, off int) {
	for i, c := range data {
		if c != 0 {
			m.note(fault{paddingOdd, off + 4 + i, len(data) - i})
			return
		}
	}
	m.note(fault{paddingOdd, off, 4 + len(data)})
}

// extendedError checks an EDE option: a code of two bytes, and a text in UTF-8 without a byte order mark (RFC 8914 section 2, RFC 5198).
func (m *Message) extendedError(data []byte, off int) {
	if len(data) < 2 {
		m.note(fault{optionFormat, off + 2, 2})
		return
	}
	if m.Response() {
		m.errorKind(binary.BigEndian.Uint16(data), off, 4+len(data))
	}
	text, at := data[2:], off+6
	if len(text) >= 3 && text[0] == 0xef && text[1] == 0xbb && text[2] == 0xbf {
		m.note(fault{optionFormat, at, 3})
		return
	}
	for i := 0; i < len(text); {
		if text[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, size := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && size == 1 {
			m.note(fault{optionFormat, at + i, 1})
			return
		}
		i += size
	}
}

// errorKind notes what an extended error says of the answer: stale, or made by policy (RFC 8914 sections 4.4 and 4.16 to 4.20).
func (m *Message) errorKind(code uint16, off, length int) {
	switch code {
	case dns.ExtendedErrorCodeStaleAnswer, dns.ExtendedErrorCodeStaleNXDOMAINAnswer:
		m.note(fault{staleAnswer, off, length})
	case dns.ExtendedErrorCodeBlocked, dns.ExtendedErrorCodeCensored, dns.ExtendedErrorCodeFiltered, dns.ExtendedErrorCodeProhibited:
		m.note(fault{filtered, off, length})
	}
}

// optionName checks the data of CHAIN (RFC 7901 section 4) and Report-Channel (RFC 9567 section 6.1): a name, uncompressed. The latter tells of an
// agent to report errors to.
func (m *Message) optionName(code uint16, data []byte, off int) {
	off += 4
	end := off + len(data)
	next, n, f := readName(m.Data, off, end)
	if f.id != 0 || next != end || n != len(data) {
		m.note(fault{optionFormat, off, len(data)})
		return
	}
	if code == optionReportChannel && m.Response() {
		m.note(fault{reportChannel, off - 4, 4 + len(data)})
	}
}

// optionSize says whether an option of n bytes can be one of its code.
func (m *Message) optionSize(code uint16, n int) bool {
	switch code {
	case optionLLQ:
		return n == 18
	case optionUpdateLease:
		return n == 4 || n == 8
	case optionNSID, optionZoneVersion: // a query only asks for it
		return n == 0 || m.Response()
	case optionExpire:
		return n == 0 || n == 4
	case optionKeyTag:
		return n > 0 && n%2 == 0
	case optionClientTag, optionServerTag:
		return n == 2
	}
	return true
}
