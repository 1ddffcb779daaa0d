package filter

import "strings"

// kind is what a token is to the grammar.
type kind uint8

const (
	end kind = iota
	word
	number   // decimal or 0x
	dotted   // two to four decimal octets
	colons   // an IPv6 address
	escaped  // \name, without its backslash
	reserved // a word of pcap-filter outside the subset
	symbol   // ( ) / and what no grammar of ours has
)

// token is a piece of an expression. Words that have a symbol, such as && for and, have the word's text.
type token struct {
	text string
	kind kind
	at   int // offset in the expression
	len  int // bytes there
}

func (t token) is(words ...string) bool {
	if t.kind != word && t.kind != symbol {
		return false
	}
	for _, w := range words {
		if t.text == w {
			return true
		}
	}
	return false
}

// isID reports whether t can only be an address, number or name, and no keyword.
func (t token) isID() bool {
	switch t.kind {
	case number, dotted, colons, escaped:
		return true
	case word:
		return !keywords[t.text]
	}
	return false
}

// keywords of the subset.
var keywords = wordSet("and or not src dst host net mask port portrange proto ip ip6 arp tcp udp icmp icmp6 vlan")

// outside are the other keywords of pcap-filter(7), so that the message can say where they are understood.
var outside = wordSet("link ether ppp slip fddi tr wlan rarp sctp igmp igrp pim vrrp carp radio ah esp atalk aarp decnet lat sca moprc " +
	"mopdl iso esis es-is isis is-is l1 l2 iih lsp snp csnp psnp clnp stp ipx netbeui protochain gateway type subtype direction dir " +
	"address1 addr1 address2 addr2 address3 addr3 address4 addr4 ra ta less greater byte broadcast multicast len length inbound " +
	"outbound ifindex mpls pppoed pppoes geneve lane llc metac bcc oam oamf4 oamf4ec oamf4sc sc ilmic vpi vci connectmsg metaconnect " +
	"on ifname rset ruleset rnr rulenum srnr subrulenum reason action fisu lssu lsu msu hfisu hlssu hmsu sio opc dpc sls hsio hopc " +
	"hdpc hsls")

func wordSet(words string) map[string]bool {
	set := make(map[string]bool)
	for w := range strings.FieldsSeq(words) {
		set[w] = true
	}
	return set
}

// lex returns the token at or after offset at.
func lex(s string, at int) token {
	for at < len(s) && strings.IndexByte(" \t\r\n", s[at]) >= 0 {
		at++
	}
	if at == len(s) {
		return token{at: at}
	}
	for _, sym := range symbols {
		if strings.HasPrefix(s[at:], sym.is) {
			return token{text: sym.means, kind: symbol, at: at, len: len(sym.is)}
		}
	}
	if s[at] == '\\' {
		n := 1 + run(s[at+1:])
		return token{text: s[at+1 : at+n], kind: escaped, at: at, len: n}
	}
	n := run(s[at:])
	if n == 0 {
		n = 1
		for at+n < len(s) && s[at+n]&0xc0 == 0x80 { // the rest of a UTF-8 sequence
			n++
		}
		return token{text: s[at : at+n], kind: symbol, at: at, len: n}
	}
	text := s[at : at+n]
	return token{text: text, kind: classify(text), at: at, len: n}
}

// symbols that have a meaning, and what they are called in the grammar.
var symbols = [...]struct{ is, means string }{{"(", "("}, {")", ")"}, {"/", "/"}, {"!", "not"}, {"&&", "and"}, {"||", "or"}}

// run returns the length of the word, number or address at the start of s.
func run(s string) int {
	for i := range len(s) {
		c := s[i]
		switch {
		case '0' <= c && c <= '9', 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', c == '.', c == '_', c == '-', c == ':':
		default:
			return i
		}
	}
	return len(s)
}

func classify(s string) kind {
	switch {
	case strings.Contains(s, ":"):
		return colons
	case isHex(s), onlyOf(s, "0123456789"):
		return number
	case strings.Contains(s, ".") && onlyOf(s, "0123456789."):
		return dotted
	case outside[s]:
		return reserved
	}
	return word
}

func isHex(s string) bool { return strings.HasPrefix(s, "0x") || strings.HasPrefix(s, "0X") }

func onlyOf(s, set string) bool { return strings.Trim(s, set) == "" }
