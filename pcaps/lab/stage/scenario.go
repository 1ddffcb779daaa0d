//go:build linux

// Package stage is what a scenario of the lab is played on: a small internet with its root, its name servers, a resolver and
// clients, and the means to make them talk.
package stage

import (
	"context"
	"time"

	"github.com/dnssniff/dnssniff/pcaps"
	"github.com/dnssniff/dnssniff/pcaps/lab/netns"
)

// Scenario is a play that makes one capture and its description.
type Scenario struct {
	Name    string // of the capture; small letters, digits and hyphens
	Title   string // one line
	Teaches string // a sentence
	Show    string // the command that shows it; empty: dnssniff report of the capture
	Played  string // prose: who did what

	Healthy bool              // nothing is wrong: no warning is right
	Cause   string            // the ID of the one finding to be made; "" if none
	Scope   map[string]string // client, server, zone, subnet, link
	Also    []pcaps.Cause     // findings to be made beside it

	At      string               // the host where the capture is taken; empty: resolver
	Ending  string               // of the file: pcap (if empty), pcapng, pcap.gz, pcapng.gz
	Capture netns.CaptureOptions // how it is taken

	Cast   func(context.Context, *Stage) error // makes hosts and servers before the capture begins; nil: the whole World
	Play   func(context.Context, *Stage) error // what is captured
	Linger time.Duration                       // how long the capture goes on after Play; 0: one second
	// After may complete the description by looking into the finished capture.
	After func(ctx context.Context, s *Stage, file string, d *pcaps.Description) error
}

// File is the name of the scenario's capture.
func (s Scenario) File() string {
	if s.Ending == "" {
		return s.Name + ".pcap"
	}
	return s.Name + "." + s.Ending
}
