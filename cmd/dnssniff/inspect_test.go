package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dnssniff/dnssniff/capture"
	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/decode/fixture"
	"github.com/dnssniff/dnssniff/decode/wire"
	"github.com/dnssniff/dnssniff/ui/inspect"
)

// packets is a source of packets that are in memory, each of them overwritten when the next ones are read.
type packets struct {
	capture.Source
	all   []capture.Packet
	batch int
	buf   []byte
}

func (s *packets) ReadBatch(batch []capture.Packet) (int, error) {
	if len(s.all) == 0 {
		return 0, io.EOF
	}
	for i := range s.buf {
		s.buf[i] = 0xee
	}
	s.buf = nil
	n := 0
	for ; n < min(len(batch), s.batch, len(s.all)); n++ {
		batch[n] = s.all[n]
		batch[n].Data = append([]byte(nil), s.all[n].Data...)
		s.buf = batch[n].Data
	}
	s.all = s.all[n:]
	return n, nil
}

// find returns what inspect would show for a packet.
func find(t *testing.T, all []capture.Packet, want uint64, batch int) ([]inspect.Exchange, error) {
	t.Helper()
	conf, err := decode.DefaultConfig()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	f := newFinder(want, &conf, "test.pcap", cancel)
	f.Source = &packets{all: all, batch: batch}
	conf.InOrder, conf.AfterBatch = true, f.check
	if _, err := decode.Run(ctx, []capture.Source{f}, conf, func(int) decode.Handler { return f }); err != nil {
		t.Fatal(err)
	}
	return f.exchanges(false)
}

// told writes what was found in one line.
func told(all []inspect.Exchange, err error) string {
	if err != nil {
		return err.Error()
	}
	var out []string
	for _, e := range all {
		var s []string
		part := func(word string, m *inspect.Message) {
			if m == nil {
				return
			}
			at := fmt.Sprint(m.Frame)
			if m.Frame < 0 {
				at = fmt.Sprintf("%d fragments, %d segments", m.Fragments, m.Segments)
			}
			for _, a := range m.Anomalies {
				if a.ID.Severity() > anomaly.Info {
					at += " " + a.ID.String()
				}
			}
			for _, id := range m.Flow {
				at += " " + id.String()
			}
			s = append(s, fmt.Sprintf("%s %x#%d(%s)", word, m.ID, m.Number, at))
		}
		part("q", e.Query)
		part("r", e.Response)
		if e.Settled {
			s = append(s, [...]string{"answered", "unanswered", "pending", "unsolicited", "duplicate", "conflicting", "mismatched", "late"}[e.Status])
		}
		if e.HasRTT {
			s = append(s, e.RTT.String())
		}
		for _, a := range e.Anomalies {
			s = append(s, a.ID.String())
		}
		s = append(s, e.Remarks...)
		out = append(out, strings.Join(s, " "))
	}
	return strings.Join(out, " | ")
}

// The messages of the captures: a query for "a. A" and its responses, some with a length prefix. RA is set, so that nothing is odd about them.
const (
	aQuery    = "1234 0100 0001 0000 0000 0000 0161 00 0001 0001\n"
	aResponse = "1234 8180 0001 0001 0000 0000 0161 00 0001 0001 c00c 0001 0001 0000003c 0004 c0000201\n"
	aSecond   = "1234 8180 0001 0001 0000 0000 0161 00 0001 0001 c00c 0001 0001 0000003c 0004 c0000202\n"
	udpQuery  = "packet: udp 192.0.2.1:4000 > 192.0.2.53:53 at "
	udpAnswer = "packet: udp 192.0.2.53:53 > 192.0.2.1:4000 at "
	tcpQuery  = "packet: tcp 192.0.2.1:4000 > 192.0.2.53:53 at "
	tcpAnswer = "packet: tcp 192.0.2.53:53 > 192.0.2.1:4000 at "
	passed    = "packet: udp 192.0.2.9:9 > 192.0.2.8:9 at " // time passes
)

