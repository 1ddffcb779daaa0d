package text

import (
	"strings"
	"time"

	"github.com/dnssniff/dnssniff/analyze"
)

// activityColumns is what a line of the activity block needs beside its spark line.
const activityColumns = 52

// activity draws the counts over time, each line to its own scale.
func activity(r *analyze.Report, o Options) block {
	s := r.Series
	lines := seriesLines(r)
	buckets := 0
	for _, l := range lines {
		buckets = max(buckets, len(l.counts))
	}
	if !(s.Width > 0) || buckets < 2 {
		return block{}
	}
	room := o.Width - activityColumns
	merge := (buckets + room - 1) / room
	t := table{bare: true, cols: []column{{flex: noteMin}, {}, {right: true, flex: noteMin}, {}}}
	for _, l := range lines {
		peak, at := largest(l.counts)
		if peak == 0 {
			continue
		}
		t.rows = append(t.rows, []cell{
			{text: l.label}, {text: "|" + spark(merged(l.counts, merge), o.ASCII) + "|", style: accent}, {text: "peak " + rate(peak, s.Width)},
			{text: "at " + bucketTime(s, at), style: dim},
		})
	}
	note := "a column is " + span(s.Width*float64(merge), o.ASCII) + ", each line has its own scale; peaks are over " + span(s.Width, o.ASCII)
	return block{title: "Activity", note: note, tables: []table{t}}
}

type seriesLine struct {
	label  string
	counts []uint64
}

// seriesLines returns the lines worth drawing: with the three commonest codes that are not NOERROR.
func seriesLines(r *analyze.Report) []seriesLine {
	s := r.Series
	lines := []seriesLine{{"queries", s.Queries}, {"responses", s.Responses}}
	if r.Source.OneWay == "" {
		lines = append(lines, seriesLine{"unanswered", s.Unanswered})
	}
	totals := map[string]uint64{}
	for code, counts := range s.RCODEs {
		if code == "NOERROR" {
			continue
		}
		for _, n := range counts {
			totals[code] += n
		}
	}
	codes := ranked(totals)
	for _, c := range codes[:min(len(codes), 3)] {
		lines = append(lines, seriesLine{c.key, s.RCODEs[c.key]})
	}
	return lines
}

func largest(counts []uint64) (most uint64, at int) {
	for i, n := range counts {
		if n > most {
			most, at = n, i
		}
	}
	return most, at
}

// merged adds up each k counts.
func merged(counts []uint64, k int) []uint64 {
	out := make([]uint64, (len(counts)+k-1)/k)
	for i, n := range counts {
		out[i/k] += n
	}
	return out
}

// spark draws counts as one character each. Only 0 is a space.
func spark(counts []uint64, ascii bool) string {
	levels := []rune(" ▁▂▃▄▅▆▇█")
	if ascii {
		levels = []rune(" .:-=+*#@")
	}
	most, _ := largest(counts)
	var b strings.Builder
	for _, n := range counts {
		level := 0
		if n > 0 {
			level = max(1, int(ratio(n, most)*float64(len(levels)-1)+0.5))
		}
		b.WriteRune(levels[level])
	}
	return b.String()
}

// bucketTime returns when bucket i began, with its day where the series is longer than one.
func bucketTime(s analyze.Series, i int) string {
	at := s.Start.Add(time.Duration(float64(i) * s.Width * float64(time.Second))).UTC()
	if s.Width*float64(len(s.Queries)) > 86400 {
		return at.Format("01-02 15:04")
	}
	return at.Format("15:04:05")
}
