package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// stuck is when a test gives up on what should come at once.
const stuck = time.Minute

// office returns the first bytes of the sample capture.
func office(t testing.TB, n int) []byte {
	t.Helper()
	raw, err := os.ReadFile("../../pcaps/office.pcap")
	if err != nil {
		t.Fatal(err)
	}
	return raw[:n]
}

// result is how a run ended.
type result struct {
	code      int
	out, errs string
}

// start runs the command beside the test. stdout, where given, takes the output instead of the result.
func start(ctx context.Context, stdin io.Reader, stdout io.Writer, args ...string) <-chan result {
	return startStreams(ctx, streams{in: stdin, out: stdout}, args...)
}

func startStreams(ctx context.Context, std streams, args ...string) <-chan result {
	done := make(chan result, 1)
	go func() {
		var out, errs bytes.Buffer
		stdout := std.out
		if std.err = &errs; stdout == nil {
			std.out = &out
		}
		code := run(ctx, args, std)
		if c, ok := stdout.(io.Closer); ok {
			_ = c.Close()
		}
		done <- result{code, out.String(), errs.String()}
	}()
	return done
}

// end waits for a run.
func end(t *testing.T, done <-chan result) result {
	t.Helper()
	select {
	case r := <-done:
		return r
	case <-time.After(stuck):
		t.Fatal("the command hangs")
		return result{}
	}
}

// pipe returns both ends of a pipe of the system.
func pipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(); w.Close() })
	return r, w
}

// TestPrintShowsLinesAtOnce: a pipe that gives no more for now does not hold back what is known.
func TestPrintShowsLinesAtOnce(t *testing.T) {
	for _, format := range [][]string{nil, {"--json"}} {
		in, feed := pipe(t)
		if _, err := feed.Write(office(t, 20000)); err != nil {
			t.Fatal(err)
		}
		lines, out := io.Pipe()
		done := start(t.Context(), in, out, append([]string{"print", "-"}, format...)...)
		first := make(chan string, 1)
		go func() {
			r := bufio.NewReader(lines)
			line, _ := r.ReadString('\n')
			first <- line
			_, _ = io.Copy(io.Discard, r)
		}()
		select {
		case line := <-first:
			if !strings.Contains(line, "198.51.100.10") {
				t.Errorf("first line %q", line)
			}
		case <-time.After(stuck):
			t.Fatal("no line before the end of the pipe")
		}
		feed.Close()
		if r := end(t, done); r.code != 0 {
			t.Errorf("exit code %d: %s", r.code, r.errs)
		}
	}
}

// countingWriter counts the writes.
type countingWriter struct{ writes int }

func (w *countingWriter) Write(p []byte) (int, error) { w.writes++; return len(p), nil }

// TestPrintOfFileIsBuffered: nobody waits for a line of a plain file.
func TestPrintOfFileIsBuffered(t *testing.T) {
	w := new(countingWriter)
	r := end(t, start(t.Context(), nil, w, "print", "../../pcaps/office.pcap"))
	if r.code != 0 || w.writes > 3 {
		t.Errorf("exit code %d, %d writes of some 80 KiB", r.code, w.writes)
	}
}

// TestInterruptedBeforeTheCapture: Ctrl-C ends the wait for the first bytes, with exit code 1 and a line that says so.
func TestInterruptedBeforeTheCapture(t *testing.T) {
	for _, args := range [][]string{{"report", "-"}, {"print", "-"}, {"-"}, {"report", "--format", "json", "-"}} {
		in, feed := pipe(t)
		ctx, cancel := context.WithCancel(t.Context())
		done := start(ctx, in, nil, args...)
		cancel()
		r := end(t, done)
		if r.code != 1 || r.out != "" || r.errs != "dnssniff: interrupted before a capture began\n" {
			t.Errorf("%v: exit code %d, output %q, error %q", args, r.code, r.out, r.errs)
		}
		feed.Close()
	}
}

// TestInterruptedWithItsWriter: Ctrl-C ended what writes to the pipe as well, and that never wrote.
func TestInterruptedWithItsWriter(t *testing.T) {
	in, feed := pipe(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	feed.Close()
	if r := end(t, start(ctx, in, nil, "report", "-")); r.code != 1 || !strings.Contains(r.errs, "interrupted") {
		t.Errorf("exit code %d, error %q", r.code, r.errs)
	}
}

// held is a pipe that gives no more for now, and says so.
type held struct {
	io.Reader
	dry func()
}

func (h *held) Read(p []byte) (int, error) {
	n, err := h.Reader.Read(p)
	if errors.Is(err, io.EOF) {
		h.dry()
		select {}
	}
	return n, err
}

// TestInterruptedReport: Ctrl-C within a capture shows what was read.
func TestInterruptedReport(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	std := streams{in: &held{bytes.NewReader(office(t, 20000)), cancel}, grace: time.Second}
	r := end(t, startStreams(ctx, std, "report", "--format", "json", "-"))
	var report struct {
		Source   struct{ Interrupted bool }
		Messages struct{ Total int }
	}
	if err := json.Unmarshal([]byte(r.out), &report); err != nil || r.code != 0 {
		t.Fatalf("exit code %d, %v: %s", r.code, err, r.errs)
	}
	if !report.Source.Interrupted || report.Messages.Total < 50 {
		t.Errorf("interrupted %t, %d messages", report.Source.Interrupted, report.Messages.Total)
	}
}

// lastGasp is a pipe whose writer gives its bytes when it is interrupted, as tcpdump does, and ends.
type lastGasp struct {
	interrupt <-chan struct{}
	io.Reader
}

func (g lastGasp) Read(p []byte) (int, error) {
	<-g.interrupt
	return g.Reader.Read(p)
}

// TestWriterFlushesAtInterrupt: Ctrl-C reaches tcpdump too, and what it writes then is still read, to its end.
func TestWriterFlushesAtInterrupt(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	raw, err := os.ReadFile("../../pcaps/office.pcap")
	if err != nil {
		t.Fatal(err)
	}
	std := streams{in: lastGasp{ctx.Done(), bytes.NewReader(raw)}, grace: time.Hour}
	done := startStreams(ctx, std, "print", "-")
	cancel()
	if r := end(t, done); r.code != 0 || strings.Count(r.out, "\n") < 500 {
		t.Errorf("exit code %d, error %q, %d bytes of lines", r.code, r.errs, len(r.out))
	}
}

// failing is an output that takes no more.
type failing struct{ err error }

func (f *failing) Write([]byte) (int, error) { return 0, f.err }

// TestOutputFails: a reader that has seen enough is no error; anything else is one, in one line.
func TestOutputFails(t *testing.T) {
	for _, args := range [][]string{{"print"}, {"print", "--json"}, {"report"}, {"report", "--format", "json"}} {
		args = append(args, "../../pcaps/office.pcap")
		if r := end(t, start(t.Context(), nil, &failing{syscall.EPIPE}, args...)); r.code != 0 || r.errs != "" {
			t.Errorf("%v, nobody reads: exit code %d, error %q", args, r.code, r.errs)
		}
		if r := end(t, start(t.Context(), nil, &failing{syscall.EIO}, args...)); r.code != 1 || strings.Count(r.errs, "\n") != 1 {
			t.Errorf("%v, a broken disk: exit code %d, error %q", args, r.code, r.errs)
		}
	}
}
