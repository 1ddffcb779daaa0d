package filter

// Bounds of an expression. A nesting level costs a stack frame, a byte at most one node of 100 bytes.
const (
	maxExpression = 64 << 10 // bytes
	maxNesting    = 1000     // brackets and nots
)

const outsideHint = "a word of the supported subset (for the rest of pcap-filter, compile it with tcpdump -ddd)"

// parser is a recursive descent over the grammar of the package's documentation.
type parser struct {
	src   string
	tok   token // the next one
	depth int
	vlans int // "vlan" so far
}

// parse returns the tree of an expression and how many "vlan" it has, or a *SyntaxError.
func parse(src string) (*node, int, error) {
	if len(src) > maxExpression {
		return nil, 0, &SyntaxError{Column: maxExpression + 1, Found: "...", Expected: "at most 64 KiB"}
	}
	p := &parser{src: src}
	p.next()
	if p.tok.kind == end {
		return &node{op: opAll}, 0, nil
	}
	n, _, err := p.expr(head{})
	if err == nil && p.tok.kind != end {
		err = p.expected(`"and" or "or"`)
	}
	return n, p.vlans, err
}

func (p *parser) next() { p.tok = lex(p.src, p.tok.at+p.tok.len) }

// accept takes the next token where it is one of words.
func (p *parser) accept(words ...string) bool {
	if !p.tok.is(words...) {
		return false
	}
	p.next()
	return true
}

// expected returns the error of the next token.
func (p *parser) expected(what string) error { return p.errorAt(p.tok, what) }

func (p *parser) errorAt(t token, what string) error {
	if t.kind == reserved {
		what = outsideHint
	}
	return &SyntaxError{Column: t.at + 1, Found: p.src[t.at : t.at+t.len], Expected: what}
}

// enter counts a level of nesting; the caller leaves it by decreasing depth.
func (p *parser) enter() error {
	if p.depth++; p.depth > maxNesting {
		return p.expected("at most 1000 levels of brackets and nots")
	}
	return nil
}

// expr reads terms joined from the left. inherited is the head an id without one takes; the head for what follows is returned.
func (p *parser) expr(inherited head) (*node, head, error) {
	left, last, err := p.term(inherited)
	for err == nil && p.tok.is("and", "or") {
		op := p.join()
		var right *node
		if p.idFollows() {
			right, err = p.ids(last)
		} else {
			right, last, err = p.term(last)
		}
		left = &node{op: op, left: left, right: right}
	}
	return left, last, err
}

// join takes the "and" or "or" that is next.
func (p *parser) join() operator {
	if p.accept("and") {
		return opAnd
	}
	p.next()
	return opOr
}

// idFollows reports whether an id comes next, behind any brackets and nots.
func (p *parser) idFollows() bool {
	t := p.tok
	for t.is("(", "not") {
		t = lex(p.src, t.at+t.len)
	}
	return t.isID()
}

// term reads what can stand where no id can.
func (p *parser) term(inherited head) (*node, head, error) {
	if err := p.enter(); err != nil {
		return nil, head{}, err
	}
	defer func() { p.depth-- }()
	switch {
	case p.accept("not"):
		n, last, err := p.term(inherited)
		return &node{op: opNot, left: n}, last, err
	case p.accept("("):
		n, _, err := p.expr(inherited)
		if err == nil && !p.accept(")") {
			err = p.expected(`"and", "or" or ")"`)
		}
		return n, inherited, err
	case p.accept("vlan"):
		n, err := p.vlan()
		return n, head{}, err
	}
	return p.qualified()
}

