package text

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/dnssniff/dnssniff/analyze/diagnose"
	"github.com/dnssniff/dnssniff/ui/sanitize"
)

// FindingLine appends one line about what happens to a finding, with its newline: when, what, and at its start the next command. Times are in UTC. It holds
// nothing but printable characters.
func FindingLine(dst []byte, e *diagnose.Event, o LineOptions) []byte {
	s := fmt.Sprintf("%s finding %s: %s", timeOfDay(e.At), changeWord(e.Change), findingWords(e, o.ASCII))
	dst = sanitize.Append(dst, plainText(s, o.ASCII))
	return append(dst, '\n')
}

func plainText(s string, ascii bool) string {
	if ascii {
		return sanitize.ASCII(sanitize.String(s))
	}
	return s
}

func timeOfDay(t time.Time) string { return t.UTC().Format("15:04:05") }

func changeWord(c diagnose.Change) string {
	if c == diagnose.Updated {
		return "changed"
	}
	return string(c)
}

func findingWords(e *diagnose.Event, ascii bool) string {
	f := &e.Finding
	words := []string{fmt.Sprintf("%s, %s sure: %s", f.Severity, Sureness(f.Confidence), f.Title)}
	if e.Change == diagnose.Ended {
		words[0] = f.Title
	}
	words = append(words, fmt.Sprintf("%s, since %s", f.ID, timeOfDay(e.Since)))
	switch e.Change {
	case diagnose.Started:
		words = append(words, affected(f))
		if len(f.Next) > 0 {
			command, _, _ := strings.Cut(f.Next[0], "   #")
			words = append(words, "next: "+command)
		}
	case diagnose.Updated:
		words = append(words, affected(f))
		if was := &e.Before; was.Severity != f.Severity {
			words = append(words, "was "+string(was.Severity))
		}
	case diagnose.Ended:
		words[1] += fmt.Sprintf(" to %s, %s", timeOfDay(e.Ongoing.Ended), span(e.Ongoing.Ended.Sub(e.Since).Seconds(), ascii))
	}
	return strings.Join(nonEmpty(words), "; ")
}

func affected(f *diagnose.Finding) string {
	var parts []string
	if f.Affected > 0 {
		parts = append(parts, count(f.Affected, "transaction"))
	}
	if f.Clients > 0 {
		parts = append(parts, count(uint64(f.Clients), "client"))
	}
	return strings.Join(parts, ", ")
}

func nonEmpty(list []string) []string {
	out := list[:0]
	for _, s := range list {
		if s != "" {
			out = append(out, s)
		}
	}
	return out
}

// findingJSON is a change of a finding as an object.
type findingJSON struct {
	Time    time.Time        `json:"time"` // packet time at which it was known
	Change  diagnose.Change  `json:"change"`
	Since   time.Time        `json:"since"`
	Ended   time.Time        `json:"ended,omitzero"`
	Finding diagnose.Finding `json:"finding"`
}

// FindingJSON appends what happens to a finding as one JSON object and a newline. It is ASCII, and whoever reads lines of transactions knows it by its member
// "finding":
//
//	time     packet time at which the change was known
//	change   started, updated or ended
//	since    when its first evidence was seen, and, iff ended, when its last was
//	finding  as in the report, over the last five minutes
func FindingJSON(dst []byte, e *diagnose.Event) []byte {
	out, err := json.Marshal(findingJSON{e.At, e.Change, e.Since, e.Ongoing.Ended, e.Finding})
	if err != nil {
		return dst // there is nothing in it that JSON has no form for
	}
	for _, r := range string(out) {
		switch {
		case r < 0x7f:
			dst = append(dst, byte(r))
		case r > 0xffff:
			dst = append(dst, `\ufffd`...)
		default:
			dst = fmt.Appendf(dst, `\u%04x`, r)
		}
	}
	return append(dst, '\n')
}
