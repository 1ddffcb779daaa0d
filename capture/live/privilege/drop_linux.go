package privilege

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// drop goes from what needs rights to what takes them: paths are opened and the bounding set is emptied while there is root.
func drop(p *Plan, s *Status) error {
	if _, _, errno := syscall.AllThreadsSyscall(unix.SYS_GETPID, 0, 0, 0); errno != 0 {
		return fmt.Errorf("%w: a program with cgo cannot reach all its threads", ErrKept)
	}
	rules, err := newRules(p, s)
	if err != nil {
		return err
	}
	defer rules.close()
	emptyBounding(s)
	if os.Geteuid() == 0 && !p.Stay {
		if err := become(p, s); err != nil {
			return err
		}
	} else {
		s.done("user %d as before", os.Geteuid())
	}
	if err := dropCapabilities(s); err != nil {
		return err
	}
	if err := all(unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1, 0); err != nil {
		s.kept("no new privileges (%v)", err)
		return nil // without it there is no Landlock
	}
	s.done("no new privileges")
	rules.enforce(s)
	return nil
}

// all makes a system call on all threads.
func all(trap, a1, a2, a3 uintptr) error {
	if _, _, errno := syscall.AllThreadsSyscall6(trap, a1, a2, a3, 0, 0, 0); errno != 0 {
		return errno
	}
	return nil
}

// become changes the user. The kernel takes root's capabilities with that. In a user namespace, such as that of a container without root, there
// may be no such user, nor groups to give up: then root stays, which is nothing special outside of it, and has no capabilities from the next step on.
func become(p *Plan, s *Status) error {
	if err := syscall.Setgroups(nil); err != nil {
		s.kept("no other groups (%v)", err)
	}
	err := syscall.Setresgid(p.GID, p.GID, p.GID)
	if err == nil {
		err = syscall.Setresuid(p.UID, p.UID, p.UID)
	}
	switch {
	case err == nil:
		s.done("user %d, group %d", p.UID, p.GID)
	case errors.Is(err, unix.EINVAL):
		s.kept("user %d (this user namespace has none)", p.UID)
	default:
		return fmt.Errorf("%w: becoming user %d: %w", ErrKept, p.UID, err)
	}
	return nil
}

// emptyBounding makes sure that no program executed later has capabilities. That takes CAP_SETPCAP, which a program that was only given
// the right to capture has not; no-new-privileges then has the same effect.
func emptyBounding(s *Status) {
	for c := uintptr(0); ; c++ {
		set, err := unix.PrctlRetInt(unix.PR_CAPBSET_READ, c, 0, 0, 0)
		if err != nil { // past the last one
			break
		}
		if set == 0 {
			continue
		}
		if err := all(unix.SYS_PRCTL, unix.PR_CAPBSET_DROP, c, 0); err != nil {
			s.kept("empty bounding set (%v)", err)
			return
		}
	}
	s.done("empty bounding set")
}

// dropCapabilities empties the other sets: ambient, effective, permitted and inheritable.
func dropCapabilities(s *Status) error {
	// Kernels before 4.3 have no ambient set.
	if err := all(unix.SYS_PRCTL, unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0); err != nil && !errors.Is(err, unix.EINVAL) {
		return fmt.Errorf("%w: ambient capabilities: %w", ErrKept, err)
	}
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var none [2]unix.CapUserData
	err := all(unix.SYS_CAPSET, uintptr(unsafe.Pointer(&header)), uintptr(unsafe.Pointer(&none)), 0)
	runtime.KeepAlive(&header)
	runtime.KeepAlive(&none)
	if err != nil {
		return fmt.Errorf("%w: capabilities: %w", ErrKept, err)
	}
	s.done("no capabilities")
	return nil
}
