// Package privilege gives up what a capture does not need once its socket is open: the user root, capabilities, the gaining of new ones, and, on
// Linux by Landlock, files and TCP. A fault in the decoding of hostile packets then finds little to harm.
package privilege

import (
	"errors"
	"fmt"
	"strings"
)

// Nobody is the number of the user and group that root becomes unless others are given: that of the kernel for users it has no number
// for, and of nobody in all distributions.
const Nobody = 65534

// ErrKept means that rights are still there that were to be given up.
var ErrKept = errors.New("rights could not be given up")

// Plan says what is still needed.
type Plan struct {
	// UID and GID are those that root becomes; 0 stands for Nobody. Another user stays what it is.
	UID, GID int
	// Stay lets root stay root, without capabilities: it can do then what the owner of root's files can, as far as Write and Read let it.
	Stay bool
	// Write are files and directories that may be written to. In a directory, and in those below it, files may be created, renamed, and
	// removed. What does not exist is an error. File permissions count as ever, for the new user.
	Write []string
	// Read are files and directories that may be read, with what lies below. Those that do not exist are passed over. What is open already can
	// be read and written all the same, so the standard streams need not be named; what is opened by its path later must be: terminals
	// (/dev/tty in Write), terminal descriptions, time zones.
	Read []string
	// Network leaves TCP alone; else no port can be bound, and nothing connected to.
	Network bool
}

// Status says what was given up, and what was not.
type Status struct {
	// Done are the steps taken, in a few words each.
	Done []string
	// Kept are those that could not be, and why.
	Kept []string
}

// String returns one line.
func (s Status) String() string {
	if len(s.Kept) == 0 {
		return strings.Join(s.Done, ", ")
	}
	return strings.Join(s.Done, ", ") + "; not: " + strings.Join(s.Kept, ", ")
}

func (s *Status) done(format string, args ...any) {
	s.Done = append(s.Done, fmt.Sprintf(format, args...))
}
func (s *Status) kept(format string, args ...any) {
	s.Kept = append(s.Kept, fmt.Sprintf(format, args...))
}

// Drop gives up, for the whole process and for good, what the plan does not name. What the system does not know is left out and told in
// the status. The error wraps [ErrKept] where root or capabilities stay though they should not; a process that was careful to ask should end then.
//
// On Linux all threads lose their rights, which takes a program without cgo. Elsewhere root becomes another user, and that is all.
func Drop(p Plan) (Status, error) {
	if p.UID == 0 {
		p.UID = Nobody
	}
	if p.GID == 0 {
		p.GID = Nobody
	}
	var s Status
	err := drop(&p, &s)
	return s, err
}
