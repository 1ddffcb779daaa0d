package diagnose

import (
	"fmt"
	"math/bits"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/dnssniff/dnssniff/analyze/evidence"
	"github.com/dnssniff/dnssniff/analyze/lookup"
	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/decode/packet"
	"github.com/dnssniff/dnssniff/decode/wire"
)

// facts reads rows of evidence from lines, one each:
//
//	SYMPTOM CLIENT SERVER ZONE COUNT [FIELD=N...]
//
// A symptom is written as its String, with _ for blanks: SERVFAIL, unanswered, zone_fine, EDE_7, TSIG_BADTIME, P03. A client, server or zone "-" is
// any. Fields are those of a tally in lower case, first and last in seconds (0 and 60 unless given), names, ports, seen (else the count), other (an address), rtt (all answers took so
// many ms), file, packet, type and name (of the sample), key (of TSIG), and kind (query, transfer, update, notify, other, foreign). A line that begins with "moment"
// has CLIENT SERVER ZONE SYMPTOM FROM TO [TYPE], times in seconds; for "answer" and "serial" see answerfacts_test.go. A line that begins with
// "quota" has CLIENT SERVER, one SECONDS*QUERIES/REFUSED or more, of so many seconds with so many queries each, and maybe streak=COUNT/FROM/TO (seconds).
func facts(t *testing.T, text string) *evidence.Facts {
	t.Helper()
	f := new(evidence.Facts)
	for line := range strings.Lines(text) {
		w := strings.Fields(line)
		switch {
		case len(w) == 0:
		case w[0] == "moment":
			f.Moments = append(f.Moments, readMoment(t, w[1:]))
		case w[0] == "signed":
			f.Signed = append(f.Signed, readSigned(t, w[1:]))
		case w[0] == "answer":
			readAnswer(t, f, w[1:])
		case w[0] == "quota":
			f.Quotas = append(f.Quotas, readQuota(t, w[1:]))
		case w[0] == "serial":
			f.Serials = append(f.Serials, readSerial(t, w[1:]))
		default:
			f.Rows = append(f.Rows, readRow(t, w))
		}
	}
	return f
}

func readQuota(t *testing.T, w []string) evidence.Quota {
	t.Helper()
	q := evidence.Quota{Client: readAddr(t, w[0]), Server: readAddr(t, w[1])}
	for _, word := range w[2:] {
		var seconds, queries, refused uint32
		s := &q.Streak
		if n, _ := fmt.Sscanf(word, "streak=%d/%d/%d", &s.Count, &s.From, &s.To); n == 3 {
			s.From, s.To = s.From*1e9, s.To*1e9
			continue
		}
		if n, err := fmt.Sscanf(word, "%d*%d/%d", &seconds, &queries, &refused); n != 3 {
			t.Fatalf("quota %q: %v", word, err)
		}
		r := &q.ByRate[bits.Len32(queries)-1]
		r.Seconds, r.Queries, r.Refused = r.Seconds+seconds, r.Queries+seconds*queries, r.Refused+seconds*refused
	}
	return q
}

// diagnosed returns the findings of such facts, over 60 s.
func diagnosed(t *testing.T, text string) []Finding {
	t.Helper()
	_, list := Find(Input{Facts: facts(t, text), First: 0, Last: 60e9, File: "x.pcap"})
	return list
}

func readRow(t *testing.T, w []string) evidence.Row {
	t.Helper()
	r := evidence.Row{Symptom: readSymptom(t, w[0]), Client: readAddr(t, w[1]), Server: readAddr(t, w[2]), Zone: readZone(w[3]), Tally: evidence.NewTally()}
	r.Count = readNumber(t, w[4])
	r.Seen = r.Count
	r.First, r.Last = 0, 60e9
	r.Samples[0] = evidence.Sample{Packet: 1, Type: 1, Name: "www." + strings.TrimPrefix(r.Zone, ".")}
	for _, pair := range w[5:] {
		field, value, _ := strings.Cut(pair, "=")
		switch field {
		case "other":
			r.Other = readAddr(t, value)
		case "key":
			r.Key = value
		case "name":
			r.Samples[0].Name = value
		case "file":
			r.Samples[0].File = uint16(readNumber(t, value))
		case "packet":
			r.Samples[0].Packet = readNumber(t, value)
		case "type":
			r.Samples[0].Type = uint16(readNumber(t, value))
		case "kind":
			i := slices.Index([]string{"query", "transfer", "update", "notify", "other", "foreign"}, value)
			if i < 0 {
				t.Fatalf("kind %q", value)
			}
			r.Kind = evidence.Kind(i)
		default:
			setField(t, &r.Tally, field, readNumber(t, value))
		}
	}
	return r
}

