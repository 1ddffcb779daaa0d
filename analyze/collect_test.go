package analyze

import (
	"bytes"
	"context"
	"slices"
	"testing"

	"github.com/dnssniff/dnssniff/capture"
	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/wire"
	"github.com/dnssniff/dnssniff/pcaps/synth"
)

// collector keeps copies of the messages of a capture.
type collector struct{ messages []decode.Message }

// Message keeps a copy.
func (c *collector) Message(m *decode.Message) {
	own := *m
	own.Message = new(wire.Message)
	own.Message.Parse(slices.Clone(m.Data), m.Cut)
	c.messages = append(c.messages, own)
}

// Transaction is not looked at.
func (c *collector) Transaction(*decode.Transaction) {}

// collect returns the messages of a small synthetic capture.
func collect(tb testing.TB) *collector {
	tb.Helper()
	var pcap bytes.Buffer
	if _, err := synth.Write(&pcap, synth.Options{Packets: 5000, Seed: 1}); err != nil {
		tb.Fatal(err)
	}
	in, err := capture.Open([]string{"-"}, capture.Options{Stdin: &pcap})
	if err != nil {
		tb.Fatal(err)
	}
	defer in.Close()
	conf, err := decode.DefaultConfig()
	if err != nil {
		tb.Fatal(err)
	}
	c := new(collector)
	if _, err := decode.Run(context.Background(), in.Sources(1), conf, func(int) decode.Handler { return c }); err != nil {
		tb.Fatal(err)
	}
	return c
}

func newTestSummary(seed uint64) *Summary {
	return NewSummary(&decode.Config{Seed: seed, Timeout: decode.DefaultTimeout}, DefaultLimits())
}
