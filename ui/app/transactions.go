package app

import (
	"fmt"
	"strings"
	"time"

	"github.com/dnssniff/dnssniff/analyze/record"
	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/mnemonic"
	"github.com/dnssniff/dnssniff/ui/text"
)

// transactions is the live tail: the newest transactions that match, newest first.
func transactions(s *scene) []pane {
	note := fmt.Sprintf("the newest %s of %s that match; held: %s", text.Number(uint64(len(s.Records))), text.Number(s.Matching), text.Number(s.Held))
	if uint64(len(s.Records)) == s.Matching {
		note = fmt.Sprintf("newest first; all %s that match, of %s held", text.Number(s.Matching), text.Number(s.Held))
	}
	if s.Dropped > 0 {
		note += ", " + text.Number(s.Dropped) + " no longer"
	}
	if s.Missed > 0 {
		note += ", " + text.Number(s.Missed) + " missed"
	}
	if s.Reduced {
		note = "earlier snapshots keep no transactions"
	}
	return []pane{{id: "transactions", sheet: s.records("Transactions", note, s.Records, false)}}
}

type rec = *record.Record

// records is a table of transactions: those slowest first have their time in front.
func (s *scene) records(title, note string, rows []rec, slowest bool) sheet {
	l := &list[rec]{name: title, note: note, rows: rows, id: recordKey, last: !slowest, fields: s.recordFields(),
		lead: func(r rec) target {
			return target{crumb: "packet " + fmt.Sprint(firstPacket(r)), record: r, guide: keysOf(r)}
		}}
	if slowest {
		last := len(l.fields) - 2
		rtt := l.fields[last]
		l.fields = append(append([]field[rec]{rtt}, l.fields[:last]...), l.fields[last+1:]...)
	}
	return l
}

// recordFields are the columns of transactions.
func (s *scene) recordFields() []field[rec] {
	outcome := func(r rec) style { return outcomeStyle(r) }
	return []field[rec]{
		{column: column{title: "time", rank: 4}, text: func(r rec) string { return s.clock(r.Time) + r.Time.UTC().Format(".000") }, number: func(r rec) float64 { return float64(r.Time.UnixNano()) }},
		{column: column{title: "client", flex: 11}, text: func(r rec) string { return r.Client.Addr().String() }, cond: func(r rec) *cond { return pointer(byClient(r.Client.Addr().String())) }},
		{column: column{title: "server", flex: 11, rank: 6}, text: func(r rec) string { return r.Server.Addr().String() }, cond: func(r rec) *cond { return pointer(byServer(r.Server.Addr().String())) }},
		{column: column{title: "type", rank: 5}, text: typeText, cond: func(r rec) *cond {
			switch {
			case r.Opcode != 0:
				return pointer(byOpcode(mnemonic.Opcode(r.Opcode)))
			case !r.HasQuestion:
				return nil
			}
			return pointer(byType(mnemonic.Type(r.Type)))
		}},
		{column: column{title: "name", flex: 12}, text: nameText, cond: func(r rec) *cond {
			if !r.HasQuestion {
				return nil
			}
			return pointer(byName(r.Name))
		}},
		{column: column{title: "outcome", flex: 10}, text: outcomeText, look: outcome, cond: func(r rec) *cond {
			if r.HasResponse {
				return pointer(byRCODE(mnemonic.RCODE(r.RCODE)))
			}
			return pointer(byStatus(r.Status))
		}},
		{column: column{title: "via", rank: 8}, text: viaText},
		{column: column{title: "time taken", right: true, rank: 3, optional: true}, text: s.rttText, number: func(r rec) float64 { return rtt(r) }},
		{column: column{title: "anomalies", flex: 3, head: true, rank: 7, optional: true}, text: anomalyText, look: func(r rec) style {
			if r.Malformed {
				return bad
			}
			return warn
		}},
	}
}

// recordKey identifies a transaction by the packets it came in.
func recordKey(r rec) string {
	return fmt.Sprintf("%d/%d %d/%d %d", r.QueryFile, r.QueryPacket, r.ResponseFile, r.ResponsePacket, r.ID)
}

func firstPacket(r rec) uint64 {
	if r.HasQuery {
		return r.QueryPacket
	}
	return r.ResponsePacket
}

func typeText(r rec) string {
	switch {
	case r.Opcode != 0:
		return mnemonic.Opcode(r.Opcode)
	case !r.HasQuestion:
		return "?"
	}
	return mnemonic.Type(r.Type)
}

func nameText(r rec) string {
	if !r.HasQuestion {
		return "(no question)"
	}
	return r.Name
}

// outcomeText says how a transaction ended: the code of its response, and what is odd about the pairing.
func outcomeText(r rec) string {
	switch {
	case !r.HasResponse:
		return statusWord(r.Status)
	case r.Status != decode.Answered:
		return mnemonic.RCODE(r.RCODE) + " " + statusWord(r.Status)
	}
	return mnemonic.RCODE(r.RCODE)
}

func outcomeStyle(r rec) style {
	switch {
	case r.Status == decode.Pending:
		return dim
	case !r.HasResponse:
		return bad
	}
	return rcodeStyle(r.RCODE)
}

var protoWords = [...]string{decode.UDP: "UDP", decode.TCP: "TCP", decode.MDNS: "mDNS", decode.LLMNR: "LLMNR"}

func viaText(r rec) string {
	if int(r.Proto) < len(protoWords) {
		return protoWords[r.Proto]
	}
	return "?"
}

func rtt(r rec) float64 {
	if !r.HasQuery || !r.HasResponse {
		return -1
	}
	return float64(r.RTT) / float64(time.Millisecond)
}

func (s *scene) rttText(r rec) string {
	if !r.HasQuery || !r.HasResponse {
		return ""
	}
	return s.millis(rtt(r))
}

// anomalyText lists a transaction's anomalies, the severest first where there is no room for all.
func anomalyText(r rec) string {
	if len(r.Anomalies) == 0 {
		return ""
	}
	var b strings.Builder
	for _, id := range worstFirst(r.Anomalies) {
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(id.String())
	}
	return b.String()
}
