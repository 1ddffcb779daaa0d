//go:build linux

package netns

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Trunk leads the host's link over an 802.1Q trunk, where its frames carry the tag of a VLAN. They can be captured at the router on the
// interface k-NAME. The tags are put on here: not every kernel has VLAN interfaces. A link has either a trunk or impairments, not both.
func (h *Host) Trunk(vlan uint16) error {
	h.lab.mu.Lock()
	defer h.lab.mu.Unlock()
	if h.wire != nil {
		return fmt.Errorf("link of %s: has a wire already", h.Name)
	}
	r := h.lab.router
	near, far, err := h.open()
	if err != nil {
		return err
	}
	one, other := "k-"+h.Name, "l-"+h.Name
	err = errors.Join(
		ip("-n", r.space, "link", "add", "name", one, "type", "veth", "peer", "name", other),
		r.sysctl("net.ipv6.conf."+one+".disable_ipv6=1", "net.ipv6.conf."+other+".disable_ipv6=1"),
		r.plain(one), r.plain(other),
	)
	if err != nil {
		return fmt.Errorf("trunk of %s: %w", h.Name, err)
	}
	for _, ends := range [][2]string{{near, one}, {far, other}} {
		w, err := r.bridge(ends[0], ends[1], vlan, 0, h.Name)
		if err != nil {
			return err
		}
		h.wire, h.lab.wires = w, append(h.lab.wires, w)
	}
	return nil
}

// tagged puts an 802.1Q tag behind the Ethernet addresses. The kernel takes it off before a packet socket reads the frame at the other end.
func tagged(buf, frame []byte, vlan uint16) []byte {
	const addresses = 12
	buf = append(buf[:0], frame[:addresses]...)
	buf = binary.BigEndian.AppendUint16(buf, 0x8100)
	buf = binary.BigEndian.AppendUint16(buf, vlan)
	return append(buf, frame[addresses:]...)
}
