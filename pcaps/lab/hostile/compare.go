package hostile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dnssniff/dnssniff/pcaps"
)

// Chosen says whether a cell is among cases: names, or prefixes of "ID name" that end in "*".
func Chosen(cases []string, c pcaps.Cell) bool {
	full := c.Anomaly + " " + c.Case
	return slices.ContainsFunc(cases, func(s string) bool {
		prefix, open := strings.CutSuffix(s, "*")
		return s == c.Case || open && strings.HasPrefix(full, prefix)
	})
}

// Meets says whether a cell is what a condition expects of it. The expectation is known.
func Meets(want string, c pcaps.Cell) bool {
	return slices.ContainsFunc(strings.Split(want, "|"), func(w string) bool {
		switch w {
		case ok:
			return c.Answer == "NOERROR" || c.Answer == "NXDOMAIN"
		case accepted:
			return c.Answer != pcaps.NoAnswer && c.Answer != "FORMERR"
		case passed:
			return c.Forwarded
		}
		return c.Answer == w
	})
}

// Verdict is what became of one cell of section 3.2.
type Verdict struct {
	Condition, Family string
	Want              []string // by part of the row
	Got               []string // "answer: case, case"
	Known             bool     // the catalogue has an opinion
	Differs           bool     // valid iff Known
}

// Compare compares a family's measurement with section 3.2. A condition in parts is one cell, which differs if any part does.
func Compare(family string, m pcaps.Measurement) []Verdict {
	column := slices.IndexFunc(Families(), func(f Family) bool { return f.Package == family })
	var out []Verdict
	for _, c := range Conditions() {
		if column < 0 || column >= len(c.Want) || c.Want[column] == skip {
			continue
		}
		want := c.Want[column]
		i := slices.IndexFunc(out, func(v Verdict) bool { return v.Condition == c.Name })
		if i < 0 {
			out, i = append(out, Verdict{Condition: c.Name, Family: family}), len(out)
		}
		v := &out[i]
		v.Want = append(v.Want, want)
		v.Known = v.Known || want != unknown
		cells := choose(m, c.Cases)
		v.Got = append(v.Got, tally(cells))
		v.Differs = v.Differs || want != unknown && slices.ContainsFunc(cells, func(c pcaps.Cell) bool { return !Meets(want, c) })
	}
	return out
}

func choose(m pcaps.Measurement, cases []string) []pcaps.Cell {
	var out []pcaps.Cell
	for _, c := range m.Cells {
		if Chosen(cases, c) {
			out = append(out, c)
		}
	}
	return out
}

// tally lists the answers, each with its cases where they are not all the same.
func tally(cells []pcaps.Cell) string {
	var answers []string
	names := map[string][]string{}
	for _, c := range cells {
		a := c.Answer
		if c.Forwarded {
			a += " (from behind)"
		}
		if names[a] == nil {
			answers = append(answers, a)
		}
		names[a] = append(names[a], c.Case)
	}
	if len(answers) == 1 {
		return answers[0]
	}
	for i, a := range answers {
		answers[i] = a + ": " + strings.Join(names[a], ", ")
	}
	return strings.Join(answers, "; ")
}

// Match is how well a fingerprint holds.
type Match struct {
	Fingerprint
	Cells, Holds int
	Others       []string // what else was seen, each once
}

// Fits checks a family's fingerprints.
func Fits(family string, m pcaps.Measurement) []Match {
	var out []Match
	for _, f := range Fingerprints() {
		if f.Family == family {
			out = append(out, f.match(m))
		}
	}
	return out
}

// match looks at the answers with the fingerprint's RCODE; where the RCODE, or silence, is all that it says, at all.
func (f Fingerprint) match(m pcaps.Measurement) Match {
	out := Match{Fingerprint: f}
	for _, c := range choose(m, f.Cases) {
		if f.Form != (Form{}) && (c.Answer != f.Answer || c.Forwarded) {
			continue
		}
		out.Cells++
		if c.Answer == f.Answer && (c.Shape == nil || f.Form.holds(*c.Shape)) {
			out.Holds++
			continue
		}
		if s := describe(c); !slices.ContainsFunc(out.Others, func(o string) bool { return strings.HasPrefix(o, s+" (") }) {
			out.Others = append(out.Others, fmt.Sprintf("%s (%s)", s, c.Case))
		}
	}
	return out
}

// holds says whether an answer has the form.
func (f Form) holds(s pcaps.Shape) bool {
	questions := map[string]bool{
		"": true, "parsed": true,
		"none": s.Counts[0] == 0 && s.Length == headerLen,
		"one":  s.Counts[0] == 1,
	}
	set := strings.Fields(s.Flags)
	has := func(flag string) bool { return slices.Contains(set, flag) }
	return questions[f.Question] &&
		(f.OPT == "" || s.OPT == (f.OPT == "yes")) &&
		(f.Only == "" || !slices.ContainsFunc(set, func(flag string) bool { return !slices.Contains(strings.Fields(f.Only), flag) })) &&
		!slices.ContainsFunc(strings.Fields(f.Clear), has) &&
		!slices.ContainsFunc(strings.Fields(f.Set), func(flag string) bool { return !has(flag) })
}

// describe says what an answer looks like.
func describe(c pcaps.Cell) string {
	if c.Shape == nil {
		return c.Answer
	}
	s := *c.Shape
	words := []string{c.Answer}
	switch {
	case s.Echo:
		words = append(words, "echo")
	case s.Length == headerLen:
		words = append(words, "header only")
	case s.Counts[0] > 0:
		words = append(words, "question")
	}
	if s.OPT {
		words = append(words, "OPT")
	}
	return strings.Join(append(words, "flags ["+s.Flags+"]"), ", ")
}
