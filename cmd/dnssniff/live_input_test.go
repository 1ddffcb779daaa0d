package main

import (
	"bytes"
	"testing"

	"github.com/dnssniff/dnssniff/capture/live"
)

// TestSaysWhatChanges: each change once, with what it means, and nothing while all is as it was.
func TestSaysWhatChanges(t *testing.T) {
	l := &liveInput{name: "eth\x1b0"}
	for _, c := range []struct {
		before, now standing
		want        string
	}{
		{standing{}, standing{}, ""},
		{standing{state: live.Down}, standing{state: live.Down}, ""},
		{standing{}, standing{state: live.NoCarrier}, "dnssniff: eth\\0270 has no carrier: the capture goes on when it is up again\n"},
		{standing{state: live.Away}, standing{state: live.Up}, "dnssniff: eth\\0270 is up again\n"},
		{standing{state: live.Away}, standing{state: live.Away, trouble: "it was EN10MB, and is RAW now"}, "dnssniff: it was EN10MB, and is RAW now\n"},
		{standing{trouble: "x"}, standing{trouble: "x"}, ""},
		{standing{trouble: "x"}, standing{}, ""},
		{standing{}, standing{drops: true}, "dnssniff: the kernel drops packets, which are counted: a larger buffer (-B), or a filter (-f), leaves it room\n"},
		{standing{drops: true}, standing{drops: true}, ""},
	} {
		var out bytes.Buffer
		if l.say(&out, c.before, c.now); out.String() != c.want {
			t.Errorf("%+v to %+v: %q, want %q", c.before, c.now, out.String(), c.want)
		}
	}
}
