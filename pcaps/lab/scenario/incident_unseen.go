//go:build linux

package scenario

import (
	"context"
	"time"

	"github.com/dnssniff/dnssniff/pcaps/lab/netns"
	"github.com/dnssniff/dnssniff/pcaps/lab/server"
	"github.com/dnssniff/dnssniff/pcaps/lab/stage"
	"github.com/dnssniff/dnssniff/pcaps/lab/zone"
)

// clientsOnly is a capture filter for what is between the resolver and the clients of the plant and the department.
const clientsOnly = "port 53 and (net 10.73.0.0/16 or net 2001:db8:53:2::/64 or net 2001:db8:53:6::/64)"

// unseenIncidents were made when the rules of diagnosis were finished, by somebody who had not read them, and played once: they say how good the rules
// are on what they were not made for. They are not to be tuned, and a rule that fails here is not to be made to fit the capture.
func unseenIncidents() []incident {
	out := append(unseenAtServers(), unseenAtForwarders()...)
	return append(append(out, unseenPaths()...), unseenPairs()...)
}

// unseenAtServers are faults that an authoritative server sees, and one of a signer.
func unseenAtServers() []incident {
	return []incident{
		{
			name: "new-transfer-refused", title: "a secondary that a new access list refuses the zone",
			teaches: "that NOTIFY, a SOA query and then REFUSED to AXFR or IXFR, again and again from one address, is a secondary that has lost its permission",
			played: `BIND at 198.51.100.2 is the primary of ferry.city; Knot DNS at 198.51.100.82 and NSD at 198.51.100.98 are secondaries; sixteen resolvers ask the primary for names; captured there. Then BIND reads a new configuration, in whose
				allow-transfer the address of Knot is misspelt, and the zone gets a new serial, three times: NSD fetches it, Knot is told of it, sees in the SOA that it is new, asks for the transfer and gets REFUSED.`,
			cause: "transfer-denied", scope: map[string]string{"client": "198.51.100.82"},
			at: "bind", ending: "pcap.gz", alone: true, cast: ferryCast,
			crowd:  crowd{hosts: []string{"askers"}, habits: recursives(), to: "bind", errand: recursion, rate: 5, names: townNames("bind")},
			length: 34 * time.Second, onset: 11 * time.Second, breaks: misspellSecondary,
		},
		{
			name: "new-tsig-secret", title: "one of three routers that register names has another secret",
			teaches: "that BADSIG from one of the clients that use a key is that client's secret",
			played: `Three routers, 10.77.1.9, 10.77.2.9 and 10.77.3.9, register names in depot.city at Knot DNS (198.51.100.34) with nsupdate and one key; sixteen resolvers ask it for names; captured there. 10.77.3.9 has the key by its right name and with a
				wrong secret: NOTAUTH with BADSIG for each UPDATE. The clocks are right.`,
			cause: "tsig-bad-signature", scope: map[string]string{"client": "10.77.3.9"},
			at: "knot", ending: "pcap.gz", alone: true, cast: depotCast,
			crowd:  crowd{hosts: []string{"askers"}, habits: recursives(), to: "knot", errand: recursion, rate: 4, names: townNames("knot")},
			length: 32 * time.Second, beside: registerRouters,
		},
		{
			name: "new-not-yet-valid", title: "signatures of the future, seen from the clients' side of a validator without EDE",
			teaches: "that the clients' side alone tells it, if one of them sets CD and DO: the times are in the RRSIG records",
			played: `Eighteen devices use BIND, which validates and sends no EDE; captured at the resolver, but only what is between it and the clients. The clock of the signer of library.city is a week ahead, and its signatures begin then: SERVFAIL.
				Two devices are validating stubs, which set CD and get the answer with its signatures, and somebody looks into it with dig.`,
			cause: "dnssec-not-yet-valid", scope: map[string]string{"zone": "library.city."},
			ending: "pcap.gz", capture: netns.CaptureOptions{Filter: clientsOnly}, alone: true,
			cast:  town(stage.World{Clients: 2, Resolver: server.BIND, Zones: changedTown("library.city.", func(z *zone.Zone) { z.Signing = zone.NotYet })}, "plant", 18),
			crowd: townCrowd("plant", 4, 0), length: 34 * time.Second,
			beside: func(ctx context.Context, s *stage.Stage) error {
				s.Go(func() error { return digTown(ctx, s, "www.library.city", 13*time.Second) })
				return visitTown(ctx, s, "plant", 1.2, 34*time.Second, "library.city.")
			},
		},
	}
}

