package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// childArgs is the environment variable that makes the test binary the command.
const childArgs = "DNSSNIFF_TEST_ARGS"

// TestAppChild is the command, in a process of its own that has a terminal.
func TestAppChild(t *testing.T) {
	args := os.Getenv(childArgs)
	if args == "" {
		t.Skip("it is run by TestAppOnTerminal")
	}
	os.Exit(run(context.Background(), strings.Fields(args), streams{in: os.Stdin, out: os.Stdout, err: os.Stderr}))
}

// terminal is a pseudo terminal with the command in it.
type terminal struct {
	*testing.T
	master *os.File
	cmd    *exec.Cmd
	mu     sync.Mutex
	seen   bytes.Buffer
	ended  chan error
}

func openTerminal(t *testing.T, args string, env ...string) *terminal {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip("no pseudo terminals: ", err)
	}
	fd := int(master.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Skip("no pseudo terminals: ", err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Skip("no pseudo terminals: ", err)
	}
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip("no pseudo terminals: ", err)
	}
	defer slave.Close()
	if err := unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 40, Col: 120}); err != nil {
		t.Fatal(err)
	}
	term := &terminal{T: t, master: master, cmd: exec.Command(os.Args[0], "-test.run=^TestAppChild$"), ended: make(chan error, 1)}
	term.cmd.Env = append(append(os.Environ(), "TERM=xterm-256color", "LC_ALL=C.UTF-8", childArgs+"="+args), env...)
	term.cmd.Stdin, term.cmd.Stdout, term.cmd.Stderr = slave, slave, slave
	term.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := term.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go term.read()
	go func() { term.ended <- term.cmd.Wait() }()
	t.Cleanup(func() { _ = term.cmd.Process.Kill(); _ = master.Close() })
	return term
}

func (t *terminal) read() {
	buf := make([]byte, 1<<14)
	for {
		n, err := t.master.Read(buf)
		t.mu.Lock()
		t.seen.Write(buf[:n])
		t.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// controls are what a terminal does not show.
var controls = regexp.MustCompile("\x1b(\\[[0-9;?<>=]*[A-Za-z]|\\][^\x07\x1b]*(\x07|\x1b\\\\)|\\([A-Z]|[=>])|[ \\r\\n\\x0f]")

// drawn returns what was drawn since it was called last, without spaces: only cells that change are drawn.
func (t *terminal) drawn() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return controls.ReplaceAllString(t.seen.String(), "")
}

func (t *terminal) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.seen.Reset()
}

// wait waits for a text to be drawn since the last keys.
func (t *terminal) wait(want string) {
	t.Helper()
	for range 2000 {
		if strings.Contains(t.drawn(), want) {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	got := t.drawn()
	t.Fatalf("%q is not drawn: %.600q", want, got[max(0, len(got)-600):])
}

func (t *terminal) press(keys string) {
	t.Helper()
	t.forget()
	if _, err := t.master.WriteString(keys); err != nil {
		t.Fatal(err)
	}
}

// quit ends the application, which leaves the terminal as it was.
func (t *terminal) quit(keys string) {
	t.Helper()
	t.press(keys)
	t.end()
	t.mu.Lock()
	defer t.mu.Unlock()
	if !bytes.Contains(t.seen.Bytes(), []byte("\x1b[?1049l")) {
		t.Error("the terminal is not as it was")
	}
}

// end waits for the command to end well.
func (t *terminal) end() {
	t.Helper()
	select {
	case err := <-t.ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("it does not end")
	}
	time.Sleep(20 * time.Millisecond) // what it wrote last is on its way
}

func TestAppOnTerminal(t *testing.T) {
	term := openTerminal(t, "../../pcaps/office.pcap")
	term.wait("545responses")
	term.press("\t\x1b[B\x1b[B\r")
	term.wait("FORMERR›Clients")
	term.press("\r")
	term.wait("mail.example.net.")
	term.press("\r")
	term.wait("RDLENGTH")
	term.quit("\x03")
}

func TestAppNarrowedFromTheStart(t *testing.T) {
	term := openTerminal(t, `--where rcode=="SERVFAIL" ../../pcaps/office.pcap`)
	term.wait("10transactions")
	term.quit("q")
}

func TestAppWithoutColourOrUTF8(t *testing.T) {
	term := openTerminal(t, "../../pcaps/office.pcap", "NO_COLOR=1", "LC_ALL=C", "TERM=xterm")
	term.wait("545responses")
	out := term.drawn()
	if strings.ContainsFunc(out, func(c rune) bool { return c > 0x7e }) {
		t.Errorf("more than ASCII: %.600q", out)
	}
	term.mu.Lock()
	if regexp.MustCompile("\x1b\\[3[0-7]m").Match(term.seen.Bytes()) {
		t.Error("colours")
	}
	term.mu.Unlock()
	term.quit("q")
}

// Where a flag is of the report, it is printed, and the terminal is left alone.
func TestReportOnTerminal(t *testing.T) {
	term := openTerminal(t, "--top 3 ../../pcaps/office.pcap")
	term.wait("DNSreport")
	term.end()
}
