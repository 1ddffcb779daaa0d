package wire

import (
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

// privateReverse says whether a name is below the reverse zones of 10/8, 172.16/12, 192.168/16 and 169.254/16.
func privateReverse(name []byte) bool {
	n := Labels(name)
	off := 0
	for range n - 4 {
		off += int(name[off]) + 1
	}
	four := name[off:] // the last four labels
	second := string(four[1 : 1+four[0]])
	four = four[1+four[0]:]
	first := string(four[1 : 1+four[0]])
	if !EqualFold(four[1+four[0]:], []byte("\x07in-addr\x04arpa\x00")) {
		return false
	}
	switch first {
	case "10":
		return true
	case "172":
		return len(second) == 2 && (second[0] == '1' && second[1] >= '6' || second[0] == '2' || second == "30" || second == "31")
	case "192":
		return second == "168"
	case "169":
		return second == "254"
	}
	return false
}

// NameAnomalies appends what is odd about a question's name, N15 and N16, at the offsets of its message.
func (q *Question) NameAnomalies(dst []anomaly.Seen) []anomaly.Seen {
	if off, odd := OddOctet(q.Name); odd {
		dst = append(dst, fault{oddOctet, int(q.Off) + off, 1}.seen())
	}
	if MisdirectedName(q.Name, q.Type) {
		dst = append(dst, fault{misdirected, int(q.Off), len(q.Name)}.seen())
	}
	return dst
}
