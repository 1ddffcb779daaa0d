package stream

// mode says what is known about where messages begin in a direction.
type mode uint8

const (
	seeking      mode = iota // message boundaries are not known: a plausible one is looked for
	framed                   // they are known
	foreignProto             // it is not DNS: bytes are dropped
)

// half is one direction of a connection. Sequence numbers are compared by their difference, so they may wrap.
type half struct {
	conn      *conn
	start     uint32 // sequence number of the first byte
	next      uint32 // of the byte that is expected next; all before were seen or given up
	started   bool   // start and next are known
	fresh     bool   // no byte was looked at yet
	mode      mode
	midstream bool // the SYN was not seen
	ended     bool // all up to the FIN was seen
	fin       bool // finSeq is known
	acked     bool // the receiver acknowledged what is missing, at ackTime
	finSeq    uint32
	skip      int   // bytes to come of a message that was broken off
	ackTime   int64 // ns, valid iff acked

	// lostFrom up to lostTo is the last range that was given up, or that went before the capture: bytes of it are no retransmissions.
	lostFrom, lostTo uint32

	partial *partial // the message that is being collected, nil between messages
	head    *piece   // segments that wait, in order, without overlaps; nil if there are none
	tail    *piece
	queued  int // what they take of Limits.OutOfOrder

	waiting node // in Assembler.waiting iff head != nil
	holding node // in Assembler.holding iff head != nil or partial != nil
}

// conn is one connection. Records are used again.
type conn struct {
	key    key
	hash   uint64
	number uint64
	last   int64 // time of the first segment, the last with payload, or the RST
	half   [2]half
	shake  handshake
	order  node // in one of Assembler.young, active and closed
	next   *conn
}

func newConn() *conn {
	c := &conn{}
	c.order.conn, c.shake.node.conn = c, c
	for i := range c.half {
		h := &c.half[i]
		h.conn = c
		h.waiting.half, h.holding.half = h, h
	}
	return c
}

// other returns the opposite direction.
func (h *half) other() *half {
	if h == &h.conn.half[0] {
		return &h.conn.half[1]
	}
	return &h.conn.half[0]
}

// clear forgets everything but the links to the connection. Nothing may be buffered.
func (h *half) clear() {
	*h = half{conn: h.conn, waiting: node{half: h}, holding: node{half: h}}
}

// startAt begins the direction at a sequence number.
func (h *half) startAt(seq uint32, m mode) {
	h.start, h.next, h.started, h.fresh, h.mode = seq, seq, true, true, m
}

// silent says that the direction has not carried any byte yet.
func (h *half) silent() bool { return !h.started || h.next == h.start && h.head == nil }

// carried returns how many bytes the direction has carried, modulo 2^32.
func (h *half) carried() uint64 {
	if !h.started {
		return 0
	}
	end := h.next
	if h.head != nil {
		end = h.tail.end()
	}
	return uint64(end - h.start)
}

// lose notes that the bytes up to seq are given up or never came.
func (h *half) lose(seq uint32) {
	h.lostFrom, h.lostTo, h.next = h.next, seq, seq
}

// ahead returns how far seq lies after ref, negative if before.
func ahead(seq, ref uint32) int { return int(int32(seq - ref)) }
