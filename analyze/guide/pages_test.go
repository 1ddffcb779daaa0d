package guide

import (
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/dnssniff/dnssniff/analyze/diagnose"
	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/decode/mnemonic"
)

// longestSummary keeps first paragraphs short (bytes).
const longestSummary = 500

// TestPagesHaveTheForm holds each file to the form that the package promises.
func TestPagesHaveTheForm(t *testing.T) {
	for _, k := range Kinds() {
		entries, _ := files.ReadDir(k.directory())
		for _, e := range entries {
			if path.Ext(e.Name()) != ".md" {
				t.Errorf("%s/%s is no page", k.directory(), e.Name())
				continue
			}
			text, err := files.ReadFile(path.Join(k.directory(), e.Name()))
			if err != nil {
				t.Fatal(err)
			}
			checkPage(t, path.Join(k.directory(), e.Name()), k, string(text))
		}
	}
}

func checkPage(t *testing.T, file string, k Kind, text string) {
	t.Helper()
	p := parse(text)
	p.Kind = k
	if want := strings.TrimSuffix(path.Base(file), ".md"); p.Key != want {
		t.Errorf("%s: its key is %q", file, p.Key)
	}
	if first, _, _ := strings.Cut(text, "\n"); first != "# "+p.Heading()+": "+p.Title {
		t.Errorf("%s: begins with %q, not with %q", file, first, "# "+p.Heading()+": "+p.Title)
	}
	if p.Title == "" || p.Summary == "" || strings.Contains(p.Summary, "\n\n") || len(p.Summary) > longestSummary {
		t.Errorf("%s: it needs a title and one paragraph of at most %d bytes", file, longestSummary)
	}
	last := -1
	for _, s := range p.Sections {
		at := slices.Index(SectionTitles(), s.Title)
		if at <= last {
			t.Errorf("%s: section %q is unknown or out of order", file, s.Title)
		}
		if strings.TrimSpace(s.Text) == "" {
			t.Errorf("%s: section %q is empty", file, s.Title)
		}
		last = at
	}
	if strings.ContainsAny(text, "\t\r\x1b\u00a0\u2014") {
		t.Errorf("%s: has tabs, carriage returns, escapes, long dashes or odd spaces", file)
	}
	braces := regexp.MustCompile(`\{[a-z]+\}`)
	for _, c := range p.Commands() {
		for _, word := range braces.FindAllString(c, -1) {
			if !slices.Contains(Placeholders(), strings.Trim(word, "{}")) {
				t.Errorf("%s: %s is no placeholder: %s", file, word, c)
			}
		}
	}
}

func TestEveryRCODEHasAPage(t *testing.T) {
	g := Load()
	for n := range uint16(24) {
		name := mnemonic.RCODE(n)
		found := g.Find(name)
		if len(found) == 0 || !found[0].Written {
			t.Errorf("%s has no page", name)
		} else if n < 12 || n > 15 {
			if found[0].Key != name {
				t.Errorf("%s has the page of %s", name, found[0].Key)
			}
		} else if found[0].Key != unassigned {
			t.Errorf("%s has the page of %s", name, found[0].Key)
		}
	}
	for word, also := range map[string]string{"12": "EDE12", "24": "EDE24"} {
		if got := keys(g.Find(word)); !slices.Equal(got, []string{unassigned, also}) {
			t.Errorf("Find(%q) = %q", word, got)
		}
	}
	for _, word := range []string{"RCODE27", "rcode 4095", "ede 99", "tsig 4096"} {
		if got := keys(g.Find(word)); !slices.Equal(got, []string{unassigned}) {
			t.Errorf("Find(%q) = %q", word, got)
		}
	}
}

func TestEveryTSIGErrorHasAPage(t *testing.T) {
	g := Load()
	for n := uint16(16); n < 23; n++ {
		name := mnemonic.TSIGError(n)
		if p, ok := g.Get(name); !ok || p.Kind != TSIG || !p.Written {
			t.Errorf("%s has no page", name)
		}
	}
}

func TestEveryEDEHasAPage(t *testing.T) {
	g := Load()
	for n := uint16(0); !strings.HasPrefix(mnemonic.EDE(n), "EDE"); n++ {
		p, ok := g.Get("EDE" + code16(n))
		if !ok || !p.Written {
			t.Errorf("EDE %d has no page", n)
		} else if name, _, _ := strings.Cut(p.Title, ":"); name != mnemonic.EDE(n) {
			t.Errorf("EDE %d: the page is called %q, the registry has %q", n, name, mnemonic.EDE(n))
		}
	}
}

