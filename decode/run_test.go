package decode

import (
	"context"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"github.com/dnssniff/dnssniff/capture"
)

// packets is a source of packets in memory.
type packets struct {
	list []capture.Packet
	pos  int
}

func (s *packets) ReadBatch(batch []capture.Packet) (int, error) {
	n := copy(batch, s.list[s.pos:])
	s.pos += n
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

func (s *packets) ZeroCopyReadPacketData() ([]byte, gopacket.CaptureInfo, error) {
	return nil, gopacket.CaptureInfo{}, io.EOF
}

// scene is a capture in the making. Packets are 1 ms apart.
type scene struct {
	t    testing.TB
	list []capture.Packet
}

func (s *scene) add(data []byte, length int) {
	n := len(s.list) + 1
	s.list = append(s.list, capture.Packet{Data: data, Time: int64(n) * 1e6, Number: uint64(n), Length: uint32(length), Link: 1})
}

// serialize makes a frame of layers below the payload, lengths and checksums filled in by gopacket.
func (s *scene) serialize(payload []byte, l ...gopacket.SerializableLayer) []byte {
	s.t.Helper()
	buf := gopacket.NewSerializeBuffer()
	o := gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}
	if err := gopacket.SerializeLayers(buf, o, append(l, gopacket.Payload(payload))...); err != nil {
		s.t.Fatal(err)
	}
	return slices.Clone(buf.Bytes())
}

// udp adds a datagram between "address:port" pairs.
func (s *scene) udp(src, dst string, payload []byte) []byte {
	s.t.Helper()
	frame := s.datagram(src, dst, payload)
	s.add(frame, len(frame))
	return frame
}

func (s *scene) datagram(src, dst string, payload []byte) []byte {
	s.t.Helper()
	from, to := endpoint(s.t, src), endpoint(s.t, dst)
	udp := &layers.UDP{SrcPort: layers.UDPPort(from.Port), DstPort: layers.UDPPort(to.Port)}
	ip, eth := ipLayer(from.IP, to.IP, layers.IPProtocolUDP)
	_ = udp.SetNetworkLayerForChecksum(ip.(gopacket.NetworkLayer))
	return s.serialize(payload, eth, ip, udp)
}

func (s *scene) tcp(src, dst string, seq uint32, flags string, payload []byte) {
	s.t.Helper()
	from, to := endpoint(s.t, src), endpoint(s.t, dst)
	tcp := &layers.TCP{SrcPort: layers.TCPPort(from.Port), DstPort: layers.TCPPort(to.Port), Seq: seq, SYN: strings.Contains(flags, "S"),
		ACK: strings.Contains(flags, "A"), FIN: strings.Contains(flags, "F"), Window: 1000}
	ip, eth := ipLayer(from.IP, to.IP, layers.IPProtocolTCP)
	_ = tcp.SetNetworkLayerForChecksum(ip.(gopacket.NetworkLayer))
	frame := s.serialize(payload, eth, ip, tcp)
	s.add(frame, len(frame))
}

func ipLayer(src, dst net.IP, proto layers.IPProtocol) (gopacket.SerializableLayer, *layers.Ethernet) {
	eth := &layers.Ethernet{SrcMAC: net.HardwareAddr{2, 0, 0, 0, 0, 1}, DstMAC: net.HardwareAddr{2, 0, 0, 0, 0, 2}}
	if src.To4() != nil {
		eth.EthernetType = layers.EthernetTypeIPv4
		return &layers.IPv4{Version: 4, TTL: 64, Protocol: proto, SrcIP: src, DstIP: dst}, eth
	}
	eth.EthernetType = layers.EthernetTypeIPv6
	return &layers.IPv6{Version: 6, HopLimit: 64, NextHeader: proto, SrcIP: src, DstIP: dst}, eth
}

