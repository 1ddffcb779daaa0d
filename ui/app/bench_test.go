package app

import (
	"fmt"
	"testing"
	"time"

	"github.com/gdamore/tcell/v2"

	"github.com/dnssniff/dnssniff/analyze"
	"github.com/dnssniff/dnssniff/analyze/record"
	"github.com/dnssniff/dnssniff/analyze/watch"
)

// million is a snapshot with a million names.
func million(rows int) *watch.Snapshot {
	r := &analyze.Report{}
	for i := range rows {
		r.Names = append(r.Names, analyze.Row{Name: fmt.Sprintf("host%d.zone%d.example.", i, i%1000), Queries: uint64(rows - i), Responses: uint64(rows - i),
			RCODEs: map[string]uint64{"NOERROR": uint64(rows - i), "SERVFAIL": uint64(i % 7)}})
	}
	r.Messages.Queries = 1 << 30
	return &watch.Snapshot{Report: r, Records: []*record.Record{}}
}

// A redraw takes a new snapshot, makes its tables and draws them. With a million rows it must take no longer than with few: what has to go through all
// rows is done aside.
func BenchmarkRedraw(b *testing.B) {
	for _, rows := range []int{100, 10_000, 1_000_000} {
		s := million(rows)
		for _, how := range []string{"as_it_comes", "sorted_and_selected"} {
			b.Run(fmt.Sprintf("%d/%s", rows, how), func(b *testing.B) {
				r := start(b, s, 120, 40, nil)
				r.press("4")
				if how != "as_it_comes" {
					r.press("Right", "s", "s", "Down")
				}
				b.ReportAllocs()
				b.ResetTimer()
				var worst time.Duration
				for i := range b.N {
					next := *s
					next.Number = uint64(i)
					r.src.set(&next)
					done := make(chan time.Duration)
					r.app.post(func() {
						began := time.Now()
						r.app.tick()
						r.app.tv.ForceDraw()
						done <- time.Since(began)
					})
					worst = max(worst, <-done)
				}
				b.ReportMetric(float64(worst)/1e6, "worst-ms")
			})
		}
	}
}

// A key is answered at once, too.
func BenchmarkKey(b *testing.B) {
	r := start(b, million(1_000_000), 120, 40, nil)
	r.press("4")
	for b.Loop() {
		done := make(chan bool)
		r.app.tv.QueueEvent(tcell.NewEventKey(tcell.KeyDown, 0, tcell.ModNone))
		r.app.post(func() { close(done) })
		<-done
	}
}
