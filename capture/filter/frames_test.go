package filter

import (
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/dnssniff/dnssniff/capture"
)

const (
	corpusDir = "../../../shared/corpus"
	pcapsDir  = "../../pcaps"
)

// readFrames returns up to most frames of a capture file, spread over its beginning.
func readFrames(tb testing.TB, path string, most int) []capture.Packet {
	tb.Helper()
	in, err := capture.Open([]string{path}, capture.Options{})
	if err != nil {
		return nil // the corpus has files that are no captures
	}
	defer in.Close()
	var all []capture.Packet
	src := in.Sources(1)[0]
	batch := make([]capture.Packet, 64)
	for len(all) < most {
		n, err := src.ReadBatch(batch)
		for _, p := range batch[:n] {
			p.Data = append([]byte(nil), p.Data...)
			all = append(all, p)
		}
		if errors.Is(err, io.EOF) || n == 0 {
			break
		}
	}
	return all[:min(most, len(all))]
}

// carried is what a link header announces.
type carried struct {
	ethertype uint32
	payload   []byte
}

// undress takes off the link header where it is one of those that filters know.
func undress(p *capture.Packet) (carried, bool) {
	i := layoutOf(p.Link)
	if i < 0 {
		return carried{}, false
	}
	l := &layouts[i]
	if l.typing == byEthertype {
		typ, ok := l.typ.of(p.Data)
		return carried{typ, p.Data[min(int(l.payload), len(p.Data)):]}, ok
	}
	if len(p.Data) <= int(l.payload) {
		return carried{}, false
	}
	b := p.Data[l.payload:]
	if b[0]>>4 == 6 {
		return carried{etherIPv6, b}, true
	}
	return carried{etherIPv4, b}, true
}

// dress puts a link header before what it carries; link headers without an ethertype say what they can.
func dress(link capture.LinkType, c carried) []byte {
	b := make([]byte, layouts[layoutOf(link)].payload, 20+len(c.payload))
	family := uint32(2)
	if c.ethertype == etherIPv6 {
		family = 10
	}
	switch link {
	case linkEthernet:
		binary.BigEndian.PutUint16(b[12:], uint16(c.ethertype))
	case linkSLL:
		binary.BigEndian.PutUint16(b[14:], uint16(c.ethertype))
	case linkSLL2:
		binary.BigEndian.PutUint16(b, uint16(c.ethertype))
	case linkNull:
		binary.LittleEndian.PutUint32(b, family)
	case linkLoop:
		binary.BigEndian.PutUint32(b, family)
	}
	return append(b, c.payload...)
}

// tag puts a VLAN tag before what is carried.
func tag(tpid, id uint16, c carried) carried {
	b := binary.BigEndian.AppendUint16(nil, 0xe000|id)
	b = binary.BigEndian.AppendUint16(b, uint16(c.ethertype))
	return carried{uint32(tpid), append(b, c.payload...)}
}

// ip4 returns an IPv4 packet with options of optWords words, holding ports and 8 more bytes.
func ip4(proto byte, fragment uint16, optWords int, src, dst uint16) carried {
	b := make([]byte, 20+4*optWords, 64)
	b[0] = 0x45 + byte(optWords)
	binary.BigEndian.PutUint16(b[ip4Fragment:], fragment)
	b[ip4Proto] = proto
	copy(b[ip4Src:], []byte{10, 1, 2, 3})
	copy(b[ip4Dst:], []byte{192, 0, 2, 53})
	return carried{etherIPv4, append(b, transport(src, dst)...)}
}

func transport(src, dst uint16) []byte {
	b := binary.BigEndian.AppendUint16(nil, src)
	b = binary.BigEndian.AppendUint16(b, dst)
	return append(b, 0, 8, 0, 0, 1, 2, 3, 4)
}

// ip6 returns an IPv6 packet whose payload begins with header.
func ip6(next byte, header []byte) carried {
	b := make([]byte, ip6Len, 96)
	b[0], b[ip6Next] = 0x60, next
	copy(b[ip6Src:], []byte{0x20, 1, 0xd, 0xb8, 15: 1})
	copy(b[ip6Dst:], []byte{0x20, 1, 0xd, 0xb8, 15: 0x53})
	return carried{etherIPv6, append(b, header...)}
}

