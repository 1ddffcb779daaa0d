package wire

import (
	"strconv"

	"github.com/miekg/dns"

	"github.com/dnssniff/dnssniff/decode/anomaly"
)

// OddOctet finds the first octet of an uncompressed name that no host name, service label or IDNA label has: other than letters, digits, hyphen and
// underscore (N15). It returns its offset in the name. Legal (RFC 2181 section 11), but a sign of what asked. The walk does not look for it: do it
// once for each distinct name.
func OddOctet(name []byte) (off int, odd bool) {
	for label := 0; label < len(name) && name[label] != 0; {
		end := min(label+1+int(name[label]), len(name))
		for off := label + 1; off < end; off++ {
			if usual[name[off]>>6]>>(name[off]&63)&1 == 0 {
				return off, true
			}
		}
		label = end
	}
	return 0, false
}

// usual has a bit for each octet of usual names, and for the asterisk of wildcards.
var usual = [4]uint64{0x3ff<<'0' | 1<<'-' | 1<<'*', (1<<26-1)<<('A'-64) | 1<<('_'-64) | (1<<26-1)<<('a'-64)}

// MisdirectedName says that the public DNS cannot know a name (N16): one label for an address, an address as a name, or the reverse of a private
// address (RFC 6761 section 6.1). It is for each distinct name, as OddOctet.
func MisdirectedName(name []byte, typ uint16) bool {
	n := Labels(name)
	switch {
	case n == 1:
		return (typ == typeA || typ == typeAAAA) && name[0] != 2 // some country codes have addresses
	case n == 4 && (typ == typeA || typ == typeAAAA):
		return dottedQuad(name)
	case typ == dns.TypePTR && n > 3:
		return privateReverse(name)
	}
	return false
}

func dottedQuad(name []byte) bool {
	for off := 0; name[off] != 0; off += int(name[off]) + 1 {
		if name[off] > 3 {
			return false
		}
		for _, c := range name[off+1 : off+1+int(name[off])] {
			if c-'0' > 9 {
				return false
			}
		}
	}
	return true
}

// privateZones are reverse zones of addresses that have a meaning in their own network or host only (RFC 6303 sections 4.1 to 4.5), but for those of
// 172.16/12. Addresses for documentation are not among them.
var privateZones = [...]string{
	"\x0210" + in4,
	"\x03168\x03192" + in4,
	"\x03254\x03169" + in4,
	"\x03127" + in4,
	"\x01d\x01f" + in6,                                                                                 // unique local, fd00::/8
	"\x018\x01e\x01f" + in6, "\x019\x01e\x01f" + in6, "\x01a\x01e\x01f" + in6, "\x01b\x01e\x01f" + in6, // link local, fe80::/10
	"\x010" + zeros31 + in6, "\x011" + zeros31 + in6, // :: and ::1
}

const (
	in4     = "\x07in-addr\x04arpa\x00"
	in6     = "\x03ip6\x04arpa\x00"
	zeros4  = "\x010\x010\x010\x010"
	zeros31 = zeros4 + zeros4 + zeros4 + zeros4 + zeros4 + zeros4 + zeros4 + "\x010\x010\x010"
)

// privateReverse says whether a name is in the reverse zone of private addresses.
func privateReverse(name []byte) bool {
	for off := 0; name[off] != 0; off += int(name[off]) + 1 {
		rest := name[off:]
		for _, zone := range privateZones {
			if len(rest) == len(zone) && EqualFold(rest, []byte(zone)) {
				return true
			}
		}
		if rest[0] == 2 && EqualFold(rest[3:], []byte("\x03172"+in4)) {
			n, err := strconv.Atoi(string(rest[1:3]))
			return err == nil && n >= 16 && n <= 31
		}
	}
	return false
}

// A name of this length, with a label of that length, is more likely data than a name (octets).
const (
	tunnelName  = 80
	tunnelLabel = 50
)

// TunnelName says that a name is as long as those that carry data (M06). It is for each distinct name, as OddOctet.
func TunnelName(name []byte) bool {
	if len(name) < tunnelName {
		return false
	}
	for off := 0; name[off] != 0; off += int(name[off]) + 1 {
		if name[off] >= tunnelLabel {
			return true
		}
	}
	return false
}

// NameAnomalies appends what is odd about a question's name, N15, N16 and M06, at the offsets of its message.
func (q *Question) NameAnomalies(dst []anomaly.Seen) []anomaly.Seen {
	if off, odd := OddOctet(q.Name); odd {
		dst = append(dst, fault{oddOctet, int(q.Off) + off, 1}.seen())
	}
	if MisdirectedName(q.Name, q.Type) {
		dst = append(dst, fault{misdirected, int(q.Off), len(q.Name)}.seen())
	}
	if TunnelName(q.Name) {
		dst = append(dst, fault{tunnel, int(q.Off), len(q.Name)}.seen())
	}
	return dst
}
