package stream

import (
	"bufio"
	"compress/gzip"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"
)

// beside lists the captures whose streams are not whole, with how many messages we have more and less than tshark with its defaults. It
// does not wait for missing bytes, and does not look for the next message where the first bytes of a stream or of a hole's end are not one.
var beside = map[string]struct {
	more, less int
	why        string
}{
	"PcapPlusPlus__dns_over_tcp.pcapng":                     {1, 0, "packets of several captures: packet 4 is a whole message"},
	"bad-packets__various-dns-pcaps_dnso1tcp-bighole.pcap":  {35, 0, "all queries after the hole, whose prefixes are segments of their own"},
	"bad-packets__various-dns-pcaps_do1t-nosyn-1nolen.pcap": {1, 0, "the query after the one without prefix"},
	"entrada2__sidnlabs-test-tcp-stream-continued.pcap.gz":  {12, 0, "the responses, whose direction starts within a message"},
	"malcolm__ripple20_dns_caa_records.pcap":                {1, 7, "four reordered streams: tshark takes RDATA for messages"},
	"wireshark__dns-ooo.pcap":                               {1, 0, "the reordered message"},
}

// TestCorpus compares with tshark: the same messages in the same packets.
func TestCorpus(t *testing.T) {
	if testing.Short() {
		t.Skip("42 runs of tshark take 20 s")
	}
	dir := filepath.Join("..", "..", "..", "shared", "corpus")
	names := tcpCaptures(t, dir)
	tshark, err := exec.LookPath("tshark")
	if err != nil {
		t.Skip("tshark is not installed")
	}
	total := 0
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(dir, name)
			want := tsharkMessages(t, tshark, path)
			have, stats := ourMessages(t, path)
			total += len(have)
			more, less := difference(have, want)
			if b := beside[name]; len(more) != b.more || len(less) != b.less {
				t.Errorf("%d messages, tshark has %d: more %q, less %q\n%+v", len(have), len(want), more, less, stats)
			}
		})
	}
	t.Logf("%d messages in %d captures", total, len(names))
}

// tcpCaptures returns the captures of the corpus with frames on TCP port 53.
func tcpCaptures(t *testing.T, dir string) (names []string) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "MANIFEST.json"))
	if err != nil {
		t.Skipf("the corpus is not there: %v", err)
	}
	var manifest struct {
		Files []struct {
			Name  string
			Truth struct {
				PortFrames map[string]int `json:"port_frames"`
			}
		}
	}
	if err := json.Unmarshal(b, &manifest); err != nil {
		t.Fatal(err)
	}
	for _, f := range manifest.Files {
		if f.Truth.PortFrames["tcp/53 frames"] > 0 {
			names = append(names, f.Name)
		}
	}
	return names
}

// tsharkMessages returns "frame id response" for each DNS message over TCP.
func tsharkMessages(t *testing.T, tshark, path string) (all []string) {
	t.Helper()
	out, err := exec.Command(tshark, "-r", path, "-T", "fields", "-e", "frame.number", "-e", "dns.id", "-e", "dns.flags.response",
		"tcp.port==53 && dns").Output()
	if err != nil && len(out) == 0 {
		t.Logf("tshark: %v", err) // a capture cut short gives its packets and exit code 2
	}
	for line := range strings.Lines(string(out)) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		ids, qr := strings.Split(f[1], ","), strings.Split(f[2], ",")
		for i, id := range ids {
			if i < len(qr) && id != "" {
				all = append(all, fmt.Sprintf("%s %s %s", f[0], id, qr[i]))
			}
		}
	}
	return all
}

func ourMessages(t *testing.T, path string) (all []string, s Stats) {
	t.Helper()
	r := &recorder{}
	a := New(Limits{}, r)
	eachSegment(t, path, func(s *Segment) { a.Segment(s); check(t, a) })
	a.Close()
	for _, g := range r.all {
		if len(g.data) >= headerLen && !g.ended {
			all = append(all, fmt.Sprintf("%d 0x%04x %d", g.number, binary.BigEndian.Uint16(g.data), g.data[2]>>7))
		}
	}
	return all, a.Stats()
}

func difference(have, want []string) (more, less []string) {
	n := map[string]int{}
	for _, s := range have {
		n[s]++
	}
	for _, s := range want {
		n[s]--
	}
	for s, c := range n {
		for ; c > 0; c-- {
			more = append(more, s)
		}
		for ; c < 0; c++ {
			less = append(less, s)
		}
	}
	return more, less
}

type captureReader interface {
	ReadPacketData() ([]byte, gopacket.CaptureInfo, error)
	LinkType() layers.LinkType
}

func openCapture(t *testing.T, path string) captureReader {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	r := bufio.NewReader(f)
	if magic, _ := r.Peek(2); string(magic) == "\x1f\x8b" {
		z, err := gzip.NewReader(r)
		if err != nil {
			t.Fatal(err)
		}
		r = bufio.NewReader(z)
	}
	magic, _ := r.Peek(4)
	var c captureReader
	if string(magic) == "\x0a\x0d\x0d\x0a" {
		c, err = pcapgo.NewNgReader(r, pcapgo.NgReaderOptions{WantMixedLinkType: true})
	} else {
		c, err = pcapgo.NewReader(r)
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// eachSegment calls f for the TCP segments of port 53 in a capture.
func eachSegment(t *testing.T, path string, f func(*Segment)) {
	t.Helper()
	c := openCapture(t, path)
	var s Segment
	for n := uint64(1); ; n++ {
		data, info, err := c.ReadPacketData()
		if err != nil {
			if !errors.Is(err, io.EOF) {
				t.Logf("packet %d: %v", n, err)
			}
			return
		}
		link := c.LinkType()
		if len(info.AncillaryData) > 0 {
			if l, ok := info.AncillaryData[0].(layers.LinkType); ok {
				link = l
			}
		}
		p := gopacket.NewPacket(data, link, gopacket.DecodeOptions{Lazy: true, NoCopy: true})
		if tcp, ok := p.Layer(layers.LayerTypeTCP).(*layers.TCP); ok && (tcp.SrcPort == 53 || tcp.DstPort == 53) && fill(&s, p, tcp) {
			s.Time, s.Number = info.Timestamp.UnixNano(), n
			f(&s)
		}
	}
}

func fill(s *Segment, p gopacket.Packet, tcp *layers.TCP) bool {
	var length int
	switch ip := p.NetworkLayer().(type) {
	case *layers.IPv4:
		s.Src, s.Dst = [16]byte(ip.SrcIP.To16()), [16]byte(ip.DstIP.To16())
		length = int(ip.Length) - int(ip.IHL)*4
	case *layers.IPv6:
		s.Src, s.Dst = [16]byte(ip.SrcIP), [16]byte(ip.DstIP)
		length = int(ip.Length)
	default:
		return false
	}
	s.SrcPort, s.DstPort, s.Seq, s.Ack = uint16(tcp.SrcPort), uint16(tcp.DstPort), tcp.Seq, tcp.Ack
	s.Payload, s.PayloadLen = tcp.Payload, length-int(tcp.DataOffset)*4
	s.Flags = 0 // the bits of packet.FlagFIN and so on, in their order
	for bit, set := range []bool{tcp.FIN, tcp.SYN, tcp.RST, tcp.PSH, tcp.ACK} {
		if set {
			s.Flags |= 1 << bit
		}
	}
	return true
}
