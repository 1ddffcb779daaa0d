package diagnose

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dnssniff/dnssniff/analyze/evidence"
	"github.com/dnssniff/dnssniff/decode/packet"
)

// shell quotes a word for a POSIX shell, if it needs that: names come from the network.
func shell(word string) string {
	plain := func(r rune) bool {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("._-:/@+=,", r)
	}
	if word != "" && word[0] != '-' && strings.IndexFunc(word, func(r rune) bool { return !plain(r) }) < 0 {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// command makes a command line of a format whose arguments are words to be quoted.
func command(format string, words ...any) string {
	quoted := make([]any, len(words))
	for i, w := range words {
		quoted[i] = shell(fmt.Sprint(w))
	}
	return fmt.Sprintf(format, quoted...)
}

// addressFilter is a Wireshark display filter for an address.
func addressFilter(a packet.Addr) string { return prefixed(a.Netip()) + ".addr == " + a.String() }

func prefixed(a netip.Addr) string {
	if a.Is4() {
		return "ip"
	}
	return "ipv6"
}

func subnetFilter(p netip.Prefix) string { return prefixed(p.Addr()) + ".addr == " + p.String() }

// nameFilter is a Wireshark display filter for the names of a zone. Wireshark writes names without the final dot.
func nameFilter(zone string) string {
	if zone == "" || zone == "." {
		return "dns"
	}
	return "dns.qry.name contains " + strconv.Quote(strings.TrimSuffix(zone, "."))
}

// both joins display filters.
func both(filters ...string) string { return strings.Join(filters, " && ") }

// plural writes a number with its noun: "1 query", "3 queries".
func plural(n uint64, noun string) string {
	switch {
	case n == 1:
		return "1 " + noun
	case strings.HasSuffix(noun, "y") && !strings.HasSuffix(noun, "ay"):
		return number(n) + " " + strings.TrimSuffix(noun, "y") + "ies"
	case strings.HasSuffix(noun, "s"):
		return number(n) + " " + noun + "es"
	}
	return number(n) + " " + noun + "s"
}

// about writes an estimate of evidence's.
func about(n uint64) string {
	if n >= 1000 {
		return "1,000 or more"
	}
	return "about " + number(n)
}

// aboutNames writes an estimate of a number of names.
func aboutNames(n uint64) string {
	if n == 1 {
		return "one name"
	}
	return about(n) + " names"
}

// number writes a number with commas.
func number(n uint64) string {
	s := strconv.FormatUint(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// share writes a part of a whole in percent: never 0 where there is some, never 100 where some is missing.
func share(part, whole uint64) string {
	switch p := 100 * float64(part) / float64(max(whole, 1)); {
	case part == 0:
		return "0%"
	case part >= whole:
		return "100%"
	case p < 1:
		return "below 1%"
	default:
		return strconv.Itoa(min(max(int(p+0.5), 1), 99)) + "%"
	}
}

// span writes how long something took, in ns.
func span(ns int64) string {
	switch d := time.Duration(ns); {
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	case d < time.Minute:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < 2*time.Hour:
		return fmt.Sprintf("%.0f min", d.Minutes())
	case d < 48*time.Hour:
		return fmt.Sprintf("%.0f h", d.Hours())
	default:
		return fmt.Sprintf("%.0f days", d.Hours()/24)
	}
}

// bare is a name without its final dot, as people write it.
func bare(name string) string {
	if name == "." {
		return "the root"
	}
	return strings.TrimSuffix(name, ".")
}

// some lists the first few of many.
func some(list []string, n int) string {
	if len(list) <= n {
		return strings.Join(list, ", ")
	}
	return strings.Join(list[:n], ", ") + fmt.Sprintf(" and %d more", len(list)-n)
}

func addresses(list []packet.Addr) []string {
	out := make([]string, len(list))
	for i, a := range list {
		out[i] = a.String()
	}
	return out
}

func bares(zones []string) []string {
	out := make([]string, len(zones))
	for i, z := range zones {
		out[i] = bare(z)
	}
	return out
}

// packetsOf returns the numbers of packets to look at.
func packetsOf(tallies ...*evidence.Tally) (list []uint64) {
	for _, t := range tallies {
		for _, s := range t.Samples {
			if s.Packet != 0 {
				list = append(list, frame(s.File, s.Packet))
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// fileShift is where rules have the file of a packet, in its number: so that numbers are in the order of files.
const fileShift = 48

// frame is a packet's number with that of its file, as rules keep them in Finding.Packets.
func frame(file uint16, number uint64) uint64 {
	return uint64(file)<<fileShift | number&(1<<fileShift-1)
}

// apartFromFiles takes the files from packets' numbers. files is nil where all are of the first one; numbers never is.
func apartFromFiles(packets []uint64) (numbers []uint64, files []uint16) {
	numbers = make([]uint64, len(packets))
	for i, p := range packets {
		numbers[i] = p & (1<<fileShift - 1)
		if p>>fileShift != 0 && files == nil {
			files = make([]uint16, len(packets))
		}
		if files != nil {
			files[i] = uint16(p >> fileShift)
		}
	}
	return numbers, files
}

// nameOf returns an example of a name, or another.
func nameOf(t *evidence.Tally, other string) string {
	for _, s := range t.Samples {
		if s.Name != "" {
			return s.Name
		}
	}
	return other
}

// began says when something began, if that was in the middle of the capture.
func (c *caseFile) began(t *evidence.Tally) string {
	after := t.First - c.First
	if t.First > t.Last || after < int64(2*time.Second) {
		return ""
	}
	at := "at " + time.Unix(0, t.First).UTC().Format("15:04:05.0") + " UTC"
	if c.Window {
		return "it began " + at
	}
	return "it began " + span(after) + " after the first packet, " + at
}

func timeOf(ns int64) time.Time { return time.Unix(0, ns).UTC() }

// seen fills in when a finding was seen, and how often.
func (f *Finding) seen(t *evidence.Tally) {
	if t.First <= t.Last {
		f.First, f.Last = time.Unix(0, t.First).UTC(), time.Unix(0, t.Last).UTC()
	}
	f.Affected = max(f.Affected, t.Count)
}

// say adds lines that are not empty to the evidence.
func (f *Finding) say(lines ...string) {
	for _, l := range lines {
		if l != "" {
			f.Evidence = append(f.Evidence, l)
		}
	}
}
