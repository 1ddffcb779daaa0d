package text

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/dnssniff/dnssniff/analyze"
)

// testReports are the reports that the golden files show.
var testReports = map[string]func() *analyze.Report{
	"busy": busyReport, "empty": func() *analyze.Report { return &analyze.Report{} }, "non_dns": nonDNSReport, "hostile": hostileReport,
	"huge": hugeReport, "approximate": approximateReport, "faults": faultsReport, "one_packet": onePacketReport,
	"only_queries": onlyQueriesReport, "only_responses": onlyResponsesReport, "stray": strayReport,
}

func at(s string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		panic(err)
	}
	return t
}

func busyReport() *analyze.Report {
	return &analyze.Report{
		Source: analyze.Source{Files: []string{"/var/captures/resolver-2026-03-01.pcap.gz", "resolver-2026-03-02.pcap.gz"},
			LinkTypes: []string{"EN10MB", "LINUX_SLL2"}, First: at("2026-03-01T12:00:00.000001Z"), Last: at("2026-03-01T12:16:40.12Z"), Duration: 1000.12},
		Packets:   analyze.Packets{Read: 9_300_112, SnaplenCut: 12, NonDNS: 210_001, BadL4Checksum: 4_541_734, EncryptedDNS: 8_123, ICMPErrors: 9, TCPStreams: 41_000, TCPGaps: 17},
		Transport: analyze.Transport{TCPOpened: 40_100, TCPUnanswered: 611, TCPRefused: 11, TCPHalfOpen: 289, TCPReset: 7_000, TCPResetEarly: 31, Unreachable: 2, TooBig: 4, Reassembly: 3},
		Messages:  analyze.Messages{Total: 9_083_468, Queries: 4_541_734, Responses: 4_541_734, UDP: 8_810_964, TCP: 272_504, IPv4: 7_266_774, IPv6: 1_816_694, Malformed: 3_201, MDNS: 14, Duration: 1000.12},
		Settings:  analyze.Settings{Timeout: 5, Ports: []uint16{53}},
		RCODEs: map[string]uint64{"NOERROR": 3_912_345, "NXDOMAIN": 540_123, "SERVFAIL": 61_000, "REFUSED": 20_102, "FORMERR": 6_160, "NOTAUTH": 1_900,
			"BADVERS": 90, "BADCOOKIE": 12, "RCODE27": 2},
		TSIGErrors: map[string]uint64{"BADTIME": 1_700, "BADKEY": 150, "BADSIG": 50}, TKEYErrors: map[string]uint64{"BADMODE": 3},
		EDE:     map[string]uint64{"22": 40_100, "6": 12_000, "9": 3_000, "49152": 1},
		Opcodes: map[string]uint64{"QUERY": 4_539_000, "UPDATE": 2_100, "NOTIFY": 633, "OPCODE7": 1},
		QTypes: map[string]uint64{"A": 2_700_000, "AAAA": 1_100_000, "HTTPS": 400_000, "PTR": 150_000, "MX": 60_000, "TXT": 50_000, "NS": 30_000,
			"SOA": 20_000, "SRV": 15_000, "DS": 10_000, "DNSKEY": 5_000, "TYPE65534": 1_500, "ANY": 234},
		Truncated: 1_734,
		EDNS: analyze.EDNS{Queries: 3_906_000, Responses: 3_800_000, DO: 2_460_000, Versions: map[string]uint64{"0": 3_905_990, "1": 10},
			UDPSizes: map[string]uint64{"1232": 2_000_000, "4096": 1_500_000, "512": 300_000, "1410": 106_000}, Options: map[string]uint64{"COOKIE": 1_900_000, "ECS": 20_000, "PADDING": 3, "OPTION65001": 1}},
		Transactions: analyze.Transactions{Answered: 4_400_000, Unanswered: 141_000, Pending: 34, Retransmitted: 50_001, Unsolicited: 12, DuplicateResponses: 700, ConflictingResponses: 2, Mismatched: 9, Late: 430, Reordered: 3},
		Latency: analyze.Latency{P50: 0.84, P90: 12.4, P95: 38.1, P99: 812, Max: 4912.3, Mean: 22.7, Count: 4_400_000, ErrorPercent: 1,
			Histogram: []analyze.LatencyBucket{{UpTo: 0.1}, {UpTo: 0.5, Count: 900_000}, {UpTo: 1, Count: 1_800_000}, {UpTo: 5, Count: 900_000}, {UpTo: 10, Count: 300_000}, {UpTo: 50, Count: 300_000}, {UpTo: 100, Count: 100_000},
				{UpTo: 500}, {UpTo: 1000, Count: 99_000}, {UpTo: 0, Count: 1_000}}},
		Anomalies: map[string]uint64{"N05": 12, "N11": 2_900, "H15": 40, "O07": 1_200, "P03": 50_001, "Z99": 4, "R03": 289},
		Multicast: map[string]uint64{"R03": 2},
		Distinct:  analyze.Distinct{Clients: 50_000, Servers: 3, Names: 240_000, Zones: 9_000},
		Rows:      analyze.TableRows{Clients: 50_002, Servers: 3, Names: 240_100, Zones: 9_000},
		Clients: []analyze.Row{
			{Address: "10.20.30.40", Queries: 1_200_000, Responses: 1_190_000, RCODEs: map[string]uint64{"NOERROR": 1_000_000, "NXDOMAIN": 180_000, "SERVFAIL": 9_000, "REFUSED": 1_000}, Unanswered: 10_000},
			{Address: "2001:db8:1234:5678:9abc:def0:1234:5678", Queries: 300_000, Responses: 300_000, RCODEs: map[string]uint64{"NOERROR": 300_000}},
			{Address: "192.0.2.77", Queries: 2_900, RCODEs: map[string]uint64{}, Malformed: 2_900, Unanswered: 2_900},
		},
		Servers: []analyze.Row{{Address: "192.0.2.53", Queries: 4_541_734, Responses: 4_541_734, RCODEs: map[string]uint64{"NOERROR": 3_912_345, "NXDOMAIN": 540_123, "SERVFAIL": 61_000, "REFUSED": 28_266}, Unanswered: 141_000}},
		Names: []analyze.Row{
			{Name: "www.example.com.", Queries: 400_000, Responses: 399_000, RCODEs: map[string]uint64{"NOERROR": 399_000}, Unanswered: 1_000},
			{Name: strings.Repeat("a-rather-long-label.", 9) + "example.org.", Queries: 10, Responses: 10, RCODEs: map[string]uint64{"NXDOMAIN": 10}},
			{Name: ".", Queries: 2, Responses: 2, RCODEs: map[string]uint64{"NOERROR": 2}},
		},
		Zones:  []analyze.Row{{Zone: "example.com.", Queries: 900_000, Responses: 899_000, RCODEs: map[string]uint64{"NOERROR": 880_000, "SERVFAIL": 19_000}, Unanswered: 1_000, Names: 1_234}},
		Series: wave(120, 8.334),
	}
}

