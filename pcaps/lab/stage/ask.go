//go:build linux

package stage

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/dnssniff/dnssniff/pcaps/lab/netns"
	"github.com/miekg/dns"
)

// Dig runs dig on a host and returns what it printed. One try and two seconds, unless args say otherwise. That nobody answers is no error.
func (s *Stage) Dig(ctx context.Context, host string, args ...string) (string, error) {
	s.Uses("bind9-dnsutils")
	return s.Run(ctx, host, "", "dig", append([]string{"+tries=1", "+timeout=2"}, args...)...)
}

// Kdig runs Knot's kdig on a host, as Dig does.
func (s *Stage) Kdig(ctx context.Context, host string, args ...string) (string, error) {
	s.Uses("knot-dnsutils")
	return s.Run(ctx, host, "", "kdig", append([]string{"+retry=0", "+time=2"}, args...)...)
}

// Nsupdate runs nsupdate on a host with a script, one command a line. That the server refuses is no error.
func (s *Stage) Nsupdate(ctx context.Context, host, script string, args ...string) (string, error) {
	s.Uses("bind9-dnsutils")
	return s.Run(ctx, host, script, "nsupdate", append([]string{"-t", "3", "-u", "2", "-r", "0"}, args...)...)
}

// toolTime is the longest that a client program runs.
const toolTime = 20 * time.Second

// Run runs a program on a host and returns what a program printed; its exit code is of no interest, only whether it ran.
func (s *Stage) Run(ctx context.Context, host, input, name string, args ...string) (string, error) {
	h := s.Hosts[host]
	if h == nil {
		return "", fmt.Errorf("no host %s to run %s", host, name)
	}
	limited, stop := context.WithTimeout(ctx, toolTime)
	defer stop()
	cmd := h.Command(limited, name, args...)
	cmd.WaitDelay = time.Second
	cmd.Stdin = strings.NewReader(input)
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	return string(out), ctx.Err()
}

// ErrNoAnswer is what nobody answering looks like.
var ErrNoAnswer = errors.New("no answer")

// Send sends bytes from an address of a host (the zero Addr: its first) to port 53 over udp or tcp, where the length goes before, and returns the
// bytes of the answer. ErrNoAnswer is returned, wrapped, when nothing or an ICMP error comes within the timeout.
func (s *Stage) Send(ctx context.Context, host, network string, from, to netip.Addr, message []byte, timeout time.Duration) ([]byte, error) {
	conn, err := s.Hosts[host].Dial(ctx, network, from, netip.AddrPortFrom(to, 53))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoAnswer, err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(timeout)); err != nil {
		return nil, err
	}
	if network == "tcp" {
		message = append(binary.BigEndian.AppendUint16(nil, uint16(len(message))), message...)
	}
	if _, err := conn.Write(message); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoAnswer, err)
	}
	answer, err := receive(conn, network)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoAnswer, err)
	}
	return answer, nil
}

func receive(conn net.Conn, network string) ([]byte, error) {
	if network == "tcp" {
		var length [2]byte
		if _, err := io.ReadFull(conn, length[:]); err != nil {
			return nil, err
		}
		b := make([]byte, binary.BigEndian.Uint16(length[:]))
		_, err := io.ReadFull(conn, b)
		return b, err
	}
	b := make([]byte, 65536)
	n, err := conn.Read(b)
	return b[:n], err
}

// Ask sends a message over UDP, as Send does, and reads the answer.
func (s *Stage) Ask(ctx context.Context, host string, from, to netip.Addr, m *dns.Msg) (*dns.Msg, error) {
	b, err := m.Pack()
	if err != nil {
		return nil, err
	}
	b, err = s.Send(ctx, host, "udp", from, to, b, 2*time.Second)
	if err != nil {
		return nil, err
	}
	answer := new(dns.Msg)
	return answer, answer.Unpack(b)
}

// Resolver is the resolver's address of the same family as the client's.
func Resolver(client netip.Addr) netip.Addr {
	if client.Is4() {
		return netip.MustParseAddr(ResolverIPv4)
	}
	return netip.MustParseAddr(ResolverIPv6)
}

