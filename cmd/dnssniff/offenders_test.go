package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/gopacket/layers"

	"github.com/dnssniff/dnssniff/capture"
	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/fixture"
	"github.com/dnssniff/dnssniff/decode/packet"
	"github.com/dnssniff/dnssniff/decode/wire"
)

// badQuery ends after its name: anomaly R01.
const badQuery = "\x12\x36\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07example\x03com\x00"

// madePackets returns the packets of a fixture's text.
func madePackets(t *testing.T, text string) []capture.Packet {
	t.Helper()
	path := filepath.Join(t.TempDir(), "fixture.txt")
	writeFile(t, path, []byte("# Made for this test.\nnever: H01\n"+text))
	f, err := fixture.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	return f.Packets
}

// captureFile writes packets to a file.
func captureFile(t *testing.T, name string, packets []capture.Packet) string {
	t.Helper()
	var b bytes.Buffer
	w := capture.NewWriter(&b)
	for i := range packets {
		if err := w.Write(&packets[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), name)
	writeFile(t, path, b.Bytes())
	return path
}

// packetsOf returns the packets of a file.
func packetsOf(t *testing.T, file string) (all []capture.Packet) {
	t.Helper()
	in, err := capture.Open([]string{file}, capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	src, batch := in.Sources(1)[0], make([]capture.Packet, 64)
	for {
		n, err := src.ReadBatch(batch)
		for _, p := range batch[:n] {
			p.Data = bytes.Clone(p.Data)
			all = append(all, p)
		}
		if errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

// offendersOf runs the command with -w, and returns its JSON output and the packets that it wrote.
func offendersOf(t *testing.T, args ...string) (report map[string]any, packets []capture.Packet) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "out.pcapng")
	var out, errs bytes.Buffer
	args = append([]string{"offenders", "--format", "json", "-w", file}, args...)
	if code := run(t.Context(), args, streams{in: strings.NewReader(""), out: &out, err: &errs}); code != exitDone || errs.Len() > 0 {
		t.Fatalf("%v: exit code %d: %s", args, code, errs.String())
	}
	if err := json.Unmarshal(out.Bytes(), &report); err != nil {
		t.Fatal(err)
	}
	packets = packetsOf(t, file)
	if n := report["written"].(map[string]any)["packets"]; n != float64(len(packets)) {
		t.Errorf("%d packets are written, and the report says %v", len(packets), n)
	}
	return report, packets
}

// tcpSplit is a malformed query over three segments, between sound ones.
const tcpSplit = `
packet: tcp 192.0.2.1:40000 > 192.0.2.53:53 at 0ms syn
packet: tcp 192.0.2.53:53 > 192.0.2.1:40000 at 0ms syn
packet: tcp 192.0.2.1:40000 > 192.0.2.53:53 at 1ms data
001d                              ; length prefix: 29 bytes
1234 0100 0001 0000 0000 0000     ; header: RD, 1 question
07 "example" 03 "com" 00          ; QNAME
0001 0001                         ; A IN
packet: tcp 192.0.2.1:40000 > 192.0.2.53:53 at 2ms data
00                                ; the first half of a length prefix: 25 bytes
packet: tcp 192.0.2.1:40001 > 192.0.2.53:53 at 2ms data
001d 1234 0100 0001 0000 0000 0000 07 "example" 03 "com" 00 0001 0001 ; another connection
packet: tcp 192.0.2.1:40000 > 192.0.2.53:53 at 3ms data
19                                ; the other half
1236 0100 0001 0000 0000 0000     ; header: RD, 1 question
packet: tcp 192.0.2.53:53 > 192.0.2.1:40000 at 3ms data
001d 1234 8180 0001 0000 0000 0000 07 "example" 03 "com" 00 0001 0001 ; the first response
packet: tcp 192.0.2.1:40000 > 192.0.2.53:53 at 4ms data
07 "example" 03 "com" 00          ; QNAME, and no type
packet: tcp 192.0.2.1:40000 > 192.0.2.53:53 at 5ms data
001d 1237 0100 0001 0000 0000 0000 07 "example" 03 "com" 00 0001 0001 ; a sound one
`

// fragmented is a malformed query in four fragments, and a sound one.
const fragmented = `
packet: udp 192.0.2.2:40000 > 192.0.2.53:53 at 10ms fragments 16
1234 0100 0001 0000 0000 0000 07 "example" 03 "com" 00 0001 0001
packet: udp 192.0.2.2:40001 > 192.0.2.53:53 at 11ms fragments 8
1236 0100 0001 0000 0000 0000 07 "example" 03 "com" 00 ; no type
packet: udp 192.0.2.2:40002 > 192.0.2.53:53 at 12ms
1237 0100 0001 0000 0000 0000 07 "example" 03 "com" 00 0001 0001
`

func TestOffendersWriteWholeMessages(t *testing.T) {
	all := madePackets(t, tcpSplit+fragmented)
	file := captureFile(t, "all.pcapng", all)
	report, got := offendersOf(t, file)
	// 4, 6 and 8 are the segments; 11 to 13 the fragments of the sound query, 14 to 18 of the other.
	var want []capture.Packet
	for _, p := range all {
		if slices.Contains([]uint64{4, 6, 8}, p.Number) || p.Time-all[0].Time == 11e6 {
			want = append(want, p)
		}
	}
	comparePackets(t, got, want)
	if n := len(report["offenders"].([]any)); n != 2 {
		t.Errorf("%d offenders", n)
	}
	again, _ := offendersOf(t, captureFile(t, "again.pcapng", got))
	for _, f := range again["offenders"].([]any) {
		if f := f.(map[string]any); f["malformed"] != 1.0 || f["all_queries"] != 1.0 {
			t.Errorf("of what was written: %v", f)
		}
	}
	if n := len(again["offenders"].([]any)); n != 2 {
		t.Errorf("%d offenders in what was written", n)
	}
}

func comparePackets(t *testing.T, got, want []capture.Packet) {
	t.Helper()
	for i := range min(len(got), len(want)) {
		g, w := &got[i], &want[i]
		if g.Time != w.Time || g.Length != w.Length || g.Link != w.Link || !bytes.Equal(g.Data, w.Data) {
			t.Errorf("packet %d is %+v, want packet %d of the capture, %+v", i+1, *g, w.Number, *w)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d packets, want %d", len(got), len(want))
	}
}

// TestOffendersWriteOffice compares with the messages that one worker sees.
func TestOffendersWriteOffice(t *testing.T) {
	const file = "../../pcaps/office.pcap"
	all := packetsOf(t, file)
	c := &malformedQueries{}
	in, err := capture.Open([]string{file}, capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	conf, err := decode.DefaultConfig()
	if err != nil {
		t.Fatal(err)
	}
	conf.InOrder = true
	if _, err := decode.Run(t.Context(), in.Sources(1), conf, func(int) decode.Handler { return c }); err != nil {
		t.Fatal(err)
	}
	var want []capture.Packet
	for _, n := range c.numbers {
		want = append(want, all[n-1])
	}
	for _, workers := range []string{"1", "2", "8"} {
		_, got := offendersOf(t, "--workers", workers, file)
		comparePackets(t, got, want)
	}
	// Two files are merged by time; the same packet number in both is two packets.
	_, got := offendersOf(t, file, captureFile(t, "half.pcapng", all[:len(all)/2]))
	var half []capture.Packet
	for _, p := range want {
		if half = append(half, p); p.Number <= uint64(len(all)/2) {
			half = append(half, p)
		}
	}
	comparePackets(t, got, half)
}

// malformedQueries notes the packets of malformed queries, which are all that offend in the office.
type malformedQueries struct{ numbers []uint64 }

func (c *malformedQueries) Message(m *decode.Message) {
	if m.Malformed && !m.Response() && m.Proto == decode.UDP {
		c.numbers = append(c.numbers, m.Number)
	}
}

func (c *malformedQueries) Transaction(*decode.Transaction) {}

// TestOffendersAreClients: a query from a server's port is not the fault of the client that gets it.
func TestOffendersAreClients(t *testing.T) {
	from := func(src, dst layers.UDPPort) []byte { return smallPcap(frame(t, src, dst, []byte(badQuery))) }
	for name, tt := range map[string]struct {
		input []byte
		want  int
	}{"from_a_client": {from(4000, 53), 1}, "not_from_a_server": {from(53, 4000), 0}, "between_servers": {from(53, 53), 1}, "not_mdns": {from(5353, 5353), 0}} {
		path := filepath.Join(t.TempDir(), "x.pcap")
		writeFile(t, path, tt.input)
		report, packets := offendersOf(t, path)
		if n := len(report["offenders"].([]any)); n != tt.want || len(packets) != tt.want {
			t.Errorf("%s: %d offenders, %d packets, want %d", name, n, len(packets), tt.want)
		}
	}
}

// logged returns a message for a log.
func logged(number uint64, proto decode.Proto) *decode.Message {
	m := &decode.Message{Message: new(wire.Message), Number: number, FirstNumber: number, Time: int64(number), FirstTime: int64(number), Proto: proto, Segments: 1}
	return m
}

func TestPacketLogIsBounded(t *testing.T) {
	l := newPacketLog(3, 1)
	for _, n := range []uint64{5, 5, 7, 9, 11, 12} { // two messages of one packet take one place
		l.add(logged(n, decode.UDP))
	}
	if want := []place{placeOf(0, 5), placeOf(0, 7), placeOf(0, 9)}; !slices.Equal(l.packets, want) || l.lost != 2 {
		t.Errorf("%v, %d lost", l.packets, l.lost)
	}
	l = newPacketLog(10, 1)
	for n := range uint64(3) {
		m := logged(n, decode.TCP)
		m.Segments = 2
		l.add(m)
	}
	if len(l.packets) != 3 || len(l.flows) != 1 || l.lost != 2 {
		t.Errorf("%d packets, %d flows, %d lost", len(l.packets), len(l.flows), l.lost)
	}
	other := newPacketLog(10, 10)
	m := logged(0, decode.UDP)
	m.File = 1
	other.add(m)
	other.add(logged(1, decode.UDP))
	all := joined([]*packetLog{other, l})
	if want := []place{placeOf(0, 0), placeOf(0, 1), placeOf(0, 2), placeOf(1, 0)}; !slices.Equal(all.packets, want) || all.lost != 2 || len(all.flows) != 1 {
		t.Errorf("joined: %v, %d lost", all.packets, all.lost)
	}
}

func TestPacketLogAllocatesNothing(t *testing.T) {
	l := newPacketLog(1<<20, 0)
	l.packets = make([]place, 0, 1<<20)
	m := logged(0, decode.UDP)
	if n := testing.AllocsPerRun(1000, func() { m.Number++; l.add(m) }); n != 0 {
		t.Errorf("%v allocations for a message", n)
	}
}

// few is a source of packets.
type few struct {
	capture.Source
	list []capture.Packet
	err  error
}

func (f *few) ReadBatch(batch []capture.Packet) (int, error) {
	n := copy(batch, f.list)
	if f.list = f.list[n:]; n == 0 {
		return 0, f.err
	}
	return n, nil
}

// TestPickNotesChanges: a capture that was cut between the two readings.
func TestPickNotesChanges(t *testing.T) {
	l := newPacketLog(10, 10)
	for _, n := range []uint64{1, 3, 900} {
		l.add(logged(n, decode.UDP))
	}
	out := capture.NewWriter(io.Discard)
	n, err := pick(&few{list: []capture.Packet{{Number: 1}, {Number: 2}, {Number: 3}, {Number: 4}}, err: io.EOF}, newPicker(l, 1), out)
	if n != 2 || !errors.Is(err, errChanged) || !strings.Contains(err.Error(), "1 of 3 packets are missing") {
		t.Errorf("%d written: %v", n, err)
	}
	if _, err := pick(&few{err: os.ErrClosed}, newPicker(l, 1), out); !errors.Is(err, os.ErrClosed) {
		t.Errorf("an error of the source: %v", err)
	}
	if _, err := pick(&few{list: []capture.Packet{{Number: 1, Data: make([]byte, 1<<20)}}}, newPicker(l, 1), out); !errors.Is(err, capture.ErrUnwritable) {
		t.Errorf("an error of the writer: %v", err)
	}
	if n, err := pick(&few{err: os.ErrClosed}, newPicker(newPacketLog(0, 0), 1), out); n != 0 || err != nil {
		t.Errorf("nothing to find: %d, %v", n, err)
	}
}

// TestPickerNearMisses: what has the addresses of a message and yet no bytes of it.
func TestPickerNearMisses(t *testing.T) {
	l := newPacketLog(10, 10)
	m := logged(8, decode.TCP)
	made := madePackets(t, tcpSplit)
	var at packet.Transport
	l.parser.Parse(&made[3], &at)
	m.Client, m.Server, m.ClientPort, m.ServerPort = at.Src, at.Dst, at.SrcPort, at.DstPort
	m.Segments, m.Seq, m.Length, m.FirstTime, m.Time = 3, at.Seq, 25, made[3].Time, made[7].Time
	l.add(m)
	var got []uint64
	p := newPicker(l, 1)
	for i := range made {
		if p.picks(&made[i]) {
			got = append(got, made[i].Number)
		}
	}
	if want := []uint64{4, 6, 8}; !slices.Equal(got, want) {
		t.Errorf("picked %v, want %v", got, want)
	}
	again := made[3]
	again.Time, again.Number = made[8].Time, 10
	if p.picks(&again) {
		t.Error("a segment that comes after the message was complete is picked")
	}
}

// TestOffendersOfAnyInput: whatever is read, text is fit for a terminal, and JSON is JSON.
func TestOffendersOfAnyInput(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	inputs := append(handMade(t), office(t, 3000), nil, []byte("text\x1b[2J"), smallPcap(frame(t, 4000, 53, []byte(badQuery))))
	for _, input := range inputs {
		for i := range 12 {
			if i > 0 && len(input) > 0 {
				input = flipped(random, input)
			}
			feed(t, input, []string{"offenders", "--rules", "bind,unbound,dnsdist,nftables"}, "-")
			var out bytes.Buffer
			code := run(t.Context(), []string{"offenders", "--format", "json", "-"}, streams{in: bytes.NewReader(input), out: &out, err: io.Discard})
			if code == exitDone && !json.Valid(out.Bytes()) {
				t.Errorf("no JSON: %q", out.String())
			}
		}
	}
	dir := t.TempDir()
	for _, name := range []string{"\x1b[2J", "line\nfeed", "bidi\u202e", "bytes\xff\x9b", "'; reboot"} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, smallPcap(frame(t, 4000, 53, []byte(badQuery))), 0o600); err != nil {
			t.Skipf("a file cannot have this name here: %v", err)
		}
		feed(t, nil, []string{"offenders"}, path)
		feed(t, nil, []string{"offenders", "-w", filepath.Join(dir, "out"+name)}, path)
	}
}

func TestRulesetList(t *testing.T) {
	var l rulesetList
	for _, s := range []string{"bind,nftables", "bind"} {
		if err := l.Set(s); err != nil {
			t.Error(err)
		}
	}
	if got := fmt.Sprint(l.String(), " ", l.Type()); got != "bind nftables program" {
		t.Error(got)
	}
	for _, s := range []string{"", "bind,", "x"} {
		if err := l.Set(s); err == nil {
			t.Errorf("%q is taken", s)
		}
	}
}

// TestOffendersInterrupted: what was read is shown and written.
func TestOffendersInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, errs bytes.Buffer
	file := filepath.Join(t.TempDir(), "out.pcapng")
	code := run(ctx, []string{"offenders", "-w", file, "../../pcaps/office.pcap"}, streams{in: strings.NewReader(""), out: &out, err: &errs})
	switch code {
	case exitDone:
		if !strings.Contains(out.String(), "interrupted") {
			t.Errorf("the report does not say that it was interrupted:\n%s", out.String())
		}
		packetsOf(t, file)
	case exitFailed:
		if !strings.Contains(errs.String(), errInterrupted.Error()) {
			t.Errorf("failed: %s", errs.String())
		}
	default:
		t.Errorf("exit code %d", code)
	}
}