func wave(n int, width float64) analyze.Series {
	s := analyze.Series{Start: at("2026-03-01T12:00:00Z"), Width: width, RCODEs: map[string][]uint64{}}
	for i := range n {
		q := uint64(30_000 + 20_000*math.Sin(float64(i)/9))
		s.Queries = append(s.Queries, q)
		s.Responses = append(s.Responses, q-q/40)
		s.Unanswered = append(s.Unanswered, q/40)
		s.RCODEs["NOERROR"] = append(s.RCODEs["NOERROR"], q/2)
		s.RCODEs["NXDOMAIN"] = append(s.RCODEs["NXDOMAIN"], q/8)
		burst := uint64(0)
		if i > n/2 && i < n/2+8 {
			burst = uint64(i * 90)
		}
		s.RCODEs["SERVFAIL"] = append(s.RCODEs["SERVFAIL"], burst)
	}
	return s
}

func nonDNSReport() *analyze.Report {
	return &analyze.Report{
		Source:   analyze.Source{Files: []string{"web.pcap"}, LinkTypes: []string{"EN10MB"}, First: at("2026-03-01T23:59:59Z"), Last: at("2026-03-02T03:00:00Z"), Duration: 10801},
		Packets:  analyze.Packets{Read: 41_200, NonDNS: 40_000, EncryptedDNS: 1_100, Undecodable: 40, ShortDNS: 1, FragmentsLost: 2},
		Messages: analyze.Messages{MDNS: 30, LLMNR: 29},
	}
}

