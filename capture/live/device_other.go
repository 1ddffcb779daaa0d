//go:build !(linux || darwin || dragonfly || freebsd || netbsd || openbsd)

package live

import (
	"fmt"
	"time"

	"golang.org/x/net/bpf"

	"github.com/dnssniff/dnssniff/capture"
)

// device does not exist here.
type device struct {
	link capture.LinkType
	size int
}

func openDevice(o *Options, _ []bpf.RawInstruction) (*device, error) {
	program := "PROGRAM"
	if o.Program != "" {
		program = shellQuote(o.Program)
	}
	return nil, fmt.Errorf("%s: %w: let dumpcap of Wireshark capture: dumpcap -i %s -w - | %s -", shellQuote(o.Interface), ErrNotSupported, shellQuote(o.Interface), program)
}

func linkOf(string) (capture.LinkType, error) { return 0, ErrNotSupported }

func remedy(string) string { return "not on this system" }

func (d *device) blocks() int                   { return 0 }
func (d *device) take(int) (view, bool)         { return view{}, false }
func (d *device) release(int)                   {}
func (d *device) stop() time.Duration           { return 0 }
func (d *device) owes(*Stats) bool              { return false }
func (d *device) count(*Stats)                  {}
func (d *device) wake()                         {}
func (d *device) free()                         {}
func (d *device) newWaiter() (*waiter, error)   { return nil, ErrNotSupported }
func (d *device) look(time.Time) (State, error) { return Away, ErrNotSupported }

type waiter struct{}

func (w *waiter) wait(time.Duration) error { return ErrNotSupported }
func (w *waiter) close()                   {}

type view struct{}

func (v *view) read([]capture.Packet, uint64) int { return 0 }
