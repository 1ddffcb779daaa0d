package analyze

import (
	"context"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dnssniff/dnssniff/capture"
	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/decode/fixture"
)

// TestFixtures counts each capture of testdata/anomaly: what several transactions show together.
func TestFixtures(t *testing.T) {
	paths, err := filepath.Glob("testdata/anomaly/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatalf("%d fixtures: %v", len(paths), err)
	}
	for _, path := range paths {
		f, err := fixture.Read(path)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(f.Name, func(t *testing.T) {
			checkFixture(t, f, countFixture(t, f))
		})
	}
}

func checkFixture(t *testing.T, f *fixture.Fixture, got map[string]uint64) {
	t.Helper()
	prefix, rest, _ := strings.Cut(f.Name, "_")
	id := strings.ToUpper(prefix)
	wants := func(w fixture.Want) bool { return w.ID.String() == id }
	if slices.ContainsFunc(f.Want, wants) == strings.HasPrefix(rest, "not_") {
		t.Errorf("a near miss is named %s_not_..., and only that", prefix)
	}
	for _, w := range f.Want {
		if got[w.ID.String()] == 0 {
			t.Errorf("want %v, got %v", w.ID, got)
		}
	}
	for _, never := range f.Never {
		if got[never.String()] > 0 {
			t.Errorf("%v must not be reported: %v", never, got)
		}
	}
	for name := range got {
		seen, err := anomaly.Parse(name)
		named := slices.ContainsFunc(f.Want, func(w fixture.Want) bool { return w.ID == seen })
		if err != nil || seen.Severity() >= anomaly.Violation && !named {
			t.Errorf("%s is not expected: %v", name, got)
		}
	}
}

// countFixture returns the anomalies of the report.
func countFixture(t *testing.T, f *fixture.Fixture) map[string]uint64 {
	t.Helper()
	conf, err := decode.DefaultConfig()
	if err != nil {
		t.Fatal(err)
	}
	all := make([]*Summary, decode.Shards)
	for i := range all {
		all[i] = NewSummary(&conf, DefaultLimits())
	}
	stats, err := decode.Run(context.Background(), []capture.Source{f.Source()}, conf, func(i int) decode.Handler { return all[i] })
	if err != nil {
		t.Fatal(err)
	}
	r := Build(all, &stats, Source{}, Options{Top: 1, Workers: 1})
	maps.Copy(r.Anomalies, r.Multicast)
	return r.Anomalies
}
