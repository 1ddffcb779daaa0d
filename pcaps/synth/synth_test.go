package synth

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func capture(t *testing.T, o Options) ([]byte, Truth) {
	t.Helper()
	var b bytes.Buffer
	truth, err := Write(&b, o)
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), truth
}

func TestSameOptionsSameBytes(t *testing.T) {
	a, first := capture(t, Options{Packets: 3000, Seed: 7})
	b, second := capture(t, Options{Packets: 3000, Seed: 7})
	if !bytes.Equal(a, b) || !reflect.DeepEqual(first, second) {
		t.Error("the same options gave another capture")
	}
	if c, _ := capture(t, Options{Packets: 3000, Seed: 8}); bytes.Equal(a, c) {
		t.Error("another seed gave the same capture")
	}
}

func TestImpossibleOptions(t *testing.T) {
	for name, o := range map[string]Options{
		"no_packets": {}, "negative": {Packets: -1}, "one_client": {Packets: 1, Clients: 1}, "one_name": {Packets: 1, Names: 1},
		"rate": {Packets: 1, Rate: -5}, "too_many_clients": {Packets: 1, Clients: 1 << 21},
	} {
		if _, err := Write(io.Discard, o); !errors.Is(err, ErrOptions) {
			t.Errorf("%s: got %v, want ErrOptions", name, err)
		}
	}
}

type fullDisk struct{ left int }

var errFull = errors.New("no space left")

func (d *fullDisk) Write(b []byte) (int, error) {
	if d.left -= len(b); d.left < 0 {
		return 0, errFull
	}
	return len(b), nil
}

func TestWriteErrorIsReported(t *testing.T) {
	for _, left := range []int{0, 1 << 20} {
		if _, err := Write(&fullDisk{left}, Options{Packets: 20_000}); !errors.Is(err, errFull) {
			t.Errorf("after %d bytes: got %v, want the writer's error", left, err)
		}
	}
}

// TestEveryCaseIsThere makes sure that a capture of modest size can show a fault in any of the counts.
func TestEveryCaseIsThere(t *testing.T) {
	_, truth := capture(t, Options{Packets: 50_000})
	b, err := json.Marshal(truth)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(b), ":0") {
		t.Errorf("a count is zero: %s", b)
	}
	for what, n := range map[string][2]int{
		"rcodes": {len(truth.RCODEs), len(rcodeNames)}, "opcodes": {len(truth.Opcodes), len(opcodeNames)}, "qtypes": {len(truth.QTypes), len(typeNames)},
	} {
		if n[0] != n[1] {
			t.Errorf("%d %s, want all %d", n[0], what, n[1])
		}
	}
}

// frames calls each with every frame, after its Ethernet header and VLAN tag, and its time.
func frames(t *testing.T, pcap []byte, each func(time int64, v6 bool, ip []byte)) (n uint64) {
	t.Helper()
	last := int64(0)
	for b := pcap[24:]; len(b) > 0; n++ {
		size := int(binary.LittleEndian.Uint32(b[8:]))
		at := int64(binary.LittleEndian.Uint32(b))*1e6 + int64(binary.LittleEndian.Uint32(b[4:]))
		f := b[16+12 : 16+size]
		b = b[16+size:]
		if at < last {
			t.Fatalf("frame %d goes back in time", n+1)
		}
		last = at
		if binary.BigEndian.Uint16(f) == 0x8100 {
			f = f[4:]
		}
		if kind := binary.BigEndian.Uint16(f); kind != 0x0806 {
			each(at, kind == 0x86dd, f[2:])
		}
	}
	return n
}

// datagram is the first or only part of a UDP datagram; ok says that it is one.
func datagram(v6 bool, ip []byte) (addresses string, udp []byte, ok bool) {
	if !v6 {
		return string(ip[12:20]), ip[20:], ip[9] == 17 && binary.BigEndian.Uint16(ip[6:])&0x1fff == 0
	}
	proto, rest := ip[6], ip[40:]
	if proto == 44 {
		proto, ok = rest[0], binary.BigEndian.Uint16(rest[2:])&0xfff8 == 0
		return string(ip[8:40]), rest[8:], ok && proto == 17
	}
	return string(ip[8:40]), rest, proto == 17
}

