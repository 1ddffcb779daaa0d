package main

import (
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dnssniff/dnssniff/analyze"
	"github.com/dnssniff/dnssniff/capture"
	"github.com/dnssniff/dnssniff/capture/live"
	"github.com/dnssniff/dnssniff/ui/sanitize"
)

// liveInput is an interface as an input.
type liveInput struct {
	*live.Capture
	name   string
	rights string      // what was given up
	keep   *keeper     // nil: no packets are kept
	save   *saver      // nil: nothing is saved
	full   atomic.Bool // all files of -W are written, and the capture goes on
}

// Sources implements packetInput. Where packets are kept, that is one source more.
func (l *liveInput) Sources(n int) []capture.Source {
	if l.keep == nil {
		return l.Capture.Sources(n)
	}
	all := l.Capture.Sources(n + 1)
	l.keep.run(all[n])
	return all[:n]
}

// Files implements packetInput.
func (l *liveInput) Files() []string { return []string{"interface " + l.name} }

// Faults implements packetInput.
func (l *liveInput) Faults() []*capture.Fault { return nil }

// Progress implements packetInput.
func (l *liveInput) Progress() (read, total int64) { return 0, 0 }

// finish ends the capture when its packets are decoded, and waits until they are written.
func (l *liveInput) finish() {
	l.Stop()
	l.keep.wait()
}

// Close implements packetInput.
func (l *liveInput) Close() error {
	return errors.Join(l.Capture.Close(), l.keep.close(), l.save.close())
}

// standing is what is to be said of a capture when it changes.
type standing struct {
	state   live.State
	trouble string
	keeping string
	drops   bool
}

// standing says how it stands.
func (l *liveInput) standing() standing {
	st := l.Stats()
	now := standing{state: st.State, drops: st.Dropped > 0}
	if st.Trouble != nil {
		now.trouble = st.Trouble.Error()
	}
	if l.keep != nil {
		now.keeping = l.keep.why(l.keep.Stats())
	}
	return now
}

// announced is how often is looked for what is to be said, and patient is how many looks the writing has to stay as it is: a disk that is just too
// slow for the packets fails and goes on many times a second.
const (
	announced = 250 * time.Millisecond
	patient   = 4
)

// announce says on w that the capture has begun and, until the caller calls done, when the interface goes and comes, and when packets can be
// written no more, or again.
func (l *liveInput) announce(w io.Writer) (done func()) {
	fmt.Fprintf(w, "dnssniff: listening on %s, link type %v, buffer %d MiB; rights: %s\n", sanitize.String(l.name), l.Link(), l.Stats().Buffer>>20, l.rights)
	stop := make(chan struct{})
	var saying sync.WaitGroup
	saying.Go(func() {
		tick := time.NewTicker(announced)
		defer tick.Stop()
		var said, before standing
		for same := 0; ; {
			select {
			case <-stop:
				return
			case <-tick.C:
			}
			now := l.standing()
			if same++; now.keeping != before.keeping {
				same = 0
			}
			before = now
			if same < patient && said.keeping != "" { // the first trouble is said at once
				now.keeping = said.keeping
			}
			l.say(w, said, now)
			said = now
		}
	})
	return func() { close(stop); saying.Wait() }
}

// stands says how it stands with the interface.
func (l *liveInput) stands(s live.State) string {
	if s == live.NoCarrier {
		return l.name + " has no carrier"
	}
	return fmt.Sprintf("%s is %v", l.name, s)
}

// say says what has changed.
func (l *liveInput) say(w io.Writer, before, now standing) {
	line := func(format string, args ...any) {
		fmt.Fprintf(w, "dnssniff: %s\n", sanitize.String(fmt.Sprintf(format, args...)))
	}
	switch {
	case now.state == before.state:
	case now.state == live.Up:
		line("%s is up again", l.name)
	default:
		line("%s: the capture goes on when it is up again", l.stands(now.state))
	}
	if now.trouble != before.trouble && now.trouble != "" {
		line("%s", now.trouble)
	}
	if now.drops && !before.drops {
		line("the kernel drops packets, which are counted: a larger buffer (-B), or a filter (-f), leaves it room")
	}
	switch {
	case now.keeping == before.keeping:
	case now.keeping == "":
		line("%s: packets are written again; %d were not", l.keep.name, l.keep.Stats().Lost)
	default:
		line("%s%s: packets are not written until that changes", l.keep.name, now.keeping)
	}
}

// trouble says what went wrong on the way, a line each.
func (l *liveInput) trouble() (lines []string) {
	st := l.Stats()
	if st.Losses > 0 {
		lines = append(lines, fmt.Sprintf("%s was not up all the time: %d times away or down, and now %v", l.name, st.Losses, st.State))
	}
	if st.Trouble != nil {
		lines = append(lines, fmt.Sprintf("%s: %v", l.name, st.Trouble))
	}
	if st.Dropped > 0 {
		lines = append(lines, fmt.Sprintf("%d packets dropped by the kernel", st.Dropped))
	}
	if st.MachineTime > 0 {
		lines = append(lines, fmt.Sprintf("%d packets have the time of this machine, not of the adapter", st.MachineTime))
	}
	return lines
}

// report says what went wrong on the way, and what was written.
func (l *liveInput) report(w io.Writer) {
	for _, line := range l.trouble() {
		fmt.Fprintf(w, "dnssniff: warning: %s\n", sanitize.String(line))
	}
	if l.keep != nil {
		fmt.Fprintf(w, "dnssniff: %s\n", sanitize.String(l.keep.summary()))
	}
}

// announce says on w what happens to an input that is an interface, until done is called.
func announce(in packetInput, w io.Writer) (done func()) {
	if l, ok := in.(*liveInput); ok {
		return l.announce(w)
	}
	return func() {}
}

// ended says on w what became of an input that is an interface.
func ended(in packetInput, w io.Writer) {
	if l, ok := in.(*liveInput); ok {
		l.report(w)
	}
}

// count adds to a report what was lost before the decoder.
func count(r *analyze.Report, in packetInput) {
	l, ok := in.(*liveInput)
	if !ok {
		return
	}
	r.Packets.KernelDropped = l.Stats().Dropped
	if l.keep != nil {
		r.Packets.NotWritten = l.keep.Stats().Lost
	}
}

// kernelDropped is how many packets the kernel did not hand out.
func kernelDropped(in packetInput) uint64 {
	if l, ok := in.(*liveInput); ok {
		return l.Stats().Dropped
	}
	return 0
}
