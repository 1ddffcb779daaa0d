package capture

import (
	"github.com/google/gopacket"
)

// fileReader reads packets for one Source: those of a file, or of several merged.
type fileReader interface {
	// readBatch returns how many packets it wrote to the start of batch; 0 is the end. They are valid until the next call.
	readBatch(batch []Packet) int
	// end gives up what the reader holds.
	end()
}

// singleBatch is how many packets ZeroCopyReadPacketData reads ahead.
const singleBatch = 64

// source implements Source.
type source struct {
	in     *Input
	file   fileReader
	done   bool
	err    error    // of the calls after the last packet
	ahead  []Packet // read, and not yet handed out one by one
	buffer []Packet // holds them
}

// ReadBatch implements [Source].
func (s *source) ReadBatch(batch []Packet) (int, error) {
	if len(s.ahead) > 0 {
		n := copy(batch, s.ahead)
		s.ahead = s.ahead[n:]
		return n, nil
	}
	if len(batch) == 0 {
		return 0, nil
	}
	if !s.done && !s.in.closed.Load() {
		if n := s.file.readBatch(batch); n > 0 {
			return n, nil
		}
	}
	s.end()
	return 0, s.err
}

// ZeroCopyReadPacketData implements [gopacket.ZeroCopyPacketDataSource].
func (s *source) ZeroCopyReadPacketData() ([]byte, gopacket.CaptureInfo, error) {
	if len(s.ahead) == 0 {
		if s.buffer == nil {
			s.buffer = make([]Packet, singleBatch)
		}
		n, err := s.ReadBatch(s.buffer)
		if err != nil {
			return nil, gopacket.CaptureInfo{}, err
		}
		s.ahead = s.buffer[:n]
	}
	p := &s.ahead[0]
	s.ahead = s.ahead[1:]
	return p.Data, p.CaptureInfo(), nil
}

func (s *source) end() {
	if !s.done {
		s.done = true
		s.file.end()
	}
}

// FromGopacket makes a Source of any gopacket source, whose packets have the link type given. Errors of src are returned as they are;
// io.EOF ends it.
func FromGopacket(src gopacket.ZeroCopyPacketDataSource, link LinkType) Source {
	return &foreignSource{ZeroCopyPacketDataSource: src, link: link}
}

// foreignSource adds batches, of one packet each, to a gopacket source.
type foreignSource struct {
	gopacket.ZeroCopyPacketDataSource
	link   LinkType
	number uint64
}

// ReadBatch implements [Source].
func (s *foreignSource) ReadBatch(batch []Packet) (int, error) {
	if len(batch) == 0 {
		return 0, nil
	}
	data, info, err := s.ZeroCopyReadPacketData()
	if err != nil {
		return 0, err
	}
	s.number++
	batch[0] = Packet{
		Data: data, Time: info.Timestamp.UnixNano(), Number: s.number,
		Length: uint32(max(info.Length, 0)), Link: s.link,
	}
	return 1, nil
}

var _ Source = (*source)(nil)
