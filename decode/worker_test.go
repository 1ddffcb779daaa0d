package decode

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/dnssniff/dnssniff/capture"
)

// motley returns packets of all kinds, whose times go on, stand still, go back, and leap. No packet comes twice.
func motley(t *testing.T, seed uint64) *scene {
	s := &scene{t: t}
	r := rand.New(rand.NewPCG(seed, 1))
	query, response := unhex(t, queryHex+" 00 00"), unhex(t, responseHex+" 00 00")
	clients := []string{"192.0.2.1:40000", "192.0.2.2:40000", "[2001:db8::1]:40000", "192.0.2.3:53", "[2001:db8::3]:53", "192.0.2.4:4789"}
	servers := map[byte]string{'1': server, '[': "[2001:db8::53]:53"}
	now := int64(1700000000e9)
	for id := range uint16(3000) {
		binary.BigEndian.PutUint16(query, id)
		binary.BigEndian.PutUint16(response, id-1)
		c := clients[r.IntN(len(clients))]
		to := servers[c[0]]
		switch r.IntN(20) {
		case 0:
			s.tcp(c, to, uint32(id), "S", nil)
		case 1:
			s.udp("192.0.2.1:4000", "198.51.100.53:853", query)
		case 2:
			frame := s.datagram(c, to, query)
			s.add(frame[:14+r.IntN(len(frame)-14)], len(frame))
		case 3:
			s.udp(c, to, query)
			s.list[len(s.list)-1].Link = 101
		case 4, 5, 6, 7, 8, 9:
			s.udp(to, c, response)
		default:
			s.udp(c, to, query)
		}
		now += []int64{0, 1, 1e3, 1e6, 1e6, 1e6, -2e6, 3e8}[r.IntN(8)]
		p := &s.list[len(s.list)-1]
		p.Time = now
		switch r.IntN(300) {
		case 0: // one packet
			p.Time += 2 * leap
		case 1: // and all behind it
			now += 2 * leap
		}
	}
	return s
}

// ticks is tell, and how time goes by.
type ticks struct{ tell }

func (h *ticks) Tick(now int64) { h.lines = append(h.lines, fmt.Sprint("tick ", now)) }

// decodeShards returns what each shard's handler was told by n workers.
func decodeShards(t *testing.T, s *scene, n int, change func(*Config)) ([Shards]ticks, Stats) {
	t.Helper()
	c, err := DefaultConfig()
	if err != nil {
		t.Fatal(err)
	}
	change(&c)
	var told [Shards]ticks
	sources := make([]capture.Source, n)
	for i := range sources {
		sources[i] = &packets{list: s.list}
	}
	st, err := Run(context.Background(), sources, c, func(shard int) Handler { return &told[shard] })
	if err != nil {
		t.Fatal(err)
	}
	return told, st
}

// TestPlainPacketsAreAsAllOthers compares the way that nearly all packets take with the one that knows them all.
func TestPlainPacketsAreAsAllOthers(t *testing.T) {
	for seed := range uint64(5) {
		s := motley(t, seed)
		want, st := decodeShards(t, s, 1, func(c *Config) { c.Ports.Add(9) }) // with other ports no packet is plain
		if st.TimeWentBack == 0 || st.SnaplenCut == 0 || st.EncryptedDNS == 0 || len(st.LinkTypes) != 2 || st.TCPStreams == 0 {
			t.Fatalf("%+v", st)
		}
		for n := 1; n <= 3; n++ {
			got, gotStats := decodeShards(t, s, n, func(*Config) {})
			if !reflect.DeepEqual(got, want) {
				t.Errorf("seed %d, %d workers: %v\nwant %v", seed, n, got, want)
			}
			if !reflect.DeepEqual(gotStats, st) {
				t.Errorf("seed %d, %d workers: %+v\nwant %+v", seed, n, gotStats, st)
			}
		}
	}
}

func BenchmarkBatch(b *testing.B) {
	s := &scene{t: b}
	for range 500 {
		s.udp(client, server, unhex(b, queryHex+" 00 00"))
		s.udp("[2001:db8::53]:53", "[2001:db8::1]:40000", unhex(b, responseHex))
	}
	c, _ := DefaultConfig()
	w := newWorker(&c, Shards, 1, func(int) Handler { return &tell{} }) // owns no shard: what is left is what each worker does for all packets
	for b.Loop() {
		w.batch(s.list)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(s.list)), "ns/packet")
}
