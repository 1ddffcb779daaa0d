package inspect

import (
	"fmt"
	"strings"

	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/decode/wire/fields"
)

// row is a field with its bytes, or a heading, before it is laid out.
type row struct {
	off, n  int    // its bytes
	pattern string // instead of bytes: which bits of a flags field it is
	gap     bool   // instead of bytes: a mark where bytes are missing
	depth   int
	name    string
	value   string
	style   style
	tags    []anomaly.Seen
}

// Bounds of what is shown of a message: it has up to 65535 bytes and nearly as many fields.
const (
	maxParts = 40   // of a section or record: those beyond are left out, but for some with faults
	maxRows  = 1000 // of a message
	maxTags  = 6    // of a field
)

// rower makes rows of fields.
type rower struct {
	marks  *marks
	rows   []row
	left   int                   // of maxRows
	tagged map[anomaly.Seen]bool // at a heading: they are about all that is below
}

func (b *rower) add(r row) {
	b.left--
	b.rows = append(b.rows, r)
}

// field adds a field and its parts.
func (b *rower) field(f *fields.Field, depth int) {
	end := f.Off + f.Len
	switch {
	case f.Kind == fields.RDATA: // it follows RDLENGTH: no heading
		b.parts(f.Fields, depth)
	case len(f.Fields) == 0 || f.Kind == fields.Name && !b.marks.inside(f.Off, end):
		b.leaf(f, depth)
	default:
		b.add(row{off: f.Off, depth: depth, name: f.Name, value: f.Value, style: bold, tags: b.about(f)})
		b.parts(f.Fields, depth+1)
	}
}

// about returns the anomalies that are about all parts of a field, other than a section, and remembers them.
func (b *rower) about(f *fields.Field) (all []anomaly.Seen) {
	if f.Kind == fields.Section || len(f.Fields) == 1 {
		return nil
	}
	for _, a := range between(b.marks.faults, f.Off, f.Off+1) {
		if int(a.Length) >= f.Len && !b.tagged[a] {
			all = append(all, a)
			b.tagged[a] = true
		}
	}
	return all
}

// others returns those that no heading has.
func (b *rower) others(all []anomaly.Seen) (out []anomaly.Seen) {
	for _, a := range all {
		if !b.tagged[a] {
			out = append(out, a)
		}
	}
	return out
}

// leaf adds a field with its bytes, its bits, and what is missing behind it.
func (b *rower) leaf(f *fields.Field, depth int) {
	end := f.Off + f.Len
	r := row{off: f.Off, n: f.Len, depth: depth, name: f.Name, value: f.Value, tags: b.others(between(b.marks.faults, f.Off, end))}
	if f.Kind == fields.NotUnderstood {
		r.style = warn
	}
	b.add(r)
	for _, x := range f.Bits {
		b.add(row{off: f.Off, depth: depth, pattern: pattern(x), name: x.Name, value: x.Value})
	}
	if lacking := between(b.marks.missing, end, end+1); len(lacking) > 0 {
		b.add(row{off: end, gap: true, depth: depth, name: "bytes are missing here", style: bad, tags: lacking})
	}
}

// parts adds parts, as many as there is room for, and any with a fault.
func (b *rower) parts(all []fields.Field, depth int) {
	from, faulty := -1, 0
	for i := range all {
		f := &all[i]
		show := b.left > 0 && i < maxParts
		if !show && b.left > 0 && faulty < maxParts && b.marks.faulty(f.Off, f.Off+f.Len) {
			show = true
			faulty++
		}
		if !show {
			if from < 0 {
				from = i
			}
			continue
		}
		b.omitted(all, from, i, depth)
		from = -1
		b.field(f, depth)
	}
	b.omitted(all, from, len(all), depth)
}

// omitted says that the parts from up to to are left out.
func (b *rower) omitted(all []fields.Field, from, to, depth int) {
	if from < 0 {
		return
	}
	off, end := all[from].Off, all[to-1].Off+all[to-1].Len
	b.rows = append(b.rows, row{off: off, depth: depth, name: fmt.Sprintf("%s left out (%s)", count(to-from, "field"), count(end-off, "byte")), style: dim})
}

// pattern shows the bits of a part of a flags field: "0... .... .... ....".
func pattern(x fields.Bit) string {
	var b strings.Builder
	for i := x.Width - 1; i >= 0; i-- {
		switch mask := uint16(1) << i; {
		case x.Mask&mask == 0:
			b.WriteByte('.')
		case x.Of&mask == 0:
			b.WriteByte('0')
		default:
			b.WriteByte('1')
		}
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
	}
	return b.String()
}

// count writes n of something.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
