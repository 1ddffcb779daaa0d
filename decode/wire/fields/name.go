package fields

import (
	"fmt"
	"strings"

	"github.com/dnssniff/dnssniff/decode/wire"
)

// name reads a domain name and returns its text. A name that is not sound ends the reading, after what is sound of it.
func (c *cursor) name(label string) string {
	text, sound := nameAt(c.m, c.off)
	read := ""
	f := c.group(Name, label, func(c *cursor) { read = c.labels(sound) })
	switch {
	case !sound && c.cut():
		c.bad = true
		text = strings.TrimSpace(read + " (not all captured)")
	case !sound:
		c.bad, c.at = true, faultIn(label, f)
		text = strings.TrimSpace(read + " (ends in a fault)")
	case c.bad:
		c.at = faultIn(label, f)
		text += " (runs on past the end)"
	}
	if f != nil {
		f.Value = text
		if last := f.Fields[len(f.Fields)-1]; last.Name == "pointer" && len(f.Fields) == 1 && sound {
			f.Value += fmt.Sprintf(" (pointer to %d)", target(c.m.Data[last.Off:]))
		} else if last.Name == "pointer" && sound {
			f.Value += fmt.Sprintf(" (ends in a pointer to %d)", target(c.m.Data[last.Off:]))
		}
	}
	return text
}

// faultIn says where a name ends that is not sound, of which f was read.
func faultIn(label string, f *Field) string {
	if f == nil {
		return "from " + label + " on"
	}
	return "after the fault in " + label
}

// nameAt returns the text of the name at off, and whether it is sound.
func nameAt(m *wire.Message, off int) (string, bool) {
	full, ok := m.AppendWireName(nil, off)
	if !ok {
		return "", false
	}
	return string(wire.AppendName(nil, full)), true
}

func target(b []byte) int { return int(b[0]&0x3f)<<8 | int(b[1]) }

// maxName is what a name may have of octets (RFC 1035 section 2.3.4).
const maxName = 255

// labels reads labels up to the root, a pointer, or what is neither, and returns their text.
func (c *cursor) labels(sound bool) string {
	text, start := "", c.off
	for !c.bad {
		if c.left() == 0 || c.off-start >= maxName {
			c.bad, c.short = true, c.left() == 0
			break
		}
		switch n := c.m.Data[c.off]; {
		case n == 0:
			c.bytes("root", 1, func([]byte) string { return "." })
			return text + "."
		case n >= 0xc0:
			c.pointer(start, sound)
			return text
		case n > 63:
			c.bad = true
		default:
			c.bytes("label", 1+int(n), func(b []byte) string {
				text += string(wire.AppendName(nil, append(b[:len(b):len(b)], 0)))
				return fmt.Sprintf("%d %s", n, quoted(b[1:]))
			})
		}
	}
	return text
}

// pointer reads a pointer of the name that begins at start.
func (c *cursor) pointer(start int, sound bool) {
	c.bytes("pointer", 2, func(b []byte) string {
		to := target(b)
		text, ok := nameAt(c.m, to)
		switch {
		case to >= len(c.m.Data) && c.m.Cut:
			return fmt.Sprintf("to %d, which was not captured", to)
		case to >= len(c.m.Data):
			return fmt.Sprintf("to %d, past the end of the message", to)
		case to < wire.HeaderLen:
			return fmt.Sprintf("to %d, within the header", to)
		case to == c.off:
			return fmt.Sprintf("to %d, itself", to)
		case to >= start:
			return fmt.Sprintf("to %d, not before the name", to)
		case !ok || !sound:
			return fmt.Sprintf("to %d, where no name can be read", to)
		}
		return fmt.Sprintf("to %d: %s", to, text)
	})
}
