package evidence

import (
	"github.com/dnssniff/dnssniff/decode"
)

// Event takes what a packet or a flow shows.
func (c *Collector) Event(e *decode.Event) {
	if e.Proto > decode.TCP {
		return
	}
	if e.ID != 0 && noted(e.ID) {
		c.event(e, Anomaly(e.ID))
	}
	switch e.Kind {
	case decode.KindOpened:
		if w := c.weight(classOpened); w > 0 {
			t := c.event(e, TCPOpened)
			t.measured(e.RTT)
			t.Count += uint64(w - 1)
		}
	case decode.KindHalfOpen:
		c.event(e, TCPHalfOpen)
	case decode.KindUnanswered:
		c.refused(e)
	case decode.KindReset:
		if !e.Finished {
			c.event(e, returned(e, TCPReset))
		}
	case decode.KindFragmentsLost:
		if t := c.event(e, returned(e, FragmentsLost)); e.Length > 0 {
			t.measured(int64(e.Length))
		}
	case decode.KindICMP:
		s := icmp(&e.ICMP)
		if t := c.event(e, returned(e, s)); s == ICMPTooBig {
			t.measured(int64(e.ICMP.MTU))
		}
	}
}

// refused counts a connection that did not open.
func (c *Collector) refused(e *decode.Event) {
	if e.Refusal != decode.Silence {
		c.event(e, TCPRefused)
		return
	}
	t := c.event(e, TCPUnanswered)
	addTo(&t.Retransmitted, uint32(max(e.Tries, 1)-1))
}

func returned(e *decode.Event, s Symptom) Symptom {
	if e.FromServer {
		return s + Returned
	}
	return s
}

// event counts a symptom that is no transaction's.
func (c *Collector) event(e *decode.Event, s Symptom) *Tally {
	t, _ := c.rows.at(key{client: e.Client, server: e.Server, symptom: s, kind: Other})
	t.event(e.Time, 1)
	if e.First != 0 {
		t.at(e.First)
	}
	t.sample(Sample{Packet: e.Number, File: e.File})
	return t
}

// icmp sorts ICMP errors (RFC 792, RFC 1812 section 5.2.7.1, RFC 4443).
func icmp(e *decode.ICMP) Symptom {
	if e.IPVersion == 6 {
		return icmp6(e)
	}
	switch {
	case e.Type == 11 && e.Code == 1:
		return ICMPReassembly
	case e.Type == 11:
		return ICMPExpired
	case e.Type != 3:
		return ICMPOther
	case e.Code == 2, e.Code == 3:
		return ICMPPort
	case e.Code == 4:
		return ICMPTooBig
	case e.Code == 9, e.Code == 10, e.Code == 13:
		return ICMPForbidden
	}
	return ICMPHost
}

func icmp6(e *decode.ICMP) Symptom {
	switch {
	case e.Type == 2:
		return ICMPTooBig
	case e.Type == 3 && e.Code == 1:
		return ICMPReassembly
	case e.Type == 3:
		return ICMPExpired
	case e.Type != 1:
		return ICMPOther
	case e.Code == 4:
		return ICMPPort
	case e.Code == 1, e.Code == 5, e.Code == 6:
		return ICMPForbidden
	}
	return ICMPHost
}
