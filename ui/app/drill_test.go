package app

import (
	"strings"
	"testing"
)

// From a cell of the RCODE table to the bytes of a query that got FORMERR: three keys.
func TestThreeKeysFromFORMERRToItsBytes(t *testing.T) {
	r := start(t, captured(t, office), 120, 40, nil)
	r.press("Tab", "Down", "Down")
	if !strings.Contains(r.text(), "> FORMERR") {
		t.Fatalf("FORMERR is not selected:\n%s", r.text())
	}
	r.press("Enter")
	golden(t, "drill_1_clients.golden", r.text())
	r.press("Enter")
	golden(t, "drill_2_transactions.golden", r.text())
	r.press("Enter")
	golden(t, "drill_3_message.golden", r.text())
	if got := r.text(); !strings.Contains(got, "Query  packet 486") || !strings.Contains(got, "00 0a[00 28]") || !strings.Contains(got, "◄ O11") {
		t.Errorf("the bytes at fault are not to be seen:\n%s", got)
	}
	r.press("Enter")
	has(t, r.text(), "O11 option-overrun", "RFC 6891 section 6.1.2", "FORMERR: BIND 9.18.49")
	r.press("Esc", "Esc", "Esc", "Esc")
	if got := r.text(); !strings.Contains(got, "> FORMERR") || !strings.Contains(got, "Overview\n") {
		t.Errorf("Escape does not lead back to where it began:\n%s", got)
	}
}
