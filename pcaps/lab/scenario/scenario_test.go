//go:build linux

package scenario

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/dnssniff/dnssniff/pcaps/lab/stage"
	"github.com/miekg/dns"
)

func TestScenariosAreWhole(t *testing.T) {
	name := regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	seen := map[string]bool{}
	for _, s := range All() {
		if !name.MatchString(s.Name) || seen[s.Name] {
			t.Errorf("%q: no name, or one that is taken", s.Name)
		}
		seen[s.Name] = true
		for what, text := range map[string]string{"title": s.Title, "lesson": s.Teaches, "account": s.Played} {
			if strings.TrimSpace(text) == "" {
				t.Errorf("%s has no %s", s.Name, what)
			}
		}
		if s.Play == nil {
			t.Errorf("%s plays nothing", s.Name)
		}
		if s.Healthy && s.Cause != "" {
			t.Errorf("%s is healthy and has the cause %s", s.Name, s.Cause)
		}
		if strings.Contains(s.Ending, "pcapng") && (s.Capture.Nano || s.Capture.LinkType != "") {
			t.Errorf("%s: dumpcap has no such option", s.Name)
		}
	}
	if len(seen) < 20 {
		t.Errorf("only %d scenarios", len(seen))
	}
}

func TestFileNames(t *testing.T) {
	for ending, want := range map[string]string{"": "a.pcap", "pcapng": "a.pcapng", "pcap.gz": "a.pcap.gz"} {
		if got := (stage.Scenario{Name: "a", Ending: ending}).File(); got != want {
			t.Errorf("%q: %s, want %s", ending, got, want)
		}
	}
}

func TestTKEYQueries(t *testing.T) {
	seen := map[tkey]bool{}
	for _, q := range tkeys() {
		if seen[q] {
			t.Errorf("%+v comes twice", q)
		}
		seen[q] = true
		b, err := q.message(time.Now())
		if err != nil {
			t.Fatal(err)
		}
		var m dns.Msg
		if err := m.Unpack(b); err != nil {
			t.Fatal(err)
		}
		if (m.IsTsig() != nil) != q.signed || m.Extra[0].(*dns.TKEY).Mode != q.mode {
			t.Errorf("%+v became\n%v", q, &m)
		}
	}
}

func TestMulticastRecordsAreRight(t *testing.T) {
	if rrs := records("printer.local. 120 IN A 10.53.1.1", "_ipp._tcp.local. 4500 IN PTR Printer._ipp._tcp.local."); len(rrs) != 2 {
		t.Errorf("%v", rrs)
	}
}
