package packet

import (
	"bytes"
	"testing"

	"github.com/google/gopacket/layers"
)

// TestICMPQuote cuts a quote at each length.
func TestICMPQuote(t *testing.T) {
	payload := unhex(t, dnsQuery)
	for _, c := range []struct {
		name  string
		v6    bool
		head  string // of the ICMP message
		quote []byte
		ports int // offset in quote
		skip  int // from ports to payload
		mtu   uint32
	}{
		{"port_unreachable", false, "0303 0000 00000000", udp4(t), 20, 8, 0},
		{"fragmentation_needed", false, "0304 0000 0000 05dc", udp4(t), 20, 8, 1500},
		{"source_quench", false, "0400 0000 00000000", udp4(t), 20, 8, 0},
		{"redirect", false, "0500 0000 c0000201", udp4(t), 20, 8, 0},
		{"time_exceeded", false, "0b00 0000 00000000", udp6(t), 40, 8, 0},
		{"parameter_problem", false, "0c00 0000 00000000", tcpIn(t, ip4Header(layers.IPProtocolTCP), nil, payload), 20, 20, 0},
		{"total_length_in_host_order", false, "0303 0000 00000000", patch(t, udp4(t), 2, "0500"), 20, 8, 0},
		{"unreachable_6", true, "0104 0000 00000000", udp6(t), 40, 8, 0},
		{"too_big", true, "0200 0000 00000500", udp6(t), 40, 8, 1280},
		{"time_exceeded_6", true, "0300 0000 00000000", udp6(t), 40, 8, 0},
		{"extension_headers", true, "0401 0000 00000006", in6ext(t, "hop atomic dest ah routing", udpOnly(t, udp6(t))), 40 + 8 + 8 + 16 + 24 + 8, 8, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			head := unhex(t, c.head)
			for n := 0; n <= len(c.quote); n++ {
				b := in4(t, 1, join(t, head, c.quote[:n]))
				if c.v6 {
					b = in6(t, 58, join(t, head, c.quote[:n]))
				}
				tr := parse(frame(101, b))
				q := tr.Quote
				if tr.Kind != KindICMP || q.Type != head[0] || q.Code != head[1] || q.MTU != c.mtu || tr.IPVersion == 0 {
					t.Fatalf("%d bytes: %+v", n, tr)
				}
				if (q.IPVersion != 0) != (n >= ipHeaderLen(c.quote)) || q.HasPorts != (n >= c.ports+4) {
					t.Fatalf("%d bytes: %+v", n, q)
				}
				if q.HasPorts && (q.SrcPort != 4242 || q.DstPort != 53) {
					t.Fatalf("%d bytes: ports %d %d", n, q.SrcPort, q.DstPort)
				}
				if want := max(0, n-c.ports-c.skip); len(q.Payload) != want || !bytes.HasPrefix(payload, q.Payload) {
					t.Fatalf("%d bytes: payload %x", n, q.Payload)
				}
			}
		})
	}
}

func ipHeaderLen(b []byte) int {
	if b[0]>>4 == 6 {
		return 40
	}
	return 20
}

// TestICMPQuoteWithoutPorts has quotes whose ports are not to be had.
func TestICMPQuoteWithoutPorts(t *testing.T) {
	for name, quote := range map[string][]byte{
		"later_fragment":         patch(t, udp4(t), 6, "0001"),
		"ip4_header_too_small":   patch(t, udp4(t), 0, "44"),
		"another_protocol":       in4(t, 89, make([]byte, 20)),
		"later_fragment_6":       in6(t, 44, unhex(t, "1100 0008 00001234 1092 0035 0029 0000")),
		"extensions_for_ever":    in6(t, 60, bytes.Repeat(unhex(t, "3c00 0104 00000000"), 100)),
		"no_version":             make([]byte, 40),
		"ip_total_before_header": patch(t, udp4(t), 0, "4f"),
	} {
		tr := parse(frame(101, in4(t, 1, join(t, "0303 0000 00000000", quote))))
		if tr.Kind != KindICMP || tr.Quote.HasPorts || tr.Quote.Payload != nil {
			t.Errorf("%s: %+v", name, tr.Quote)
		}
	}
}