func TestFind(t *testing.T) {
	tests := []struct {
		name    string
		capture string
		want    map[uint64]string // by packet
	}{
		{"udp", udpQuery + "0ms\n" + aQuery + udpAnswer + "19ms\n" + aResponse, map[uint64]string{
			1: "q 1234#1(42) r 1234#2(42) answered 19ms",
			2: "q 1234#1(42) r 1234#2(42) answered 19ms",
			3: "no such packet: the last one of test.pcap is packet 2",
		}},
		{"response_in_fragments", udpQuery + "0ms\n" + aQuery + udpAnswer + "19ms fragments 24\n" + aResponse, map[uint64]string{
			1: "q 1234#1(42) r 1234#3(2 fragments, 0 segments) answered 19ms O36",
			2: "q 1234#1(42) r 1234#3(2 fragments, 0 segments) answered 19ms O36",
			3: "q 1234#1(42) r 1234#3(2 fragments, 0 segments) answered 19ms O36",
		}},
		{"fragment_again", udpQuery + "0ms\n" + aQuery + udpAnswer + "19ms fragments 24 again 1\n" + aResponse, map[uint64]string{
			2: "q 1234#1(42) r 1234#4(2 fragments, 0 segments) answered 19ms O36",
			3: "q 1234#1(42) r 1234#4(2 fragments, 0 segments) answered 19ms O36",
		}},
		{"fragment_lost", udpQuery + "0ms\n" + aQuery + udpAnswer + "19ms fragments 24 lose 2\n" + aResponse, map[uint64]string{
			2: "packet 2 of test.pcap holds no DNS message: an IP fragment from 192.0.2.53 to 192.0.2.1, of which no whole datagram could be made",
		}},
		{"tcp_in_segments", tcpQuery + "0ms syn\n" + tcpAnswer + "1ms syn\n" + tcpQuery + "2ms\n0013 1234 0100\n" + tcpQuery + "3ms\n" + strings.TrimPrefix(aQuery, "1234 0100") +
			tcpAnswer + "9ms\n0023" + aResponse, map[uint64]string{
			1: "packet 1 of test.pcap holds no DNS message: a TCP segment from 192.0.2.1:4000 to 192.0.2.53:53 without data (SYN)",
			3: "q 1234#4(0 fragments, 2 segments) r 1234#5(56) answered 6ms",
			4: "q 1234#4(0 fragments, 2 segments) r 1234#5(56) answered 6ms",
			5: "q 1234#4(0 fragments, 2 segments) r 1234#5(56) answered 6ms",
		}},
		{"tcp_two_in_one_segment", tcpQuery + "0ms syn\n" + tcpQuery + "2ms\n0013" + aQuery + "0013 7777" + strings.TrimPrefix(aQuery, "1234") +
			tcpAnswer + "9ms\n0023" + aResponse, map[uint64]string{
			2: "q 1234#2(56 X05) r 1234#3(56) answered 7ms | q 7777#2(77 X05) pending The capture goes on for 7ms after the query, and a query is given 5s.",
		}},
		{"tcp_segment_sent_again", tcpQuery + "0ms syn\n" + tcpQuery + "2ms\n0013" + aQuery + tcpAnswer + "9ms\n0023" + aResponse + tcpQuery + "10ms skip -21\n0013" + aQuery, map[uint64]string{
			4: "q 1234#2(56) r 1234#3(56) 7ms Packet 4 repeats bytes of a message that packet 2 had completed.",
		}},
		{"tcp_second_part_first", tcpQuery + "0ms syn\n" + tcpQuery + "2ms skip 6\n" + strings.TrimPrefix(aQuery, "1234 0100") + tcpQuery + "3ms skip -21\n0013 1234 0100\n" +
			tcpAnswer + "9ms\n0023" + aResponse, map[uint64]string{
			2: "q 1234#3(0 fragments, 2 segments) r 1234#4(56) answered 6ms",
		}},
		{"sent_again", udpQuery + "0ms\n" + aQuery + udpQuery + "5ms\n" + aQuery + udpAnswer + "19ms\n" + aResponse, map[uint64]string{
			1: "q 1234#1(42) r 1234#3(42) answered 19ms P03",
			2: "q 1234#2(42) r 1234#3(42) answered 19ms P03 The query was sent first in packet 1, from which the time runs.",
			3: "q 1234#1(42) r 1234#3(42) answered 19ms P03",
		}},
		{"sent_again_after_the_answer", udpQuery + "0ms\n" + aQuery + udpAnswer + "19ms\n" + aResponse + udpQuery + "25ms\n" + aQuery, map[uint64]string{
			3: "q 1234#3(42) r 1234#2(42) -6ms The query was sent again after it had its response.",
		}},
		{"unanswered", udpQuery + "0ms\n" + aQuery + passed + "6s\n00", map[uint64]string{
			1: "q 1234#1(42) unanswered P01",
			2: "packet 2 of test.pcap holds no DNS message: a UDP datagram from 192.0.2.9:9 to 192.0.2.8:9 with 1 bytes, which is no DNS port (--port takes another)",
		}},
		{"late", udpQuery + "0ms\n" + aQuery + passed + "6s\n00" + "\n" + udpAnswer + "7s\n" + aResponse, map[uint64]string{
			1: "q 1234#1(42) r 1234#3(42) late 7s",
			3: "q 1234#1(42) r 1234#3(42) late 7s",
		}},
		{"pending", udpQuery + "0ms\n" + aQuery, map[uint64]string{
			1: "q 1234#1(42) pending The capture goes on for 0s after the query, and a query is given 5s.",
		}},
		{"unsolicited", udpAnswer + "0ms\n" + aResponse, map[uint64]string{1: "r 1234#1(42) unsolicited P02"}},
		{"response_captured_first", udpAnswer + "0ms\n" + aResponse + udpQuery + "1ms\n" + aQuery, map[uint64]string{
			1: "q 1234#2(42) r 1234#1(42) answered -1ms P13",
			2: "q 1234#2(42) r 1234#1(42) answered -1ms P13",
		}},
		{"duplicate", udpQuery + "0ms\n" + aQuery + udpAnswer + "19ms\n" + aResponse + udpAnswer + "29ms\n" + aResponse, map[uint64]string{
			3: "q 1234#1(42) r 1234#3(42) duplicate 29ms P05",
		}},
		{"conflicting", udpQuery + "0ms\n" + aQuery + udpAnswer + "19ms\n" + aResponse + udpAnswer + "29ms\n" + aSecond, map[uint64]string{
			3: "q 1234#1(42) r 1234#3(42) conflicting 29ms P06",
		}},
		{"from_another_address", udpQuery + "0ms\n" + aQuery + "packet: udp 192.0.2.54:53 > 192.0.2.1:4000 at 5ms\n" + aResponse + udpAnswer + "19ms\n" + aResponse, map[uint64]string{
			1: "q 1234#1(42) r 1234#3(42) answered 19ms A response in packet 2 nearly matches the query, and is taken for another's.",
			2: "q 1234#1(42) r 1234#2(42) mismatched 5ms P08",
		}},
		{"shorter_than_a_header", udpQuery + "0ms\n1234 01\n" + tcpQuery + "1ms syn\n" + tcpQuery + "2ms\n0003 123401\n", map[uint64]string{
			1: "q 1234#1(42 H01) A payload shorter than a header is no message: it is paired with nothing, and servers drop it.",
			3: "q 1234#3(56 H01 X02) A payload shorter than a header is no message: it is paired with nothing, and servers drop it.",
		}},
		{"icmp_error", udpQuery + "0ms\n" + aQuery + "packet: icmp 192.0.2.53 > 192.0.2.1 at 1ms type 3 code 3 quotes 1\n" + passed + "6s\n00", map[uint64]string{
			1: "q 1234#1(42) unanswered P01",
			2: "packet 2 of test.pcap holds no DNS message: an ICMP error of type 3 code 3 from 192.0.2.53 about a packet from 192.0.2.1:4000 to 192.0.2.53:53",
		}},
		{"multicast", "packet: udp 192.0.2.1:5353 > 224.0.0.251:5353 at 0ms\n" + aQuery, map[uint64]string{
			1: "q 1234#1(42) Multicast messages are not paired with each other.",
		}},
		{"tcp_not_dns", "packet: tcp 192.0.2.1:4000 > 192.0.2.53:80 at 0ms\n" + aQuery + "packet: tcp 192.0.2.1:4000 > 192.0.2.53:853 at 1ms\n" + aQuery, map[uint64]string{
			1: "packet 1 of test.pcap holds no DNS message: a TCP segment from 192.0.2.1:4000 to 192.0.2.53:80 with 19 bytes, which is no DNS port (--port takes another)",
			2: "packet 2 of test.pcap holds no DNS message: a TCP segment from 192.0.2.1:4000 to 192.0.2.53:853 with 19 bytes, which is encrypted DNS",
		}},
		{"cut_by_the_capture", udpQuery + "0ms snap 60\n" + aQuery, map[uint64]string{
			1: "q 1234#1(42) pending The capture goes on for 0s after the query, and a query is given 5s.",
		}},
		{"cut_within_the_header", udpQuery + "0ms snap 30\n" + aQuery, map[uint64]string{
			1: "packet 1 of test.pcap holds no DNS message: headers that cannot be read (cut by the snaplen)",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			all := captureOf(t, tt.capture)
			for n, want := range tt.want {
				for _, batch := range []int{1, 2, 256} {
					if got := told(find(t, all, n, batch)); got != want {
						t.Errorf("packet %d, read %d at a time:\n got %s\nwant %s", n, batch, got, want)
					}
				}
			}
		})
	}
}