// unseenAtForwarders are faults upstream of a forwarder.
func unseenAtForwarders() []incident {
	return []incident{
		{
			name: "new-forwarder-slow", title: "a branch's forwarder whose resolver has become slow",
			teaches: "that a forwarder is as slow as its upstream, and fast where its cache has the answer",
			played: `Fourteen devices of a branch use dnsmasq, which forwards to Unbound at 10.74.0.53 in the head office; captured at dnsmasq, both sides. From some moment on what is sent to the host of Unbound, by clients and by name servers,
				takes 800 ms, give or take 300: its answers take one to several seconds. All is answered; clients with a timeout of a second repeat themselves. What dnsmasq has in its cache comes at once.`,
			cause: "upstream-slow", scope: map[string]string{"server": "10.74.0.53"},
			ending: "pcap.gz", alone: true, cast: branchForwarder,
			crowd: townCrowd("plant", 5, 0), length: 36 * time.Second, onset: 13 * time.Second, breaks: impair("head", "delay 800ms 300ms", netns.ToHost),
		},
		{
			name: "new-provider-refuses", title: "a provider's resolver that refuses what is more than its limit",
			teaches: "that REFUSED by the one upstream for some queries of all names, when there are many, is its rate limit",
			played: `Twenty-two devices use Unbound, which does not validate and forwards to a provider's dnsdist at 10.75.0.53; captured at Unbound, both sides. dnsdist refuses what is more than five queries a second of one client (MaxQPSIPRule); that is
				enough but for a few seconds, until at some moment the devices look up five times as much. Unbound asks again at once, in vain, and its clients get SERVFAIL for names that it could have had a second later.`,
			cause: "upstream-refuses", scope: map[string]string{"server": "10.75.0.53"},
			ending: "pcap.gz", alone: true, cast: providerCast,
			crowd: townCrowd("plant", 2, 0), length: 36 * time.Second, onset: 12 * time.Second,
			breaks: func(ctx context.Context, s *stage.Stage) error {
				return townCrowd("plant", 8, 31).talk(ctx, s, 22*time.Second)
			},
		},
	}
}

// unseenPaths are faults of what lies between.
func unseenPaths() []incident {
	return []incident{
		{
			name: "new-one-address-dead", title: "a name server whose IPv6 address is not reached any more",
			teaches: "that one of a server's addresses can be dead while the other answers, which costs clients time and no answers",
			played: `Twenty devices use PowerDNS Recursor; captured at the resolver, both sides. All name servers have IPv4 and IPv6 addresses. From some moment on the router drops what is sent to 2001:db8:1:3::53, one of the two addresses of Knot DNS (clinic.city,
				library.city, depot.city), and says nothing: the resolver waits for its timeout, then asks 198.51.100.34.`,
			cause: "upstream-unreachable", scope: map[string]string{"server": "2001:db8:1:3::53"},
			ending: "pcap.gz", alone: true, cast: town(stage.World{Clients: 2, Resolver: server.Recursor}, "plant", 20),
			crowd: townCrowd("plant", 4, 0), length: 36 * time.Second, onset: 9 * time.Second, breaks: filter("ip6 daddr 2001:db8:1:3::53 drop;"),
			beside: func(ctx context.Context, s *stage.Stage) error {
				return visitTown(ctx, s, "plant", 2, 36*time.Second, "clinic.city.", "library.city.", "depot.city.")
			},
		},
		{
			name: "new-mail-tcp-reset", title: "a mail server whose DNS over TCP a middlebox resets",
			teaches: "what a stub sees of it: truncated, a connection, the query, RST; and that small answers are fine",
			played: `A mail server, 10.72.9.25, uses BIND at 10.53.0.53; captured at the mail server, which is a stub. It looks up MX, addresses, SPF and DKIM keys; those of ferry.city do not fit into its 1200 bytes. From some moment on a middlebox
				before the resolver resets each TCP connection to port 53 as soon as there is a query in it, though not before: the keys cannot be had any more.`,
			cause: "tcp-resets", scope: map[string]string{"server": stage.ResolverIPv4},
			at: "mailer", ending: "pcap.gz", alone: true, cast: mailerCast,
			crowd:  crowd{hosts: []string{"mailer"}, habits: stubs()[1:2], errand: mail, rate: 4, names: townNames("")},
			length: 36 * time.Second, onset: 11 * time.Second,
			breaks: filter("ip saddr 10.72.9.25 tcp dport 53 tcp flags & psh == psh reject with tcp reset;"),
		},
	}
}

