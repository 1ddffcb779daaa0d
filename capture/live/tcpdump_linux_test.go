package live

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dnssniff/dnssniff/capture"
)

// tcpdump captures beside the test. The function it returns ends it when it has written n packets, as the rest would be lost, and returns
// all that it wrote.
func tcpdump(t *testing.T, args ...string) func(n int) []kept {
	t.Helper()
	path, err := exec.LookPath("tcpdump")
	if err != nil {
		t.Skip("no tcpdump")
	}
	file := filepath.Join(t.TempDir(), "tcpdump.pcap")
	cmd := exec.Command(path, append([]string{"-Z", "root", "-w", file, "-U", "-B", "8192", "--time-stamp-precision=nano"}, args...)...)
	errs, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewScanner(errs)
	for in.Scan() && !strings.Contains(in.Text(), "listening on") {
	}
	written := func() []kept {
		t.Helper()
		f, err := capture.Open([]string{file}, capture.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		return rest(t, f.Sources(1)[0])
	}
	return func(n int) []kept {
		t.Helper()
		for end := time.Now().Add(stuck); len(written()) < n && time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		}
		_ = cmd.Process.Signal(os.Interrupt)
		for in.Scan() {
		}
		if err := cmd.Wait(); err != nil {
			t.Fatal(err)
		}
		return written()
	}
}

// compare compares packets in all that they have.
func compare(t *testing.T, ours, theirs []kept) {
	t.Helper()
	if len(ours) != len(theirs) {
		t.Fatalf("%d packets, tcpdump has %d", len(ours), len(theirs))
	}
	for i, p := range ours {
		q := theirs[i]
		if !bytes.Equal(p.data, q.data) || p.Length != q.Length || p.Link != q.Link || p.Time != q.Time || p.Number != q.Number {
			t.Errorf("ours %+v %x\ntcpdump's %+v %x", p.Packet, p.data, q.Packet, q.data)
		}
	}
}

// mixture are frames of several kinds, with tags or without.
func mixture(tags bool) [][]byte {
	frames := [][]byte{
		ether(9, "x"), ether(0xff, strings.Repeat("y", 1400)), ether(1, ""),
		append([]byte{255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 1, 0x08, 0x06}, make([]byte, 46)...), // ARP
		append([]byte{1, 128, 194, 0, 0, 0, 2, 0, 0, 0, 0, 1, 0x00, 0x26}, make([]byte, 46)...),         // 802.3 with LLC
	}
	if tags {
		frames = append(frames, tagged()...)
	}
	return frames
}

func TestAsTcpdump(t *testing.T) {
	for name, c := range map[string]struct {
		o    Options
		args []string
		tags bool
	}{
		"interface": {Options{Interface: "vB"}, []string{"-i", "vB"}, true},
		"outgoing":  {Options{Interface: "vA"}, []string{"-i", "vA"}, true},
		"snaplen":   {Options{Interface: "vB", Snaplen: 96}, []string{"-i", "vB", "-s", "96"}, false},
		// libpcap leaves tags out of these.
		"any": {Options{Interface: Any}, []string{"-i", "any", "-y", "LINUX_SLL2"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			namespace(t)
			run(t, "ip link set lo up")
			stop := tcpdump(t, c.args...)
			l := open(t, c.o)
			src := l.Sources(1)[0]
			const times = 20
			s := newSender(t, "vA")
			for range times {
				s.send(mixture(c.tags)...)
			}
			newSender(t, "lo").send(make([]byte, 60))
			want := times * len(mixture(c.tags))
			if c.o.Interface == Any {
				want = 2*want + 1
			}
			received(t, l, want)
			l.Stop()
			ours := rest(t, src)
			compare(t, ours, stop(len(ours)))
		})
	}
}