func endpoint(t testing.TB, s string) *net.UDPAddr {
	t.Helper()
	a, err := net.ResolveUDPAddr("udp", s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// unhex returns bytes written in hex with spaces.
func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

const (
	client = "192.0.2.1:40000"
	server = "198.51.100.53:53"
	// A query for a. IN A with ID 1, and its NXDOMAIN response.
	queryHex    = "0001 0100 0001 0000 0000 0000 01 61 00 0001 0001"
	responseHex = "0001 8183 0001 0000 0000 0000 01 61 00 0001 0001"
)

// decodeScene decodes with n workers; all shards tell to one handler, so only for n = 1 in order.
func decodeScene(t *testing.T, s *scene, change func(*Config)) (*tell, Stats) {
	t.Helper()
	c, err := DefaultConfig()
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(&c)
	}
	var h tell
	st, err := Run(context.Background(), []capture.Source{&packets{list: s.list}}, c, func(int) Handler { return &h })
	if err != nil {
		t.Fatal(err)
	}
	return &h, st
}

func TestRun(t *testing.T) {
	tests := []struct {
		name   string
		play   func(*scene)
		config func(*Config)
		want   []string
		stats  func(Stats) bool
	}{
		{"udp_ipv4", func(s *scene) {
			s.udp(client, server, unhex(t, queryHex))
			s.udp(server, client, unhex(t, responseHex))
		}, nil, []string{"answered q1 r2 1ms"}, func(s Stats) bool { return s.Packets == 2 && s.NonDNS == 0 }},
		{"udp_ipv6", func(s *scene) {
			s.udp("[2001:db8::1]:40000", "[2001:db8::53]:53", unhex(t, queryHex))
			s.udp("[2001:db8::53]:53", "[2001:db8::1]:40000", unhex(t, responseHex))
		}, nil, []string{"answered q1 r2 1ms"}, nil},
		{"second_link_type", func(s *scene) {
			s.add(s.datagram("[2001:db8::1]:40000", "[2001:db8::53]:53", unhex(t, queryHex))[14:], 67)
			s.list[0].Link = 101
			s.udp("[2001:db8::53]:53", "[2001:db8::1]:40000", unhex(t, responseHex))
		}, nil, []string{"answered q1 r2 1ms"}, func(s Stats) bool { return slices.Equal(s.LinkTypes, []capture.LinkType{101, 1}) }},
		{"both_ports_53_go_by_qr", func(s *scene) {
			s.udp("192.0.2.1:53", server, unhex(t, queryHex))
			s.udp(server, "192.0.2.1:53", unhex(t, responseHex))
		}, nil, []string{"answered q1 r2 1ms"}, nil},
		{"tcp_split_prefix", func(s *scene) {
			s.tcp(client, server, 1, "S", nil)
			s.tcp(client, server, 2, "A", []byte{0, 19})
			s.tcp(client, server, 4, "A", unhex(t, queryHex))
			s.tcp(server, client, 9, "A", append([]byte{0, 19}, unhex(t, responseHex)...))
		}, nil, []string{"answered q3 r4 1ms"}, func(s Stats) bool { return s.TCPStreams == 1 }},
		{"short_payload_is_no_message", func(s *scene) { s.udp(client, server, []byte("hello")) }, nil, nil, func(s Stats) bool { return s.ShortDNS == 1 }},
		{"short_tcp_unit_is_no_message", func(s *scene) {
			s.tcp(client, server, 1, "S", nil)
			s.tcp(client, server, 2, "A", []byte{0, 2, 1, 2})
		}, nil, nil, func(s Stats) bool { return s.ShortDNS == 1 }},
		{"other_port", func(s *scene) { s.udp(client, "198.51.100.53:5300", unhex(t, queryHex)) }, nil, nil, func(s Stats) bool { return s.NonDNS == 1 }},
		{"other_port_asked_for", func(s *scene) { s.udp(client, "198.51.100.53:5300", unhex(t, queryHex)) },
			func(c *Config) { c.Ports.Add(5300) }, []string{"pending q1"}, func(s Stats) bool { return s.NonDNS == 0 }},
		{"doq_is_named", func(s *scene) { s.udp(client, "198.51.100.53:853", []byte("quic")) }, nil, nil, func(s Stats) bool { return s.NonDNS == 1 && s.EncryptedDNS == 1 }},
		{"dot_is_named", func(s *scene) { s.tcp(client, "198.51.100.53:853", 1, "S", nil) }, nil, nil, func(s Stats) bool { return s.NonDNS == 1 && s.EncryptedDNS == 1 }},
		{"mdns_is_not_paired", func(s *scene) { s.udp("192.0.2.1:5353", "224.0.0.251:5353", unhex(t, queryHex)) }, nil, nil, func(s Stats) bool { return s.NonDNS == 0 }},
		{"llmnr_is_not_paired", func(s *scene) { s.udp(client, "224.0.0.252:5355", unhex(t, queryHex)) }, nil, nil, func(s Stats) bool { return s.NonDNS == 0 }},
		{"icmp_quotes_query", func(s *scene) { s.unreachable(s.udp(client, server, unhex(t, queryHex))[14:]) }, nil,
			[]string{"pending q1 icmp 3/3"}, func(s Stats) bool { return s.ICMPErrors == 1 && s.NonDNS == 0 }},
		{"icmp_quotes_udp_header_only", func(s *scene) {
			s.unreachable(s.udp(client, server, unhex(t, queryHex))[14 : 14+20+8])
			s.unreachable(s.datagram("192.0.2.1:4001", server, unhex(t, queryHex))[14 : 14+20+8])
		}, nil, []string{"pending q1 icmp 3/3"}, func(s Stats) bool { return s.ICMPErrors == 2 }},
		{"icmp_quotes_another_id", func(s *scene) {
			frame := slices.Clone(s.udp(client, server, unhex(t, queryHex)))
			frame[14+20+8]++
			s.unreachable(frame[14 : 14+20+8+2])
		}, nil, []string{"pending q1"}, func(s Stats) bool { return s.ICMPErrors == 1 }},
		{"arp", func(s *scene) { s.add(append(make([]byte, 12), 8, 6, 0, 1), 60) }, nil, nil, func(s Stats) bool { return s.NonDNS == 1 }},
		{"unreadable", func(s *scene) { s.add(append(make([]byte, 12), 8, 0, 0x4f), 15) }, nil, nil, func(s Stats) bool { return s.Undecodable == 1 }},
		{"snaplen_in_rdata_is_a_message", func(s *scene) {
			frame := s.datagram(client, server, unhex(t, queryHex))
			s.add(frame[:len(frame)-3], len(frame))
		}, nil, []string{"pending q1"}, func(s Stats) bool { return s.SnaplenCut == 1 && s.ShortDNS == 0 }},
		{"snaplen_in_header_keeps_what_is_there", func(s *scene) {
			frame := s.datagram(client, server, unhex(t, queryHex))
			s.add(frame[:14+20+8+6], len(frame))
		}, nil, []string{"pending q1"}, nil},
		{"snaplen_before_flags_is_no_message", func(s *scene) {
			frame := s.datagram(client, server, unhex(t, queryHex))
			s.add(frame[:14+20+8+3], len(frame))
		}, nil, nil, func(s Stats) bool { return s.ShortDNS == 0 && s.SnaplenCut == 1 }},
		{"max_packets", func(s *scene) {
			s.udp(client, server, unhex(t, queryHex))
			s.udp(server, client, unhex(t, responseHex))
		}, func(c *Config) { c.MaxPackets = 1 }, []string{"pending q1"}, func(s Stats) bool { return s.Packets == 1 }},
		{"silent_client_times_out_while_others_talk", func(s *scene) {
			s.udp(client, server, unhex(t, queryHex))
			for range 3 {
				s.udp("192.0.2.77:4000", "198.51.100.53:9", []byte("x"))
			}
			s.list[1].Time, s.list[2].Time, s.list[3].Time = 3e9, 5.5e9, 7e9
			s.udp(server, client, unhex(t, responseHex))
			s.list[4].Time = 7e9
		}, nil, []string{"unanswered q1", "late q1 r5 6.999s"}, nil},
		{"one_frame_from_the_future_ends_nothing", func(s *scene) {
			s.udp(client, server, unhex(t, queryHex))
			s.udp("192.0.2.77:4000", "198.51.100.53:9", []byte("x"))
			s.list[1].Time = 86400e9
			s.udp(server, client, unhex(t, responseHex))
		}, nil, []string{"answered q1 r3 2ms"}, nil},
		{"time_goes_back", func(s *scene) {
			s.udp(client, server, unhex(t, queryHex))
			s.udp(server, client, unhex(t, responseHex))
			s.list[0].Time = s.list[1].Time + 5
		}, nil, []string{"answered q1 r2 -5ns"}, func(s Stats) bool { return s.TimeWentBack == 1 && s.First == 2e6 && s.Last == 2e6+5 }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := &scene{t: t}
			tt.play(s)
			h, st := decodeScene(t, s, tt.config)
			if !slices.Equal(h.lines, tt.want) {
				t.Errorf("got  %q\nwant %q", h.lines, tt.want)
			}
			if tt.stats != nil && !tt.stats(st) {
				t.Errorf("stats %+v", st)
			}
		})
	}
}

