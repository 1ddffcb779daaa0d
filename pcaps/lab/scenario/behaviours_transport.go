//go:build linux

package scenario

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/dnssniff/dnssniff/pcaps/lab/server"
	"github.com/dnssniff/dnssniff/pcaps/lab/stage"
	"github.com/dnssniff/dnssniff/pcaps/lab/zone"
	"github.com/miekg/dns"
)

func overTCP() stage.Scenario {
	return stage.Scenario{
		Name: "tcp", Title: "DNS over TCP: after truncation, pipelined, out of order, split, idle",
		Teaches: "that a TCP connection carries many messages, in segments that are not theirs, with answers in the order in which they are ready",
		Played: `Clients get truncated answers from Unbound and BIND and ask again over TCP, or do not. One sends eight queries in one segment to Unbound, of which some have to be
			looked up far away and some are in the cache. One sends a query byte by byte. One asks with keepalive on a connection that it keeps, one opens a connection and says nothing, one
			resets it. BIND sends a zone in many messages.`,
		At: "clients", Cast: secondBIND(nil), Play: tcpPlay,
	}
}

// secondBIND is the whole world, with a BIND as another resolver.
func secondBIND(change func(*stage.World)) func(context.Context, *stage.Stage) error {
	return func(ctx context.Context, s *stage.Stage) error {
		w := stage.World{Configs: map[string]server.Config{"bind": {Extra: "allow-transfer { any; };"}}}
		if change != nil {
			change(&w)
		}
		if err := s.Make(ctx, w); err != nil {
			return err
		}
		if _, err := s.Host("second", secondResolver+"/24"); err != nil {
			return err
		}
		_, err := s.Serve(ctx, "second", server.BIND, server.Config{Roots: stage.NameServer("root").Addrs, Anchors: s.Files.Anchors})
		return err
	}
}

func tcpPlay(ctx context.Context, s *stage.Stage) error {
	u, b, a := "@"+stage.ResolverIPv4, "@"+secondResolver, "@"+at("bind")
	err := digs(ctx, s, []string{
		u + " big.example.com TXT", b + " big.example.com TXT", "@" + stage.ResolverIPv6 + " big.example.com TXT +noedns", a + " +norecurse big.example.com TXT", a + " +norecurse big.example.com TXT +ignore",
		u + " +tcp +keepopen www.example.com A www.example.com AAAA +tcp +keepopen mail.example.org", u + " +tcp +keepalive www.example.com", b + " +tcp +keepalive www.example.net",
		a + " example.com AXFR", u + " example.com AXFR",
	})
	if err != nil {
		return err
	}
	if _, err := s.Look(ctx, stage.Lookup{From: stage.ClientIPv4(4), Name: "big.example.com", Types: []uint16{dns.TypeTXT}, EDNS: 1232}); err != nil {
		return err
	}
	for i, to := range []string{stage.ResolverIPv4, secondResolver, at("bind"), at("nsd"), at("knot"), at("powerdns")} {
		if err := pipeline(ctx, s, stage.ClientIPv4(5+i), netip.MustParseAddr(to), vendors()[max(0, i-2)][1], i < 2); err != nil {
			return fmt.Errorf("pipeline to %s: %w", to, err)
		}
	}
	return errors.Join(byteByByte(ctx, s), nothing(ctx, s))
}

// pipeline sends eight queries in one segment and takes the answers in any order, then two more on the same connection.
func pipeline(ctx context.Context, s *stage.Stage, from, to netip.Addr, zone string, recursive bool) error {
	conn, err := s.Hosts["clients"].Dial(ctx, "tcp", from, netip.AddrPortFrom(to, 53))
	if err != nil {
		return err
	}
	defer conn.Close()
	names := []string{}
	for i := range 8 {
		names = append(names, fmt.Sprintf("host%02d.%s", i+10, zone))
	}
	if recursive { // far ones between near ones
		names = []string{"host20.example.org.", "www.example.com.", "host21.example.net.", "www.example.com.", "host22.example.org.", "mail.example.org.", "nobody.corp.example.", "www.example.com."}
	}
	for _, part := range [][]string{names, {names[1]}, {names[2]}} {
		if err := ask(conn, part); err != nil {
			return err
		}
	}
	return nil
}

