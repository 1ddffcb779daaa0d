package pcaps

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"os/exec"
	"reflect"
	"testing"
)

// TestOfficeIsAWholePcap walks the records, so that a cut or converted file cannot be committed.
func TestOfficeIsAWholePcap(t *testing.T) {
	b := Office()
	if len(b) > 200_000 {
		t.Errorf("office.pcap has %d bytes, want at most 200000", len(b))
	}
	if !bytes.HasPrefix(b, []byte{0xd4, 0xc3, 0xb2, 0xa1}) {
		t.Fatalf("no little-endian microsecond pcap: % x", b[:4])
	}
	packets, b := 0, b[24:]
	for ; len(b) >= 16; packets++ {
		n := 16 + int(binary.LittleEndian.Uint32(b[8:]))
		if n > len(b) {
			t.Fatalf("record %d runs past the end of the file", packets+1)
		}
		b = b[n:]
	}
	if want := read(t, OfficeCounts()).Packets.Read; len(b) != 0 || packets != want {
		t.Errorf("%d packets and %d bytes over, office.json says %d packets", packets, len(b), want)
	}
}

// TestOfficeCallersDoNotShare guards the promise that the bytes are the caller's.
func TestOfficeCallersDoNotShare(t *testing.T) {
	Office()[0] ^= 0xff
	OfficeCounts()[0] ^= 0xff
	if Office()[0] != 0xd4 || OfficeCounts()[0] != '{' {
		t.Error("a caller's write is seen by the next caller")
	}
}

// TestOfficeHasWhatItPromises holds the cases that the README lists, so that a new recording cannot lose one.
func TestOfficeHasWhatItPromises(t *testing.T) {
	c := read(t, OfficeCounts())
	for _, name := range []string{"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", "NOTAUTH", "BADVERS"} {
		if c.RCODEs[name] == 0 {
			t.Errorf("no response with %s", name)
		}
	}
	for _, name := range []string{"ipv4", "ipv6", "udp", "tcp", "queries", "responses"} {
		if c.Messages[name] == 0 {
			t.Errorf("no messages.%s", name)
		}
	}
	if c.Truncated == 0 || c.EDNS.DO == 0 || c.Messages["queries"] <= c.Messages["responses"] {
		t.Error("no truncated response, no DO bit, or every query has a response")
	}
}

// TestOfficeCountsAgainstTshark runs the script that the JSON came from, and compares.
func TestOfficeCountsAgainstTshark(t *testing.T) {
	for _, tool := range []string{"tshark", "python3", "bash"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed: office.json is not compared with tshark's counts", tool)
		}
	}
	out, err := exec.CommandContext(t.Context(), "./counts.sh", "office.pcap").Output()
	if err != nil {
		t.Fatalf("counts.sh: %v", err)
	}
	var got, want any
	unmarshal(t, out, &got)
	unmarshal(t, OfficeCounts(), &want)
	if !reflect.DeepEqual(got, want) {
		t.Errorf("tshark counts\n%s\noffice.json says\n%s", out, OfficeCounts())
	}
}

type counts struct {
	Packets   struct{ Read int }
	Messages  map[string]int
	RCODEs    map[string]int
	Truncated int `json:"truncated_responses"`
	EDNS      struct{ DO int }
}

func read(t *testing.T, b []byte) (c counts) {
	t.Helper()
	unmarshal(t, b, &c)
	return c
}

func unmarshal(t *testing.T, b []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(b, into); err != nil {
		t.Fatal(err)
	}
}
