//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package privilege

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

func drop(p *Plan, s *Status) error {
	if os.Geteuid() != 0 || p.Stay {
		s.done("user %d as before", os.Geteuid())
		return nil
	}
	err := errors.Join(syscall.Setgroups([]int{p.GID}), syscall.Setgid(p.GID), syscall.Setuid(p.UID))
	if err != nil {
		return fmt.Errorf("%w: becoming user %d: %w", ErrKept, p.UID, err)
	}
	s.done("user %d, group %d", p.UID, p.GID)
	return nil
}
