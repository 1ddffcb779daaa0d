//go:build linux

package stage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/dnssniff/dnssniff/pcaps"
	"github.com/dnssniff/dnssniff/pcaps/lab/server"
	"go.yaml.in/yaml/v3"
)

// Options say where the captures of a performance go.
type Options struct {
	Out    string    // the directory of captures and descriptions
	Counts string    // the script that counts with tshark
	Keep   bool      // keep the stage's directory, with logs and configurations
	Log    io.Writer // progress
}

// Perform plays a scenario and leaves its capture and description in o.Out. Nothing else is left, whatever happens.
func Perform(ctx context.Context, sc Scenario, o Options) (err error) {
	dir, err := os.MkdirTemp("", "dnssniff-lab-")
	if err != nil {
		return err
	}
	if o.Keep {
		fmt.Fprintf(o.Log, "%s: logs in %s\n", sc.Name, dir)
	} else {
		defer func() { _ = os.RemoveAll(dir) }() // in the temporary directory
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}
	s, err := newStage(sc.Name, dir)
	if err != nil {
		return err
	}
	begin := time.Now()
	recorded := filepath.Join(dir, sc.File())
	if err := errors.Join(s.play(ctx, sc, recorded), s.Net.Close()); err != nil {
		return fmt.Errorf("%s: %w", sc.Name, err)
	}
	d, err := s.describe(ctx, sc, recorded, o.Counts)
	if err != nil {
		return fmt.Errorf("%s: %w", sc.Name, err)
	}
	size, err := deliver(recorded, d, o.Out)
	if err != nil {
		return fmt.Errorf("%s: %w", sc.Name, err)
	}
	fmt.Fprintf(o.Log, "%s: %d bytes, %v packets, took %.0f s\n", sc.File(), size, d.Counts["packets"].(map[string]any)["read"], time.Since(begin).Seconds())
	return nil
}

// play makes the cast and records the play.
func (s *Stage) play(ctx context.Context, sc Scenario, file string) error {
	cast := sc.Cast
	if cast == nil {
		cast = Whole
	}
	if err := cast(ctx, s); err != nil {
		return errors.Join(err, s.Wait())
	}
	at := sc.At
	if at == "" {
		at = "resolver"
	}
	if s.Hosts[at] == nil {
		return fmt.Errorf("no host %s to capture at", at)
	}
	stop, err := s.Hosts[at].Capture(file, sc.Capture)
	if err != nil {
		return err
	}
	s.Uses("tcpdump")
	if strings.Contains(sc.Ending, "pcapng") {
		s.Uses("wireshark-common")
	}
	if err := errors.Join(sc.Play(ctx, s), s.Wait()); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(max(sc.Linger, time.Second)):
	}
	return stop()
}

func (s *Stage) describe(ctx context.Context, sc Scenario, file, script string) (*pcaps.Description, error) {
	d := &pcaps.Description{
		Name: sc.Name, File: sc.File(), Title: sc.Title, Teaches: sc.Teaches, Show: sc.Show, Played: strings.Join(strings.Fields(sc.Played), " "),
		Made: time.Now().UTC().Format(time.DateOnly), Versions: map[string]string{}, Healthy: sc.Healthy, Also: sc.Also,
	}
	if d.Show == "" {
		d.Show = "dnssniff report pcaps/" + sc.File()
	}
	if sc.Cause != "" {
		d.Cause = &pcaps.Cause{ID: sc.Cause, Scope: sc.Scope}
	}
	for _, pkg := range slices.Sorted(maps.Keys(s.used)) {
		d.Versions[pkg] = server.Version(ctx, pkg)
	}
	var err error
	if d.Counts, err = Counts(ctx, script, file); err != nil {
		return nil, err
	}
	if sc.After != nil {
		err = sc.After(ctx, s, file, d)
	}
	return d, err
}

// Counts runs the script that counts a capture's messages with tshark.
func Counts(ctx context.Context, script, file string) (pcaps.Counts, error) {
	var stderr strings.Builder
	cmd := exec.CommandContext(ctx, script, file)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %s", script, err, stderr.String())
	}
	decoder := json.NewDecoder(strings.NewReader(string(out)))
	decoder.UseNumber()
	var counts map[string]any
	if err := decoder.Decode(&counts); err != nil {
		return nil, err
	}
	return whole(counts).(map[string]any), nil
}

// whole makes integers of the numbers.
func whole(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			v[k] = whole(v[k])
		}
	case json.Number:
		n, _ := v.Int64()
		return int(n)
	}
	return v
}

// deliver puts the capture and its description into the directory.
func deliver(file string, d *pcaps.Description, out string) (size int64, err error) {
	var text strings.Builder
	encoder := yaml.NewEncoder(&text)
	encoder.SetIndent(2)
	if err := errors.Join(encoder.Encode(d), encoder.Close()); err != nil {
		return 0, err
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	return int64(len(b)), errors.Join(
		os.WriteFile(filepath.Join(out, d.File), b, 0o644),
		os.WriteFile(filepath.Join(out, d.Name+".yaml"), []byte(text.String()), 0o644),
	)
}
