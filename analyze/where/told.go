package where

import (
	"slices"
	"strings"

	"github.com/miekg/dns"

	"github.com/dnssniff/dnssniff/analyze/record"
	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/decode/wire"
)

// implications are the entries of the catalogue that a record has not in its list, and all the same says.
var implications = [...]struct {
	id    anomaly.ID
	holds pred
}{
	{anomaly.Make('P', 3), func(r *record.Record) bool { return r.HasQuery && r.Retransmissions > 0 }},
	{anomaly.Make('X', 13), func(r *record.Record) bool { return r.Client.Port() == 0 }},
	{anomaly.Make('X', 14), func(r *record.Record) bool { return slices.Contains(servicePorts, r.Client.Port()) }},
	{anomaly.Make('N', 15), func(r *record.Record) bool {
		return asked(r, func(n []byte) bool { _, odd := wire.OddOctet(n); return odd })
	}},
	{anomaly.Make('N', 16), func(r *record.Record) bool {
		return r.QueryFlags&wire.FlagRD != 0 && asked(r, func(n []byte) bool { return wire.MisdirectedName(n, r.Type) })
	}},
	{anomaly.Make('M', 6), func(r *record.Record) bool { return asked(r, wire.TunnelName) }},
}

// servicePorts are echo, daytime, chargen, time and kpasswd, as the decoder has them for X14.
var servicePorts = []uint16{7, 13, 19, 37, 464}

// implied says whether the test is true of an entry that the record implies.
func implied(r *record.Record, test func(int64) bool) bool {
	for i := range implications {
		if x := &implications[i]; test(int64(x.id)) && x.holds(r) {
			return true
		}
	}
	return false
}

// asked says whether something is true of the name of a query, in wire form.
func asked(r *record.Record, is func(name []byte) bool) bool {
	if !r.HasQuery || !r.HasQuestion {
		return false
	}
	var room [256]byte
	n, err := dns.PackDomainName(r.Name, room[:], 0, nil, false)
	return err == nil && is(room[:n])
}

// What shows the entries that no transaction has.
const (
	packets  = "packets and connections show it, and dnssniff report counts it"
	onPacket = packets + "; see dnssniff inspect -n PACKET"
	together = "several transactions show it together, and dnssniff report counts it; ask for "
	lookups  = "several transactions show it together, and dnssniff report counts it; see dnssniff print --lookups"
	artefact = "the capture makes it, not the sender"
)

// untold are the entries that no transaction has, with what to do instead.
var untold = [...]struct{ ids, instead string }{
	{"H01 H02 H03 P11 X02 X04 X05 X07 X08 X09 X11 X15", onPacket},
	{"X01 X03 X06 X10 X12 X16", packets},
	{"M02", "messages of LLMNR are not paired, and dnssniff report counts them apart"},
	{"H19 P12 Q13", together + `client == "ADDRESS"`},
	{"O18 X17 X18", together + `server == "ADDRESS"`},
	{"O33 O34", together + `tc && proto == "udp"`},
	{"O37 O38 P04", lookups},
	{"P07", together + `status in ["unsolicited", "mismatched"]`},
	{"S03 S04", together + `name == "NAME"`},
	{"S10", together + `rcode == "REFUSED"`},
	{"S12 S13", together + `rcode == "SERVFAIL"`},
}

// Told says whether a transaction can have an entry of the catalogue, so that anomaly == ID can be true; else what shows it instead, in a clause.
func Told(id anomaly.ID) (instead string, has bool) {
	e, _ := id.Entry()
	switch e.Level {
	case anomaly.Never:
		return artefact, false
	case anomaly.Undecidable:
		return "nothing that can be captured shows it", false
	}
	for i := range untold {
		if strings.Contains(untold[i].ids, id.String()) {
			return untold[i].instead, false
		}
	}
	return "", true
}
