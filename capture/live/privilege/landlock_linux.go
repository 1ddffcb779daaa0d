package privilege

import (
	"errors"
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Access rights of Landlock (Documentation/userspace-api/landlock.rst in the kernel's source).
const (
	readAccess  = unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_READ_DIR
	writeAccess = unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_TRUNCATE | unix.LANDLOCK_ACCESS_FS_READ_FILE |
		unix.LANDLOCK_ACCESS_FS_IOCTL_DEV | dirAccess
	// dirAccess is what makes sense for directories only.
	dirAccess = unix.LANDLOCK_ACCESS_FS_READ_DIR | unix.LANDLOCK_ACCESS_FS_MAKE_REG | unix.LANDLOCK_ACCESS_FS_REMOVE_FILE | unix.LANDLOCK_ACCESS_FS_REFER
	tcpAccess = unix.LANDLOCK_ACCESS_NET_BIND_TCP | unix.LANDLOCK_ACCESS_NET_CONNECT_TCP
)

// handled is what a version of Landlock's interface (ABI) can forbid: all that it can, as nothing of it is needed. Signals are not
// scoped, though version 6 could: Go's runtime sends them between threads, each of which would be a domain of its own.
func handled(abi int) (fs, net uint64) {
	if abi < 1 {
		return 0, 0
	}
	fs = unix.LANDLOCK_ACCESS_FS_MAKE_SYM<<1 - 1 // version 1 has all up to that
	for _, later := range []struct {
		abi    int
		access uint64
	}{
		{2, unix.LANDLOCK_ACCESS_FS_REFER},
		{3, unix.LANDLOCK_ACCESS_FS_TRUNCATE},
		{5, unix.LANDLOCK_ACCESS_FS_IOCTL_DEV},
	} {
		if abi >= later.abi {
			fs |= later.access
		}
	}
	if abi >= 4 {
		net = tcpAccess
	}
	return fs, net
}

// version returns that of Landlock's interface, or 0 where there is none.
func version() int {
	abi, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno != 0 {
		return 0
	}
	return int(abi)
}

// rules is a Landlock ruleset that is ready to be enforced.
type rules struct {
	fd  int // below 0: there is no Landlock here
	abi int
	net bool
}

// newRules makes the ruleset of a plan.
func newRules(p *Plan, s *Status) (*rules, error) {
	r := &rules{fd: -1}
	if r.abi = version(); r.abi == 0 {
		s.kept("Landlock (this kernel has none, or it is not switched on)")
		return r, nil
	}
	var attr unix.LandlockRulesetAttr
	attr.Handled_access_fs, attr.Handled_access_net = handled(r.abi)
	if p.Network {
		attr.Handled_access_net = 0
	}
	r.net = attr.Handled_access_net != 0
	fd, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&attr)), unsafe.Sizeof(attr), 0)
	if errno != 0 {
		s.kept("Landlock (%v)", errno)
		return r, nil
	}
	r.fd = int(fd)
	if err := r.allowAll(p, attr.Handled_access_fs); err != nil {
		r.close()
		return nil, err
	}
	return r, nil
}

func (r *rules) allowAll(p *Plan, handled uint64) error {
	for _, path := range p.Write {
		if err := r.allow(path, writeAccess&handled); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	for _, path := range p.Read {
		err := r.allow(path, readAccess&handled)
		if err != nil && !errors.Is(err, unix.ENOENT) && !errors.Is(err, unix.ENOTDIR) {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	return nil
}

// allow permits access beneath a path.
func (r *rules) allow(path string, access uint64) error {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFDIR {
		access &^= dirAccess
	}
	attr := unix.LandlockPathBeneathAttr{Allowed_access: access, Parent_fd: int32(fd)}
	_, _, errno := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, uintptr(r.fd), unix.LANDLOCK_RULE_PATH_BENEATH, uintptr(unsafe.Pointer(&attr)), 0, 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// enforce puts all threads, and those to come, under the rules.
func (r *rules) enforce(s *Status) {
	if r.fd < 0 {
		return
	}
	if err := all(unix.SYS_LANDLOCK_RESTRICT_SELF, uintptr(r.fd), 0, 0); err != nil {
		s.kept("Landlock (%v)", err)
		return
	}
	what := "files"
	if r.net {
		what = "files and TCP"
	}
	s.done("Landlock version %d for %s", r.abi, what)
}

func (r *rules) close() {
	if r.fd >= 0 {
		_ = unix.Close(r.fd)
		r.fd = -1
	}
}
