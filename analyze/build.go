package analyze

import (
	"math"
	"strconv"
	"sync"
	"time"

	"github.com/dnssniff/dnssniff/analyze/diagnose"
	"github.com/dnssniff/dnssniff/analyze/lookup"
	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/decode/mnemonic"
)

// Options say how a report is made.
type Options struct {
	Top     int // rows in each table
	Workers int // goroutines at work, all of which have ended when the report is there; at least one
	// KernelDropped is how many packets the capture itself lost, as far as it is known.
	KernelDropped uint64
	// Tables, unless nil, is an earlier report of the same summaries, whose tables, distinct numbers and their limits are taken over: they are what takes
	// time.
	Tables *Report
}

// Build makes a report of summaries of one seed, as if of their sum, of the decoder's counts and of what is known of the source, whose times,
// link types and direction it fills in. The summaries are not changed.
func Build(all []*Summary, st *decode.Stats, src Source, o Options) *Report {
	s := total(all)
	r := &Report{
		Schema: Schema, Source: source(src, st), Settings: settings(src.Settings, st), Packets: packets(st), Messages: s.spanned(),
		RCODEs: s.rcodes.named(mnemonic.RCODE), TSIGErrors: s.tsig.named(mnemonic.TSIGError), TKEYErrors: s.tkey.named(mnemonic.TKEYError),
		EDE: s.ede.named(decimal), QTypes: s.qtypes.named(mnemonic.Type), Opcodes: make(map[string]uint64), Truncated: s.tc,
		EDNS: EDNS{Queries: s.edns.queries, Responses: s.edns.responses, DO: s.edns.do, Versions: s.edns.versions.named(decimal),
			UDPSizes: s.edns.sizes.named(decimal), Options: s.edns.options.named(mnemonic.Option)},
		Transactions: s.tx, Transport: s.transit, Latency: s.latencies(),
		Anomalies: s.anomaly.named(anomalyName), Multicast: s.mcast.named(anomalyName), Series: s.series.report(),
		Lookups: s.lookupReport(), Limits: limits(st),
	}
	r.Transactions.Retransmitted = st.Retransmitted
	for i, n := range s.opcodes {
		if n > 0 {
			r.Opcodes[mnemonic.Opcode(uint8(i))] = n
		}
	}
	for id, n := range map[anomaly.ID]uint64{p03: st.Retransmitted, x06: st.TCPGaps, x16: st.FragmentsOdd} {
		if n > 0 {
			r.Anomalies[id.String()] = n
		}
	}
	r.oneWay()
	r.fillAndDiagnose(all, o)
	r.FormErrors = s.formErrs.report(o.Top)
	r.Offenders = s.offenders.report(o.Top, all)
	r.Rows.Offenders, r.Limits.OffendersLost = uint64(len(s.offenders.list)), s.offenders.lost
	return r
}

// fillAndDiagnose does what takes time, side by side where there are several workers: neither needs the other.
func (r *Report) fillAndDiagnose(all []*Summary, o Options) {
	if o.Workers < 2 {
		r.fillTables(all, o)
		r.diagnose(all, o)
		return
	}
	var wg sync.WaitGroup
	wg.Go(func() { r.diagnose(all, o) })
	r.fillTables(all, o)
	wg.Wait()
}

// diagnose finds what is behind what is wrong.
func (r *Report) diagnose(all []*Summary, o Options) {
	if o.Tables != nil {
		r.Vantage, r.Findings = o.Tables.Vantage, o.Tables.Findings
		return
	}
	in := diagnose.Input{Facts: gathered(all), OneWay: r.Source.OneWay, Load: r.Series.load(), Capture: r.captured(o)}
	in.Files = r.Source.Files
	if len(r.Source.Files) == 1 && r.Source.Files[0] != "-" {
		in.File = r.Source.Files[0]
	}
	if m := &r.Messages; !m.First.IsZero() {
		in.First, in.Last = m.First.UnixNano(), m.Last.UnixNano()
	}
	r.Vantage, r.Findings = diagnose.Find(in)
}

// captured sums up how good the capture is.
func (r *Report) captured(o Options) diagnose.Capture {
	p := &r.Packets
	return diagnose.Capture{Read: p.Read, Dropped: o.KernelDropped, Fragments: p.IPFragments, LaterFragments: p.LaterFragments, FragmentsLost: p.FragmentsLost,
		TCPStreams: p.TCPStreams, TCPGaps: p.TCPGaps}
}

// total returns the sum of all but the tables.
func total(all []*Summary) *Summary {
	sum := newSummary(all[0].seed)
	for _, s := range all {
		sum.mergeCounts(s)
	}
	return sum
}

// oneWay notes where the capture has one direction only. What the other would have said is then no anomaly.
func (r *Report) oneWay() {
	switch r.Source.OneWay = r.Messages.oneWay(); r.Source.OneWay {
	case OnlyQueries:
		delete(r.Anomalies, p01.String())
	case OnlyResponses:
		delete(r.Anomalies, p02.String())
	}
}

// spanned returns the numbers of messages with the time that they span.
func (s *Summary) spanned() Messages {
	m := s.messages
	if s.first <= s.last {
		m.First, m.Last = time.Unix(0, s.first).UTC(), time.Unix(0, s.last).UTC()
		m.Duration = m.Last.Sub(m.First).Seconds()
	}
	return m
}

func (s *Summary) lookupReport() Lookups {
	l := Lookups{Counts: s.lookupCounts(), SolvedBy: map[string]uint64{}}
	for i, n := range l.Counts.SolvedBy {
		if n > 0 {
			l.SolvedBy[lookup.Change(i).String()] = n
		}
	}
	return l
}

