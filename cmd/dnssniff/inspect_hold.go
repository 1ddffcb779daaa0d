package main

import (
	"github.com/dnssniff/dnssniff/decode"
)

// Bounds of what a holder keeps: 256 Ki messages of about 220 bytes, and 32 MiB of their bytes. They are taken as messages come, so a small
// capture takes little.
const (
	heldMessages = 1 << 18
	heldBytes    = 32 << 20
)

// kept is a message that may turn out to belong to the one asked for.
type kept struct {
	msg   decode.Message // without its wire.Message
	id    uint16
	resp  bool
	cut   bool
	start uint64 // of its bytes, counted over all that were ever held
	n     int
	frame int // where it is in its packet, negative if in several
	frag  fragmentKey
}

// holder keeps copies of the last messages. Nothing is allocated for a message once it is as large as it gets.
type holder struct {
	ring  []kept
	next  int    // place of the next one, once the ring has its full length
	arena []byte // a ring too
	head  uint64 // bytes that were ever put into the arena, and passed over at its end
}

// add copies a message.
func (h *holder) add(m *decode.Message, frame int, frag fragmentKey) {
	x := kept{msg: *m, id: m.ID, resp: m.Response(), cut: m.Cut, n: len(m.Data), frame: frame, frag: frag}
	x.msg.Message = nil
	x.start = h.room(len(m.Data))
	copy(h.arena[x.start%heldBytes:], m.Data)
	if len(h.ring) < heldMessages {
		h.ring = append(h.ring, x)
		return
	}
	h.ring[h.next] = x
	h.next = (h.next + 1) % heldMessages
}

// room makes room for n bytes in one piece, 65535 at most.
func (h *holder) room(n int) uint64 {
	at := int(h.head % heldBytes)
	if at+n > heldBytes { // they would not be in one piece
		h.head += uint64(heldBytes - at)
		at = 0
	}
	start := h.head
	h.head += uint64(n)
	if short := at + n - len(h.arena); short > 0 {
		h.arena = append(h.arena, make([]byte, short)...)
	}
	return start
}

// data returns the bytes of a message; false where they were overwritten.
func (h *holder) data(x *kept) ([]byte, bool) {
	if h.head-x.start > heldBytes {
		return nil, false
	}
	at := x.start % heldBytes
	return h.arena[at : at+uint64(x.n)], true
}

// latest returns the message held last that fits, or nil.
func (h *holder) latest(fits func(*kept) bool) *kept {
	for i := range h.ring {
		x := &h.ring[(h.next+len(h.ring)-1-i)%len(h.ring)]
		if _, there := h.data(x); there && fits(x) {
			return x
		}
	}
	return nil
}

// each calls do for each message held, in their order.
func (h *holder) each(do func(*kept)) {
	for i := range h.ring {
		x := &h.ring[(h.next+i)%len(h.ring)]
		if _, there := h.data(x); there {
			do(x)
		}
	}
}

// sameEnds says that messages have the same client, server and transport.
func sameEnds(a, b *decode.Message) bool {
	return a.Proto == b.Proto && a.ClientPort == b.ClientPort && a.ServerPort == b.ServerPort && a.Client == b.Client && a.Server == b.Server
}
