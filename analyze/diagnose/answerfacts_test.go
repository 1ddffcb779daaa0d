package diagnose

import (
	"hash/fnv"
	"net/netip"
	"strings"
	"testing"

	"github.com/dnssniff/dnssniff/analyze/evidence"
	"github.com/dnssniff/dnssniff/decode/packet"
)

// readAnswer reads what follows "answer" in a line of facts:
//
//	NAME ZONE TYPE SERVER COUNT FIRST LAST CONTENT [FIELD=N...]
//
// TYPE is a number, FIRST and LAST are seconds. CONTENT is an address, NXDOMAIN, NODATA, or any word that stands for other records. Fields are aa, ra and
// scoped (responses), ttl (s), more (answers for which there was no room), and from, a list of networks.
func readAnswer(t *testing.T, f *evidence.Facts, w []string) {
	t.Helper()
	typ := uint16(readNumber(t, w[2]))
	if n := len(f.Answers); n == 0 || f.Answers[n-1].Name != w[0] || f.Answers[n-1].Type != typ {
		f.Answers = append(f.Answers, evidence.Answer{Name: w[0], Zone: w[1], Type: typ})
	}
	a := &f.Answers[len(f.Answers)-1]
	s := evidence.AnswerSet{Server: readAddr(t, w[3]), Count: readNumber(t, w[4]), First: int64(readNumber(t, w[5])) * 1e9, Last: int64(readNumber(t, w[6])) * 1e9,
		TTLLow: 300, TTLHigh: 300, Packet: uint64(len(a.Sets) + 1)}
	setContent(&s, w[7])
	for _, pair := range w[8:] {
		field, value, _ := strings.Cut(pair, "=")
		switch field {
		case "aa":
			s.Authority = readNumber(t, value)
		case "ra":
			s.Recursion = readNumber(t, value)
		case "scoped":
			s.Scoped = readNumber(t, value)
		case "ttl":
			s.TTLLow = uint32(readNumber(t, value))
			s.TTLHigh = s.TTLLow
		case "more":
			a.More = readNumber(t, value)
		case "from":
			for p := range strings.SplitSeq(value, ",") {
				s.Subnets = append(s.Subnets, netip.MustParsePrefix(p))
			}
		default:
			t.Fatalf("field %q", field)
		}
	}
	a.Sets = append(a.Sets, s)
}

func setContent(s *evidence.AnswerSet, content string) {
	switch content {
	case "NXDOMAIN":
		s.Kind = evidence.NoSuchName
		return
	case "NODATA":
		s.Kind = evidence.NoSuchType
		return
	}
	h := fnv.New64a()
	h.Write([]byte(content))
	s.Hash = h.Sum64()
	if ip, err := netip.ParseAddr(content); err == nil {
		s.Example = packet.AddrFrom(ip)
		s.Private = evidence.Private(ip)
		s.Public = !s.Private
	}
}

// readSerial reads what follows "serial" in a line of facts: ZONE SERVER SERIAL PRIMARY.
func readSerial(t *testing.T, w []string) evidence.Serial {
	t.Helper()
	n := uint32(readNumber(t, w[2]))
	return evidence.Serial{Zone: w[0], Server: readAddr(t, w[1]), First: n, Last: n, Primary: w[3], Count: 1, LastTime: 60e9, Packet: 1}
}
