package decode

import (
	"github.com/dnssniff/dnssniff/capture"
	"github.com/dnssniff/dnssniff/decode/packet"
)

// role is what the ports of a UDP datagram or TCP segment make of it: bits, so that it stays in a register. It is 0 for what is of no interest.
type role uint8

const (
	srcServer role = 1 << iota // the source has the service's port
	dstServer
	overTCP
	overMDNS
	overLLMNR
	encrypted // DNS over TLS or QUIC: no DNS message can be seen
)

// dns says that it is DNS, mDNS or LLMNR.
func (r role) dns() bool { return r&(srcServer|dstServer|overMDNS) != 0 }

func (r role) srcServer() bool { return r&srcServer != 0 }

// symmetric says that both sides, or none, have the service's port: either can be the client.
func (r role) symmetric() bool { return (r^r>>1)&1 == 0 }

func (r role) proto() Proto {
	switch {
	case r < overTCP:
		return UDP
	case r&overTCP != 0:
		return TCP
	case r&overMDNS != 0:
		return MDNS
	case r&overLLMNR != 0:
		return LLMNR
	}
	return UDP
}

// role says what the ports of a UDP datagram or TCP segment make of it.
func (p *Ports) role(src, dst uint16, tcp bool) (r role) {
	if src == portDNS || p.more && p.Has(src) {
		r = srcServer
	}
	if dst == portDNS || p.more && p.Has(dst) {
		r |= dstServer
	}
	if r == 0 {
		return otherRole(src, dst, tcp)
	}
	if tcp {
		r |= overTCP
	}
	return r
}

func otherRole(src, dst uint16, tcp bool) role {
	switch {
	case src == portTLS || dst == portTLS:
		return encrypted
	case tcp:
		return 0
	case src == portMDNS || dst == portMDNS:
		return overMDNS
	case src == portLLMNR && dst == portLLMNR:
		return overLLMNR | srcServer | dstServer
	case src == portLLMNR:
		return overLLMNR | srcServer
	case dst == portLLMNR:
		return overLLMNR | dstServer
	}
	return 0
}

// shardOf is shard for a flow of which only the client's address need be looked at.
func (r role) shardOf(p *capture.Packet, f packet.Flow) uint8 {
	s := shardOfWords(f.Words(p, r.srcServer()))
	if r.symmetric() {
		s ^= shardOfWords(f.Words(p, !r.srcServer()))
	}
	return s
}

// shard returns the shard of the client; where both sides could be it, one that is the same in both directions.
func (r role) shard(src, dst *packet.Addr) uint8 {
	switch {
	case r.symmetric():
		return shardOf(src) ^ shardOf(dst)
	case r.srcServer():
		return shardOf(dst)
	default:
		return shardOf(src)
	}
}
