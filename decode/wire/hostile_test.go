package wire

import (
	"testing"
	"time"

	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/pcaps/lab/hostile"
)

// elsewhere says of hostile queries why the query alone does not show what it was built for.
var elsewhere = map[string]string{
	"response_without_query":              "H02 takes the ports",
	"response_with_answer":                "H02 takes the ports",
	"response_formerr":                    "H02 takes the ports",
	"no_question_but_cookie":              "legal (RFC 7873 section 5.4)",
	"ad_in_query":                         "legal, and what half of the clients send (RFC 6840 section 5.7)",
	"owner_through_11_pointers":           "fewer pointers than a name can have labels: N08 for where they stand",
	"owner_through_101_pointers":          "fewer pointers than a name can have labels: N08 for where they stand",
	"search_suffix_twice":                 "N16 would have to know the zones of the network",
	"tsig_in_answer":                      "T01",
	"update_adds_https_alias_with_params": "to be ignored (RFC 9460 section 2.4.2)",
	"server_cookie_invented":              "O15 takes the answer",
	"server_cookie_of_unknown_version":    "O15 takes the answer",
	"server_cookie_of_8_bytes":            "O15 takes the answer",
	"unknown_option":                      "legal; O38 takes the answers",
	"local_option":                        "legal; O38 takes the answers",
	"tsig_algorithm_md5":                  "a known algorithm",
	"sig0_owner_not_root":                 "legal: the owner means nothing (RFC 2931 section 3)",
	"notify_with_authority":               "legal (RFC 1996 section 3.7)",
	"tsig_key_unknown":                    "T06 takes the answer",
	"tsig_mac_wrong":                      "T07 takes the answer",
	"tsig_of_2020":                        "T08 takes the answer",
	"tsig_of_2100":                        "T08 takes the answer",
	"tsig_mac_truncated_to_half":          "legal; T09 takes the answer",
	"tkey_mode_99":                        "T10 takes the answer",
	"tkey_deletes_unknown_key":            "T10 takes the answer",
	"tkey_algorithm_unknown":              "T10 takes the answer",
	"tkey_gss_unsigned":                   "T10 takes the answer",
	"update_of_unknown_zone":              "U04 takes the answer",
	"update_sound":                        "legal; U12 takes the answer",
}

// TestHostileQueries: the lab's hostile queries, which were built by others, have the anomaly that they were built for, where they were built to
// have it.
func TestHostileQueries(t *testing.T) {
	at := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	found := 0
	for _, c := range hostile.Cases() {
		if c.Raw {
			continue
		}
		var m Message
		m.Parse(c.Message(0x1234, at), false)
		carrier := OverUDP
		if c.TCP {
			carrier = OverTCP
		}
		m.Over(carrier)
		all := m.Anomalies
		if m.Parsed[0] > 0 {
			all = m.Question.NameAnomalies(all)
		}
		found++
		if has, other := hasAt(all, c.Anomaly, c.Offset()), elsewhere[c.Name]; has == (other != "") {
			t.Errorf("%s %s@%d: %v; %s", c.Name, c.Anomaly, c.Offset(), seen(all), other)
		}
	}
	t.Logf("%d queries, of which %d need more than the message", found, len(elsewhere))
}

func hasAt(all []anomaly.Seen, id string, off int) bool {
	for _, a := range all {
		if a.ID.String() == id && int(a.Offset) == off {
			return true
		}
	}
	return false
}