// captureOf reads a capture written by hand.
func captureOf(t *testing.T, text string) []capture.Packet {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.txt")
	if err := os.WriteFile(path, []byte("# of a test\nnever: N01\n"+text), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := fixture.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	return f.Packets
}

// A zone transfer has one transaction; its later messages belong to the same query.
func TestFindLaterMessageOfTransfer(t *testing.T) {
	soa := "0002 0020 0006 0001 0000003c 0016 00 00 00000001 00000002 00000003 00000004 00000005"
	first := "1234 8580 0001 0001 0000 0000 0161 00 00fc 0001 c00c" + soa[9:]
	all := captureOf(t, tcpQuery+"0ms syn\n"+tcpQuery+"1ms\n0013 1234 0000 0001 0000 0000 0000 0161 00 00fc 0001\n"+
		tcpAnswer+"2ms\n0035"+first+"\n"+tcpAnswer+"4ms\n0035"+first+"\n")
	const want = "q 1234#2(56) r 1234#4(56) 3ms"
	if got := told(find(t, all, 4, 1)); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// The query is no longer held where too much came between.
func TestFindAfterTooMuch(t *testing.T) {
	var h holder
	var w wire.Message
	w.Parse(make([]byte, 60000), false)
	m := decode.Message{Message: &w}
	for i := range 2000 {
		m.Number = uint64(i)
		h.add(&m, whence{frame: -1})
	}
	if x := h.latest(func(x *kept) bool { return x.number == 0 }); x != nil {
		t.Error("a message of 120 MB ago is still held")
	}
	n, first := 0, uint64(0)
	h.each(func(x *kept) {
		if n == 0 {
			first = x.number
		}
		if b, _ := h.data(x); len(b) != 60000 {
			t.Errorf("message %d has %d bytes", x.number, len(b))
		}
		n++
	})
	if n < heldBytes/60000*9/10 || first+uint64(n) != 2000 {
		t.Errorf("%d messages are held, the first is %d", n, first)
	}
}

func TestHolderDoesNotAllocate(t *testing.T) {
	var h holder
	var w wire.Message
	w.Parse(make([]byte, 50), false)
	m := decode.Message{Message: &w}
	for range heldMessages {
		h.add(&m, whence{frame: -1})
	}
	for range heldBytes / 50 {
		h.add(&m, whence{frame: -1})
	}
	if n := testing.AllocsPerRun(1000, func() { h.add(&m, whence{frame: -1}) }); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

func TestNoSuchPacketIsAnErrorOfItsOwn(t *testing.T) {
	if _, err := find(t, captureOf(t, udpQuery+"0ms\n"+aQuery), 9, 1); !errors.Is(err, errNoSuchPacket) {
		t.Errorf("got %v", err)
	}
}