// Lookup is what a stub resolver does for one name: a question for each type on one socket, the way glibc does it: five seconds for each of
// two attempts, and TCP for what is truncated.
type Lookup struct {
	From, To netip.Addr // To: the resolver if it is zero
	Name     string
	Types    []uint16
	EDNS     uint16        // the size announced; 0: no EDNS
	DO       bool          // with EDNS
	Timeout  time.Duration // of an attempt; 0: five seconds
	Attempts int           // 0: two
}

// Look makes a lookup from host clients and returns the answers, by type. A type without an answer is missing.
func (s *Stage) Look(ctx context.Context, l Lookup) (map[uint16]*dns.Msg, error) {
	if !l.To.IsValid() {
		l.To = Resolver(l.From)
	}
	if l.Timeout == 0 {
		l.Timeout = 5 * time.Second
	}
	if l.Attempts == 0 {
		l.Attempts = 2
	}
	h := s.Hosts["clients"]
	conn, err := h.Dial(ctx, "udp", l.From, netip.AddrPortFrom(l.To, 53))
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	queries := l.queries()
	answers := map[uint16]*dns.Msg{}
	for range l.Attempts {
		if err := l.attempt(ctx, conn, queries, answers); err != nil || len(answers) == len(l.Types) {
			break // an ICMP error ends it, too
		}
	}
	for i, t := range l.Types {
		if a := answers[t]; a != nil && a.Truncated {
			if err := l.overTCP(ctx, h, queries[i], answers); err != nil {
				return answers, nil // the lookup has failed, which is not the lab's failure
			}
		}
	}
	return answers, ctx.Err()
}

func (l Lookup) queries() []*dns.Msg {
	var out []*dns.Msg
	for _, t := range l.Types {
		m := new(dns.Msg).SetQuestion(dns.Fqdn(l.Name), t)
		if l.EDNS > 0 {
			m.SetEdns0(l.EDNS, l.DO)
		}
		out = append(out, m)
	}
	return out
}

// attempt sends what is not answered yet, and waits.
func (l Lookup) attempt(ctx context.Context, conn net.Conn, queries []*dns.Msg, answers map[uint16]*dns.Msg) error {
	for i, q := range queries {
		if answers[l.Types[i]] != nil {
			continue
		}
		b, err := q.Pack()
		if err != nil {
			return err
		}
		if _, err := conn.Write(b); err != nil {
			return err
		}
	}
	until := time.Now().Add(l.Timeout)
	if d, ok := ctx.Deadline(); ok && d.Before(until) {
		until = d
	}
	if err := conn.SetReadDeadline(until); err != nil {
		return err
	}
	for len(answers) < len(queries) {
		b, err := receive(conn, "udp")
		var timeout net.Error
		if errors.As(err, &timeout) && timeout.Timeout() {
			return ctx.Err()
		}
		if err != nil {
			return err
		}
		l.match(b, queries, answers)
	}
	return nil
}

// match takes an answer to one of the queries.
func (l Lookup) match(b []byte, queries []*dns.Msg, answers map[uint16]*dns.Msg) {
	m := new(dns.Msg)
	if m.Unpack(b) != nil {
		return
	}
	for i, q := range queries {
		if q.Id == m.Id {
			answers[l.Types[i]] = m
		}
	}
}

func (l Lookup) overTCP(ctx context.Context, h *netns.Host, q *dns.Msg, answers map[uint16]*dns.Msg) error {
	conn, err := h.Dial(ctx, "tcp", l.From, netip.AddrPortFrom(l.To, 53))
	if err != nil {
		return err
	}
	defer conn.Close()
	c := dns.Client{Timeout: l.Timeout}
	answer, _, err := c.ExchangeWithConnContext(ctx, q, &dns.Conn{Conn: conn})
	if err == nil {
		answers[q.Question[0].Qtype] = answer
	}
	return err
}
