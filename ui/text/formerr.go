package text

import (
	"fmt"

	"github.com/dnssniff/dnssniff/analyze"
	"github.com/dnssniff/dnssniff/decode/anomaly"
)

// formErrNotes says what a reason means where the query has no anomaly.
var formErrNotes = map[string]string{
	"no-edns":     "sound query with EDNS, no OPT back: the server does not know EDNS",
	"option":      "sound query with EDNS, OPT back: the server does not take an option",
	"echo":        "sound query sent back as it was: an old server, or a middlebox",
	"no-question": "query for a cookie alone, which is legal",
	"type":        "question for a type that is not of data, such as TKEY",
	"opcode":      "request that is no QUERY",
	"cut":         "the capture lacks the end of the query",
	"unexplained": "sound query without EDNS",
}

// formErrors explains the FORMERR responses.
func formErrors(r *analyze.Report, o Options) block {
	f := r.FormErrors
	if f.Responses == 0 {
		return block{}
	}
	t := table{cols: []column{
		{title: "what is wrong", flex: keyMin}, {title: "responses", right: true}, {title: "share", right: true, optional: true},
		{title: "first client", flex: keyMin, optional: true, rank: 2}, {title: "packet", right: true}, {title: "byte", right: true, optional: true, rank: 3},
	}}
	for i, x := range f.Reasons {
		if i == o.Top {
			break
		}
		what, at := formErrNotes[x.Reason], ""
		if id, err := anomaly.Parse(x.Anomaly); err == nil && x.Reason == "query" {
			what, at = x.Anomaly+"  "+id.Name(), number(uint64(x.Offset))
		}
		t.rows = append(t.rows, []cell{{text: what}, {text: number(x.Responses)}, {text: percent(x.Responses, f.Responses)},
			{text: x.Client}, {text: number(x.Packet)}, {text: at}})
	}
	b := block{title: "FORMERR explained", note: "% of " + count(f.Responses, "response") + " whose query was captured", tables: []table{t}}
	for i, s := range f.Servers {
		if i == 3 || len(s.Guesses) == 0 {
			break
		}
		b.remarks = append(b.remarks, remark{text: fmt.Sprintf("%s answers FORMERR as %s does (%.0f%% among the servers measured)", s.Address, s.Guesses[0].Server, 100*s.Guesses[0].Confidence)})
	}
	return b
}
