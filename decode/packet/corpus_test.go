package packet

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/dnssniff/dnssniff/capture"
)

const corpusDir = "../../../shared/corpus"

// tsharkFields are those of the innermost headers: occurrence l asks for the last of each.
var tsharkFields = []string{
	"frame.number", "frame.protocols", "ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "udp.srcport", "udp.dstport", "udp.length",
	"tcp.srcport", "tcp.dstport", "tcp.len", "udp.checksum.status", "tcp.checksum.status", "tcp.seq_raw",
}

// endpoints is what both sides say of a frame; "" of one that has no UDP or TCP.
type endpoints struct {
	flow  string
	check string
	proto string // tshark's chain, for the reader
}

func tsharkEndpoints(t *testing.T, path string) []endpoints {
	t.Helper()
	args := []string{"-n", "-r", path, "-o", "tcp.desegment_tcp_streams:FALSE", "-o", "udp.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE", "-T", "fields", "-E", "occurrence=l"}
	for _, f := range tsharkFields {
		args = append(args, "-e", f)
	}
	out, _ := exec.Command("tshark", args...).Output() // fails at the end of a broken file, after the frames before it
	var all []endpoints
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		f := strings.Split(lines.Text(), "\t")
		if len(f) == len(tsharkFields) {
			all = append(all, tsharkFlow(f))
		}
	}
	return all
}

func tsharkFlow(f []string) endpoints {
	e := endpoints{proto: f[1]}
	chain := strings.Split(f[1], ":")
	last := map[string]int{}
	for i, p := range chain {
		last[p] = i + 1
	}
	src, dst := f[2], f[3]
	if last["ipv6"] > last["ip"] {
		src, dst = f[4], f[5]
	}
	switch {
	case last["icmp"]+last["icmpv6"] > 0:
		e.flow = "icmp"
	case last["udp"] > last["tcp"]:
		n, _ := strconv.Atoi(f[8])
		e.flow = fmt.Sprint("udp ", src, " ", dst, " ", f[6], " ", f[7], " ", n-8)
		e.check = strings.Replace(f[12], "3", "2", 1) // not present: nothing to verify
	case last["tcp"] > 0:
		e.flow = fmt.Sprint("tcp ", src, " ", dst, " ", f[9], " ", f[10], " ", f[11], " seq ", f[14])
		e.check = f[13]
	}
	return e
}

func ourEndpoints(t *Transport) endpoints {
	var e endpoints
	switch t.Kind {
	case KindUDP:
		e.flow = fmt.Sprint("udp ", t.Src, " ", t.Dst, " ", t.SrcPort, " ", t.DstPort, " ", t.PayloadLen)
	case KindTCP:
		e.flow = fmt.Sprint("tcp ", t.Src, " ", t.Dst, " ", t.SrcPort, " ", t.DstPort, " ", t.PayloadLen, " seq ", t.Seq)
	case KindICMP:
		e.flow = "icmp"
	default:
		e.proto = fmt.Sprint("kind ", t.Kind, " fault ", t.Fault, " proto ", t.Proto)
	}
	switch t.L4Check {
	case CheckGood:
		e.check = "1"
	case CheckBad:
		e.check = "0"
	case CheckUnverified:
		e.check = "2"
	}
	return e
}

// differently numbered are files whose broken blocks tshark counts as frames.
var differentlyNumbered = []string{"gopacket__be_test102.pcapng", "gopacket__le_test202.pcapng"}

// TestCorpusAgainstTshark compares each frame of captures made by others. It takes every fifth file, or all with DNSSNIFF_CORPUS=all
// (two minutes).
func TestCorpusAgainstTshark(t *testing.T) {
	if _, err := exec.LookPath("tshark"); err != nil {
		t.Skip("tshark is not installed")
	}
	files, err := filepath.Glob(filepath.Join(corpusDir, "*pcap*"))
	if err != nil || len(files) == 0 {
		t.Skip("no captures in " + corpusDir)
	}
	if testing.Short() {
		t.Skip("short")
	}
	frames, step := 0, 5
	if os.Getenv("DNSSNIFF_CORPUS") == "all" {
		step = 1
	}
	reasons := map[string]int{}
	for i := 0; i < len(files); i += step {
		if name := filepath.Base(files[i]); !strings.Contains(name, ".expected.") && !slices.Contains(differentlyNumbered, name) {
			frames += compareFile(t, files[i], reasons)
		}
	}
	if frames == 0 {
		t.Error("nothing compared")
	}
	t.Logf("%d frames; explained differences: %v", frames, reasons)
}

// compareFile compares a file's frames, counts in reasons the differences that are understood, and returns how many were compared.
func compareFile(t *testing.T, path string, reasons map[string]int) (frames int) {
	t.Helper()
	in, err := capture.Open([]string{path}, capture.Options{})
	if err != nil {
		return 0
	}
	defer in.Close()
	want := tsharkEndpoints(t, path)
	src, p := in.Sources(1)[0], NewParser(Limits{})
	var batch [64]capture.Packet
	var tr Transport
	for {
		n, err := src.ReadBatch(batch[:])
		if errors.Is(err, io.EOF) {
			return frames
		}
		if err != nil {
			t.Fatal(err)
		}
		for i := range batch[:n] {
			pkt := &batch[i]
			p.Parse(pkt, &tr)
			if tr.Fragments == 0 {
				checkPeek(t, pkt, &tr)
			}
			if pkt.Number > uint64(len(want)) {
				continue
			}
			frames++
			got, w := ourEndpoints(&tr), want[pkt.Number-1]
			if got.flow == w.flow && (w.flow == "icmp" || w.flow == "" || got.check == w.check) {
				continue
			}
			if why := explain(pkt, &tr, got, w); why != "" {
				reasons[why]++
			} else {
				t.Errorf("%s #%d: %+v, tshark %+v", filepath.Base(path), pkt.Number, got, w)
			}
		}
	}
}

