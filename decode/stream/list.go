package stream

// node links a connection, or one direction of it, into a list.
type node struct {
	prev, next *node
	in         *list
	conn       *conn
	half       *half
}

// list is a doubly linked list through nodes that are part of what they link: no allocation. The zero value is empty.
type list struct {
	first, last *node
	n           int
}

func (l *list) push(n *node) {
	n.in, n.prev, n.next = l, l.last, nil
	if l.last != nil {
		l.last.next = n
	} else {
		l.first = n
	}
	l.last = n
	l.n++
}

func (l *list) pushFirst(n *node) {
	n.in, n.prev, n.next = l, nil, l.first
	if l.first != nil {
		l.first.prev = n
	} else {
		l.last = n
	}
	l.first = n
	l.n++
}

// unlink takes n out of the list that it is in, if any.
func (n *node) unlink() {
	l := n.in
	if l == nil {
		return
	}
	if n.prev != nil {
		n.prev.next = n.next
	} else {
		l.first = n.next
	}
	if n.next != nil {
		n.next.prev = n.prev
	} else {
		l.last = n.prev
	}
	n.in, n.prev, n.next = nil, nil, nil
	l.n--
}

// moveLast puts n at the end of l, wherever it was.
func (l *list) moveLast(n *node) {
	if l.last == n {
		return
	}
	n.unlink()
	l.push(n)
}

// keep puts n at the end of l, or leaves it where it is in l, iff wanted; else takes it out.
func (l *list) keep(n *node, wanted bool) {
	switch {
	case !wanted:
		n.unlink()
	case n.in == nil:
		l.push(n)
	}
}
