package main

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// namespace moves the test's goroutine, and what it starts, into a network namespace of its own with a pair of interfaces: what is sent to
// 192.0.2.2 goes out at vA and comes in at vB. It goes away with the goroutine's thread.
func namespace(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("network namespaces need root")
	}
	if _, err := exec.LookPath("ip"); err != nil {
		t.Skip("no ip command (iproute2)")
	}
	runtime.LockOSThread() // and never unlocked: the thread is not to be used again
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		t.Skipf("no network namespaces here: %v", err)
	}
	pair(t)
}

// pair makes the interfaces.
func pair(t *testing.T) {
	t.Helper()
	commands(t, "ip link add vA type veth peer name vB", "ip link set vA up", "ip link set vB up", "ip addr add 192.0.2.1/24 dev vA",
		"ip neigh add 192.0.2.2 lladdr 02:00:00:00:00:02 dev vA")
}

func commands(t *testing.T, lines ...string) {
	t.Helper()
	for _, line := range lines {
		f := strings.Fields(line)
		if out, err := exec.Command(f[0], f[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", line, err, out)
		}
	}
}

// sniffer is the command in a process of its own, within the test's namespace.
type sniffer struct {
	*testing.T
	cmd       *exec.Cmd
	out, errs watched
	ended     chan error
}

// watched is what a process has written up to now.
type watched struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (w *watched) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.buf.Write(p)
}

func (w *watched) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.buf.String()
}

// sniff starts the command, whose rights are given up where the test binary can: not with cgo.
func sniff(t *testing.T, args ...string) *sniffer {
	t.Helper()
	if hasCgo {
		args = append(args, "--keep-rights")
	}
	s := &sniffer{T: t, cmd: exec.Command(os.Args[0], args...), ended: make(chan error, 1)}
	s.cmd.Args[0] = "dnssniff" // see TestMain
	s.cmd.Stdout, s.cmd.Stderr = &s.out, &s.errs
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { s.ended <- s.cmd.Wait() }()
	t.Cleanup(func() { _ = s.cmd.Process.Kill() })
	return s
}

// wait waits until a stream of the command has a text.
func (s *sniffer) wait(w *watched, text string) {
	s.Helper()
	s.until("no "+text, func() bool { return strings.Contains(w.String(), text) })
}

// until waits for a condition.
func (s *sniffer) until(what string, holds func() bool) {
	s.Helper()
	for end := time.Now().Add(stuck); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			s.Fatalf("%s: %s\n%s", what, s.errs.String(), s.out.String())
		}
	}
}

// interrupt ends it as Ctrl-C does.
func (s *sniffer) interrupt() { _ = s.cmd.Process.Signal(os.Interrupt) }

// end waits until it has ended well.
func (s *sniffer) end() {
	s.Helper()
	select {
	case err := <-s.ended:
		if err != nil {
			s.Fatalf("%v: %s", err, s.errs.String())
		}
	case <-time.After(stuck):
		s.Fatalf("it does not end: %s", s.errs.String())
	}
}

// captures says whether it has opened its socket.
func (s *sniffer) captures() bool {
	sockets, err := os.ReadFile("/proc/" + strconv.Itoa(s.cmd.Process.Pid) + "/net/packet")
	return err == nil && bytes.Count(sockets, []byte("\n")) > 1
}

// running says whether it has not ended.
func (s *sniffer) running() bool {
	select {
	case err := <-s.ended:
		s.ended <- err
		return false
	default:
		return true
	}
}

// ask sends queries for a name of eight letters until a condition holds, or the command ends.
func (s *sniffer) ask(name string, holds func() bool) {
	s.Helper()
	conn, err := net.Dial("udp", "192.0.2.2:53")
	if err != nil {
		s.Fatal(err)
	}
	defer conn.Close()
	query := append([]byte("\x00\x00\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x08"), name+"\x07example\x00\x00\x01\x00\x01"...)
	s.until("queries have no effect", func() bool {
		for range 10 {
			query[0]++
			if query[0] == 0 {
				query[1]++
			}
			if _, err := conn.Write(query); err != nil && !isDown(err) {
				s.Fatal(err)
			}
		}
		return !s.running() || holds()
	})
}

func isDown(err error) bool {
	for _, e := range []syscall.Errno{syscall.ENETUNREACH, syscall.ENETDOWN, syscall.ECONNREFUSED, syscall.EHOSTUNREACH} {
		if strings.Contains(err.Error(), e.Error()) {
			return true
		}
	}
	return false
}

func never() bool { return false }
