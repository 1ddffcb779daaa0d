package diagnose

import (
	"strings"
	"testing"

	"github.com/dnssniff/dnssniff/analyze/evidence"
)

// setMark sets a field of a tally's marks, and says whether there is such a field. Options are bits, hop both limits.
func setMark(m *evidence.Marks, field string, n uint32) bool {
	counts := map[string]*uint32{"echoes": &m.Echoes, "bare": &m.Bare, "nodomain": &m.NoDomain, "notop": &m.NoTop, "random": &m.Random, "odd": &m.Odd}
	switch {
	case counts[field] != nil:
		*counts[field] = n
	case field == "options":
		m.AllOptions, m.AnyOptions = n, n
	case field == "hop":
		m.MinHop, m.MaxHop = uint8(n), uint8(n)
	default:
		return false
	}
	return true
}

// readSigned reads what is known of a signed zone: ZONE [ds=TAG] [key=TAG] [by=TAG] and numbers good, expired, notyet, unsigned, keyless, validfrom.
func readSigned(t *testing.T, w []string) evidence.Signed {
	t.Helper()
	s := evidence.Signed{Zone: w[0]}
	for _, pair := range w[1:] {
		field, value, _ := strings.Cut(pair, "=")
		n := readNumber(t, value)
		switch field {
		case "ds":
			s.DS = evidence.TagsOf(uint16(n))
		case "key":
			s.Keys = evidence.TagsOf(uint16(n))
		case "by":
			s.SignedBy = evidence.TagsOf(uint16(n))
		case "good":
			s.Good = n
		case "notyet":
			s.NotYet = n
		case "unsigned":
			s.Unsigned = n
		case "keyless":
			s.Keyless = n
		case "validfrom":
			s.ValidFrom = int64(n)
		default:
			t.Fatalf("field %q", field)
		}
	}
	return s
}
