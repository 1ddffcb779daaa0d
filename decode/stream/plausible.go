package stream

import "encoding/binary"

const (
	prefixLen = 2
	headerLen = 12
	// startLen is how many bytes of a stream it takes to judge whether a message starts there.
	startLen = prefixLen + headerLen
)

// The smallest question (root name, type, class) and the smallest record (root name, type, class, TTL, length).
const (
	minQuestion = 5
	minRecord   = 11
)

// opcodes that are in use: QUERY, STATUS, NOTIFY, UPDATE and DSO (IANA; RFC 8490).
const knownOpcodes = 1<<0 | 1<<2 | 1<<4 | 1<<5 | 1<<6

// plausible says that b, a segment's payload, may start with a length prefix and a DNS message (RFC 1035 section 4.2.2): the header is
// sane, what its counts claim fits the length, a name follows, and so does another message where b goes on after it.
// b must have at least startLen bytes.
func plausible(b []byte) bool {
	length := int(binary.BigEndian.Uint16(b))
	if !plausibleMessage(b[prefixLen:], length) {
		return false
	}
	rest := b[min(prefixLen+length, len(b)):]
	if len(rest) < startLen {
		return len(rest) < prefixLen || binary.BigEndian.Uint16(rest) >= headerLen
	}
	return plausibleMessage(rest[prefixLen:], int(binary.BigEndian.Uint16(rest)))
}

// plausibleMessage judges a message of length bytes by its first ones, at least the header's.
func plausibleMessage(m []byte, length int) bool {
	flags := binary.BigEndian.Uint16(m[2:])
	opcode, response := flags>>11&15, flags&0x8000 != 0
	qd, an := int(binary.BigEndian.Uint16(m[4:])), int(binary.BigEndian.Uint16(m[6:]))
	ns, ar := int(binary.BigEndian.Uint16(m[8:])), int(binary.BigEndian.Uint16(m[10:]))
	switch {
	case length < headerLen+qd*minQuestion+(an+ns+ar)*minRecord:
		return false
	case knownOpcodes>>opcode&1 == 0, flags&0x0040 != 0: // the Z bit
		return false
	case flags&15 > 11, !response && flags&15 != 0:
		return false
	case qd > 1, !response && opcode == 0 && (qd != 1 || an != 0):
		return false
	}
	body := m[headerLen:min(length, len(m))]
	return qd+an+ns+ar == 0 || plausibleName(body)
}

// plausibleName says that b starts with labels as far as it goes (RFC 1035 section 3.1). No compression: there is nothing yet to point to
// but the header.
func plausibleName(b []byte) bool {
	for off := 0; off < len(b); off += 1 + int(b[off]) {
		if b[off] == 0 {
			return true
		}
		if b[off] > 63 || off > 254 {
			return false
		}
	}
	return true
}

// wholeMessages says that b holds plausible messages and nothing else.
func wholeMessages(b []byte) bool {
	for len(b) >= startLen {
		length := int(binary.BigEndian.Uint16(b)) // not below headerLen where plausible
		if len(b) < prefixLen+length || !plausibleMessage(b[prefixLen:], length) {
			return false
		}
		b = b[prefixLen+length:]
		if len(b) == 0 {
			return true
		}
	}
	return false
}

// notDNS says that the first bytes of a stream belong to another protocol: TLS records (RFC 8446 section 5.1), or text that begins like
// HTTP or SSH. Each is also a length prefix, so what makes a plausible message is one.
func notDNS(b []byte) bool {
	if len(b) < 6 || !foreign(b) {
		return false
	}
	return len(b) < startLen || !plausible(b)
}

func foreign(b []byte) bool {
	if b[0] >= 0x14 && b[0] <= 0x17 && b[1] == 3 && b[2] <= 4 {
		return true
	}
	switch string(b[:4]) {
	case "GET ", "POST", "HEAD", "PUT ", "HTTP", "OPTI", "CONN", "PRI ", "SSH-", "DELE":
		return true
	}
	return false
}

// bareMessage says that b looks like a DNS message without its length prefix (X07).
func bareMessage(b []byte) bool {
	return len(b) >= headerLen+minQuestion && binary.BigEndian.Uint16(b[4:]) == 1 && plausibleMessage(b, len(b))
}
