package text

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/dnssniff/dnssniff/analyze"
	"github.com/dnssniff/dnssniff/ui/sanitize"
)

// stdinName is the name that standard input has among the files.
const stdinName = "-"

// fingerprintWords says in words how a client asks: labels and texts.
func fingerprintWords(f *analyze.Fingerprint, o Options) (out []field) {
	add := func(label string, parts ...string) { out = append(out, field{label, strings.Join(parts, ", ")}) }
	add("IDs, ports", "IDs "+f.IDs, "source ports "+f.Ports)
	add("flags", "RD "+f.RD, "AD "+f.AD, "CD "+f.CD)
	add("EDNS", ednsWords(f)...)
	add("names", "letters of both cases "+f.MixedCase)
	add("transport", "TCP "+f.TCP)
	if len(f.RetryMS) > 0 {
		var times []string
		for _, ms := range f.RetryMS {
			times = append(times, span(float64(ms)/1000, o.ASCII))
		}
		add("asks again", "after "+strings.Join(times, ", "))
	}
	if where := pathWords(f); len(where) > 0 {
		add("came with", where...)
	}
	return out
}

// ednsWords says how a client uses EDNS: "always", "UDP size 1232", "DO never", "options COOKIE, NSID in this order".
func ednsWords(f *analyze.Fingerprint) []string {
	parts := []string{f.EDNS}
	if len(f.UDPSizes) == 0 {
		return parts
	}
	parts = append(parts, "UDP size "+between(f.UDPSizes), "DO "+f.DO)
	switch {
	case len(f.Options) == 0:
		return append(parts, "no options")
	case f.OptionsVary:
		return append(parts, "options first "+strings.Join(f.Options, " ")+", then others")
	case len(f.Options) == 1:
		return append(parts, "option "+f.Options[0])
	}
	return append(parts, "options "+strings.Join(f.Options, " ")+" in this order")
}

// pathWords says what the frames show of where a client is.
func pathWords(f *analyze.Fingerprint) (parts []string) {
	if len(f.HopLimits) > 0 {
		parts = append(parts, "TTL or hop limit "+between(f.HopLimits))
	}
	if f.MAC != "" {
		parts = append(parts, "MAC "+f.MAC)
	}
	if f.VLAN != 0 {
		parts = append(parts, "VLAN "+strconv.Itoa(int(f.VLAN)))
	}
	return parts
}

// between returns a value, or the least and the most.
func between[N int | uint16](values []N) string {
	if len(values) == 1 {
		return fmt.Sprint(values[0])
	}
	return fmt.Sprintf("%d to %d", values[0], values[len(values)-1])
}

// inspectCommand returns the command that shows a sample.
func inspectCommand(r *analyze.Report, s *analyze.Sample, ascii bool) string {
	file := "FILE"
	if n := int(s.File); n < len(r.Source.Files) && r.Source.Files[n] != stdinName {
		file = shellQuote(r.Source.Files[n], ascii)
	}
	cmd := fmt.Sprintf("dnssniff inspect %s -n %d", file, s.Packet)
	var ports []string
	for _, p := range r.Settings.Ports {
		if p != 53 {
			ports = append(ports, strconv.Itoa(int(p)))
		}
	}
	if len(ports) > 0 {
		cmd += " --port " + strings.Join(ports, ",")
	}
	return cmd
}

// sampleCommands returns lines for a shell that show the samples, each with a comment.
func sampleCommands(r *analyze.Report, f *analyze.Offender, ascii bool) []string {
	lines, width := make([]string, len(f.Samples)), 0
	for i := range f.Samples {
		lines[i] = inspectCommand(r, &f.Samples[i], ascii)
		width = max(width, sanitize.Width(lines[i]))
	}
	for i, s := range f.Samples {
		lines[i] += strings.Repeat(" ", width-sanitize.Width(lines[i])) + fmt.Sprintf("  # %s at byte %d", s.Anomaly, s.Offset)
	}
	return lines
}

// plainWord says that a shell takes a word as it stands.
func plainWord(s string) bool {
	for _, c := range []byte(s) {
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("_./:@%+=,-", c) >= 0) {
			return false
		}
	}
	return s != ""
}

// ShellQuote returns a file name as a word of a shell, of ASCII where that is asked for.
func ShellQuote(name string, ascii bool) string { return shellQuote(name, ascii) }

// shellQuote returns a file name as a word of a shell. What would not show as itself is written as $'\xHH', which bash, zsh and ksh read.
func shellQuote(name string, ascii bool) string {
	if strings.HasPrefix(name, "-") {
		name = "./" + name // no flag
	}
	if plainWord(name) {
		return name
	}
	seen := sanitize.String(name)
	if ascii {
		seen = sanitize.ASCII(seen)
	}
	if seen == name {
		return "'" + strings.ReplaceAll(name, "'", `'\''`) + "'"
	}
	b := []byte("$'")
	for _, c := range []byte(name) {
		switch {
		case c == '\'' || c == '\\':
			b = append(b, '\\', c)
		case c < ' ' || c > '~':
			b = fmt.Appendf(b, `\x%02x`, c)
		default:
			b = append(b, c)
		}
	}
	return string(append(b, '\''))
}