func TestDuplicatePackets(t *testing.T) {
	s := &scene{t: t}
	q := s.udp(client, server, unhex(t, queryHex))
	s.add(q, len(q)) // as a mirror port gives it
	r := s.udp(server, client, unhex(t, responseHex))
	tagged := slices.Concat(r[:12], []byte{0x81, 0, 0, 7}, r[12:])
	s.add(tagged, len(tagged)) // and with a VLAN tag
	again := s.udp(client, server, unhex(t, queryHex))
	_ = again
	for i := range s.list {
		s.list[i].Time = int64(i) * 100e3
	}
	s.list[4].Time = 50e6 // a retransmission, not a duplicate
	h, st := decodeScene(t, s, nil)
	if want := []string{"answered q1+1 r3 200µs", "duplicate r4"}; !slices.Equal(h.lines, want) || st.Duplicate != 2 || st.Retransmitted != 2 {
		t.Errorf("got %q, %d duplicates, %d retransmitted", h.lines, st.Duplicate, st.Retransmitted)
	}
	h, st = decodeScene(t, s, func(c *Config) { c.Dedup = true })
	if want := []string{"answered q1 r3 200µs"}; !slices.Equal(h.lines, want) || st.Duplicate != 2 || st.Retransmitted != 1 {
		t.Errorf("with dedup: got %q, %d duplicates, %d retransmitted", h.lines, st.Duplicate, st.Retransmitted)
	}
}

