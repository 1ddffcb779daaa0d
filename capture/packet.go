// Package capture turns capture files and byte streams into packets.
//
// It knows containers (pcap, pcapng, compressed forms of both) and nothing of what a packet holds. It never prints, and it starts no
// goroutine that [Input.Close] does not stop.
package capture

import (
	"time"

	"github.com/google/gopacket"
)

// LinkType says how a packet begins: a LINKTYPE_ value of the tcpdump.org registry. It has 16 bits there;
// gopacket's has 8, which cannot name LINKTYPE_LINUX_SLL2 (276).
type LinkType uint16

// Packet is one captured frame.
type Packet struct {
	// Data are the captured bytes, from the link-layer header on. They belong to the source and are valid until the next call of its
	// ReadBatch or ZeroCopyReadPacketData: whoever keeps bytes copies them.
	Data []byte
	// Time is the capture timestamp in nanoseconds since the Unix epoch, as the file gives it. It can go backwards.
	Time int64
	// Number counts packets from 1 within the packet's own file, as Wireshark does.
	Number uint64
	// Length is the frame's length on the wire in bytes, as the capture claims it; above len(Data) where the snaplen cut the frame.
	Length uint32
	// Link is the link type of the interface that captured the frame.
	Link LinkType
	// File is the index of the packet's file in [Input.Files].
	File uint16
}

// CaptureInfo returns what gopacket wants to know of a packet.
func (p *Packet) CaptureInfo() gopacket.CaptureInfo {
	return gopacket.CaptureInfo{Timestamp: time.Unix(0, p.Time).UTC(), CaptureLength: len(p.Data), Length: int(p.Length)}
}

// Source hands out packets in order. It is for one goroutine at a time.
type Source interface {
	gopacket.ZeroCopyPacketDataSource

	// ReadBatch fills batch from its start with the next packets and returns how many. The packets are valid until the next call. It
	// returns io.EOF, with 0, after the last one. A fault in a file is no error here: the packets before it are handed out and the
	// fault is in [Input.Faults].
	ReadBatch(batch []Packet) (int, error)
}
