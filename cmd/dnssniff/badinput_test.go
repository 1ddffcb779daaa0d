package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
)

// views are the commands that bad input goes through.
var views = [][]string{{"report", "--format", "json"}, {"print", "--json"}, {"report"}, {"print"}}

// machineViews are the first of them, for where there are many inputs.
var machineViews = views[:2]

// thorough takes all of the corpus and every prefix, which takes minutes.
func thorough() bool { return os.Getenv("DNSSNIFF_CORPUS") == "all" }

// feed gives bytes to a command as its standard input, or has it read a file, and checks what holds for any input: it ends with 0 or 1,
// prints JSON where asked to, and nothing that a terminal would obey.
func feed(t testing.TB, input []byte, view []string, file string) {
	t.Helper()
	var out, errs bytes.Buffer
	args := append(view[:len(view):len(view)], file)
	code := run(context.Background(), args, streams{in: bytes.NewReader(input), out: &out, err: &errs})
	if code != exitDone && code != exitFailed {
		t.Errorf("%v: exit code %d", args, code)
	}
	if err := checkLines(errs.Bytes()); err != nil {
		t.Errorf("%v: standard error: %v", args, err)
	}
	for line := range strings.Lines(errs.String()) {
		if !strings.HasPrefix(line, "dnssniff: ") {
			t.Errorf("%v: standard error has the line %q", args, line)
		}
	}
	if code == exitFailed && (out.Len() > 0 || strings.Count(errs.String(), "\n") != 1) {
		t.Errorf("%v failed with %d bytes of output and the error %q", args, out.Len(), errs.String())
	}
	if err := checkOutputOf(args, code, out.Bytes()); err != nil {
		t.Errorf("%v: output: %v", args, err)
	}
}

func checkOutputOf(args []string, code int, out []byte) error {
	switch {
	case code != exitDone:
		return nil
	case args[0] == "report" && args[1] == "--format":
		return checkReport(out)
	case args[1] == "--json":
		return checkObjects(out)
	default:
		return checkLines(out)
	}
}

// checkReport checks that there is one JSON object.
func checkReport(out []byte) error {
	var r struct{ Schema string }
	if err := json.Unmarshal(out, &r); err != nil {
		return err
	}
	if r.Schema != "dnssniff.report/1" {
		return fmt.Errorf("schema %q", r.Schema)
	}
	return nil
}

// checkObjects checks that each line is a JSON object.
func checkObjects(out []byte) error {
	for line := range bytes.Lines(out) {
		if !json.Valid(line) || line[0] != '{' || line[len(line)-1] != '\n' {
			return fmt.Errorf("line %q", line)
		}
	}
	return nil
}

// checkLines checks that text is UTF-8 in whole lines, without controls.
func checkLines(text []byte) error {
	if len(text) > 0 && text[len(text)-1] != '\n' {
		return errors.New("the last line has no end")
	}
	if !utf8.Valid(text) {
		return fmt.Errorf("no UTF-8: %q", text)
	}
	for _, r := range string(text) {
		if r != '\n' && (r < ' ' || r >= 0x7f && r <= 0x9f || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069) {
			return fmt.Errorf("control %U", r)
		}
	}
	return nil
}

// frame makes an Ethernet frame of a UDP datagram, from the server where it comes from its port.
func frame(t testing.TB, srcPort, dstPort layers.UDPPort, payload []byte) []byte {
	t.Helper()
	mac := net.HardwareAddr{2, 0, 0, 0, 0, 1}
	ip := &layers.IPv4{Version: 4, TTL: 64, Protocol: layers.IPProtocolUDP, SrcIP: net.IP{192, 0, 2, 1}, DstIP: net.IP{192, 0, 2, 53}}
	if srcPort == 53 {
		ip.SrcIP, ip.DstIP = ip.DstIP, ip.SrcIP
	}
	udp := &layers.UDP{SrcPort: srcPort, DstPort: dstPort}
	if err := udp.SetNetworkLayerForChecksum(ip); err != nil {
		t.Fatal(err)
	}
	buf := gopacket.NewSerializeBuffer()
	if err := gopacket.SerializeLayers(buf, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true},
		&layers.Ethernet{SrcMAC: mac, DstMAC: mac, EthernetType: layers.EthernetTypeIPv4}, ip, udp, gopacket.Payload(payload)); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// query is a message that asks for the A records of example.com.
