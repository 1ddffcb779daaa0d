package main

import (
	"context"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/miekg/dns"
	"golang.org/x/sys/unix"

	"github.com/dnssniff/dnssniff/analyze/watch"
	"github.com/dnssniff/dnssniff/capture"
	"github.com/dnssniff/dnssniff/decode"
)

// soakEnv says how long the soak test takes, such as 10m.
const soakEnv = "DNSSNIFF_SOAK"

// Bounds of a soak, whatever its length: 500 MiB for what package watch says it takes, and the decoder's tables and the chunks for the disk.
const (
	soakHeap       = 700 << 20 // bytes
	soakGoroutines = 24
)

// TestSoak: a live line under a flood of names and clients, all of whom are new, whose packets are kept in a ring of files, while somebody looks at it,
// narrows it, and goes back in time.
func TestSoak(t *testing.T) {
	length := 3 * time.Second
	if s := os.Getenv(soakEnv); s != "" {
		var err error
		if length, err = time.ParseDuration(s); err != nil {
			t.Fatal(err)
		}
	} else if testing.Short() {
		t.Skip("it takes seconds; " + soakEnv + "=10m makes it minutes")
	}
	namespace(t)
	before := runtime.NumGoroutine()
	var o sourceOptions
	o.workers, o.timeout = 2, decode.DefaultTimeout
	o.live = liveOptions{iface: "vB", buffer: 16, snaplen: 1 << 16, keep: true, screen: true}
	o.live.write = keepOptions{path: filepath.Join(t.TempDir(), "x"), size: "5", count: 3}
	conf, err := o.config()
	if err != nil {
		t.Fatal(err)
	}
	in, _, err := o.open(t.Context(), nil, streams{})
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	src := o.appOver(in, true, conf, streams{})
	ctx, stop := context.WithCancel(t.Context())
	w := watch.New(&src.conf, watch.Options{Source: src.source, Clock: src.clock})
	var all sync.WaitGroup
	var stats decode.Stats
	all.Go(func() {
		var err error
		stats, err = src.decode(ctx, src.conf, w.Handler)
		if err != nil {
			t.Error(err)
		}
		w.Finish(stats)
	})
	all.Go(func() { looker(ctx, t, w) })
	flooding := make(chan uint64)
	f := newFlood(t, "vA") // in the namespace
	dry, turnOff := context.WithCancel(ctx)
	go func() { flooding <- f.run(dry) }()

	soak(t, length/2, "half of it")
	soak(t, length-length/2, "all of it")
	turnOff()
	sent, l := <-flooding, in.(*liveInput)
	for range 1000 { // some may be on their way
		if l.Stats().Received >= sent {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	stop()
	all.Wait()
	kept, dropped := l.keep.Stats(), l.Stats().Dropped
	t.Logf("%d packets sent, %d read, %d dropped by the kernel; %d written, %d not", sent, stats.Packets, dropped, kept.Packets, kept.Lost)
	if stats.Packets+dropped < sent || stats.Packets != kept.Packets+kept.Lost {
		t.Error("packets are missing in the counts")
	}
	w.Close()
	for range 1000 { // they end by themselves
		if runtime.NumGoroutine() <= before+1 {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Errorf("%d goroutines, %d before", runtime.NumGoroutine(), before)
}

// soak waits, and measures now and then.
func soak(t *testing.T, length time.Duration, what string) {
	t.Helper()
	const looks = 10
	var heap uint64
	for range looks {
		time.Sleep(length / looks)
		heap = measure(t)
	}
	t.Logf("after %s: %d MiB of heap, %d goroutines", what, heap>>20, runtime.NumGoroutine())
}

// measure returns the heap in use, in bytes, which is to be within the bounds.
func measure(t *testing.T) uint64 {
	t.Helper()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	if n := runtime.NumGoroutine(); m.HeapAlloc > soakHeap || n > soakGoroutines {
		t.Errorf("%d MiB of heap, %d goroutines", m.HeapAlloc>>20, n)
	}
	return m.HeapAlloc
}

// hour is a line whose packet time runs as fast as it is read: queries and responses, each of a new client for a new name.
type hour struct {
	flood
	rng   *rand.Rand
	clock atomic.Int64 // ns
	step  int64        // between two packets
	end   int64
	n     uint64
	mark  func(elapsed time.Duration) // called at each minute
	data  [256][128]byte
}

// ReadBatch implements [capture.Source].
func (h *hour) ReadBatch(batch []capture.Packet) (int, error) {
	now := h.clock.Load()
	if now >= h.end {
		return 0, io.EOF
	}
	n := min(len(batch), len(h.data)) &^ 1
	for i := 0; i < n; i += 2 {
		client, name, id := h.rng.Uint32()&0xffffff|10<<24, h.rng.Uint64(), uint16(h.rng.Uint32())
		h.set(h.query, client, name, id, false)
		h.set(h.response, client, name, id, true)
		h.response[atDNS+3] = byte(name % 6) // RCODE
		for j, frame := range [2][]byte{h.query, h.response} {
			b := h.data[i+j][:copy(h.data[i+j][:], frame)]
			h.n++
			before := now / int64(time.Minute)
			if now += h.step; now/int64(time.Minute) > before {
				h.mark(time.Duration(now - soakStart))
			}
			batch[i+j] = capture.Packet{Data: b, Time: now, Number: h.n, Length: uint32(len(b)), Link: 1}
		}
	}
	h.clock.Store(now)
	return n, nil
}

// ZeroCopyReadPacketData implements [capture.Source].
func (h *hour) ZeroCopyReadPacketData() ([]byte, gopacket.CaptureInfo, error) {
	return nil, gopacket.CaptureInfo{}, io.EOF
}

const soakStart = 1_700_000_000_000_000_000 / int64(time.Minute) * int64(time.Minute)

// TestSoakHour: an hour of a live line in packet time, 2000 queries a second, all of new clients for new names. When all tables and windows are full, which
// takes fifteen minutes, the heap stays as it is. By default it is two minutes of a tenth of that.
func TestSoakHour(t *testing.T) {
	length, rate := 2*time.Minute, 200
	if os.Getenv(soakEnv) != "" {
		length, rate = time.Hour, 2000
	} else if testing.Short() {
		t.Skip("it takes seconds; " + soakEnv + "=1m makes it an hour")
	}
	conf, err := decode.DefaultConfig()
	if err != nil {
		t.Fatal(err)
	}
	h := &hour{flood: flood{T: t}, rng: rand.New(rand.NewPCG(1, 2)), step: int64(time.Second) / int64(2*rate), end: soakStart + int64(length)}
	h.frames()
	h.clock.Store(soakStart)
	w := watch.New(&conf, watch.Options{Clock: h.clock.Load})
	defer w.Close()
	var heaps []uint64
	h.mark = func(elapsed time.Duration) {
		_ = w.Snapshot() // somebody looks
		heaps = append(heaps, measure(t))
		if len(heaps)%10 == 0 {
			t.Logf("after %s: %d MiB of heap", elapsed, heaps[len(heaps)-1]>>20)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	go looker(ctx, t, w)
	stats, err := decode.Run(t.Context(), []capture.Source{h}, conf, w.Handler)
	if err != nil {
		t.Fatal(err)
	}
	w.Finish(stats)
	const (
		settled = 20 // minutes
		growth  = 48 << 20
	)
	if len(heaps) < 2*settled {
		return
	}
	early, late := slices.Max(heaps[settled:2*settled]), slices.Max(heaps[2*settled:])
	t.Logf("%d packets; at most %d MiB from minute %d on, %d MiB from minute %d on", stats.Packets, early>>20, settled, late>>20, 2*settled)
	if late > early+growth {
		t.Errorf("the heap grew from %d to %d MiB", early>>20, late>>20)
	}
}

// looker is somebody before the screen.
func looker(ctx context.Context, t *testing.T, w *watch.Watcher) {
	for i := 0; ctx.Err() == nil; i++ {
		_ = w.Snapshot()
		switch i % 40 {
		case 10:
			m, err := parseWhere(`rcode == "SERVFAIL" && name contains "7"`)
			if err != nil {
				t.Error(err)
			}
			w.Refresh(watch.All, m)
		case 20:
			w.Refresh(watch.FiveMinutes, nil)
		case 30:
			w.Refresh(watch.All, nil)
			_ = w.Back(1 + i%100)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// flood sends queries and responses, each of a new client for a new name.
type flood struct {
	*testing.T
	fd              int
	query, response []byte
}

// Offsets in the flood's frames.
const (
	atIP   = 14
	atUDP  = atIP + 20
	atDNS  = atUDP + 8
	atName = atDNS + 12 + 1
)

func newFlood(t *testing.T, name string) *flood {
	t.Helper()
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	ifr, _ := unix.NewIfreq(name)
	if err := unix.IoctlIfreq(fd, unix.SIOCGIFINDEX, ifr); err != nil {
		t.Fatal(err)
	}
	if err := unix.Bind(fd, &unix.SockaddrLinklayer{Ifindex: int(ifr.Uint32())}); err != nil {
		t.Fatal(err)
	}
	f := &flood{T: t, fd: fd}
	f.frames()
	return f
}

// frames makes the frames that are filled in.
func (f *flood) frames() {
	m := new(dns.Msg)
	m.SetQuestion("xxxxxxxx.example.", dns.TypeA)
	f.query = datagram53(f.T, m, false)
	m.Response = true
	f.response = datagram53(f.T, m, true)
}

// datagram53 makes an Ethernet frame of a message to or from 192.0.2.2.
func datagram53(t *testing.T, m *dns.Msg, back bool) []byte {
	t.Helper()
	data, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, atDNS, atDNS+len(data))
	b[0], b[6], b[12] = 2, 2, 8
	b[atIP], b[atIP+8], b[atIP+9] = 0x45, 64, 17
	binary.BigEndian.PutUint16(b[atIP+2:], uint16(28+len(data)))
	client, server := b[atIP+12:], b[atIP+16:]
	port := b[atUDP+2:]
	if back {
		client, server, port = server, client, b[atUDP:]
	}
	client[0] = 10
	copy(server, []byte{192, 0, 2, 2})
	binary.BigEndian.PutUint16(port, 53)
	binary.BigEndian.PutUint16(b[atUDP+4:], uint16(8+len(data)))
	return append(b, data...)
}

// run sends until the context is done, and returns how many packets.
func (f *flood) run(ctx context.Context) (sent uint64) {
	rng := rand.New(rand.NewPCG(1, 2))
	for ctx.Err() == nil {
		for range 32 {
			client, name, id := rng.Uint32()&0xffffff|10<<24, rng.Uint64(), uint16(rng.Uint32())
			f.set(f.query, client, name, id, false)
			f.set(f.response, client, name, id, true)
			f.response[atDNS+3] = byte(name % 6) // RCODE
			sent += f.send(f.query)
			if name%16 != 0 {
				sent += f.send(f.response)
			}
		}
		time.Sleep(time.Millisecond) // some 30,000 queries a second
	}
	return sent
}

func (f *flood) set(b []byte, client uint32, name uint64, id uint16, back bool) {
	address, port := b[atIP+12:], b[atUDP:]
	if back {
		address, port = b[atIP+16:], b[atUDP+2:]
	}
	binary.BigEndian.PutUint32(address, client)
	binary.BigEndian.PutUint16(port, id|1024)
	binary.BigEndian.PutUint16(b[atDNS:], id)
	for i := range 8 {
		b[atName+i] = 'a' + byte(name>>(4*i)&15)
	}
}

func (f *flood) send(b []byte) uint64 {
	if _, err := unix.Write(f.fd, b); err != nil {
		return 0 // the queue is full
	}
	return 1
}
