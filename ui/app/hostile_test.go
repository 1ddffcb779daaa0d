package app

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/dnssniff/dnssniff/analyze"
	"github.com/dnssniff/dnssniff/analyze/diagnose"
	"github.com/dnssniff/dnssniff/analyze/record"
	"github.com/dnssniff/dnssniff/analyze/watch"
	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/anomaly"
)

// hostileNames do something to a terminal, to tview, to a shell, or to a reader where they are not made harmless. They are as names come from the
// decoder, and worse: as bytes would come that nobody had escaped.
func hostileNames() []string {
	return []string{
		"\x1b[2J\x1b]0;owned\x07.example.", `\027[2J.example.`, "[red]bold[::b].example.", `["region"]x[""].example.`, "[red[]x[].example.",
		"\u202egpj.exe.example.", "\u2066a\u2069.example.", "\u200b\ufeff.example.", "\u009b31m.example.", "a\nb\r\tc.example.", "\xff\xfe.example.",
		strings.Repeat(strings.Repeat("x", 63)+".", 3) + strings.Repeat("y", 61) + ".", strings.Repeat("日本", 10) + ".example.", "e\u0301\u0301\u0301.example.",
		"'; rm -rf ~; echo '.example.", "$(reboot).example.", "`reboot`.example.", "-f.example.", "@8.8.8.8.example.", `"quoted" && \.example.`, ".",
		"+tcp.example.", "",
	}
}

// hostileSnapshot has hostile texts wherever a text from the traffic can be.
func hostileSnapshot() *watch.Snapshot {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	r := &analyze.Report{RCODEs: map[string]uint64{}, QTypes: map[string]uint64{}, Opcodes: map[string]uint64{}, Anomalies: map[string]uint64{"N05": 3},
		EDE: map[string]uint64{"22": 1}, TSIGErrors: map[string]uint64{}}
	r.EDNS.Options, r.EDNS.UDPSizes, r.EDNS.Versions = map[string]uint64{}, map[string]uint64{}, map[string]uint64{}
	r.Series = analyze.Series{Start: at, Width: 1, Queries: []uint64{1, 2, 3}, RCODEs: map[string][]uint64{}, Unanswered: []uint64{0, 1, 1}}
	var records []*record.Record
	for i, name := range hostileNames() {
		n := uint64(i + 1)
		r.RCODEs[name], r.QTypes[name], r.Opcodes[name], r.EDNS.Options[name], r.EDNS.UDPSizes[name], r.TSIGErrors[name] = n, n, n, n, n, n
		r.Series.RCODEs[name] = []uint64{n, 0, n}
		row := analyze.Row{Queries: n, Responses: n, Unanswered: n, Malformed: n, RCODEs: map[string]uint64{name: n}}
		for _, t := range []*[]analyze.Row{&r.Clients, &r.Servers, &r.Names, &r.Zones} {
			row.Name = name
			*t = append(*t, row)
		}
		r.Offenders = append(r.Offenders, analyze.Offender{Address: name, Malformed: n, AllQueries: n, Kinds: map[string]uint64{name: n}, Fingerprint: analyze.Fingerprint{IDs: name, MAC: name}})
		r.FormErrors.Reasons = append(r.FormErrors.Reasons, analyze.FormErrReason{Reason: name, Client: name, Responses: n})
		r.FormErrors.Servers = append(r.FormErrors.Servers, analyze.FormErrServer{Address: name, Responses: n, Guesses: []analyze.FormErrGuess{{Server: name}}})
		r.Source.Files = append(r.Source.Files, name)
		r.Findings = append(r.Findings, diagnose.Finding{ID: name, Severity: diagnose.Severity(name), Title: name, Cause: name, Evidence: []string{name}, Against: []string{name},
			Next: []string{name, "dig " + name + "   # " + name}, Wireshark: name, Refs: []string{name}, Packets: []uint64{n}, First: at, Last: at, Affected: n,
			Scope: diagnose.Scope{Client: name, Server: name, Zone: name, Subnet: name, Suffix: name, Name: name, Link: name}})
		x := &record.Record{Time: at, HasQuestion: true, Name: name, Type: 1, Class: 1, HasQuery: true, QueryPacket: n, Status: decode.Status(i % 8),
			Client: netip.MustParseAddrPort("192.0.2.1:4000"), Server: netip.MustParseAddrPort("192.0.2.53:53"), QueryLength: uint16(len(name)), Query: []byte(name),
			HasResponse: i%8 == 0, RCODE: uint16(i), Response: []byte(name), ResponseServer: netip.MustParseAddrPort("192.0.2.53:53"), Anomalies: []anomaly.ID{anomaly.Make('N', 5), 0xffff}}
		records = append(records, x)
	}
	r.Source.First, r.Source.Last = at, at.Add(time.Minute)
	s := snapshotOf(r, records)
	for i, name := range hostileNames() {
		s.RCODEs = append(s.RCODEs, watch.RCODE{Code: uint16(i), Name: name, Count: uint64(i)})
	}
	s.Unanswered, s.Slowest = records, records
	s.Approximate = hostileNames()[:1]
	return s
}

