package analyze

import (
	"context"
	"reflect"
	"testing"

	"github.com/dnssniff/dnssniff/capture"
	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/fixture"
)

// TestTransport counts the events that decode's fixtures make, in summaries that are turned over after each.
func TestTransport(t *testing.T) {
	for name, want := range map[string]Transport{
		"connections": {TCPOpened: 3, TCPHalfOpen: 1, TCPReset: 3, TCPResetEarly: 2},
		"fragments":   {FragmentsLost: 3, FragmentsOrphaned: 1},
		"icmp":        {Unreachable: 2, TooBig: 2}, // and one of mDNS
		"syn_icmp":    {TCPUnanswered: 2, TCPRefused: 1, Unreachable: 2, TooBig: 1},
		"syn_refused": {TCPUnanswered: 2, TCPRefused: 2},
		"syn_silent":  {TCPUnanswered: 1},
	} {
		f, err := fixture.Read("../decode/testdata/event/" + name + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		conf, err := decode.DefaultConfig()
		if err != nil {
			t.Fatal(err)
		}
		l := Limits{Clients: 64, Servers: 64, Names: 64, Zones: 64, Lookups: 64}
		x := turning{Summary: NewSummary(&conf, l), every: 1, part: NewSum(conf.Seed, l), sum: NewSum(conf.Seed, l)}
		if _, err := decode.Run(context.Background(), []capture.Source{f.Source()}, conf, func(int) decode.Handler { return &x }); err != nil {
			t.Fatal(err)
		}
		x.turn()
		if x.sum.transit != want {
			t.Errorf("%s: got %+v, want %+v", name, x.sum.transit, want)
		}
	}
}

// TestTransportAdds has no field left out of the sum.
func TestTransportAdds(t *testing.T) {
	var a, b Transport
	for i := range reflect.TypeOf(a).NumField() {
		reflect.ValueOf(&b).Elem().Field(i).SetUint(uint64(i + 1))
	}
	a.add(&b)
	a.add(&b)
	for i := range reflect.TypeOf(a).NumField() {
		if got := reflect.ValueOf(a).Field(i).Uint(); got != 2*uint64(i+1) {
			t.Errorf("%s: %d", reflect.TypeOf(a).Field(i).Name, got)
		}
	}
}
