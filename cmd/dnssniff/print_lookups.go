package main

import (
	"context"
	"fmt"
	"io"

	"github.com/dnssniff/dnssniff/analyze/lookup"
	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/decode/packet"
	"github.com/dnssniff/dnssniff/decode/wire"
	"github.com/dnssniff/dnssniff/ui/text"
)

// lookupPrinter writes a line for each lookup of a shard: what a client tried for one question.
type lookupPrinter struct {
	*printer
	tracker *lookup.Tracker
	servers map[uint64]packet.Addr // by hash
}

// Bounds of what a lookup printer remembers.
const (
	printedLookups = 1 << 13 // under way
	printedServers = 1 << 13
)

func newLookupPrinter(p *printer, conf *decode.Config) *lookupPrinter {
	x := &lookupPrinter{printer: p, servers: make(map[uint64]packet.Addr)}
	x.tracker = lookup.New(conf.Seed, conf.Timeout.Nanoseconds(), printedLookups, x)
	x.tracker.Every()
	return x
}

// Message takes a query.
func (p *lookupPrinter) Message(m *decode.Message) {
	p.printer.Message(m)
	if m.Proto > decode.TCP || m.Response() || m.Opcode() != 0 || m.Parsed[wire.SectionQuestion] == 0 {
		return
	}
	if _, ok := p.servers[m.ServerHash]; !ok && len(p.servers) < printedServers {
		p.servers[m.ServerHash] = m.Server
	}
	p.tracker.Query(m)
}

// Transaction takes the end of a step.
func (p *lookupPrinter) Transaction(t *decode.Transaction) { p.tracker.Settle(t) }

// Tick ends lookups whose time is over.
func (p *lookupPrinter) Tick(now int64) { p.tracker.Tick(now) }

// Event takes TCP connections that did not open.
func (p *lookupPrinter) Event(e *decode.Event) {
	if e.Kind == decode.KindUnanswered {
		p.tracker.Unopened(e)
	}
}

// Anomaly implements [lookup.Listener].
func (p *lookupPrinter) Anomaly(anomaly.ID, *lookup.Lookup) {}

// Settled implements [lookup.Listener]: it writes a line.
func (p *lookupPrinter) Settled(l *lookup.Lookup, answered bool) {
	if p.err != nil {
		return
	}
	x := text.Lookup{Lookup: l, Answered: answered, Server: func(hash uint64) packet.Addr { return p.servers[hash] }}
	if p.json {
		p.line = text.LookupJSON(p.line[:0], x)
	} else {
		p.line = text.LookupLine(p.line[:0], x, p.look)
	}
	p.write()
}

// lookupLines prints lookups.
func (o *printOptions) lookupLines(ctx context.Context, in packetInput, conf decode.Config, p *printer, screen io.Writer) (decode.Stats, error) {
	shards := make([]*lookupPrinter, decode.Shards)
	for i := range shards {
		shards[i] = newLookupPrinter(p, &conf)
	}
	stats, err := o.source.decode(ctx, in, conf, 1, screen, func(i int) decode.Handler { return p.with(i, shards[i]) })
	p.flush()
	open := uint64(0)
	for _, s := range shards {
		open += s.tracker.Counts().Pending
	}
	if open > 0 {
		fmt.Fprintf(o.std.err, "dnssniff: lookups still open at the end of the capture: %d\n", open)
	}
	return stats, err
}