func hostileReport() *analyze.Report {
	evil := "\x1b[2J\x1b]0;owned\x07\u202egpj.exe\u200b\x9b31m\r\n<b>[red]"
	m := map[string]uint64{evil: 7, "NOERROR": 3, "": 1}
	rows := []analyze.Row{
		{Name: `\027[2J\255\000.example.`, Queries: 5, Responses: 5, RCODEs: m}, {Name: evil, Queries: 2, Responses: 1, RCODEs: m},
		{Name: strings.Repeat("日本e\u0301", 60), Queries: 1}, {},
	}
	return &analyze.Report{
		Source: analyze.Source{Files: []string{"Köln-日本.pcap", evil, strings.Repeat("x", 300)}, LinkTypes: []string{evil}, First: at("2026-03-01T12:00:00Z"), Last: at("2026-03-01T12:00:01Z"), Duration: 1,
			Truncated: true, Faults: []string{evil + ": record 3 at offset 77: claims 4 GiB"}},
		Packets: analyze.Packets{Read: 20}, Messages: analyze.Messages{Total: 19, Queries: 8, Responses: 11, UDP: 19, IPv4: 19, Duration: 1},
		RCODEs: m, TSIGErrors: m, TKEYErrors: m, EDE: m, Opcodes: m, QTypes: m, Anomalies: m, Multicast: m,
		EDNS:    analyze.EDNS{Queries: 8, Responses: 11, Versions: m, UDPSizes: m, Options: m},
		Latency: analyze.Latency{Count: 1, P50: math.Inf(1), P90: math.NaN(), Max: -1, Histogram: []analyze.LatencyBucket{{Count: 1}}},
		Clients: []analyze.Row{{Address: evil, Queries: 8, RCODEs: m}}, Names: rows, Zones: rows,
		Series: analyze.Series{Start: at("2026-03-01T12:00:00Z"), Width: 1e-9, Queries: []uint64{1, 0, 7}, RCODEs: map[string][]uint64{evil: {0, 0, 7}}},
	}
}

func hugeReport() *analyze.Report {
	const n = math.MaxUint64
	codes := map[string]uint64{}
	for i := range 300 {
		codes[fmt.Sprintf("RCODE%d", i+100)] = n / 1000
	}
	row := analyze.Row{Address: "2001:db8:1234:5678:9abc:def0:1234:5678", Queries: n, Responses: n, Malformed: n, Unanswered: n, Names: n,
		RCODEs: map[string]uint64{"NOERROR": n, "NXDOMAIN": n, "SERVFAIL": n, "REFUSED": n}}
	r := &analyze.Report{
		Source: analyze.Source{First: at("0001-01-02T00:00:00Z"), Last: at("9999-12-31T23:59:59Z"), Duration: 3.15e11},
		Packets: analyze.Packets{Read: n, SnaplenCut: n, NonDNS: n, Undecodable: n, Duplicate: n, ShortDNS: n, IPFragments: n, KernelDropped: n, EncryptedDNS: n, BadIPChecksum: n,
			BadL4Checksum: n, ICMPErrors: n, FragmentsLost: n, LaterFragments: n, TCPGaps: n, TCPStreams: n, TimeWentBack: n, TCPNotDNS: n},
		Messages: analyze.Messages{Total: n, Queries: n, Responses: n, UDP: n, TCP: n, IPv4: n, IPv6: n, Malformed: n, MDNS: n, LLMNR: n, NoQuestion: n, Duration: 3e11},
		Settings: analyze.Settings{Timeout: 1e9, Ports: slices.Repeat([]uint16{65535}, 65536), Dedup: true, MaxPackets: n, LimitReached: true},
		Rows:     analyze.TableRows{Clients: n, Servers: n, Names: n, Zones: n},
		RCODEs:   codes, TSIGErrors: codes, EDE: codes, QTypes: codes, Opcodes: codes, Anomalies: codes, Truncated: n,
		EDNS:         analyze.EDNS{Queries: n, Responses: n, DO: n, Versions: codes, UDPSizes: codes, Options: codes},
		Transactions: analyze.Transactions{Answered: n, Unanswered: n, Pending: n, Retransmitted: n, Unsolicited: n, DuplicateResponses: n, ConflictingResponses: n, Mismatched: n, Late: n, Reordered: n},
		Latency:      analyze.Latency{P50: 1e9, P90: 1e10, P95: 1e11, P99: 1e12, Max: 1e13, Mean: 1e14, Count: n, ErrorPercent: 0.333333, Histogram: []analyze.LatencyBucket{{UpTo: 1e15, Count: n}}},
		Distinct:     analyze.Distinct{Clients: n, Servers: n, Names: n, Zones: n, Approximate: []string{"clients", "servers", "names", "zones"}},
		Series:       wave(5000, 86400),
	}
	for range 30 {
		r.Clients, r.Servers, r.Names, r.Zones = append(r.Clients, row), append(r.Servers, row), append(r.Names, row), append(r.Zones, row)
	}
	return r
}

