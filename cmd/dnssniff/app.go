package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
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
	"github.com/dnssniff/dnssniff/capture"
	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/ui/app"
	"github.com/dnssniff/dnssniff/ui/text"
)

// appOptions are the flags of the application.
type appOptions struct {
	redraw time.Duration
	mouse  bool
}

// Bounds of --redraw.
const (
	redrawDefault = 500 * time.Millisecond
	redrawLeast   = 50 * time.Millisecond
	redrawMost    = time.Minute
)

func (o *appOptions) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.DurationVar(&o.redraw, "redraw", redrawDefault, "`TIME` between two drawings, for slow links")
	f.BoolVar(&o.mouse, "mouse", false, "let the mouse select; the terminal's marking takes Shift")
}

func (o *appOptions) check() error {
	if o.redraw < redrawLeast || o.redraw > redrawMost {
		return usageError{fmt.Errorf("--redraw is %s to %s, not %s", redrawLeast, redrawMost, o.redraw)}
	}
	return nil
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
	if src.save == nil {
		src.save = func(_ context.Context, path string, s app.Selection) (string, error) {
			return saveRecords(path, s.Records)
		}
	}
	screen := app.New(w, app.Options{
		Interval: o.redraw, Mouse: o.mouse, Color: look.color, ASCII: look.ascii,
		Where: parseWhere, Save: src.save, Report: writeReport, Answers: measuredAnswers,
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

// writeReport writes a report to a file that is not there yet: as JSON where its name says so, else as text.
func writeReport(_ context.Context, path string, r *analyze.Report) (string, error) {
	f, err := createNew(path)
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

// fileSource reads capture files for the application.
func fileSource(in *capture.Input, conf decode.Config, workers int, std streams) appSource {
	files := in.Files()
	name := filepath.Base(files[0])
	if len(files) > 1 {
		name = fmt.Sprintf("%d files", len(files))
	} else if name == "-" {
		name = "standard input"
	}
	src := appSource{conf: conf, source: analyze.Source{Files: files, Settings: analyze.SettingsOf(&conf)}}
	src.decode = func(ctx context.Context, c decode.Config, h func(int) decode.Handler) (decode.Stats, error) {
		stop := context.AfterFunc(ctx, func() { _ = in.Close() })
		defer stop()
		return decode.Run(ctx, in.Sources(workers), c, h)
	}
	src.status = func() app.Status {
		st := app.Status{Source: name}
		st.Read, st.Total = in.Progress()
		if faults := in.Faults(); len(faults) > 0 {
			st.Trouble = faults[0].Error()
		}
		return st
	}
	if !isLive(files, std.in) {
		src.save = func(ctx context.Context, path string, s app.Selection) (string, error) {
			return savePackets(ctx, path, files, conf, s)
		}
	}
	return src
}

// runFiles shows the application over capture files.
func (o *reportOptions) runFiles(ctx context.Context, args []string, look appOptions) error {
	if err := look.check(); err != nil {
		return err
	}
	files, err := o.source.paths(args)
	if err != nil {
		return err
	}
	conf, err := o.source.config()
	if err != nil {
		return err
	}
	in, err := openInput(ctx, files, o.std)
	if err != nil {
		return err
	}
	defer in.Close()
	err = runApp(ctx, fileSource(in, conf, o.source.workers, o.std), look, o.std)
	warn(o.std.err, sourceOf(context.Background(), in).Faults)
	return err
}
