package hostile

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// message is a query under construction. Its methods append, and return it for the next.
type message struct {
	b     []byte
	id    uint16
	at    time.Time // when it is signed
	fault int       // offset of the first byte at fault; -1: not marked yet
	open  []int     // offsets of the length fields that end will fill in
}

// Flags of the header's second 16 bits.
const (
	qr = 1 << 15
	aa = 1 << 10
	tc = 1 << 9
	rd = 1 << 8
	ra = 1 << 7
	z  = 1 << 6
	ad = 1 << 5
	cd = 1 << 4
)

// Offsets of the header's fields, and the length of the header.
const (
	flagsField = 2
	qdcount    = 4
	ancount    = 6
	nscount    = 8
	arcount    = 10
	headerLen  = 12
)

// do is the DO bit among the flags of an OPT record.
const do = 1 << 15

func opcode(n uint16) uint16 { return n << 11 }

// head appends a header. Counts that are not given are 0.
func (m *message) head(flags uint16, counts ...uint16) *message {
	var h [headerLen]byte
	binary.BigEndian.PutUint16(h[:], m.id)
	binary.BigEndian.PutUint16(h[flagsField:], flags)
	for i, n := range counts {
		binary.BigEndian.PutUint16(h[qdcount+2*i:], n)
	}
	return m.raw(h[:]...)
}

// query appends the header and the question of a sound query for Host, with the counts of answer, authority and additional section.
func (m *message) query(counts ...uint16) *message {
	return m.head(rd, append([]uint16{1}, counts...)...).question(Host, dns.TypeA, dns.ClassINET)
}

// update appends the header of an UPDATE and its zone section, with the counts of prerequisites, updates and additional data.
func (m *message) update(counts ...uint16) *message {
	return m.head(opcode(dns.OpcodeUpdate), append([]uint16{1}, counts...)...).question(Zone, dns.TypeSOA, dns.ClassINET)
}

func (m *message) question(name string, typ, class uint16) *message {
	return m.name(name).u16(typ, class)
}

// here marks the next byte as the first at fault.
func (m *message) here() *message { return m.faultAt(len(m.b)) }

func (m *message) faultAt(off int) *message {
	m.fault = off
	return m
}

func (m *message) raw(b ...byte) *message {
	m.b = append(m.b, b...)
	return m
}

func (m *message) text(s string) *message { return m.raw([]byte(s)...) }

func (m *message) zeros(n int) *message { return m.raw(make([]byte, n)...) }

func (m *message) u16(values ...uint16) *message {
	for _, v := range values {
		m.b = binary.BigEndian.AppendUint16(m.b, v)
	}
	return m
}

func (m *message) u32(values ...uint32) *message {
	for _, v := range values {
		m.b = binary.BigEndian.AppendUint32(m.b, v)
	}
	return m
}

// labels appends labels without a root after them. A label may hold any octets but the dot.
func (m *message) labels(labels ...string) *message {
	for _, l := range labels {
		m.raw(byte(len(l))).text(l)
	}
	return m
}

// name appends a name in presentation form without escapes, uncompressed.
func (m *message) name(s string) *message {
	if s = strings.TrimSuffix(s, "."); s != "" {
		m.labels(strings.Split(s, ".")...)
	}
	return m.raw(0)
}

// pointer appends a compression pointer.
func (m *message) pointer(target int) *message { return m.u16(0xc000 | uint16(target)) }

// record begins a record, up to its RDLENGTH; end ends it.
func (m *message) record(owner string, typ, class uint16, ttl uint32) *message {
	return m.name(owner).fixed(typ, class, ttl)
}

// fixed begins a record after its owner.
func (m *message) fixed(typ, class uint16, ttl uint32) *message {
	return m.u16(typ, class).u32(ttl).sized()
}

// sized appends a length that end will fill in.
func (m *message) sized() *message {
	m.open = append(m.open, len(m.b))
	return m.u16(0)
}

// end fills in the innermost open length.
func (m *message) end() *message {
	at := m.open[len(m.open)-1]
	m.open = m.open[:len(m.open)-1]
	binary.BigEndian.PutUint16(m.b[at:], uint16(len(m.b)-at-2))
	return m
}

// address appends a sound A record.
func (m *message) address(owner string) *message {
	return m.record(owner, dns.TypeA, dns.ClassINET, 300).raw(192, 0, 2, 1).end()
}

// optVersion begins an OPT record of a version with flags; end ends it.
func (m *message) optVersion(size uint16, version byte, flags uint16) *message {
	return m.record(".", dns.TypeOPT, size, uint32(version)<<16|uint32(flags))
}

// opt begins a sound OPT record; end ends it.
func (m *message) opt() *message { return m.optVersion(1232, 0, 0) }

// option appends an option.
func (m *message) option(code uint16, data ...byte) *message {
	return m.u16(code, uint16(len(data))).raw(data...)
}

// soa appends the RDATA of an SOA record.
func (m *message) soa(serial uint32) *message {
	return m.name("ns1.example.com.").name("hostmaster.example.com.").u32(serial, 7200, 900, 1209600, 300)
}

const fudge = 300 // seconds

// signedAt appends a TSIG record's Time Signed.
func (m *message) signedAt(at time.Time) *message {
	s := uint64(max(at.Unix(), 0))
	return m.u16(uint16(s >> 32)).u32(uint32(s))
}

// mac returns the MAC of the message so far, in whose ARCOUNT the TSIG is counted already (RFC 8945 section 4.3).
func (m *message) mac(at time.Time) []byte {
	vars := &message{}
	vars.raw(m.b...)
	binary.BigEndian.PutUint16(vars.b[arcount:], binary.BigEndian.Uint16(m.b[arcount:])-1)
	vars.name(KeyName).u16(dns.ClassANY).u32(0).name(dns.HmacSHA256).signedAt(at).u16(fudge, 0, 0)
	h := hmac.New(sha256.New, []byte(Secret))
	h.Write(vars.b)
	return h.Sum(nil)
}

// signature appends a TSIG record's RDATA after the algorithm.
func (m *message) signature(at time.Time, mac []byte) *message {
	return m.signedAt(at).u16(fudge, uint16(len(mac))).raw(mac...).u16(m.id, 0, 0)
}

// tsig appends a sound TSIG record.
func (m *message) tsig() *message {
	mac := m.mac(m.at)
	return m.record(KeyName, dns.TypeTSIG, dns.ClassANY, 0).name(dns.HmacSHA256).signature(m.at, mac).end()
}
