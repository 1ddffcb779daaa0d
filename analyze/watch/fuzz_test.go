package watch

import (
	"reflect"
	"testing"

	"github.com/dnssniff/dnssniff/analyze"
	"github.com/dnssniff/dnssniff/analyze/record"
	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/wire"
)

// FuzzRecord holds any two messages as a transaction: what comes back has to be what record.Of says, as far as the bounds go.
func FuzzRecord(f *testing.F) {
	header := "\x12\x34\x81\x80\x00\x01\x00\x00\x00\x00\x00\x01"
	question := "\x03WwW\x07ex.mple\x00\x00\x01\x00\x01"
	opt := "\x00\x00\x29\x04\xd0\x00\x00\x80\x00\x00\x08\x00\x0f\x00\x04\x00\x16hi"
	f.Add([]byte(header+question+opt), []byte(header+question+opt), uint8(0), int64(5))
	f.Add([]byte(header), []byte("\x12\x34"), uint8(7), int64(-1))
	f.Add([]byte(header+"\xc0\x0c"), []byte{}, uint8(3), int64(1)<<62)
	f.Fuzz(func(t *testing.T, query, response []byte, status uint8, rtt int64) {
		if len(query)+len(response) == 0 {
			return // there is no such transaction
		}
		x := decode.Transaction{Status: decode.Status(status), RTT: rtt}
		if len(query) > 0 {
			var m wire.Message
			m.Parse(query, false)
			q := &decode.Query{ID: m.ID, Flags: m.Flags, Data: query, HasOPT: m.HasOPT, Malformed: m.Malformed, HasQuestion: m.Parsed[0] > 0}
			if q.HasQuestion {
				q.Name, q.Type = m.Question.Name, m.Question.Type
			}
			q.NAnomalies = uint8(copy(q.Anomalies[:], m.Anomalies))
			x.Query = q
		}
		if len(response) > 0 {
			var m wire.Message
			m.Parse(response, false)
			x.Response = &decode.Message{Message: &m, Length: uint16(len(response))}
		}
		e := encoder{limit: 300}
		var r reader
		b := e.append(nil, &x)
		got, want := r.copied(b), record.Of(&x, 300)
		want.EDE, want.Anomalies = cut(want.EDE, mostErrors), cut(want.Anomalies, mostAnomalies)
		if len(got.Query)+len(want.Query) == 0 {
			got.Query, want.Query = nil, nil
		}
		if len(got.Response)+len(want.Response) == 0 {
			got.Response, want.Response = nil, nil
		}
		if !reflect.DeepEqual(*got, want) {
			t.Errorf("\n got %+v\nwant %+v", *got, want)
		}
		s := analyze.NewSum(1, analyze.Limits{})
		s.Record(got)
		analyze.Build([]*analyze.Summary{s}, &decode.Stats{}, analyze.Source{}, analyze.Options{Top: 10, Workers: 1})
	})
}

func cut[T any](s []T, most int) []T { return s[:min(len(s), most)] }
