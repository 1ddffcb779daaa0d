package dump

import (
	"testing"

	"github.com/dnssniff/dnssniff/capture"
)

// nowhere takes all.
type nowhere struct{}

func (nowhere) Write(b []byte) (int, error)         { return len(b), nil }
func (nowhere) Seek(at int64, _ int) (int64, error) { return at, nil }
func (nowhere) Truncate(int64) error                { return nil }
func (nowhere) Close() error                        { return nil }

// A packet costs a copy, beside its analysis.
func BenchmarkDump(b *testing.B) {
	d, err := New(Options{Open: func(Slot) (File, error) { return nowhere{}, nil }, Interface: capture.Interface{Link: 1}})
	if err != nil {
		b.Fatal(err)
	}
	batch := packets(250, 120, 0)
	src := &feed{batches: make([][]capture.Packet, b.N/len(batch)+1)}
	for i := range src.batches {
		src.batches[i] = batch
	}
	b.SetBytes(120)
	b.ReportAllocs()
	b.ResetTimer()
	if err := d.Run(src); err != nil {
		b.Fatal(err)
	}
	if st := d.Stats(); st.Packets+st.Lost < uint64(b.N) {
		b.Fatalf("%+v", st)
	}
}