func setField(t *testing.T, y *evidence.Tally, field string, n uint64) {
	t.Helper()
	small := map[string]*uint32{"edns": &y.EDNS, "do": &y.DO, "cd": &y.CD, "rd": &y.RD, "tcp": &y.TCP, "malformed": &y.Malformed, "aa": &y.AA, "ra": &y.RA, "tc": &y.TC,
		"opt": &y.OPT, "answers": &y.Answers, "badchecksum": &y.BadChecksum, "any": &y.ANY, "bulky": &y.Bulky, "retransmitted": &y.Retransmitted,
		"icmp": &y.ICMP, "large": &y.Large, "dubious": &y.Dubious, "soon": &y.Soon}
	switch {
	case small[field] != nil:
		*small[field] = uint32(n)
	case field == "first":
		y.First = int64(n) * 1e9
	case field == "last":
		y.Last = int64(n) * 1e9
	case setMark(&y.Marks, field, uint32(n)):
	case field == "seen":
		y.Seen = n
	case field == "low":
		y.Low = int64(n)
	case field == "high":
		y.High = int64(n)
	case field == "querybytes":
		y.QueryBytes = n
	case field == "responsebytes":
		y.ResponseBytes = n
	case field == "names":
		y.Names = evidence.DistinctOf(int(n))
	case field == "ports":
		y.Ports = evidence.DistinctOf(int(n))
	case field == "rtt":
		y.RTT[evidence.RTTBucket(int64(n)*1e6)] = uint32(y.Count)
	default:
		t.Fatalf("field %q", field)
	}
}

func readMoment(t *testing.T, w []string) evidence.Event {
	t.Helper()
	m := evidence.Event{ZoneName: readZone(w[2])}
	m.Client, m.Server, m.Symptom = readAddr(t, w[0]), readAddr(t, w[1]), readSymptom(t, w[3])
	m.From, m.To = int64(readNumber(t, w[4]))*1e9, int64(readNumber(t, w[5]))*1e9
	m.Packet = 1
	m.Name = wire.HashName(0, []byte(m.ZoneName)) // one name in each zone
	if len(w) > 6 {
		m.Type = uint16(readNumber(t, w[6]))
	}
	return m
}

func readNumber(t *testing.T, s string) uint64 {
	t.Helper()
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func readAddr(t *testing.T, s string) (a packet.Addr) {
	t.Helper()
	if s == "-" {
		return a
	}
	ip, err := netip.ParseAddr(s)
	if err != nil {
		t.Fatal(err)
	}
	return packet.AddrFrom(ip)
}

func readZone(s string) string {
	if s == "-" {
		return ""
	}
	return s
}

// readSymptom finds the symptom that is written like that.
func readSymptom(t *testing.T, s string) evidence.Symptom {
	t.Helper()
	s = strings.ReplaceAll(s, "_", " ")
	if id, err := anomaly.Parse(s); err == nil {
		return evidence.Anomaly(id)
	}
	for n := range evidence.Symptom(0x4000) {
		if strings.ReplaceAll(n.String(), "_", " ") == s {
			return n
		}
	}
	t.Fatalf("symptom %q", s)
	return 0
}

func TestReadSymptom(t *testing.T) {
	for _, tt := range []struct {
		text string
		want evidence.Symptom
	}{
		{"SERVFAIL", evidence.RCODE(2)},
		{"unanswered", evidence.Unanswered},
		{"rescued_by_tcp", evidence.Rescued(lookup.OverTCP)},
		{"EDE_7", evidence.EDE(7)},
		{"TSIG_BADTIME", evidence.TSIGError(18)},
		{"TCP_unanswered", evidence.TCPUnanswered},
		{"fragments_lost,_server's_packet", evidence.FragmentsLost + evidence.Returned},
		{"P03", evidence.Anomaly(anomaly.Make('P', 3))},
	} {
		if got := readSymptom(t, tt.text); got != tt.want {
			t.Errorf("%s: %#x, want %#x", tt.text, uint16(got), uint16(tt.want))
		}
	}
}
