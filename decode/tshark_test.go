package decode

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/dnssniff/dnssniff/capture"
)

// tsharkFields are asked for with all their occurrences: the last one is of the innermost header.
var tsharkFields = []string{
	"frame.number", "frame.time_epoch", "frame.len", "frame.cap_len", "frame.protocols",
	"ip.src", "ip.dst", "ipv6.src", "ipv6.dst",
	"ip.id", "ip.proto", "ip.frag_offset", "ip.flags.mf", "ip.reassembled_in", "ip.fragment.count",
	"ipv6.fraghdr.ident", "ipv6.fraghdr.nxt", "ipv6.fraghdr.offset", "ipv6.fraghdr.more", "ipv6.reassembled.in", "ipv6.fragment.count",
	"udp.srcport", "udp.dstport", "tcp.srcport", "tcp.dstport", "tcp.stream", "tcp.flags", "tcp.len",
	"icmp.type", "icmp.code", "icmp.mtu", "icmpv6.type", "icmpv6.code", "icmpv6.mtu",
}

// row is what tshark says of a frame.
type row map[string]string

func (r row) has(field string) bool { return r[field] != "" }

// last returns the last occurrence of a field, first the first.
func (r row) last(field string) string {
	all := strings.Split(r[field], ",")
	return all[len(all)-1]
}

func (r row) first(field string) string {
	first, _, _ := strings.Cut(r[field], ",")
	return first
}

func (r row) number(field string) int64 {
	n, _ := strconv.ParseInt(r.last(field), 0, 64)
	return n
}

func (r row) time() float64 {
	t, _ := strconv.ParseFloat(r["frame.time_epoch"], 64)
	return t
}

// ends returns "source#port" and "destination#port" of the innermost packet.
func (r row) ends(proto string) (src, dst string) {
	v := "ip"
	if strings.LastIndex(r["frame.protocols"], ":ipv6") > strings.LastIndex(r["frame.protocols"], ":ip:") {
		v = "ipv6"
	}
	return r.last(v+".src") + "#" + r.last(proto+".srcport"), r.last(v+".dst") + "#" + r.last(proto+".dstport")
}

// tsharkRows runs tshark. A capture that is cut short gives its frames all the same.
func tsharkRows(t *testing.T, path string, args ...string) (all []row) {
	t.Helper()
	args = append([]string{"-n", "-r", path, "-T", "fields", "-E", "occurrence=a"}, args...)
	for _, f := range tsharkFields {
		args = append(args, "-e", f)
	}
	out, _ := exec.Command("tshark", args...).Output()
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		values := strings.Split(lines.Text(), "\t")
		if len(values) != len(tsharkFields) {
			continue
		}
		r := row{}
		for i, f := range tsharkFields {
			r[f] = values[i]
		}
		all = append(all, r)
	}
	return all
}

// tsharkStream is a TCP stream in tshark's numbering.
type tsharkStream struct {
	client, server                      string
	syn, synACK, more, data, rst, byRST bool
	fins                                map[bool]bool // from the client, from the server
	last                                float64       // time of the last SYN or SYN-ACK
}

// TCP flags.
const (
	fin = 1 << iota
	syn
	rst
	_
	ack
)

func (s *tsharkStream) add(r row) {
	src, dst := r.ends("tcp")
	flags, n := r.number("tcp.flags"), r.number("tcp.len")
	fromClient := strings.HasSuffix(dst, "#53")
	switch {
	case flags&rst != 0 && len(s.fins) == 2: // it was over
		return
	case flags&rst != 0:
		s.rst, s.byRST = true, s.byRST || !fromClient
		return
	case flags&syn != 0 && flags&ack == 0:
		s.syn, s.last, s.client, s.server = true, r.time(), src, dst
	case flags&syn != 0:
		s.synACK, s.last, s.client, s.server = true, r.time(), dst, src
	case n > 0, flags&fin != 0, fromClient && flags&ack != 0:
		s.more = true
	}
	s.data = s.data || n > 0
	if flags&fin != 0 {
		s.fins[fromClient] = true
	}
	if s.client == "" {
		s.client, s.server = src, dst
		if !fromClient {
			s.client, s.server = dst, src
		}
	}
}

// outcome returns the kinds of event that a stream calls for, in a capture that ends at a time.
func (s *tsharkStream) outcome(end float64) (kinds []string) {
	begun, late := s.syn || s.synACK, end-s.last > 5
	switch {
	case begun && !strings.HasSuffix(s.server, "#53"):
		return nil
	case begun && s.more:
		kinds = append(kinds, "opened")
	case s.syn && !s.synACK && (s.byRST || late):
		return []string{"unanswered"}
	case s.synACK && !s.rst && late:
		kinds = append(kinds, "half-open")
	}
	if s.rst && (begun || s.data) {
		kinds = append(kinds, "reset")
	}
	return kinds
}

