package analyze

import (
	"testing"

	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/decode/packet"
	"github.com/dnssniff/dnssniff/decode/wire"
)

// refused returns the FORMERR of a sound query with RD; change makes it another.
func refused(change func(q *decode.Query, m *decode.Message)) *decode.Transaction {
	q := &decode.Query{Flags: wire.FlagRD, Length: 33, HasQuestion: true, Type: 1, Number: 7}
	m := &decode.Message{Message: &wire.Message{Flags: wire.FlagQR | wire.FlagRD | 1}, Length: 12}
	change(q, m)
	return &decode.Transaction{Status: decode.Answered, Query: q, Response: m, Client: packet.Addr{15: 1}, Server: packet.Addr{15: 2}}
}

func has(q *decode.Query, ids ...anomaly.ID) {
	for _, id := range ids {
		q.Anomalies[q.NAnomalies] = anomaly.Seen{ID: id, Offset: uint16(20 + q.NAnomalies)}
		q.NAnomalies++
	}
}

func TestExplainFormErr(t *testing.T) {
	h09, n11, o11, z := anomaly.Make('H', 9), anomaly.Make('N', 11), anomaly.Make('O', 11), anomaly.Make('H', 18)
	for _, tt := range []struct {
		name   string
		change func(q *decode.Query, m *decode.Message)
		reason string
		id     anomaly.ID
		off    uint16
	}{
		{"malformed_query", func(q *decode.Query, _ *decode.Message) { has(q, n11) }, reasonQuery, n11, 20},
		{"first_of_the_worst", func(q *decode.Query, _ *decode.Message) { has(q, z, h09, o11) }, reasonQuery, h09, 21},
		{"info_is_no_reason", func(q *decode.Query, m *decode.Message) { has(q, z); q.HasOPT = true }, reasonNoEDNS, 0, 0},
		{"edns_and_no_opt_back", func(q *decode.Query, _ *decode.Message) { q.HasOPT = true }, reasonNoEDNS, 0, 0},
		{"edns_and_opt_back", func(q *decode.Query, m *decode.Message) { q.HasOPT, m.HasOPT = true, true }, reasonOption, 0, 0},
		{"repeated_query", func(q *decode.Query, m *decode.Message) { q.HasOPT, m.HasOPT, m.Length = true, true, q.Length }, reasonEcho, 0, 0},
		{"as_long_with_other_flags", func(q *decode.Query, m *decode.Message) { m.Length = q.Length; m.Flags |= wire.FlagAA }, reasonUnexplained, 0, 0},
		{"cookie_alone", func(q *decode.Query, m *decode.Message) { q.HasQuestion, q.HasOPT = false, true }, reasonNoQuestion, 0, 0},
		{"tkey", func(q *decode.Query, _ *decode.Message) { q.Type = 249 }, reasonType, 0, 0},
		{"caa_is_data", func(q *decode.Query, _ *decode.Message) { q.Type = 257 }, reasonUnexplained, 0, 0},
		{"update", func(_ *decode.Query, m *decode.Message) { m.Flags |= 5 << 11 }, reasonOpcode, 0, 0},
		{"query_cut_by_the_snaplen", func(q *decode.Query, _ *decode.Message) { q.Cut = true }, reasonCut, 0, 0},
		{"sound_and_plain", func(*decode.Query, *decode.Message) {}, reasonUnexplained, 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			reason, id, off := explain(refused(tt.change))
			if reason != tt.reason || id != tt.id || off != tt.off {
				t.Errorf("got %s %v@%d, want %s %v@%d", reason, id, off, tt.reason, tt.id, tt.off)
			}
		})
	}
}

func TestFormErrsAreBounded(t *testing.T) {
	f := newFormErrs()
	const n = maxFormErrs + 100
	for i := range n {
		x := refused(func(*decode.Query, *decode.Message) {})
		x.Server = packet.Addr{14: byte(i >> 8), 15: byte(i)}
		f.response(x)
	}
	sum := newFormErrs()
	sum.merge(f)
	r := sum.report(5)
	if len(f.counts) != maxFormErrs || r.Lost != 100 || r.Responses != n || len(r.Servers) != 5 || r.Reasons[0].Responses != maxFormErrs {
		t.Errorf("%d kept, report %+v", len(f.counts), r)
	}
	if r.Reasons[0].Packet != 7 || r.Reasons[0].Client == "" {
		t.Errorf("no sample: %+v", r.Reasons[0])
	}
}
