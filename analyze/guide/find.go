package guide

import (
	"slices"
	"strconv"
	"strings"

	"github.com/dnssniff/dnssniff/decode/mnemonic"
)

// fold makes words alike that mean the same: it keeps the letters, in lower case, and the digits.
func fold(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		switch {
		case 'A' <= c && c <= 'Z':
			b.WriteByte(c + 'a' - 'A')
		case alphanumeric(c):
			b.WriteByte(c)
		}
	}
	return b.String()
}

// names returns the words that stand for a page, folded.
func (p *Page) names() []string {
	words := []string{p.Key}
	numbered := func(n uint16, kinds ...string) {
		number := strconv.Itoa(int(n))
		for _, k := range kinds {
			words = append(words, k+p.Key, k+number)
		}
		words = append(words, number)
	}
	switch p.Kind {
	case RCODE:
		words = append(words, "rcode"+p.Key)
		if n, ok := mnemonic.ParseRCODE(p.Key); ok {
			numbered(n, "rcode")
			if n < 16 { // the error fields of TSIG and TKEY share them
				words = append(words, "tsig"+strconv.Itoa(int(n)), "tkey"+strconv.Itoa(int(n)))
			}
		}
	case TSIG:
		if n, ok := mnemonic.ParseTSIGError(p.Key); ok {
			numbered(n, "tsig", "tkey", "rcode")
		}
	case EDE:
		words = append(words, p.Title, "ede"+p.Title)
		if n, ok := edeOf(p.Key); ok {
			numbered(n, "ede")
			words = append(words, "ede"+mnemonic.EDE(n), mnemonic.EDE(n))
		}
	case Anomaly:
		name := catalogueName(p.Key)
		words = append(words, name, "anomaly"+p.Key, "anomaly"+name)
		if len(p.Key) > 2 && p.Key[1] == '0' {
			words = append(words, p.Key[:1]+p.Key[2:])
		}
	}
	words = append(words, aliases(p.Key)...)
	for i := range words {
		words[i] = fold(words[i])
	}
	return words
}

// aliases returns what else people call some pages. To add one, add its line.
func aliases(key string) []string {
	switch key {
	case "NOERROR":
		return []string{"no error", "ok", "success"}
	case "FORMERR":
		return []string{"format error", "formaterror", "malformed"}
	case "SERVFAIL":
		return []string{"server failure", "server failed"}
	case "NXDOMAIN":
		return []string{"name error", "no such name", "no such domain", "non-existent domain"}
	case "NOTIMP":
		return []string{"not implemented", "NOTIMPL"}
	case "REFUSED":
		return []string{"query refused", "denied"}
	case "NODATA":
		return []string{"no data", "empty answer"}
	case "NOTAUTH":
		return []string{"not authoritative", "not authorized"}
	case "BADVERS":
		return []string{"bad version"}
	case "BADCOOKIE":
		return []string{"bad cookie", "cookies", "cookie"}
	case "BADTIME":
		return []string{"clock skew", "bad time"}
	case unassigned:
		return []string{"unassigned", "private use", "reserved"}
	case "retries-and-timeouts":
		return []string{"timeout", "timeouts", "no response", "unanswered", "retries"}
	case "edns-and-fragmentation":
		return []string{"edns", "fragments", "fragmentation", "mtu"}
	case "tcp-and-truncation":
		return []string{"tcp", "tc", "truncation", "truncated"}
	case "tsig-and-clocks":
		return []string{"tsig", "tkey", "clock"}
	case "dnssec-validation":
		return []string{"dnssec", "bogus", "validation"}
	case "caching-and-ttls":
		return []string{"caching", "cache", "ttl", "propagation"}
	case "dynamic-update":
		return []string{"update", "ddns", "nsupdate"}
	case "rate-limiting":
		return []string{"rrl", "rate limit"}
	case "lame-servers":
		return []string{"lame", "lame delegation"}
	case "amplification":
		return []string{"reflection", "ddos"}
	case "troubleshooting":
		return []string{"workflow", "start", "help"}
	}
	return nil
}

// Find returns the pages that a word stands for, in any case, with or without spaces and hyphens: a name ("FORMERR", "BADTIME", "ptr-loop"), a number
// ("1"), a kind and a code ("rcode 1", "ede 7", "tsig 16"), an anomaly's ID ("H1"), a finding's or a topic's key. There are several where the word is
// ambiguous, RCODEs first, and none where nothing is called that. A code that nobody has assigned has a page that says so.
func (g *Guide) Find(word string) []Page {
	want := fold(word)
	var out []Page
	for _, i := range g.names[want] {
		out = append(out, g.pages[i])
	}
	isRCODE := func(p Page) bool { return p.Kind <= TSIG }
	if p, ok := g.Get(unassigned); ok && (len(out) == 0 && isCode(want) || isNumber(want) && !slices.ContainsFunc(out, isRCODE)) {
		out = slices.Insert(out, 0, p)
	}
	return out
}

func isNumber(word string) bool {
	_, err := strconv.ParseUint(word, 10, 16)
	return err == nil
}

// isCode says whether a folded word is the number of a code: "24", "rcode24", "ede99".
func isCode(word string) bool {
	for _, kind := range []string{"rcode", "tsig", "tkey", "ede"} {
		if digits, ok := strings.CutPrefix(word, kind); ok {
			word = digits
			break
		}
	}
	return isNumber(word)
}

// Near returns the pages that a word may have meant: those whose names begin with it, else those a letter or two off, else those that have it in their
// text; at most limit of them.
func (g *Guide) Near(word string, limit int) []Page {
	want := fold(word)
	if want == "" || limit <= 0 {
		return nil
	}
	out := g.matching(limit, func(name string) bool { return strings.HasPrefix(name, want) })
	if len(out) == 0 && len(want) > 3 {
		off := 1 + len(want)/7
		out = g.matching(limit, func(name string) bool { return len(name) > 3 && distance(name, want, off) <= off })
	}
	if len(out) == 0 {
		out = g.Search(word)
	}
	return out[:min(len(out), limit)]
}

// matching returns the pages of which a name passes a test.
func (g *Guide) matching(limit int, test func(string) bool) []Page {
	var out []Page
	for i := range g.pages {
		if len(out) < limit && slices.ContainsFunc(g.pages[i].names(), test) {
			out = append(out, g.pages[i])
		}
	}
	return out
}

// distance returns how many letters must be changed, added or removed to make a of b; more than most where it is more.
func distance(a, b string, most int) int {
	if len(a)-len(b) > most || len(b)-len(a) > most {
		return most + 1
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			before, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, before+cost)
		}
	}
	return row[len(b)]
}
