package filter

import (
	"golang.org/x/net/bpf"

	"github.com/dnssniff/dnssniff/capture"
)

// defaultSnaplen is what tcpdump keeps of a packet.
const defaultSnaplen = 262144

// Filter decides which frames to keep. It is made by [Parse], [DNS] or [FromDDD], never changes, and may be used by several goroutines.
// It takes at most about 1 MiB, where it has 4096 tests; a usual one takes 10 KiB.
type Filter struct {
	text     string
	parts    []part     // what frames are asked, all of it
	programs []compiled // what was compiled elsewhere
	graphs   [numLayouts]*graph
}

// part is a condition that can be put to any layout.
type part interface {
	cond(l lowering) *cond
	// asksVLAN reports whether it has "vlan", which not every layout and view can answer alike.
	asksVLAN() bool
}

// expression is the part that [Parse] makes.
type expression struct {
	root  *node
	vlans int
}

func (e expression) cond(l lowering) *cond { return l.node(e.root) }
func (e expression) asksVLAN() bool        { return e.vlans > 0 }

// Parse compiles an expression of the grammar in the package's documentation. It returns a [*SyntaxError], or [ErrTooLong].
func Parse(expr string) (*Filter, error) {
	root, vlans, err := parse(expr)
	if err != nil {
		return nil, err
	}
	f := &Filter{text: expr}
	if root.op == opAll {
		return f, nil
	}
	f.parts = []part{expression{root: root, vlans: vlans}}
	return f, f.compile()
}

// And returns the filter that keeps what both keep. A "vlan" in one does not shift what the other looks at.
func (f *Filter) And(other *Filter) (*Filter, error) {
	both := &Filter{
		text:     f.text,
		parts:    append(append([]part(nil), f.parts...), other.parts...),
		programs: append(append([]compiled(nil), f.programs...), other.programs...),
	}
	switch {
	case f.text == "":
		both.text = other.text
	case other.text != "":
		both.text = "(" + f.text + ") and (" + other.text + ")"
	}
	return both, both.compile()
}

// String returns the expression as it was given; what [DNS] and [FromDDD] made is described in words.
func (f *Filter) String() string { return f.text }

// compile makes the graphs that the predicate walks.
func (f *Filter) compile() error {
	if len(f.parts) == 0 {
		return nil
	}
	for i := range layouts {
		l := &layouts[i]
		if f.asksVLAN() && !l.vlan {
			continue
		}
		g, err := newGraph(f.cond(lowering{layout: l}))
		if err != nil {
			return err
		}
		f.graphs[i] = g
	}
	return nil
}

func (f *Filter) asksVLAN() bool {
	for _, p := range f.parts {
		if p.asksVLAN() {
			return true
		}
	}
	return false
}

func (f *Filter) cond(l lowering) *cond {
	c := always
	for _, p := range f.parts {
		c = and(c, p.cond(l))
	}
	return c
}

// Supports returns nil where the filter can judge captured frames of a link type, or a [*LinkError]: the link type is not one of
// Ethernet, SLL, SLL2, raw IP, NULL and LOOP, it has no VLANs to ask for, or the filter was compiled for another.
func (f *Filter) Supports(link capture.LinkType) error {
	for i := range f.programs {
		if err := f.programs[i].supports(link); err != nil {
			return err
		}
		if f.programs[i].vm == nil {
			return &LinkError{Link: link, Reason: "the program asks the kernel for what is in no file"}
		}
	}
	_, err := f.layout(link)
	return err
}

// layout returns the layout of a link type as the parts need it.
func (f *Filter) layout(link capture.LinkType) (*layout, error) {
	i := layoutOf(link)
	switch {
	case len(f.parts) == 0:
		return nil, nil
	case i < 0:
		return nil, &LinkError{Link: link, Reason: "capture filters know Ethernet, SLL, SLL2, raw IP, NULL and LOOP only"}
	case f.asksVLAN() && !layouts[i].vlan:
		return nil, &LinkError{Link: link, Reason: `"vlan" works on Ethernet only`}
	}
	return &layouts[i], nil
}

// Match reports whether the filter keeps a captured frame: what the program for its link type says, without a kernel and without an
// allocation. It keeps no frame of a link type it does not support: ask [Filter.Supports] once for each link type of the source.
func (f *Filter) Match(p *capture.Packet) bool {
	for i := range f.programs {
		if !f.programs[i].match(p) {
			return false
		}
	}
	if len(f.parts) == 0 {
		return true
	}
	i := layoutOf(p.Link)
	return i >= 0 && f.graphs[i] != nil && f.graphs[i].match(p.Data)
}

// Program returns the filter as classic BPF over whole frames of a link type, as a BSD kernel or an interpreter sees them. It returns
// snaplen for frames to keep, or 262144 where snaplen is 0; it has at most 4096 instructions. Errors: [*LinkError], [ErrTooLong].
func (f *Filter) Program(link capture.LinkType, snaplen uint32) ([]bpf.Instruction, error) {
	if err := f.Supports(link); err != nil {
		return nil, err
	}
	return f.program(link, snaplen, false)
}

// KernelProgram returns the filter as Linux runs it on the frames of a packet socket. There, the outermost VLAN tag is not in the frame but
// beside it: "vlan" finds it in either place, and what is asked without "vlan" holds of tagged frames too, as with tcpdump -i. SLL and
// SLL2 stand for a socket of type SOCK_DGRAM, whose frames have no link header. Otherwise it is as [Filter.Program].
func (f *Filter) KernelProgram(link capture.LinkType, snaplen uint32) ([]bpf.Instruction, error) {
	for i := range f.programs {
		if err := f.programs[i].supports(link); err != nil {
			return nil, err
		}
	}
	return f.program(link, snaplen, true)
}

func (f *Filter) program(link capture.LinkType, snaplen uint32, kernel bool) ([]bpf.Instruction, error) {
	if snaplen == 0 {
		snaplen = defaultSnaplen
	}
	g, err := f.graph(link, kernel)
	if err != nil {
		return nil, err
	}
	last, err := g.program(snaplen)
	if err != nil {
		return nil, err
	}
	var all []bpf.Instruction
	for i := range f.programs {
		first, err := f.programs[i].then(kernel)
		if err != nil {
			return nil, err
		}
		all = append(all, first...)
	}
	if all = append(all, last...); len(all) > maxInstructions {
		return nil, ErrTooLong
	}
	return all, nil
}

// graph returns the parts as the kernel, or an interpreter, is to judge them.
func (f *Filter) graph(link capture.LinkType, kernel bool) (*graph, error) {
	if len(f.parts) == 0 {
		return newGraph(always)
	}
	if !kernel {
		return f.graphs[layoutOf(link)], nil
	}
	isCooked := link == linkSLL || link == linkSLL2
	l := &cooked
	if !isCooked {
		var err error
		if l, err = f.layout(link); err != nil {
			return nil, err
		}
	}
	if !f.asksVLAN() {
		return newGraph(f.cond(lowering{layout: l}))
	}
	present := is(load{base: kernelField, off: uint32(bpf.ExtVLANTagPresent), size: 4, mask: ^uint32(0)}, 1)
	return newGraph(or(
		and(present, f.cond(lowering{layout: l, stripped: true})),
		and(not(present), f.cond(lowering{layout: l}))))
}