func approximateReport() *analyze.Report {
	r := busyReport()
	r.Distinct.Approximate = []string{"names", "zones"}
	r.Distinct.Clients = 1
	r.Limits = analyze.Forgotten{ClientsError: 120, NamesError: 3_400, PairingEvicted: 1, PairingForgotten: 2, StreamsEvicted: 20, FragmentsEvicted: 3}
	r.Opcodes = map[string]uint64{"QUERY": 4_541_734}
	r.TSIGErrors, r.TKEYErrors, r.EDE, r.Anomalies, r.Multicast = nil, nil, nil, nil, nil
	r.Messages.NoQuestion = 41_000
	r.Packets.Duplicate = 3
	r.Settings = analyze.Settings{Timeout: 0.25, Ports: []uint16{53, 5300, 8053}, Dedup: true}
	return r
}

func faultsReport() *analyze.Report {
	r := busyReport()
	r.Source.Interrupted, r.Source.Truncated = true, true
	for i := range 12 {
		r.Source.Files = append(r.Source.Files, fmt.Sprintf("part-%02d.pcap", i))
		r.Source.Faults = append(r.Source.Faults, fmt.Sprintf("part-%02d.pcap: packet %d at offset %d: record ends 12 bytes after the end of the file", i, 1000+i, 123456*i))
	}
	r.Transport = analyze.Transport{TCPUnanswered: 1}
	r.Packets = analyze.Packets{Read: 9_300_112, KernelDropped: 40_000, SnaplenCut: 9_300_112, Undecodable: 7, Duplicate: 1, IPFragments: 44, FragmentsLost: 44, TCPGaps: 1, TCPStreams: 1, BadIPChecksum: 2, TimeWentBack: 5, TCPNotDNS: 1, ShortDNS: 3, NonDNS: 1}
	r.RCODEs, r.Latency, r.Transactions = map[string]uint64{}, analyze.Latency{}, analyze.Transactions{Pending: 3}
	r.Messages.Responses, r.Source.OneWay = 0, analyze.OnlyQueries
	r.Settings.MaxPackets, r.Settings.LimitReached = 9_300_112, true
	return r
}

func onlyQueriesReport() *analyze.Report {
	first := at("2026-03-01T12:00:00Z")
	return &analyze.Report{
		Source:   analyze.Source{Files: []string{"tap-rx.pcap"}, LinkTypes: []string{"EN10MB"}, First: first, Last: first.Add(40 * time.Second), Duration: 40, OneWay: analyze.OnlyQueries},
		Settings: analyze.Settings{Timeout: 5, Ports: []uint16{53}},
		Packets:  analyze.Packets{Read: 300}, Messages: analyze.Messages{Total: 300, Queries: 300, UDP: 300, IPv4: 300, NoQuestion: 1, Duration: 38.5},
		QTypes: map[string]uint64{"A": 200, "AAAA": 101}, Opcodes: map[string]uint64{"QUERY": 300},
		Transactions: analyze.Transactions{Unanswered: 260, Pending: 38, Retransmitted: 2}, Anomalies: map[string]uint64{"P03": 2},
		Distinct: analyze.Distinct{Clients: 1, Servers: 1, Names: 1, Zones: 1}, Rows: analyze.TableRows{Clients: 1, Servers: 1, Names: 1, Zones: 1},
		Clients: []analyze.Row{{Address: "10.0.0.1", Queries: 300, Unanswered: 260}},
		Series:  analyze.Series{Start: first, Width: 10, Queries: []uint64{100, 80, 70, 50}, Responses: make([]uint64, 4), Unanswered: []uint64{100, 80, 60, 20}},
	}
}

