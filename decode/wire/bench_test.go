package wire

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

func BenchmarkParse(b *testing.B) {
	for _, bm := range []struct{ name, data string }{
		{"query", plainQuery},
		{"query_opt", ednsQuery + "00 0029 04d0 00 00 8000 0000"},
		{"query_opt_cookie_ecs", realMessages["query with cookie and subnet"]},
		{"response_5_records", realMessages["response with CNAME chain"]},
		{"response_negative", realMessages["negative response"]},
		{"mixed_rdata", realMessages["mixed RDATA"]},
		{"malformed", queryHeader + "03 'www' c00c 0001 0001"},
	} {
		b.Run(bm.name, func(b *testing.B) {
			data := unhex(b, bm.data)
			var m Message
			b.ReportAllocs()
			for b.Loop() {
				m.Parse(data, false)
			}
		})
	}
}

// BenchmarkParseHostile has the slowest known messages of 64 KiB.
func BenchmarkParseHostile(b *testing.B) {
	tail := unhex(b, "c00e 000a 0001 00000000 0001 00")
	long := unhex(b, "1234 8180 0001 ffff 0000 0000 127*0161 00 0001 0001")
	for len(long) < 65000 {
		long = append(long, tail...)
	}
	signed := unhex(b, "1234 8180 0000 0000 0000 ffff 5900*0000fa0001ffffffff0000")
	rrset := unhex(b, "1234 8180 0001 0fff 0000 0000"+wwwQuestion+"c00c 0001 0001 0000003d 0004 c0000201 4094*c00c000100010000003c0004c0000202")
	update := unhex(b, "1234 2800 0001 0000 06ff 0000"+zoneQuestion+"1791*026161026262c00c00010001000000000000")
	options := unhex(b, ednsQuery+"00 0029 04d0 00 00 8000 ff00 13056*fde90001ff")
	for name, data := range map[string][]byte{"long_owners": long, "many_tsig": signed, "rrset": rrset, "update": update, "options": options} {
		b.Run(name, func(b *testing.B) {
			var m Message
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				m.Parse(data, false)
			}
		})
	}
}

func BenchmarkHashName(b *testing.B) {
	for name, wire := range map[string]string{"17": "03 'www' 07 'example' 03 'com' 00", "30": "03 'www' 0a 'subdomain1' 09 'example12' 03 'com' 00"} {
		b.Run(name, func(b *testing.B) {
			data := unhex(b, wire)
			b.ReportAllocs()
			for b.Loop() {
				sink += HashName(1, data)
			}
		})
	}
}

// BenchmarkHashNamesOfAnyLength has names whose lengths are hard to foretell, as those of a capture are.
func BenchmarkHashNamesOfAnyLength(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	names := make([][]byte, 4096)
	for i := range names {
		names[i] = append(bytes.Repeat([]byte{'a'}, 8+r.IntN(32)), 0)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		h, s := HashSpelling(1, names[i%len(names)])
		sink += h + uint64(s)
	}
}

var sink uint64

func BenchmarkEqualFold(b *testing.B) {
	x, y := unhex(b, "03 'www' 0a 'subdomain1' 09 'example12' 03 'com' 00"), unhex(b, "03 'WWW' 0a 'subdomain1' 09 'example12' 03 'com' 00")
	for b.Loop() {
		if !EqualFold(x, y) {
			b.Fatal("not equal")
		}
	}
}

func BenchmarkAppendLowerName(b *testing.B) {
	x := unhex(b, "03 'WWW' 0a 'subdomain1' 09 'example12' 03 'com' 00")
	dst := make([]byte, 0, 64)
	for b.Loop() {
		dst = AppendLowerName(dst[:0], x)
	}
}