func code16(n uint16) string {
	if n >= 10 {
		return string(rune('0'+n/10)) + string(rune('0'+n%10))
	}
	return string(rune('0' + n))
}

// TestEveryAnomalyHasAPage wants a page in prose for each entry of the catalogue.
func TestEveryAnomalyHasAPage(t *testing.T) {
	g := Load()
	var missing []string
	for id := range anomaly.All {
		p, ok := g.Get(id.String())
		switch {
		case !ok:
			t.Errorf("%s is not in the guide", id)
		case !p.Written:
			missing = append(missing, id.String())
		}
	}
	if len(missing) > 0 {
		t.Errorf("no page is written for %q", missing)
	}
	for _, p := range g.ofKind(Anomaly) {
		if id, err := anomaly.Parse(p.Key); err != nil || id.String() != p.Key {
			t.Errorf("%s is no anomaly of the catalogue", p.Key)
		}
	}
}

func TestEveryTopicHasAPage(t *testing.T) {
	g := Load()
	for _, key := range []string{"troubleshooting", "split-horizon", "caching-and-ttls", "dnssec-validation", "intermittent-failures", "monitoring-thresholds",
		"negative-caching", "edns-and-fragmentation", "tcp-and-truncation", "retries-and-timeouts", "lame-servers", "rate-limiting", "tsig-and-clocks",
		"formerr-fingerprints", "dynamic-update", "amplification"} {
		if p, ok := g.Get(key); !ok || p.Kind != Topic {
			t.Errorf("there is no page of %s", key)
		}
	}
}

func TestEveryFindingHasAPage(t *testing.T) {
	g, ids := Load(), diagnose.IDs()
	if len(ids) < 80 {
		t.Errorf("only %d rules", len(ids))
	}
	for i, id := range ids {
		if i > 0 && id == ids[i-1] {
			t.Errorf("two rules are called %s", id)
		}
		if p, ok := g.Get(id); !ok || p.Kind != Finding || !p.Written {
			t.Errorf("%s has no page", id)
		}
	}
	for _, p := range g.ofKind(Finding) {
		if _, ok := slices.BinarySearch(ids, p.Key); !ok {
			t.Errorf("no rule finds %s", p.Key)
		}
	}
}

// TestLinksLead checks that each item of See also is a page or a section of an RFC, and is there once.
func TestLinksLead(t *testing.T) {
	g := Load()
	rfc := regexp.MustCompile(`^RFC [1-9]\d{2,4}( (section|appendix) [0-9A-Z.]*[0-9A-Z])?$`)
	for _, p := range g.All() {
		seen := map[string]bool{}
		for _, link := range p.Links() {
			if seen[link] {
				t.Errorf("%s: %q is listed twice", p.Key, link)
			}
			seen[link] = true
			if link == p.Key {
				t.Errorf("%s leads to itself", p.Key)
			}
			if target, ok := g.Linked(link); !ok && !rfc.MatchString(link) {
				t.Errorf("%s: %q leads nowhere", p.Key, link)
			} else if ok && target.Key == p.Key {
				t.Errorf("%s leads to itself as %q", p.Key, link)
			}
		}
	}
}

// TestWiresharkTakesTheFilters checks the display filters at the heads of pages with tshark, where it is installed.
func TestWiresharkTakesTheFilters(t *testing.T) {
	tshark, err := exec.LookPath("tshark")
	if err != nil {
		t.Skip("tshark is not installed")
	}
	var filters []string
	for _, p := range Load().All() {
		for _, f := range p.Facts {
			if f.Label == "Wireshark" {
				filters = append(filters, "("+f.Text+")")
			}
		}
	}
	if len(filters) < 40 {
		t.Errorf("only %d filters", len(filters))
	}
	capture := filepath.Join("..", "..", "pcaps", "rcodes.pcap")
	if out, err := exec.Command(tshark, "-n", "-r", capture, "-Y", strings.Join(filters, " || ")).CombinedOutput(); err != nil {
		t.Errorf("tshark: %v: %s", err, out)
	}
	// The two halves of an extended code: as many as the header alone has.
	out, err := exec.Command(tshark, "-n", "-r", capture, "-Y", `dns.flags.rcode == 0 && dns.resp.ext_rcode == 1`).Output()
	if err != nil || len(out) == 0 {
		t.Errorf("no BADVERS found: %v", err)
	}
}
