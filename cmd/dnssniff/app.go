package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"github.com/dnssniff/dnssniff/analyze"
	"github.com/dnssniff/dnssniff/analyze/watch"
	"github.com/dnssniff/dnssniff/analyze/where"
	"github.com/dnssniff/dnssniff/capture/live"
	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/ui/app"
	"github.com/dnssniff/dnssniff/ui/text"
)

// appOptions are the flags of the application.
type appOptions struct {
	redraw  time.Duration
	mouse   bool
	where   string
	saveDir string
}

// Bounds of --redraw.
const (
	redrawDefault = 500 * time.Millisecond
	redrawLeast   = 50 * time.Millisecond
	redrawMost    = time.Minute
)

func (o *appOptions) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	whereFlag(cmd, &o.where)
	f.DurationVar(&o.redraw, "redraw", redrawDefault, "`TIME` between two drawings")
	f.StringVar(&o.saveDir, "save-dir", "", "`DIR` that w and r write to during a capture")
	f.BoolVar(&o.mouse, "mouse", false, "let the mouse select (Shift marks)")
}

func (o *appOptions) check() error {
	if o.redraw < redrawLeast || o.redraw > redrawMost {
		return usageError{fmt.Errorf("--redraw is %s to %s, not %s", redrawLeast, redrawMost, o.redraw)}
	}
	_, err := whereOf(o.where)
	return err
}

// wantsApp says whether the call is for the application: on a terminal, and not asking for anything that only a report has.
func wantsApp(cmd *cobra.Command, std streams) bool {
	for _, name := range []string{"format", "output", "top", "width"} {
		if cmd.Flags().Changed(name) {
			return false
		}
	}
	_, terminal := isTerminal(std.out)
	return terminal && os.Getenv("TERM") != "dumb" && os.Getenv("TERM") != ""
}

// appSource is what the application runs over.
type appSource struct {
	conf   decode.Config
	source analyze.Source
	// clock is that of a live line, nil for files.
	clock func() int64
	// decode runs the decoder until the source ends or the context is done.
	decode func(context.Context, decode.Config, func(shard int) decode.Handler) (decode.Stats, error)
	// status says how the source is. It is called from the event loop and does not wait.
	status func() app.Status
	// create makes a file that is not there yet.
	create func(path string) (*os.File, error)
	// save writes the packets of a selection, from where they came; nil where they are to be had no more, and are made anew.
	save func(context.Context, string, app.Selection) (string, error)
}

// runApp shows the application over a source until the user quits it. The error is that of the screen, or what ended the source.
func runApp(ctx context.Context, src appSource, o appOptions, std streams) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w := watch.New(&src.conf, watch.Options{Source: src.source, Clock: src.clock})
	defer w.Close()
	var failed atomic.Pointer[error]
	var reading sync.WaitGroup
	reading.Go(func() {
		stats, err := src.decode(ctx, src.conf, w.Handler)
		if err != nil {
			failed.Store(&err)
		}
		w.Finish(stats)
	})
	look := lookOf(std.out)
	if src.create == nil {
		src.create = createNew
	}
	if src.save == nil {
		src.save = func(_ context.Context, path string, s app.Selection) (string, error) {
			return saveRecords(src.create, path, s.Records)
		}
	}
	screen := app.New(w, app.Options{
		Interval: o.redraw, Mouse: o.mouse, Color: look.color, ASCII: look.ascii,
		Where: parseWhere, Expression: o.where, Save: src.save, Report: src.report, Answers: measuredAnswers,
		Status: func() app.Status {
			st := src.status()
			if err := failed.Load(); err != nil {
				st.Trouble = oneLine(*err)
			}
			return st
		},
	})
	err := screen.Run(ctx, nil)
	cancel()
	reading.Wait()
	if failed := failed.Load(); failed != nil {
		err = errors.Join(err, *failed)
	}
	return err
}

