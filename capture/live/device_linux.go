package live

import (
	"errors"
	"fmt"
	"math"
	"time"
	"unsafe"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"github.com/dnssniff/dnssniff/capture"
)

// blockSize is the size of a block of the ring, and so of the longest frame: offloading makes some of 64 KiB. Small blocks make many, and so
// room for stalls where packets are few, as a block is closed after the latency, full or not: 256 of them last 5 s. And they stay in
// the cache between settling and reading: 1 MiB took half as much CPU again.
const blockSize = 256 << 10

// vlanTag is the length of an IEEE 802.1Q tag.
const vlanTag = 4

// device is a packet socket with its ring (Documentation/networking/packet_mmap.rst in the kernel's source).
type device struct {
	port
	fd      int
	event   int // eventfd: the capture is over, or about to be
	ring    []byte
	size    int
	link    capture.LinkType
	frame   settler
	echoes  bool // it hands out what it sends twice
	latency time.Duration
	taken   uint64 // packets
}

// openDevice opens a socket that takes nothing in, makes it ready, and binds it: so no packet passes the filter by.
func openDevice(o *Options, filter []bpf.RawInstruction) (*device, error) {
	kind, err := kindOf(o.Interface)
	if err != nil {
		return nil, err
	}
	fd, err := unix.Socket(unix.AF_PACKET, kind.socket|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, socketError(o, err)
	}
	d := &device{fd: fd, event: -1, link: kind.link, echoes: kind.echoes, latency: o.Latency}
	d.port = port{fd: fd, name: o.Interface, link: kind.link, promiscuous: !o.NotPromiscuous, adapter: o.AdapterTime}
	d.frame = settler{link: kind.link, snaplen: uint32(o.Snaplen), adapter: o.AdapterTime}
	if err := d.prepare(o, filter); err != nil {
		d.free()
		return nil, err
	}
	return d, nil
}

func (d *device) prepare(o *Options, filter []bpf.RawInstruction) (err error) {
	if d.event, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		return fmt.Errorf("%s: eventfd: %w", o.Interface, err)
	}
	if d.name == Any || d.echoes {
		filter = withoutEcho(filter)
	}
	if err := attach(d.fd, filter); err != nil {
		return fmt.Errorf("%s: %w: %w", o.Interface, ErrFilter, err)
	}
	if err := d.makeRing(o); err != nil {
		return fmt.Errorf("%s: %w", o.Interface, err)
	}
	if d.adapter {
		if err := useAdapterTime(d.fd, d.name); err != nil {
			return err
		}
	}
	return d.bind()
}

// makeRing sets the ring up and maps it. Where there is not enough memory, it tries with half of it.
func (d *device) makeRing(o *Options) error {
	if err := unix.SetsockoptInt(d.fd, unix.SOL_PACKET, unix.PACKET_VERSION, unix.TPACKET_V3); err != nil {
		return fmt.Errorf("TPACKET_V3: %w", err)
	}
	// Room before the frame, to put a tag back.
	if err := unix.SetsockoptInt(d.fd, unix.SOL_PACKET, unix.PACKET_RESERVE, vlanTag); err != nil {
		return fmt.Errorf("PACKET_RESERVE: %w", err)
	}
	if d.adapter {
		if err := unix.SetsockoptInt(d.fd, unix.SOL_PACKET, unix.PACKET_TIMESTAMP, unix.SOF_TIMESTAMPING_RAW_HARDWARE); err != nil {
			return fmt.Errorf("%w: PACKET_TIMESTAMP: %w", ErrAdapterTime, err)
		}
	}
	for blocks := o.Buffer / blockSize; ; blocks /= 2 {
		err := d.ringOf(blocks)
		if !errors.Is(err, unix.ENOMEM) || blocks*blockSize <= minBuffer {
			return err
		}
	}
}

func (d *device) ringOf(blocks int) (err error) {
	const frame = 2048 // TPACKET_V3 only checks that it divides the block
	req := unix.TpacketReq3{
		Block_size: blockSize, Block_nr: uint32(blocks), Frame_size: frame, Frame_nr: uint32(blocks * (blockSize / frame)),
		Retire_blk_tov: uint32(d.latency.Milliseconds()),
	}
	if err := unix.SetsockoptTpacketReq3(d.fd, unix.SOL_PACKET, unix.PACKET_RX_RING, &req); err != nil {
		return fmt.Errorf("a buffer of %d bytes: %w", blocks*blockSize, err)
	}
	d.size = blocks * blockSize
	d.ring, err = unix.Mmap(d.fd, 0, d.size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return fmt.Errorf("mapping a buffer of %d bytes: %w", d.size, err)
	}
	return nil
}

