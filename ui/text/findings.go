package text

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/dnssniff/dnssniff/analyze"
	"github.com/dnssniff/dnssniff/analyze/diagnose"
)

// findings says what is behind what is wrong, the worst first: what, and the next command. Details follow at the end of the report.
func findings(r *analyze.Report, o Options) block {
	if r.Messages.Total == 0 || r.Findings == nil {
		return block{}
	}
	b := block{title: "Findings", note: Vantage(r.Vantage)}
	for i := range r.Findings[:min(len(r.Findings), o.Top)] {
		f := &r.Findings[i]
		mark := strconv.Itoa(i + 1)
		b.remarks = append(b.remarks, remark{mark: mark, text: fmt.Sprintf("%s, %s sure: %s", f.Severity, Sureness(f.Confidence), f.Title), style: severityStyle(f.Severity)})
		if len(f.Next) > 0 {
			command, _, _ := strings.Cut(f.Next[0], "   #") // what it is for is with the details
			b.remarks = append(b.remarks, remark{text: "$ " + command, unbroken: true, margin: len(mark) + 1})
		}
	}
	switch more := len(r.Findings) - o.Top; {
	case more > 0:
		b.remarks = append(b.remarks, remark{text: count(uint64(more), "finding") + " more: --top"})
	case len(r.Findings) > 0:
		b.remarks = append(b.remarks, remark{text: "Evidence, and what would refute it: at the end.", style: dim})
	default:
		b.remarks = append(b.remarks, remark{text: "Nothing stands out."})
	}
	return b
}

// details is one finding with all that speaks for it and against it.
func details(f *diagnose.Finding, n int) block {
	b := block{title: fmt.Sprintf("Finding %d", n), note: fmt.Sprintf("%s (%s, %s sure)", f.ID, f.Severity, Sureness(f.Confidence))}
	say := func(text string) { b.remarks = append(b.remarks, remark{text: text}) }
	item := func(mark, text string) { b.remarks = append(b.remarks, remark{mark: mark, text: text}) }
	say(f.Title + ".")
	say(f.Cause)
	for _, e := range f.Evidence {
		item("+", e)
	}
	for _, a := range f.Against {
		item("-", "against: "+a)
	}
	if len(f.Packets) > 0 {
		say("packets " + frames(f.Packets))
	}
	if f.Wireshark != "" {
		b.remarks = append(b.remarks, remark{text: "Wireshark: " + f.Wireshark, unbroken: true})
	}
	for _, c := range f.Next {
		b.remarks = append(b.remarks, remark{text: "$ " + c, unbroken: true})
	}
	if len(f.Refs) > 0 {
		say("see " + strings.Join(f.Refs, ", "))
	}
	return b
}

// Sureness is a confidence in percent.
func Sureness(c float64) string { return strconv.Itoa(int(c*100+0.5)) + "%" }

func frames(list []uint64) string {
	out := make([]string, len(list))
	for i, n := range list {
		out[i] = strconv.FormatUint(n, 10)
	}
	return strings.Join(out, ", ")
}

func severityStyle(s diagnose.Severity) style {
	switch s {
	case diagnose.Critical:
		return bad
	case diagnose.Warning:
		return warn
	}
	return plain
}

// Vantage says where a capture was made, in words.
func Vantage(v diagnose.Vantage) string {
	switch v {
	case diagnose.Stub:
		return "captured at one client"
	case diagnose.Clients:
		return "captured between clients and their resolver"
	case diagnose.Recursive:
		return "captured at a resolver, both sides"
	case diagnose.Upstream:
		return "captured between a resolver and the servers that it asks"
	case diagnose.Forwarder:
		return "captured at a forwarding resolver, both sides"
	case diagnose.Authoritative:
		return "captured at an authoritative server"
	case diagnose.Mixed:
		return "captured where clients, resolvers and servers meet"
	}
	return ""
}
