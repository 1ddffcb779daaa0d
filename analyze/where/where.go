// Package where compiles expressions that choose transactions:
//
//	rcode == "SERVFAIL" && client in "10.0.0.0/8" && rtt > 500ms
//
// The syntax is that of github.com/expr-lang/expr without its functions, loops and arithmetic: comparisons of a field with constants, in, contains,
// startsWith, endsWith, matches, joined by and (&&), or (||), not (!) and parentheses. Durations are written as in Go. [Fields] lists the fields.
//
// A comparison with what a transaction lacks is false, that with != too: rcode != "NOERROR" chooses responses. So not (rcode == "NOERROR")
// chooses transactions without a response as well.
//
// An expression is checked when it is parsed: fields, operators, and the names of response codes, types and anomalies, of which those are refused that
// no transaction has. Matching costs no allocation (a zone, or an anomaly of names: two); its time is bounded by the lengths of expression and record.
package where

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"

	"github.com/dnssniff/dnssniff/analyze/record"
)

// Bounds on expressions.
const (
	maxLength = 4096 // bytes
	maxNodes  = 2048
	maxDepth  = 100 // of parentheses, and of not
)

// Expr is an expression that has been checked. It can be used by several goroutines at once.
type Expr struct {
	text  string
	match pred
}

// pred is a part of an expression that is true or false.
type pred func(*record.Record) bool

// Error says what is wrong with an expression. All errors of this package are of this type.
type Error struct {
	Column  int // where, in characters from 1
	Message string
}

// Error returns one line.
func (e *Error) Error() string { return fmt.Sprintf("column %d: %s", e.Column, e.Message) }

// Parse checks an expression. An empty one matches everything.
func Parse(text string) (*Expr, error) {
	e := &Expr{text: text, match: func(*record.Record) bool { return true }}
	if strings.TrimSpace(text) == "" {
		return e, nil
	}
	if len(text) > maxLength {
		return nil, &Error{1, fmt.Sprintf("the expression is longer than %d bytes", maxLength)}
	}
	if !utf8.ValidString(text) {
		return nil, &Error{1, "the expression is not UTF-8"}
	}
	s, err := scan(text)
	if err != nil {
		return nil, err
	}
	settings := conf.CreateNew()
	settings.MaxNodes, settings.DisableIfOperator = maxNodes, true
	tree, syntax := parser.ParseWithConfig(s.text, settings)
	if syntax != nil {
		return nil, s.syntax(syntax)
	}
	c := compiler{durations: s.durations}
	if e.match, err = c.pred(tree.Node); err != nil {
		return nil, err
	}
	return e, nil
}

// Match says whether the expression is true of a transaction.
func (e *Expr) Match(r *record.Record) bool { return e.match(r) }

// String returns the expression as it was given.
func (e *Expr) String() string { return e.text }

// syntax makes an error of the parser one of ours.
func (s *scanned) syntax(err error) error {
	var e *file.Error
	if !errors.As(err, &e) {
		return &Error{1, firstLine(err.Error())}
	}
	message := firstLine(e.Message)
	switch {
	case strings.HasPrefix(message, "unexpected token EOF"), strings.HasPrefix(message, "unexpected end"):
		message = "the expression ends too early"
	case strings.HasPrefix(message, "compilation failed"):
		message = "the expression has too many parts"
	case strings.HasPrefix(message, "unexpected token Operator(\"=\")"):
		message = "compare with =="
	case strings.HasPrefix(message, "unexpected token "):
		message = "unexpected " + token(message)
	case strings.HasPrefix(message, "unknown name "), strings.HasPrefix(message, "unknown function"):
		message = noFunctions
	}
	return &Error{min(e.From, s.runes) + 1, message}
}

// token returns the text of the parser's token: Identifier("x").
func token(message string) string {
	from, to := strings.IndexByte(message, '('), strings.LastIndexByte(message, ')')
	if from < 0 || to <= from {
		return strings.TrimPrefix(message, "unexpected token ")
	}
	return message[from+1 : to]
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}
