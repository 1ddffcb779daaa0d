package capture

// mergeAhead is how many packets of each merged file are looked at ahead: 48 bytes each, so 12 KiB for a file and Source.
const mergeAhead = 256

// merge hands out the packets of several files by time. Each file keeps its own order, so a file whose time goes backwards hands the
// late packets out as soon as it comes to them; where times are equal the earlier file goes first.
type merge struct {
	files []mergedFile
	heap  []*mergedFile // files with a packet at hand, the least first
	empty []*mergedFile // files to be read on
}

type mergedFile struct {
	file  fileReader
	index int
	ahead []Packet // not yet handed out
	buf   [mergeAhead]Packet
}

func newMerge(files []fileReader) *merge {
	m := &merge{files: make([]mergedFile, len(files))}
	for i, f := range files {
		m.files[i].file, m.files[i].index = f, i
		m.empty = append(m.empty, &m.files[i])
	}
	return m
}

// readBatch implements fileReader. It ends a batch where a file must be read on, as that would take away packets in the batch.
func (m *merge) readBatch(batch []Packet) int {
	m.refill()
	n := 0
	for n < len(batch) && len(m.heap) > 0 && len(m.empty) == 0 {
		f := m.heap[0]
		batch[n] = f.ahead[0]
		n++
		if f.ahead = f.ahead[1:]; len(f.ahead) == 0 {
			m.empty = append(m.empty, f)
			last := len(m.heap) - 1
			m.heap[0] = m.heap[last]
			m.heap = m.heap[:last]
		}
		m.down(0)
	}
	return n
}

// refill reads files that have no packet at hand, always in the same order: so no two Sources wait for each other.
func (m *merge) refill() {
	for _, f := range m.empty {
		if n := f.file.readBatch(f.buf[:]); n > 0 {
			f.ahead = f.buf[:n]
			m.heap = append(m.heap, f)
			m.up(len(m.heap) - 1)
		}
	}
	m.empty = m.empty[:0]
}

func (f *mergedFile) before(g *mergedFile) bool {
	if a, b := f.ahead[0].Time, g.ahead[0].Time; a != b {
		return a < b
	}
	return f.index < g.index
}

func (m *merge) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if !m.heap[i].before(m.heap[parent]) {
			return
		}
		m.heap[i], m.heap[parent] = m.heap[parent], m.heap[i]
		i = parent
	}
}

func (m *merge) down(i int) {
	for {
		least, child := i, 2*i+1
		for c := child; c < len(m.heap) && c < child+2; c++ {
			if m.heap[c].before(m.heap[least]) {
				least = c
			}
		}
		if least == i {
			return
		}
		m.heap[i], m.heap[least] = m.heap[least], m.heap[i]
		i = least
	}
}

// end implements fileReader.
func (m *merge) end() {
	for i := range m.files {
		m.files[i].file.end()
	}
}
