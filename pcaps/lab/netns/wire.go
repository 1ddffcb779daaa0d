//go:build linux

package netns

import (
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// wire carries frames between two interfaces of the router, in each direction with its own impairment. It stands in for tc's netem, which
// not every kernel has, and whose choices have no seed.
type wire struct {
	ends   [2]*os.File // packet sockets: the host's side, the router's side
	vlan   uint16      // of frames to the second end; 0: none
	mu     sync.Mutex
	rules  [2]impairment // by the end that frames come from
	rand   [2]*rand.Rand
	queues [2]chan parcel // by the end that frames go to
	done   sync.WaitGroup
}

// Impair makes the host's link a bad one from now on, in both directions unless told otherwise: "loss 20%", "delay 30ms 5ms" (with a jitter;
// packets keep their order), "corrupt 1%" (one bit after the Ethernet header), "duplicate 2%", or several of them. The empty
// string makes it good again. ARP and neighbour discovery are spared, as hosts would not find each other. A capture on the host sees what the host sends before and what it is sent after the impairment.
func (h *Host) Impair(netem string, which ...Direction) error {
	rule, err := parseImpairment(netem)
	if err != nil {
		return err
	}
	dir := Both
	if len(which) > 0 {
		dir = which[0]
	}
	w, err := h.cut()
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if dir&FromHost != 0 {
		w.rules[0] = rule
	}
	if dir&ToHost != 0 {
		w.rules[1] = rule
	}
	return nil
}

// cut puts a wire into the host's link, once.
func (h *Host) cut() (*wire, error) {
	h.lab.mu.Lock()
	defer h.lab.mu.Unlock()
	if h.wire != nil {
		return h.wire, nil
	}
	near, far, err := h.open()
	if err != nil {
		return nil, err
	}
	w, err := h.lab.router.bridge(near, far, 0, h.lab.Seed, h.Name)
	if err != nil {
		return nil, err
	}
	h.wire, h.lab.wires = w, append(h.lab.wires, w)
	return w, nil
}

// open opens the link: the router's end, now named near, loses its addresses to a new pair of interfaces, whose other end is far.
func (h *Host) open() (near, far string, err error) {
	r := h.lab.router
	near, far = "w-"+h.Name, "v-"+h.Name
	err = errors.Join(
		ip("-n", r.space, "link", "set", "dev", h.link(), "down"),
		ip("-n", r.space, "addr", "flush", "dev", h.link()),
		ip("-n", r.space, "link", "set", "dev", h.link(), "name", near),
		ip("-n", r.space, "link", "add", "name", far, "type", "veth", "peer", "name", h.link()),
		r.sysctl("net.ipv6.conf."+near+".disable_ipv6=1", "net.ipv6.conf."+far+".disable_ipv6=1"),
		r.plain(near), r.plain(far), r.plain(h.link()), h.attach(),
	)
	if err != nil {
		return "", "", fmt.Errorf("link of %s: %w", h.Name, err)
	}
	return near, far, nil
}

// bridge starts a wire between two interfaces. Where frames go to the second, they get the tag of a VLAN, unless that is 0.
func (h *Host) bridge(near, far string, vlan uint16, seed uint64, name string) (*wire, error) {
	w := &wire{vlan: vlan}
	for i, dev := range []string{near, far} {
		f, err := h.packetSocket(dev)
		if err != nil {
			return nil, err
		}
		hash := fnv.New64a()
		_, _ = hash.Write([]byte(name + dev))
		w.queues[i] = make(chan parcel, onTheWay)
		w.ends[i], w.rand[i] = f, rand.New(rand.NewPCG(seed, hash.Sum64()))
	}
	for i := range w.ends {
		w.done.Go(func() { w.carry(i) })
		w.done.Go(func() { w.arrive(i) })
	}
	return w, nil
}

// packetSocket opens a socket for all frames that come in at an interface.
func (h *Host) packetSocket(dev string) (f *os.File, err error) {
	err = h.Do(func() error {
		const all = unix.ETH_P_ALL>>8 | unix.ETH_P_ALL&0xff<<8 // in network byte order
		iface, err := net.InterfaceByName(dev)
		if err != nil {
			return err
		}
		fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
		if err != nil {
			return err
		}
		f = os.NewFile(uintptr(fd), dev)
		return errors.Join(
			unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_IGNORE_OUTGOING, 1),
			unix.SetsockoptPacketMreq(fd, unix.SOL_PACKET, unix.PACKET_ADD_MEMBERSHIP, &unix.PacketMreq{Ifindex: int32(iface.Index), Type: unix.PACKET_MR_PROMISC}),
			unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: all, Ifindex: iface.Index}),
		)
	})
	return f, err
}

// carry forwards what comes in at one end until the socket is closed.
func (w *wire) carry(from int) {
	var buf [65536]byte
	var tag []byte
	defer close(w.queues[1-from])
	for {
		n, err := w.ends[from].Read(buf[:])
		if err != nil {
			return
		}
		if w.vlan == 0 && neighbours(buf[:n]) {
			_, _ = w.ends[1-from].Write(buf[:n])
			continue
		}
		w.mu.Lock()
		r := w.rand[from]
		copies, after, corrupt := w.rules[from].fate(r)
		if corrupt {
			flip(r, buf[:n])
		}
		w.mu.Unlock()
		frame := buf[:n]
		if from == 0 && w.vlan != 0 {
			tag = tagged(tag, frame, w.vlan)
			frame = tag
		}
		for range copies {
			w.deliver(1-from, frame, after)
		}
	}
}

// parcel is a frame on its way.
type parcel struct {
	frame []byte
	due   time.Time
}

// onTheWay is how many frames a direction holds, at most 64 KiB each; more are lost, as in any queue.
const onTheWay = 4096

// deliver puts a frame on its way. It does not overtake the one before.
func (w *wire) deliver(to int, frame []byte, after time.Duration) {
	select {
	case w.queues[to] <- parcel{append([]byte(nil), frame...), time.Now().Add(after)}:
	default:
	}
}

// arrive writes frames when they are due. A frame that cannot be written is lost.
func (w *wire) arrive(to int) {
	for p := range w.queues[to] {
		time.Sleep(time.Until(p.due))
		_, _ = w.ends[to].Write(p.frame)
	}
}

func (w *wire) close() {
	for _, f := range w.ends {
		f.Close()
	}
	w.done.Wait()
}
