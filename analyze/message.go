package analyze

import (
	"slices"

	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/decode/wire"
)

// Message counts a message.
func (s *Summary) Message(m *decode.Message) {
	if s.ahead.n > 0 {
		s.warm()
	}
	switch m.Proto {
	case decode.MDNS:
		s.messages.MDNS++
		s.mcast.once(m.Anomalies)
		return
	case decode.LLMNR:
		s.messages.LLMNR++
		s.mcast.inc(uint16(llmnr))
		s.mcast.once(m.Anomalies)
		return
	}
	if len(m.Anomalies) > 0 {
		s.anomaly.once(m.Anomalies)
	}
	s.transport(m)
	if m.Response() {
		s.response(m)
	} else {
		s.query(m)
	}
}

// once counts each entry of the catalogue that is among the anomalies of a message.
func (c *counter) once(all []anomaly.Seen) {
	var room [32]anomaly.ID
	ids := room[:0]
	for i := range all {
		if id := all[i].ID; !slices.Contains(ids, id) {
			ids = append(ids, id)
			c.inc(uint16(id))
		}
	}
}

// spot counts what a client's habits show.
func (s *Summary) spot(m *decode.Message, c *row) {
	s.spotted = s.habits.query(m, c, s.spotted[:0])
	for _, id := range s.spotted {
		s.anomaly.inc(uint16(id))
		s.evidence.Habit(id, m)
	}
}

func (s *Summary) transport(m *decode.Message) {
	s.first, s.last = min(s.first, m.Time), max(s.last, m.Time)
	n := &s.messages
	n.Total++
	if m.Proto == decode.TCP {
		n.TCP++
	} else {
		n.UDP++
	}
	if m.IPVersion == 4 {
		n.IPv4++
	} else {
		n.IPv6++
	}
	if m.Malformed {
		n.Malformed++
	}
}

func (s *Summary) query(m *decode.Message) {
	s.messages.Queries++
	s.series.at(m.Time).queries++
	if m.Opcode() == 0 && m.Parsed[wire.SectionQuestion] > 0 {
		s.lookups.Query(m)
	}
	s.opcodes[m.Opcode()]++
	c, v := address(s.clients, m.ClientHash, &m.Client), address(s.servers, m.ServerHash, &m.Server)
	if m.Proto == decode.UDP && m.Opcode() == 0 && m.Parsed[wire.SectionQuestion] > 0 {
		s.spot(m, c)
	}
	inc(&c.queries)
	inc(&v.queries)
	if m.Malformed {
		inc(&c.malformed)
	}
	if len(m.Anomalies) > 0 || c.flags&offends != 0 {
		s.offended(m, c)
	}
	if m.Parsed[wire.SectionQuestion] > 0 {
		s.qtypes.inc(m.Question.Type)
		for t := range m.MoreQuestions {
			s.qtypes.inc(t)
		}
		n := s.name(m)
		inc(&n.queries)
		if n.more != 0 {
			s.oddName(n.more, m)
		}
		if m.Malformed {
			inc(&n.malformed)
		}
	} else {
		s.messages.NoQuestion++
	}
	if m.HasOPT && !m.Broken {
		s.queryEDNS(m)
	}
}

// ednsDO is the DNSSEC OK bit of the OPT flags (RFC 3225).
const ednsDO = 1 << 15

func (s *Summary) queryEDNS(m *decode.Message) {
	e := &s.edns
	e.queries++
	if m.EDNS.Flags&ednsDO != 0 {
		e.do++
	}
	e.versions.inc(uint16(m.EDNS.Version))
	e.sizes.inc(m.EDNS.UDPSize)
	for o := range m.EDNS.All {
		e.options.inc(o.Code)
	}
}

func (s *Summary) response(m *decode.Message) {
	rcode := m.RCODE()
	s.messages.Responses++
	s.rcodes.inc(rcode)
	b := s.series.at(m.Time)
	b.responses++
	b.rcodes[min(rcode, seriesRCODEs)]++
	if m.Truncated() {
		s.tc++
	}
	s.signatures(m)
	if m.HasOPT {
		s.edns.responses++
		for code := range m.ExtendedErrors {
			s.ede.inc(code)
		}
	}
	c, v := address(s.clients, m.ClientHash, &m.Client), address(s.servers, m.ServerHash, &m.Server)
	s.clients.response(c, rcode)
	s.servers.response(v, rcode)
	if v.hop(m.HopLimit) {
		s.anomaly.inc(uint16(hopLimitOutlier))
	}
	if rcode == 5 && s.habits.refusals(m) {
		s.anomaly.inc(uint16(refusedBurst))
	}
	if (rcode == 1 || rcode == 4) && m.ClientPort == m.ServerPort && s.habits.loop(m) {
		s.anomaly.inc(uint16(errorLoop))
	}
	if m.Malformed {
		inc(&v.malformed)
	}
	if m.Parsed[wire.SectionQuestion] > 0 {
		n := s.name(m)
		s.names.response(n, rcode)
		// NXDOMAIN behind an alias is not of the name asked for (RFC 6604).
		if (rcode == 0 || rcode == 3 && m.Parsed[wire.SectionAnswer] == 0) && m.Opcode() == 0 && m.Flags&wire.FlagTC == 0 {
			s.existence(n, m, rcode)
		}
		if m.Malformed {
			inc(&n.malformed)
		}
	}
}

func (s *Summary) signatures(m *decode.Message) {
	if m.HasTSIG && m.TSIG.Error != 0 {
		s.tsig.inc(m.TSIG.Error)
	}
	if m.HasTKEY && m.TKEY.Error != 0 {
		s.tkey.inc(m.TKEY.Error)
	}
}
