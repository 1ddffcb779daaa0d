package scenario

import (
	"context"
	"time"

	"github.com/dnssniff/dnssniff/pcaps/lab/stage"
)

// Behaviours are the scenarios about what DNS does without anything being wrong.
func Behaviours() []stage.Scenario {
	return []stage.Scenario{healthyHour()}
}

func healthyHour() stage.Scenario {
	return stage.Scenario{
		Name: "resolver", Title: "a resolver and what it asks, fifteen seconds of twenty clients",
		Teaches: "what a recursive resolver's traffic looks like from both sides when nothing is wrong",
		Played: `Twenty clients, over IPv4 and IPv6, look up names in four zones through Unbound, which validates. Root: NSD, top-level domains: Knot, zones: BIND,
			NSD, Knot, PowerDNS. Captured at the resolver, which started with an empty cache.`,
		Healthy: true,
		Play: func(ctx context.Context, s *stage.Stage) error {
			return s.Background(ctx, 8, 15*time.Second)
		},
	}
}
