package diagnose

import (
	"fmt"
	"strconv"

	"github.com/dnssniff/dnssniff/analyze/evidence"
)

// clockSkew looks for clients whose signed messages were refused for their time.
func clockSkew(c *caseFile) (all []Finding) {
	for _, g := range groupBy(c, where{kind: anyKind}, byClient, evidence.TSIGError(tsigBadTime)) {
		if g.Low > g.High || g.rows[0].Server == (addr{}) {
			continue // without the server's time it is not known whose clock is wrong
		}
		if f, ok := c.noClock(g); ok {
			all = append(all, f)
			continue
		}
		skew := (g.Low + g.High) / 2
		way, amount := "slow", span(abs(skew)*1e9)
		if skew > 0 {
			way = "fast"
		}
		server := g.rows[0].Server
		f := Finding{
			Severity:   Critical,
			Title:      fmt.Sprintf("the clock of %s is %s (%d s) %s, so its signed messages are refused", g.key, amount, abs(skew), way),
			Cause:      "TSIG protects against replay by the time in the signature. The client's clock and the server's differ by more than the fudge, 300 s as a rule.",
			Confidence: sure(0.97, g.Seen+2),
			Scope:      Scope{Client: g.key.String(), Skew: strconv.FormatInt(skew, 10)},
			Packets:    packetsOf(&g.Tally),
			Wireshark:  both("dns.tsig.error == 18", addressFilter(g.key)),
			Next: []string{
				"chronyc tracking   # on " + g.key.String(),
				"timedatectl timesync-status; date -u",
			},
			Against: []string{"if the signed messages of other clients are refused as well, it is the server's clock"},
		}
		f.say(fmt.Sprintf("%s with BADTIME from %s; its Other Data is the server's clock, %d s from the time in the signatures", plural(g.Count, "response"), server, abs(skew)))
		all = append(all, c.whoseClock(f, g))
	}
	return all
}

// A clock that is off by farOff is none that runs, but one that was never set; and one clock is not off by several amounts that differ by more than
// uneven, of what a signature allows (RFC 8945 section 10). Both in seconds.
const (
	farOff = 366 * secondsInADay
	uneven = 300
)

// noClock says that the times in a client's signatures are not those of a clock that is slow or fast: they are nonsense, or differ among themselves.
func (c *caseFile) noClock(g *group[addr]) (f Finding, ok bool) {
	server := g.rows[0].Server
	far := max(abs(g.Low), abs(g.High)) >= farOff
	if !far && g.High-g.Low <= uneven {
		return f, false
	}
	f = Finding{
		Severity: Warning,
		Title:    fmt.Sprintf("the times in the signatures of %s are nonsense, up to %s off, so that they are refused", g.key, years(max(abs(g.Low), abs(g.High)))),
		Cause: "No clock that runs is off by so much: the clock was never set (a device without a battery, before its first NTP), the software writes the field wrong, " +
			"or somebody replays or forges signed messages.",
		Confidence: sure(0.9, g.Count+2),
		Scope:      Scope{Client: g.key.String(), Server: server.String()},
		Packets:    packetsOf(&g.Tally),
		Wireshark:  both("dns.tsig.error == 18", addressFilter(g.key)),
		Next: []string{
			"date -u; timedatectl timesync-status   # on " + g.key.String(),
			command("dnssniff inspect %s --packet %s", c.fileOf(&g.Tally), firstPacket(&g.Tally)) + "   # Time Signed, and the server's time in Other Data",
		},
		Against: []string{"if the messages of all clients are off by as much, it is the server's clock that was never set"},
	}
	if !far {
		f.Title = fmt.Sprintf("the times in the signatures of %s differ by %s among themselves, so that they are refused", g.key, years(g.High-g.Low))
		f.Cause = "One clock is not slow and fast at once: several hosts sign behind this address (NAT), the clock jumps, or old messages are sent again by somebody (replay)."
	}
	f.say(fmt.Sprintf("%s with BADTIME from %s; the signatures are from %s to %s off the server's clock", plural(g.Count, "response"), server, signed(g.Low), signed(g.High)))
	return c.whoseClock(f, g), true
}

// signed writes an offset of a clock in s.
func signed(seconds int64) string {
	if seconds < 0 {
		return years(-seconds) + " slow"
	}
	return years(seconds) + " fast"
}

// years writes a time in s, also one of many years.
func years(seconds int64) string {
	if seconds < 2*farOff {
		return span(seconds * 1e9)
	}
	return fmt.Sprintf("%d years", seconds/(36525*secondsInADay/100))
}

// whoseClock compares with the other clients of the server.
func (c *caseFile) whoseClock(f Finding, g *group[addr]) Finding {
	server := g.rows[0].Server
	others := c.total(where{server: server, kind: updates, also: func(r *row) bool { return r.Client != g.key }}, evidence.RCODE(0))
	refused := c.total(where{server: server, kind: anyKind, also: func(r *row) bool { return r.Client != g.key }}, evidence.TSIGError(tsigBadTime))
	switch {
	case refused.Count > 0 && others.Count == 0:
		f.Confidence *= 0.5
		f.say("other clients are refused for the same: the server's clock may be the wrong one")
	case others.Count > 0:
		f.say(plural(others.Count, "update") + " of other clients at the same server went well")
	}
	f.seen(&g.Tally)
	f.Clients = 1
	c.claim(where{client: g.key, server: server, kind: anyKind}, evidence.TSIGError(tsigBadTime), evidence.RCODE(9), anomalyOf('T', 8))
	return f
}

func abs(n int64) int64 { return max(n, -n) }
