package inspect

import (
	"slices"

	"github.com/dnssniff/dnssniff/decode/anomaly"
)

// marks says which bytes of a message are at fault.
type marks struct {
	bytes   []uint8        // severity + 1, 0 = sound
	faults  []anomaly.Seen // of bytes that are there, by offset
	missing []anomaly.Seen // of bytes that are not, by offset
}

// maxMarked bounds the anomalies that are marked: a message can have thousands.
const maxMarked = 4096

func markOf(length int, all []anomaly.Seen) *marks {
	k := &marks{bytes: make([]uint8, length)}
	for _, a := range all[:min(len(all), maxMarked)] {
		from, to := min(int(a.Offset), length), min(int(a.Offset)+int(a.Length), length)
		switch {
		case to > from:
			k.faults = append(k.faults, a)
		case a.Offset > 0: // 0 and 0: not at a place
			k.missing = append(k.missing, a)
		}
		for i := from; i < to; i++ {
			k.bytes[i] = max(k.bytes[i], uint8(a.ID.Severity())+1)
		}
	}
	byOffset := func(a, b anomaly.Seen) int { return int(a.Offset) - int(b.Offset) }
	slices.SortStableFunc(k.faults, byOffset)
	slices.SortStableFunc(k.missing, byOffset)
	return k
}

// between returns those of all, which is sorted, that begin at from or behind it and before to.
func between(all []anomaly.Seen, from, to int) []anomaly.Seen {
	i, _ := slices.BinarySearchFunc(all, from, func(a anomaly.Seen, off int) int { return int(a.Offset) - off })
	j := i
	for j < len(all) && int(all[j].Offset) < to {
		j++
	}
	return all[i:j]
}

// faulty says that a fault begins in the bytes, or that bytes are missing in them or right behind.
func (k *marks) faulty(from, to int) bool {
	return len(between(k.faults, from, to)) > 0 || len(between(k.missing, from+1, to+1)) > 0
}

// inside says that something is wrong with the bytes, and not with more than them.
func (k *marks) inside(from, to int) bool {
	return slices.ContainsFunc(between(k.faults, from, to), func(a anomaly.Seen) bool { return int(a.Offset) > from || int(a.Length) <= to-from })
}

// within says that a byte of those is at fault.
func (k *marks) within(from, to int) bool {
	return slices.ContainsFunc(k.bytes[from:to], func(m uint8) bool { return m > 0 })
}

// style returns the look of a severity.
func styleOf(s anomaly.Severity) style {
	switch s {
	case anomaly.Malformed, anomaly.Violation:
		return bad
	case anomaly.Suspicious:
		return warn
	}
	return accent
}

// brackets are what stands around bytes at fault.
func brackets(mark uint8) (left, right byte) {
	switch {
	case mark == 0:
		return ' ', ' '
	case anomaly.Severity(mark-1) >= anomaly.Violation:
		return '[', ']'
	}
	return '(', ')'
}
