//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package live

import (
	"errors"
	"fmt"
	"net"
	"runtime"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"github.com/dnssniff/dnssniff/capture"
)

// Sizes of the buffers that packets are read into. The kernel has two of the same size, and can have less than is asked for.
const (
	wantedBlock = 512 << 10
	smallest    = 32 << 10
	maxBlocks   = 64
)

// device is a BPF device (bpf(4)). It is read into a few blocks in turn; until there is a free one, packets wait in the kernel's buffers.
//
// gopacket's bsdbpf is not used: it reads records at the wrong alignment on macOS and OpenBSD (google/gopacket issue 355), panics without
// the right to open a device, takes no filter, does not tell how many packets were dropped or how long they were, and cannot be stopped.
type device struct {
	fd      int
	name    string
	link    capture.LinkType
	length  int // of a block
	buffers [][]byte
	size    int
	latency time.Duration
	snaplen int
	woken   atomic.Bool
	base    [2]uint64 // the kernel's counts at the last time
	failed  error     // of the last read
	until   time.Time // unless 0, nothing is read after that
	due     time.Time
	state   State
}

func openDevice(o *Options, filter []bpf.RawInstruction) (*device, error) {
	switch {
	case o.Interface == Any:
		return nil, fmt.Errorf("%q: %w: it is known on Linux only; name an interface", Any, ErrNoInterface)
	case o.AdapterTime:
		return nil, fmt.Errorf("%s: %w: not on this system", o.Interface, ErrAdapterTime)
	}
	fd, err := openBPF(o)
	if err != nil {
		return nil, err
	}
	d := &device{fd: fd, name: o.Interface, latency: o.Latency, snaplen: o.Snaplen}
	if err := d.prepare(o, filter); err != nil {
		d.free()
		return nil, err
	}
	return d, nil
}

// openBPF opens a device that nobody uses: the one that makes new ones, or the first of the numbered.
func openBPF(o *Options) (int, error) {
	const most = 256
	path := "/dev/bpf"
	for i := 0; ; i++ {
		fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
		switch {
		case err == nil:
			return fd, nil
		case errors.Is(err, unix.EACCES) || errors.Is(err, unix.EPERM):
			return -1, &PermissionError{Interface: o.Interface, Program: o.Program, Err: fmt.Errorf("%s: %w", path, err)}
		case errors.Is(err, unix.EBUSY) && i < most, i == 0: // in use, or there is no such device
		default:
			return -1, fmt.Errorf("%s: %w", path, err)
		}
		path = "/dev/bpf" + strconv.Itoa(i)
	}
}

// prepare sets the filter before the interface, so that no packet passes it by. The size must come first of all.
func (d *device) prepare(o *Options, filter []bpf.RawInstruction) (err error) {
	for want := min(wantedBlock, o.Buffer); ; want /= 2 {
		if d.length, err = syscall.SetBpfBuflen(d.fd, want); err == nil {
			break
		}
		if want <= smallest {
			return fmt.Errorf("%s: a buffer of %d bytes: %w", d.name, want, err)
		}
	}
	d.buffers = make([][]byte, min(max(o.Buffer/d.length, 2), maxBlocks))
	d.size = len(d.buffers) * d.length
	if err := d.attach(filter); err != nil {
		return fmt.Errorf("%s: %w: %w", d.name, ErrFilter, err)
	}
	if err := d.bind(); err != nil {
		return err
	}
	if !o.NotPromiscuous {
		// Some interfaces, such as tunnels, have no such mode, nor need it.
		if err := syscall.SetBpfPromisc(d.fd, 1); err != nil && !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.EOPNOTSUPP) {
			return fmt.Errorf("%s: promiscuous mode: %w", d.name, err)
		}
	}
	return nil
}

// bind ties the device to the interface, which clears what was read, but keeps the filter.
func (d *device) bind() error {
	if err := syscall.SetBpfInterface(d.fd, d.name); err != nil {
		if errors.Is(err, unix.ENXIO) {
			return fmt.Errorf("%s: %w", d.name, ErrNoInterface)
		}
		return fmt.Errorf("%s: %w", d.name, err)
	}
	dlt, err := syscall.BpfDatalink(d.fd)
	if err != nil {
		return fmt.Errorf("%s: its link type: %w", d.name, err)
	}
	link, ok := links[dlt]
	if !ok {
		return &LinkError{Interface: d.name, Type: dlt}
	}
	d.link = link
	if err := syscall.SetBpfImmediate(d.fd, 1); err != nil {
		return fmt.Errorf("%s: immediate mode: %w", d.name, err)
	}
	return nil
}

// links are the link types (tcpdump.org's registry) of DLT_ values, some of which differ between systems.
var links = map[int]capture.LinkType{
	unix.DLT_NULL:             0,
	unix.DLT_EN10MB:           1,
	unix.DLT_PPP:              9,
	unix.DLT_PPP_SERIAL:       50,
	unix.DLT_RAW:              101,
	unix.DLT_IEEE802_11:       105,
	unix.DLT_LOOP:             108,
	unix.DLT_ENC:              109,
	unix.DLT_IEEE802_11_RADIO: 127,
}