// tsharkEvents says what should be told of a capture, a line each.
func tsharkEvents(rows []row) (lines []string) {
	streams := map[string]*tsharkStream{}
	end := 0.0
	for _, r := range rows {
		end = max(end, r.time())
		switch {
		case r.has("icmp.type") || r.has("icmpv6.type"):
			if l := icmpOf(r); l != "" {
				lines = append(lines, l)
			}
		case r.has("tcp.stream") && (r.number("tcp.srcport") == 53 || r.number("tcp.dstport") == 53):
			n := r.last("tcp.stream")
			if streams[n] == nil {
				streams[n] = &tsharkStream{fins: map[bool]bool{}}
			}
			streams[n].add(r)
		}
	}
	for _, s := range streams {
		for _, k := range s.outcome(end) {
			lines = append(lines, fmt.Sprintf("%s %s > %s", k, s.client, s.server))
		}
	}
	return append(lines, lostOf(rows, end)...)
}

// icmpOf returns the line of an ICMP error that quotes a packet on port 53, or "".
func icmpOf(r row) string {
	dns := func(field string) bool { return r.last(field) == "53" }
	if !dns("udp.srcport") && !dns("udp.dstport") && !dns("tcp.srcport") && !dns("tcp.dstport") {
		return ""
	}
	v, all := "icmp", strings.Split(r["ip.src"], ",")
	if r.has("icmpv6.type") {
		v, all = "icmpv6", strings.Split(r["ipv6.src"], ",")
	}
	from := all[max(0, len(all)-2)] // the last one is of the quoted packet
	return fmt.Sprintf("icmp packet %s %s/%s by %s mtu %d", r["frame.number"], r.first(v+".type"), r.first(v+".code"), from, r.number(v+".mtu"))
}

// tsharkDatagram is what tshark says of fragments with the same addresses, ID and protocol.
type tsharkDatagram struct {
	first float64
	head  bool // its first fragment came
	whole bool // it was put together, or the snaplen cut a fragment
}

// fragmentOf returns what fragments of one datagram have in common, and "" for a frame that is none of a UDP datagram. tshark does not say what a
// fragment holds that it could not put together: all of UDP count, though we tell of those on DNS ports only.
func fragmentOf(r row) (key string, head, whole bool) {
	cut := r["frame.len"] != r["frame.cap_len"]
	switch {
	case r.has("ip.id") && (r.last("ip.flags.mf") == "1" || r.number("ip.frag_offset") > 0) && r.last("ip.proto") == "17":
		return r.last("ip.src") + " > " + r.last("ip.dst") + " id " + r.last("ip.id"), r.number("ip.frag_offset") == 0,
			cut || r.has("ip.reassembled_in") || r.has("ip.fragment.count")
	case r.has("ipv6.fraghdr.ident") && (r.last("ipv6.fraghdr.more") == "1" || r.number("ipv6.fraghdr.offset") > 0) && r.last("ipv6.fraghdr.nxt") == "17":
		return r.last("ipv6.src") + " > " + r.last("ipv6.dst") + " id " + r.last("ipv6.fraghdr.ident"), r.number("ipv6.fraghdr.offset") == 0,
			cut || r.has("ipv6.reassembled.in") || r.has("ipv6.fragment.count")
	}
	return "", false, false
}

// lostOf returns the lines of datagrams that lost fragments, in a capture that ends at a time.
func lostOf(rows []row, end float64) (lines []string) {
	all := map[string]*tsharkDatagram{}
	tell := func(key string, d *tsharkDatagram) {
		if ends, _, _ := strings.Cut(key, " id "); d != nil && !d.whole && end-d.first > 5 {
			lines = append(lines, fmt.Sprintf("fragments lost %s first %t", ends, d.head))
		}
	}
	for _, r := range rows {
		key, head, whole := fragmentOf(r)
		if key == "" {
			continue
		}
		d := all[key]
		if d == nil || r.time()-d.first > 30 { // the ID is in use again
			tell(key, d)
			d = &tsharkDatagram{first: r.time()}
			all[key] = d
		}
		d.head, d.whole = d.head || head, d.whole || whole
	}
	for key, d := range all {
		tell(key, d)
	}
	return lines
}

// ourLines are our events in the form of tsharkEvents.
type ourLines struct{ lines []string }

func (*ourLines) Message(*Message)         {}
func (*ourLines) Transaction(*Transaction) {}

