package live

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"github.com/dnssniff/dnssniff/capture"
)

// loopback is the index of the loopback interface in every network namespace (LOOPBACK_IFINDEX).
const loopback = 1

// port ties a socket to an interface, and again when that was away. After the opening it needs no rights: it asks and binds through the
// socket itself.
type port struct {
	fd          int
	name        string // as given
	link        capture.LinkType
	promiscuous bool
	adapter     bool

	index   int       // of the interface joined
	due     time.Time // of the next look
	backoff time.Duration
	state   State
	trouble error
	untimed error // why the adapter's clock is not in use any more
}

// bind begins to take packets in.
func (p *port) bind() error {
	index := 0 // all interfaces
	if p.name != Any {
		var err error
		if index, err = p.find(); err != nil {
			return err
		}
	}
	err := unix.Bind(p.fd, &unix.SockaddrLinklayer{Protocol: networkOrder(unix.ETH_P_ALL), Ifindex: index})
	if err != nil {
		return fmt.Errorf("%s: bind: %w", p.name, err)
	}
	p.index = index
	return p.join()
}

// find returns the index of the interface that has the name now, if it still has the link type.
func (p *port) find() (int, error) {
	kind, err := kindOfSocket(p.fd, p.name)
	if err != nil {
		return 0, err
	}
	if kind.link != p.link {
		return 0, fmt.Errorf("%s: its link type was %s, and is %s now", p.name, p.link, kind.link)
	}
	ifr, err := unix.NewIfreq(p.name)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", p.name, ErrNoInterface)
	}
	if err := unix.IoctlIfreq(p.fd, unix.SIOCGIFINDEX, ifr); err != nil {
		return 0, fmt.Errorf("%s: %w: %w", p.name, ErrNoInterface, err)
	}
	return int(ifr.Uint32()), nil
}

// join asks for all frames, whomever they are for. The membership ends with the socket, and IFF_PROMISC, which others may have set, is left alone.
func (p *port) join() error {
	if !p.promiscuous || p.index == 0 {
		return nil
	}
	m := unix.PacketMreq{Ifindex: int32(p.index), Type: unix.PACKET_MR_PROMISC}
	if err := unix.SetsockoptPacketMreq(p.fd, unix.SOL_PACKET, unix.PACKET_ADD_MEMBERSHIP, &m); err != nil {
		return fmt.Errorf("%s: promiscuous mode: %w", p.name, err)
	}
	return nil
}

// leave takes that back.
func (p *port) leave() {
	if p.promiscuous && p.index > 0 {
		m := unix.PacketMreq{Ifindex: int32(p.index), Type: unix.PACKET_MR_PROMISC}
		_ = unix.SetsockoptPacketMreq(p.fd, unix.SOL_PACKET, unix.PACKET_DROP_MEMBERSHIP, &m) // the interface may be gone
	}
}

// look says how it stands with the interface, and binds the socket anew where that was away and is back. It looks no more often than lookEvery, and
// while the interface is away ever more seldom, down to lookLeast.
func (p *port) look(now time.Time) (State, error) {
	if p.name == Any || now.Before(p.due) {
		return p.state, p.trouble
	}
	p.state, p.trouble = p.inspect()
	if p.state == Away {
		p.backoff = min(max(2*p.backoff, lookEvery), lookLeast)
	} else {
		p.backoff = lookEvery
	}
	p.due = now.Add(p.backoff)
	return p.state, p.trouble
}

func (p *port) inspect() (state State, trouble error) {
	// The kernel marks the socket when the interface goes down, and the mark keeps it awake until it is read.
	_, _ = unix.GetsockoptInt(p.fd, unix.SOL_SOCKET, unix.SO_ERROR)
	if !p.bound() {
		if err := p.bind(); err != nil {
			if errors.Is(err, ErrNoInterface) {
				err = nil // that is what Away says
			}
			return Away, err
		}
		if p.adapter {
			p.untimed = useAdapterTime(p.fd, p.name) // it captures all the same
		}
	}
	return p.flags(), p.untimed
}

// bound says whether the socket is still tied to an interface. The kernel sets the index to -1 when that is removed; as
// hooking up is not possible while an interface is down, a bind then leaves a mark as well.
func (p *port) bound() bool {
	addr, err := unix.Getsockname(p.fd)
	ll, ok := addr.(*unix.SockaddrLinklayer)
	return err == nil && ok && ll.Ifindex > 0
}

// flags returns the state of the interface bound to, whatever its name is by now.
func (p *port) flags() State {
	ifr, err := unix.NewIfreq("")
	if err != nil {
		return Up
	}
	ifr.SetUint32(uint32(p.index))
	if unix.IoctlIfreq(p.fd, unix.SIOCGIFNAME, ifr) != nil || unix.IoctlIfreq(p.fd, unix.SIOCGIFFLAGS, ifr) != nil {
		return Away
	}
	switch f := ifr.Uint16(); {
	case f&unix.IFF_UP == 0:
		return Down
	case f&unix.IFF_RUNNING == 0:
		return NoCarrier
	}
	return Up
}

// echo skips the packets that the loopback interface sends, in whichever namespace: they come in again, and would be seen twice, as libpcap knows too.
// The filter after it finds its register as it expects it.
var echo = [...]bpf.RawInstruction{
	{Op: 0x20, K: 0xfffff000 + uint32(bpf.ExtType)}, // ld pkttype
	{Op: 0x15, Jf: 3, K: unix.PACKET_OUTGOING},      // jne: to the end
	{Op: 0x20, K: 0xfffff000 + uint32(bpf.ExtInterfaceIndex)},
	{Op: 0x15, Jf: 1, K: loopback},
	{Op: opReturn},
	{Op: 0x00}, // ld #0
}

// withoutEcho puts echo before a filter.
func withoutEcho(filter []bpf.RawInstruction) []bpf.RawInstruction {
	if len(filter)+len(echo) > maxInstructions {
		return filter
	}
	return append(append([]bpf.RawInstruction{}, echo[:]...), filter...)
}
