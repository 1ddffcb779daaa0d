package main

import (
	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/packet"
)

// Bounds of what a holder keeps: 256 Ki messages of 136 bytes, and 32 MiB of their bytes. They are taken as messages come, so a small capture
// takes little.
const (
	heldMessages = 1 << 18
	heldBytes    = 32 << 20
)

// kept is a message that may turn out to belong to the one asked for.
type kept struct {
	number, first               uint64
	time                        int64
	nameHash                    uint64
	start                       uint64 // of its bytes, counted over all that were ever held
	frag                        *fragmentKey
	client, server              packet.Addr
	seq                         uint32
	frame                       int32 // where it is in its packet, negative if in several
	file, id                    uint16
	clientPort, serverPort      uint16
	n                           uint16 // bytes held
	length, fragments, segments uint16
	proto                       decode.Proto
	response, cut               bool
	fromServer                  bool
}

// Both rings are in blocks, which are made when they are first used.
const (
	ringBlock = 1 << 12 // messages
	byteBlock = 1 << 20 // bytes; a message lies in one block
)

// holder keeps copies of the last messages. Nothing is allocated for a message once it is as large as it gets.
type holder struct {
	ring  [heldMessages / ringBlock][]kept
	count int // messages ever held
	bytes [heldBytes / byteBlock][]byte
	head  uint64 // bytes that were ever held, and passed over at the ends of blocks
}

// add copies a message.
func (h *holder) add(m *decode.Message, w whence) {
	x := kept{
		number: m.Number, first: m.FirstNumber, time: m.Time, nameHash: m.NameHash, client: m.Client, server: m.Server, seq: m.Seq, frame: int32(w.frame),
		file: m.File, id: m.ID, clientPort: m.ClientPort, serverPort: m.ServerPort, n: uint16(len(m.Data)), length: m.Length, fragments: m.Fragments,
		segments: m.Segments, proto: m.Proto, response: m.Response(), cut: m.Cut, fromServer: w.fromServer,
	}
	if m.Fragments > 0 {
		own := w.frag
		x.frag = &own
	}
	x.start = h.room(len(m.Data))
	copy(h.at(x.start), m.Data)
	*h.place(h.count) = x
	h.count++
}

// place returns the place of the message of a number, counted from 0.
func (h *holder) place(n int) *kept {
	n %= heldMessages
	block := &h.ring[n/ringBlock]
	if *block == nil {
		*block = make([]kept, ringBlock)
	}
	return &(*block)[n%ringBlock]
}

// at returns the bytes from a place on to the end of its block.
func (h *holder) at(place uint64) []byte {
	block := &h.bytes[place%heldBytes/byteBlock]
	if *block == nil {
		*block = make([]byte, byteBlock)
	}
	return (*block)[place%byteBlock:]
}

// raw returns the message without its wire.Message.
func (x *kept) raw() decode.Message {
	return decode.Message{
		Number: x.number, FirstNumber: x.first, Time: x.time, NameHash: x.nameHash, Client: x.client, Server: x.server, Seq: x.seq, File: x.file,
		ClientPort: x.clientPort, ServerPort: x.serverPort, Length: x.length, Fragments: x.fragments, Segments: x.segments, Proto: x.proto,
	}
}

// whence says where it came from.
func (x *kept) whence() whence {
	w := whence{frame: int(x.frame), fromServer: x.fromServer}
	if x.frag != nil {
		w.frag = *x.frag
	}
	return w
}

// sameEnds says that a message has the same client, server and transport.
func (x *kept) sameEnds(m *decode.Message) bool {
	return x.proto == m.Proto && x.clientPort == m.ClientPort && x.serverPort == m.ServerPort && x.client == m.Client && x.server == m.Server
}

// room makes room for n bytes in one piece, 65535 at most.
func (h *holder) room(n int) uint64 {
	if left := byteBlock - h.head%byteBlock; uint64(n) > left {
		h.head += left
	}
	start := h.head
	h.head += uint64(n)
	return start
}

// data returns the bytes of a message; false where they were overwritten.
func (h *holder) data(x *kept) ([]byte, bool) {
	if h.head-x.start > heldBytes {
		return nil, false
	}
	return h.at(x.start)[:x.n], true
}

// latest returns the message held last that fits, or nil.
func (h *holder) latest(fits func(*kept) bool) *kept {
	for n := h.count - 1; n >= max(0, h.count-heldMessages); n-- {
		x := h.place(n)
		if _, there := h.data(x); !there {
			return nil // those before are overwritten too
		}
		if fits(x) {
			return x
		}
	}
	return nil
}

// each calls do for each message held, in their order.
func (h *holder) each(do func(*kept)) {
	for n := max(0, h.count-heldMessages); n < h.count; n++ {
		x := h.place(n)
		if _, there := h.data(x); there {
			do(x)
		}
	}
}
