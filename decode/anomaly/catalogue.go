package anomaly

import (
	"errors"
	"fmt"
	"strings"
)

// entry is a line of the catalogue.
type entry struct {
	severity Severity
	level    Level
	of       Kind
	culprits Culprits
	name     string
	rfc      string
	meaning  string
}

// group is a chapter of the catalogue.
type group struct {
	title   string
	entries []entry // by number; there is no entry 0
}

// catalogue holds the groups by letter. To add an entry, add its line at the end of its group.
//
// Malformed means that a strict receiver cannot or must not take the message as it stands: it cannot be read, or an RFC has every receiver
// answer it with FORMERR. A rule that binds only those who know an option is a violation. What is legal, or wrong and harmless, ranks lower.
var catalogue = ['Z' - 'A' + 1]group{
	'H' - 'A': {"Header", headerEntries},
	'N' - 'A': {"Names", nameEntries},
	'R' - 'A': {"Sections and records", recordEntries},
	'O' - 'A': {"EDNS", ednsEntries},
	'T' - 'A': {"TSIG, SIG(0) and TKEY", tsigEntries},
	'U' - 'A': {"UPDATE, NOTIFY and zone transfer", updateEntries},
	'Q' - 'A': {"Questions", questionEntries},
	'S' - 'A': {"What responses say", responseEntries},
	'P' - 'A': {"Pairing, forgery and timing", pairingEntries},
	'X' - 'A': {"Transport", transportEntries},
	'M' - 'A': {"Other protocols on DNS ports", protocolEntries},
	'C' - 'A': {"Artefacts of the capture", captureEntries},
}

// reasons says why what is Undecidable is.
var reasons = [...]struct {
	id  ID
	why string
}{
	{'N'<<8 | 3, "The length of a label has six bits, so that a longer label cannot be sent; what a broken sender makes of one is seen as N01, N02 or a pointer."},
	{'O'<<8 | 31, "The upper bits of the code are never sent: a BADVERS (16) without OPT is the same bytes as NOERROR."},
}

// nothing is the entry of an ID that the catalogue lacks.
var nothing entry

func (id ID) lookup() *entry {
	letter, n := int(id.Group())-'A', int(byte(id))
	if letter < 0 || letter >= len(catalogue) || n >= len(catalogue[letter].entries) {
		return &nothing
	}
	return &catalogue[letter].entries[n]
}

// Severity returns the severity; Info for an ID that the catalogue lacks.
func (id ID) Severity() Severity { return id.lookup().severity }

// Name returns the short name ("ptr-loop"), empty for an ID that the catalogue lacks.
func (id ID) Name() string { return id.lookup().name }

// RFC returns the RFC and section that matter most ("RFC 1035 section 4.1.1"), or "". Entry.RFC has all of them.
func (id ID) RFC() string {
	first, _, _ := strings.Cut(id.lookup().rfc, ", ")
	return first
}

// Entry returns all that the catalogue says, false for an ID that it lacks.
func (id ID) Entry() (Entry, bool) {
	e := id.lookup()
	out := Entry{ID: id, Name: e.name, Severity: e.severity, Level: e.level, Of: e.of, Culprits: e.culprits, RFC: e.rfc, Meaning: e.meaning}
	for _, r := range reasons {
		if r.id == id {
			out.Reason = r.why
		}
	}
	return out, e.name != ""
}

// GroupTitle returns what the group of the ID is about ("Names"), empty for a group that the catalogue lacks.
func (id ID) GroupTitle() string {
	letter := int(id.Group()) - 'A'
	if letter < 0 || letter >= len(catalogue) {
		return ""
	}
	return catalogue[letter].title
}

// All yields the IDs of the catalogue, by group letter, then number, those that are never reported included.
func All(yield func(ID) bool) {
	for letter, g := range catalogue {
		for n, e := range g.entries {
			if e.name != "" && !yield(Make('A'+byte(letter), n)) {
				return
			}
		}
	}
}

// ErrUnknown says that the catalogue has no such entry.
var ErrUnknown = errors.New("not in the catalogue of anomalies")

// Parse returns the ID that s spells as "N05", "n5" or by its name ("ptr-loop"), in any case. The error is ErrUnknown.
func Parse(s string) (ID, error) {
	for id := range All {
		if number := id.String(); strings.EqualFold(s, id.Name()) || strings.EqualFold(s, number) || strings.EqualFold(s, unpadded(number)) {
			return id, nil
		}
	}
	return 0, fmt.Errorf("%w: %q", ErrUnknown, s)
}

// unpadded returns "N5" for "N05".
func unpadded(number string) string { return number[:1] + strings.TrimPrefix(number[1:], "0") }
