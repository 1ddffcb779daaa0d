package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dnssniff/dnssniff/analyze/record"
	"github.com/dnssniff/dnssniff/analyze/where"
	"github.com/dnssniff/dnssniff/decode"
)

// whereFlag is the flag with an expression over transactions.
func whereFlag(cmd *cobra.Command, text *string) {
	cmd.Flags().StringVarP(text, "where", "Y", "", "take the transactions that match `EXPR`")
}

// whereHelp explains the flag, with the fields that an expression can name.
func whereHelp() string {
	var names []string
	for _, f := range where.Fields() {
		names = append(names, f.Name)
	}
	return `An expression of --where compares the fields of a transaction: rcode, client and
so on with ==, !=, <, >, in, contains, startsWith, endsWith, matches, joined by
&&, || and !. Its fields:

` + wrap(strings.Join(names, " "), widthLeast)
}

// wrap breaks a text into lines at spaces.
func wrap(text string, width int) string {
	var b strings.Builder
	at := 0
	for _, word := range strings.Fields(text) {
		switch {
		case at == 0:
		case at+1+len(word) > width:
			b.WriteByte('\n')
			at = 0
		default:
			b.WriteByte(' ')
			at++
		}
		b.WriteString(word)
		at += len(word)
	}
	return b.String()
}

// whereOf compiles the expression of --where, nil without one.
func whereOf(text string) (*where.Expr, error) {
	if text == "" {
		return nil, nil
	}
	e, err := where.Parse(text)
	if err != nil {
		return nil, usageError{fmt.Errorf("--where %q: %w", text, err)}
	}
	return e, nil
}

// mostInspected bounds the messages that inspect --where shows: each takes a reading of the file.
const mostInspected = 10

// errEnough ends a search.
var errEnough = errors.New("enough")

// chooser collects the packets of the queries, or else of the responses, that match an expression.
type chooser struct {
	expr    *where.Expr
	packets []uint64
	more    bool // there were others
	stop    context.CancelCauseFunc
}

// Message implements [decode.Handler].
func (c *chooser) Message(*decode.Message) {}

// Transaction implements [decode.Handler].
func (c *chooser) Transaction(t *decode.Transaction) {
	r := record.Of(t, 0)
	if c.more || !c.expr.Match(&r) {
		return
	}
	packet := r.QueryPacket
	if !r.HasQuery {
		packet = r.ResponsePacket
	}
	switch {
	case slices.Contains(c.packets, packet):
	case len(c.packets) == mostInspected:
		c.more = true
		c.stop(errEnough)
	default:
		c.packets = append(c.packets, packet)
	}
}

// choose returns the packets of a file whose transactions match, the first mostInspected of them, and whether there are more.
func (o *inspectOptions) choose(ctx context.Context, files []string, conf decode.Config, e *where.Expr) (packets []uint64, more bool, err error) {
	in, err := openInput(ctx, files, o.std)
	if err != nil {
		return nil, false, err
	}
	defer in.Close()
	within, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	c := &chooser{expr: e, stop: stop}
	conf.KeepNames, conf.InOrder = true, true
	if _, err := o.source.decode(within, in, conf, 1, o.std.err, func(int) decode.Handler { return c }); err != nil && !errors.Is(context.Cause(within), errEnough) {
		return nil, false, err
	}
	return c.packets, c.more, nil
}
