package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/dnssniff/dnssniff/capture"
	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/packet"
)

// Bounds of what is known of the packets to write, shared out evenly among the shards: 8 bytes for each packet, so 32 MiB, and about 100 for each
// span, so 13 MiB. Of messages above them not all packets are written, and they are counted.
const (
	maxLogged = 1 << 22
	maxSpans  = 1 << 17
)

// fileBits is where the file's index is in a place.
const fileBits = 48

// place is a packet: the index of its file in the upper bits, and its number there.
type place uint64

func placeOf(file uint16, number uint64) place { return place(file)<<fileBits | place(number) }

// flowKey is a direction of a TCP connection.
type flowKey struct {
	src, dst         packet.Addr
	srcPort, dstPort uint16
}

// stretch is bytes of a TCP stream, and when they came (ns).
type stretch struct {
	first, last int64
	seq         uint32
	length      uint32 // with the prefix
}

// packetLog knows the packets that a message came in. One packet completes it; those before, of a message in several segments or fragments, have to be
// found by what they carry.
type packetLog struct {
	packets    []place
	flows      map[flowKey][]stretch
	fragments  map[fragmentKey][]int64 // when the datagram was complete
	most, room int                     // packets, and spans that may still come
	lost       uint64                  // messages of which not all is known
	parser     *packet.Parser
}

func newPacketLog(packets, spans int) *packetLog {
	return &packetLog{most: packets, room: spans, flows: make(map[flowKey][]stretch), fragments: make(map[fragmentKey][]int64),
		parser: packet.NewParser(packet.Limits{})}
}

// add takes in the packets of a message.
func (l *packetLog) add(m *decode.Message) {
	at := placeOf(m.File, m.Number)
	if n := len(l.packets); n == 0 || l.packets[n-1] != at {
		if n == l.most {
			l.lost++
			return
		}
		l.packets = append(l.packets, at)
	}
	switch {
	case m.Proto == decode.TCP && (m.Segments > 1 || m.FirstNumber != m.Number):
		l.addSegments(m)
	case m.Fragments > 0:
		l.addFragments(m)
	}
}

func (l *packetLog) addSegments(m *decode.Message) {
	if !l.takeRoom() {
		return
	}
	k := flowKey{m.Client, m.Server, m.ClientPort, m.ServerPort} // of queries
	const prefix = 2
	l.flows[k] = append(l.flows[k], stretch{m.FirstTime, m.Time, m.Seq, uint32(m.Length) + prefix})
}

func (l *packetLog) addFragments(m *decode.Message) {
	var t packet.Transport
	l.parser.Parse(&capture.Packet{Data: m.Frame, Link: m.Link, Length: uint32(len(m.Frame))}, &t)
	if k := fragmentOf(&t); k != (fragmentKey{}) && l.takeRoom() {
		l.fragments[k] = append(l.fragments[k], m.Time)
	}
}

func (l *packetLog) takeRoom() bool {
	if l.room == 0 {
		l.lost++
		return false
	}
	l.room--
	return true
}

// joined returns what all logs know, the packets in order.
func joined(logs []*packetLog) *packetLog {
	all := newPacketLog(0, 0)
	for _, l := range logs {
		all.packets = append(all.packets, l.packets...)
		l.packets = nil
		all.lost += l.lost
		for k, v := range l.flows {
			all.flows[k] = append(all.flows[k], v...)
		}
		for k, v := range l.fragments {
			all.fragments[k] = append(all.fragments[k], v...)
		}
	}
	slices.Sort(all.packets)
	all.packets = slices.Compact(all.packets)
	return all
}

// picker picks the packets of a log from the packets of its files, which come in the order of each file.
type picker struct {
	log  *packetLog
	next []int // of each file, the index of its next packet in the log
	left int   // that are yet to come
	t    packet.Transport
}

func newPicker(l *packetLog, files int) *picker {
	p := &picker{log: l, next: make([]int, files), left: len(l.packets)}
	for i := range p.next {
		p.next[i], _ = slices.BinarySearch(l.packets, placeOf(uint16(i), 0))
	}
	return p
}

// picks says whether a packet is to be written. It is asked of all of them, in order.
func (p *picker) picks(x *capture.Packet) bool {
	if i := p.next[x.File]; i < len(p.log.packets) && p.log.packets[i] == placeOf(x.File, x.Number) {
		p.next[x.File]++
		p.left--
		return true
	}
	if len(p.log.flows) == 0 && len(p.log.fragments) == 0 {
		return false
	}
	p.log.parser.Parse(x, &p.t)
	switch p.t.Kind {
	case packet.KindTCP:
		return p.segment(x.Time)
	case packet.KindFragment:
		return slices.ContainsFunc(p.log.fragments[fragmentOf(&p.t)], func(complete int64) bool {
			return x.Time <= complete && complete-x.Time <= maxFragmentAge
		})
	}
	return false
}

// segment says whether a segment has bytes of a stretch.
func (p *picker) segment(now int64) bool {
	t := &p.t
	seq := t.Seq
	if t.Flags&packet.FlagSYN != 0 {
		seq++
	}
	return slices.ContainsFunc(p.log.flows[flowKey{t.Src, t.Dst, t.SrcPort, t.DstPort}], func(s stretch) bool {
		return s.first <= now && now <= s.last && int32(s.seq-seq) < int32(t.PayloadLen) && int32(seq-s.seq) < int32(s.length)
	})
}

// writePackets reads files a second time, and writes the packets of the log. It returns how many it wrote.
func (o *offendersOptions) writePackets(files []string, l *packetLog, w io.Writer) (uint64, error) {
	// Not interrupted: this ends where the first reading did. A second Ctrl-C ends the program.
	in, err := openInput(context.Background(), files, o.std)
	if err != nil {
		return 0, err
	}
	defer in.Close()
	defer showProgress(in, o.std.err)()
	out := capture.NewWriter(w)
	n, err := pick(in.Sources(1)[0], newPicker(l, len(files)), out)
	if err != nil {
		return n, err
	}
	return n, out.Flush()
}

var errChanged = errors.New("the capture is not the same when read a second time")

// pick writes what the picker wants. What it wants last completes a message, so there is nothing to be found after that.
func pick(src capture.Source, p *picker, out *capture.Writer) (written uint64, err error) {
	batch := make([]capture.Packet, 256)
	for p.left > 0 {
		n, err := src.ReadBatch(batch)
		if errors.Is(err, io.EOF) {
			return written, fmt.Errorf("%w: %d of %d packets are missing", errChanged, p.left, len(p.log.packets))
		}
		if err != nil {
			return written, err
		}
		for i := range batch[:n] {
			if p.left > 0 && p.picks(&batch[i]) {
				if err := out.Write(&batch[i]); err != nil {
					return written, err
				}
				written++
			}
		}
	}
	return written, nil
}

// sameOutput says whether two outputs are one file. The second can be standard output, with no name.
func sameOutput(a, b string, std streams) bool {
	if b != "" {
		x, errX := filepath.Abs(a)
		y, errY := filepath.Abs(b)
		if errX == nil && errY == nil && x == y {
			return true
		}
	}
	first, err := os.Stat(a)
	if err != nil || !first.Mode().IsRegular() {
		return false
	}
	second := statOf(std.out)
	if b != "" {
		second, _ = os.Stat(b)
	}
	return second != nil && os.SameFile(first, second)
}
