//go:build linux

package scenario

import (
	"context"
	"fmt"
	"maps"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dnssniff/dnssniff/pcaps"
	"github.com/dnssniff/dnssniff/pcaps/lab/netns"
	"github.com/dnssniff/dnssniff/pcaps/lab/server"
	"github.com/dnssniff/dnssniff/pcaps/lab/stage"
)

// Incidents are less than a minute of healthy traffic each, with one thing wrong in it, or nothing.
func Incidents() []stage.Scenario {
	var out []stage.Scenario
	for _, i := range slices.Concat(healthyDays(), clientIncidents(), resolverIncidents(), serverIncidents(), pathIncidents(), lossIncidents(), abuseIncidents(), nameIncidents(), answerIncidents(), unseenIncidents(), fieldIncidents()) {
		out = append(out, i.scenario())
	}
	return out
}

// incident is one thing that goes wrong while a crowd looks up names.
type incident struct {
	name    string // incident-NAME is the capture's
	title   string
	teaches string
	played  string
	cause   string // empty: healthy
	scope   map[string]string
	also    []pcaps.Cause // what is to be said beside it
	at      string        // where the capture is taken; empty: the resolver
	ending  string        // of the capture; empty: pcap
	capture netns.CaptureOptions

	world  stage.World
	cast   func(context.Context, *stage.Stage) error // what there is beside the world
	alone  bool                                      // cast makes all, and there is no world
	crowd  crowd
	length time.Duration // of the crowd's traffic
	onset  time.Duration // of breaks
	breaks func(context.Context, *stage.Stage) error
	beside func(context.Context, *stage.Stage) error // from the first second on
}

// scenario is the incident as a play.
func (i incident) scenario() stage.Scenario {
	var began time.Time
	return stage.Scenario{
		Name: "incident-" + i.name, Title: i.title, Teaches: i.teaches, Played: i.played,
		Healthy: i.cause == "", Cause: i.cause, Scope: i.scope, Also: i.also, At: i.at, Ending: i.ending, Capture: i.capture,
		Cast: func(ctx context.Context, s *stage.Stage) error {
			if !i.alone {
				if err := s.Make(ctx, i.made()); err != nil {
					return err
				}
			}
			if i.cast == nil {
				return nil
			}
			return i.cast(ctx, s)
		},
		Play: func(ctx context.Context, s *stage.Stage) error {
			ctx, cancel := context.WithTimeout(ctx, i.length+20*time.Second)
			defer cancel()
			for _, part := range []func(context.Context, *stage.Stage) error{i.beside, i.traffic} {
				if part != nil {
					s.Go(func() error { return part(ctx, s) })
				}
			}
			if i.breaks != nil {
				if err := pause(ctx, i.onset); err != nil {
					return err
				}
				began = time.Now()
				s.Go(func() error { return i.breaks(ctx, s) })
			}
			return s.Wait()
		},
		After: func(ctx context.Context, _ *stage.Stage, file string, d *pcaps.Description) error {
			return tellOnset(ctx, file, began, d)
		},
	}
}

// made is the world with the sites in it. Unbound's timeouts are at least 300 ms: as it comes, 50 ms, it repeats its queries whenever the
// machine that the lab runs on has something else to do.
func (i incident) made() stage.World {
	w := i.world
	w.Zones = append(incidentZones(), w.Zones...)
	if w.Resolver != "" {
		return w
	}
	w.Configs = maps.Clone(w.Configs)
	if w.Configs == nil {
		w.Configs = map[string]server.Config{}
	}
	c := w.Configs["resolver"]
	c.Extra += "  infra-cache-min-rtt: 300\n"
	w.Configs["resolver"] = c
	return w
}

func (i incident) traffic(ctx context.Context, s *stage.Stage) error {
	return i.crowd.talk(ctx, s, i.length)
}

// tellOnset completes the prose with the second at which it went wrong, by the capture's clock.
func tellOnset(ctx context.Context, file string, began time.Time, d *pcaps.Description) error {
	switch {
	case d.Healthy:
		return nil
	case began.IsZero():
		d.Played += " It is so from the first packet on."
		return nil
	}
	out, err := exec.CommandContext(ctx, "tshark", "-n", "-r", file, "-c", "1", "-T", "fields", "-e", "frame.time_epoch").Output()
	if err != nil {
		return fmt.Errorf("tshark: %s: %w", file, err)
	}
	first, err := strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
	if err != nil {
		return fmt.Errorf("tshark: %s: %w", file, err)
	}
	d.Played += fmt.Sprintf(" It begins %.1f s after the first packet.", float64(began.UnixMicro())/1e6-first)
	return nil
}

// pause waits, unless the play ends before.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
