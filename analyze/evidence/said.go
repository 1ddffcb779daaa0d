package evidence

import (
	"encoding/binary"
	"math/bits"
	"net/netip"

	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/packet"
	"github.com/dnssniff/dnssniff/decode/wire"
)

// answered is what a response says of its question.
type answered struct {
	kind            AnswerKind
	hash            uint64
	ttl             uint32 // the least of the answer section
	private, public bool
	example         packet.Addr
}

// said reads the answer section: the records of the question's type, or the aliases where there are none. ok is false for what is neither an answer nor
// a denial, such as a referral or an error.
func (c *Collector) said(r *decode.Message) (a answered, ok bool) {
	switch r.RCODE() {
	case rcodeNoError:
	case rcodeNXDomain:
		return answered{kind: NoSuchName}, true
	default:
		return a, false
	}
	if r.Counts[wire.SectionAnswer] == 0 {
		return answered{kind: NoSuchType}, noData(r)
	}
	a.ttl = ^uint32(0)
	for _, typ := range [...]uint16{r.Question.Type, typeCNAME} {
		for i := range r.Records {
			if x := &r.Records[i]; x.Section == wire.SectionAnswer && int(x.Data)+int(x.Len) <= len(r.Data) {
				a.ttl = min(a.ttl, x.TTL)
				if x.Type == typ {
					a.hash += c.recordHash(r, x)
					a.address(x, r.Data[x.Data:][:x.Len])
				}
			}
		}
		if a.hash != 0 {
			return a, true
		}
	}
	return a, false
}

// noData says that an empty answer denies the type, and is no referral (RFC 2308 section 2.2).
func noData(r *decode.Message) bool {
	for i := range r.Records {
		if x := &r.Records[i]; x.Section == wire.SectionAuthority && x.Type == typeNS {
			return false
		}
	}
	return r.Flags&(wire.FlagAA|wire.FlagRA) != 0
}

// recordHash hashes RDATA, of which the names of common types are uncompressed and in lower case. Sums of it do not depend on the order of records.
func (c *Collector) recordHash(r *decode.Message, x *wire.Record) uint64 {
	data := r.Data[x.Data:][:x.Len]
	fixed := -1
	switch x.Type {
	case typeCNAME, typeNS, typePTR:
		fixed = 0
	case typeMX:
		fixed = 2
	case typeSRV:
		fixed = 6
	case typeSOA:
		return 1 // of what changes all the time there is Serial
	}
	if fixed >= 0 && len(data) > fixed {
		if name := c.owner(r, int(x.Data)+fixed); name != nil {
			return mixed(wire.HashName(hashBytes(data[:fixed]), name))
		}
	}
	return mixed(hashBytes(data))
}

func hashBytes(b []byte) uint64 {
	h := uint64(len(b)) + spreading
	for len(b) >= 8 {
		h = mixed(h ^ binary.LittleEndian.Uint64(b))
		b = b[8:]
	}
	for _, x := range b {
		h = h<<8 | h>>56 ^ uint64(x)
	}
	return mixed(h)
}

// mixed spreads bits; it is never 0.
func mixed(h uint64) uint64 {
	hi, lo := bits.Mul64(h^spreading, 0xd6e8feb86659fd93)
	return hi ^ lo | 1
}

// address notes what sort of address a record has.
func (a *answered) address(x *wire.Record, data []byte) {
	var ip netip.Addr
	switch {
	case x.Type == typeA && len(data) == 4:
		ip = netip.AddrFrom4([4]byte(data))
	case x.Type == typeAAAA && len(data) == 16:
		ip = netip.AddrFrom16([16]byte(data))
	default:
		return
	}
	private := Private(ip)
	if a.example == (packet.Addr{}) || private && !a.private {
		a.example = packet.AddrFrom(ip)
	}
	a.private, a.public = a.private || private, a.public || !private
}

// Private says that an address means nothing on the Internet: one of RFC 1918, RFC 6598 or RFC 4193, of the link, of the host, or of nobody.
func Private(ip netip.Addr) bool {
	ip = ip.Unmap()
	if ip.IsPrivate() || ip.IsLoopback() || ip.IsLinkLocalUnicast() || ip.IsUnspecified() {
		return true
	}
	b := ip.As16()
	return ip.Is4() && b[12] == 100 && b[13]&0xc0 == 64
}

// Classes and further types (IANA).
const (
	classIN   = 1
	classANY  = 255
	typeA     = 1
	typeCNAME = 5
	typePTR   = 12
	typeMX    = 15
	typeAAAA  = 28
	typeSRV   = 33
)
