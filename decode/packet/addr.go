// Package packet takes a captured frame apart down to its UDP datagram, TCP segment or quoted ICMP packet.
//
// Headers are read with gopacket's layers. What those lack is here: SLL2, carriers in any nesting, fragments of IPv4 and IPv6.
package packet

import "net/netip"

// Addr is an IPv6 address, or an IPv4 one in its IPv4-mapped form. It is the form of table keys: comparable, without pointers.
type Addr [16]byte

// Netip returns the address as the standard library has it, IPv4 unmapped.
func (a Addr) Netip() netip.Addr { return netip.AddrFrom16(a).Unmap() }

// String returns the address in its usual text form.
func (a Addr) String() string { return a.Netip().String() }

// AddrFrom returns ip as an Addr; the zone is dropped.
func AddrFrom(ip netip.Addr) Addr { return ip.As16() }
