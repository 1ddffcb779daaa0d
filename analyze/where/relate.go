package where

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/expr-lang/expr/ast"

	"github.com/dnssniff/dnssniff/analyze/record"
	"github.com/dnssniff/dnssniff/decode/anomaly"
)

// relate compiles a comparison of the field with a constant. at is the operator, for errors.
func (f *field) relate(c *compiler, at ast.Node, op string, constant ast.Node) (pred, error) {
	switch {
	case f.flag != nil:
		return f.relateFlag(at, op, constant)
	case f.address != nil:
		return f.relateAddress(at, op, constant)
	case f.text != nil:
		return f.relateText(at, op, constant)
	}
	return f.relateNumber(c, at, op, constant)
}

// wrong says that the operator does not fit the field.
func (f *field) wrong(at ast.Node, op string) error {
	return fail(at, "%s is no operator for %s, a %s: %s", op, f.Name, f.Type, f.Example)
}

// unfit says that a constant is not of the field's type.
func (f *field) unfit(n ast.Node) error {
	switch {
	case f.Type == isDuration:
		return fail(n, "%s is compared with a duration that has its unit: %s", f.Name, f.Example)
	case f.address != nil:
		return fail(n, "%s is compared with an address in quotes: %s", f.Name, f.Example)
	}
	return fail(n, "%s is a %s: %s", f.Name, f.Type, f.Example)
}

func (f *field) relateFlag(at ast.Node, op string, n ast.Node) (pred, error) {
	b, ok := n.(*ast.BoolNode)
	if !ok || op != "==" && op != "!=" {
		return nil, fail(at, "%s is true or false as it stands: %s", f.Name, f.Example)
	}
	if b.Value == (op == "==") {
		return f.flag, nil
	}
	return not(f.flag, nil)
}

// comparison returns what an operator says of two numbers.
func comparison(op string) (holds func(a, b int64) bool, ok bool) {
	switch op {
	case "==":
		return func(a, b int64) bool { return a == b }, true
	case "!=":
		return func(a, b int64) bool { return a != b }, true
	case "<":
		return func(a, b int64) bool { return a < b }, true
	case "<=":
		return func(a, b int64) bool { return a <= b }, true
	case ">":
		return func(a, b int64) bool { return a > b }, true
	case ">=":
		return func(a, b int64) bool { return a >= b }, true
	}
	return nil, false
}

func (f *field) relateNumber(c *compiler, at ast.Node, op string, n ast.Node) (pred, error) {
	test, err := f.numberTest(c, at, op, n)
	if err != nil {
		return nil, err
	}
	if f.many {
		return func(r *record.Record) bool { return f.numbers(r, test) }, nil
	}
	return func(r *record.Record) bool {
		v, ok := f.number(r)
		return ok && test(v)
	}, nil
}

// numberTest returns what is asked of a number.
func (f *field) numberTest(c *compiler, at ast.Node, op string, n ast.Node) (func(int64) bool, error) {
	if op == "in" {
		return f.numberSet(c, n)
	}
	if f.many && op == "contains" {
		op = "=="
	}
	if op == "startsWith" && f.words == &anomalies {
		return groupTest(n)
	}
	holds, ok := comparison(op)
	switch {
	case !ok, !f.ordered && op != "==" && op != "!=":
		return nil, f.wrong(at, op)
	case f.many && op == "!=":
		return nil, fail(at, "%s can be several: say not (%s == ...)", f.Name, f.Name)
	}
	v, err := f.value(c, n)
	if err != nil {
		return nil, err
	}
	return func(x int64) bool { return holds(x, v) }, nil
}

// groupTest tells anomalies by the letter of their group.
func groupTest(n ast.Node) (func(int64) bool, error) {
	s, ok := n.(*ast.StringNode)
	if !ok || len(s.Value) != 1 {
		return nil, fail(n, `anomalies start with the letter of their group: anomaly startsWith "N"`)
	}
	group := int64(strings.ToUpper(s.Value)[0])
	if group == 'C' {
		return nil, fail(n, "no transaction has an anomaly of group C: %s", artefact)
	}
	return func(x int64) bool { return x>>8 == group }, nil
}

