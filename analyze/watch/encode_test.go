package watch

import (
	"context"
	"math"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/dnssniff/dnssniff/analyze/record"
	"github.com/dnssniff/dnssniff/capture"
	"github.com/dnssniff/dnssniff/decode"
)

// encoding compares each transaction's record with what comes back from its bytes.
type encoding struct {
	t    *testing.T
	e    encoder
	x    reader
	room []byte
	n    int
}

func (c *encoding) Message(*decode.Message) {}

func (c *encoding) Transaction(t *decode.Transaction) {
	c.n++
	want := record.Of(t, c.e.limit)
	c.room = c.e.append(append(c.room[:0], "before"...), t)
	got := c.x.copied(held(c.room[6:]))
	if len(want.Query) == 0 {
		want.Query, got.Query = nil, nil
	}
	if len(want.Response) == 0 {
		want.Response, got.Response = nil, nil
	}
	if !reflect.DeepEqual(*got, want) {
		c.t.Errorf("packet %d:\n got %+v\nwant %+v", want.QueryPacket, *got, want)
	}
	if len(c.room) > mostRecord {
		c.t.Errorf("%d bytes", len(c.room))
	}
	if n := c.allocations(t); n > 0 {
		c.t.Errorf("packet %d: %v allocations", want.QueryPacket, n)
	}
}

// allocations returns how many allocations one transaction takes: the least of several times, as what decompresses the captures allocates beside it.
func (c *encoding) allocations(t *decode.Transaction) float64 {
	least := math.Inf(1)
	for range 5 {
		if least = min(least, testing.AllocsPerRun(1, func() { c.room = c.e.append(c.room[:0], t) })); least == 0 {
			break
		}
	}
	return least
}

// samples are the captures of the repository.
func samples(t testing.TB) []string {
	t.Helper()
	all, err := filepath.Glob("../../pcaps/*.pcap*")
	if err != nil || len(all) == 0 {
		t.Fatalf("%d captures: %v", len(all), err)
	}
	if testing.Short() {
		all = all[:len(all)/6]
	}
	return all
}

func decoded(t testing.TB, paths []string, conf decode.Config, workers int, handler func(int) decode.Handler) decode.Stats {
	t.Helper()
	in, err := capture.Open(paths, capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	stats, err := decode.Run(context.Background(), in.Sources(workers), conf, handler)
	if err != nil {
		t.Fatal(err)
	}
	return stats
}

func config(t testing.TB) decode.Config {
	t.Helper()
	conf, err := decode.DefaultConfig()
	if err != nil {
		t.Fatal(err)
	}
	return conf
}

func TestRecordsComeBack(t *testing.T) {
	conf := config(t)
	conf.KeepNames, conf.KeepData = true, true
	for _, limit := range []int{0, 20, mostData} {
		c := &encoding{t: t, e: encoder{limit: limit}}
		decoded(t, samples(t), conf, 1, func(int) decode.Handler { return c })
		if c.n < 1000 {
			t.Errorf("%d transactions", c.n)
		}
	}
}
