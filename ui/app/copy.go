package app

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dnssniff/dnssniff/analyze/record"
	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/mnemonic"
	"github.com/dnssniff/dnssniff/ui/sanitize"
)

// copied is a form that a row is copied in.
type copied struct {
	key         rune
	name, value string // "" where there is none
	why         string // there is none
}

// forms returns the forms of the selected row: as text, as filters, as a command. Names in them come from the traffic: they are without
// controls, quoted for what reads them, and never sent.
func (s *state) forms(conds []cond, files int) []copied {
	row := s.row(s.at)
	var cells []string
	for col, c := range s.sheet.columns() {
		if v := s.sheet.cell(row, col); !c.bar && !c.trend && v.text != "" {
			cells = append(cells, strings.TrimSpace(c.title+" "+v.text))
		}
	}
	t := s.target()
	conds = append(conds[:len(conds):len(conds)], t.conds...)
	out := []copied{
		{key: 't', name: "text", value: strings.Join(cells, ", ")},
		filterForm('w', "Wireshark filter", " && ", conds, func(c *cond) string { return c.wireshark }),
		filterForm('c', "tcpdump filter", " and ", conds, func(c *cond) string { return c.tcpdump }),
		filterForm('x', "expression (--where)", " and ", conds, func(c *cond) string { return c.expr }),
		{key: 'd', name: "dig command", value: digOf(conds), why: "it takes a name: choose a transaction or a name"},
	}
	if r := t.record; r != nil {
		for i, value := range []string{recordWireshark(r, files), recordTcpdump(r), recordExpr(r), dig(r)} {
			out[i+1].name, _, _ = strings.Cut(out[i+1].name, ",")
			out[i+1].value = value
		}
	}
	for i := range out {
		out[i].value = sanitize.String(out[i].value)
	}
	return out
}

// filterForm joins the filters of conditions, and says which of them it cannot say.
func filterForm(key rune, name, and string, conds []cond, of func(*cond) string) copied {
	var said, left []string
	for i := range conds {
		if f := of(&conds[i]); f != "" && !slices.Contains(said, f) {
			said = append(said, f)
		} else if f == "" {
			left = append(left, sanitize.String(conds[i].crumb))
		}
	}
	if len(said) == 0 {
		return copied{key: key, name: name, why: "it has no word for this"}
	}
	if len(left) > 0 {
		name += ", wider: it has no word for " + strings.Join(left, ", ")
	}
	return copied{key: key, name: name, value: strings.Join(said, and)}
}

// recordWireshark returns the display filter of a transaction: by packet numbers, or where there are several files by what the messages say.
func recordWireshark(r *record.Record, files int) string {
	if files == 1 {
		var frames []string
		if r.HasQuery {
			frames = append(frames, fmt.Sprintf("frame.number == %d", r.QueryPacket))
		}
		if r.HasResponse {
			frames = append(frames, fmt.Sprintf("frame.number == %d", r.ResponsePacket))
		}
		return strings.Join(frames, " || ")
	}
	return fmt.Sprintf("%s%s && %s.port == %d && dns.id == 0x%04x", ipField(r.Client.Addr()), r.Client.Addr(), carrier(r), r.Client.Port(), r.ID)
}

func recordExpr(r *record.Record) string {
	return fmt.Sprintf("packet == %d and id == 0x%04x and client == %q", firstPacket(r), r.ID, r.Client.Addr())
}

func carrier(r *record.Record) string {
	if r.Proto == decode.TCP {
		return "tcp"
	}
	return "udp"
}

func recordTcpdump(r *record.Record) string {
	return fmt.Sprintf("host %s and host %s and %s port %d", r.Client.Addr(), r.Server.Addr(), carrier(r), r.Client.Port())
}

// dig returns the command that asks what a transaction asked, as far as dig can.
func dig(r *record.Record) string {
	if !r.HasQuestion || r.Opcode != 0 {
		return ""
	}
	words := []string{"dig", "@" + r.Server.Addr().String()}
	if p := r.Server.Port(); p != 53 {
		words = append(words, "-p", fmt.Sprint(p))
	}
	words = append(words, "-q", shellWord(digName(r.Name)), "-t", mnemonic.Type(r.Type))
	if r.Class != 1 {
		words = append(words, "-c", mnemonic.Class(r.Class))
	}
	const rd, ad, cd = 0x0100, 0x0020, 0x0010
	flag := func(set bool, word string) {
		if set {
			words = append(words, word)
		}
	}
	flag(r.Proto == decode.TCP, "+tcp")
	flag(r.HasQuery && r.QueryFlags&rd == 0, "+norecurse")
	flag(r.HasQuery && r.QueryFlags&ad == 0, "+noadflag")
	flag(r.HasQuery && r.QueryFlags&cd != 0, "+cdflag")
	flag(r.HasQuery && !r.EDNS, "+noedns")
	flag(r.EDNS && r.DO, "+dnssec")
	flag(r.EDNS, fmt.Sprintf("+bufsize=%d", r.UDPSize))
	flag(r.EDNS && r.Options&(1<<10) == 0, "+nocookie")
	return strings.Join(words, " ")
}

// digName returns a name as dig reads it: without anything that is not printable ASCII.
func digName(name string) string {
	var b strings.Builder
	for _, c := range []byte(name) {
		if c <= ' ' || c >= 0x7f {
			fmt.Fprintf(&b, "\\%03d", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// digOf returns a command for conditions that have a name in them.
func digOf(conds []cond) string {
	words := []string{"dig"}
	name, typ := "", ""
	for i := range conds {
		c := &conds[i]
		switch {
		case c.server.IsValid():
			words = append(words, "@"+c.server.String())
		case c.name != "":
			name = c.name
		case c.typ != "":
			typ = c.typ
		}
	}
	if name == "" {
		return ""
	}
	words = append(words, "-q", shellWord(digName(name)))
	if typ != "" {
		words = append(words, "-t", typ)
	}
	return strings.Join(words, " ")
}

// copyPage shows the forms of a row, in full: where the terminal takes no clipboard, they can be marked there.
func (a *App) copyPage(forms []copied) *page {
	return &page{copies: forms, make: func(width int) []line {
		out := []line{{{"Copy this row", bold}, {"  a key puts it into the clipboard, where the terminal lets it (OSC 52)", dim}}}
		for _, f := range forms {
			out = append(out, nil, line{{string(f.key), accent}, {"  " + f.name, bold}})
			if f.value == "" {
				out = append(out, line{{spaces(3) + "none: " + f.why, dim}})
				continue
			}
			out = append(out, chunks(a.look.clean(f.value), width)...)
		}
		return out
	}}
}

// chunks breaks a text, which is clean, wherever the width ends: nothing is left out or put in, so that it can be marked and taken.
func chunks(s string, width int) (out []line) {
	width = max(width, 8)
	for s != "" {
		n := len(s)
		for sanitize.Width(s[:n]) > width {
			n = fitting(s, width)
		}
		out, s = append(out, line{{s[:n], plain}}), s[n:]
	}
	return out
}

// fitting returns how many bytes of s fit into a width.
func fitting(s string, width int) int {
	for i, r := range s {
		if width -= sanitize.Width(string(r)); width < 0 {
			return max(i, 1)
		}
	}
	return len(s)
}
