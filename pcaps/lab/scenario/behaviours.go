//go:build linux

package scenario

import (
	"context"
	"strings"
	"time"

	"github.com/dnssniff/dnssniff/pcaps/lab/netns"
	"github.com/dnssniff/dnssniff/pcaps/lab/stage"
)

// Behaviours are the scenarios about what DNS does, none of them an incident.
func Behaviours() []stage.Scenario {
	return append(formats(), overTCP(), options(), validation(), transfers(), fragments(), lossy(), late(), mixedCase(), limited(), multicast())
}

// formats are healthy traffic, taken in different ways.
func formats() []stage.Scenario {
	const played = `Twenty clients, over IPv4 and IPv6, look up names in four zones through Unbound, which validates and started with an empty cache. Root: NSD, top-level domains: Knot DNS,
		zones: BIND, NSD, Knot DNS, PowerDNS, 2 to 35 ms away. `
	out := []stage.Scenario{
		{Name: "resolver", Title: "a resolver and what it asks: twenty clients for fifteen seconds", Teaches: "what a recursive resolver's traffic looks like from both sides when nothing is wrong",
			Played: played + "Captured at the resolver."},
		{Name: "sll2", Title: "a capture of all interfaces, as tcpdump -i any makes it today", Teaches: "link type LINUX_SLL2", Played: played + "Captured at the resolver on interface any.",
			Capture: netns.CaptureOptions{Interface: "any"}},
		{Name: "sll", Title: "a capture of all interfaces of the older kind, compressed", Teaches: "link type LINUX_SLL, read through gzip", Played: played + "Captured at the resolver on interface any.",
			Capture: netns.CaptureOptions{Interface: "any", LinkType: "LINUX_SLL"}, Ending: "pcap.gz"},
		{Name: "pcapng", Title: "a pcapng capture, as dumpcap and Wireshark make it", Teaches: "pcapng with nanoseconds, and what the kernel dropped", Played: played + "Captured at the resolver by dumpcap.",
			Ending: "pcapng"},
		{Name: "nanosecond", Title: "a pcap file with nanoseconds, compressed", Teaches: "the other magic number of pcap", Played: played + "Captured at the clients.",
			Capture: netns.CaptureOptions{Nano: true}, Ending: "pcap.gz", At: "clients"},
		{Name: "snaplen", Title: "packets cut at 96 bytes", Teaches: "that what the capture cut off is no fault of the message", Played: played + "Captured at the resolver with tcpdump -s 96.",
			Capture: netns.CaptureOptions{Snaplen: 96}},
		{Name: "vlan", Title: "traffic on an 802.1Q trunk", Teaches: "that VLAN tags change nothing", Played: played + "Captured at the router, where the clients' frames come over a trunk with the tag of VLAN 20.",
			Capture: netns.CaptureOptions{Interface: "k-clients"}, At: "router", Cast: onTrunk},
	}
	for i := range out {
		length := 5 * time.Second
		if out[i].Name == "resolver" {
			length = 15 * time.Second
		}
		out[i].Healthy = true
		out[i].Play = func(ctx context.Context, s *stage.Stage) error { return s.Background(ctx, 8, length) }
	}
	return out
}

func onTrunk(ctx context.Context, s *stage.Stage) error {
	if err := stage.Whole(ctx, s); err != nil {
		return err
	}
	return s.Hosts["clients"].Trunk(20)
}

// lines splits a text into its lines that are not empty.
func lines(text string) []string {
	var out []string
	for l := range strings.Lines(text) {
		if l = strings.TrimSpace(l); l != "" {
			out = append(out, l)
		}
	}
	return out
}
