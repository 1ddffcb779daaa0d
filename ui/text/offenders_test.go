package text

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"reflect"
	"strings"
	"testing"

	"github.com/dnssniff/dnssniff/analyze"
	"github.com/dnssniff/dnssniff/ui/sanitize"
)

// offendersReports are the reports that the golden files show.
var offendersReports = map[string]func() *analyze.Report{"two": twoOffenders, "none": func() *analyze.Report { return &analyze.Report{} },
	"hostile": hostileOffenders, "piped": pipedOffender}

func twoOffenders() *analyze.Report {
	return &analyze.Report{
		Source: analyze.Source{Files: []string{"/var/captures/monday.pcap.gz", "Tom's tuesday.pcap"}, First: at("2026-03-01T23:59:50Z"),
			Last: at("2026-03-02T00:16:40.12Z"), Duration: 1010.12},
		Packets: analyze.Packets{Read: 9_300_112, SnaplenCut: 12}, Messages: analyze.Messages{Total: 9_083_468, Queries: 4_541_734, Responses: 4_541_734, Duration: 1010.12},
		Settings: analyze.Settings{Timeout: 5, Ports: []uint16{53, 5300}}, Rows: analyze.TableRows{Offenders: 57}, Limits: analyze.Forgotten{OffendersLost: 1203},
		Offenders: []analyze.Offender{
			{Address: "192.0.2.77", Malformed: 2900, Violating: 12, Queries: 3100, AllQueries: 4000, First: at("2026-03-01T23:59:58.5Z"), Last: at("2026-03-02T00:16:38.5Z"),
				Kinds: map[string]uint64{"N11": 2000, "R03": 900, "O14": 12, "H09": 3, "H10": 2, "O02": 1, "OTHER": 44, "Z99": 1},
				Samples: []analyze.Sample{{Packet: 12, Anomaly: "N11", Offset: 12}, {Packet: 1_234_567, Anomaly: "R03", Offset: 300},
					{Packet: 3, File: 1, Anomaly: "O14", Offset: 41}},
				Fingerprint: analyze.Fingerprint{IDs: "rising by one", Ports: "constant", RD: "always", AD: "33%", CD: "never", EDNS: "90%", DO: "always", TCP: "1%",
					MixedCase: "always", UDPSizes: []uint16{512, 4096}, Options: []string{"COOKIE", "NSID"}, RetryMS: []uint32{800, 1600, 90_000},
					HopLimits: []int{61, 64}, MAC: "02:00:00:00:00:0c", VLAN: 7}},
			{Address: "2001:db8:1234:5678:9abc:def0:1234:5678", Violating: 1, Queries: 1, AllQueries: 1, First: at("2026-03-02T00:00:00Z"), Last: at("2026-03-02T00:00:00Z"),
				Kinds: map[string]uint64{"O14": 1}, Samples: []analyze.Sample{{Packet: 77, File: 1, Anomaly: "O14", Offset: 41}},
				Fingerprint: analyze.Fingerprint{IDs: "too few to say", Ports: "too few to say", RD: "always", AD: "never", CD: "never", EDNS: "always", DO: "never", TCP: "never",
					MixedCase: "never", UDPSizes: []uint16{1232}, Options: []string{"COOKIE"}, OptionsVary: true}},
		},
	}
}

func hostileOffenders() *analyze.Report {
	evil := "\x1b[2J\u202egpj'$(reboot)`id`;\n\\"
	r := twoOffenders()
	r.Source.Files = []string{evil, "-rf", "Köln 日本.pcap"}
	f := &r.Offenders[0]
	f.Address, f.Kinds = evil+strings.Repeat("x", 100), map[string]uint64{evil: 3, "": 2}
	f.Samples = []analyze.Sample{{Packet: 1, Anomaly: evil}, {Packet: 2, File: 1}, {Packet: 3, File: 2}, {Packet: 4, File: 77, Offset: -1}}
	f.Fingerprint = analyze.Fingerprint{IDs: evil, MAC: evil, UDPSizes: []uint16{1}, Options: []string{evil}, RetryMS: []uint32{1}}
	return r
}

