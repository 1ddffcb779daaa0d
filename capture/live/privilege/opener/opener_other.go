//go:build !unix

package opener

import (
	"errors"
	"fmt"
	"os"
	"os/exec"

	"github.com/dnssniff/dnssniff/capture/dump"
)

// Opener is not to be had on this system.
type Opener struct{}

func unsupported() error { return fmt.Errorf("%w: %w", ErrGone, errors.ErrUnsupported) }

// Start fails.
func Start(*exec.Cmd) (*Opener, error) { return nil, unsupported() }

// Serve fails.
func Serve(Config, *os.File) error { return unsupported() }

// Create fails.
func (*Opener) Create(string) (*os.File, error) { return nil, unsupported() }

// Rotate fails.
func (*Opener) Rotate(dump.Slot, string) (*os.File, error) { return nil, unsupported() }

// Close does nothing.
func (*Opener) Close() error { return nil }
