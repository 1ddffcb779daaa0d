//go:build linux

// Package scenario holds the plays of the lab, a file per theme.
package scenario

import (
	"slices"

	"github.com/dnssniff/dnssniff/pcaps/lab/stage"
)

// All are all scenarios, in the order in which they are listed.
func All() []stage.Scenario {
	return slices.Concat(RCodes(), Behaviours(), Hostile(), Incidents())
}
