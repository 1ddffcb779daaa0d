//go:build linux

package scenario

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"syscall"
	"time"

	"github.com/dnssniff/dnssniff/pcaps/lab/netns"
	"github.com/dnssniff/dnssniff/pcaps/lab/stage"
	"github.com/miekg/dns"
	"golang.org/x/sys/unix"
)

func multicast() stage.Scenario {
	return stage.Scenario{
		Name: "multicast", Title: "mDNS and LLMNR beside DNS on an office network",
		Teaches: "that mDNS (5353) and LLMNR (5355) look like DNS, have IDs of 0 or many answers to one query, and are counted apart",
		Played: `Clients look for printers and for each other with mDNS (questions with and without the unicast bit, from port 5353 and, once, from another) and with LLMNR, over IPv4 and IPv6; a printer answers and announces
			itself. Written by the lab's own code, as no server for them is among its packages. Meanwhile twelve seconds of healthy DNS.`,
		At: "clients", Healthy: true,
		Play: func(ctx context.Context, s *stage.Stage) error {
			s.Go(func() error { return s.Background(ctx, 3, 5*time.Second) })
			if err := mdns(s); err != nil {
				return err
			}
			return s.Wait()
		},
	}
}

// spoken is one message to or from the network's own names.
type spoken struct {
	printer  bool // says the printer, which is the router's side of the clients' link
	from, to netip.AddrPort
	m        *dns.Msg
}

func mdns(s *stage.Stage) error {
	port := func(a string, p uint16) netip.AddrPort { return netip.AddrPortFrom(netip.MustParseAddr(a), p) }
	four, six, ll := port("224.0.0.251", 5353), port("ff02::fb", 5353), port("224.0.0.252", 5355)
	printer := port("10.53.1.1", 5353)
	service := response("_ipp._tcp.local. 4500 IN PTR Printer._ipp._tcp.local.", "Printer._ipp._tcp.local. 120 IN SRV 0 0 631 printer.local.",
		"Printer._ipp._tcp.local. 4500 IN TXT \"rp=ipp/print\"", "printer.local. 120 IN A 10.53.1.1")
	address := response("printer.local. 120 IN A 10.53.1.1")
	unicast := query("printer.local.", dns.TypeA, 0)
	unicast.Question[0].Qclass |= 1 << 15 // QU
	legacy := query("printer.local.", dns.TypeA, 0x2323)
	legacyAnswer := address.Copy()
	legacyAnswer.Id, legacyAnswer.Question = 0x2323, legacy.Question
	llmnr := query("desk07.", dns.TypeA, 0x5355)
	llmnrAnswer := llmnr.Copy()
	llmnrAnswer.Response, llmnrAnswer.Answer = true, records("desk07. 30 IN A 10.53.1.1")
	client := func(i int, p uint16) netip.AddrPort { return netip.AddrPortFrom(stage.ClientIPv4(i), p) }
	var errs []error
	for _, m := range []spoken{
		{true, printer, four, service},
		{false, client(0, 5353), four, query("_ipp._tcp.local.", dns.TypePTR, 0)},
		{true, printer, four, service},
		{false, client(1, 5353), four, unicast},
		{true, printer, client(1, 5353), address},
		{false, netip.AddrPortFrom(stage.ClientIPv6(2), 5353), six, query("_ipp._tcp.local.", dns.TypePTR, 0)},
		{true, port("2001:db8:53:1::1", 5353), six, service},
		{false, client(3, 40123), four, legacy},
		{true, printer, client(3, 40123), legacyAnswer},
		{false, client(4, 40124), ll, llmnr},
		{true, port("10.53.1.1", 5355), client(4, 40124), llmnrAnswer},
		{false, client(5, 40125), ll, query("wpad.", dns.TypeA, 0x5356)},
		{false, netip.AddrPortFrom(stage.ClientIPv6(5), 40125), port("ff02::1:3", 5355), query("wpad.", dns.TypeAAAA, 0x5357)},
	} {
		h, dev := s.Hosts["clients"], "eth0"
		if m.printer {
			h, dev = s.Hosts["router"], "r-clients"
		}
		errs = append(errs, say(h, dev, m))
		time.Sleep(100 * time.Millisecond)
	}
	return errors.Join(errs...)
}

// say sends a message from an interface, with the address and port given.
func say(h *netns.Host, dev string, m spoken) error {
	b, err := m.m.Pack()
	if err != nil {
		return err
	}
	return h.Do(func() error {
		to := net.UDPAddrFromAddrPort(m.to)
		if to.IP.IsLinkLocalMulticast() && to.IP.To4() == nil {
			to.Zone = dev
		}
		bound := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error { // as a multicast address has no route of its own
			return c.Control(func(fd uintptr) { _ = unix.BindToDevice(int(fd), dev) })
		}}
		c, err := bound.ListenPacket(context.Background(), "udp", m.from.String())
		if err != nil {
			return err
		}
		_, err = c.WriteTo(b, to)
		return errors.Join(err, c.Close())
	})
}

func query(name string, kind, id uint16) *dns.Msg {
	m := new(dns.Msg).SetQuestion(name, kind)
	m.Id, m.RecursionDesired = id, false
	return m
}

// response is an mDNS answer: without a question.
func response(rrs ...string) *dns.Msg {
	m := new(dns.Msg)
	m.Response, m.Authoritative, m.Answer = true, true, records(rrs...)
	return m
}

// records parses records that are written here, so that none is wrong.
func records(text ...string) []dns.RR {
	var out []dns.RR
	for _, t := range text {
		if rr, err := dns.NewRR(t); err == nil {
			out = append(out, rr)
		}
	}
	return out
}
