package live

import (
	"fmt"
	"net"
	"net/netip"

	"github.com/dnssniff/dnssniff/capture"
)

// Interface is a network interface to capture from.
type Interface struct {
	Name string
	// Index is the system's number for it; 0 for [Any].
	Index int
	// Addresses are its IP addresses with the lengths of their prefixes, those of IPv6 link-local addresses without a zone.
	Addresses []netip.Prefix
	// Flags tell whether it is up, running, loopback and so on.
	Flags net.Flags
	// Link is the link type of its packets; valid iff Err is nil.
	Link capture.LinkType
	// Err is why it cannot be captured from: a [*LinkError] mostly. Whether there is a right to capture is not tried.
	Err error
}

// Interfaces lists the interfaces, in the system's order, with [Any] at the end where the system has that. It needs no rights.
func Interfaces() ([]Interface, error) {
	all, err := net.Interfaces()
	if err != nil {
		return nil, fmt.Errorf("listing interfaces: %w", err)
	}
	out := make([]Interface, 0, len(all)+1)
	for i := range all {
		out = append(out, describe(&all[i]))
	}
	if link, err := linkOf(Any); err == nil {
		out = append(out, Interface{Name: Any, Flags: net.FlagUp | net.FlagRunning, Link: link})
	}
	return out, nil
}

func describe(ifi *net.Interface) Interface {
	it := Interface{Name: ifi.Name, Index: ifi.Index, Flags: ifi.Flags}
	it.Link, it.Err = linkOf(ifi.Name)
	addrs, err := ifi.Addrs()
	if err != nil {
		return it // it has gone meanwhile
	}
	for _, a := range addrs {
		if p, ok := prefixOf(a); ok {
			it.Addresses = append(it.Addresses, p)
		}
	}
	return it
}

func prefixOf(a net.Addr) (netip.Prefix, bool) {
	n, ok := a.(*net.IPNet)
	if !ok {
		return netip.Prefix{}, false
	}
	ip, ok := netip.AddrFromSlice(n.IP)
	ones, _ := n.Mask.Size()
	if ip = ip.Unmap(); ip.Is4() && len(n.Mask) == net.IPv6len {
		ones -= 96
	}
	return netip.PrefixFrom(ip, ones), ok
}
