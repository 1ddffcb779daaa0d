package text

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/dnssniff/dnssniff/analyze/diagnose"
)

func change(c diagnose.Change, edit func(*diagnose.Event)) *diagnose.Event {
	at := time.Date(2026, 3, 1, 12, 3, 0, 0, time.UTC)
	e := &diagnose.Event{Change: c, At: at.Add(20 * time.Second)}
	e.Finding = diagnose.Finding{ID: "lame-delegation", Severity: diagnose.Critical, Confidence: 0.961, Title: "198.51.100.66 does not serve travel.example, which is delegated to it",
		Affected: 1220, Clients: 15, Next: []string{"dig @198.51.100.66 travel.example. SOA +norecurse   # REFUSED: it does not have the zone", "dig NS"}}
	e.Since, e.Before = at, e.Finding
	if edit != nil {
		edit(e)
	}
	return e
}

func TestFindingLine(t *testing.T) {
	for _, tt := range []struct {
		e    *diagnose.Event
		want string
	}{
		{change(diagnose.Started, nil), "12:03:20 finding started: critical, 96% sure: 198.51.100.66 does not serve travel.example, which is delegated to it; lame-delegation, since 12:03:00; " +
			"1,220 transactions, 15 clients; next: dig @198.51.100.66 travel.example. SOA +norecurse"},
		{change(diagnose.Updated, func(e *diagnose.Event) { e.Before.Severity, e.Clients = diagnose.Warning, 0 }), "12:03:20 finding changed: critical, 96% sure: 198.51.100.66 does not serve " +
			"travel.example, which is delegated to it; lame-delegation, since 12:03:00; 1,220 transactions; was warning"},
		{change(diagnose.Ended, func(e *diagnose.Event) { e.Ongoing.Ended = e.Since.Add(90 * time.Second) }),
			"12:03:20 finding ended: 198.51.100.66 does not serve travel.example, which is delegated to it; lame-delegation, since 12:03:00 to 12:04:30, 1m 30s"},
		{change(diagnose.Started, func(e *diagnose.Event) {
			e.Finding = diagnose.Finding{ID: "x", Severity: diagnose.Info, Title: "\x1b[2J\u202e\n\u00e9"}
		}), `12:03:20 finding started: info, 0% sure: \027[2J\u{202e}\010` + "\u00e9" + `; x, since 12:03:00`},
	} {
		if got := string(FindingLine(nil, tt.e, LineOptions{})); got != tt.want+"\n" {
			t.Errorf("got  %q\nwant %q", got, tt.want)
		}
		ascii := FindingLine(nil, tt.e, LineOptions{ASCII: true})
		if strings.ContainsFunc(string(ascii), func(r rune) bool { return r > 0x7e }) {
			t.Errorf("not ASCII: %q", ascii)
		}
	}
}

func TestFindingJSON(t *testing.T) {
	e := change(diagnose.Ended, func(e *diagnose.Event) { e.Ongoing.Ended, e.Title = e.At, "\x1b\u202e\U0001f600\xff\"" })
	out := FindingJSON([]byte("x"), e)
	line := strings.TrimPrefix(string(out), "x")
	if strings.Count(line, "\n") != 1 || strings.ContainsFunc(line, func(r rune) bool { return r > 0x7e || r < ' ' && r != '\n' }) {
		t.Errorf("%q", line)
	}
	var got struct {
		Time, Since, Ended time.Time
		Change             string
		Finding            diagnose.Finding
	}
	if err := json.Unmarshal([]byte(line), &got); err != nil || got.Change != "ended" || !got.Ended.Equal(e.At) || got.Finding.ID != "lame-delegation" || got.Finding.Affected != 1220 {
		t.Errorf("%v: %+v", err, got)
	}
	if started := string(FindingJSON(nil, change(diagnose.Started, nil))); strings.Contains(started, `"ended":`) {
		t.Errorf("%s", started)
	}
}

func TestFramesSayTheirFile(t *testing.T) {
	for _, tt := range []struct {
		packets []uint64
		of      []uint16
		files   int
		want    string
	}{
		{[]uint64{440, 443}, nil, 1, "440, 443"},
		{[]uint64{440, 443}, nil, 2, "440, 443 of file 1"},
		{[]uint64{440, 443, 12}, []uint16{0, 0, 1}, 2, "440, 443 of file 1; 12 of file 2"},
		{nil, nil, 2, ""},
	} {
		if got := Frames(&diagnose.Finding{Packets: tt.packets, PacketFiles: tt.of}, tt.files); got != tt.want {
			t.Errorf("%v of %v: got %q, want %q", tt.packets, tt.of, got, tt.want)
		}
	}
}
