package hostile

import (
	"os"
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/dnssniff/dnssniff/pcaps"
)

func TestEveryExpectationIsOfSomeCase(t *testing.T) {
	var all pcaps.Measurement
	for _, c := range Cases() {
		all.Cells = append(all.Cells, pcaps.Cell{Anomaly: c.Anomaly, Case: c.Name})
	}
	check := func(what string, cases []string) {
		for _, c := range cases {
			if len(choose(all, []string{c})) == 0 {
				t.Errorf("%s: no case is %s", what, c)
			}
		}
	}
	for _, c := range Conditions() {
		check(c.Name, c.Cases)
	}
	for _, f := range Fingerprints() {
		check(f.Name, f.Cases)
		if !slices.ContainsFunc(Families(), func(have Family) bool { return have.Package == f.Family }) {
			t.Errorf("%s: no family %s", f.Name, f.Family)
		}
	}
}

func TestMeets(t *testing.T) {
	for _, c := range []struct {
		want string
		cell pcaps.Cell
		is   bool
	}{
		{"FORMERR", pcaps.Cell{Answer: "FORMERR"}, true},
		{"FORMERR", pcaps.Cell{Answer: "none"}, false},
		{"NOTIMP|none", pcaps.Cell{Answer: "none"}, true},
		{"NOTIMP|none", pcaps.Cell{Answer: "REFUSED"}, false},
		{ok, pcaps.Cell{Answer: "NXDOMAIN"}, true},
		{ok, pcaps.Cell{Answer: "REFUSED"}, false},
		{accepted, pcaps.Cell{Answer: "REFUSED"}, true},
		{accepted, pcaps.Cell{Answer: "FORMERR"}, false},
		{accepted, pcaps.Cell{Answer: "none"}, false},
		{passed, pcaps.Cell{Answer: "FORMERR", Forwarded: true}, true},
		{passed, pcaps.Cell{Answer: "FORMERR"}, false},
	} {
		if got := Meets(c.want, c.cell); got != c.is {
			t.Errorf("Meets(%q, %+v) = %v", c.want, c.cell, got)
		}
	}
}

func TestChosen(t *testing.T) {
	cell := pcaps.Cell{Anomaly: "N07", Case: "qname_points_to_flags"}
	for pattern, want := range map[string]bool{
		"*": true, "N*": true, "N07*": true, "N07 qname*": true, "qname_points_to_flags": true,
		"N07": false, "qname*": false, "N07 owner*": false, "qname_points_to_": false,
	} {
		if got := Chosen([]string{"H01*", pattern}, cell); got != want {
			t.Errorf("%q: %v, want %v", pattern, got, want)
		}
	}
}

