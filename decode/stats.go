package decode

import (
	"slices"

	"github.com/dnssniff/dnssniff/capture"
)

// Stats counts what is not in messages and transactions. Each packet is counted by one worker only, so that stats add up.
type Stats struct {
	Packets        uint64 // packets read
	SnaplenCut     uint64 // shorter in the capture than on the wire
	NonDNS         uint64 // on no DNS, mDNS or LLMNR port, EncryptedDNS among them
	EncryptedDNS   uint64 // on port 853: DNS over TLS or QUIC
	Undecodable    uint64 // headers that could not be read
	Duplicate      uint64 // seen again within a millisecond
	ShortDNS       uint64 // UDP payloads and TCP units below 12 bytes on a DNS port
	Fragments      uint64 // IP fragments
	FragmentsLost  uint64 // of datagrams that never were completed, or overlapped
	FragmentsOdd   uint64 // of those: that overlap with other bytes, or lie where none can
	FragmentsLimit uint64 // dropped because a bound was reached
	FragmentsLater uint64 // that are not the first of their datagram: a capture filter on ports lets none through
	BadIPChecksum  uint64 // on DNS ports, as is BadL4Checksum
	BadL4Checksum  uint64
	ICMPErrors     uint64 // that quote a packet on a DNS port
	TimeWentBack   uint64 // packets earlier than the one before
	TCPStreams     uint64
	TCPGaps        uint64
	TCPNotDNS      uint64 // directions of TCP connections on a DNS port that carry something else
	StreamsEvicted uint64

	Retransmitted    uint64 // queries seen again while open
	PairingEvicted   uint64 // open queries forgotten for want of room
	PairingForgotten uint64 // answered queries forgotten early: repetitions of them are not known as such

	First, Last int64 // earliest and latest packet time in ns; valid iff Packets > 0
	LinkTypes   []capture.LinkType
}

// Add adds the counts of another worker or shard.
func (s *Stats) Add(o *Stats) {
	if o.Packets > 0 {
		if s.Packets == 0 || o.First < s.First {
			s.First = o.First
		}
		if s.Packets == 0 || o.Last > s.Last {
			s.Last = o.Last
		}
	}
	for i, f := range o.counts() {
		*s.counts()[i] += *f
	}
	for _, l := range o.LinkTypes {
		s.link(l)
	}
}

// Sub takes away the counts of an earlier moment. First, Last and LinkTypes stay.
func (s *Stats) Sub(o *Stats) {
	for i, f := range o.counts() {
		*s.counts()[i] -= *f
	}
}

func (s *Stats) counts() [23]*uint64 {
	return [...]*uint64{&s.Packets, &s.SnaplenCut, &s.NonDNS, &s.EncryptedDNS, &s.Undecodable, &s.Duplicate, &s.ShortDNS, &s.Fragments,
		&s.FragmentsLost, &s.FragmentsOdd, &s.FragmentsLimit, &s.FragmentsLater, &s.BadIPChecksum, &s.BadL4Checksum, &s.ICMPErrors, &s.TimeWentBack, &s.TCPStreams, &s.TCPGaps,
		&s.TCPNotDNS, &s.StreamsEvicted, &s.Retransmitted, &s.PairingEvicted, &s.PairingForgotten}
}

func (s *Stats) link(l capture.LinkType) {
	if !slices.Contains(s.LinkTypes, l) {
		s.LinkTypes = append(s.LinkTypes, l)
	}
}
