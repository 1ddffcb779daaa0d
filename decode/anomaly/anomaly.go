// Package anomaly names what can be wrong or odd about DNS traffic: the entries of the catalogue and where they were seen.
package anomaly

// ID is an entry of the catalogue, printed as its group letter and two digits ("N05").
type ID uint16

// Severity ranks what an anomaly means.
type Severity uint8

// The severities, mildest first. A message is malformed iff it has at least one anomaly of severity Malformed.
const (
	Info Severity = iota
	Suspicious
	Violation
	Malformed
)

// Seen is an anomaly at a place in a message.
type Seen struct {
	ID ID
	// Offset and Length are the bytes at fault, relative to the start of the message. Length is 0 where bytes are missing.
	Offset, Length uint16
}

// Make returns the ID of entry n (1 to 99) of a group ('H', 'N', 'R', ...).
func Make(group byte, n int) ID { return ID(group)<<8 | ID(n) }

// Group returns the catalogue group's letter.
func (id ID) Group() byte { return byte(id >> 8) }

// String returns the ID as the catalogue writes it.
func (id ID) String() string {
	n := byte(id)
	return string([]byte{id.Group(), '0' + n/10%10, '0' + n%10})
}
