package watch

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/dnssniff/dnssniff/analyze"
	"github.com/dnssniff/dnssniff/analyze/record"
	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/pcaps/synth"
)

// BenchmarkDecode compares counting alone with counting for screens, over a file.
func BenchmarkDecode(b *testing.B) {
	path := synthetic(b, synth.Options{Packets: 2000000, Seed: 3})
	b.Run("summaries", func(b *testing.B) {
		for range b.N {
			conf := config(b)
			st := decoded(b, []string{path}, conf, 1, func(int) decode.Handler { return analyze.NewSummary(&conf, analyze.DefaultLimits()) })
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(st.Packets)/float64(b.N), "ns/packet")
		}
	})
	b.Run("watch", func(b *testing.B) {
		for range b.N {
			conf := config(b)
			w := New(&conf, Options{})
			st := decoded(b, []string{path}, conf, 1, w.Handler)
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(st.Packets)/float64(b.N), "ns/packet")
			w.Close()
		}
	})
	b.Run("watch live", func(b *testing.B) {
		for range b.N {
			conf := config(b)
			w := New(&conf, Options{Clock: func() int64 { return time.Now().UnixNano() }})
			st := decoded(b, []string{path}, conf, 1, w.Handler)
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(st.Packets)/float64(b.N), "ns/packet")
			w.Close()
		}
	})
}

// million fills a watcher with a million names and a full ring.
func million(b *testing.B) *aggregator {
	conf := config(b)
	_, a := newWatcher(&conf, Options{Limits: analyze.Limits{Names: fifths(1 << 21)}})
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 1_000_000 {
		rec := record.Record{Time: time.Unix(int64(i/1000), 0), HasQuery: true, HasResponse: true, HasQuestion: true, RTT: time.Duration(r.IntN(1e8)),
			Name: fmt.Sprintf("host%d.zone%d.example%d.com.", i, i%1000, i%20000), Type: 1}
		a.windows.all.Record(&rec)
	}
	var e encoder
	var buf []byte
	name := []byte("\x04host\x07example\x03com\x00")
	for i := range 400000 {
		q := decode.Query{Time: int64(i) * 1e6, Number: uint64(i), HasQuestion: true, Name: name, Data: make([]byte, 40)}
		a.ring.take(i%8, e.append(buf[:0], &decode.Transaction{Query: &q, Status: decode.Unanswered}))
	}
	a.windows.any = true
	return a
}

func BenchmarkSnapshot(b *testing.B) {
	a := million(b)
	b.Logf("%d records held", a.ring.held)
	wall := time.Unix(2_000_000_000, 0)
	b.Run("a million names", func(b *testing.B) {
		for range b.N {
			a.builder.report = nil
			a.publish(wall)
		}
	})
	b.Run("tables of before", func(b *testing.B) {
		for range b.N {
			a.builder.next = wall.Add(time.Hour)
			a.publish(wall)
		}
	})
	some := matcher(func(r *record.Record) bool { return r.QueryPacket%100 == 0 })
	b.Run("another expression", func(b *testing.B) {
		for range b.N {
			a.w.Refresh(All, some)
			a.publish(wall)
		}
	})
	b.Run("the same expression", func(b *testing.B) {
		for range b.N {
			a.builder.report = nil
			a.publish(wall)
		}
	})
	a.w.Refresh(All, matcher(func(r *record.Record) bool { return true }))
	b.Run("expression that all match", func(b *testing.B) {
		for range b.N {
			a.builder.report = nil
			a.publish(wall)
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	e := encoder{limit: 1232}
	q := decode.Query{HasQuestion: true, Name: []byte("\x04host\x07example\x03com\x00"), Data: make([]byte, 40)}
	t := decode.Transaction{Query: &q, Status: decode.Unanswered}
	var buf []byte
	b.ReportAllocs()
	for range b.N {
		buf = e.append(buf[:0], &t)
	}
}