const query = "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07example\x03com\x00\x00\x01\x00\x01"

// hostileQuery has a name that would clear the screen, turn text around, and break JSON.
const hostileQuery = "\x12\x35\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x0a\x1b[2J\xe2\x80\xae\"\\\n\x00\x00\x01\x00\x01"

// smallPcap makes a capture file of frames, one a second.
func smallPcap(frames ...[]byte) []byte {
	le := binary.LittleEndian
	b := le.AppendUint32(nil, 0xa1b2c3d4)
	b = le.AppendUint16(le.AppendUint16(b, 2), 4)
	b = append(b, make([]byte, 8)...)
	b = le.AppendUint32(le.AppendUint32(b, 65535), 1)
	for i, f := range frames {
		b = le.AppendUint32(le.AppendUint32(b, uint32(1700000000+i)), 0)
		b = le.AppendUint32(le.AppendUint32(b, uint32(len(f))), uint32(len(f)))
		b = append(b, f...)
	}
	return b
}

// smallPcapng makes the same as pcapng: a section, an interface, and an enhanced packet block for each frame.
func smallPcapng(frames ...[]byte) []byte {
	le := binary.LittleEndian
	block := func(b []byte, kind uint32, body []byte) []byte {
		body = append(body, make([]byte, -len(body)&3)...)
		b = le.AppendUint32(le.AppendUint32(b, kind), uint32(len(body)+12))
		return le.AppendUint32(append(b, body...), uint32(len(body)+12))
	}
	section := append(le.AppendUint32(nil, 0x1a2b3c4d), 1, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255)
	b := block(nil, 0x0a0d0d0a, section)
	b = block(b, 1, []byte{1, 0, 0, 0, 0, 0, 4, 0})
	for i, f := range frames {
		us := uint64(1700000000+i) * 1e6
		body := le.AppendUint32(le.AppendUint32(make([]byte, 4), uint32(us>>32)), uint32(us))
		body = le.AppendUint32(le.AppendUint32(body, uint32(len(f))), uint32(len(f)))
		b = block(b, 6, append(body, f...))
	}
	return b
}

// handMade are small captures with a query, its response, and a hostile name.
func handMade(t testing.TB) [][]byte {
	response := []byte(query)
	response[2] |= 0x80
	frames := [][]byte{frame(t, 4000, 53, []byte(query)), frame(t, 53, 4000, response), frame(t, 4001, 53, []byte(hostileQuery)),
		frame(t, 5353, 5353, []byte(query)), frame(t, 4002, 5355, []byte(query))}
	return [][]byte{smallPcap(frames...), smallPcapng(frames...)}
}

func TestHandMade(t *testing.T) {
	for i, input := range handMade(t) {
		for _, view := range views {
			feed(t, input, view, "-")
		}
		var out, errs bytes.Buffer
		run(t.Context(), []string{"print", "-"}, streams{in: bytes.NewReader(input), out: &out, err: &errs})
		if n := strings.Count(out.String(), "\n"); n != 2 {
			t.Errorf("capture %d: %d lines:\n%s", i, n, out.String())
		}
		if want := "dnssniff: 1 mDNS and 1 LLMNR messages are counted, not paired: see dnssniff report\n"; errs.String() != want {
			t.Errorf("capture %d: closing line %q", i, errs.String())
		}
	}
	var out, errs bytes.Buffer
	run(t.Context(), []string{"print", "-"}, streams{in: bytes.NewReader(smallPcap(frame(t, 80, 8080, nil))), out: &out, err: &errs})
	if out.Len() > 0 || errs.String() != "dnssniff: no DNS messages in the capture (packets read: 1): see dnssniff report\n" {
		t.Errorf("a capture without DNS: %q, %q", out.String(), errs.String())
	}
}

