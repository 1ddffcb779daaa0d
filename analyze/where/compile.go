package where

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/expr-lang/expr/ast"

	"github.com/dnssniff/dnssniff/analyze/record"
)

const noFunctions = "functions are not part of expressions"

// compiler makes a tree of the parser a predicate.
type compiler struct {
	durations map[int]time.Duration
}

// fail returns an error at a node.
func fail(n ast.Node, format string, args ...any) error {
	return &Error{n.Location().From + 1, fmt.Sprintf(format, args...)}
}

// pred compiles what has to be true or false.
func (c *compiler) pred(n ast.Node) (pred, error) {
	switch n := n.(type) {
	case *ast.BoolNode:
		return func(*record.Record) bool { return n.Value }, nil
	case *ast.IdentifierNode:
		return c.flag(n)
	case *ast.UnaryNode:
		if n.Operator != "not" && n.Operator != "!" {
			return nil, fail(n, "arithmetic is not part of expressions")
		}
		return not(c.pred(n.Node))
	case *ast.BinaryNode:
		return c.binary(n)
	}
	return nil, c.odd(n)
}

func not(p pred, err error) (pred, error) {
	if err != nil {
		return nil, err
	}
	return func(r *record.Record) bool { return !p(r) }, nil
}

// flag compiles a field that stands alone.
func (c *compiler) flag(n *ast.IdentifierNode) (pred, error) {
	if _, ok := c.durations[n.Location().From]; ok {
		return nil, fail(n, "a duration alone is neither true nor false: rtt > 500ms")
	}
	f, err := fieldOf(n)
	switch {
	case err != nil:
		return nil, err
	case f.flag == nil:
		return nil, fail(n, "%s alone is neither true nor false: %s", f.Name, f.Example)
	}
	return f.flag, nil
}

// binary compiles an operator between two operands.
func (c *compiler) binary(n *ast.BinaryNode) (pred, error) {
	switch n.Operator {
	case "and", "&&", "or", "||":
		return c.both(n)
	case "==", "!=", "<", "<=", ">", ">=", "in", "contains", "startsWith", "endsWith", "matches":
		return c.relation(n)
	case "..":
		return nil, fail(n, "a range stands after in: rcode in 1..5")
	}
	return nil, fail(n, "%s is not part of expressions", n.Operator)
}

func (c *compiler) both(n *ast.BinaryNode) (pred, error) {
	a, err := c.pred(n.Left)
	if err != nil {
		return nil, err
	}
	b, err := c.pred(n.Right)
	if err != nil {
		return nil, err
	}
	if n.Operator == "and" || n.Operator == "&&" {
		return func(r *record.Record) bool { return a(r) && b(r) }, nil
	}
	return func(r *record.Record) bool { return a(r) || b(r) }, nil
}

