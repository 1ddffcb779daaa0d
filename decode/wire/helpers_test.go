package wire

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/dnssniff/dnssniff/decode/anomaly"
)

// unhex reads annotated hex: one item a word, 'text' stands for its bytes, N*XX for N bytes XX, ";" starts a comment to the line's end.
func unhex(tb testing.TB, s string) []byte {
	tb.Helper()
	var out []byte
	for line := range strings.Lines(s) {
		line, _, _ = strings.Cut(line, ";")
		for _, word := range strings.Fields(line) {
			out = append(out, unhexWord(tb, word)...)
		}
	}
	return out
}

func unhexWord(tb testing.TB, word string) []byte {
	tb.Helper()
	if text, ok := strings.CutPrefix(word, "'"); ok {
		return []byte(strings.TrimSuffix(text, "'"))
	}
	times := 1
	if n, w, ok := strings.Cut(word, "*"); ok {
		if _, err := fmt.Sscan(n, &times); err != nil {
			tb.Fatalf("bad count in %q", word)
		}
		word = w
	}
	b, err := hex.DecodeString(word)
	if err != nil {
		tb.Fatalf("bad hex %q: %v", word, err)
	}
	return []byte(strings.Repeat(string(b), times))
}

// seen renders anomalies as "N05@12+2".
func seen(as []anomaly.Seen) string {
	var out []string
	for _, a := range as {
		out = append(out, fmt.Sprintf("%v@%d+%d", a.ID, a.Offset, a.Length))
	}
	return strings.Join(out, " ")
}

func parse(tb testing.TB, data []byte) *Message {
	tb.Helper()
	var m Message
	m.Parse(data, false)
	return &m
}

// Pieces of messages.
const (
	queryHeader = "1234 0100 0001 0000 0000 0000 ; RD, one question\n"
	wwwQuestion = "03 'www' 07 'example' 03 'com' 00 0001 0001 ; www.example.com A IN, 12 to 33\n"
	plainQuery  = queryHeader + wwwQuestion

	zoneQuestion = "07 'example' 03 'com' 00 0006 0001 ; example.com SOA IN, 12 to 29\n"

	responseHeader = "1234 8180 0001 0001 0000 0000 ; one answer\n"
	toAnswer       = responseHeader + wwwQuestion + "c00c "          // the answer's owner at 33
	ednsQuery      = "1234 0120 0001 0000 0000 0001\n" + wwwQuestion // an OPT follows at 33
)

var realMessages = map[string]string{
	"plain query": plainQuery,
	"query with cookie and subnet": ednsQuery + `00 0029 04d0 00 00 8000 0017
		000a 0008 0102030405060708 ; COOKIE
		0008 0007 0001 18 00 c00002 ; ECS 192.0.2.0/24`,
	"response with CNAME chain": `1234 8180 0001 0005 0000 0001
		03 'www' 07 'example' 03 'com' 00 0001 0001
		c00c 0005 0001 00000e10 0006 03 'web' c010 ; www CNAME web at 33
		c02d 0001 0001 0000003c 0004 c0000201
		c02d 0001 0001 0000003c 0004 c0000202
		c02d 0001 0001 0000003c 0004 c0000203
		c02d 0001 0001 0000003c 0004 c0000204
		00 0029 04d0 00 00 0000 0000`,
	"negative response": `1234 8183 0001 0000 0001 0000
		03 'www' 07 'example' 03 'com' 00 0001 0001
		c010 0006 0001 00000384 0021 02 'ns' c010 05 'admin' c010 00000001 00000e10 00000384 00093a80 00000384`,
	"response with EDE": `1234 8182 0001 0000 0000 0001
		03 'www' 07 'example' 03 'com' 00 0001 0001
		00 0029 04d0 00 00 8000 000b 000f 0007 0016 'stale'`,
	"signed update": `1234 2800 0001 0000 0001 0001
		07 'example' 03 'com' 00 0006 0001
		c00c 0001 00ff 00000000 0000 ; delete
		03 'key' 00 00fa 00ff 00000000 002f
		09 'hmac-sha1' 00 000065000000 012c 0014 20*5a 1234 0000 0000`,
	"mixed RDATA": `1234 8580 0001 0005 0000 0000
		03 'www' 07 'example' 03 'com' 00 00ff 0001
		c00c 000f 0001 0000003c 0009 000a 04 'mail' c010
		c00c 0010 0001 0000003c 0008 03 'abc' 03 'def'
		c00c 0021 0001 0000003c 000d 0001 0002 0035 03 'srv' 01 'x' 00
		c00c 002f 0001 0000003c 000b 01 'b' 00 00 06 400000000003
		c00c 0041 0001 0000003c 0010 0001 00 0001 0003 02 'h2' 0003 0002 01bb`,
}