// fragment6 returns an IPv6 fragment header and what follows.
func fragment6(next byte, offset uint16, behind []byte) []byte {
	b := []byte{next, 0, 0, 0, 0, 0, 0, 7}
	binary.BigEndian.PutUint16(b[2:], offset)
	return append(b, behind...)
}

func arp(ethertype uint32) carried {
	b := make([]byte, 28)
	copy(b, []byte{0, 1, 8, 0, 6, 4, 0, 1})
	copy(b[arpSrc:], []byte{10, 1, 2, 3})
	copy(b[arpDst:], []byte{10, 1, 2, 4})
	return carried{ethertype, b}
}

// crafted has what captures seldom hold.
func crafted() []carried {
	dns := ip4(17, 0, 0, 40000, 53)
	all := []carried{
		dns, ip4(17, 0x4000, 0, 53, 40000), ip4(6, 0, 0, 40000, 53), ip4(132, 0, 0, 53, 53), ip4(1, 0, 0, 0x0304, 0), ip4(1, 0, 0, 0x0800, 0),
		ip4(17, 0x2000, 0, 53, 53), ip4(17, 0x2001, 0, 53, 53), ip4(17, 1, 0, 53, 53), ip4(17, 0, 1, 40000, 5353), ip4(17, 0, 10, 5355, 1),
		ip4(47, 0, 0, 53, 53), ip4(6, 0, 2, 853, 40000), ip4(17, 0, 0, 52, 54), ip4(17, 0, 0, 65535, 0),
		ip6(17, transport(53, 40000)), ip6(6, transport(40000, 53)), ip6(132, transport(53, 9)), ip6(58, []byte{1, 0, 0, 0}), ip6(58, []byte{135, 0, 0, 0}),
		ip6(44, fragment6(17, 1, transport(40000, 53))), ip6(44, fragment6(17, 0xb8, transport(1, 2))), ip6(44, fragment6(58, 0, []byte{3, 0})),
		ip6(44, fragment6(6, 1, transport(53, 9))), ip6(0, append([]byte{17, 0, 1, 4, 0, 0, 0, 0}, transport(53, 9)...)), ip6(60, nil), ip6(59, nil),
		arp(etherARP), arp(etherRARP), {0x88cc, []byte{2, 7, 4}}, {0x05dc, []byte{0x42, 0x42, 3}},
	}
	for _, c := range all[:len(all):len(all)] {
		one := tag(etherVLAN, 10, c)
		all = append(all, one, tag(etherQinQ, 20, one), tag(etherQinQOld, 0xfff, tag(etherVLAN, 10, one)))
	}
	return all
}

// samples returns what frames carry: crafted, from our captures and, where it is there, from the corpus.
func samples(tb testing.TB, perFile int) []carried {
	tb.Helper()
	all := crafted()
	ours, _ := filepath.Glob(filepath.Join(pcapsDir, "*.pcap"))
	corpus, _ := filepath.Glob(filepath.Join(corpusDir, "*"))
	if len(ours) == 0 {
		tb.Fatal("no captures in " + pcapsDir)
	}
	if len(corpus) == 0 {
		tb.Log("no corpus in " + corpusDir + ": fewer frames to compare")
	}
	for _, path := range append(ours, corpus...) {
		frames := readFrames(tb, path, perFile)
		for i := range frames {
			if c, ok := undress(&frames[i]); ok {
				all = append(all, c)
			}
		}
	}
	return all
}

// mutate returns a frame with what hostile and cut ones have: flipped bits in its headers, a random length, or nothing but noise.
func mutate(rng *rand.Rand, b []byte) []byte {
	b = append([]byte(nil), b...)
	switch rng.IntN(8) {
	case 0:
		b = b[:rng.IntN(len(b)+1)]
	case 1:
		b = b[:rng.IntN(min(len(b), 80)+1)]
	case 2:
		b = make([]byte, rng.IntN(100))
		for i := range b {
			b[i] = byte(rng.Uint32())
		}
	}
	for n := rng.IntN(4); n > 0 && len(b) > 0; n-- {
		b[rng.IntN(min(len(b), 70))] ^= 1 << rng.IntN(8)
	}
	return b
}

// framesFor returns frames of a link type: the samples as they are, and as many mutated ones.
func framesFor(rng *rand.Rand, link capture.LinkType, all []carried) [][]byte {
	var frames [][]byte
	for _, c := range all {
		b := dress(link, c)
		frames = append(frames, b, mutate(rng, b))
	}
	return frames
}