func TestFormHolds(t *testing.T) {
	header := pcaps.Shape{Length: 12, Flags: "rd"}
	question := pcaps.Shape{Length: 33, Counts: [4]int{1, 0, 0, 0}, Flags: "rd ra"}
	withOPT := pcaps.Shape{Length: 44, Counts: [4]int{1, 0, 0, 1}, Flags: "aa", OPT: true}
	for _, c := range []struct {
		name                      string
		form                      Form
		header, question, withOPT bool
	}{
		{"any", Form{}, true, true, true},
		{"header only", Form{Question: "none"}, true, false, false},
		{"question", Form{Question: "one"}, false, true, true},
		{"no opt", Form{OPT: "no"}, true, true, false},
		{"opt", Form{OPT: "yes"}, false, false, true},
		{"only rd", Form{Only: "rd"}, true, false, false},
		{"ra clear", Form{Clear: "ra z"}, true, false, true},
		{"ra set", Form{Set: "rd ra"}, false, true, false},
	} {
		got := [3]bool{c.form.holds(header), c.form.holds(question), c.form.holds(withOPT)}
		if got != [3]bool{c.header, c.question, c.withOPT} {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

// A row in two parts is one cell, which differs if one part does; a part that is not known differs from nothing.
func TestCompareCountsCells(t *testing.T) {
	nsd := pcaps.Measurement{Cells: []pcaps.Cell{
		{Anomaly: "H08", Case: "header_only", Answer: "FORMERR"},
		{Anomaly: "H08", Case: "no_question_but_cookie", Answer: "NOERROR"},
		{Anomaly: "U15", Case: "axfr_over_udp", Answer: "NOTIMP"},
		{Anomaly: "H14", Case: "rcode_15_in_query", Answer: "FORMERR"},
	}}
	got := map[string]Verdict{}
	for _, v := range Compare("nsd", nsd) {
		if _, twice := got[v.Condition]; twice {
			t.Errorf("%s: two cells", v.Condition)
		}
		got[v.Condition] = v
	}
	if v := got["QDCOUNT=0"]; !v.Known || !v.Differs || len(v.Got) != 2 {
		t.Errorf("QDCOUNT=0: %+v", v)
	}
	if v := got["AXFR over UDP"]; v.Known || v.Differs {
		t.Errorf("AXFR over UDP: %+v", v)
	}
	if v := got["RCODE other than 0"]; !v.Known || v.Differs {
		t.Errorf("RCODE other than 0: %+v", v)
	}
	if len(Compare("dnsmasq", nsd)) != 0 {
		t.Error("section 3.2 has no column for dnsmasq")
	}
}

func TestFitsCountsWhatHolds(t *testing.T) {
	nsd := pcaps.Measurement{Cells: []pcaps.Cell{
		{Anomaly: "H09", Case: "a", Answer: "FORMERR", Shape: &pcaps.Shape{Length: 12, Flags: "rd"}},
		{Anomaly: "H09", Case: "b", Answer: "FORMERR", Shape: &pcaps.Shape{Length: 12, Flags: "rd ra"}},
		{Anomaly: "H09", Case: "c", Answer: "NOERROR", Shape: &pcaps.Shape{Length: 40, Flags: "rd ra"}},
	}}
	got := Fits("nsd", nsd)
	if len(got) != 1 || got[0].Cells != 2 || got[0].Holds != 1 || !reflect.DeepEqual(got[0].Others, []string{"FORMERR, header only, flags [rd ra] (b)"}) {
		t.Errorf("%+v", got)
	}
}

// The matrix is what its captures show, now as when it was made; and it has every case.
func TestMatrixIsOfTheCaptures(t *testing.T) {
	const folder = "../.."
	text, err := os.ReadFile(folder + "/matrix.yaml")
	if err != nil {
		t.Fatal(err)
	}
	want, err := pcaps.ReadMatrix(text)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range Families() {
		for _, m := range want[f.Package] {
			for _, c := range Cases() {
				if got, ok := m.Cell(c.Name); !ok || got.Anomaly != c.Anomaly {
					t.Errorf("%s: no cell %s %s", f.Package, c.Anomaly, c.Name)
				}
			}
		}
	}
	if _, err := exec.LookPath("tshark"); err != nil {
		t.Skip("tshark is not installed (Debian: tshark)")
	}
	got, err := Measure(t.Context(), folder)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Error("pcaps/matrix.yaml is not what its captures show: run pcaps/lab/run matrix")
	}
}

// The descriptions give the offset that the case has.
func TestDescriptionsHaveTheOffsets(t *testing.T) {
	offsets := map[string]int{}
	for _, c := range Cases() {
		offsets[c.Name] = c.Offset()
	}
	for _, f := range Families() {
		d, err := pcaps.Describe(os.DirFS("../.."), f.Capture)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range d.Messages {
			if want, ok := offsets[m.Case]; !ok || m.Offset == nil || *m.Offset != want {
				t.Errorf("%s: packet %d: %s: offset %v, want %d", d.File, m.Packet, m.Case, m.Offset, want)
			}
		}
	}
}

func TestPrintCountsDifferences(t *testing.T) {
	var b strings.Builder
	Print(&b, pcaps.Matrix{"nsd": {"1": {Cells: []pcaps.Cell{
		{Anomaly: "H16", Case: "tc_in_query", Answer: "none", Crashed: true},
		{Anomaly: "U15", Case: "axfr_over_udp", Answer: "NOTIMP"},
	}}}})
	for _, want := range []string{" 1 of 20 cells with an expectation differ.", "TC=1", "measured: 1 cells", "nsd 1 ended over H16 tc_in_query."} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
}

func TestFormsAreCounted(t *testing.T) {
	rd := &pcaps.Shape{Length: 12, Flags: "rd"}
	got := forms(pcaps.Measurement{Cells: []pcaps.Cell{
		{Anomaly: "H08", Case: "a", Answer: "FORMERR", Shape: &pcaps.Shape{Length: 12}},
		{Anomaly: "H09", Case: "b", Answer: "FORMERR", Shape: rd},
		{Anomaly: "H09", Case: "c", Answer: "FORMERR", Shape: rd},
		{Anomaly: "H10", Case: "d", Answer: "FORMERR", Shape: rd, Forwarded: true},
		{Anomaly: "H10", Case: "e", Answer: "NOTIMP", Shape: rd},
	}})
	want := []form{{"FORMERR, header only, flags [rd]", 2, []string{"H09"}}, {"FORMERR, header only, flags []", 1, []string{"H08"}}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestPacketOfFields(t *testing.T) {
	const answer = "\x12\x34\x81\x80\x00\x01\x00\x00\x00\x00\x00\x01"
	udp := []string{"7", "192.0.2.53", "192.0.2.1", "53", "20000", "", "", "123481800001000000000001", "", "0x8180", "1,41", "0x01", "1.5"}
	p, err := packet(udp)
	if err != nil || p.Number != 7 || p.From.String() != "192.0.2.53:53" || p.To.Port() != 20000 || p.TCP || string(p.Message()) != answer {
		t.Errorf("%+v, %v", p, err)
	}
	if !p.DNS || !p.OPT || RCode(p.RCode) != "BADVERS" || p.Counts != [4]int{1, 0, 0, 1} || p.Time.Milliseconds() != 1500 {
		t.Errorf("%+v", p)
	}
	tcp := []string{"8", "192.0.2.53", "192.0.2.1", "", "", "53", "20001", "", "000c123481800001000000000001", "0x8180", "", "", "2"}
	if p, err = packet(tcp); err != nil || !p.TCP || string(p.Message()) != answer || p.OPT || p.RCode != 0 {
		t.Errorf("%+v, %v", p, err)
	}
	for name, bad := range map[string][]string{"too few": udp[:5], "no address": slices.Replace(slices.Clone(udp), 1, 2, ""), "no hex": slices.Replace(slices.Clone(udp), 7, 8, "zz")} {
		if _, err := packet(bad); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