// unseenPairs are two faults each. The cause is the one with more harm.
func unseenPairs() []incident {
	return []incident{
		{
			name: "new-suffix-and-monitor", title: "a department with a wrong search suffix, and a monitor with a broken library",
			teaches: "that two faults of clients at once are two findings",
			played: `Twenty-one devices of a plant and nine of a department (10.73.6.0/24, 2001:db8:53:6::/64) use Unbound; captured at the resolver, but only what is between it and the clients. From some moment on the department tries each name with the suffix hq.museum.lan, which does
				not exist, before the name itself. The second cause, formerr-broken-client: from the first packet on a monitor, 10.73.2.40, puts two questions into one query, which is FORMERR, and every third time only sets a reserved bit, which is not; what else it looks up is well formed.`,
			cause: "search-suffix", scope: map[string]string{"suffix": "hq.museum.lan."},
			ending: "pcap.gz", capture: netns.CaptureOptions{Filter: clientsOnly}, alone: true,
			cast: departmentCast, crowd: townCrowd("plant", 3, 0), length: 34 * time.Second, onset: 10 * time.Second,
			beside: monitorAndDepartment, breaks: func(ctx context.Context, s *stage.Stage) error {
				c := townCrowd("department", 2, 33)
				c.suffix = "hq.museum.lan."
				return c.talk(ctx, s, 24*time.Second)
			},
		},
		{
			name: "new-two-floods", title: "random subdomains of two zones at once, a few a second",
			teaches: "that two slow floods are two victims, whose servers differ",
			played: `Twenty-six devices use BIND; captured at the resolver, both sides. From some moment on three devices ask for random labels of 5 to 8 letters and digits below bakery.city (PowerDNS), four a second together. The second cause,
				random-subdomain-flood, too: three others ask for such below radio.city (NSD), three a second. All NXDOMAIN, none asked twice; it lasts for twenty seconds.`,
			cause: "random-subdomain-flood", scope: map[string]string{"zone": "bakery.city."},
			ending: "pcap.gz", alone: true, cast: town(stage.World{Clients: 2, Resolver: server.BIND}, "plant", 26),
			crowd: townCrowd("plant", 4, 0), length: 34 * time.Second, onset: 11 * time.Second, breaks: twoFloods,
		},
		{
			name: "new-loss-and-lame", title: "loss on a campus that has only IPv6, and a zone that its server does not have",
			teaches: "that retries of one subnet and SERVFAIL of one zone have nothing to do with each other",
			played: `Fifteen devices of a plant and eleven of a campus (2001:db8:53:8::/64) use Unbound; captured at the resolver, both sides. The campus's link loses 18 % of packets in each direction. The second cause, lame-delegation: harvest.city is
				delegated to NSD at 198.51.100.98, which has another zone and answers REFUSED; few ask for it, and get SERVFAIL.`,
			cause: "packet-loss", scope: map[string]string{"subnet": "2001:db8:53:8::/64"},
			ending: "pcap.gz", alone: true, cast: campusCast, crowd: townCrowd("plant", 2.2, 0), length: 38 * time.Second,
			beside: func(ctx context.Context, s *stage.Stage) error {
				s.Go(func() error { return visitTown(ctx, s, "plant", .5, 36*time.Second, "harvest.city.") })
				return townCrowd("campus", 3, 34).talk(ctx, s, 38*time.Second)
			},
		},
	}
}
