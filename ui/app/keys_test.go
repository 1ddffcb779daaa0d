package app

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gdamore/tcell/v2"

	"github.com/dnssniff/dnssniff/analyze"
	"github.com/dnssniff/dnssniff/analyze/watch"
	"github.com/dnssniff/dnssniff/analyze/where"
)

func parseWhere(expr string) (watch.Matcher, error) {
	e, err := where.Parse(expr)
	if err != nil {
		return nil, err
	}
	return e, nil
}

func has(t testing.TB, screen string, all ...string) {
	t.Helper()
	for _, want := range all {
		if !strings.Contains(screen, want) {
			t.Errorf("the screen lacks %q:\n%s", want, screen)
		}
	}
}

func hasNot(t testing.TB, screen string, all ...string) {
	t.Helper()
	for _, not := range all {
		if strings.Contains(screen, not) {
			t.Errorf("the screen has %q:\n%s", not, screen)
		}
	}
}

// rowsOf returns the first words of the rows of the first table.
func rowsOf(screen string) (all []string) {
	lines := strings.Split(screen, "\n")
	for _, l := range lines[4:] {
		words := strings.Fields(strings.TrimPrefix(l, ">"))
		if len(words) == 0 {
			break
		}
		all = append(all, words[0])
	}
	return all
}

func TestSortByAnyColumn(t *testing.T) {
	r := start(t, captured(t, office), 160, 40, nil)
	r.press("2")
	first := rowsOf(r.text())
	for range 14 {
		r.press("s")
		down := rowsOf(r.text())
		r.press("s")
		up := rowsOf(r.text())
		if slices.Equal(down, up) {
			t.Errorf("sorting the other way round changes nothing:\n%s", r.text())
		}
		slices.Sort(down)
		slices.Sort(up)
		if !slices.Equal(down, up) || len(down) != len(first) {
			t.Errorf("rows come and go: %v, %v", down, up)
		}
		r.press("Right")
	}
	r.press("S")
	if got := rowsOf(r.text()); !slices.Equal(got, first) {
		t.Errorf("got %v, want %v", got, first)
	}
}

func TestSortedColumnHasAnArrow(t *testing.T) {
	r := start(t, captured(t, office), 80, 24, nil)
	r.press("2", "Right", "Right", "Right", "Right", "s")
	has(t, r.text(), "NOERROR↓")
	r.press("s")
	has(t, r.text(), "NOERROR↑")
}

func TestSelectionFollowsItsRow(t *testing.T) {
	s := captured(t, office)
	r := start(t, s, 80, 24, nil)
	r.press("2", "Down", "Down")
	has(t, r.text(), "> 192.0.2.12 ")
	next := *s
	report := *s.Report
	report.Clients = slices.Clone(report.Clients)
	slices.Reverse(report.Clients)
	next.Report, next.Number = &report, 2
	r.src.set(&next)
	r.tick()
	has(t, r.text(), "> 192.0.2.12 ")
	if got := rowsOf(r.text())[0]; got != "2001:db8::11" {
		t.Errorf("the order did not change: %s is first", got)
	}
	r.press("Home")
	has(t, r.text(), "> 2001:db8::11 ")
	next2 := next
	next2.Report = s.Report
	r.src.set(&next2)
	r.tick()
	has(t, r.text(), "> 198.51.100.10 ") // at the top one stays at the top
}

func TestFilterAsYouType(t *testing.T) {
	r := start(t, captured(t, office), 80, 24, nil)
	r.press("4", "/")
	r.press("MAIL")
	has(t, r.text(), "mail.example.net.", "mail.lost.example.", "/MAIL: ")
	hasNot(t, r.text(), "www.example.com.")
	r.press("Enter", "Esc")
	has(t, r.text(), "www.example.com.")
	r.press("/", "n", "o", "s", "u", "c", "h")
	has(t, r.text(), "nothing that contains nosuch")
	r.press("Esc")
	has(t, r.text(), "www.example.com.")
}

func TestWhereNarrowsEverything(t *testing.T) {
	r := start(t, captured(t, office), 100, 30, func(o *Options) { o.Where = parseWhere })
	r.press(":")
	r.press(`rcode == "SERVFAIL"`)
	r.press("Enter")
	has(t, r.text(), `where rcode == "SERVFAIL"`, "SERVFAIL", "10 transactions")
	hasNot(t, r.text(), "NXDOMAIN")
	r.press("2")
	has(t, r.text(), "% of 10 queries")
	r.press(":")
	for range 30 {
		r.app.tv.QueueEvent(tcell.NewEventKey(tcell.KeyBackspace2, 0, tcell.ModNone))
	}
	r.press("Enter")
	has(t, r.text(), "all 11; share: % of 565 queries")
	r.press(":", "Up")
	has(t, r.text(), `where: rcode == "SERVFAIL"`)
	r.press("Down")
	hasNot(t, r.text(), `rcode ==`)
}

