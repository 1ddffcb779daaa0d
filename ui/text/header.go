package text

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/dnssniff/dnssniff/analyze"
)

// maxListed bounds the files and faults that a report lists.
const maxListed = 8

// header says what was read and how much of it was DNS.
func header(r *analyze.Report, o Options) block {
	b := block{title: "DNS report"}
	add := func(label, text string) {
		if text != "" {
			b.fields = append(b.fields, field{label, text})
		}
	}
	add("files", list(r.Source.Files))
	add("link types", list(r.Source.LinkTypes))
	if r.Packets.Read > 0 && !r.Source.First.IsZero() {
		add("time", timeText(r.Source, o))
	}
	add("packets", amount(r.Packets.Read, r.Source.Duration))
	if m := r.Messages; m.Total > 0 {
		add("messages", messages(r, o))
		add("queries", amount(m.Queries, m.Duration))
		add("responses", amount(m.Responses, m.Duration))
	}
	add("carried by", carriers(r.Messages))
	if r.Truncated > 0 {
		add("truncated", count(r.Truncated, "response")+" with TC"+shareOf(r.Truncated, r.Messages.Responses, "responses"))
	}
	if r.Messages.Malformed > 0 {
		add("malformed", count(r.Messages.Malformed, "message")+shareOf(r.Messages.Malformed, r.Messages.Total, "messages"))
	}
	add("distinct", distinct(r))
	add("settings", settings(r.Settings))
	return b
}

// messages says how many there are and, where that is not the time of the capture, in which time.
func messages(r *analyze.Report, o Options) string {
	in := span(r.Messages.Duration, o.ASCII)
	if r.Messages.Total < 2 || in == span(r.Source.Duration, o.ASCII) {
		return number(r.Messages.Total)
	}
	return number(r.Messages.Total) + " in " + in
}

// settings says which are not the usual ones.
func settings(s analyze.Settings) string {
	parts := []string{}
	if ports := s.Ports; len(ports) > 1 {
		names := make([]string, len(ports))
		for i, p := range ports {
			names[i] = strconv.Itoa(int(p))
		}
		parts = append(parts, "ports "+list(names))
	}
	if s.Dedup {
		parts = append(parts, "packets captured twice analysed once")
	}
	if s.MaxPackets > 0 {
		parts = append(parts, "at most "+count(s.MaxPackets, "packet"))
	}
	return strings.Join(parts, "; ")
}

func timeText(s analyze.Source, o Options) string {
	if !(s.Duration > 0) {
		return s.First.UTC().Format("2006-01-02 15:04:05.000 UTC")
	}
	return period(s.First, s.Last) + ", " + span(s.Duration, o.ASCII)
}

func list(names []string) string {
	if len(names) > maxListed {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:maxListed], ", "), len(names)-maxListed)
	}
	return strings.Join(names, ", ")
}

// amount returns a count with its rate.
func amount(n uint64, seconds float64) string {
	if per := rate(n, seconds); per != "" {
		return number(n) + " at " + per
	}
	return number(n)
}

func carriers(m analyze.Messages) string {
	if m.Total == 0 {
		return ""
	}
	return fmt.Sprintf("UDP %s, TCP %s; IPv4 %s, IPv6 %s of messages", percent(m.UDP, m.Total), percent(m.TCP, m.Total),
		percent(m.IPv4, m.Total), percent(m.IPv6, m.Total))
}

func distinct(r *analyze.Report) string {
	d := r.Distinct
	if r.Messages.Queries == 0 { // the usual numbers are of those with queries
		d.Clients, d.Servers, d.Names, d.Zones = r.Rows.Clients, r.Rows.Servers, r.Rows.Names, r.Rows.Zones
	}
	if d.Clients|d.Servers|d.Names|d.Zones == 0 {
		return ""
	}
	parts := []string{}
	for _, p := range []struct {
		key, noun string
		n         uint64
	}{{"clients", "client", d.Clients}, {"servers", "server", d.Servers}, {"names", "name", d.Names}, {"zones", "zone", d.Zones}} {
		parts = append(parts, about(d, p.key)+count(p.n, p.noun))
	}
	return strings.Join(parts, ", ")
}

// about marks a distinct count that is an estimate.
func about(d analyze.Distinct, key string) string {
	if slices.Contains(d.Approximate, key) {
		return "about "
	}
	return ""
}

// nothing says why a report may be empty.
func nothing(r *analyze.Report, _ Options) block {
	if r.Messages.Total > 0 {
		return block{}
	}
	b := block{title: "No DNS messages"}
	say := func(is bool, format string, args ...any) {
		if is {
			b.remarks = append(b.remarks, remark{text: fmt.Sprintf(format, args...)})
		}
	}
	p := r.Packets
	say(p.Read == 0, "There are no packets: an empty capture, or a capture filter that nothing matched.")
	say(p.NonDNS > 0, "Not on port 53: %s%s. If DNS runs on another port here, name it with --port.",
		count(p.NonDNS, "packet"), shareOf(p.NonDNS, p.Read, "packets"))
	say(p.EncryptedDNS > 0, "Encrypted DNS, which cannot be read: %s. The queries behind it show between the resolver and the authoritative servers.",
		count(p.EncryptedDNS, "packet"))
	say(len(b.remarks) == 0, "None of %s held a whole DNS message.", count(p.Read, "packet"))
	return b
}