func onlyResponsesReport() *analyze.Report {
	r := onlyQueriesReport()
	r.Source.Files, r.Source.OneWay = []string{"tap-tx.pcap"}, analyze.OnlyResponses
	r.Messages.Queries, r.Messages.Responses, r.Messages.NoQuestion = 0, 300, 0
	r.RCODEs, r.QTypes, r.Opcodes, r.Anomalies = map[string]uint64{"NOERROR": 290, "SERVFAIL": 10}, nil, nil, nil
	r.Transactions = analyze.Transactions{Unsolicited: 298, DuplicateResponses: 2}
	r.Distinct = analyze.Distinct{Servers: 1}
	r.Rows.Clients, r.Clients = 14, nil
	for i := range 10 {
		r.Clients = append(r.Clients, analyze.Row{Address: fmt.Sprintf("10.0.0.%d", i+1), Responses: uint64(30 - i), RCODEs: map[string]uint64{"NOERROR": uint64(28 - i), "OTHER": 2}})
	}
	r.Series.Queries, r.Series.Responses, r.Series.Unanswered = r.Series.Responses, r.Series.Queries, nil
	return r
}

// strayReport has a packet of 1970, a DNS message a day late, and two transactions far apart.
func strayReport() *analyze.Report {
	first := at("2026-03-01T12:00:00Z")
	r := &analyze.Report{
		Source:  analyze.Source{Files: []string{"stray.pcap"}, LinkTypes: []string{"EN10MB"}, First: at("1970-01-01T00:00:00Z"), Last: first.Add(24 * time.Hour), Duration: 1.77e9},
		Packets: analyze.Packets{Read: 41, NonDNS: 1}, Messages: analyze.Messages{Total: 40, Queries: 20, Responses: 20, UDP: 40, IPv4: 40, First: first, Last: first.Add(24 * time.Hour), Duration: 86400},
		RCODEs: map[string]uint64{"NOERROR": 20}, QTypes: map[string]uint64{"A": 20}, Opcodes: map[string]uint64{"QUERY": 20},
		Transactions: analyze.Transactions{Answered: 2, Unanswered: 18},
		Latency: analyze.Latency{P50: 0.021, P90: 4810, P95: 4810, P99: 4810, Max: 4810, Mean: 2405, Count: 2, ErrorPercent: 1,
			Histogram: []analyze.LatencyBucket{{UpTo: 0.05, Count: 1}, {UpTo: 0.1}, {UpTo: 0.2}, {UpTo: 0.5}, {UpTo: 1}, {UpTo: 2}, {UpTo: 5}, {UpTo: 10}, {UpTo: 20}, {UpTo: 50}, {UpTo: 100}, {UpTo: 200},
				{UpTo: 500}, {UpTo: 1000}, {UpTo: 2000}, {UpTo: 5000, Count: 1}}},
		Series: analyze.Series{Start: first, Width: 600, Queries: make([]uint64, 145), Responses: make([]uint64, 145), Unanswered: make([]uint64, 145)},
	}
	r.Series.Queries[0], r.Series.Responses[0], r.Series.Queries[144], r.Series.Responses[144] = 19, 19, 1, 1
	return r
}

func onePacketReport() *analyze.Report {
	first := at("2026-03-01T12:00:00Z")
	return &analyze.Report{
		Source:  analyze.Source{Files: []string{"-"}, LinkTypes: []string{"RAW"}, First: first, Last: first, OneWay: analyze.OnlyQueries},
		Packets: analyze.Packets{Read: 1}, Messages: analyze.Messages{Total: 1, Queries: 1, UDP: 1, IPv4: 1, First: first, Last: first}, QTypes: map[string]uint64{"A": 1}, Opcodes: map[string]uint64{"QUERY": 1},
		Transactions: analyze.Transactions{Pending: 1}, Distinct: analyze.Distinct{Clients: 1, Servers: 1, Names: 1, Zones: 1},
		Clients: []analyze.Row{{Address: "10.0.0.1", Queries: 1}},
		Series:  analyze.Series{Start: first, Width: 1, Queries: []uint64{1}},
	}
}
