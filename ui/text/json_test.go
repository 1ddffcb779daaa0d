package text

import (
	"strings"
	"testing"

	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/anomaly"
)

// TestAnomaliesOfTheQuery: a query's anomalies are shown, whether it has a response or not.
func TestAnomaliesOfTheQuery(t *testing.T) {
	q := &decode.Query{HasQuestion: true, Type: 1, Class: 1, Name: []byte("\x01a\x00"), Malformed: true, NAnomalies: 1}
	q.Anomalies[0] = anomaly.Seen{ID: anomaly.Make('R', 21), Offset: 19, Length: 4}
	tx := &decode.Transaction{Status: decode.Unanswered, Query: q}
	if got := string(JSON(nil, tx)); !strings.Contains(got, `"anomalies":[{"id":"R21","offset":19,"length":4,"of":"query"}]`) {
		t.Errorf("JSON: %s", got)
	}
	if got := string(Line(nil, tx, LineOptions{})); !strings.HasSuffix(got, " query malformed R21\n") {
		t.Errorf("line: %q", got)
	}
	q.Malformed = false
	if got := string(Line(nil, tx, LineOptions{})); !strings.HasSuffix(got, " query R21\n") {
		t.Errorf("line: %q", got)
	}
}
