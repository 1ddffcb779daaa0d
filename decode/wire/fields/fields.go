// Package fields lays one DNS message out as a tree of fields for people: every byte of the message belongs to exactly one leaf.
//
// It goes as far as package wire goes, whatever the bytes. What neither understands is one field of kind NotUnderstood. It allocates, and
// is not for the path of every packet.
package fields

import "github.com/dnssniff/dnssniff/decode/wire"

// Kind says what a field is.
type Kind uint8

// The kinds. Only Plain, Flags and NotUnderstood are leaves.
const (
	Plain         Kind = iota // a leaf
	Flags                     // a leaf, shown bit by bit in Field.Bits
	NotUnderstood             // a leaf: bytes without a meaning
	Header
	Section
	Entry // a question, or a resource record
	Name  // a domain name: its fields are labels, and a pointer or the root
	RDATA
	Option // EDNS option or SvcParam
	Group  // any other part that has parts
)

// Field is a piece of a message.
type Field struct {
	// Name is what the RFCs or IANA call it: "QTYPE", "Preference".
	Name string
	// Value is for people. Names and character strings in it are escaped as master files escape them; other text of the message is as it was
	// sent, so hostile, and even no UTF-8: whoever shows it passes it through the sanitiser.
	Value string
	Kind  Kind
	// Off and Len are the bytes, from the start of the message.
	Off, Len int
	Bits     []Bit   // iff Kind is Flags, from the first on the wire to the last
	Fields   []Field // the parts, which cover all the bytes in their order; empty iff the field is a leaf
}

// Bit is a part of a Flags field.
type Bit struct {
	Name, Value string
	Mask        uint16
	Width       int // bits of the whole field: 8 or 16
	Of          uint16
}

// Of lays m out. The fields hold nothing of m's bytes, and are all of the message however large it is: the worst one, of thousands of
// pointers to a long name, takes some 60 MB.
func Of(m *wire.Message) []Field {
	c := &cursor{m: m, end: len(m.Data)}
	c.group(Header, "Header", header)
	if !c.bad {
		c.sections()
	}
	if !c.bad {
		c.trailing()
	}
	c.finish()
	return c.out
}

// Leaves calls yield for each leaf, in the order of the bytes, until it returns false.
func Leaves(all []Field, yield func(*Field) bool) bool {
	for i := range all {
		f := &all[i]
		if len(f.Fields) == 0 {
			if !yield(f) {
				return false
			}
		} else if !Leaves(f.Fields, yield) {
			return false
		}
	}
	return true
}
