package privilege

import (
	"testing"

	"golang.org/x/sys/unix"
)

// Each version of Landlock refuses what it does not know, so nothing more may be asked of it.
func TestHandled(t *testing.T) {
	for abi, want := range map[int][2]uint64{
		0: {0, 0},
		1: {1<<13 - 1, 0},
		2: {1<<14 - 1, 0},
		3: {1<<15 - 1, 0},
		4: {1<<15 - 1, tcpAccess},
		5: {1<<16 - 1, tcpAccess},
		9: {1<<16 - 1, tcpAccess},
	} {
		if fs, net := handled(abi); fs != want[0] || net != want[1] {
			t.Errorf("version %d: %#x, %#x", abi, fs, net)
		}
	}
}

func TestNewRules(t *testing.T) {
	if version() == 0 {
		t.Skip("no Landlock here")
	}
	var s Status
	r, err := newRules(&Plan{Write: []string{t.TempDir(), "/dev/null"}, Read: []string{"/etc", "/etc/passwd", "/no/such", "/dev/null/file"}}, &s)
	if err != nil || r.fd < 0 || len(s.Kept) > 0 {
		t.Fatalf("%+v, %v, %v", r, s, err)
	}
	r.close()
	if err := r.allow("/etc", unix.LANDLOCK_ACCESS_FS_READ_FILE); err == nil {
		t.Error("a rule of a closed ruleset")
	}
	r.enforce(&s) // does nothing
	if got := s.String(); got != "" {
		t.Error(got)
	}
}

func TestStatus(t *testing.T) {
	var s Status
	s.done("user %d", 1)
	s.done("no capabilities")
	if got, want := s.String(), "user 1, no capabilities"; got != want {
		t.Errorf("%q, not %q", got, want)
	}
	s.kept("Landlock")
	if got, want := s.String(), "user 1, no capabilities; not: Landlock"; got != want {
		t.Errorf("%q, not %q", got, want)
	}
}
