package wire

import (
	"bytes"

	"github.com/miekg/dns"

	"github.com/dnssniff/dnssniff/decode/anomaly"
)

const (
	typeAXFR = dns.TypeAXFR
	typeNS   = dns.TypeNS
	typeNB   = 32 // NetBIOS general name service, assigned to NIMLOC in DNS (RFC 1002 section 4.2.1.3)
	typeSRV  = dns.TypeSRV
	mdnsBit  = 1 << 15 // of a class, in mDNS: a unicast answer is wanted (RFC 6762 section 5.4)
	classIN1 = mdnsBit | classIN
)

// rareTypes are the types below 64 that a question is looked at for. Types above 65 are all looked at; bit 0 stands for 64 too, bit 1 for 65.
const rareTypes = 1<<0 | 1<<typeNS | 1<<typeNULL | 1<<dns.TypeTXT | 1<<typeSIG | 1<<typeNB | 1<<typeSRV | 1<<typeOPT | 1<<typeRRSIG |
	1<<dns.TypeNSEC | 1<<typeNSEC3

// rareQuestion says that a question is not of the usual types in class IN.
func rareQuestion(typ, class uint16) bool {
	return class != classIN || typ > dns.TypeHTTPS || rareTypes>>(typ&63)&1 != 0
}

// oddQuestion notes what a query asks for that is rare, refused or not DNS.
func (m *Message) oddQuestion() {
	q := &m.Question
	if id := m.oddType(); id != 0 {
		m.insert(fault{id, int(q.End) - 4, 2})
	}
	if id := m.oddClass(); id != 0 {
		m.insert(fault{id, int(q.End) - 2, 2})
	}
	if q.Class == classIN1 {
		m.insert(fault{mdnsElsewhere, int(q.End) - 2, 2})
	}
	if q.Type == typeAXFR {
		m.saw |= sawOnCarrier
	}
	if id := q.probe(); id != 0 {
		m.insert(fault{id, int(q.Off), len(q.Name)})
	}
	if q.Type == typeIXFR {
		m.ixfr()
	}
}

func (m *Message) oddType() anomaly.ID {
	switch t := m.Question.Type; {
	case t == 0:
		return qtypeZero
	case t == typeTKEY && m.HasTKEY:
		return 0
	case t == typeOPT || t == typeSIG || t >= 128 && t <= typeTSIG:
		return qtypeMeta
	case t == dns.TypeMAILA || t == dns.TypeMAILB:
		return qtypeMail
	case t == typeANY:
		return qtypeAny
	case t == typeRRSIG || t == dns.TypeNSEC || t == typeNSEC3:
		return qtypeDNSSEC
	case !assigned(t):
		return qtypeUnassigned
	}
	return 0
}

// assigned says whether a type is in the IANA registry of resource record types, as of 2025.
func assigned(t uint16) bool {
	switch {
	case t <= 53 || t >= 55 && t <= 68 || t >= 99 && t <= 109 || t >= 249 && t <= 264 || t == typeTA || t == typeDLV:
		return true
	}
	return false
}

func (m *Message) oddClass() anomaly.ID {
	q := &m.Question
	switch q.Class {
	case classIN:
		return 0
	case classANY:
		if q.Type == typeTKEY {
			return 0
		}
		return qclassAny
	case classNONE:
		return qclassNone
	case classCH:
		if aboutServer(q.Name) {
			return qclassCH
		}
	}
	return qclassOther
}

// aboutServer says whether a name in class CH is one of those under which servers tell about themselves (RFC 4892).
func aboutServer(name []byte) bool {
	for _, parent := range [...]string{"\x04bind\x00", "\x06server\x00", "\x07unbound\x00", "\x04pdns\x00"} {
		if n := len(name) - len(parent); n > 0 && int(name[0]) == n-1 && EqualFold(name[n:], []byte(parent)) {
			return true
		}
	}
	return false
}

// probe names what the question is a sign of: priming and trust anchors of a resolver (RFC 9609, RFC 8145), an error report to an agent (RFC 9567),
// a certificate of DNSCrypt, or NetBIOS on the wrong port.
func (q *Question) probe() anomaly.ID {
	n := q.Name
	switch {
	case q.Type == typeNS && len(n) == 1:
		return resolverProbe
	case q.Type == typeNULL && len(n) > 5 && EqualFold(n[1:5], []byte("_ta-")):
		return resolverProbe
	case q.Type == dns.TypeTXT && bytes.HasPrefix(n, []byte("\x03_er")):
		return reportChannel
	case q.Type == dns.TypeTXT && bytes.HasPrefix(n, []byte("\x012\x0ddnscrypt-cert")):
		return dnscrypt
	case (q.Type == typeNB || q.Type == typeSRV) && netbiosName(n):
		return netbios
	}
	return 0
}

// netbiosLen is the length of a NetBIOS name in the first-level encoding, which writes half-octets as A to P (RFC 1001 section 14.1).
const netbiosLen = 32

func netbiosName(name []byte) bool {
	if name[0] != netbiosLen {
		return false
	}
	for _, c := range name[1 : 1+netbiosLen] {
		if c-'A' > 'P'-'A' {
			return false
		}
	}
	return true
}

// compressed notes a pointer in the name of a question of a query: servers need not follow it. The first name's pointer is a fault besides, as
// nothing is before it to lead to.
func (m *Message) compressed(off, next, n int, f fault) {
	switch {
	case m.Response():
	case f.id == 0 && n != next-off:
		m.note(fault{qnameCompressed, next - 2, 2})
	case f.length == 2 && f.off == next-2:
		m.note(fault{qnameCompressed, f.off, 2})
	}
}
