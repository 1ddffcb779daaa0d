//go:build linux

package scenario

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/dnssniff/dnssniff/pcaps/lab/netns"
	"github.com/miekg/dns"
)

// device is a client with a habit. Its methods may be called from several goroutines.
type device struct {
	habit
	host     *netns.Host
	from, to netip.Addr

	mu     sync.Mutex
	rand   *rand.Rand
	known  map[dns.Question]time.Time // until when it need not ask
	cookie string                     // the client's, and the server's once it is known; hex
}

// look looks a name up, once for each type that the device does not know.
func (d *device) look(ctx context.Context, name string, types []uint16) error {
	var open []uint16
	for _, t := range types {
		if !d.knows(name, t) {
			open = append(open, t)
		}
	}
	if !d.each {
		return d.ask(ctx, name, open)
	}
	var all sync.WaitGroup
	errs := make([]error, len(open))
	for i, t := range open {
		all.Go(func() { errs[i] = d.ask(ctx, name, []uint16{t}) })
	}
	all.Wait()
	return errors.Join(errs...)
}

func (d *device) knows(name string, kind uint16) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return time.Now().Before(d.known[dns.Question{Name: name, Qtype: kind}])
}

// learns takes the cookie out of an answer, and what it says if that is to be remembered.
func (d *device) learns(name string, kind uint16, m *dns.Msg) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if opt := m.IsEdns0(); opt != nil {
		for _, o := range opt.Option {
			if c, ok := o.(*dns.EDNS0_COOKIE); ok && d.habit.cookie {
				d.cookie = c.Cookie
			}
		}
	}
	if !d.cache || m.Rcode != dns.RcodeSuccess && m.Rcode != dns.RcodeNameError {
		return
	}
	ttl := uint32(300)
	for _, rr := range append(m.Answer, m.Ns...) {
		ttl = min(ttl, rr.Header().Ttl)
	}
	d.known[dns.Question{Name: name, Qtype: kind}] = time.Now().Add(time.Duration(ttl) * time.Second)
}

// spelling is a name as the device writes it, with 0x20 if that is its habit.
func (d *device) spelling(name string) string {
	if !d.spell {
		return name
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return strings.Map(func(r rune) rune {
		if d.rand.IntN(2) == 0 {
			return r
		}
		return []rune(strings.ToUpper(string(r)))[0]
	}, name)
}

// errBroken is a read that failed for another reason than time: an ICMP error.
var errBroken = errors.New("socket broken")

// lookup is a device's quest for some types of a name, over one socket at a time.
type lookup struct {
	*device
	name string
	open map[uint16]*dns.Msg // queries without an answer, by type
	conn net.Conn
}

// ask tries until all types are answered or the habit's patience ends. That nobody answers is no error.
func (d *device) ask(ctx context.Context, name string, types []uint16) error {
	l := &lookup{device: d, name: d.spelling(name), open: map[uint16]*dns.Msg{}}
	for _, t := range types {
		l.open[t] = nil
	}
	defer l.close()
	step := 0
	for _, wait := range d.waits {
		if len(l.open) == 0 || ctx.Err() != nil {
			return nil
		}
		if err := l.send(ctx, d.size(step)); err != nil {
			return err
		}
		failed := l.collect(ctx, wait, d.size(step))
		if step++; failed && d.lowers {
			step = len(d.sizes) - 1
		}
	}
	return nil
}

// send asks what is open, on a new socket if there is none or the habit wants one.
func (l *lookup) send(ctx context.Context, size uint16) error {
	if l.conn != nil && l.fresh {
		l.close()
	}
	renew := l.conn == nil
	if renew {
		var err error
		if l.conn, err = l.host.Dial(ctx, "udp", l.from, netip.AddrPortFrom(l.to, 53)); err != nil {
			return err
		}
	}
	for t, q := range l.open {
		if q == nil || renew {
			q = l.query(l.name, t, size)
			l.addCookie(q)
			l.open[t] = q
		}
		b, err := q.Pack()
		if err != nil {
			return err
		}
		_, _ = l.conn.Write(b) // fails after an ICMP error for what was sent before
	}
	return nil
}

func (l *lookup) addCookie(q *dns.Msg) {
	opt := q.IsEdns0()
	if opt == nil || !l.habit.cookie {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.device.cookie == "" {
		l.device.cookie = hex.EncodeToString(binary.BigEndian.AppendUint64(nil, l.rand.Uint64()))
	}
	opt.Option = append(opt.Option, &dns.EDNS0_COOKIE{Code: dns.EDNS0COOKIE, Cookie: l.device.cookie})
}

// collect takes answers for some time. It says whether errors have been taken for failures, so that the habit tries again at once.
func (l *lookup) collect(ctx context.Context, wait time.Duration, size uint16) (failed bool) {
	until := time.Now().Add(wait)
	if end, ok := ctx.Deadline(); ok && end.Before(until) {
		until = end
	}
	failures := 0
	for len(l.open) > failures {
		m, err := l.receive(until)
		if errors.Is(err, errBroken) {
			l.close()
			return false
		}
		if err != nil {
			return false
		}
		for t, q := range l.open {
			switch {
			case m == nil || q == nil || q.Id != m.Id:
			case m.Rcode == dns.RcodeBadCookie && l.habit.cookie:
				l.learns(l.name, t, m)
				l.open[t] = nil // to be asked anew, with the cookie
				failures++
			case l.unwelcome(m, size):
				failures++
			default:
				delete(l.open, t)
				l.take(ctx, t, q, m)
			}
		}
	}
	return failures > 0
}

// receive reads one message; nil is one that cannot be read.
func (l *lookup) receive(until time.Time) (*dns.Msg, error) {
	if err := l.conn.SetReadDeadline(until); err != nil {
		return nil, err
	}
	b := make([]byte, 65536)
	n, err := l.conn.Read(b)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return nil, err
	}
	if err != nil {
		return nil, errBroken
	}
	m := new(dns.Msg)
	if m.Unpack(b[:n]) != nil && m.Id == 0 {
		return nil, nil
	}
	return m, nil
}

// unwelcome are answers after which the habit tries again.
func (l *lookup) unwelcome(m *dns.Msg, size uint16) bool {
	switch m.Rcode {
	case dns.RcodeServerFailure, dns.RcodeNotImplemented:
		return l.again || l.lowers && size > 0
	case dns.RcodeRefused:
		return l.again
	case dns.RcodeFormatError:
		return l.lowers && size > 0
	}
	return false
}

// take keeps an answer, after asking again over TCP if it is truncated.
func (l *lookup) take(ctx context.Context, kind uint16, q, m *dns.Msg) {
	if m.Truncated {
		over, err := l.overTCP(ctx, q)
		if err != nil {
			return // the lookup has failed, which is not the lab's failure
		}
		m = over
	}
	l.learns(strings.ToLower(l.name), kind, m)
}

func (l *lookup) overTCP(ctx context.Context, q *dns.Msg) (*dns.Msg, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	conn, err := l.host.Dial(ctx, "tcp", l.from, netip.AddrPortFrom(l.to, 53))
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	client := dns.Client{Timeout: 5 * time.Second}
	m, _, err := client.ExchangeWithConnContext(ctx, q, &dns.Conn{Conn: conn})
	if m == nil && err == nil {
		err = io.ErrUnexpectedEOF
	}
	return m, err
}

func (l *lookup) close() {
	if l.conn != nil {
		l.conn.Close()
		l.conn = nil
	}
}