func pipedOffender() *analyze.Report {
	r := twoOffenders()
	r.Source.Files, r.Offenders, r.Rows, r.Limits = []string{"-"}, r.Offenders[1:], analyze.TableRows{Offenders: 1}, analyze.Forgotten{}
	r.Offenders[0].Samples[0].File = 0
	return r
}

func renderOffenders(t *testing.T, r *analyze.Report, o OffendersOptions) string {
	t.Helper()
	var b bytes.Buffer
	if err := Offenders(&b, r, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

var everyRule = []Ruleset{BIND, Unbound, Dnsdist, NFTables}

func TestOffendersGolden(t *testing.T) {
	for name, report := range offendersReports {
		golden(t, "offenders_"+name+"_80.golden", renderOffenders(t, report(), OffendersOptions{}))
		golden(t, "offenders_"+name+"_140_rules_ascii.golden", renderOffenders(t, report(), OffendersOptions{Options: Options{Width: 140, ASCII: true}, Rules: everyRule}))
		var b bytes.Buffer
		if err := OffendersJSON(&b, report(), OffendersOptions{Rules: everyRule, Written: &Written{File: "out.pcapng", Packets: 3}}); err != nil {
			t.Fatal(err)
		}
		golden(t, "offenders_"+name+".json", b.String())
	}
	golden(t, "offenders_two_100_top1_color.golden", renderOffenders(t, twoOffenders(), OffendersOptions{Options: Options{Width: 100, Top: 1, Color: true},
		Written: &Written{File: "out\x1b.pcapng", Packets: 2912, LeftOut: 3}}))
}

// TestOffendersAreSafe holds whatever the report says. Only what is to be copied may be wide.
func TestOffendersAreSafe(t *testing.T) {
	for name, report := range offendersReports {
		for _, o := range everyLook() {
			for _, rules := range [][]Ruleset{nil, everyRule} {
				out := colours.ReplaceAllString(renderOffenders(t, report(), OffendersOptions{Options: o, Rules: rules}), "")
				prose, _, _ := strings.Cut(out, "Rules for ")
				var kept []string
				for _, line := range strings.Split(strings.TrimSuffix(prose, "\n\n"), "\n") {
					if !strings.HasPrefix(line, "  dnssniff inspect ") {
						kept = append(kept, line)
					}
				}
				checkLines(t, fmt.Sprintf("%s %+v", name, o), strings.TrimRight(strings.Join(kept, "\n"), "\n")+"\n", o)
				checkLines(t, fmt.Sprintf("%s %+v", name, o), out, Options{Width: 1 << 20, ASCII: o.ASCII})
			}
		}
	}
}

func TestOffendersBlock(t *testing.T) {
	for name, report := range offendersReports {
		for _, width := range []int{80, 140} {
			r := report()
			r.Clients = nil
			out := render(t, r, Options{Width: width})
			_, block, found := strings.Cut(out, "\nOffenders  ")
			if found != (len(r.Offenders) > 0) {
				t.Fatalf("%s: the report has an Offenders block: %v", name, found)
			}
			if block, _, _ = strings.Cut(block, "\n\n"); found {
				golden(t, fmt.Sprintf("offenders_block_%s_%d.golden", name, width), "Offenders  "+block+"\n")
			}
		}
	}
}

func TestOffendersReturnTheWritersError(t *testing.T) {
	for _, show := range []func() error{
		func() error { return Offenders(brokenPipe{}, twoOffenders(), OffendersOptions{}) },
		func() error { return OffendersJSON(brokenPipe{}, twoOffenders(), OffendersOptions{}) },
	} {
		if err := show(); !errors.Is(err, os.ErrClosed) {
			t.Errorf("got %v, want %v", err, os.ErrClosed)
		}
	}
}

// TestOffendersJSONNumbers checks what is worked out.
func TestOffendersJSONNumbers(t *testing.T) {
	var b bytes.Buffer
	if err := OffendersJSON(&b, twoOffenders(), OffendersOptions{}); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Schema string
		Total  int `json:"offenders_total"`
		Rules  map[string]string
		List   []struct {
			Share   float64
			Rate    float64 `json:"rate_per_s"`
			Kinds   []struct{ ID, Severity string }
			Samples []struct{ Inspect string }
		} `json:"offenders"`
	}
	if err := json.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if got.Schema != OffendersSchema || got.Total != 57 || got.Rules != nil || len(got.List) != 2 {
		t.Fatalf("%+v", got)
	}
	f := got.List[0]
	if f.Share != 2912.0/4000 || f.Rate != 2911.0/1000 || got.List[1].Rate != 0 {
		t.Errorf("share %v, rates %v and %v", f.Share, f.Rate, got.List[1].Rate)
	}
	var ids []string
	for _, k := range f.Kinds {
		ids = append(ids, k.ID)
	}
	if want := "N11 R03 H09 H10 O02 O14 OTHER Z99"; strings.Join(ids, " ") != want { // malformed before violating, the unknown last
		t.Errorf("kinds %v, want %s", ids, want)
	}
	if want := `dnssniff inspect '/var/captures/Tom'\''s tuesday.pcap' -n 3 --port 5300`; strings.Replace(f.Samples[2].Inspect, "Tom", "/var/captures/Tom", 1) != want {
		t.Errorf("got %s", f.Samples[2].Inspect)
	}
}

// TestShellQuote has the shell say what it understands.
func TestShellQuote(t *testing.T) {
	_, err := exec.LookPath("bash")
	if err != nil {
		t.Log("bash is not installed: what is quoted is compared only")
	}
	for _, tt := range []struct{ name, want, ascii string }{
		{"/var/a-b_c.pcap", "/var/a-b_c.pcap", ""},
		{"a b.pcap", "'a b.pcap'", ""},
		{"-n", "./-n", ""},
		{"- n", "'./- n'", ""},
		{"", "''", ""},
		{"~", "'~'", ""},
		{"a'b", `'a'\''b'`, ""},
		{"$(reboot)`id`\"!*?[a]{b,c}#;&|<>", "'$(reboot)`id`\"!*?[a]{b,c}#;&|<>'", ""},
		{`a\b`, `'a\b'`, ""},
		{"Köln", "'Köln'", `$'K\xc3\xb6ln'`},
		{"a\nb'c\\d", `$'a\x0ab\'c\\d'`, ""},
		{"\x1b[2J\x7f", `$'\x1b[2J\x7f'`, ""},
		{"\u202ebidi\u200b", `$'\xe2\x80\xaebidi\xe2\x80\x8b'`, ""},
		{"\xff\xfeabc", `$'\xff\xfeabc'`, ""},
		{"\x01f", `$'\x01f'`, ""},
	} {
		for ascii, want := range map[bool]string{false: tt.want, true: tt.ascii} {
			if want == "" {
				want = tt.want
			}
			got := shellQuote(tt.name, ascii)
			if got != want || got != sanitize.String(got) {
				t.Errorf("%q (ASCII %v) is quoted as %s, want %s", tt.name, ascii, got, want)
			}
			if err != nil {
				continue
			}
			out, err := exec.CommandContext(t.Context(), "bash", "-c", "printf %s "+got).Output()
			if heard := strings.TrimPrefix(string(out), "./"); err != nil || heard != tt.name {
				t.Errorf("bash takes %s for %q: %v", got, out, err)
			}
		}
	}
}

func TestParseRuleset(t *testing.T) {
	var got []Ruleset
	for _, name := range Rulesets() {
		r, err := ParseRuleset(name)
		if err != nil || r.String() != name {
			t.Errorf("%s: %v, %v", name, r, err)
		}
		got = append(got, r)
	}
	if !reflect.DeepEqual(got, everyRule) {
		t.Errorf("%v", got)
	}
	for _, bad := range []string{"", "BIND", "bind ", "iptables"} {
		if _, err := ParseRuleset(bad); !errors.Is(err, ErrNoRuleset) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if s := Ruleset(9).String(); s != "unknown" {
		t.Error(s)
	}
}
