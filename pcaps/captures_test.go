package pcaps_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dnssniff/dnssniff/analyze"
	"github.com/dnssniff/dnssniff/capture"
	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/pcaps"
)

// The sizes that captures may have, in bytes, together and each.
const (
	mostTogether = 15 << 20
	mostEach     = 1 << 20
)

// described returns the descriptions of all captures.
func described(t *testing.T) []pcaps.Description {
	t.Helper()
	files, err := filepath.Glob("*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var all []pcaps.Description
	for _, f := range files {
		if f == "matrix.yaml" {
			continue
		}
		d, err := pcaps.Describe(os.DirFS("."), strings.TrimSuffix(f, ".yaml"))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, d)
	}
	return all
}

// TestCapturesAreWhatTheySay compares dnssniff's report on each capture with tshark's counts in its description, and the malformed messages with
// those that were sent.
func TestCapturesAreWhatTheySay(t *testing.T) {
	for _, d := range described(t) {
		t.Run(d.Name, func(t *testing.T) {
			t.Parallel()
			got, seen := read(t, d.File)
			for _, diff := range differences(&d, got) {
				t.Error(diff)
			}
			for _, m := range d.Messages {
				if diff := seen.misses(m); diff != "" {
					t.Errorf("packet %d, %s %s: %s", m.Packet, m.Anomaly, m.Case, diff)
				}
			}
		})
	}
}

// sightings are the anomalies of messages, by packet.
type sightings map[uint64][]string

// elsewhere says of messages why they do not show what they are listed for.
var elsewhere = map[string]string{
	"no_question_but_cookie":              "legal (RFC 7873 section 5.4)",
	"ad_in_query":                         "legal, and what half of the clients send (RFC 6840 section 5.7)",
	"owner_through_11_pointers":           "fewer pointers than a name can have labels",
	"owner_through_101_pointers":          "fewer pointers than a name can have labels",
	"search_suffix_twice":                 "N16 would have to know the zones of the network",
	"tsig_in_answer":                      "it is T01",
	"update_adds_https_alias_with_params": "to be ignored (RFC 9460 section 2.4.2)",
	"tsig_algorithm_md5":                  "a known algorithm",
	"sig0_owner_not_root":                 "legal: the owner means nothing (RFC 2931 section 3)",
	"notify_with_authority":               "legal (RFC 1996 section 3.7)",
}

// misses says what a message that was made wrong on purpose lacks. What takes more than the message to decide depends on the answer: it may be missing, and
// has its place in the response.
func (s sightings) misses(m pcaps.Message) string {
	id, err := anomaly.Parse(m.Anomaly)
	if err != nil {
		return err.Error()
	}
	e, _ := id.Entry()
	if e.Level != anomaly.Message && m.Anomaly[0] != 'X' || elsewhere[m.Case] != "" {
		return ""
	}
	placed := m.Offset != nil && e.Level == anomaly.Message && id != shortMessage
	want := m.Anomaly
	if placed {
		want += fmt.Sprintf("@%d", *m.Offset)
	}
	for _, got := range s[uint64(m.Packet)] {
		if got == want || !placed && strings.HasPrefix(got, want+"@") {
			return ""
		}
	}
	return fmt.Sprintf("want %s, seen %q", want, s[uint64(m.Packet)])
}

// collector counts and keeps anomalies by packet.
type collector struct {
	*analyze.Summary
	seen sightings
}

// shortMessage is H01: what is shorter than a header is a packet, and no message.
var shortMessage = anomaly.Make('H', 1)

func (c collector) Message(m *decode.Message) {
	all := m.Anomalies
	if m.Parsed[0] > 0 {
		all = m.Question.NameAnomalies(slices.Clone(all))
	}
	for _, a := range all {
		c.seen[m.Number] = append(c.seen[m.Number], fmt.Sprintf("%v@%d", a.ID, a.Offset))
	}
	c.Summary.Message(m)
}