// ask sends all queries at once on a TCP connection and reads as many answers.
func ask(conn net.Conn, names []string) error {
	var b []byte
	for _, n := range names {
		m, err := new(dns.Msg).SetQuestion(n, dns.TypeA).Pack()
		if err != nil {
			return err
		}
		b = append(binary.BigEndian.AppendUint16(b, uint16(len(m))), m...)
	}
	if err := conn.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return err
	}
	if _, err := conn.Write(b); err != nil {
		return err
	}
	for range names {
		if err := readOne(conn); err != nil {
			return err
		}
	}
	return nil
}

func readOne(conn net.Conn) error {
	var length [2]byte
	if _, err := io.ReadFull(conn, length[:]); err != nil {
		return err
	}
	_, err := io.ReadFull(conn, make([]byte, binary.BigEndian.Uint16(length[:])))
	return err
}

// byteByByte sends a query in segments of one byte at first, and of three later.
func byteByByte(ctx context.Context, s *stage.Stage) error {
	conn, err := s.Hosts["clients"].Dial(ctx, "tcp", stage.ClientIPv6(12), netip.AddrPortFrom(netip.MustParseAddr(stage.ResolverIPv6), 53))
	if err != nil {
		return err
	}
	defer conn.Close()
	m, err := new(dns.Msg).SetQuestion("www.example.org.", dns.TypeAAAA).Pack()
	if err != nil {
		return err
	}
	m = append(binary.BigEndian.AppendUint16(nil, uint16(len(m))), m...)
	for i, size := 0, 1; i < len(m); i += size {
		if i > 4 {
			size = 3
		}
		if _, err := conn.Write(m[i:min(i+size, len(m))]); err != nil {
			return err
		}
		time.Sleep(5 * time.Millisecond)
	}
	return readOne(conn)
}

// nothing opens connections without a query: one is closed, one is reset.
func nothing(ctx context.Context, s *stage.Stage) error {
	for i, linger := range []int{-1, 0} {
		conn, err := s.Hosts["clients"].Dial(ctx, "tcp", stage.ClientIPv4(13+i), netip.AddrPortFrom(netip.MustParseAddr(stage.ResolverIPv4), 53))
		if err != nil {
			return err
		}
		time.Sleep(50 * time.Millisecond)
		if t, ok := conn.(*net.TCPConn); ok {
			err = t.SetLinger(linger)
		}
		if err := errors.Join(err, conn.Close()); err != nil {
			return err
		}
	}
	return nil
}

func options() stage.Scenario {
	return stage.Scenario{
		Name: "edns", Title: "EDNS: sizes, flags and options, to two resolvers and four name servers",
		Teaches: "which options are asked for and answered: COOKIE, NSID, ECS, PADDING, TCP-KEEPALIVE, EXPIRE, one that nobody knows",
		Played: `A client asks Unbound, BIND (as resolver and as primary), NSD, Knot DNS and PowerDNS with dig and kdig: without EDNS, with sizes from 512 to 4096, DO, CD, AD, unknown flags, a cookie, NSID, client
			subnets of both families, padding, keepalive over UDP and TCP, EXPIRE, an option of the local range, and several at once.`,
		At: "clients", Play: optionsPlay, Cast: secondBIND(func(w *stage.World) {
			w.Configs["nsd"] = server.Config{Extra: "  answer-cookie: yes\n"}
			w.Configs["knot"] = server.Config{Extra: "    edns-client-subnet: on\n", Tail: "mod-cookies:\n  - id: default\ntemplate:\n  - id: default\n    global-module: mod-cookies/default\n"}
			w.Configs["powerdns"] = server.Config{Extra: "edns-cookie-secret=000102030405060708090a0b0c0d0e0f\nedns-subnet-processing=yes\n"}
			w.Configs["resolver"] = server.Config{Extra: "  edns-tcp-keepalive: yes\n  pad-responses: yes\n"}
		}),
	}
}

