package analyze

import "github.com/dnssniff/dnssniff/decode"

// ahead holds what is known of messages that will come: the memory that each needs is asked for in loops so short that the processor waits for all of
// them at once.
type ahead struct {
	n              int
	names, clients [maxAhead]uint64 // hashes
	asks           [maxAhead]bool   // it is a query
	read           uint32           // where what is read goes
}

// maxAhead is for how many messages memory is asked for at once. For further ones it is not.
const maxAhead = 32

// Warm implements [decode.Warmer].
func (s *Summary) Warm(m *decode.Message) {
	if s.lookups != nil {
		s.ahead.read += s.lookups.Warm(m) + uint32(s.evidence.Warm(m))
	}
	if a := &s.ahead; a.n < maxAhead {
		a.names[a.n], a.clients[a.n], a.asks[a.n] = m.NameHash, m.ClientHash, !m.Response()
		a.n++
	}
}

// warm asks for the memory that the messages ahead need.
func (s *Summary) warm() {
	a := &s.ahead
	n := a.n
	a.n = 0
	for _, h := range a.names[:n] {
		a.read += s.names.warm(h)
	}
	for _, h := range a.clients[:n] {
		a.read += s.clients.warm(h)
	}
	for _, h := range a.names[:n] {
		if r := s.names.find(h); r != nil {
			a.read += r.queries
		}
	}
	for i, asks := range a.asks[:n] {
		if !asks {
			continue
		}
		if r := s.clients.find(a.clients[i]); r != nil && r.flags&offends != 0 {
			a.read += s.offenders.warm(r)
		}
	}
}
