package lookup

import "github.com/dnssniff/dnssniff/decode/anomaly"

// The entries of the catalogue that the steps of a lookup show together.
var (
	clientRetry      = anomaly.Make('P', 4)
	tcNoRetry        = anomaly.Make('O', 33)
	tcpRefused       = anomaly.Make('O', 34)
	sizeLadder       = anomaly.Make('O', 37)
	optionPunished   = anomaly.Make('O', 38)
	servfailUnlessCD = anomaly.Make('S', 12)
	servfailCached   = anomaly.Make('S', 13)
)

// Change is what was different in the step that was answered.
type Change uint8

// The changes, in the order in which they are looked for.
const (
	OverTCP Change = iota
	WithoutEDNS
	WithoutOptions
	SmallerSize
	WithCD
	OtherServer
	Again // nothing
	changes
)

// String names the change as reports write it.
func (c Change) String() string {
	return [...]string{"tcp", "no_edns", "no_options", "smaller_edns", "cd", "other_server", "again", ""}[min(c, changes)]
}

// ChangeTo returns what is different in step b from step a.
func ChangeTo(a, b *Step) Change {
	switch {
	case b.TCP && !a.TCP:
		return OverTCP
	case a.EDNS && !b.EDNS:
		return WithoutEDNS
	case a.Options&^b.Options != 0:
		return WithoutOptions
	case a.EDNS && b.EDNS && b.Size < a.Size:
		return SmallerSize
	case b.CD && !a.CD:
		return WithCD
	case a.Server != b.Server:
		return OtherServer
	}
	return Again
}

// judge counts what a lookup of several steps, or one that failed, shows.
func (t *Tracker) judge(l *Lookup) {
	steps := l.Kept()
	c := &t.counts
	good := l.Good()
	if l.Tries > 1 {
		c.Retried++
		t.out.Anomaly(clientRetry, l)
	}
	if good != nil && good != &steps[0] {
		c.SolvedBy[ChangeTo(&steps[0], good)]++
	}
	var tc, tcp, udp bool
	for i := range steps {
		s := &steps[i]
		tc = tc || s.Truncated && !s.TCP
		tcp = tcp || s.TCP
		udp = udp || !s.TCP
	}
	if tcp && udp && !steps[0].TCP {
		c.TCPFallback++
	}
	if tc && !tcp && !l.refused && good == nil {
		t.out.Anomaly(tcNoRetry, l)
	}
	if ladder(steps) {
		t.out.Anomaly(sizeLadder, l)
	}
	if good != nil && punished(steps, good) {
		t.out.Anomaly(optionPunished, l)
	}
	t.servfails(l, steps)
}

// ladder says that each of two further tries asked for less over UDP, after silence.
func ladder(steps []Step) bool {
	down := 0
	for i := 1; i < len(steps); i++ {
		a, b := &steps[i-1], &steps[i]
		if a.TCP || b.TCP || a.State == Answered && !a.Truncated {
			continue
		}
		if a.EDNS && (!b.EDNS || b.Size < a.Size) {
			down++
		}
	}
	return down >= 2
}

// punished says that a server that did not give an answer to a query with options, or with EDNS, gave it to one without.
func punished(steps []Step, good *Step) bool {
	for i := range steps {
		s := &steps[i]
		if s == good || s.Malformed || s.TCP != good.TCP || s.Server != good.Server || s.good() || s.Truncated || s.State == Answered && s.RCODE == rcodeServFail {
			continue
		}
		if s.Options&^good.Options != 0 || s.EDNS && !good.EDNS {
			return true
		}
	}
	return false
}

// slowFail and fastFail are the times (ns) between which a SERVFAIL is neither found out nor remembered for sure.
const (
	slowFail = 50e6
	fastFail = 2e6
)

func (t *Tracker) servfails(l *Lookup, steps []Step) {
	var checked, unchecked, slow, fast bool
	for i := range steps {
		s := &steps[i]
		fail := s.State == Answered && s.RCODE == rcodeServFail
		checked = checked || fail && !s.CD
		unchecked = unchecked || s.State == Answered && s.CD && s.RCODE == rcodeNoError
		fast = fast || fail && slow && s.RTT < fastFail
		slow = slow || fail && s.RTT > slowFail
	}
	if checked && unchecked {
		t.out.Anomaly(servfailUnlessCD, l)
	}
	if fast {
		t.out.Anomaly(servfailCached, l)
	}
}
