package where

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dnssniff/dnssniff/analyze/record"
	"github.com/dnssniff/dnssniff/capture"
	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/decode/fixture"
)

// fixtureRecords are the transactions of all fixtures of the catalogue.
func fixtureRecords(t *testing.T) []record.Record {
	t.Helper()
	return recordsOf(t, "../../decode/testdata/anomaly/*.txt", "../testdata/anomaly/*.txt")
}

func recordsOf(t *testing.T, patterns ...string) []record.Record {
	t.Helper()
	conf, err := decode.DefaultConfig()
	if err != nil {
		t.Fatal(err)
	}
	conf.KeepNames, conf.InOrder = true, true
	var got collector
	for _, pattern := range patterns {
		paths, _ := filepath.Glob(pattern)
		for _, path := range paths {
			f, err := fixture.Read(path)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := decode.Run(context.Background(), []capture.Source{f.Source()}, conf, func(int) decode.Handler { return &got }); err != nil {
				t.Fatal(err)
			}
		}
	}
	if len(got.all) == 0 {
		t.Fatalf("no transactions in %v", patterns)
	}
	return got.all
}

// TestToldIsTrue holds the tables to the fixtures, of which each entry has one that shows it: an entry that expressions take is found there, and one
// that they refuse is in no transaction.
func TestToldIsTrue(t *testing.T) {
	all := fixtureRecords(t)
	listed := map[anomaly.ID]bool{}
	for i := range all {
		for _, id := range all[i].Anomalies {
			listed[id] = true
		}
	}
	for id := range anomaly.All {
		e, err := Parse(fmt.Sprintf("anomaly == %q", id))
		instead, has := Told(id)
		if has != (err == nil) || has != (instead == "") {
			t.Errorf("%v: %v; %v, %q", id, err, has, instead)
		}
		switch {
		case err != nil && listed[id]:
			t.Errorf("%v is refused, and transactions have it: %v", id, err)
		case err == nil && !slices.ContainsFunc(all, func(r record.Record) bool { return e.Match(&r) }):
			t.Errorf("%v is taken, and no transaction has it", id)
		}
	}
	for _, x := range implications {
		if listed[x.id] {
			t.Errorf("%v is implied, and in the list as well", x.id)
		}
	}
}

// TestImpliedNearMisses: what a fixture must not show is not implied by its transactions.
func TestImpliedNearMisses(t *testing.T) {
	for _, x := range implications {
		lower := strings.ToLower(x.id.String())
		for _, r := range recordsOf(t, "../../decode/testdata/anomaly/"+lower+"_not_*.txt", "../testdata/anomaly/"+lower+"_not_*.txt") {
			if x.holds(&r) {
				t.Errorf("%v is implied by %s %d", x.id, r.Name, r.QueryPacket)
			}
		}
	}
}