// qualified reads a protocol alone, or ids behind a head.
func (p *parser) qualified() (*node, head, error) {
	var h head
	first := p.tok
	if first.kind == word {
		h.proto = protocols[first.text]
	}
	if h.proto != protoAny {
		p.next()
	}
	directed, err := p.direction(&h)
	if err != nil {
		return nil, h, err
	}
	h.typ = p.idType(directed)
	switch {
	case h.typ == typeNone && h.proto != protoAny:
		return p.primitive(primitive{kind: primProtocol, head: h}), head{}, nil
	case h.typ == typeNone && p.tok.isID() && p.tok.kind != word:
		return nil, h, p.expected(`"host", "net", "port", "portrange", "proto", "src" or "dst" before it`)
	case h.typ == typeNone:
		return nil, h, p.expected(`a test such as "host", "net", "port", "udp", "vlan" or "("`)
	}
	if err := p.fits(first, h, directed); err != nil {
		return nil, h, err
	}
	n, err := p.ids(h)
	return n, h, err
}

// direction reads the direction of a head, if there is one.
func (p *parser) direction(h *head) (bool, error) {
	first := p.tok
	if !p.accept("src", "dst") {
		return false, nil
	}
	h.dir = dirDst
	other := "src"
	if first.text == "src" {
		h.dir, other = dirSrc, "dst"
	}
	if !p.tok.is("and", "or") {
		return true, nil
	}
	h.dir = dirEither
	if p.join() == opAnd {
		h.dir = dirBoth
	}
	if !p.accept(other) {
		return true, p.expected(`"` + other + `"`)
	}
	return true, nil
}

func (p *parser) idType(directed bool) idType {
	if p.tok.kind == word {
		if t := idTypes[p.tok.text]; t != typeNone {
			p.next()
			return t
		}
	}
	if directed {
		return typeDefault
	}
	return typeNone
}

// fits refuses heads whose parts contradict each other; first is the head's first token.
func (p *parser) fits(first token, h head, directed bool) error {
	switch h.typ {
	case typePort, typePortRange:
		if h.proto != protoAny && h.proto != protoTCP && h.proto != protoUDP {
			return p.errorAt(first, `"tcp", "udp" or nothing before a port`)
		}
	case typeProto:
		if directed {
			return p.errorAt(first, `no direction before "proto"`)
		}
		if h.proto != protoAny && h.proto != protoIP && h.proto != protoIP6 {
			return p.errorAt(first, `"ip", "ip6" or nothing before "proto"`)
		}
	default:
		if h.proto != protoAny && h.proto != protoIP && h.proto != protoIP6 && h.proto != protoARP {
			return p.errorAt(first, `"ip", "ip6", "arp" or nothing before an address`)
		}
	}
	return nil
}

// ids reads an id, or several in brackets, that h qualifies.
func (p *parser) ids(h head) (*node, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	if p.accept("not") {
		n, err := p.ids(h)
		return &node{op: opNot, left: n}, err
	}
	if !p.accept("(") {
		return p.id(h)
	}
	left, err := p.firstID(h)
	for err == nil && p.tok.is("and", "or") {
		op := p.join()
		var right *node
		right, err = p.ids(h)
		left = &node{op: op, left: left, right: right}
	}
	if err == nil && !p.accept(")") {
		err = p.expected(`"and", "or" or ")"`)
	}
	return left, err
}

// firstID reads the first of bracketed ids. As in libpcap's grammar, only a number may be in brackets of its own there.
func (p *parser) firstID(h head) (*node, error) {
	brackets := p.brackets()
	if brackets == 0 {
		return p.ids(h)
	}
	if p.tok.kind != number {
		return nil, p.expected("a number, or the brackets elsewhere: after an \"and\" or \"or\" there may be some")
	}
	n, err := p.id(h)
	if err == nil {
		err = p.closing(brackets)
	}
	return n, err
}

// brackets takes opening brackets and counts them.
func (p *parser) brackets() (n int) {
	for p.accept("(") {
		n++
	}
	return n
}

// closing takes n closing brackets.
func (p *parser) closing(n int) error {
	for ; n > 0; n-- {
		if !p.accept(")") {
			return p.expected(`")"`)
		}
	}
	return nil
}

// primitive returns a leaf that looks behind the tags of the "vlan" before it.
func (p *parser) primitive(prim primitive) *node {
	prim.vlans = p.vlans
	return &node{op: opPrimitive, prim: prim}
}
