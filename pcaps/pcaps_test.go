package pcaps_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"reflect"
	"slices"
	"testing"

	"github.com/dnssniff/dnssniff/pcaps"
)

func TestOpen(t *testing.T) {
	names := pcaps.Embedded()
	if !slices.Contains(names, "office") {
		t.Fatalf("embedded: %v", names)
	}
	for _, name := range names {
		b, d, err := pcaps.Open(name)
		if err != nil || d.Name != name || len(b) == 0 {
			t.Errorf("%s: %d bytes, %q: %v", name, len(b), d.Name, err)
			continue
		}
		first := b[0]
		b[0] ^= 0xff
		if again, _, _ := pcaps.Open(name); again[0] != first {
			t.Errorf("%s: a caller's write is seen by the next caller", name)
		}
	}
	for _, name := range []string{"", "nothing", "../pcaps/office", "office.pcap"} {
		if _, _, err := pcaps.Open(name); !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// TestOfficeHasWhatItPromises holds the cases that the README lists, so that a new recording cannot lose one.
func TestOfficeHasWhatItPromises(t *testing.T) {
	d, err := pcaps.Describe(os.DirFS("."), "office")
	if err != nil {
		t.Fatal(err)
	}
	c := numbers(d.Counts, "")
	for _, path := range []string{
		"rcodes.NOERROR", "rcodes.FORMERR", "rcodes.SERVFAIL", "rcodes.NXDOMAIN", "rcodes.NOTIMP", "rcodes.REFUSED", "rcodes.NOTAUTH", "rcodes.BADVERS",
		"messages.ipv4", "messages.ipv6", "messages.udp", "messages.tcp", "truncated_responses", "edns.do", "tsig_errors.BADKEY", "ede.6", "ede.18",
	} {
		if c[path] == 0 {
			t.Errorf("no %s", path)
		}
	}
	if c["messages.queries"] <= c["messages.responses"] {
		t.Error("every query has a response")
	}
}

// TestCountsAreTsharks runs the script that the counts in the descriptions came from, and compares.
func TestCountsAreTsharks(t *testing.T) {
	for _, tool := range []string{"tshark", "python3", "bash"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed: the descriptions are not compared with tshark's counts", tool)
		}
	}
	if testing.Short() {
		t.Skip("-short: tshark takes a second for each capture")
	}
	for _, d := range described(t) {
		t.Run(d.Name, func(t *testing.T) {
			t.Parallel()
			out, err := exec.CommandContext(t.Context(), "./counts.sh", d.File).Output()
			if err != nil {
				t.Fatalf("counts.sh: %v", err)
			}
			var got map[string]any
			if err := json.Unmarshal(out, &got); err != nil {
				t.Fatal(err)
			}
			if g, w := numbers(got, ""), numbers(d.Counts, ""); !reflect.DeepEqual(g, w) {
				t.Errorf("tshark counts\n%v\nthe description says\n%v", g, w)
			}
		})
	}
}
