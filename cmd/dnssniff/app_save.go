package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"github.com/dnssniff/dnssniff/analyze/record"
	"github.com/dnssniff/dnssniff/capture"
	"github.com/dnssniff/dnssniff/capture/filter"
	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/ui/app"
)

// selector logs the packets of the transactions that match. One worker calls it, so that the matcher is asked from one goroutine.
type selector struct {
	app.Selection
	log          *packetLog
	transactions uint64
}

// Message is not needed: what a transaction holds is enough.
func (s *selector) Message(*decode.Message) {}

// Transaction takes a transaction from the decoder.
func (s *selector) Transaction(t *decode.Transaction) {
	r := record.Of(t, 0)
	if r.Time.Before(s.From) || s.Where != nil && !s.Where.Match(&r) {
		return
	}
	s.transactions++
	if r.HasQuery {
		s.log.note(placeOf(r.QueryFile, r.QueryPacket))
	}
	if m := t.Response; m != nil {
		s.log.note(placeOf(m.File, m.Number))
		s.parts(m)
	}
}

// note takes in a packet.
func (l *packetLog) note(at place) {
	if len(l.packets) == l.most {
		l.lost++
		return
	}
	l.packets = append(l.packets, at)
}

// parts takes in the packets before the one that completed a response.
func (s *selector) parts(m *decode.Message) {
	const prefix = 2
	switch {
	case m.Proto == decode.TCP && (m.Segments > 1 || m.FirstNumber != m.Number):
		if s.log.takeRoom() {
			k := flowKey{m.Server, m.Client, m.ServerPort, m.ClientPort}
			s.log.flows[k] = append(s.log.flows[k], stretch{m.FirstTime, m.Time, m.Seq, uint32(m.Length) + prefix})
		}
	case m.Fragments > 0:
		s.log.addFragments(m)
	}
}

// savePackets reads files again, twice: to find the packets of the transactions that match, among all that pass a filter (nil: all there are), and
// to write them.
func savePackets(ctx context.Context, path string, files []string, conf decode.Config, f *filter.Filter, what app.Selection) (said string, err error) {
	file, err := createNew(path)
	if err != nil {
		return "", err
	}
	defer func() {
		if err = errors.Join(err, file.Close()); err != nil {
			_ = os.Remove(path) // half a capture is no capture
		}
	}()
	s := &selector{Selection: what, log: newPacketLog(maxLogged, maxSpans)}
	conf.KeepNames, conf.KeepData = true, false
	err = withFiles(ctx, files, func(src capture.Source) error {
		if f != nil {
			src = &filtered{src, f}
		}
		_, err := decode.Run(ctx, []capture.Source{src}, conf, func(int) decode.Handler { return s })
		return errors.Join(err, ctx.Err())
	})
	if err != nil {
		return "", err
	}
	out := capture.NewWriter(file)
	var written uint64
	err = withFiles(ctx, files, func(src capture.Source) (err error) {
		written, err = pick(src, newPicker(joined([]*packetLog{s.log}), len(files)), out)
		return err
	})
	if err = errors.Join(err, out.Flush()); err != nil {
		return "", err
	}
	said = fmt.Sprintf("%d packets of %d transactions written to %s", written, s.transactions, path)
	if s.log.lost > 0 {
		said += fmt.Sprintf("; %d left out for want of room", s.log.lost)
	}
	return said, nil
}

// withFiles reads files with one source, until the context is done.
func withFiles(ctx context.Context, files []string, do func(capture.Source) error) error {
	in, err := capture.Open(files, capture.Options{})
	if err != nil {
		return err
	}
	defer in.Close()
	stop := context.AfterFunc(ctx, func() { _ = in.Close() })
	defer stop()
	return do(in.Sources(1)[0])
}

// linkRaw is LINKTYPE_RAW: packets begin with their IP header.
const linkRaw capture.LinkType = 101

// saveRecords writes packets made anew from the messages that are held, where the captured ones are no longer to be had: with their addresses,
// ports, times and bytes, and a link layer, checksums and TCP numbers of our own.
func saveRecords(create func(string) (*os.File, error), path string, records []*record.Record) (said string, err error) {
	f, err := create(path)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	out := capture.NewWriter(f)
	written := 0
	for _, r := range records {
		for _, p := range remade(r) {
			if err := out.Write(&p); err != nil {
				return "", err
			}
			written++
		}
	}
	said = fmt.Sprintf("%d packets, made anew from the messages of %d transactions, written to %s", written, len(records), path)
	return said, out.Flush()
}

// remade returns the packets of a transaction.
func remade(r *record.Record) (all []capture.Packet) {
	add := func(from, to netip.AddrPort, data []byte, length uint16, at time.Time) {
		if b := datagram(r.Proto == decode.TCP, from, to, data, int(length)); b != nil {
			missing := max(int(length)-len(data), 0)
			all = append(all, capture.Packet{Time: at.UnixNano(), Link: linkRaw, Data: b[:len(b)-missing], Length: uint32(len(b))})
		}
	}
	at := r.Time
	if r.HasQuery {
		add(r.Client, r.Server, r.Query, r.QueryLength, at)
		at = at.Add(r.RTT)
	}
	if r.HasResponse {
		add(r.ResponseServer, r.Client, r.Response, r.ResponseLength, at)
	}
	return all
}

// datagram returns an IP packet with a message, of which not all bytes need be there; nil where the addresses do not fit together.
func datagram(tcp bool, from, to netip.AddrPort, data []byte, length int) []byte {
	const hops = 64
	payload := make(gopacket.Payload, max(length, len(data)))
	copy(payload, data)
	src, dst := from.Addr(), to.Addr()
	if src.Is4() != dst.Is4() || !src.IsValid() {
		return nil
	}
	number := layers.IPProtocolUDP
	if tcp {
		number = layers.IPProtocolTCP
		payload = append(binary.BigEndian.AppendUint16(nil, uint16(len(payload))), payload...)
	}
	var ip interface {
		gopacket.SerializableLayer
		gopacket.NetworkLayer
	} = &layers.IPv6{Version: 6, NextHeader: number, HopLimit: hops, SrcIP: src.AsSlice(), DstIP: dst.AsSlice()}
	if src.Is4() {
		ip = &layers.IPv4{Version: 4, IHL: 5, Protocol: number, TTL: hops, SrcIP: src.AsSlice(), DstIP: dst.AsSlice()}
	}
	udp := &layers.UDP{SrcPort: layers.UDPPort(from.Port()), DstPort: layers.UDPPort(to.Port())}
	segment := &layers.TCP{SrcPort: layers.TCPPort(from.Port()), DstPort: layers.TCPPort(to.Port()), Seq: 1, Ack: 1, PSH: true, ACK: true, Window: 1 << 15}
	var transport gopacket.SerializableLayer = udp
	if tcp {
		transport = segment
	}
	_ = udp.SetNetworkLayerForChecksum(ip) // it knows both
	_ = segment.SetNetworkLayerForChecksum(ip)
	buf := gopacket.NewSerializeBuffer()
	if err := gopacket.SerializeLayers(buf, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, ip, transport, payload); err != nil {
		return nil
	}
	return buf.Bytes()
}
