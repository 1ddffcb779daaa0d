package analyze

import "github.com/dnssniff/dnssniff/decode"

// Transport counts what packets met with on their way: TCP connections to DNS ports, ICMP errors that quote a packet from or to one, and UDP datagrams
// or TCP segments that lost fragments. What the capture does not show whole is in no count: a connection begun before it, or so shortly before its end
// that the answer could still have come.
type Transport struct {
	TCPOpened     uint64 `json:"tcp_opened"`
	TCPUnanswered uint64 `json:"tcp_syn_unanswered"` // connections that did not open, TCPRefused among them
	TCPRefused    uint64 `json:"tcp_refused"`        // by a RST or an ICMP error; the others met with silence
	TCPHalfOpen   uint64 `json:"tcp_half_open"`      // whose client did not go on after the SYN-ACK
	TCPReset      uint64 `json:"tcp_reset"`          // connections that a RST ended, TCPResetEarly among them
	TCPResetEarly uint64 `json:"tcp_reset_early"`    // before either side had sent its FIN
	Unreachable   uint64 `json:"icmp_unreachable"`   // ICMP type 3 but for code 4, ICMPv6 type 1
	TooBig        uint64 `json:"icmp_too_big"`       // ICMP type 3 code 4, ICMPv6 type 2
	Reassembly    uint64 `json:"icmp_reassembly"`    // not all fragments came in time: ICMP type 11 code 1, ICMPv6 type 3 code 1
	FragmentsLost uint64 `json:"fragments_lost"`     // datagrams, not fragments, whose first fragment has a DNS port
	// FragmentsOrphaned are UDP datagrams whose first fragment is lost or was not captured, so that nobody knows their ports.
	FragmentsOrphaned uint64 `json:"fragments_orphaned"`
}

func (t *Transport) add(o *Transport) {
	t.TCPOpened += o.TCPOpened
	t.TCPUnanswered += o.TCPUnanswered
	t.TCPRefused += o.TCPRefused
	t.TCPHalfOpen += o.TCPHalfOpen
	t.TCPReset += o.TCPReset
	t.TCPResetEarly += o.TCPResetEarly
	t.Unreachable += o.Unreachable
	t.TooBig += o.TooBig
	t.Reassembly += o.Reassembly
	t.FragmentsLost += o.FragmentsLost
	t.FragmentsOrphaned += o.FragmentsOrphaned
}

// count counts an event.
func (t *Transport) count(e *decode.Event) {
	switch e.Kind {
	case decode.KindOpened:
		t.TCPOpened++
	case decode.KindUnanswered:
		t.TCPUnanswered++
		if e.Refusal != decode.Silence {
			t.TCPRefused++
		}
	case decode.KindHalfOpen:
		t.TCPHalfOpen++
	case decode.KindReset:
		t.TCPReset++
		if !e.Finished {
			t.TCPResetEarly++
		}
	case decode.KindICMP:
		t.icmp(&e.ICMP)
	case decode.KindFragmentsLost:
		if e.FirstFragment {
			t.FragmentsLost++
		} else {
			t.FragmentsOrphaned++
		}
	case decode.KindAnomaly:
	}
}

// icmp counts an ICMP error by its type and code (RFC 792, RFC 4443).
func (t *Transport) icmp(i *decode.ICMP) {
	switch {
	case i.TooBig():
		t.TooBig++
	case i.Unreachable():
		t.Unreachable++
	case i.Incomplete():
		t.Reassembly++
	}
}
