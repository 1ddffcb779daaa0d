// Package anomaly names what can be wrong or odd about DNS traffic: the entries of the catalogue and where they were seen.
//
// The catalogue is data: a file of entries for each group. The page CATALOGUE.md is made from it (go test ./decode/anomaly -update), and so
// is what users read about an entry. The package decides nothing: the checks are in decode/wire, decode and analyze, by the Level of the entry.
package anomaly

// ID is an entry of the catalogue, printed as its group letter and two digits ("N05").
type ID uint16

// Severity ranks what an anomaly means.
type Severity uint8

// The severities, mildest first. A message is malformed iff it has at least one anomaly of severity Malformed.
const (
	// Info is legal and worth knowing.
	Info Severity = iota
	// Suspicious is legal or open to debate, and a sign of trouble.
	Suspicious
	// Violation breaks a rule of an RFC, yet the message can be read.
	Violation
	// Malformed means that a strict receiver cannot or must not take the message as it stands.
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

// String returns the severity in lower case, as reports write it.
func (s Severity) String() string {
	return word(int(s), "info", "suspicious", "violation", "malformed")
}

// word returns the n-th word.
func word(n int, words ...string) string {
	if n >= len(words) {
		return "unknown"
	}
	return words[n]
}