func settings(set Settings, st *decode.Stats) Settings {
	if set.Ports == nil {
		set.Ports = []uint16{}
	}
	set.LimitReached = set.MaxPackets > 0 && st.Packets >= set.MaxPackets
	return set
}

func decimal(n uint16) string { return strconv.Itoa(int(n)) }

func anomalyName(n uint16) string { return anomaly.ID(n).String() }

func source(src Source, st *decode.Stats) Source {
	src.LinkTypes = []string{}
	for _, l := range st.LinkTypes {
		src.LinkTypes = append(src.LinkTypes, l.String())
	}
	if src.Files == nil {
		src.Files = []string{}
	}
	if st.Packets > 0 {
		src.First, src.Last = time.Unix(0, st.First).UTC(), time.Unix(0, st.Last).UTC()
		src.Duration = src.Last.Sub(src.First).Seconds()
	}
	src.Truncated = len(src.Faults) > 0
	return src
}

func packets(st *decode.Stats) Packets {
	return Packets{
		Read: st.Packets, SnaplenCut: st.SnaplenCut, NonDNS: st.NonDNS, Undecodable: st.Undecodable, Duplicate: st.Duplicate,
		ShortDNS: st.ShortDNS, IPFragments: st.Fragments, LaterFragments: st.FragmentsLater, EncryptedDNS: st.EncryptedDNS, BadIPChecksum: st.BadIPChecksum,
		BadL4Checksum: st.BadL4Checksum, ICMPErrors: st.ICMPErrors, FragmentsLost: st.FragmentsLost, TCPGaps: st.TCPGaps,
		TCPStreams: st.TCPStreams, TCPNotDNS: st.TCPNotDNS, TimeWentBack: st.TimeWentBack,
	}
}

func limits(st *decode.Stats) Forgotten {
	return Forgotten{
		PairingEvicted: st.PairingEvicted, PairingForgotten: st.PairingForgotten,
		StreamsEvicted: st.StreamsEvicted, FragmentsEvicted: st.FragmentsLimit,
	}
}

// ms converts ns to ms, rounded to whole µs.
func ms(ns int64) float64 { return math.Round(float64(ns)/1e3) / 1e3 }

func (s *Summary) latencies() Latency {
	h := s.latency
	l := Latency{Count: uint64(h.TotalCount()), ErrorPercent: latencyError, Histogram: []LatencyBucket{}}
	if l.Count == 0 {
		return l
	}
	at := func(q float64) float64 { return ms(min(h.ValueAtQuantile(q), s.slowest)) }
	l.P50, l.P90, l.P95, l.P99 = at(50), at(90), at(95), at(99)
	l.Max = ms(s.slowest)
	l.Mean = ms(int64(s.total / l.Count))
	l.Histogram = s.histogram()
	return l
}

// histogram counts latencies in buckets of 1, 2 and 5 times a power of ten, from the first to the last that is not empty. A transaction
// within latencyError of a bound can be on its other side.
func (s *Summary) histogram() []LatencyBucket {
	var out []LatencyBucket
	bound, step := int64(10_000), 0
	for _, b := range s.latency.Distribution() {
		if b.Count == 0 {
			continue
		}
		for b.To > bound && bound < maxLatency {
			if len(out) > 0 && out[len(out)-1].UpTo < ms(bound) {
				out = append(out, LatencyBucket{UpTo: ms(bound)})
			}
			bound = bound * [...]int64{2, 5, 2}[step] / [...]int64{1, 2, 1}[step]
			step = (step + 1) % 3
		}
		if len(out) == 0 || out[len(out)-1].UpTo != ms(bound) {
			out = append(out, LatencyBucket{UpTo: ms(bound)})
		}
		out[len(out)-1].Count += uint64(b.Count)
	}
	return out
}

func (s *series) report() Series {
	r := Series{Queries: []uint64{}, Responses: []uint64{}, Unanswered: []uint64{}, RCODEs: map[string][]uint64{}}
	if len(s.buckets) == 0 {
		return r
	}
	w := s.widths[s.level]
	r.Start, r.Width = time.Unix(0, s.first*w).UTC(), float64(w)/1e9
	used := [seriesRCODEs + 1]bool{}
	for i := range s.buckets {
		b := &s.buckets[i]
		r.Queries, r.Responses, r.Unanswered = append(r.Queries, b.queries), append(r.Responses, b.responses), append(r.Unanswered, b.unanswered)
		for c, n := range b.rcodes {
			used[c] = used[c] || n > 0
		}
	}
	for c, ok := range used {
		if !ok {
			continue
		}
		values := make([]uint64, len(s.buckets))
		for i := range s.buckets {
			values[i] = s.buckets[i].rcodes[c]
		}
		r.RCODEs[seriesName(c)] = values
	}
	return r
}

// otherRCODE names the responses whose RCODE is not told apart.
const otherRCODE = "OTHER"

func sum(m map[string]uint64) (n uint64) {
	for _, v := range m {
		n += v
	}
	return n
}

func seriesName(c int) string {
	if c == seriesRCODEs {
		return otherRCODE
	}
	return mnemonic.RCODE(uint16(c))
}

// load is what of a series a diagnosis looks at.
func (s *Series) load() []diagnose.Load {
	const servFail = 2 // RFC 1035 section 4.1.1
	list := make([]diagnose.Load, len(s.Queries))
	failed := s.RCODEs[mnemonic.RCODE(servFail)]
	for i := range list {
		list[i] = diagnose.Load{Queries: s.Queries[i], Unanswered: s.Unanswered[i]}
		if len(failed) > i {
			list[i].ServFail = failed[i]
		}
	}
	return list
}