func parseWhere(expr string) (watch.Matcher, error) {
	e, err := where.Parse(expr)
	if err != nil {
		return nil, err
	}
	return e, nil
}

// report writes a report to a file.
func (s *appSource) report(_ context.Context, path string, r *analyze.Report) (string, error) {
	return writeReport(s.create, path, r)
}

// writeReport writes a report to a file that is not there yet: as JSON where its name says so, else as text.
func writeReport(create func(string) (*os.File, error), path string, r *analyze.Report) (string, error) {
	f, err := create(path)
	if err != nil {
		return "", err
	}
	if strings.HasSuffix(path, ".json") {
		enc := json.NewEncoder(f)
		enc.SetIndent("", " ")
		err = enc.Encode(r)
	} else {
		err = text.Report(f, r, text.Options{Top: topJSON})
	}
	return "report written to " + path, errors.Join(err, f.Close())
}

// createNew makes a file, and refuses to write over one.
func createNew(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
}

// appOver makes a source of an input.
func (o *sourceOptions) appOver(in packetInput, live bool, conf decode.Config, std streams) appSource {
	src := appSource{conf: conf, source: analyze.Source{Files: in.Files(), Settings: analyze.SettingsOf(&conf)}}
	src.decode = func(ctx context.Context, c decode.Config, h func(int) decode.Handler) (decode.Stats, error) {
		ctx, cancel := o.until(ctx, false, std) // the user's wish to end is final here
		defer cancel()
		return o.decode(ctx, in, c, o.workers, io.Discard, h)
	}
	if l, ok := in.(*liveInput); ok {
		src.clock = func() int64 { return time.Now().UnixNano() }
		src.status, src.create = l.appStatus, l.save.create
		return src
	}
	name := appName(in.Files())
	src.status = func() app.Status {
		st := app.Status{Source: name}
		st.Read, st.Total = in.Progress()
		if faults := in.Faults(); len(faults) > 0 {
			st.Trouble = faults[0].Error()
		}
		return st
	}
	if f, _ := o.live.expression(); !live { // it was read before
		src.save = func(ctx context.Context, path string, s app.Selection) (string, error) {
			return savePackets(ctx, path, in.Files(), conf, f, s)
		}
	}
	return src
}

// appName is what the status line calls files.
func appName(files []string) string {
	switch {
	case len(files) > 1:
		return fmt.Sprintf("%d files", len(files))
	case files[0] == "-":
		return "standard input"
	}
	return filepath.Base(files[0])
}

// appStatus says how the capture is.
func (l *liveInput) appStatus() app.Status {
	st := l.Stats()
	out := app.Status{Source: l.name, Live: true, Dropped: st.Dropped}
	var keeping string
	if l.keep != nil {
		kept := l.keep.Stats()
		keeping, out.NotWritten = l.keep.why(kept), kept.Lost
	}
	switch {
	case st.Trouble != nil:
		out.Trouble = st.Trouble.Error()
	case st.State != live.Up:
		out.Trouble = l.stands(st.State)
	case l.full.Load():
		out.Trouble = "all files of " + l.keep.name + " are written"
	case keeping != "":
		out.Trouble = l.keep.name + keeping
	}
	return out
}

// runScreen shows the application over what the flags and arguments name.
func (o *reportOptions) runScreen(ctx context.Context, args []string, look appOptions) error {
	if err := look.check(); err != nil {
		return err
	}
	o.source.live.screen, o.source.live.saveDir = true, look.saveDir
	if err := o.source.live.check(); err != nil {
		return err
	}
	conf, err := o.source.config()
	if err != nil {
		return err
	}
	in, live, err := o.source.open(ctx, args, o.std)
	if err != nil {
		return err
	}
	defer in.Close()
	err = runApp(ctx, o.source.appOver(in, live, conf, o.std), look, o.std)
	ended(in, o.std.err)
	warn(o.std.err, sourceOf(context.Background(), in).Faults)
	return err
}
