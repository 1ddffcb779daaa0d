package packet

import "time"

// Lost is an IP packet of which fragments have not come, or contradict each other. What the snaplen cut, or a bound made the parser forget, is
// not lost.
type Lost struct {
	Src, Dst  Addr
	IPVersion uint8
	Proto     uint8 // IP protocol number of its payload, by the first fragment if it came
	// SrcPort and DstPort are valid iff HasPorts: the first fragment came, and has a UDP or TCP header.
	SrcPort, DstPort uint16
	HasPorts         bool
	FirstFragment    bool // came
	Contradicted     bool // two fragments had different bytes for one place, or gave it different lengths
	File             uint16
	Number           uint64 // packet of the last fragment to come, as are Time (ns) and File
	Time             int64
	First            int64 // time of the first fragment to come, in ns
	Fragments        int   // that came
	Bytes            int   // of its payload that came, a multiple of 8 but for the last fragment
	Length           int   // of its payload in bytes, 0 where the last fragment has not come
}

// Watch has f called, by Parse or Advance, for each packet of which fragments are lost: those that have not come within the given time from the first
// one, at the next Advance, or after [Limits.FragmentAge] if that is sooner. f must not call the parser; what it is given is valid during the call.
func (p *Parser) Watch(within time.Duration, f func(l *Lost)) {
	p.fragments.within, p.fragments.watcher = int64(within), f
}

// Advance tells of the fragments that are lost by a packet time, in ns.
func (p *Parser) Advance(now int64) {
	f := &p.fragments
	if f.watcher == nil || f.buckets == nil {
		return
	}
	for i := f.oldest; i != 0 && now-f.table[i].start > f.within; i = f.table[i].newer {
		f.lose(&f.table[i])
	}
}

// A packet that is captured twice leaves some of its fragments over when it is whole. They are known by the last packets that became whole, for a
// second (ns).
const (
	recentlyWhole = 64
	wholeFor      = 1e9
)

// past is a packet that became whole.
type past struct {
	key  fragKey
	time int64
}

// remember notes that a packet became whole.
func (f *fragments) remember(k *fragKey, now int64) {
	f.past[f.wholes%recentlyWhole] = past{*k, now}
	f.wholes++
}

// again says that a packet became whole a moment ago.
func (f *fragments) again(k *fragKey, now int64) bool {
	for i := range f.past {
		if p := &f.past[i]; p.key == *k && now-p.time <= wholeFor && p.time-now <= wholeFor {
			return true
		}
	}
	return false
}

// lose tells of a datagram, once, that fragments of it are lost.
func (f *fragments) lose(d *datagram) {
	if f.watcher == nil || d.told || d.spared || d.state == stateCut || d.fragments == 0 {
		return
	}
	d.told = true
	l := &f.lost
	*l = Lost{Src: d.key.src, Dst: d.key.dst, IPVersion: d.key.version, Proto: d.proto, File: d.file, Number: d.number, Time: d.last, First: d.start,
		Fragments: int(d.fragments), Bytes: int(d.units) * unit, Length: int(max(d.total, 0)), Contradicted: d.state == stateRefused}
	if d.total >= 0 { // the last unit is there, and may be short
		l.Bytes -= -l.Length & (unit - 1)
	}
	if c := d.chunks[0]; c != 0 && f.chunks[c].have[0]&1 != 0 {
		l.FirstFragment = true
		if l.HasPorts = l.Proto == protoUDP || l.Proto == protoTCP; l.HasPorts {
			b := f.chunks[c].data[:]
			l.SrcPort, l.DstPort = uint16(be16(b)), uint16(be16(b[2:]))
		}
	}
	f.watcher(l)
}
