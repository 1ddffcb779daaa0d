//go:build linux

package scenario

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/netip"
	"time"

	"github.com/dnssniff/dnssniff/pcaps"
	"github.com/dnssniff/dnssniff/pcaps/lab/hostile"
	"github.com/dnssniff/dnssniff/pcaps/lab/server"
	"github.com/dnssniff/dnssniff/pcaps/lab/stage"
	"github.com/miekg/dns"
)

// How the queries are sent. Unbound and NSD limit error replies to a hundred a second, and BIND sends no second FORMERR to one client and ID
// within two seconds: pace and IDs stay clear of both.
const (
	pace     = 15 * time.Millisecond // between two queries
	patience = 80 * time.Millisecond // before the server is asked whether it lives
	silence  = 2 * time.Second       // is no answer
	firstID  = 0x4000                // of the hostile queries; the control queries' have the high bit set as well
)

// attack is one scenario's sending.
type attack struct {
	victim victim
	seen   []sighting // by case
}

// sighting is what the client got: nil, or the bytes of one message.
type sighting struct {
	answer  []byte
	crashed bool // the server ended
}

// port is the client's for a case.
func (a *attack) port(i int) uint16 { return uint16(20000 + i) }

// play sends all cases in turn. An answer is awaited for two seconds, beside what follows.
func (a *attack) play(ctx context.Context, s *stage.Stage) error {
	cases := hostile.Cases()
	a.seen = make([]sighting, len(cases))
	if err := a.control(ctx, s, 0xffff); err != nil {
		return err
	}
	for i, c := range cases {
		came := make(chan struct{})
		conn, err := a.dial(ctx, s, badClient, a.port(i), c.TCP)
		if err != nil {
			return fmt.Errorf("%s: %w", c.Name, err)
		}
		if err := write(conn, c, uint16(firstID+i)); err != nil {
			return fmt.Errorf("%s: %w", c.Name, err)
		}
		s.Go(func() error {
			defer close(came)
			defer conn.Close()
			a.seen[i].answer = read(conn, c.TCP)
			return nil
		})
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-came:
		case <-time.After(a.patience(c)):
		}
		if a.seenNothing(came, i) {
			if err := a.alive(ctx, s, i); err != nil {
				return fmt.Errorf("after %s: %w", c.Name, err)
			}
		}
		time.Sleep(pace)
	}
	return s.Wait()
}

// patience is how long the next query waits for the answer to this one. Knot queues updates, and may end over one later.
func (a *attack) patience(c hostile.Case) time.Duration {
	if a.victim.pkg == server.Knot && c.Opcode() == dns.OpcodeUpdate {
		return silence
	}
	return patience
}

// seenNothing says whether no answer has come to case i, whose channel is closed when its client is done.
func (a *attack) seenNothing(came <-chan struct{}, i int) bool {
	select {
	case <-came:
		return a.seen[i].answer == nil
	default:
		return true
	}
}

// alive tells silence from a crash. A server that has ended is started again.
func (a *attack) alive(ctx context.Context, s *stage.Stage, i int) error {
	id := uint16(0x8000 | firstID + i)
	err := a.control(ctx, s, id)
	victim := s.Servers["victim"]
	if err == nil || victim == nil {
		return err
	}
	if _, ended := victim.Ended(); !ended {
		return err
	}
	a.seen[i].crashed = true
	if err := victim.Restart(ctx); err != nil {
		return err
	}
	return a.control(ctx, s, id)
}

// control asks the server a sound question, which it will answer if it lives.
func (a *attack) control(ctx context.Context, s *stage.Stage, id uint16) error {
	from, to := netip.MustParseAddr(goodClient), netip.MustParseAddr(a.victim.addr)
	for range 3 {
		if b, err := s.Send(ctx, "clients", "udp", from, to, hostile.Control(id), time.Second); err == nil && len(b) > 12 && b[3]&15 == 0 {
			return nil
		} else if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return fmt.Errorf("%s does not answer a sound query", a.victim.title)
}

// dial connects from a port of a client.
func (a *attack) dial(ctx context.Context, s *stage.Stage, from string, port uint16, tcp bool) (conn net.Conn, err error) {
	local, to := netip.AddrPortFrom(netip.MustParseAddr(from), port), a.victim.addr+":53"
	err = s.Hosts["clients"].Do(func() error {
		d, network := net.Dialer{LocalAddr: net.UDPAddrFromAddrPort(local)}, "udp"
		if tcp {
			d, network = net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(local), Timeout: silence}, "tcp"
		}
		var err error
		conn, err = d.DialContext(ctx, network, to)
		return err
	})
	return conn, err
}

// write sends a case, and ends the client's side of a connection where all is said that the client has to say.
func write(conn net.Conn, c hostile.Case, id uint16) error {
	b := c.Message(id, time.Now())
	if c.TCP && !c.Raw {
		b = append(binary.BigEndian.AppendUint16(nil, uint16(len(b))), b...)
	}
	if _, err := conn.Write(b); err != nil {
		return err
	}
	if t, ok := conn.(*net.TCPConn); ok && c.Raw {
		_ = t.CloseWrite() // the server may have been faster
	}
	return nil
}

// read waits for an answer, and returns nil if there is none.
func read(conn net.Conn, tcp bool) []byte {
	if err := conn.SetReadDeadline(time.Now().Add(silence)); err != nil {
		return nil
	}
	size := uint16(65535)
	if !tcp {
		b := make([]byte, size)
		n, err := conn.Read(b)
		if err != nil {
			return nil
		}
		return b[:n]
	}
	if err := binary.Read(conn, binary.BigEndian, &size); err != nil {
		return nil
	}
	b := make([]byte, size)
	if _, err := io.ReadFull(conn, b); err != nil {
		return nil
	}
	return b
}

// after completes the description by what tshark finds in the capture, and checks that the client has seen the same.
func (a *attack) after(ctx context.Context, _ *stage.Stage, file string, d *pcaps.Description) error {
	all, err := hostile.Packets(ctx, file)
	if err != nil {
		return err
	}
	d.Debatable = debatable()
	return a.describe(all, d)
}

// pair finds the packet with the query from a port of the client, and the one with its answer; nil where there is none.
func pair(all []hostile.Packet, port uint16) (query, reply *hostile.Packet) {
	client := netip.AddrPortFrom(netip.MustParseAddr(badClient), port)
	for i := range all {
		switch p := &all[i]; {
		case p.From == client && query == nil:
			query = p
		case p.To == client && p.DNS && reply == nil && query != nil && p.Time-query.Time < silence:
			reply = p
		}
	}
	return query, reply
}

// agree says where tshark and the client differ about an answer.
func agree(c hostile.Case, s sighting, reply *hostile.Packet) error {
	switch {
	case s.answer == nil && reply == nil:
		return nil
	case s.answer == nil:
		return fmt.Errorf("%s: the client saw no answer, tshark sees one in packet %d", c.Name, reply.Number)
	case reply == nil:
		return fmt.Errorf("%s: the client saw an answer of %d bytes, tshark none", c.Name, len(s.answer))
	case !bytes.Equal(reply.Message(), s.answer):
		return fmt.Errorf("%s: the client saw %x, tshark in packet %d %x", c.Name, s.answer, reply.Number, reply.Message())
	}
	return nil
}