// explain gives the reason for a difference that is to be, or "".
func explain(pkt *capture.Packet, tr *Transport, got, w endpoints) string {
	chain := strings.Split(w.proto, ":")
	has := func(p string) bool { return slices.Contains(chain, p) }
	switch {
	case w.flow == "icmp" && tr.Kind == KindOther:
		return "ICMP that is no error"
	case has("sflow"):
		return "sFlow samples are a report, not traffic"
	case has("wg"):
		return "tshark has the keys of WireGuard"
	case has("ayiya"):
		return "AYIYA is not supported"
	case got.flow == w.flow && w.check == "4" && got.check == "2":
		return "no UDP checksum over IPv6: tunnels may (RFC 6936)"
	case tr.Kind == KindUDP && got.flow == w.flow && w.check == "0" && got.check == "2" && leftToCard(pkt, tr):
		return "checksum left to the network card: no fault of the sender, which tshark cannot tell"
	case strings.HasSuffix(w.proto, "teredo:ipv6") && tr.Kind == KindOther && tr.Proto == 59:
		return "Teredo bubble: no transport inside, tshark's fields are the carrier's"
	case tr.Kind == KindBad && tr.Fault == FaultHeader && tr.Proto == protoTCP:
		return "TCP header longer than the segment: tshark shows its ports"
	case tr.Kind == KindTCP && !tr.Cut && tr.PayloadLen > len(tr.Payload), tr.Kind == KindTCP && tr.L4Check == CheckUnverified && !tr.Cut && w.check == "0":
		return "IP length beyond the frame, or its PPPoE or FCS length: we say what is claimed, tshark what is there"
	case tr.Kind == KindFragment && (has("ip") || has("ipv6")) && w.flow != "":
		return "tshark's reassembly never times out"
	}
	return ""
}

// leftToCard says whether the checksum of a UDP datagram is the sum of its pseudo-header.
func leftToCard(pkt *capture.Packet, tr *Transport) bool {
	at := bytes.LastIndex(pkt.Data, tr.Payload)
	if len(tr.Payload) == 0 || at < udpLen {
		return false
	}
	total := protoUDP + udpLen + tr.PayloadLen
	for _, a := range [][]byte{tr.Src.Netip().AsSlice(), tr.Dst.Netip().AsSlice()} {
		for i := 0; i < len(a); i += 2 {
			total += be16(a[i:])
		}
	}
	for total > 0xffff {
		total = total>>16 + total&0xffff
	}
	return be16(pkt.Data[at-2:]) == total
}

// pcapng writes each clothing into a file, on an interface of its own.
func pcapng(cs []clothing) []byte {
	le := binary.LittleEndian
	block := func(out []byte, typ uint32, body []byte) []byte {
		for len(body)%4 != 0 {
			body = append(body, 0)
		}
		n := uint32(len(body) + 12)
		out = le.AppendUint32(le.AppendUint32(out, typ), n)
		return le.AppendUint32(append(out, body...), n)
	}
	shb := le.AppendUint64(le.AppendUint32(le.AppendUint32(nil, 0x1a2b3c4d), 1), 1<<64-1)
	out := block(nil, 0x0a0d0d0a, shb)
	for _, c := range cs {
		out = block(out, 1, le.AppendUint32(le.AppendUint32(nil, uint32(c.link)), 0))
	}
	for i, c := range cs {
		body := le.AppendUint32(nil, uint32(i))
		body = le.AppendUint64(body, 0)
		body = le.AppendUint32(le.AppendUint32(body, uint32(len(c.data))), uint32(len(c.data)))
		out = block(out, 6, append(body, c.data...))
	}
	return out
}

// TestClothingAgainstTshark proves the fixtures: tshark has to find the same innermost datagram in them.
func TestClothingAgainstTshark(t *testing.T) {
	if _, err := exec.LookPath("tshark"); err != nil {
		t.Skip("tshark is not installed")
	}
	cs := slices.DeleteFunc(wardrobe(t), func(c clothing) bool {
		// tshark takes UDP port 8472 for nothing, the mobility header for the last (RFC 6275 section 6.1.1), and guesses pseudowires its own way.
		return slices.Contains([]string{"vxlan_policy_old_port", "ip6_mobility_with_payload", "mpls_pseudowire_no_control_word"}, c.name)
	})
	path := filepath.Join(t.TempDir(), "wardrobe.pcapng")
	if err := os.WriteFile(path, pcapng(cs), 0o600); err != nil {
		t.Fatal(err)
	}
	want := tsharkEndpoints(t, path)
	if len(want) != len(cs) {
		t.Fatalf("tshark read %d of %d", len(want), len(cs))
	}
	for i, c := range cs {
		tr := parse(frame(c.link, c.data))
		if got := ourEndpoints(&tr); got.flow != want[i].flow || got.check != want[i].check {
			t.Errorf("%s: tshark has %s (checksum %s) in %s", c.name, want[i].flow, want[i].check, want[i].proto)
		}
	}
}
