//go:build unix && !cgo

package opener

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/dnssniff/dnssniff/capture/dump"
)

// childEnv, when set, makes the test binary the process that creates files.
const childEnv = "DNSSNIFF_TEST_OPENER"

func TestMain(m *testing.M) {
	conf := os.Getenv(childEnv)
	if conf == "" {
		os.Exit(m.Run())
	}
	var c Config
	if err := json.Unmarshal([]byte(conf), &c); err != nil {
		os.Exit(2)
	}
	if err := Serve(c, os.NewFile(3, "socket")); err != nil {
		os.Exit(1)
	}
}

func launch(c Config) (*Opener, error) {
	conf, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+string(conf))
	return Start(cmd)
}

func begin(t *testing.T, c Config) *Opener {
	t.Helper()
	o, err := launch(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := o.Close(); err != nil {
			t.Error(err)
		}
	})
	return o
}

func write(t *testing.T, f *os.File, err error, text string) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func content(t *testing.T, path ...string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestCreate(t *testing.T) {
	dir := t.TempDir()
	o := begin(t, Config{Dir: dir})
	f, err := o.Create("report.txt")
	write(t, f, err, "first")
	if got := content(t, dir, "report.txt"); got != "first" {
		t.Error(got)
	}
	if _, err := o.Create("report.txt"); !errors.Is(err, fs.ErrExist) || !strings.Contains(err.Error(), "report.txt") {
		t.Errorf("written over: %v", err)
	}
	if got := content(t, dir, "report.txt"); got != "first" {
		t.Error(got)
	}
	for _, name := range []string{"", ".", "..", ".profile", "a/b", "../x", "/etc/x", "a\x00b", strings.Repeat("x", 256)} {
		if _, err := o.Create(name); !errors.Is(err, ErrName) {
			t.Errorf("%q: %v", name, err)
		}
	}
	f, err = o.Create("two\nlines \x1b[31m.txt") // the caller's business
	write(t, f, err, "")
}

func TestNoSuchDirectory(t *testing.T) {
	if _, err := launch(Config{Dir: filepath.Join(t.TempDir(), "missing")}); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if _, err := Start(exec.Command(filepath.Join(t.TempDir(), "missing"))); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if _, err := Start(exec.Command("true")); !errors.Is(err, ErrGone) {
		t.Error(err)
	}
}

func TestRotate(t *testing.T) {
	dir := t.TempDir()
	o := begin(t, Config{Dir: dir, Pattern: dump.Pattern{Text: "x%Y.pcapng", Timed: true, Digits: 2}})
	at := dump.Slot{Time: time.Date(2001, 6, 1, 0, 0, 0, 0, time.UTC), Number: 7}
	for _, text := range []string{"one that is longer", "another"} {
		f, err := o.Rotate(at, "x")
		write(t, f, err, text)
		if got := content(t, dir, "x2001.pcapng07"); got != text {
			t.Error(got)
		}
	}
	if _, err := o.Create("x2001.pcapng07"); !errors.Is(err, fs.ErrExist) {
		t.Error(err)
	}
	outside := filepath.Join(t.TempDir(), "outside")
	if err := os.WriteFile(outside, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	at.Number++
	if err := os.Symlink(outside, filepath.Join(dir, "x2001.pcapng08")); err != nil {
		t.Fatal(err)
	}
	if _, err := o.Rotate(at, "x"); err == nil || content(t, outside) != "precious" {
		t.Errorf("a link out of the directory was followed: %v", err)
	}
}

// TestPatternLeavesTheDirectory: what strftime makes of a name can be a path.
func TestPatternLeavesTheDirectory(t *testing.T) {
	for _, text := range []string{"%D", "../x", ".%Y", "/tmp/x"} {
		o := begin(t, Config{Dir: t.TempDir(), Pattern: dump.Pattern{Text: text, Timed: true}})
		if _, err := o.Rotate(dump.Slot{Time: time.Unix(0, 0)}, text); !errors.Is(err, syscall.EINVAL) {
			t.Errorf("%q: %v", text, err)
		}
	}
	o := begin(t, Config{Dir: t.TempDir()})
	if _, err := o.Rotate(dump.Slot{}, "x"); !errors.Is(err, ErrGone) {
		t.Errorf("without a pattern: %v", err)
	}
}

// TestHostileRequests: the process that asks may be in other hands; the one that creates trusts nothing that it says.
func TestHostileRequests(t *testing.T) {
	for _, name := range []string{"", ".profile", "../x", "/etc/x", "a\x00b", strings.Repeat("x", 65535)} {
		dir := t.TempDir()
		o := begin(t, Config{Dir: dir, Pattern: dump.Pattern{Text: "x"}})
		if _, err := o.ask(opNew, []byte(name), name); !errors.Is(err, syscall.EINVAL) {
			t.Errorf("%.20q: %v", name, err)
		}
	}
	for _, request := range []string{"?\x00\x00", "r\x00\x00", "r\x0b\x00short and so", "n\xff\xff", "n", "\xff\xff\xff\xff"} {
		o, err := launch(Config{Dir: t.TempDir(), Pattern: dump.Pattern{Text: "x"}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := o.conn.Write([]byte(request)); err != nil {
			t.Fatal(err)
		}
		if err := o.conn.CloseWrite(); err != nil {
			t.Fatal(err)
		}
		if rest, err := io.ReadAll(o.conn); len(rest) > 0 && binary.LittleEndian.Uint32(rest) == 0 {
			t.Errorf("%q was done: %x %v", request, rest, err)
		}
		if err := o.Close(); err != nil {
			t.Errorf("%q: %v", request, err)
		}
	}
}

func TestGone(t *testing.T) {
	o, err := launch(Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	_ = o.cmd.Process.Kill()
	for range 2 {
		if _, err := o.Create("x"); !errors.Is(err, ErrGone) {
			t.Error(err)
		}
	}
	if err := o.Close(); err == nil {
		t.Error("it was killed, and nobody says so")
	}
}

// TestRightsOfTheCreator: it is the owner of the directory, with no capability, whoever that is; interrupts pass it by.
func TestRightsOfTheCreator(t *testing.T) {
	if os.Geteuid() != 0 || runtime.GOOS != "linux" {
		t.Skip("it needs root on Linux")
	}
	for _, uid := range []int{0, 4711} {
		dir := t.TempDir()
		if err := errors.Join(os.Chown(dir, uid, uid), os.Chmod(dir, 0o700)); err != nil {
			t.Fatal(err)
		}
		o := begin(t, Config{Dir: dir})
		pid := o.cmd.Process.Pid
		_ = o.cmd.Process.Signal(os.Interrupt)
		_ = o.cmd.Process.Signal(syscall.SIGTERM)
		status := content(t, "/proc", strconv.Itoa(pid), "status")
		for _, want := range []string{fmt.Sprintf("Uid:\t%[1]d\t%[1]d\t%[1]d\t%[1]d\n", uid), "CapEff:\t0000000000000000\n", "CapPrm:\t0000000000000000\n",
			"CapBnd:\t0000000000000000\n", "NoNewPrivs:\t1\n"} {
			if !strings.Contains(status, want) {
				t.Errorf("owner %d: no %q in\n%s", uid, want, status)
			}
		}
		f, err := o.Create("x")
		write(t, f, err, "x")
		info, err := os.Stat(filepath.Join(dir, "x"))
		if err != nil {
			t.Fatal(err)
		}
		if st := info.Sys().(*syscall.Stat_t); int(st.Uid) != uid || int(st.Gid) != uid || info.Mode().Perm() != 0o644 {
			t.Errorf("owner %d: %v, user %d, group %d", uid, info.Mode(), st.Uid, st.Gid)
		}
	}
}