func (c collector) Transaction(x *decode.Transaction) {
	if x.Query != nil {
		for _, a := range x.Anomalies {
			c.seen[x.Query.Number] = append(c.seen[x.Query.Number], fmt.Sprintf("%v@%d", a.ID, a.Offset))
		}
	}
	c.Summary.Transaction(x)
}

func (c collector) Event(e *decode.Event) {
	if e.ID != 0 {
		c.seen[e.Number] = append(c.seen[e.Number], fmt.Sprintf("%v@0", e.ID))
	}
	c.Summary.Event(e)
}

// read returns the numbers of dnssniff's report on a capture, and the anomalies that it shows.
func read(t *testing.T, file string) (map[string]any, sightings) {
	t.Helper()
	in, err := capture.Open([]string{file}, capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	conf, err := decode.DefaultConfig()
	if err != nil {
		t.Fatal(err)
	}
	all, seen := make([]*analyze.Summary, decode.Shards), sightings{}
	for i := range all {
		all[i] = analyze.NewSummary(&conf, analyze.DefaultLimits())
	}
	stats, err := decode.Run(context.Background(), in.Sources(1), conf, func(i int) decode.Handler { return collector{all[i], seen} })
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(analyze.Build(all, &stats, analyze.Source{}, analyze.Options{Top: 10, Workers: 1}))
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	return got, seen
}

// differences compares what tshark counts with a report: every number of the former has to be in the latter, absent meaning 0, and tables of
// codes have to be whole.
func differences(d *pcaps.Description, got map[string]any) []string {
	w, g := numbers(d.Counts, ""), numbers(got, "")
	for _, table := range []string{"rcodes", "opcodes", "qtypes"} {
		for path := range g {
			if strings.HasPrefix(path, table+".") {
				w[path] += 0
			}
		}
	}
	var out []string
	for _, path := range slices.Sorted(maps.Keys(w)) {
		if math.Abs(w[path]-g[path]) > debatable(d, path) {
			out = append(out, fmt.Sprintf("%s: tshark counts %v, dnssniff %v", path, w[path], g[path]))
		}
	}
	return out
}

// debatable returns by how much a count may differ.
func debatable(d *pcaps.Description, path string) float64 {
	for _, x := range d.Debatable {
		if path == x.Path || strings.HasPrefix(path, x.Path+".") {
			return float64(x.Most)
		}
	}
	return 0
}

// numbers flattens the numbers of nested objects.
func numbers(value any, path string) map[string]float64 {
	out := map[string]float64{}
	switch v := value.(type) {
	case int:
		out[path] = float64(v)
	case float64:
		out[path] = v
	case map[string]any:
		for key, inner := range v {
			if path != "" {
				key = path + "." + key
			}
			maps.Copy(out, numbers(inner, key))
		}
	case pcaps.Counts:
		return numbers(map[string]any(v), path)
	}
	return out
}

// TestDescriptionsAreComplete holds what a reader relies on.
func TestDescriptionsAreComplete(t *testing.T) {
	together := int64(0)
	for _, d := range described(t) {
		info, err := os.Stat(d.File)
		if err != nil {
			t.Errorf("%s: %v", d.Name, err)
			continue
		}
		together += info.Size()
		if info.Size() > mostEach {
			t.Errorf("%s has %d bytes, at most %d", d.File, info.Size(), mostEach)
		}
		for what, text := range map[string]string{"title": d.Title, "teaches": d.Teaches, "show": d.Show, "played": d.Played, "made": d.Made} {
			if text == "" {
				t.Errorf("%s.yaml: %s is missing", d.Name, what)
			}
		}
		if d.Healthy && d.Cause != nil || !strings.HasPrefix(d.File, d.Name+".") || len(d.Counts) == 0 {
			t.Errorf("%s.yaml: healthy %v with a cause %v, file %s, %d counts", d.Name, d.Healthy, d.Cause, d.File, len(d.Counts))
		}
	}
	if together > mostTogether {
		t.Errorf("%d bytes together, at most %d", together, mostTogether)
	}
}
