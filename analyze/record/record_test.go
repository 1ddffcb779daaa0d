package record

import (
	"context"
	"strings"
	"testing"

	"github.com/dnssniff/dnssniff/capture"
	"github.com/dnssniff/dnssniff/decode"
)

type collector struct{ all []Record }

func (c *collector) Message(*decode.Message) {}

func (c *collector) Transaction(t *decode.Transaction) { c.all = append(c.all, Of(t, 512)) }

// TestOffice makes records of the sample capture: what they say of one has to be what tshark says of its packets.
func TestOffice(t *testing.T) {
	in, err := capture.Open([]string{"../../pcaps/office.pcap"}, capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	conf, err := decode.DefaultConfig()
	if err != nil {
		t.Fatal(err)
	}
	conf.KeepNames, conf.KeepData, conf.InOrder = true, true, true
	var c collector
	if _, err := decode.Run(context.Background(), in.Sources(1), conf, func(int) decode.Handler { return &c }); err != nil {
		t.Fatal(err)
	}
	seen := false
	for _, r := range c.all {
		if r.HasQuery && len(r.Query) != int(min(r.QueryLength, 512)) || r.HasResponse && len(r.Response) != int(min(r.ResponseLength, 512)) {
			t.Fatalf("packet %d: %d bytes of %d, %d of %d", r.QueryPacket, len(r.Query), r.QueryLength, len(r.Response), r.ResponseLength)
		}
		if r.QueryPacket != 440 {
			continue
		}
		seen = true
		if r.Client.String() != "192.0.2.12:53973" || r.ResponsePacket != 441 || r.RCODE != 1 || r.HasQuestion || !r.Malformed || r.ID != 0x4101 ||
			r.Anomalies[0].String() != "N11" || r.Status != decode.Answered || r.RTT.Microseconds() != 172 {
			t.Errorf("packet 440: %+v", r)
		}
	}
	if !seen || len(c.all) < 500 {
		t.Errorf("%d records", len(c.all))
	}
	for _, r := range c.all {
		if r.HasQuestion && !strings.HasSuffix(r.Name, ".") {
			t.Fatalf("name %q", r.Name)
		}
	}
}
