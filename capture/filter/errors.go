package filter

import (
	"errors"
	"fmt"

	"github.com/dnssniff/dnssniff/capture"
)

// ErrTooLong is returned where a filter takes more than the 4096 instructions the kernel accepts.
var ErrTooLong = errors.New("filter: the program would have more than 4096 instructions")

// ErrProgram is wrapped by the errors of [FromDDD].
var ErrProgram = errors.New("filter: not a program as tcpdump -ddd prints it")

// SyntaxError says where an expression left the grammar, and what was expected there.
type SyntaxError struct {
	// Column is where the fault begins in the expression, in bytes, from 1.
	Column int
	// Found is the text at fault as it stands in the expression (it can hold anything a person can type), empty at the end.
	Found string
	// Expected says what would have been right.
	Expected string
}

// Error returns the fault in one line, without a line break or control character of the expression.
func (e *SyntaxError) Error() string {
	found := "end of the expression"
	if e.Found != "" {
		found = fmt.Sprintf("%+q", e.Found)
	}
	return fmt.Sprintf("filter: column %d: %s: expected %s", e.Column, found, e.Expected)
}

// LinkError says that a filter cannot judge the frames of a link type.
type LinkError struct {
	Link   capture.LinkType
	Reason string
}

// Error returns the fault in one line.
func (e *LinkError) Error() string {
	return fmt.Sprintf("filter: link type %s: %s", e.Link, e.Reason)
}
