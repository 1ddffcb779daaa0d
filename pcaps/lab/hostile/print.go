package hostile

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/dnssniff/dnssniff/pcaps"
)

// Print writes what differs from sections 3.2 and 3.3 of the catalogue, and what they left open, with the number of cells of each.
func Print(w io.Writer, m pcaps.Matrix) {
	var agree, differ, open int
	var differing, opened []string
	for _, f := range Families() {
		for _, version := range versions(m, f.Package) {
			for _, v := range Compare(f.Package, m[f.Package][version]) {
				line := fmt.Sprintf("  %-14s %-38s %-22s %s\n", f.Package, v.Condition, strings.Join(v.Want, ", "), strings.Join(v.Got, " / "))
				switch {
				case !v.Known:
					open++
					opened = append(opened, line)
				case v.Differs:
					differ++
					differing = append(differing, line)
				default:
					agree++
				}
			}
		}
	}
	fmt.Fprintf(w, "Catalogue 3.2, what servers answer: %d of %d cells with an expectation differ.\n", differ, agree+differ)
	fmt.Fprintf(w, "  %-14s %-38s %-22s %s\n%s", "server", "query", "expected", "measured", strings.Join(differing, ""))
	fmt.Fprintf(w, "\nLeft open there, and measured: %d cells.\n%s", open, strings.Join(opened, ""))
	printFits(w, m)
	printForms(w, m)
	printUnhealthy(w, m)
}

func printFits(w io.Writer, m pcaps.Matrix) {
	var lines []string
	broken := 0
	for _, f := range Families() {
		for _, version := range versions(m, f.Package) {
			for _, x := range Fits(f.Package, m[f.Package][version]) {
				lines = append(lines, fmt.Sprintf("  %-14s %3d of %3d  %s\n", f.Package, x.Holds, x.Cells, x.Name))
				if x.Holds < x.Cells {
					broken++
				}
				for _, o := range x.Others {
					lines = append(lines, "                             but "+o+"\n")
				}
			}
		}
	}
	fmt.Fprintf(w, "\nCatalogue 3.3, the forms of answers: %d of %d fingerprints do not hold throughout.\n%s", broken, len(Fingerprints()), strings.Join(lines, ""))
}

// printForms lists the forms of each family's own FORMERR, most frequent first, with the catalogue's entries that get them.
func printForms(w io.Writer, m pcaps.Matrix) {
	fmt.Fprintf(w, "\nMeasured forms of FORMERR, with the number of queries and their entries:\n")
	for _, f := range Families() {
		for _, version := range versions(m, f.Package) {
			for _, x := range forms(m[f.Package][version]) {
				fmt.Fprintf(w, "  %-14s %3d  %-46s %s\n", f.Package, x.count, x.name, strings.Join(x.anomalies, " "))
			}
		}
	}
}

// form is one form of answers.
type form struct {
	name      string
	count     int
	anomalies []string // sorted as they came, each once
}

// forms are those of a server's own FORMERR answers.
func forms(m pcaps.Measurement) []form {
	var out []form
	for _, c := range m.Cells {
		if c.Answer != "FORMERR" || c.Forwarded {
			continue
		}
		name := describe(c)
		i := slices.IndexFunc(out, func(f form) bool { return f.name == name })
		if i < 0 {
			out, i = append(out, form{name: name}), len(out)
		}
		out[i].count++
		if !slices.Contains(out[i].anomalies, c.Anomaly) {
			out[i].anomalies = append(out[i].anomalies, c.Anomaly)
		}
	}
	slices.SortStableFunc(out, func(a, b form) int { return b.count - a.count })
	return out
}

// printUnhealthy lists the queries that ended a server.
func printUnhealthy(w io.Writer, m pcaps.Matrix) {
	for _, f := range Families() {
		for _, version := range versions(m, f.Package) {
			for _, c := range m[f.Package][version].Cells {
				if c.Crashed {
					fmt.Fprintf(w, "\n%s %s ended over %s %s.\n", f.Package, version, c.Anomaly, c.Case)
				}
			}
		}
	}
}
