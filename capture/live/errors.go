package live

import (
	"errors"
	"fmt"
	"runtime"
)

// What an error of [Open] can wrap.
var (
	// ErrNoInterface: there is no interface of that name.
	ErrNoInterface = errors.New("no such interface")
	// ErrOption: an option is out of its range.
	ErrOption = errors.New("not possible")
	// ErrFilter: the kernel refused the filter.
	ErrFilter = errors.New("the kernel does not take the filter")
	// ErrAdapterTime: the network adapter has no clock that stamps all packets, or it could not be switched on.
	ErrAdapterTime = errors.New("no adapter time")
	// ErrNotSupported: this system has no live capture; the error says what to use instead.
	ErrNotSupported = errors.New("live capture is not supported on " + runtime.GOOS)
)

// PermissionError says that this process may not capture, and what would let it.
type PermissionError struct {
	Interface string
	// Program is the path of the program, if the caller gave one.
	Program string
	// Err is what the system said.
	Err error
}

// Error returns one line.
func (e *PermissionError) Error() string {
	return fmt.Sprintf("%s: no right to capture (%v): %s", e.Interface, e.Err, remedy(e.program()))
}

func (e *PermissionError) program() string {
	if e.Program == "" {
		return "PROGRAM"
	}
	return shellQuote(e.Program)
}

// Unwrap returns what the system said.
func (e *PermissionError) Unwrap() error { return e.Err }

// shellQuote makes one shell word of a path, for people to copy.
func shellQuote(s string) string {
	quoted := []byte{'\''}
	plain := true
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '/', c == '.', c == '-', c == '_', c == '+', c == ':':
			quoted = append(quoted, c)
		case c == '\'':
			quoted, plain = append(quoted, `'\''`...), false
		case c < ' ' || c == 0x7f:
			quoted, plain = append(quoted, '?'), false // not for a terminal
		default:
			quoted, plain = append(quoted, c), false
		}
	}
	if plain {
		return s
	}
	return string(append(quoted, '\''))
}

// LinkError says that an interface carries nothing that is understood here.
type LinkError struct {
	Interface string
	// Type is the interface's type: an ARPHRD_ value on Linux, a DLT_ value elsewhere.
	Type int
	// Name is the type's name, or "" where it has none here.
	Name string
}

// Error returns one line.
func (e *LinkError) Error() string {
	if e.Name == "" {
		return fmt.Sprintf("%s: interfaces of type %d are not supported", e.Interface, e.Type)
	}
	return fmt.Sprintf("%s: interfaces of type %s (%d) are not supported", e.Interface, e.Name, e.Type)
}