// unreachable adds the server's answer that nobody listens, which quotes bytes of an IP packet.
func (s *scene) unreachable(quoted []byte) {
	icmp := &layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(3, 3)}
	ip, eth := ipLayer(net.IPv4(198, 51, 100, 53), net.IPv4(192, 0, 2, 1), layers.IPProtocolICMPv4)
	data := s.serialize(quoted, eth, ip, icmp)
	s.add(data, len(data))
}

// TestRunStops checks that a cancelled run settles what it has read.
func TestRunStops(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	s := &scene{t: t}
	s.udp(client, server, unhex(t, queryHex))
	c, err := DefaultConfig()
	if err != nil {
		t.Fatal(err)
	}
	var h tell
	endless := &repeat{packet: s.list[0], after: func(n int) {
		if n == 3 {
			cancel()
		}
	}}
	st, err := Run(ctx, []capture.Source{endless}, c, func(int) Handler { return &h })
	if err != nil || st.Packets == 0 || len(h.lines) != 1 {
		t.Errorf("got %v, %d packets, %q", err, st.Packets, h.lines)
	}
}

// repeat gives one packet again and again.
type repeat struct {
	packets
	packet capture.Packet
	calls  int
	after  func(calls int)
}

func (r *repeat) ReadBatch(batch []capture.Packet) (int, error) {
	r.calls++
	r.after(r.calls)
	batch[0] = r.packet
	return 1, nil
}

func TestRunReportsSourceErrors(t *testing.T) {
	c, err := DefaultConfig()
	if err != nil {
		t.Fatal(err)
	}
	_, err = Run(context.Background(), []capture.Source{&broken{}}, c, func(int) Handler { return nopHandler{} })
	if !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("got %v", err)
	}
}

type broken struct{ packets }

func (*broken) ReadBatch([]capture.Packet) (int, error) { return 0, io.ErrClosedPipe }

func TestDecodingDoesNotAllocate(t *testing.T) {
	s := &scene{t: t}
	s.udp(client, server, unhex(t, queryHex))
	s.udp(server, client, unhex(t, responseHex))
	c, err := DefaultConfig()
	if err != nil {
		t.Fatal(err)
	}
	w := newWorker(&c, 0, 1, func(int) Handler { return nopHandler{} })
	now := time.Second.Nanoseconds()
	turn := func() {
		for i := range s.list {
			now += 1e6
			s.list[i].Time = now
		}
		w.batch(s.list)
	}
	for range 10000 {
		turn()
	}
	if n := testing.AllocsPerRun(5000, turn); n != 0 {
		t.Errorf("%v allocations for a query and its response", n)
	}
}

func TestPorts(t *testing.T) {
	var p Ports
	want := []uint16{0, 53, 63, 64, 65535}
	for _, n := range []uint16{0, 63, 64, 65535} {
		p.Add(n)
	}
	for n := range 1 << 16 {
		if got := p.Has(uint16(n)); got != slices.Contains(want, uint16(n)) {
			t.Errorf("port %d: %v", n, got)
		}
	}
}

// batches keeps what a shard was told last.
type batches struct {
	last Stats
	n    int
}

func (b *batches) Message(*Message) {}

func (b *batches) Transaction(*Transaction) {}

func (b *batches) Batch(st *Stats) {
	b.last = *st
	b.n++
}

// TestBatchesTellTheCounts compares what the handlers are told with what the run returns, of which the end adds the TCP streams.
func TestBatchesTellTheCounts(t *testing.T) {
	for _, workers := range []int{1, 3} {
		in, err := capture.Open([]string{"../pcaps/office.pcap"}, capture.Options{})
		if err != nil {
			t.Fatal(err)
		}
		conf, err := DefaultConfig()
		if err != nil {
			t.Fatal(err)
		}
		var shards [Shards]batches
		stats, err := Run(context.Background(), in.Sources(workers), conf, func(i int) Handler { return &shards[i] })
		in.Close()
		if err != nil {
			t.Fatal(err)
		}
		var sum Stats
		for i := range shards {
			sum.Add(&shards[i].last)
			if shards[i].n < 2 {
				t.Errorf("shard %d was told %d times", i, shards[i].n)
			}
		}
		for i, f := range sum.counts() {
			if have := *stats.counts()[i]; *f > have || *f != have && f != &sum.TCPStreams && f != &sum.TCPGaps && f != &sum.TCPNotDNS && f != &sum.StreamsEvicted {
				t.Errorf("%d workers, count %d: %d, in the end %d", workers, i, *f, have)
			}
		}
		if sum.Sub(&sum); sum.Packets != 0 || sum.First == 0 {
			t.Errorf("nothing should be left: %+v", sum)
		}
	}
}
