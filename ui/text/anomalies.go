package text

import (
	"github.com/dnssniff/dnssniff/analyze"
	"github.com/dnssniff/dnssniff/decode/anomaly"
)

// anomalies lists what was odd about messages and transactions.
func anomalies(r *analyze.Report, o Options) block {
	return anomalyTable("Anomalies", "messages or transactions that have it; a message can have several", r.Anomalies, r.Messages.Duration, o)
}

// multicast lists what was odd about mDNS and LLMNR.
func multicast(r *analyze.Report, o Options) block {
	return anomalyTable("Anomalies of mDNS and LLMNR", "messages that have it; they are counted apart", r.Multicast, 0, o)
}

// anomalyTable has the severest first.
func anomalyTable(title, note string, seen map[string]uint64, seconds float64, o Options) block {
	t := table{cols: []column{
		{title: "ID", flex: noteMin}, {title: "anomaly", flex: keyMin}, {title: "severity", optional: true}, {title: "seen", right: true},
		{title: "rate", right: true, optional: true, rank: 2}, {title: "RFC", optional: true, rank: 3},
	}}
	for severity := anomaly.Malformed + 1; severity > 0; severity-- {
		for _, e := range ranked(seen) {
			if id := anomalyID(e.key); id.Severity() == severity-1 {
				t.rows = append(t.rows, anomalyRow(id, e, seconds))
			}
		}
	}
	b := block{title: title, note: note}
	if limit := max(o.Top, 30); len(t.rows) > limit {
		b.remarks = []remark{{text: number(uint64(len(t.rows)-limit)) + " more kinds, rarer or milder"}}
		t.rows = t.rows[:limit]
	}
	if len(t.rows) > 0 && anomalyID(t.rows[0][0].text).Severity() > anomaly.Info {
		b.remarks = append(b.remarks, explain(t.rows[0][0].text))
	}
	b.tables = []table{t}
	return b
}

func anomalyRow(id anomaly.ID, e counted, seconds float64) []cell {
	severity := cell{text: id.Severity().String(), style: [...]style{plain, warn, warn, bad}[min(id.Severity(), anomaly.Malformed)]}
	if id.Name() == "" {
		severity = cell{}
	}
	return []cell{
		{text: e.key, style: severity.style}, {text: id.Name()}, severity, {text: number(e.n)}, {text: rate(e.n, seconds)},
		{text: id.RFC(), style: dim},
	}
}

// anomalyID returns the ID that s spells ("N05"), 0 for something else.
func anomalyID(s string) anomaly.ID {
	if len(s) != 3 || s[1] < '0' || s[1] > '9' || s[2] < '0' || s[2] > '9' {
		return 0
	}
	return anomaly.Make(s[0], int(s[1]-'0')*10+int(s[2]-'0'))
}