// TestEveryPrefix cuts captures at each byte, or at some of them.
func TestEveryPrefix(t *testing.T) {
	step := 13
	if thorough() {
		step = 1
	}
	for i, input := range append(handMade(t), zip(t, handMade(t)[0]), office(t, 3000)) {
		for n := i; n < len(input); n += step {
			for _, view := range machineViews {
				feed(t, input[:n], view, "-")
			}
		}
	}
}

// TestFlippedBits damages captures at random, the same way each time.
func TestFlippedBits(t *testing.T) {
	copies := 40
	if thorough() {
		copies = 2000
	}
	random := rand.New(rand.NewPCG(1, 2))
	for _, input := range append(handMade(t), zip(t, handMade(t)[1]), office(t, 3000)) {
		for i := range copies {
			feed(t, flipped(random, input), views[i%len(views)], "-")
		}
	}
}

// flipped returns a copy with one to eight bits changed, half of the time all within the first 64 bytes.
func flipped(random *rand.Rand, input []byte) []byte {
	out := bytes.Clone(input)
	area := len(out)
	if random.IntN(2) == 0 {
		area = min(area, 64)
	}
	for range 1 + random.IntN(8) {
		out[random.IntN(area)] ^= 1 << random.IntN(8)
	}
	return out
}

// TestRandomBytes follows the beginning of a capture, or nothing, with noise.
func TestRandomBytes(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	begins := [][]byte{nil, smallPcap(), smallPcapng(), {0x1f, 0x8b, 8, 0}, {0x28, 0xb5, 0x2f, 0xfd}, {4, 0x22, 0x4d, 0x18}, {0xfd, '7', 'z', 'X', 'Z', 0}}
	for i := range 200 {
		input := bytes.Clone(begins[i%len(begins)])
		for range random.IntN(4000) {
			input = append(input, byte(random.Uint32()))
		}
		feed(t, input, views[i%len(views)], "-")
	}
}

// TestCorpus reads captures of other projects, many of them broken on purpose: whole, cut, and with bits changed.
func TestCorpus(t *testing.T) {
	const dir, most, small = "../../../shared/corpus", 200 << 10, 20 << 10
	files, err := filepath.Glob(dir + "/*")
	if err != nil || len(files) == 0 {
		t.Skipf("no captures of others to read in %s", dir)
	}
	random := rand.New(rand.NewPCG(5, 6))
	for i, file := range files {
		info, err := os.Stat(file)
		if err != nil || !info.Mode().IsRegular() {
			t.Logf("left out: %s: %v", file, err)
			continue
		}
		if !thorough() && (i%4 != 0 || info.Size() > most) {
			continue
		}
		for _, view := range views {
			feed(t, nil, view, file)
		}
		if info.Size() <= small && info.Size() > 0 {
			damage(t, random, file)
		}
	}
}

// damage cuts a file in some places, and changes bits in it.
func damage(t *testing.T, random *rand.Rand, file string) {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	times := 4
	if thorough() {
		times = 100
	}
	for i := range times {
		feed(t, raw[:random.IntN(len(raw))], views[i%len(views)], "-")
		feed(t, flipped(random, raw), views[i%len(views)], "-")
	}
}

// TestHostileFileNames: names come from others too.
func TestHostileFileNames(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"\x1b[2J", "line\nfeed", "bidi\u202e", "bytes\xff\x9b"} {
		file := filepath.Join(dir, name)
		for _, content := range append(handMade(t), nil, []byte("text\x1b[2J")) {
			if err := os.WriteFile(file, content, 0o600); err != nil {
				t.Skipf("a file cannot have this name here: %v", err)
			}
			for _, view := range views {
				feed(t, nil, view, file)
			}
		}
		feed(t, nil, views[0], file+".missing")
		feed(t, nil, []string{"report", "-o", filepath.Join(dir, "missing", name)}, "../../pcaps/office.pcap")
	}
}

// FuzzReport reads any bytes as a capture.
func FuzzReport(f *testing.F) {
	for _, input := range append(handMade(f), office(f, 3000)) {
		f.Add(input)
	}
	f.Fuzz(func(t *testing.T, input []byte) { feed(t, input, views[0], "-") })
}
