package hostile

import (
	"encoding/binary"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write testdata/tshark.txt anew")

// What tshark, which had no part in making the cases, finds wrong with each: the file was read through once, and holds the cases since.
func TestWhatTsharkSees(t *testing.T) {
	if _, err := exec.LookPath("tshark"); err != nil {
		t.Skip("tshark is not installed (Debian: tshark)")
	}
	got := tsharkVersion(t) + "\n" + tsharkSees(t)
	const golden = "testdata/tshark.txt"
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got == string(want) {
		return
	}
	lines, wants := strings.Split(got, "\n"), strings.Split(string(want), "\n")
	if lines[0] != wants[0] {
		t.Skipf("%s was written by %s, this is %s", golden, wants[0], lines[0])
	}
	for i, line := range lines {
		if i >= len(wants) || wants[i] != line {
			t.Errorf("line %d:\n%s", i+1, line)
		}
	}
}

// tsharkVersion returns the first words of tshark -v.
func tsharkVersion(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("tshark", "-v").Output()
	if err != nil {
		t.Fatal(err)
	}
	words := strings.Fields(string(out))
	return strings.Join(words[:min(3, len(words))], " ")
}

// tsharkSees returns a line for each case over UDP: ID, name, offset, and what tshark calls wrong.
func tsharkSees(t *testing.T) string {
	t.Helper()
	var udp []Case
	file := []byte("\xd4\xc3\xb2\xa1\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x04\x00\x65\x00\x00\x00") // pcap, link type raw IP
	for _, c := range Cases() {
		if c.TCP {
			continue
		}
		udp = append(udp, c)
		file = appendPacket(file, uint16(len(udp)), c.Message(uint16(len(udp)), noon))
	}
	path := filepath.Join(t.TempDir(), "cases.pcap")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("tshark", "-n", "-r", path, "-T", "fields", "-E", "occurrence=a", "-E", "aggregator=;",
		"-e", "_ws.malformed", "-e", "_ws.expert.message").Output()
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if len(lines) != len(udp) {
		t.Fatalf("tshark printed %d lines for %d cases", len(lines), len(udp))
	}
	var b strings.Builder
	for i, c := range udp {
		fmt.Fprintf(&b, "%s %-40s %3d  %s\n", c.Anomaly, c.Name, c.Offset(), verdict(lines[i]))
	}
	return b.String()
}

// verdict makes one phrase of tshark's fields.
func verdict(line string) string {
	malformed, expert, _ := strings.Cut(line, "\t")
	var items []string
	for item := range strings.SplitSeq(expert, ";") {
		if strings.HasPrefix(item, "Extraneous") || strings.Contains(item, "RFC 2181") {
			items = append(items, item)
		}
	}
	switch {
	case malformed != "":
		return "malformed"
	case len(items) == 0:
		return "-"
	}
	return strings.Join(items, "; ")
}

// appendPacket appends a record of a pcap file: a UDP datagram over IPv4, from a port of its own to port 53, without checksums.
func appendPacket(file []byte, n uint16, payload []byte) []byte {
	ip := []byte{0x45, 0, 0, 0, 0, 0, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 53, 0, 0, 0, 53, 0, 0, 0, 0}
	binary.BigEndian.PutUint16(ip[2:], uint16(len(ip)+len(payload)))
	binary.BigEndian.PutUint16(ip[20:], 20000+n)
	binary.BigEndian.PutUint16(ip[24:], uint16(8+len(payload)))
	file = binary.LittleEndian.AppendUint32(file, uint32(n))
	file = binary.LittleEndian.AppendUint32(file, 0)
	size := uint32(len(ip) + len(payload))
	file = binary.LittleEndian.AppendUint32(file, size)
	file = binary.LittleEndian.AppendUint32(file, size)
	return append(append(file, ip...), payload...)
}