func (d *device) blocks() int { return d.size / blockSize }

// stop shuts the filter and says how long it can take until all that had passed it is in blocks that can be taken.
func (d *device) stop() time.Duration {
	_ = attach(d.fd, returns(0)) // cannot fail: the program is right, and there was one before
	d.leave()
	return 2*d.latency + time.Second
}

// owes says whether packets counted have not been taken yet.
func (d *device) owes(s *Stats) bool { return d.taken < s.Received-s.Dropped }

// count adds what the kernel counted since the last time: reading sets it back to 0.
func (d *device) count(s *Stats) {
	s.MachineTime = d.frame.machineTime
	if st, err := unix.GetsockoptTpacketStatsV3(d.fd, unix.SOL_PACKET, unix.PACKET_STATISTICS); err == nil {
		s.Received += uint64(st.Packets)
		s.Dropped += uint64(st.Drops)
		s.Frozen += uint64(st.Freeze_q_cnt)
	}
}

// wake makes all waiters look again.
func (d *device) wake() {
	one := [8]byte{7: 1}
	_, _ = unix.Write(d.event, one[:]) // full is as good
}

func (d *device) free() {
	if d.ring != nil {
		_ = unix.Munmap(d.ring)
		d.ring = nil
	}
	for _, fd := range []int{d.event, d.fd} {
		if fd >= 0 {
			_ = unix.Close(fd)
		}
	}
	d.event, d.fd = -1, -1
}

// waiter waits for blocks. The events are edges: a block that another Source still reads keeps a poll of the socket from blocking.
type waiter struct {
	epoll  int
	events [2]unix.EpollEvent
}

func (d *device) newWaiter() (*waiter, error) {
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("%s: epoll: %w", d.name, err)
	}
	for _, fd := range []int{d.fd, d.event} {
		e := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLERR | unix.EPOLLET, Fd: int32(fd)}
		if err := unix.EpollCtl(epoll, unix.EPOLL_CTL_ADD, fd, &e); err != nil {
			_ = unix.Close(epoll)
			return nil, fmt.Errorf("%s: epoll: %w", d.name, err)
		}
	}
	return &waiter{epoll: epoll}, nil
}

// wait returns when there may be a block, the device was woken, its interface changed, or the time is over.
func (w *waiter) wait(d time.Duration) error {
	ms := min((d+time.Millisecond-1)/time.Millisecond, math.MaxInt32)
	_, err := unix.EpollWait(w.epoll, w.events[:], int(ms))
	if err != nil && !errors.Is(err, unix.EINTR) {
		return fmt.Errorf("waiting for packets: %w", err)
	}
	return nil
}

func (w *waiter) close() { _ = unix.Close(w.epoll) }

// attach gives a socket its filter, in place of the one it has.
func attach(fd int, filter []bpf.RawInstruction) error {
	prog := make([]unix.SockFilter, len(filter))
	for i, in := range filter {
		prog[i] = unix.SockFilter{Code: in.Op, Jt: in.Jt, Jf: in.Jf, K: in.K}
	}
	f := unix.SockFprog{Len: uint16(len(prog)), Filter: &prog[0]}
	return unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &f)
}

// socketError tells want of rights from what else can be.
func socketError(o *Options, err error) error {
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) {
		return &PermissionError{Interface: o.Interface, Program: o.Program, Err: err}
	}
	return fmt.Errorf("%s: opening a packet socket: %w", o.Interface, err)
}

// remedy says what gives a program the right to capture.
func remedy(program string) string {
	return "sudo setcap cap_net_raw,cap_net_admin=eip " + program +
		", or docker run --network host --cap-add NET_RAW --cap-add NET_ADMIN IMAGE, or run it as root"
}

// networkOrder turns a number of the machine's order into one as packet sockets want it, and back.
func networkOrder(v uint16) uint16 {
	b := (*[2]byte)(unsafe.Pointer(&v))
	return uint16(b[0])<<8 | uint16(b[1])
}
