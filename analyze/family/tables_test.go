package family

import (
	"bytes"
	"cmp"
	"flag"
	"fmt"
	"go/format"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/pcaps"
)

var update = flag.Bool("update", false, "write tables.go anew")

// names are what people call the packages.
var names = map[string]string{"bind9": "BIND", "nsd": "NSD", "knot": "Knot", "pdns-server": "PowerDNS", "pdns-recursor": "PowerDNS Recursor",
	"unbound": "Unbound", "dnsmasq": "dnsmasq", "dnsdist": "dnsdist"}

// upstream takes Debian's epoch and revision off a version.
var upstream = regexp.MustCompile(`^(?:\d+:)?([0-9.]+)`)

type measured struct {
	server Server
	cells  []pcaps.Cell
}

func readMatrix(t *testing.T) (all []measured) {
	t.Helper()
	text, err := os.ReadFile("../../pcaps/matrix.yaml")
	if err != nil {
		t.Fatal(err)
	}
	m, err := pcaps.ReadMatrix(text)
	if err != nil {
		t.Fatal(err)
	}
	for pkg, versions := range m {
		for version, x := range versions {
			all = append(all, measured{Server{names[pkg], upstream.FindStringSubmatch(version)[1], x.Role}, x.Cells})
		}
	}
	slices.SortFunc(all, func(a, b measured) int {
		return cmp.Or(cmp.Compare(strings.ToLower(a.server.Name), strings.ToLower(b.server.Name)), cmp.Compare(a.server.Version, b.server.Version))
	})
	return all
}

// TestTables holds tables.go to pcaps/matrix.yaml.
func TestTables(t *testing.T) {
	want := tables(t, readMatrix(t))
	if *update {
		if err := os.WriteFile("tables.go", want, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile("tables.go")
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("tables.go is not what pcaps/matrix.yaml makes (%v): go test ./analyze/family -update", err)
	}
}

func tables(t *testing.T, all []measured) []byte {
	t.Helper()
	var b bytes.Buffer
	fmt.Fprintf(&b, "// Code generated from pcaps/matrix.yaml by go test ./analyze/family -update. DO NOT EDIT.\n\npackage family\n\nimport \"github.com/dnssniff/dnssniff/decode/anomaly\"\n\n")
	fmt.Fprintf(&b, "var servers = [...]Server{\n")
	for _, m := range all {
		fmt.Fprintf(&b, "\t{%q, %q, %q},\n", m.server.Name, m.server.Version, m.server.Role)
	}
	fmt.Fprintf(&b, "}\n\n// cell is what a server, by its place in servers, answered to the queries with an anomaly, the most frequent first.\ntype cell struct {\n\tserver   int\n\toutcomes []outcome\n}\n\nvar cells = map[anomaly.ID][]cell{\n")
	writeCells(t, &b, all)
	fmt.Fprintf(&b, "}\n\n// formerr counts the FORMERR responses of a server that had a shape.\ntype formerr struct {\n\tserver int\n\tshape  Shape\n\tn      int\n}\n\nvar formerrs = [...]formerr{\n")
	writeShapes(&b, all)
	fmt.Fprintf(&b, "}\n")
	out, err := format.Source(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func writeCells(t *testing.T, b *bytes.Buffer, all []measured) {
	t.Helper()
	counts := map[anomaly.ID][]map[string]int{}
	for i, m := range all {
		for _, c := range m.cells {
			id, err := anomaly.Parse(c.Anomaly)
			if err != nil {
				t.Fatal(err)
			}
			if counts[id] == nil {
				counts[id] = make([]map[string]int, len(all))
			}
			if counts[id][i] == nil {
				counts[id][i] = map[string]int{}
			}
			counts[id][i][c.Answer]++
		}
	}
	for _, id := range slices.Sorted(maps.Keys(counts)) {
		fmt.Fprintf(b, "\tanomaly.Make(%q, %d): {\n", rune(id.Group()), int(byte(id)))
		for i, answers := range counts[id] {
			order := slices.SortedFunc(maps.Keys(answers), func(x, y string) int {
				return cmp.Or(cmp.Compare(answers[y], answers[x]), cmp.Compare(x, y))
			})
			fmt.Fprintf(b, "\t\t{%d, []outcome{", i)
			for _, a := range order {
				fmt.Fprintf(b, "{%q, %d},", a, answers[a])
			}
			fmt.Fprintf(b, "}},\n")
		}
		fmt.Fprintf(b, "\t},\n")
	}
}

// shapeOf is [ShapeOf] of a measured response.
func shapeOf(s *pcaps.Shape) (shape Shape) {
	if s.Length == 12 {
		shape |= HeaderOnly
	}
	if s.OPT {
		shape |= HasOPT
	}
	if s.Echo && s.Length > 12 {
		shape |= Repeats
	}
	for word, bit := range map[string]Shape{"rd": FlagRD, "ra": FlagRA, "aa": FlagAA, "ad": FlagAD, "z": FlagZ} {
		if slices.Contains(strings.Fields(s.Flags), word) {
			shape |= bit
		}
	}
	return shape
}

func writeShapes(b *bytes.Buffer, all []measured) {
	for i, m := range all {
		counts := map[Shape]int{}
		for _, c := range m.cells {
			if c.Answer == "FORMERR" && c.Shape != nil && !c.Forwarded {
				counts[shapeOf(c.Shape)]++
			}
		}
		for _, s := range slices.Sorted(maps.Keys(counts)) {
			fmt.Fprintf(b, "\t{%d, %d, %d}, // %v\n", i, s, counts[s], s)
		}
	}
}

// TestGuessesKnowTheirServers gives each server's FORMERRs back: it has to be the first guess.
func TestGuessesKnowTheirServers(t *testing.T) {
	known := 0
	for i, s := range servers {
		shapes := map[Shape]uint64{}
		for _, f := range formerrs {
			if f.server == i {
				shapes[f.shape] += uint64(f.n)
			}
		}
		if len(shapes) == 0 {
			continue
		}
		known++
		if g := Guesses(shapes); len(g) == 0 || g[0].Server != s || g[0].Confidence < 0.5 {
			t.Errorf("%v is taken for %v", s, g)
		}
	}
	if known < 5 {
		t.Errorf("%d servers answer FORMERR", known)
	}
}

// TestOneResponseProvesLittle has a shape that most servers have been seen to answer with.
func TestOneResponseProvesLittle(t *testing.T) {
	if g := Guesses(map[Shape]uint64{FlagRD: 1}); len(g) < 2 || g[0].Confidence > 0.7 {
		t.Errorf("too sure: %v", g)
	}
}

func TestAnswers(t *testing.T) {
	got := map[string]string{}
	for _, a := range Answers(anomaly.Make('H', 9)) {
		got[a.Server.Name] = a.Does
	}
	if len(got) != len(servers) || !strings.HasPrefix(got["BIND"], "FORMERR") {
		t.Errorf("H09: %v", got)
	}
	if !Refused(anomaly.Make('H', 9)) || Refused(anomaly.Make('P', 1)) || Answers(anomaly.Make('C', 1)) != nil {
		t.Error("Refused or Answers")
	}
}

func TestDoes(t *testing.T) {
	for want, o := range map[string][]outcome{
		"FORMERR":                               {{"FORMERR", 2}},
		"no response":                           {{"none", 1}},
		"NOERROR, or no response (1 of 4 ways)": {{"NOERROR", 3}, {"none", 1}},
	} {
		if got := does(o); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
