package dump

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/dnssniff/dnssniff/capture"
)

// TestNamesAreTcpdumps: rotation by size gives the names that tcpdump gives.
func TestNamesAreTcpdumps(t *testing.T) {
	if _, err := exec.LookPath("tcpdump"); err != nil {
		t.Skip("tcpdump is not installed: it is the judge here")
	}
	large := filepath.Join(t.TempDir(), "large")
	f, err := os.Create(large)
	if err != nil {
		t.Fatal(err)
	}
	run(t, Options{Open: func(Slot) (File, error) { return f, nil }}, &feed{batches: batches(packets(80, 60_000, time.Second), 1)})
	for _, c := range []struct {
		count string
		rotation
	}{
		{"", rotation{0, 0}}, {"1", rotation{1, 0}}, {"2", rotation{2, 1}}, {"10", rotation{10, 1}}, {"11", rotation{11, 2}}, {"101", rotation{101, 3}},
	} {
		dir := t.TempDir()
		args := []string{"-r", large, "-C", "1", "-w", filepath.Join(dir, "x.%Y.pcap"), "-Z", "root"}
		if c.count != "" {
			args = append(args, "-W", c.count)
		}
		if out, err := exec.Command("tcpdump", args...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		for _, e := range entries {
			want = append(want, e.Name())
		}
		k := newDisks(1 << 30)
		k.pattern = Pattern{Text: "x.%Y.pcap", Digits: c.digits}
		src := &feed{batches: batches(packets(2*len(want), 5000, time.Millisecond), 10)}
		run(t, Options{Rotation: Rotation{Size: 9000, Count: c.number}, Open: k.open}, src)
		slices.Sort(k.opened)
		for _, name := range slices.Compact(k.opened) {
			if !slices.Contains(want, name) {
				t.Errorf("-W %s: %s is no name of tcpdump's: %v", c.count, name, want)
			}
		}
		if len(want) < 3 && c.number > 2 {
			t.Errorf("-W %s: tcpdump made only %v", c.count, want)
		}
	}
}

type rotation struct{ number, digits int }

func TestNamesByTime(t *testing.T) {
	at := Slot{Time: time.Unix(1_700_000_000, 0)}
	name := Pattern{Text: "dns-%Y%m%d-%H%M%S-%s.pcapng", Timed: true}.Name(at)
	out, err := exec.Command("date", "-d", "@1700000000", "+dns-%Y%m%d-%H%M%S-%s.pcapng").Output()
	if err != nil {
		t.Skip("no date(1) that takes a time: ", err)
	}
	if name+"\n" != string(out) {
		t.Errorf("%s, and date says %s", name, out)
	}
	at.Number = 3
	if got := (Pattern{Text: "%H", Digits: 2}).Name(at); got != "%H03" {
		t.Error(got)
	}
}

var _ File = (*os.File)(nil)

func FuzzName(f *testing.F) {
	for _, s := range []string{"%", "%%", "%Q", "x%-", "%Y", "\xff%\x00", "%:z%:", "%E", "%O", "%5Y"} {
		f.Add(s, int64(0), 1, 0)
	}
	f.Fuzz(func(t *testing.T, text string, at int64, number, digits int) {
		if digits < 0 || digits > 10 || number < 0 || len(text) > 1000 {
			return
		}
		p := Pattern{Text: text, Timed: true, Digits: digits}
		s := Slot{Time: time.Unix(0, at), Number: number}
		if a, b := p.Name(s), p.Name(s); a != b || len(a) > 100*(len(text)+1) {
			t.Errorf("%q, %q", a, b)
		}
	})
}

var _ capture.Source = (*feed)(nil)
