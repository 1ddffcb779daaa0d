package main

import (
	"errors"
	"io"
	"sync"
	"time"

	"github.com/spf13/pflag"

	"github.com/dnssniff/dnssniff/analyze"
	"github.com/dnssniff/dnssniff/analyze/diagnose"
	"github.com/dnssniff/dnssniff/analyze/watch"
	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/ui/text"
)

// tellOptions say where findings of a capture are told.
type tellOptions struct {
	quiet    bool // nowhere on standard error
	findings bool // among the JSON objects
}

func (o *tellOptions) flags(f *pflag.FlagSet) {
	f.BoolVarP(&o.quiet, "quiet", "q", false, "with -i: do not tell of findings")
	f.BoolVar(&o.findings, "findings", false, "with -i --json: an object when a finding changes")
}

// check judges the flags of a call that is for an interface, or that prints JSON.
func (o *tellOptions) check(live, json bool) error {
	if o.findings && !(live && json) {
		return usageError{errors.New("--findings goes with -i and --json: dnssniff report has the findings of a file")}
	}
	return nil
}

// watching is what a watcher takes from the decoder.
type watching interface {
	decode.Handler
	decode.Warmer
	decode.Watcher
	decode.Ticker
	decode.Batcher
}

// beside hands what the decoder makes to what prints and to what watches.
type beside struct {
	watching
	lines decode.Handler
}

// Message implements [decode.Handler].
func (b *beside) Message(m *decode.Message) {
	b.lines.Message(m)
	b.watching.Message(m)
}

// Transaction implements [decode.Handler].
func (b *beside) Transaction(t *decode.Transaction) {
	b.lines.Transaction(t)
	b.watching.Transaction(t)
}

// Event implements [decode.Watcher].
func (b *beside) Event(e *decode.Event) {
	if x, ok := b.lines.(decode.Watcher); ok {
		x.Event(e)
	}
	b.watching.Event(e)
}

// Tick implements [decode.Ticker].
func (b *beside) Tick(now int64) {
	if x, ok := b.lines.(decode.Ticker); ok {
		x.Tick(now)
	}
	b.watching.Tick(now)
}

// The whole of a watcher that only tells is of no use: its tables are small.
const toldRows = 1 << 10

// tell has the findings of a capture told while lines are printed: by watching besides. What it told goes to errs, or among the lines.
func (o *printOptions) tell(in packetInput, conf *decode.Config, p *printer, errs io.Writer) {
	if _, live := in.(*liveInput); !live || o.told.quiet && !o.told.findings {
		return
	}
	p.watcher = watch.New(conf, watch.Options{
		Bytes: 1, Data: 1, Rows: 1, Records: 1, Clock: func() int64 { return time.Now().UnixNano() },
		Limits: analyze.Limits{Clients: toldRows, Servers: toldRows, Names: toldRows, Zones: toldRows, Evidence: 1},
		Events: func(e diagnose.Event) { p.finding(&e, o.told.findings, errs) },
	})
}

// finding says what happens to a finding. It is called from the watcher's goroutine.
func (p *printer) finding(e *diagnose.Event, among bool, errs io.Writer) {
	if !among {
		_, _ = errs.Write(text.FindingLine(nil, e, text.LineOptions{ASCII: p.look.ASCII})) // there is nowhere to say that it failed
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	_, _ = p.out.Write(text.FindingJSON(nil, e)) // an error stays, and the next line has it
	_ = p.out.Flush()
}

// with returns the handler of a shard that prints, and beside it watches where findings are told.
func (p *printer) with(shard int, lines decode.Handler) decode.Handler {
	if p.watcher == nil {
		return lines
	}
	w, ok := p.watcher.Handler(shard).(watching)
	if !ok {
		return lines
	}
	return &beside{w, lines}
}

// toldAll ends the watching.
func (p *printer) toldAll(st decode.Stats) {
	if p.watcher != nil {
		p.watcher.Finish(st)
		p.watcher.Close()
		p.flush()
	}
}

// serial is a writer for several goroutines: what each writes at once stays together.
type serial struct {
	mu sync.Mutex
	w  io.Writer
}

func (s *serial) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.w.Write(b)
}
