package diagnose

import (
	"fmt"
	"strconv"

	"github.com/dnssniff/dnssniff/analyze/evidence"
)

// clockSkew looks for clients whose signed messages were refused for their time.
func clockSkew(c *caseFile) (all []Finding) {
	for _, g := range groupBy(c, where{kind: anyKind}, byClient, evidence.TSIGError(tsigBadTime)) {
		if g.Low > g.High {
			continue // without the server's time it is not known whose clock is wrong
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
