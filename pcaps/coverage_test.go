package pcaps_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/decode/fixture"
)

// tested is what there is to test an entry of the catalogue.
type tested struct{ triggers, misses, captures int }

// TestCatalogueIsTested prints, by group, how many entries of the catalogue a passive observer can decide, and how many of these have a fixture that
// shows them, a near miss that must not, and a capture of real software that does. Every decidable entry has both fixtures.
func TestCatalogueIsTested(t *testing.T) {
	all := map[anomaly.ID]*tested{}
	for id := range anomaly.All {
		all[id] = &tested{}
	}
	countFixtures(t, all)
	for _, d := range described(t) {
		report, _ := read(t, d.File)
		for path := range numbers(report["anomalies"], "") {
			if id, err := anomaly.Parse(path); err == nil {
				all[id].captures++
			}
		}
	}
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "group\tentries\tdecidable\tdetected\tnear miss\treal capture\t")
	var total [5]int
	for _, group := range "HNROTUQSPXM" {
		n := countGroup(t, byte(group), all)
		fmt.Fprintf(w, "%c\t%d\t%d\t%d\t%d\t%d\t\n", group, n[0], n[1], n[2], n[3], n[4])
		for i := range n {
			total[i] += n[i]
		}
	}
	fmt.Fprintf(w, "all\t%d\t%d\t%d\t%d\t%d\t\n", total[0], total[1], total[2], total[3], total[4])
	w.Flush()
	t.Logf("the catalogue and its tests\n%s", &b)
}

func countFixtures(t *testing.T, all map[anomaly.ID]*tested) {
	t.Helper()
	paths, err := filepath.Glob("../*/testdata/anomaly/*.txt")
	if err != nil || len(paths) < 100 {
		t.Fatalf("%d fixtures: %v", len(paths), err)
	}
	for _, path := range paths {
		f, err := fixture.Read(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range f.Want {
			all[x.ID].triggers++
		}
		for _, id := range f.Never {
			all[id].misses++
		}
	}
}

// countGroup counts the entries of a group, those that can be decided, and of these those that have what is in tested.
func countGroup(t *testing.T, group byte, all map[anomaly.ID]*tested) (n [5]int) {
	t.Helper()
	count := func(i int, yes bool) {
		if yes {
			n[i]++
		}
	}
	var lacking []string
	for id := range anomaly.All {
		e, _ := id.Entry()
		if id.Group() != group {
			continue
		}
		x := all[id]
		count(0, true)
		if e.Level == anomaly.Undecidable || e.Level == anomaly.Never {
			continue
		}
		count(1, true)
		count(2, x.triggers > 0)
		count(3, x.misses > 0)
		count(4, x.captures > 0)
		if x.triggers == 0 || x.misses == 0 {
			lacking = append(lacking, fmt.Sprintf("%v %s (%d, %d)", id, id.Name(), x.triggers, x.misses))
		}
	}
	if len(lacking) > 0 {
		slices.Sort(lacking)
		t.Errorf("group %c, without a fixture that shows it, or a near miss: %s", group, strings.Join(lacking, ", "))
	}
	return n
}
