package wire

import (
	"encoding/binary"

	"github.com/miekg/dns"
)

// classANY is the class of TSIG, TKEY and SIG(0) records (RFC 8945 section 4.2, RFC 2930 section 2, RFC 2931 section 3).
const classANY = 255

// rcodeBadTime is the only TSIG error with Other Data: the server's time (RFC 8945 section 5.2.3).
const (
	rcodeBadTime = dns.RcodeBadTime
	badTimeLen   = 6
)

// signature takes in a SIG, TSIG or TKEY record whose RDATA has its shape.
func (m *Message) signature(r *Record) {
	switch r.Type {
	case typeTSIG:
		m.tsig(r)
	case typeTKEY:
		m.tkey(r)
	default:
		if binary.BigEndian.Uint16(m.Data[r.Data:]) == 0 {
			m.HasSIG0 = true
			m.saw |= sawSIG0
		}
	}
}

// signatureFrame notes a TSIG record whose class is not ANY or whose TTL is not 0 (RFC 8945 section 4.2).
func (m *Message) signatureFrame(r *Record) {
	class, ttl := r.Class != classANY, r.TTL != 0
	switch {
	case class && ttl:
		m.note(fault{tsigClassTTL, int(r.Data) - 8, 6})
	case class:
		m.note(fault{tsigClassTTL, int(r.Data) - 8, 2})
	case ttl:
		m.note(fault{tsigClassTTL, int(r.Data) - 6, 4})
	}
}

// tsig takes in a TSIG record.
func (m *Message) tsig(r *Record) {
	if m.HasTSIG {
		return
	}
	off, _, _ := readName(m.Data, int(r.Data), int(r.Data)+int(r.Len))
	d := m.Data
	t := &m.TSIG
	t.Off, t.Algorithm = r.Off, r.Data
	t.Time = uint64(binary.BigEndian.Uint16(d[off:]))<<32 | uint64(binary.BigEndian.Uint32(d[off+2:]))
	t.Fudge = binary.BigEndian.Uint16(d[off+6:])
	t.MACLen = binary.BigEndian.Uint16(d[off+8:])
	mac := off + 8
	off += 10 + int(t.MACLen)
	t.OriginalID = binary.BigEndian.Uint16(d[off:])
	t.Error = binary.BigEndian.Uint16(d[off+2:])
	t.OtherLen = binary.BigEndian.Uint16(d[off+4:])
	t.OtherData = uint16(off + 6)
	m.HasTSIG = true
	m.tsigSizes(mac)
}

// tsigSizes notes an unknown algorithm, a MAC that its algorithm cannot make, whose size is at mac, and Other Data that no error has.
func (m *Message) tsigSizes(mac int) {
	t := &m.TSIG
	full, known := m.algorithm(int(t.Algorithm))
	n := int(t.MACLen)
	switch {
	case !known:
		next, _, _ := readName(m.Data, int(t.Algorithm), len(m.Data))
		m.note(fault{tsigAlgorithm, int(t.Algorithm), next - int(t.Algorithm)})
	case n == 0 && m.Response() && t.Error != 0: // no key to make one with (RFC 8945 section 5.3.2)
	case full > 0 && (n > full || n < max(10, (full+1)/2)) || n == 0:
		m.note(fault{tsigRDATA, mac, 2})
	}
	if t.OtherLen != 0 && (t.OtherLen != badTimeLen || t.Error != rcodeBadTime) {
		m.note(fault{tsigRDATA, int(t.OtherData) - 2, 2})
	}
}

// algorithms are the names of TSIG algorithms in lower-case wire form with the size of their MAC in bytes (RFC 8945 section 6); GSS has
// none that is fixed (RFC 3645).
var algorithms = [...]struct {
	name string
	size int
}{
	{"\x0bhmac-sha256\x00", 32},
	{"\x08hmac-md5\x07sig-alg\x03reg\x03int\x00", 16},
	{"\x08gss-tsig\x00", 0},
	{"\x09hmac-sha1\x00", 20},
	{"\x0bhmac-sha512\x00", 64},
	{"\x0bhmac-sha384\x00", 48},
	{"\x0bhmac-sha224\x00", 28},
	{"\x0fhmac-sha256-128\x00", 16},
	{"\x0fhmac-sha384-192\x00", 24},
	{"\x0fhmac-sha512-256\x00", 32},
	{"\x0dgss.microsoft\x03com\x00", 0},
}