func optionsPlay(ctx context.Context, s *stage.Stage) error {
	to := []string{stage.ResolverIPv4 + " www.example.com", secondResolver + " www.example.com"}
	for _, v := range vendors() {
		to = append(to, at(v[0])+" +norecurse host01."+v[1])
	}
	for i, server := range to {
		a := fmt.Sprintf("-b %s @%s ", stage.ClientIPv4(i), server)
		for _, with := range lines(`
			+noedns
			+nocookie +bufsize=512
			+nocookie +bufsize=4096
			+cookie
			+nsid
			+subnet=192.0.2.0/24
			+subnet=2001:db8:4::/48
			+subnet=0.0.0.0/0
			+dnssec
			+dnssec +cd
			+adflag
			+ednsflags=0x0040
			+padding=128
			+keepalive
			+tcp +keepalive
			+expire
			+ednsopt=65001:cafe
			+dnssec +nsid +subnet=198.51.100.0/24 +cookie +padding=64`) {
			if err := digs(ctx, s, []string{a + with}); err != nil {
				return err
			}
		}
		for _, with := range []string{"+edns +nsid +padding", "+tcp +keepalive +cookie"} {
			words := slices.Concat(strings.Fields("@"+server), strings.Fields(with))
			words = slices.DeleteFunc(words, func(w string) bool { return w == "+norecurse" })
			if _, err := s.Kdig(ctx, "clients", words...); err != nil {
				return err
			}
		}
	}
	return nil
}

// long is a record set of a size between one and two datagrams' worth.
func long() string {
	var b strings.Builder
	for i := range 24 {
		fmt.Fprintf(&b, "long TXT \"record %02d: %s\"\n", i, strings.Repeat("as long as it has to be, ", 3))
	}
	return b.String()
}

func fragments() stage.Scenario {
	return stage.Scenario{
		Name: "fragments", Title: "answers in IP fragments, of IPv4 and IPv6",
		Teaches: "that a message in fragments counts once, and what is left when a fragment is lost",
		Played: `A client that announces 4096 bytes asks four name servers, which were told to send as much, over IPv4 and IPv6 for an answer of more than 2000 bytes. Then the router drops all fragments but the first:
			the client asks in vain, announces 1232 bytes, gets a truncated answer, and asks over TCP.`,
		At: "clients", Play: fragmentsPlay,
		Cast: func(ctx context.Context, s *stage.Stage) error {
			w := stage.World{Configs: map[string]server.Config{
				"bind": {Extra: "edns-udp-size 4096; max-udp-size 4096;"}, "nsd": {Extra: "  ipv4-edns-size: 4096\n  ipv6-edns-size: 4096\n"}, "knot": {Extra: "    udp-max-payload: 4096\n"},
				"powerdns": {Extra: "udp-truncation-threshold=4096\n"},
			}}
			for _, v := range vendors() {
				w.Zones = append(w.Zones, world(v[1], func(z *zone.Zone) { z.Records += long() }))
			}
			return s.Make(ctx, w)
		},
	}
}

func fragmentsPlay(ctx context.Context, s *stage.Stage) error {
	all := func(with string) error {
		for _, v := range vendors() {
			q := " +norecurse long." + v[1] + " TXT " + with
			if err := digs(ctx, s, []string{"@" + at(v[0]) + q, "@" + at6(v[0]) + q}); err != nil {
				return err
			}
		}
		return nil
	}
	if err := errors.Join(all("+bufsize=4096"), all("+bufsize=1232 +ignore")); err != nil {
		return err
	}
	if err := s.Net.Nft("table netdev lab {\nchain c {\ntype filter hook ingress device r-bind priority 0\nip frag-off & 0x1fff != 0 drop\n}\n}"); err != nil {
		return err
	}
	err := digs(ctx, s, []string{
		"@" + at("bind") + " +norecurse long.example.com TXT +bufsize=4096", "@" + at("bind") + " +norecurse long.example.com TXT +bufsize=4096", "@" + at("bind") + " +norecurse long.example.com TXT +bufsize=1232",
	})
	return errors.Join(err, outlast(ctx, s, 6*time.Second))
}
