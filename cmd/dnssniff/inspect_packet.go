package main

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"

	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/packet"
	"github.com/dnssniff/dnssniff/decode/wire"
	"github.com/dnssniff/dnssniff/ui/inspect"
)

// short returns the payload of the packet asked for where that is a message too short for a header, which the decoder does not hand over (H01).
func (f *finder) short() []*hit {
	t := &f.target.t
	server := f.conf.Ports.Has(t.SrcPort)
	if !server && !f.conf.Ports.Has(t.DstPort) {
		return nil
	}
	data, proto := t.Payload, decode.UDP
	switch t.Kind {
	case packet.KindUDP:
		if t.PayloadLen >= wire.HeaderLen {
			return nil
		}
	case packet.KindTCP:
		if len(data) < 3 || int(binary.BigEndian.Uint16(data)) != len(data)-2 || len(data)-2 >= wire.HeaderLen {
			return nil
		}
		data, proto = data[2:], decode.TCP
	default:
		return nil
	}
	w := &wire.Message{}
	w.Parse(data, t.Cut)
	m := &inspect.Message{Message: w, File: f.file, Number: f.want, Time: f.target.packet.Time, Proto: proto, Length: max(len(data), t.PayloadLen),
		From: netip.AddrPortFrom(t.Src.Netip(), t.SrcPort), To: netip.AddrPortFrom(t.Dst.Netip(), t.DstPort), Frame: within(f.target.packet.Data, data)}
	if proto == decode.TCP {
		m.Length = len(data)
	}
	h := &hit{msg: m, settled: true}
	h.raw.Message, h.raw.Proto, h.raw.Time, h.raw.Number = w, decode.MDNS, m.Time, f.want // of no transaction
	h.remark("A payload shorter than a header is no message: it is paired with nothing, and servers drop it.")
	return []*hit{h}
}

// describe says in a few words what the packet asked for holds.
func (f *finder) describe() string {
	t := &f.target.t
	ends := fmt.Sprintf("%s to %s", netip.AddrPortFrom(t.Src.Netip(), t.SrcPort), netip.AddrPortFrom(t.Dst.Netip(), t.DstPort))
	switch t.Kind {
	case packet.KindUDP:
		return fmt.Sprintf("a UDP datagram from %s with %d bytes%s%s", ends, t.PayloadLen, f.portWord(t, false), f.cutWord(t))
	case packet.KindTCP:
		if t.PayloadLen == 0 {
			return fmt.Sprintf("a TCP segment from %s without data (%s)", ends, flagWords(t.Flags))
		}
		return fmt.Sprintf("a TCP segment from %s with %d bytes%s%s", ends, t.PayloadLen, f.portWord(t, true), f.cutWord(t))
	case packet.KindICMP:
		return fmt.Sprintf("an ICMP%s error of type %d code %d from %s%s", map[uint8]string{6: "v6"}[t.IPVersion], t.Quote.Type, t.Quote.Code, t.Src, quoteWords(&t.Quote))
	case packet.KindFragment:
		return fmt.Sprintf("an IP fragment from %s to %s%s, of which no whole datagram could be made", t.Src, t.Dst, faultWords(t.Fault))
	case packet.KindBad:
		return "headers that cannot be read" + faultWords(t.Fault)
	}
	if t.IPVersion != 0 {
		return fmt.Sprintf("IP protocol %d from %s to %s", t.Proto, t.Src, t.Dst)
	}
	return "no IP packet"
}

// portWord says why the payload of a datagram or segment was not taken for DNS.
func (f *finder) portWord(t *packet.Transport, tcp bool) string {
	const tls = 853
	switch {
	case t.SrcPort == tls || t.DstPort == tls:
		return ", which is encrypted DNS"
	case !f.conf.Ports.Has(t.SrcPort) && !f.conf.Ports.Has(t.DstPort):
		return ", which is no DNS port (--port takes another)"
	case tcp:
		return " of which no message could be made"
	}
	return ""
}

func (f *finder) cutWord(t *packet.Transport) string {
	if len(t.Payload) < t.PayloadLen {
		return fmt.Sprintf(", %d of them captured", len(t.Payload))
	}
	return ""
}

func flagWords(flags uint8) string {
	names := [...]string{"FIN", "SYN", "RST", "PSH", "ACK"}
	var set []string
	for i, s := range names {
		if flags&(1<<i) != 0 {
			set = append(set, s)
		}
	}
	if len(set) == 0 {
		return "no flags"
	}
	return strings.Join(set, " ")
}

// quoteWords says what an ICMP error quotes.
func quoteWords(q *packet.Quote) string {
	if !q.HasPorts {
		return fmt.Sprintf(" about a packet from %s to %s", q.Src, q.Dst)
	}
	return fmt.Sprintf(" about a packet from %s to %s", netip.AddrPortFrom(q.Src.Netip(), q.SrcPort), netip.AddrPortFrom(q.Dst.Netip(), q.DstPort))
}

func faultWords(f packet.Fault) string {
	words := [...]string{packet.FaultNone: "", packet.FaultLink: " (unknown link type)", packet.FaultCut: " (cut by the snaplen)",
		packet.FaultHeader: " (impossible values)", packet.FaultDepth: " (too many headers)", packet.FaultFragOverlap: " (overlapping others)",
		packet.FaultFragLimit: " (dropped at a bound)"}
	if int(f) < len(words) {
		return words[f]
	}
	return ""
}