// algorithm returns the size of the full MAC of the algorithm whose name is at off, 0 for any, and whether the name is known.
func (m *Message) algorithm(off int) (size int, known bool) {
	var room [maxName]byte
	name := appendWire(room[:0], m.Data, off)
	for i, c := range name {
		name[i] = fold1(c)
	}
	for i := range algorithms {
		if string(name) == algorithms[i].name {
			return algorithms[i].size, true
		}
	}
	return 0, false
}

// tkey takes in a TKEY record. It is in the additional section of a query; a response has it in the answer, or of its own accord in
// the additional section (RFC 2930 sections 3 and 4).
func (m *Message) tkey(r *Record) {
	if m.HasTKEY {
		return
	}
	off, _, _ := readName(m.Data, int(r.Data), int(r.Data)+int(r.Len))
	d := m.Data
	m.TKEY = TKEY{
		Off:        r.Off,
		Inception:  binary.BigEndian.Uint32(d[off:]),
		Expiration: binary.BigEndian.Uint32(d[off+4:]),
		Mode:       binary.BigEndian.Uint16(d[off+8:]),
		Error:      binary.BigEndian.Uint16(d[off+10:]),
	}
	m.HasTKEY = true
	if r.Section != SectionAdditional && (r.Section != SectionAnswer || !m.Response()) {
		m.note(fault{tkeySection, int(r.Off), int(r.Data-r.Off) + int(r.Len)})
	}
}

// tsigPlace notes the first TSIG record that is one too many, and the first that is not the last record of the additional section
// (RFC 8945 section 5.2). Each is noted once: inserting thousands would be slow. Where counts are wrong, the section says nothing.
func (m *Message) tsigPlace(whole bool) {
	count, misplaced := 0, false
	for i := range m.Records {
		r := &m.Records[i]
		if r.Type != typeTSIG {
			continue
		}
		at, length := int(r.Off), int(r.Data-r.Off)+int(r.Len)
		if count++; count == 2 {
			m.insert(fault{tsigMultiple, at, length})
		}
		followed := i+1 < len(m.Records) && m.Records[i+1].Type != typeTSIG
		if !misplaced && (followed || whole && r.Section != SectionAdditional) {
			misplaced = true
			m.insert(fault{tsigMisplaced, at, length})
		}
	}
}

// sig0Place notes the first SIG(0) record that is not at the end of the additional section, but for a TSIG after it. Its owner should be the root to
// save bytes, and means nothing (RFC 2931 section 3).
func (m *Message) sig0Place(whole bool) {
	for i := range m.Records {
		r := &m.Records[i]
		if r.Type != typeSIG || r.Len < 2 || binary.BigEndian.Uint16(m.Data[r.Data:]) != 0 {
			continue
		}
		followed := i+1 < len(m.Records) && m.Records[i+1].Type != typeTSIG
		if followed || whole && r.Section != SectionAdditional {
			m.insert(fault{sig0Misplaced, int(r.Off), int(r.Data-r.Off) + int(r.Len)})
			return
		}
	}
}

// RRSIGWindow returns when the signatures of the message are all valid: from the latest inception to the earliest expiration, in seconds
// since 1970 modulo 2^32, to be compared by serial arithmetic (RFC 4034 section 3.1.5), and which records those are. ok is false where
// there is no RRSIG. It costs nothing where there is none.
func (m *Message) RRSIGWindow() (inception, expiration uint32, from, to *Record, ok bool) {
	if m.saw&sawRRSIG == 0 {
		return 0, 0, nil, nil, false
	}
	for i := range m.Records {
		r := &m.Records[i]
		if r.Type != typeRRSIG || r.Len < 18 {
			continue
		}
		exp, inc := binary.BigEndian.Uint32(m.Data[r.Data+8:]), binary.BigEndian.Uint32(m.Data[r.Data+12:])
		if from == nil || int32(inc-inception) > 0 {
			inception, from = inc, r
		}
		if to == nil || int32(exp-expiration) < 0 {
			expiration, to = exp, r
		}
	}
	return inception, expiration, from, to, to != nil
}
