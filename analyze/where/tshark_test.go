package where

import (
	"context"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/dnssniff/dnssniff/analyze/record"
	"github.com/dnssniff/dnssniff/capture"
	"github.com/dnssniff/dnssniff/decode"
)

const office = "../../pcaps/office.pcap"

type collector struct{ all []record.Record }

func (c *collector) Message(*decode.Message) {}

func (c *collector) Transaction(t *decode.Transaction) { c.all = append(c.all, record.Of(t, 512)) }

func officeRecords(t *testing.T) []record.Record {
	t.Helper()
	in, err := capture.Open([]string{office}, capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	conf, err := decode.DefaultConfig()
	if err != nil {
		t.Fatal(err)
	}
	conf.KeepNames, conf.KeepData = true, true
	var c collector
	if _, err := decode.Run(context.Background(), in.Sources(1), conf, func(int) decode.Handler { return &c }); err != nil {
		t.Fatal(err)
	}
	return c.all
}

// frames returns the numbers of the packets that a display filter of tshark's chooses.
func frames(t *testing.T, filter string) map[uint64]bool {
	t.Helper()
	out, err := exec.Command("tshark", "-2", "-r", office, "-Y", filter, "-T", "fields", "-e", "frame.number").Output()
	if err != nil {
		t.Fatalf("tshark -Y %q: %v", filter, err)
	}
	set := map[uint64]bool{}
	for _, s := range strings.Fields(string(out)) {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		set[n] = true
	}
	return set
}

// TestAgainstTshark asks tshark the same of the responses, or of the queries. Packets that are in no record (retransmissions) are left out.
func TestAgainstTshark(t *testing.T) {
	if _, err := exec.LookPath("tshark"); err != nil {
		t.Skip("tshark is not installed")
	}
	if testing.Short() {
		t.Skip("-short: tshark takes 10 s")
	}
	records := officeRecords(t)
	const responses, queries = "dns.flags.response == 1", "dns.flags.response == 0"
	sides := map[string]map[uint64]bool{responses: frames(t, responses), queries: frames(t, queries)}
	for _, c := range []struct{ where, side, filter string }{
		{`true`, responses, `dns`},
		{`rcode == "NXDOMAIN"`, responses, `dns.flags.rcode == 3`},
		{`rcode in ["FORMERR", "SERVFAIL", "REFUSED"]`, responses, `dns.flags.rcode in {1, 2, 5}`},
		{`rcode != "NOERROR"`, responses, `dns.flags.rcode != 0 or dns.resp.ext_rcode > 0`},
		{`client in "192.0.2.0/28"`, queries, `ip.src == 192.0.2.0/28`},
		{`client == "192.0.2.12"`, responses, `ip.dst == 192.0.2.12`},
		{`server != "192.0.2.53"`, queries, `ip.dst != 192.0.2.53 or ipv6`},
		{`type == "AAAA"`, queries, `dns.qry.type == 28`},
		{`type in ["MX", "TXT", "SRV", "PTR"]`, queries, `dns.qry.type in {15, 16, 33, 12}`},
		{`class == "CH"`, queries, `dns.qry.class == 3`},
		{`opcode != "QUERY"`, queries, `dns.flags.opcode != 0`},
		{`proto == "tcp"`, responses, `tcp`},
		{`ip == 6`, queries, `ipv6`},
		{`name endsWith ".com"`, queries, `lower(dns.qry.name) matches "[.]com$"`},
		{`name contains "mail"`, queries, `lower(dns.qry.name) contains "mail"`},
		{`name startsWith "www."`, queries, `lower(dns.qry.name) matches "^www[.]"`},
		{`name matches "^[a-z]+[0-9]"`, queries, `dns.qry.name matches "^[a-z]+[0-9]"`},
		{`id >= 0x8000`, queries, `dns.id >= 0x8000`},
		{`tc`, responses, `dns.flags.truncated == 1`},
		{`aa`, responses, `dns.flags.authoritative == 1`},
		{`ra`, responses, `dns.flags.recavail == 1`},
		{`ad`, responses, `dns.flags.authenticated == 1`},
		{`not rd`, queries, `dns.flags.recdesired == 0`},
		{`cd`, queries, `dns.flags.checkdisable == 1`},
		{`rtt > 10ms`, responses, `dns.time > 0.010`},
		{`port == 53`, queries, `udp.port == 53 or tcp.port == 53`},
		{`packet in 100..200`, queries, `(frame.number >= 100 and frame.number <= 200) or (dns.response_in >= 100 and dns.response_in <= 200)`},
		{`size > 200 and proto == "udp"`, responses, `udp.length > 208`},
		{`query_size > 50 and proto == "udp"`, queries, `udp.length > 58`},
	} {
		compare(t, records, c.where, "("+c.filter+") and "+c.side, sides[c.side], c.side == queries)
	}
}

// compare looks at the records whose response, or query, is among all.
func compare(t *testing.T, records []record.Record, where, filter string, all map[uint64]bool, queries bool) {
	t.Helper()
	e, err := Parse(where)
	if err != nil {
		t.Fatal(err)
	}
	theirs := frames(t, filter)
	var wrong []uint64
	matched := 0
	for i := range records {
		r := &records[i]
		n, there := r.ResponsePacket, r.HasResponse
		if queries {
			n, there = r.QueryPacket, r.HasQuery
		}
		if !there || !all[n] {
			continue
		}
		if e.Match(r) {
			matched++
		}
		if e.Match(r) != theirs[n] {
			wrong = append(wrong, n)
		}
	}
	slices.Sort(wrong)
	if len(wrong) > 0 {
		t.Errorf("%s against %s: other packets %v", where, filter, wrong)
	}
	t.Logf("%-50s %d", where, matched)
}
