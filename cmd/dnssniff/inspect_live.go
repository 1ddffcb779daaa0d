package main

import (
	"context"
	"errors"

	"github.com/dnssniff/dnssniff/analyze/record"
	"github.com/dnssniff/dnssniff/analyze/where"
	"github.com/dnssniff/dnssniff/capture"
	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/ui/inspect"
)

// runLive shows the first transaction of an interface that matches.
func (o *inspectOptions) runLive(ctx context.Context, args []string) error {
	expr, err := whereOf(o.where)
	if err != nil {
		return err
	}
	return o.source.with(ctx, args, o.output, o.std, func(ctx context.Context, conf decode.Config, x exchange) error {
		l, ok := x.in.(*liveInput)
		if !ok {
			return errors.New("-i without an interface")
		}
		told := l.announce(o.std.err)
		found, err := o.await(ctx, l, conf, expr)
		told()
		l.report(o.std.err)
		if err != nil {
			return err
		}
		return o.show(x.out, found)
	})
}

// await reads until a transaction matches.
func (o *inspectOptions) await(ctx context.Context, l *liveInput, conf decode.Config, e *where.Expr) ([]inspect.Exchange, error) {
	within, stop := context.WithCancel(ctx)
	defer stop()
	conf.KeepNames, conf.InOrder = true, true
	f := &firstFinder{finder: newFinder(0, &conf, l.name, stop), expr: e}
	if _, err := o.source.decode(within, &tapped{l, f}, conf, 1, o.std.err, func(int) decode.Handler { return f }); err != nil {
		return nil, err
	}
	if len(f.hits) == 0 {
		return nil, errors.New("no transaction matched --where")
	}
	found := f.exchange(f.hits[0])
	for _, m := range []*inspect.Message{found.Query, found.Response} {
		f.addEvents(m)
	}
	return []inspect.Exchange{found}, nil
}

// tapped is an interface whose packets pass by a finder.
type tapped struct {
	*liveInput
	finder *firstFinder
}

// Sources implements packetInput, for one source.
func (t *tapped) Sources(int) []capture.Source {
	t.finder.Source = t.liveInput.Sources(1)[0]
	return []capture.Source{t.finder}
}

// firstFinder finds the first transaction that matches an expression.
type firstFinder struct {
	*finder
	expr *where.Expr
}

// Transaction takes a transaction from the decoder.
func (f *firstFinder) Transaction(t *decode.Transaction) {
	if f.done {
		return
	}
	if r := record.Of(t, 0); !f.expr.Match(&r) {
		return
	}
	h := f.of(t)
	if h == nil {
		return // its message is held no more
	}
	f.want, f.hits, f.done = h.raw.Number, []*hit{h}, true
	f.settle(h, t)
	f.stop()
}

// of makes a hit of a transaction's query, or of its response where it has none.
func (f *firstFinder) of(t *decode.Transaction) *hit {
	if t.Query != nil {
		if x := f.heldQuery(t); x != nil {
			return f.hitOf(x)
		}
		return nil
	}
	if t.Response == nil {
		return nil
	}
	h := &hit{raw: *t.Response, msg: f.response(t.Response)}
	h.raw.Message = h.msg.Message
	return h
}