// numberSet returns the test for a list or a range.
func (f *field) numberSet(c *compiler, n ast.Node) (func(int64) bool, error) {
	switch n := n.(type) {
	case *ast.ArrayNode:
		var set []int64
		for _, e := range n.Nodes {
			v, err := f.value(c, e)
			if err != nil {
				return nil, err
			}
			set = append(set, v)
		}
		slices.Sort(set)
		return func(x int64) bool {
			_, found := slices.BinarySearch(set, x)
			return found
		}, nil
	case *ast.BinaryNode:
		if n.Operator != ".." || !f.ordered {
			return nil, fail(n, "%s is in a list: %s", f.Name, f.Example)
		}
		from, err := f.value(c, n.Left)
		if err != nil {
			return nil, err
		}
		to, err := f.value(c, n.Right)
		if err != nil {
			return nil, err
		}
		return func(x int64) bool { return from <= x && x <= to }, nil
	}
	return nil, fail(n, "after in stands a list: %s in [...]", f.Name)
}

// value returns a constant as the field counts it.
func (f *field) value(c *compiler, n ast.Node) (int64, error) {
	switch n := n.(type) {
	case *ast.UnaryNode:
		if n.Operator == "-" && f.words == nil {
			v, err := f.value(c, n.Node)
			return -v, err
		}
	case *ast.IdentifierNode:
		d, duration := c.durations[n.Location().From]
		if duration && f.Type == isDuration {
			return d.Nanoseconds(), nil
		}
		if !duration {
			if _, err := fieldOf(n); err != nil {
				return 0, quoted(f, n, err)
			}
		}
	case *ast.IntegerNode:
		switch v := int64(n.Value); {
		case f.Type == isDuration:
		case f.words == nil:
			return v, nil
		case v <= f.words.max && f.words.max > 0:
			return v, nil
		case f.words.max > 0:
			return 0, fail(n, "%ss go up to %d", f.words.what, f.words.max)
		}
	case *ast.StringNode:
		if f.words == nil {
			break
		}
		v, ok := f.words.number(n.Value)
		if !ok {
			return 0, fail(n, "%s", f.words.unknown(n.Value))
		}
		if f.words == &anomalies {
			if why, has := Told(anomaly.ID(v)); !has {
				return 0, fail(n, "no transaction has %s: %s", anomaly.ID(v), why)
			}
		}
		return v, nil
	}
	return 0, f.unfit(n)
}

func (f *field) relateAddress(at ast.Node, op string, n ast.Node) (pred, error) {
	var in []netip.Prefix
	var err error
	switch op {
	case "==", "!=":
		in, err = f.prefixes([]ast.Node{n}, false)
	case "in":
		if list, ok := n.(*ast.ArrayNode); ok {
			in, err = f.prefixes(list.Nodes, true)
		} else {
			in, err = f.prefixes([]ast.Node{n}, true)
		}
	default:
		return nil, f.wrong(at, op)
	}
	if err != nil {
		return nil, err
	}
	get, want := f.address, op != "!="
	return func(r *record.Record) bool {
		a := get(r)
		return slices.ContainsFunc(in, func(p netip.Prefix) bool { return p.Contains(a) }) == want
	}, nil
}

// prefixes returns the networks that constants name; an address is a network of its own.
func (f *field) prefixes(nodes []ast.Node, networks bool) ([]netip.Prefix, error) {
	var all []netip.Prefix
	for _, n := range nodes {
		s, ok := n.(*ast.StringNode)
		if !ok {
			return nil, f.unfit(n)
		}
		if a, err := netip.ParseAddr(s.Value); err == nil && a.Zone() == "" {
			a = a.Unmap()
			all = append(all, netip.PrefixFrom(a, a.BitLen()))
			continue
		}
		p, err := netip.ParsePrefix(s.Value)
		switch {
		case err != nil:
			return nil, fail(n, "%s is no address and no network: %s", shown(s.Value), f.Example)
		case !networks:
			return nil, fail(n, "%s is a network: %s in %q", shown(s.Value), f.Name, s.Value)
		}
		all = append(all, p.Masked())
	}
	return all, nil
}

// shown returns a constant as errors show it: in quotes, on one line, and not all of it.
func shown(s string) string {
	return strconv.QuoteToASCII(shortened(s))
}

func shortened(s string) string { return s[:min(len(s), 80)] }
