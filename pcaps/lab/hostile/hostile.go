// Package hostile is a table of queries that are wrong on purpose, each built byte by byte and named by the entry of the anomaly
// catalogue that it is an example of. The lab sends them to real servers; a decoder has to find the same entry at the same offset.
//
// # Where the fault is
//
// [Case.Offset] counts from the first byte of the message (for group X: of the client's side of the connection, length prefixes
// included) and is the first byte at fault:
//
//   - bytes that are missing: the end of the message, or of the RDATA that is too short (H01, N12, R01, R02, R05, R07);
//   - a flag, the opcode or the RCODE: 2, the 16 bits of flags as a whole (H02-H07, H14-H18, U12);
//   - a count: its field (H08-H13, U01, U14, U16), H10: that of the first section which lacks records;
//   - a label of reserved type or past the end: its length byte (N01, N02, N11);
//   - a compression pointer: its first byte, of the pointer with which the name at fault begins or ends where it stands, not of one
//     that it leads to (N05-N10, N13, N14, R09);
//   - a name as a whole: its first byte (N04, N16, R12, O01, T05, T06, U04, U07, U09); an odd octet: that octet (N15);
//   - RDLENGTH, CLASS, TTL, type covered, a size: the field (R03, R04, R13-R15, R18-R20, O04, O07-O09, T03, T04, T08-T10, U03, U05, U06, U11);
//   - RDATA that is too long: the first byte that no field takes (R05, R06, R10); a character-string: its length byte (R08); a
//     SvcParam: its key, or its length where that is wrong (R10); a type bit map: the window's number (R11);
//   - a record in the wrong place, or one too many: its first byte (R16, R17, R23, O02, O03, T01, T02, T11, T12, U16);
//   - bytes after the last record: the first of them (R21, R22), of an OPT's last option: too (O12);
//   - an option: its length where that is wrong (O11, O14, O20, O24, O26), else the field or the octet within it (O15, O20, O21, O25,
//     O26), or its code where its presence is the matter (O13, O23, O25, O38);
//   - a type or class of a question: the field (U02, U14, U15, Q01-Q11).
package hostile

import "time"

// The names that the queries ask for. A server under test serves Zone (or resolves it), with an address at Host.
const (
	Zone = "example.com."
	Host = "www.example.com."
)

// The TSIG key that a server under test has to know, hmac-sha256; its secret is Secret, or SecretBase64 for a configuration.
const (
	KeyName      = "lab-key."
	Secret       = "dnssniff lab key, 32 octets long"
	SecretBase64 = "ZG5zc25pZmYgbGFiIGtleSwgMzIgb2N0ZXRzIGxvbmc="
)

// Case is one hostile query.
type Case struct {
	Anomaly string // ID in the catalogue, as "N05"; where a message has several, the one that the case is about
	Name    string // unique, says what it attacks: "qname_points_to_itself"
	TCP     bool   // sent over TCP, after a length prefix unless Raw
	Raw     bool   // Message is all that the client writes to the connection, prefixes included; valid iff TCP
	build   func(*message)
}

// Message returns the query with an ID, signed (if it is) at a time. The bytes are the caller's.
func (c Case) Message(id uint16, at time.Time) []byte { return c.make(id, at).b }

// Offset is the first byte at fault, at most the length of the message: see the package's comment.
func (c Case) Offset() int { return c.make(0, time.Time{}).fault }

// Opcode is the message's, or -1 where it has no whole header, or is not alone in what is written.
func (c Case) Opcode() int {
	b := c.Message(0, time.Time{})
	if c.Raw || len(b) < headerLen {
		return -1
	}
	return int(b[flagsField] >> 3 & 15)
}

func (c Case) make(id uint16, at time.Time) *message {
	m := &message{id: id, at: at, fault: -1}
	c.build(m)
	return m
}

// Cases returns all cases, ordered by catalogue entry within each group. The slice is the caller's.
func Cases() []Case {
	var all []Case
	for _, group := range [][]Case{headerCases, nameCases, recordCases, rdataCases, ednsCases, optionCases, tsigCases, updateCases, questionCases, transportCases} {
		all = append(all, group...)
	}
	return all
}

// Control returns a query that nothing is wrong with, for Host and type A, without EDNS: whoever does not answer it is not there.
func Control(id uint16) []byte {
	m := &message{id: id}
	m.query()
	return m.b
}