// swapped holds the operators as they are read from the right.
var swapped = map[string]string{"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}

// relation compiles a comparison of a field with a constant, or with another field.
func (c *compiler) relation(n *ast.BinaryNode) (pred, error) {
	if u, ok := n.Left.(*ast.UnaryNode); ok && (u.Operator == "not" || u.Operator == "!") {
		// not a == b, which the parser takes for (not a) == b
		inner := *n
		inner.Left = u.Node
		return not(c.relation(&inner))
	}
	left, right := c.field(n.Left), c.field(n.Right)
	switch {
	case left && right:
		return c.fields(n)
	case left:
		f, err := fieldOf(n.Left.(*ast.IdentifierNode))
		if err != nil {
			return nil, err
		}
		return f.relate(c, n, n.Operator, n.Right)
	case right:
		f, err := fieldOf(n.Right.(*ast.IdentifierNode))
		if err != nil {
			return nil, err
		}
		return c.backwards(f, n)
	}
	for _, side := range []ast.Node{n.Left, n.Right} {
		if !constant(side) {
			return nil, c.odd(side)
		}
	}
	return nil, fail(n.Left, "a comparison has a field on one side, and none is here")
}

// backwards compiles a relation whose field is on the right.
func (c *compiler) backwards(f *field, n *ast.BinaryNode) (pred, error) {
	if n.Operator == "in" {
		if !f.many {
			return nil, fail(n.Right, "%s is no list: %s", f.Name, f.Example)
		}
		return f.relate(c, n, "==", n.Left)
	}
	op, ok := swapped[n.Operator]
	if !ok {
		return nil, fail(n.Left, "%s has its field on the left: %s", n.Operator, f.Example)
	}
	return f.relate(c, n, op, n.Left)
}

// fields compiles a comparison of two numbers of a transaction.
func (c *compiler) fields(n *ast.BinaryNode) (pred, error) {
	left, right := n.Left.(*ast.IdentifierNode), n.Right.(*ast.IdentifierNode)
	a, err := fieldOf(left)
	b, wrong := fieldOf(right)
	switch {
	case err != nil && wrong == nil:
		return nil, quoted(b, left, err)
	case err != nil:
		return nil, err
	case wrong != nil:
		return nil, quoted(a, right, wrong)
	}
	holds, ok := comparison(n.Operator)
	if !ok || a.number == nil || b.number == nil || a.words != nil || b.words != nil || a.Type != b.Type {
		return nil, fail(n, "%s and %s cannot be compared: write a constant, as in %s", a.Name, b.Name, a.Example)
	}
	x, y := a.number, b.number
	return func(r *record.Record) bool {
		v, ok := x(r)
		w, too := y(r)
		return ok && too && holds(v, w)
	}, nil
}

// quoted adds to an error about an unknown field that the word may be a constant without its quotes.
func quoted(f *field, n *ast.IdentifierNode, err error) error {
	if f.words != nil {
		if _, ok := f.words.number(n.Value); ok {
			return fail(n, "write it in quotes: %q", n.Value)
		}
	}
	return err
}

// field says whether a node is an identifier of the user's.
func (c *compiler) field(n ast.Node) bool {
	if _, ok := n.(*ast.IdentifierNode); !ok {
		return false
	}
	_, duration := c.durations[n.Location().From]
	return !duration
}

func constant(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.ArrayNode, *ast.IdentifierNode:
		return true
	case *ast.UnaryNode:
		return n.Operator == "-" && constant(n.Node)
	case *ast.BinaryNode:
		return n.Operator == ".."
	}
	return false
}

// odd says what a node is that has no place.
func (c *compiler) odd(n ast.Node) error {
	switch n := n.(type) {
	case *ast.CallNode, *ast.BuiltinNode, *ast.PredicateNode, *ast.PointerNode:
		return fail(n, noFunctions)
	case *ast.MemberNode, *ast.SliceNode, *ast.ChainNode:
		return fail(n, "fields have no parts")
	case *ast.BinaryNode:
		switch n.Operator {
		case "+", "-", "*", "/", "%", "^", "**":
			return fail(n, "arithmetic is not part of expressions")
		}
		return fail(n, "a truth is not compared: put it in parentheses, joined by and, or, not")
	case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode, *ast.NilNode:
		return fail(n, "a constant alone is neither true nor false")
	case *ast.VariableDeclaratorNode, *ast.SequenceNode, *ast.ConditionalNode, *ast.MapNode, *ast.ArrayNode, *ast.BytesNode:
		return fail(n, "only comparisons, joined by and, or, not, make an expression")
	}
	return fail(n, "not part of expressions")
}

// fieldOf returns the field of that name.
func fieldOf(n *ast.IdentifierNode) (*field, error) {
	for i := range fields {
		if f := &fields[i]; f.Name == n.Value || slices.Contains(f.aliases, n.Value) {
			return f, nil
		}
	}
	if s := nearest(n.Value, fieldNames()); s != "" {
		return nil, fail(n, "unknown field %s, did you mean %s?", n.Value, s)
	}
	return nil, fail(n, "unknown field %s, known are %s", n.Value, strings.Join(fieldNames(), " "))
}
