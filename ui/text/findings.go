package text

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/dnssniff/dnssniff/analyze"
	"github.com/dnssniff/dnssniff/analyze/diagnose"
)

// findings says what is behind what is wrong, the worst first: what, and the next command. Details follow at the end of the report. What is only good to
// know takes one line for all.
func findings(r *analyze.Report, o Options) block {
	if r.Messages.Total == 0 || r.Findings == nil {
		return block{}
	}
	b := block{title: "Findings", note: Vantage(r.Vantage)}
	serious, remarks := split(r.Findings)
	for i := range serious[:min(len(serious), o.Top)] {
		b.finding(&serious[i], i+1)
	}
	if more := len(serious) - o.Top; more > 0 {
		b.remarks = append(b.remarks, remark{text: count(uint64(more), "finding") + " more: --top"})
	}
	if len(serious) == 0 {
		b.remarks = append(b.remarks, remark{text: "Nothing stands out."})
	}
	if len(remarks) > 0 {
		b.remarks = append(b.remarks, remark{text: "Good to know: " + strings.Join(ids(remarks), ", ") + ".", style: dim})
	}
	if len(r.Findings) > 0 {
		b.remarks = append(b.remarks, remark{text: "Evidence, and what would refute it: at the end.", style: dim})
	}
	return b
}

// finding adds the two lines of a finding.
func (b *block) finding(f *diagnose.Finding, n int) {
	mark := strconv.Itoa(n)
	b.remarks = append(b.remarks, remark{mark: mark, text: fmt.Sprintf("%s, %s sure: %s", f.Severity, Sureness(f.Confidence), f.Title), style: severityStyle(f.Severity)})
	if i := slices.IndexFunc(f.Next, runs); i >= 0 {
		command, _, _ := strings.Cut(f.Next[i], "   #") // what it is for is with the details
		b.remarks = append(b.remarks, remark{text: "$ " + command, unbroken: true, margin: len(mark) + 1})
	}
}

// runs says that a step is a command for a shell, and not a line for a configuration file or a word of advice.
func runs(step string) bool {
	word, _, _ := strings.Cut(step, " ")
	return slices.Contains([]string{"dig", "delv", "kdig", "drill", "dnssniff", "rndc", "unbound-control", "unbound-host", "nsd-control", "knotc", "pdnsutil", "rec_control",
		"named-checkconf", "named-checkzone", "unbound-checkconf", "dnssec-dsfromkey", "nft", "ip", "ss", "tc", "mtr", "ping", "traceroute", "tracepath", "tcpdump", "tshark",
		"ethtool", "sysctl", "cat", "grep", "chronyc", "timedatectl", "resolvectl", "whois", "host", "nsupdate", "top", "journalctl", "date", "conntrack", "nstat", "printf", "klist"}, word)
}

// split parts findings, the worst of which come first, from what is only good to know.
func split(all []diagnose.Finding) (serious, remarks []diagnose.Finding) {
	i := slices.IndexFunc(all, func(f diagnose.Finding) bool { return f.Severity == diagnose.Info })
	if i < 0 {
		return all, nil
	}
	return all[:i], all[i:]
}

// ids are the rules of findings, each once.
func ids(all []diagnose.Finding) (list []string) {
	for i := range all {
		if !slices.Contains(list, all[i].ID) {
			list = append(list, all[i].ID)
		}
	}
	return list
}

// details is one finding, the n-th, of an input of so many files, with all that speaks for it and against it.
func details(f *diagnose.Finding, n, files int) block {
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
		say("packets " + Frames(f, files))
	}
	if f.Wireshark != "" {
		b.remarks = append(b.remarks, remark{text: "Wireshark: " + f.Wireshark, unbroken: true})
	}
	for _, c := range f.Next {
		prompt := "$ "
		if !runs(c) {
			prompt = "* "
		}
		b.remarks = append(b.remarks, remark{text: prompt + c, unbroken: true})
	}
	if len(f.Refs) > 0 {
		say("see " + strings.Join(f.Refs, ", "))
	}
	return b
}

// Sureness is a confidence in percent.
func Sureness(c float64) string { return strconv.Itoa(int(c*100+0.5)) + "%" }

// Frames lists the packets of a finding, by file where the input has several: "440, 443 of file 1; 12 of file 2".
func Frames(f *diagnose.Finding, files int) string {
	var b strings.Builder
	for i, n := range f.Packets {
		b.WriteString(strconv.FormatUint(n, 10))
		last := i == len(f.Packets)-1
		switch {
		case files > 1 && (last || f.File(i+1) != f.File(i)):
			fmt.Fprintf(&b, " of file %d", f.File(i)+1)
			if !last {
				b.WriteString("; ")
			}
		case !last:
			b.WriteString(", ")
		}
	}
	return b.String()
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