func (o *ourLines) Event(e *Event) {
	ends := fmt.Sprintf("%s#%d > %s#%d", e.Client, e.ClientPort, e.Server, e.ServerPort)
	switch e.Kind {
	case KindICMP:
		if e.Proto <= TCP {
			o.lines = append(o.lines, fmt.Sprintf("icmp packet %d %d/%d by %s mtu %d", e.Number, e.ICMP.Type, e.ICMP.Code, e.ICMP.From, e.ICMP.MTU))
		}
	case KindOpened:
		o.lines = append(o.lines, "opened "+ends)
	case KindUnanswered:
		o.lines = append(o.lines, "unanswered "+ends)
	case KindHalfOpen:
		o.lines = append(o.lines, "half-open "+ends)
	case KindReset:
		o.lines = append(o.lines, "reset "+ends)
	case KindFragmentsLost:
		src, dst := e.Client, e.Server
		if e.FromServer {
			src, dst = dst, src
		}
		o.lines = append(o.lines, fmt.Sprintf("fragments lost %s > %s first %t", src, dst, e.FirstFragment))
	case KindAnomaly:
	}
}

func ourEvents(t *testing.T, path string, n int) []string {
	t.Helper()
	in, err := capture.Open([]string{path}, capture.Options{})
	if err != nil {
		return nil
	}
	defer in.Close()
	c, err := DefaultConfig()
	if err != nil {
		t.Fatal(err)
	}
	var all [Shards]ourLines
	if _, err := Run(context.Background(), in.Sources(n), c, func(i int) Handler { return &all[i] }); err != nil {
		t.Logf("%s: %v", path, err)
	}
	var lines []string
	for i := range all {
		lines = append(lines, all[i].lines...)
	}
	slices.Sort(lines)
	return lines
}

// explained are the captures that we and tshark see differently, with how many events we have more and less.
var explained = map[string]struct {
	more, less int
	why        string
}{
	"entrada__sidnlabs-test-tcp-all-malformed-packets.dups.pcap": {1, 0, "a RST after both FINs, while bytes before one of them are missing"},
	"malcolm__ripple20_dns_caa_records.pcap":                     {1, 0, "likewise"},
	"nDPI__badpackets.pcap":                                      {0, 82, "fragments cut by a tool that has not noted it: nothing says that they were lost"},
}

// TestEventsAgainstTshark compares events with what tshark's fields say of captures, and those of one worker with those of several. It takes every
// fifth capture that has events, or all captures with DNSSNIFF_CORPUS=all (two minutes).
func TestEventsAgainstTshark(t *testing.T) {
	if _, err := exec.LookPath("tshark"); err != nil {
		t.Skip("tshark is not installed")
	}
	if testing.Short() {
		t.Skip("short")
	}
	kinds, captures, some := map[string]int{}, 0, 0
	for _, path := range allCaptures(t) {
		have := ourEvents(t, path, 1)
		if len(have) > 0 {
			some++
		}
		if (len(have) == 0 || some%5 != 0) && os.Getenv("DNSSNIFF_CORPUS") != "all" {
			continue
		}
		captures++
		for _, n := range []int{2, 8} {
			if more := ourEvents(t, path, n); !slices.Equal(more, have) {
				t.Errorf("%s: %d workers tell %q, one %q", path, n, more, have)
			}
		}
		for _, l := range have {
			kind, _, _ := strings.Cut(l, " ")
			kinds[kind]++
		}
		want := tsharkEvents(tsharkRows(t, path))
		slices.Sort(want)
		more, less := difference(have, want)
		if x := explained[filepath.Base(path)]; len(more) != x.more || len(less) != x.less {
			t.Errorf("%s: %d events, tshark's fields call for %d: more\n  %s\nless\n  %s", path, len(have), len(want), strings.Join(more, "\n  "), strings.Join(less, "\n  "))
		}
	}
	t.Logf("%d captures, events: %v", captures, kinds)
}

// allCaptures returns our sample captures and those of the corpus that are there.
func allCaptures(t *testing.T) (paths []string) {
	t.Helper()
	for _, pattern := range []string{"../pcaps/*pcap*", "../../shared/corpus/*"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, found...)
	}
	return slices.DeleteFunc(paths, func(p string) bool { return strings.Contains(p, ".expected.") })
}

// difference returns what is in one sorted list only.
func difference(a, b []string) (onlyA, onlyB []string) {
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0] == b[0]:
			a, b = a[1:], b[1:]
		case a[0] < b[0]:
			onlyA, a = append(onlyA, a[0]), a[1:]
		default:
			onlyB, b = append(onlyB, b[0]), b[1:]
		}
	}
	return append(onlyA, a...), append(onlyB, b...)
}