// TestPairingTruth pairs the UDP messages again, by other means than those that made them. All TCP queries are answered.
func TestPairingTruth(t *testing.T) {
	pcap, truth := capture(t, Options{Packets: 150_000, Seed: 3})
	type open struct {
		time     int64
		answered bool
	}
	queries := map[string]*open{}
	got := truth.Transactions
	got.Answered, got.UnansweredAndPending, got.Retransmitted, got.Unsolicited, got.DuplicateResponses = 0, 0, 0, 0, 0
	var short uint64
	n := frames(t, pcap, func(time int64, v6 bool, ip []byte) {
		addr, udp, ok := datagram(v6, ip)
		if !ok {
			return
		}
		if len(udp) < 8+headerLen {
			short++
			return
		}
		half := len(addr) / 2
		src, dst, ports, id := addr[:half], addr[half:], string(udp[:4]), string(udp[8:10])
		if udp[10]&0x80 == 0 {
			key := src + dst + ports + id
			if q := queries[key]; q != nil && time-q.time < timeout {
				got.Retransmitted++
				return
			}
			queries[key] = &open{time: time}
			got.UnansweredAndPending++
			return
		}
		switch q := queries[dst+src+ports[2:]+ports[:2]+id]; {
		case q == nil || time-q.time >= timeout:
			got.Unsolicited++
		case q.answered:
			got.DuplicateResponses++
		default:
			q.answered = true
			got.Answered++
			got.UnansweredAndPending--
		}
	})
	got.Answered += truth.Messages.TCP / 2
	if got != truth.Transactions || n != truth.Packets.Read || short != truth.Packets.ShortDNS {
		t.Errorf("counted %+v in %d packets with %d short ones, truth %+v, %+v", got, n, short, truth.Transactions, truth.Packets)
	}
}

// TestTruthAgainstTshark has tshark count a capture. Fields that only one of the two has are left out.
func TestTruthAgainstTshark(t *testing.T) {
	for _, tool := range []string{"tshark", "python3", "bash"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed: the truth is not compared with tshark's counts", tool)
		}
	}
	pcap, truth := capture(t, Options{Packets: 12_000, Seed: 5})
	file := filepath.Join(t.TempDir(), "synth.pcap")
	if err := os.WriteFile(file, pcap, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "../counts.sh", file).Output()
	if err != nil {
		t.Fatalf("counts.sh: %v", err)
	}
	b, err := json.Marshal(truth)
	if err != nil {
		t.Fatal(err)
	}
	var want, got map[string]any
	if err := errors.Join(json.Unmarshal(out, &want), json.Unmarshal(b, &got)); err != nil {
		t.Fatal(err)
	}
	compared := compare(t, "", want, got)
	if compared < 30 {
		t.Errorf("only %d counts compared", compared)
	}
	bad := exec.CommandContext(t.Context(), "tshark", "-n", "-r", file, "-o", "ip.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE",
		"-Y", "ip.checksum.status == 0 || udp.checksum.status == 0 || tcp.checksum.status == 0")
	if out, err := bad.Output(); err != nil || len(out) > 0 {
		t.Errorf("tshark on checksums: %v, these are wrong:\n%s", err, out)
	}
}

// compare compares the numbers that both have, and returns how many.
func compare(t *testing.T, path string, want, got map[string]any) (n int) {
	t.Helper()
	for key, w := range want {
		g, ok := got[key]
		if !ok || path+key == "packets.short_dns" { // tshark does not dissect those
			continue
		}
		if sub, ok := w.(map[string]any); ok {
			n += compare(t, path+key+".", sub, g.(map[string]any))
			continue
		}
		if n++; w != g {
			t.Errorf("%s%s: tshark %v, truth %v", path, key, w, g)
		}
	}
	return n
}

func BenchmarkWrite(b *testing.B) {
	b.ReportAllocs()
	const packets = 200_000
	for b.Loop() {
		if _, err := Write(io.Discard, Options{Packets: packets}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(packets)*float64(b.N)/b.Elapsed().Seconds(), "packets/s")
}
