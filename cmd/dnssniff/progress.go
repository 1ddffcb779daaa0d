package main

import (
	"fmt"
	"io"
	"time"
)

// Progress is shown when the work takes longer than progressAfter, and then renewed.
const (
	progressAfter = time.Second
	progressEvery = 200 * time.Millisecond
)

// showProgress shows how far the reading is on w, if w is a terminal, until the returned function is called.
func showProgress(in packetInput, w io.Writer) (done func()) {
	width, ok := isTerminal(w)
	if !ok {
		return func() {}
	}
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		start := time.Now()
		tick := time.NewTicker(progressEvery)
		defer tick.Stop()
		shown := false
		for {
			select {
			case <-stop:
				if shown {
					fmt.Fprint(w, "\r\x1b[K")
				}
				return
			case <-tick.C:
				if passed := time.Since(start); passed >= progressAfter {
					read, total := in.Progress()
					line := progressLine(read, total, passed)
					fmt.Fprintf(w, "\r%.*s\x1b[K", max(width-1, 20), line)
					shown = true
				}
			}
		}
	}()
	return func() { close(stop); <-stopped }
}

// progressLine says how much of how many bytes is read, how fast, and when the rest will be.
func progressLine(read, total int64, passed time.Duration) string {
	rate := float64(read) / passed.Seconds()
	line := fmt.Sprintf("read %s, %s/s", bytesText(float64(read)), bytesText(rate))
	if total <= 0 || read <= 0 {
		return line
	}
	left := time.Duration(float64(total-read) / rate * float64(time.Second)).Round(time.Second)
	return fmt.Sprintf("read %s of %s (%d%%), %s/s, %s left", bytesText(float64(read)), bytesText(float64(total)),
		100*read/total, bytesText(rate), max(left, 0))
}

// bytesText writes a number of bytes with a binary unit.
func bytesText(n float64) string {
	units := []string{"B", "KiB", "MiB", "GiB", "TiB"}
	i := 0
	for ; n >= 1024 && i < len(units)-1; i++ {
		n /= 1024
	}
	if i == 0 {
		return fmt.Sprintf("%.0f %s", n, units[i])
	}
	return fmt.Sprintf("%.1f %s", n, units[i])
}