// checkHarmless looks for what must never be in a cell.
func checkHarmless(t testing.TB, where, screen string) {
	t.Helper()
	for i, c := range screen {
		if c != '\n' && (unicode.IsControl(c) || unicode.Is(unicode.Cf, c) || c == unicode.ReplacementChar) {
			t.Fatalf("%s: %U at %d:\n%q", where, c, i, screen)
		}
	}
}

func TestHostileTextsOnEveryScreen(t *testing.T) {
	for _, size := range []struct{ w, h int }{{100, 30}, {40, 10}} {
		r := start(t, hostileSnapshot(), size.w, size.h, func(o *Options) {
			o.Status = func() Status { return Status{Source: "\x1b[2J\u202e[red].pcap", Trouble: "\x1b]0;x\x07[red]"} }
		})
		for _, sc := range screens {
			r.press(string(sc.key))
			for i := range 3 {
				where := fmt.Sprintf("%s %dx%d table %d", sc.name, size.w, size.h, i)
				checkHarmless(t, where, r.text())
				for range 12 {
					r.press("Down", "Right")
				}
				checkHarmless(t, where, r.text())
				for _, keys := range [][]string{{"Enter"}, {"Enter", "Enter"}, {"y"}, {"e"}, {"+"}} {
					r.press(keys...)
					checkHarmless(t, where+" "+strings.Join(keys, " "), r.text())
					r.do(func() {
						for len(r.app.levels) > 1 {
							r.app.pop()
						}
					})
				}
				r.press("Tab")
			}
		}
	}
}

// Brackets of names are shown as they are: nothing takes them for a tag.
func TestTagsAreShownAsTheyAre(t *testing.T) {
	r := start(t, hostileSnapshot(), 200, 60, nil)
	r.press("4")
	got := r.text()
	for _, want := range []string{"[red]bold[::b].example.", `["region"]x[""].example.`, "[red[]x[].example.", `\027[2J\027]0;owned\007.example.`, `\u{202e}gpj.exe.example.`} {
		if !strings.Contains(got, want) {
			t.Errorf("the screen lacks %q:\n%s", want, got)
		}
	}
}

func TestASCIIOnly(t *testing.T) {
	for _, s := range []*watch.Snapshot{hostileSnapshot(), captured(t, office)} {
		r := start(t, s, 120, 40, func(o *Options) { o.ASCII, o.Color = true, false })
		for _, sc := range screens {
			for _, keys := range [][]string{{string(sc.key)}, {string(sc.key), "Enter"}, {"?"}, {string(sc.key), "y"}, {"0", "Enter"}} {
				r.press(keys...)
				if got := r.text(); strings.ContainsFunc(got, func(c rune) bool { return c > 0x7e }) {
					t.Errorf("%s %v:\n%s", sc.name, keys, got)
				}
			}
			r.press("1")
		}
	}
}

func TestDigIsOneHarmlessCommand(t *testing.T) {
	for _, name := range hostileNames() {
		got := dig(&record.Record{HasQuestion: true, Name: name, Type: 1, Class: 1, Server: netip.MustParseAddrPort("192.0.2.53:53")})
		words := strings.SplitN(got, " -q ", 2)
		if len(words) != 2 || words[0] != "dig @192.0.2.53" {
			t.Fatalf("%q: %s", name, got)
		}
		rest := words[1]
		if rest[0] == '\'' {
			end := strings.Index(strings.ReplaceAll(rest[1:], `'\''`, "...."), "'")
			rest = "x" + rest[end+2:]
		}
		if strings.ContainsAny(rest, "'\"$`;&|<>(){}*?[]~#!\\\n\t") {
			t.Errorf("%q: unquoted characters of the shell: %s", name, got)
		}
	}
}