// linkOf returns the link type that an interface most likely has: only a BPF device tells for sure, which takes the right to capture.
func linkOf(name string) (capture.LinkType, error) {
	ifi, err := net.InterfaceByName(name)
	switch {
	case err != nil:
		return 0, fmt.Errorf("%s: %w", name, ErrNoInterface)
	case len(ifi.HardwareAddr) == macLen && ifi.Flags&net.FlagLoopback == 0:
		return links[unix.DLT_EN10MB], nil
	case runtime.GOOS == "openbsd":
		return links[unix.DLT_LOOP], nil
	}
	return links[unix.DLT_NULL], nil
}

// macLen is the length of an Ethernet address.
const macLen = 6

func (d *device) attach(filter []bpf.RawInstruction) error {
	prog := make([]syscall.BpfInsn, len(filter))
	for i, in := range filter {
		prog[i] = syscall.BpfInsn{Code: in.Op, Jt: in.Jt, Jf: in.Jf, K: in.K}
	}
	return syscall.SetBpf(d.fd, prog)
}

func (d *device) blocks() int { return len(d.buffers) }

// take reads what the kernel has into buffer i.
func (d *device) take(i int) (view, bool) {
	if !d.until.IsZero() && time.Now().After(d.until) {
		return view{}, false
	}
	if d.buffers[i] == nil {
		d.buffers[i] = make([]byte, d.length)
	}
	n, err := unix.Read(d.fd, d.buffers[i])
	if err != nil || n <= 0 {
		if err != nil && !errors.Is(err, unix.EAGAIN) && !errors.Is(err, unix.EINTR) {
			d.failed = err
		}
		return view{}, false
	}
	d.failed = nil
	return view{block: d.buffers[i][:n], link: d.link, snaplen: d.snaplen}, true
}

func (d *device) release(int) {}

// stop takes nothing more in, soon. A filter would do so at once, but what the kernel holds is lost with it.
func (d *device) stop() time.Duration {
	d.until = time.Now().Add(d.latency)
	return 2 * d.latency
}

// owes says whether packets counted have not been taken yet: the counts do not tell, as those of some systems are of before the filter.
func (d *device) owes(*Stats) bool { return true }

func (d *device) count(s *Stats) {
	st, err := syscall.BpfStats(d.fd)
	if err != nil {
		return
	}
	now := [2]uint64{uint64(st.Recv), uint64(st.Drop)}
	for i, sum := range []*uint64{&s.Received, &s.Dropped} {
		if now[i] >= d.base[i] { // else it wrapped, or began anew
			*sum += now[i] - d.base[i]
		}
	}
	d.base = now
}

func (d *device) wake() { d.woken.Store(true) }

func (d *device) free() {
	if d.fd >= 0 {
		_ = unix.Close(d.fd)
		d.fd = -1
	}
}

// waiter waits for blocks.
type waiter struct{ d *device }

func (d *device) newWaiter() (*waiter, error) { return &waiter{d}, nil }

// wait returns when there may be a block, or after the latency: not every system's devices can be polled, so it is only a wish.
func (w *waiter) wait(d time.Duration) error {
	if w.d.woken.Load() {
		return nil
	}
	d = min(d, w.d.latency)
	fds := []unix.PollFd{{Fd: int32(w.d.fd), Events: unix.POLLIN}}
	n, err := unix.Poll(fds, int((d+time.Millisecond-1)/time.Millisecond))
	if err != nil && !errors.Is(err, unix.EINTR) {
		return fmt.Errorf("waiting for packets: %w", err)
	}
	if n > 0 && fds[0].Revents&unix.POLLIN == 0 {
		time.Sleep(d) // it is gone, or cannot be polled
	}
	return nil
}

func (w *waiter) close() {}

// look says how it stands with the interface, and binds the device anew where that was away and is back.
func (d *device) look(now time.Time) (State, error) {
	if now.Before(d.due) {
		return d.state, nil
	}
	d.due = now.Add(lookEvery)
	ifi, err := net.InterfaceByName(d.name)
	switch {
	case err != nil:
		d.state = Away
	case errors.Is(d.failed, unix.ENXIO) && d.bind() != nil:
		d.state = Away
	case ifi.Flags&net.FlagUp == 0:
		d.state = Down
	case ifi.Flags&net.FlagRunning == 0:
		d.state = NoCarrier
	default:
		d.state = Up
	}
	if d.state == Away {
		d.due = now.Add(lookLeast)
	}
	return d.state, nil
}

// remedy says what gives a program the right to capture.
func remedy(program string) string {
	return "sudo " + program + ", or give yourself the right to read /dev/bpf* (on macOS, ChmodBPF of Wireshark does)"
}
