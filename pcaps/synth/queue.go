package synth

// frame is a packet that waits for its time. seq keeps frames of one microsecond in the order they were made.
type frame struct {
	time int64
	seq  int
	data []byte
}

func (a *frame) before(b *frame) bool { return a.time < b.time || a.time == b.time && a.seq < b.seq }

// queue is a binary heap of frames by time, with the buffers of those that have left it.
type queue struct {
	heap   []frame
	spare  [][]byte
	pushed int
}

// buffer returns an empty buffer for a frame.
func (q *queue) buffer() []byte {
	if n := len(q.spare); n > 0 {
		b := q.spare[n-1]
		q.spare = q.spare[:n-1]
		return b[:0]
	}
	return make([]byte, 0, 256)
}

func (q *queue) free(b []byte) { q.spare = append(q.spare, b) }

func (q *queue) push(time int64, data []byte) {
	q.pushed++
	q.heap = append(q.heap, frame{time, q.pushed, data})
	h := q.heap
	for i := len(h) - 1; i > 0; {
		parent := (i - 1) / 2
		if !h[i].before(&h[parent]) {
			return
		}
		h[i], h[parent] = h[parent], h[i]
		i = parent
	}
}

func (q *queue) pop() frame {
	h := q.heap
	first, last := h[0], len(h)-1
	h[0], h[last] = h[last], frame{}
	h = h[:last]
	for i := 0; ; {
		least := 2*i + 1
		if least >= len(h) {
			break
		}
		if least+1 < len(h) && h[least+1].before(&h[least]) {
			least++
		}
		if !h[least].before(&h[i]) {
			break
		}
		h[i], h[least] = h[least], h[i]
		i = least
	}
	q.heap = h
	return first
}
