package anomaly

import (
	"regexp"
	"testing"
)

func TestCatalogueIsComplete(t *testing.T) {
	name := regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	rfc := regexp.MustCompile(`^RFC [0-9]{3,4}( section [0-9]+(\.[0-9]+)*)?$`)
	seen := map[string]ID{}
	for id := range All {
		if !name.MatchString(id.Name()) {
			t.Errorf("%v: bad name %q", id, id.Name())
		}
		if id.RFC() != "" && !rfc.MatchString(id.RFC()) {
			t.Errorf("%v: bad RFC %q", id, id.RFC())
		}
		if other, dup := seen[id.Name()]; dup {
			t.Errorf("%v and %v share the name %q", other, id, id.Name())
		}
		seen[id.Name()] = id
	}
	if len(seen) < 40 {
		t.Errorf("only %d entries", len(seen))
	}
}

func TestAllStops(t *testing.T) {
	n := 0
	for range All {
		if n++; n == 3 {
			break
		}
	}
	if n != 3 {
		t.Errorf("All yielded %d IDs after a break at 3", n)
	}
}

func TestID(t *testing.T) {
	id := Make('N', 5)
	if id.String() != "N05" || id.Group() != 'N' || id.Severity() != Malformed || id.Name() != "ptr-loop" {
		t.Errorf("N05 reads %v %c %v %q", id, id.Group(), id.Severity(), id.Name())
	}
	for _, unknown := range []ID{0, Make('A', 1), Make('N', 99), Make('z', 1), Make('H', 0), 0xffff} {
		if unknown.Severity() != Info || unknown.Name() != "" || unknown.RFC() != "" {
			t.Errorf("%v is not in the catalogue, yet it is %v %q", unknown, unknown.Severity(), unknown.Name())
		}
	}
}

func TestSeverityString(t *testing.T) {
	for s, want := range map[Severity]string{Info: "info", Suspicious: "suspicious", Violation: "violation", Malformed: "malformed", 9: "unknown"} {
		if got := s.String(); got != want {
			t.Errorf("Severity(%d) = %q, want %q", s, got, want)
		}
	}
}
