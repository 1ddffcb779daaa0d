package pcaps

import (
	"reflect"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

func TestMatrixIsReadAsWritten(t *testing.T) {
	want := Matrix{"nsd": {"4.6.1-1": {
		Capture: "hostile-nsd.pcap", Made: "2026-11-21", Role: "authoritative",
		Cells: []Cell{
			{Anomaly: "N05", Case: "qname_points_to_itself", Answer: "FORMERR", Shape: &Shape{Length: 12, Flags: "rd"}},
			{Anomaly: "H01", Case: "one_byte", Answer: NoAnswer},
			{Anomaly: "O04", Case: "edns_version_1", Answer: "BADVERS", Shape: &Shape{Length: 44, Counts: [4]int{1, 0, 0, 1}, OPT: true, Echo: true}},
		},
	}}}
	text, err := yaml.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), "\n"); n != 9 {
		t.Errorf("%d lines, want a line for each cell:\n%s", n, text)
	}
	got, err := ReadMatrix(text)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestMatrixWithUnknownField(t *testing.T) {
	if _, err := ReadMatrix([]byte("nsd: {4.6.1: {cells: [{anomaly: N05, answr: FORMERR}]}}")); err == nil {
		t.Error("no error")
	}
}

func TestCellOfCase(t *testing.T) {
	m := Measurement{Cells: []Cell{{Case: "a", Answer: "FORMERR"}, {Case: "b", Answer: NoAnswer}}}
	if c, ok := m.Cell("b"); !ok || c.Answer != NoAnswer {
		t.Errorf("b: %+v, %v", c, ok)
	}
	if c, ok := m.Cell("c"); ok {
		t.Errorf("c: %+v", c)
	}
}