func TestWhereErrorStandsAtItsColumn(t *testing.T) {
	r := start(t, captured(t, office), 100, 30, func(o *Options) { o.Where = parseWhere })
	r.press(":")
	r.press(`rcode = "SERVFAIL"`)
	r.press("Enter")
	golden(t, "where_error.golden", r.text())
	lines := strings.Split(r.text(), "\n")
	at := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, "where: ") })
	caret := strings.IndexByte(lines[at+1], '^')
	_, err := where.Parse(`rcode = "SERVFAIL"`)
	var e *where.Error
	if !errors.As(err, &e) || caret != len("where: ")+e.Column-1 {
		t.Errorf("the caret is at %d:\n%s", caret, r.text())
	}
	r.press("Esc")
	hasNot(t, r.text(), "^")
}

func TestPauseStandsStill(t *testing.T) {
	s := captured(t, office)
	r := start(t, s, 100, 30, nil)
	r.press("Space")
	has(t, r.text(), "PAUSED at 12:15:32")
	next := *s
	next.RCODEs = s.RCODEs[:1]
	next.Number = 2
	r.src.set(&next)
	r.tick()
	has(t, r.text(), "NXDOMAIN")
	// what is narrowed now is what is on the screen
	asked := r.src.asked
	r.press("Tab", "Down", "Enter")
	has(t, r.text(), "NXDOMAIN › Clients", "PAUSED")
	if r.src.asked != asked {
		t.Error("the source was asked for something newer")
	}
	r.press("Esc", "Space")
	hasNot(t, r.text(), "PAUSED")
	if got := r.app.board().snapshot; got == s {
		t.Error("going on shows nothing new")
	}
}

func TestStepsBackAndForth(t *testing.T) {
	s := captured(t, office)
	r := start(t, s, 100, 30, nil)
	for i := range 3 {
		old := *s
		old.Taken, old.Reduced, old.Records = s.Taken.Add(-10*time.Second*time.Duration(i)), i > 0, nil
		old.RCODEs = s.RCODEs[:8-i]
		r.src.past = append(r.src.past, &old)
	}
	r.press("Tab", "[")
	has(t, r.text(), "STEPPED BACK to 12:15:22")
	hasNot(t, r.text(), "BADVERS")
	r.press("[")
	has(t, r.text(), "STEPPED BACK to 12:15:12")
	r.press("[")
	has(t, r.text(), "there is nothing earlier")
	r.press("Enter")
	has(t, r.text(), "earlier snapshots keep no transactions")
	r.press("]", "]")
	hasNot(t, r.text(), "STEPPED")
	has(t, r.text(), "BADVERS")
	r.press("]")
	has(t, r.text(), "this is the present")
}

func TestTimeSpans(t *testing.T) {
	r := start(t, captured(t, office), 100, 30, nil)
	for _, want := range []string{"last 1 min", "last 5 min", "last 15 min", "21.3 s"} {
		r.press("t")
		has(t, r.text(), want)
	}
	r.press("T")
	has(t, r.text(), "last 15 min")
}

// A source that is slow to narrow is not waited for: what is on the screen is narrowed, and then all.
func TestNarrowedAtOnce(t *testing.T) {
	r := start(t, captured(t, office), 100, 30, nil)
	r.src.slow = true
	r.press("Tab", "Down", "Enter")
	has(t, r.text(), "NXDOMAIN › Clients", "looking further", "110 transactions")
	r.press("Esc")
	has(t, r.text(), "> NXDOMAIN")
}

func TestCopy(t *testing.T) {
	r := start(t, captured(t, office), 100, 40, nil)
	clipboard := func() string {
		return string(r.screen.(interface{ GetClipboardData() []byte }).GetClipboardData())
	}
	r.press("Tab", "Down", "Down", "Enter", "y")
	golden(t, "copy_client.golden", r.text())
	r.press("w")
	if got := clipboard(); got != "dns.flags.rcode == 1 && ip.addr == 192.0.2.12" {
		t.Errorf("copied %q", got)
	}
	has(t, r.text(), "copied: dns.flags.rcode == 1")
	r.press("y", "c")
	if got := clipboard(); got != "(udp[11] & 15 = 1) and host 192.0.2.12" {
		t.Errorf("copied %q", got)
	}
	r.press("Enter", "Enter", "y")
	golden(t, "copy_message.golden", r.text())
	r.press("d")
	if got := clipboard(); got != "dig @198.51.100.53 -q mail.example.net. -t A +noadflag +bufsize=1232 +nocookie" {
		t.Errorf("copied %q", got)
	}
	r.press("y", "t")
	if got := clipboard(); !strings.Contains(got, "client 192.0.2.12, server 198.51.100.53, type A, name mail.example.net., outcome FORMERR") {
		t.Errorf("copied %q", got)
	}
}

func TestWrites(t *testing.T) {
	var saved Selection
	var paths []string
	r := start(t, captured(t, office), 100, 30, func(o *Options) {
		o.Save = func(_ context.Context, path string, s Selection) (string, error) {
			saved, paths = s, append(paths, path)
			return "3 packets written to " + path, nil
		}
		o.Report = func(_ context.Context, path string, _ *analyze.Report) (string, error) {
			return "", fmt.Errorf("open %s: file exists", path)
		}
	})
	r.press("Tab", "Down", "Enter", "w")
	has(t, r.text(), "write packets to: dnssniff-20261121-121532.pcapng")
	r.press("Enter")
	r.wait("3 packets written to dnssniff-20261121-121532.pcapng")
	for _, x := range r.src.whole.Records {
		if got, want := saved.Where.Match(x), x.HasResponse && x.RCODE == 3; got != want {
			t.Fatalf("packet %d: %v, want %v", x.QueryPacket, got, want)
		}
	}
	r.press("r", "Enter")
	r.wait("file exists")
}

