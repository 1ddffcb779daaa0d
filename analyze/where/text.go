package where

import (
	"regexp"
	"regexp/syntax"
	"strings"

	"github.com/expr-lang/expr/ast"
	"golang.org/x/net/publicsuffix"

	"github.com/dnssniff/dnssniff/analyze/record"
)

// relateText compiles a comparison of a name. Names are compared without regard to the case of ASCII letters (RFC 4343), and to a final dot.
func (f *field) relateText(at ast.Node, op string, n ast.Node) (pred, error) {
	test, err := f.textTest(at, op, n)
	if err != nil {
		return nil, err
	}
	get := f.text
	return func(r *record.Record) bool {
		s, ok := get(r)
		return ok && test(s)
	}, nil
}

// textTest returns what is asked of a name, which is absolute.
func (f *field) textTest(at ast.Node, op string, n ast.Node) (func(string) bool, error) {
	if op == "in" {
		return f.textSet(n)
	}
	c, ok := n.(*ast.StringNode)
	if !ok {
		return nil, f.unfit(n)
	}
	part := lower(c.Value)
	whole := relative(part)
	switch op {
	case "==":
		return func(s string) bool { return equalFold(relative(s), whole) }, nil
	case "!=":
		return func(s string) bool { return !equalFold(relative(s), whole) }, nil
	case "endsWith":
		return func(s string) bool {
			s = relative(s)
			return len(s) >= len(whole) && equalFold(s[len(s)-len(whole):], whole)
		}, nil
	case "startsWith":
		return func(s string) bool { return len(s) >= len(part) && equalFold(s[:len(part)], part) }, nil
	case "contains":
		return func(s string) bool { return containsFold(s, part) }, nil
	case "matches":
		return pattern(c)
	}
	return nil, f.wrong(at, op)
}

func (f *field) textSet(n ast.Node) (func(string) bool, error) {
	list, ok := n.(*ast.ArrayNode)
	if !ok {
		return nil, fail(n, `after in stands a list: %s in ["example.com", "example.org"]`, f.Name)
	}
	var set []string
	for _, e := range list.Nodes {
		s, ok := e.(*ast.StringNode)
		if !ok {
			return nil, f.unfit(e)
		}
		set = append(set, lower(relative(s.Value)))
	}
	return func(s string) bool {
		s = relative(s)
		for _, want := range set {
			if equalFold(s, want) {
				return true
			}
		}
		return false
	}, nil
}

// maxPattern bounds a compiled regular expression: matching takes time in proportion to it.
const maxPattern = 2000 // instructions

// pattern compiles a regular expression (RE2), which may know of the final dot or not.
func pattern(n *ast.StringNode) (func(string) bool, error) {
	tree, err := syntax.Parse("(?i)"+n.Value, syntax.Perl)
	if err != nil {
		return nil, fail(n, "%s", shortened(firstLine(err.Error())))
	}
	if p, err := syntax.Compile(tree.Simplify()); err != nil || len(p.Inst) > maxPattern {
		return nil, fail(n, "the regular expression is too large")
	}
	re, err := regexp.Compile("(?i)" + n.Value)
	if err != nil {
		return nil, fail(n, "%s", shortened(firstLine(err.Error())))
	}
	return func(s string) bool { return re.MatchString(relative(s)) || re.MatchString(s) }, nil
}

// relative returns a name without its final dot: "" for the root.
func relative(name string) string {
	if !strings.HasSuffix(name, ".") || escaped(name[:len(name)-1]) {
		return name
	}
	return name[:len(name)-1]
}

// escaped says whether what comes after s is escaped: s ends with an odd number of backslashes.
func escaped(s string) bool {
	return (len(s)-len(strings.TrimRight(s, `\`)))%2 == 1
}

// lower returns s with its ASCII letters in lower case.
func lower(s string) string {
	b := []byte(s)
	for i, c := range b {
		b[i] = fold(c)
	}
	return string(b)
}

func fold(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// equalFold says whether s, in any case, is want, which is in lower case.
func equalFold(s, want string) bool {
	if len(s) != len(want) {
		return false
	}
	for i := range len(s) {
		if fold(s[i]) != want[i] {
			return false
		}
	}
	return true
}

// containsFold says whether want, which is in lower case, is in s.
func containsFold(s, want string) bool {
	if want == "" {
		return true
	}
	for i := 0; i+len(want) <= len(s); i++ {
		if fold(s[i]) == want[0] && equalFold(s[i:i+len(want)], want) {
			return true
		}
	}
	return false
}

// Zone returns what the field "zone" has of an absolute name.
func Zone(name string) string { return zoneOf(name) }

// zoneOf returns the registrable domain of an absolute name by the public suffix list, the name itself where it is a public suffix.
func zoneOf(name string) string {
	text := relative(name)
	if strings.ContainsFunc(text, func(c rune) bool { return 'A' <= c && c <= 'Z' }) {
		text = lower(text)
	}
	suffix, _ := publicsuffix.PublicSuffix(text)
	// One label more than the suffix. The list knows no escapes: an escaped dot is in no rule, and ends none.
	for i := len(text) - len(suffix) - 2; i >= 0; i-- {
		if text[i] == '.' && !escaped(text[:i]) {
			return name[i+1:]
		}
	}
	return name
}
