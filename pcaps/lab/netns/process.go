//go:build linux

package netns

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// stopTime is how long a process has to end by itself before it is killed.
const stopTime = 3 * time.Second

// Command prepares a command inside the namespace.
func (h *Host) Command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "nsenter", append([]string{"--net=" + h.path(), "--", h.lab.program(name)}, args...)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // so that Ctrl-C at the terminal reaches us alone
	return cmd
}

func (h *Host) path() string { return "/run/netns/" + h.space }

// program returns the path to run. AppArmor's profiles, which go by path, keep servers out of our directory: there, a copy is run.
func (l *Lab) program(name string) string {
	enabled, err := os.ReadFile("/sys/module/apparmor/parameters/enabled")
	if err != nil || enabled[0] != 'Y' {
		return name
	}
	from, err := exec.LookPath(name)
	if err != nil {
		return name
	}
	to := filepath.Join(l.dir, "bin", filepath.Base(from))
	if _, err := os.Stat(to); err == nil {
		return to
	}
	b, err := os.ReadFile(from)
	if err != nil || os.MkdirAll(filepath.Dir(to), 0o755) != nil || os.WriteFile(to, b, 0o755) != nil {
		return name
	}
	return to
}

// Process is one that was started in the background.
type Process struct {
	Log  string // the file with its output
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
	err  error
}

// Start starts a daemon that stays in the foreground. It is stopped at Close, if not before.
func (h *Host) Start(name string, args ...string) (*Process, error) {
	return h.StartEnv(nil, name, args...)
}

// StartEnv is Start with more environment variables, such as faketime's.
func (h *Host) StartEnv(env []string, name string, args ...string) (*Process, error) {
	log, err := os.CreateTemp(h.lab.dir, h.Name+"-"+filepath.Base(name)+"-*.log")
	if err != nil {
		return nil, err
	}
	defer log.Close()
	p := &Process{Log: log.Name(), cmd: h.Command(context.Background(), name, args...), done: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr, p.cmd.Env = log, log, append(os.Environ(), env...)
	p.cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL // no daemon outlives us, even if we are killed
	if err := h.lab.start(p.cmd); err != nil {
		return nil, fmt.Errorf("%s: %s: %w", h.Name, name, err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	h.lab.mu.Lock()
	h.lab.procs = append(h.lab.procs, p)
	h.lab.mu.Unlock()
	return p, nil
}

// start starts a command from the one thread that lives as long as the lab: the kernel takes the end of the thread that started a process
// for the death of its parent, and threads end in Do.
func (l *Lab) start(cmd *exec.Cmd) error {
	result := make(chan error)
	l.starts <- func() { result <- cmd.Start() }
	return <-result
}

// starter runs what start is given.
func (l *Lab) starter() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for f := range l.starts {
		f()
	}
}

// Ended says whether the process is gone, and then how, and what its log holds.
func (p *Process) Ended() (log string, ended bool) {
	select {
	case <-p.done:
		b, err := os.ReadFile(p.Log)
		return fmt.Sprint(errors.Join(p.err, err), ": ", string(b)), true
	default:
		return "", false
	}
}

// Stop ends the process and its children, at first politely. It may be called again.
func (p *Process) Stop() error { return p.end(syscall.SIGTERM) }

func (p *Process) end(first syscall.Signal) error {
	for _, signal := range []syscall.Signal{first, syscall.SIGKILL} {
		if _, ended := p.Ended(); !ended {
			if err := syscall.Kill(-p.cmd.Process.Pid, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
				return err
			}
		}
		select {
		case <-p.done:
			return nil
		case <-time.After(stopTime):
		}
	}
	return fmt.Errorf("process %d (%v) does not end", p.cmd.Process.Pid, p.cmd.Args)
}

// Signal sends a signal, such as SIGHUP, to the process.
func (p *Process) Signal(s syscall.Signal) error { return syscall.Kill(p.cmd.Process.Pid, s) }

// Do runs Go code whose new sockets belong to the namespace. Goroutines that it starts are outside; sockets stay where they were made.
func (h *Host) Do(f func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread, which is spoiled, ends with the goroutine
		done <- h.enter(f)
	}()
	return <-done
}

func (h *Host) enter(f func() error) error {
	fd, err := unix.Open(h.path(), unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("namespace %s: %w", h.space, err)
	}
	defer unix.Close(fd)
	if err := unix.Setns(fd, unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("namespace %s: %w", h.space, err)
	}
	return f()
}

// Dial connects a socket of the namespace, network being udp or tcp, from an address of the host (the zero Addr: any).
func (h *Host) Dial(ctx context.Context, network string, from netip.Addr, to netip.AddrPort) (conn net.Conn, err error) {
	var d net.Dialer
	switch {
	case !from.IsValid():
	case network == "tcp":
		d.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(from, 0))
	default:
		d.LocalAddr = net.UDPAddrFromAddrPort(netip.AddrPortFrom(from, 0))
	}
	err = h.Do(func() error {
		var err error
		conn, err = d.DialContext(ctx, network, to.String())
		return err
	})
	return conn, err
}