// wait waits for a text that a goroutine brings.
func (r *robot) wait(want string) {
	r.Helper()
	for range 2000 {
		if strings.Contains(r.text(), want) {
			return
		}
		time.Sleep(time.Millisecond)
	}
	r.Fatalf("the screen lacks %q:\n%s", want, r.text())
}

func TestHelpHasEveryKey(t *testing.T) {
	r := start(t, captured(t, office), 80, 24, nil)
	r.press("?")
	golden(t, "help.golden", r.text())
	var help strings.Builder
	for _, l := range helpLines(look{}, 200, true) {
		for _, s := range l {
			help.WriteString(s.text)
		}
		help.WriteByte('\n')
	}
	seen := map[string]bool{}
	for _, b := range bindings() {
		if b.help == "" || b.shown == "" || b.group == "" || b.do == nil {
			t.Errorf("%q lacks something", b.runes)
		}
		has(t, help.String(), b.shown, b.help)
		for _, c := range b.runes {
			if id, ok := screenOf(c); ok {
				t.Errorf("%q is the key of %s", c, screens[id].name)
			}
			k := fmt.Sprint(string(c), b.scope)
			if seen[k] {
				t.Errorf("%q has two meanings", c)
			}
			seen[k] = true
		}
	}
}

// Any keys in any order leave it alive, at any size.
func TestManyKeys(t *testing.T) {
	s := captured(t, office)
	r := start(t, s, 80, 24, func(o *Options) { o.Where = parseWhere })
	var keys []string
	for name := range named {
		keys = append(keys, name)
	}
	slices.Sort(keys)
	for _, c := range "1234567890f sS+e:tTp[]nNy?jkhlgGx" {
		keys = append(keys, string(c))
	}
	n := uint32(1)
	for i := range 800 {
		n = n*1664525 + 1013904223
		r.press(keys[int(n>>8)%len(keys)])
		if i%100 == 0 {
			r.resize(1+int(n>>4)%150, 1+int(n>>12)%50)
			checkHarmless(t, "some keys", r.text())
		}
	}
}

func TestSizes(t *testing.T) {
	r := start(t, captured(t, office), 80, 24, nil)
	for _, w := range []int{1, 3, 10, 40, 80, 149, 150, 300} {
		for _, h := range []int{1, 3, 4, 5, 10, 16, 100} {
			r.resize(w, h)
			for _, sc := range screens {
				r.press(string(sc.key))
			}
			got := r.text()
			if w >= 20 && h >= 10 {
				has(t, got, "offi")
			}
			r.press("Enter", "Esc", "?", "Esc", "y", "Esc")
		}
	}
}

// What cells narrow by says the same as its expression.
func TestConditionsAreTheirExpressions(t *testing.T) {
	for _, name := range []string{"office.pcap", "edns.pcap", "ede.pcap", "rcodes.pcap", "hostile-bind.pcap"} {
		s := captured(t, filepath.Join("../../pcaps", name))
		sc := &scene{s, look{}, false}
		tried := 0
		for _, screen := range screens {
			for _, p := range screen.panes(sc) {
				if p.sheet == nil {
					continue
				}
				for i := range min(p.sheet.len(), 40) {
					for col := range p.sheet.columns() {
						for _, c := range p.sheet.target(i, col).conds {
							tried += checkExpression(t, s, c)
						}
					}
				}
			}
		}
		if tried < 100 {
			t.Errorf("%s: %d conditions", name, tried)
		}
	}
}

func checkExpression(t *testing.T, s *watch.Snapshot, c cond) int {
	t.Helper()
	if c.expr == "" {
		return 0
	}
	e, err := where.Parse(c.expr)
	if err != nil {
		t.Errorf("%s: %s: %v", c.crumb, c.expr, err)
		return 0
	}
	for _, x := range s.Records {
		if got, want := c.match(x), e.Match(x); got != want {
			t.Errorf("%s: packet %d: %v, but %s is %v", c.crumb, firstPacket(x), got, c.expr, want)
			return 1
		}
	}
	return 1
}

func TestMouse(t *testing.T) {
	r := start(t, captured(t, office), 100, 30, func(o *Options) { o.Mouse = true })
	r.press("2")
	lines := strings.Split(r.text(), "\n")
	y := slices.IndexFunc(lines, func(l string) bool { return strings.Contains(l, "192.0.2.15") })
	r.do(func() { r.app.click(4, y) })
	has(t, r.text(), "> 192.0.2.15")
	x := strings.Index(lines[3], "queries")
	r.do(func() { r.app.click(x, 3) })
	has(t, r.text(), "queries↓")
}
