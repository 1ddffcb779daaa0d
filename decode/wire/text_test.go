package wire

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

func TestAppendName(t *testing.T) {
	tests := []struct{ name, wire, want, lower string }{
		{"root", "00", ".", "."},
		{"empty", "", ".", "."},
		{"plain", "03 'WwW' 07 'example' 00", "WwW.example.", "www.example."},
		{"dot_and_backslash", "03 612e62 03 635c64 00", `a\.b.c\\d.`, `a\.b.c\\d.`},
		{"escape_sequence", "04 1b5b326a 00", `\027[2j.`, `\027[2j.`},
		{"space_del_high", "03 207fff 00", `\032\127\255.`, `\032\127\255.`},
		{"upper_high_bytes", "03 c1da5b 00", `\193\218[.`, `\193\218[.`},
		{"label_past_end", "05 'ab'", "ab.", "ab."},
		{"pointer", "01 'a' c00c", "a.", "a."},
		{"no_root", "01 'a'", "a.", "a."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			wire := unhex(t, tt.wire)
			if got := string(AppendName([]byte("x"), wire)); got != "x"+tt.want {
				t.Errorf("AppendName = %q, want %q", got, "x"+tt.want)
			}
			if got := string(AppendLowerName(nil, wire)); got != tt.lower {
				t.Errorf("AppendLowerName = %q, want %q", got, tt.lower)
			}
		})
	}
}

func TestLabels(t *testing.T) {
	for wire, want := range map[string]int{"": 0, "00": 0, "01 'a' 00": 1, "01 'a' 02 'bc' 00": 2, "7f": 1} {
		if got := Labels(unhex(t, wire)); got != want {
			t.Errorf("Labels(%q) = %d, want %d", wire, got, want)
		}
	}
}

func TestAppendWireName(t *testing.T) {
	m := parse(t, unhex(t, realMessages["response with CNAME chain"]))
	for off, want := range map[int]string{12: "www.example.com.", 16: "example.com.", 33: "www.example.com.", 45: "web.example.com.", 51: "web.example.com."} {
		got, ok := m.AppendWireName(nil, off)
		if text := string(AppendName(nil, got)); !ok || text != want {
			t.Errorf("name at %d = %q, %v, want %q", off, text, ok, want)
		}
	}
	for _, off := range []int{-1, 1 << 20, len(m.Data), len(m.Data) - 2} {
		if got, ok := m.AppendWireName([]byte("x"), off); off != len(m.Data)-2 && (ok || string(got) != "x") {
			t.Errorf("name at %d = %q, %v", off, got, ok)
		}
	}
	if got, ok := parse(t, unhex(t, plainQuery+"c021")).AppendWireName(nil, 33); ok {
		t.Errorf("a pointer to itself gives %q", got)
	}
}

// foldSlow is the plain statement of what fold does to eight bytes.
func foldSlow(b []byte) []byte {
	out := bytes.Clone(b)
	for i, c := range out {
		if 'A' <= c && c <= 'Z' {
			out[i] = c + 'a' - 'A'
		}
	}
	return out
}

// randomName returns a valid wire name with bytes of any value.
func randomName(r *rand.Rand) []byte {
	var name []byte
	for range r.IntN(6) {
		n := 1 + r.IntN(20)
		name = append(name, byte(n))
		for range n {
			name = append(name, byte(r.Uint32()))
		}
	}
	return append(name, 0)
}

// swapCase flips the case of random letters within labels.
func swapCase(r *rand.Rand, name []byte) []byte {
	out := bytes.Clone(name)
	for off := 0; out[off] != 0; off += int(out[off]) + 1 {
		for i := off + 1; i <= off+int(out[off]); i++ {
			if c := out[i] | 0x20; c >= 'a' && c <= 'z' && r.IntN(2) == 0 {
				out[i] ^= 0x20
			}
		}
	}
	return out
}

func TestHashAndEqualIgnoreCase(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		a := randomName(r)
		b := swapCase(r, a)
		if !EqualFold(a, b) || HashName(7, a) != HashName(7, b) {
			t.Fatalf("%q and %q differ", a, b)
		}
		_, x := HashSpelling(7, a)
		_, y := HashSpelling(9, b)
		_, low := HashSpelling(7, foldSlow(a))
		if (x == y) != bytes.Equal(a, b) || (x == NoCapitals) != bytes.Equal(a, foldSlow(a)) || low != NoCapitals {
			t.Fatalf("spellings of %q and %q: %#x and %#x, of small letters %#x", a, b, x, y, low)
		}
		c := bytes.Clone(b)
		c[r.IntN(len(c))] ^= byte(1 << r.IntN(8))
		same := bytes.Equal(foldSlow(a), foldSlow(c))
		if EqualFold(a, c) != same || (HashName(7, a) == HashName(7, c)) != same {
			t.Fatalf("%q and %q: equal %v, want %v", a, c, EqualFold(a, c), same)
		}
		if low := AppendLowerName(nil, a); string(low) != string(AppendLowerName(nil, b)) || !strings.HasSuffix(string(low), ".") {
			t.Fatalf("%q and %q differ in lower case", a, b)
		}
	}
}

func TestEveryByteFolds(t *testing.T) {
	for c := range 256 {
		for n := 1; n < 40; n++ {
			a := bytes.Repeat([]byte{byte(c)}, n)
			low := foldSlow(a)
			if HashName(3, a) != HashName(3, low) || !EqualFold(a, low) {
				t.Fatalf("%d times %#x does not fold", n, c)
			}
		}
	}
}

// TestSpellingOfEachPair has names in which two letters are capitals, which must not cancel each other.
func TestSpellingOfEachPair(t *testing.T) {
	for n := 1; n < 70; n++ {
		seen := map[uint32]string{}
		for i := range n {
			for j := i; j < n; j++ {
				name := bytes.Repeat([]byte{'a'}, n)
				name[i], name[j] = 'A', 'A'
				_, s := HashSpelling(1, name)
				if other, dup := seen[s]; dup || s <= NoCapitals {
					t.Fatalf("%q: %#x as %q", name, s, other)
				}
				seen[s] = string(name)
			}
		}
	}
}

func TestHashSpreads(t *testing.T) {
	seen := map[uint64]string{}
	for i := range 200000 {
		name := []byte{6, byte('a' + i%26), byte('a' + i/26%26), byte('a' + i/676%26), byte('a' + i/17576), 'x', 'y', 3, 'c', 'o', 'm', 0}
		h := HashName(42, name)
		if other, dup := seen[h]; dup {
			t.Fatalf("%q and %q collide", name, other)
		}
		seen[h] = string(name)
	}
	if HashName(1, []byte{0}) == HashName(2, []byte{0}) {
		t.Error("the seed does not matter")
	}
	if HashName(1, nil) == HashName(1, []byte{0}) {
		t.Error("the length does not matter")
	}
}

// TestNamesReadBack has miekg/dns read what AppendName wrote.
func TestNamesReadBack(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 5000 {
		name := randomName(r)
		var buf [512]byte
		n, err := dns.PackDomainName(string(AppendName(nil, name)), buf[:], 0, nil, false)
		if err != nil || !bytes.Equal(buf[:n], name) {
			t.Fatalf("%q is read back as %q (%v)", name, buf[:n], err)
		}
	}
}
