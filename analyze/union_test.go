package analyze

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestPrefixedYieldsEachRowOnce goes through tables whose last rows found their places taken and went to the first ones.
func TestPrefixedYieldsEachRowOnce(t *testing.T) {
	for seed := range uint64(50) {
		random := rand.New(rand.NewPCG(seed, 1))
		tab := newTable(1 << 10)
		want := 40 + random.IntN(50)
		for i := range want {
			hash := random.Uint64()
			if i%3 == 0 {
				hash |= 0xff << 56 // the end of the table is crowded
			}
			tab.row(hash, binary.BigEndian.AppendUint64(nil, hash))
		}
		for _, prefix := range []int{0, 1, 3, 7} {
			seen := map[uint64]int{}
			for i := range 1 << prefix {
				for r := range tab.prefixed(prefix, i) {
					if seen[r.hash]++; r.hash>>(64-prefix) != uint64(i) {
						t.Fatalf("part %d of %d bits has %x", i, prefix, r.hash)
					}
				}
			}
			if len(seen) != len(tab.rows) {
				t.Fatalf("seed %d, %d bits: %d rows of %d", seed, prefix, len(seen), len(tab.rows))
			}
			for h, n := range seen {
				if n != 1 {
					t.Errorf("seed %d, %d bits: row %x %d times", seed, prefix, h, n)
				}
			}
		}
	}
}

// TestUnionAddsRowsOfOneKey has tables of different sizes that share keys.
func TestUnionAddsRowsOfOneKey(t *testing.T) {
	var tables []*table
	for n := range uint64(3) {
		tab := newTable(1 << 16)
		for key := range (n + 1) * 10000 {
			count(tab, key, 1)
		}
		tables = append(tables, tab)
	}
	u := newUnion(tables)
	if u.prefix == 0 {
		t.Fatal("one part only")
	}
	k := u.rank(2, 5, nil)
	if k.rows != 30000 || k.queried != 30000 {
		t.Errorf("%d rows, %d with queries, want 30000", k.rows, k.queried)
	}
	for i, r := range k.best {
		if r.queries != 3 || binary.BigEndian.Uint64(r.key) != uint64(i) || r.hash != spread(uint64(i)) {
			t.Errorf("place %d: key %x with %d queries", i, r.key, r.queries)
		}
	}
}

func TestRanking(t *testing.T) {
	for _, most := range []int{0, 7, 9999} {
		k := ranking{most: most}
		var key [8]byte
		for n := range uint64(500) {
			binary.BigEndian.PutUint64(key[:], n)
			if c := (counts{queries: uint32(n % 100)}); k.offer(&c) {
				k.put(ranked{n, slices.Clone(key[:]), c})
			}
		}
		var got []uint64
		for _, r := range k.best {
			got = append(got, binary.BigEndian.Uint64(r.key))
		}
		if want := []uint64{99, 199, 299, 399, 499, 98, 198}; most == 7 && !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
		if len(got) != min(most, 500) || k.rows != 500 || k.queried != 495 {
			t.Errorf("%d of at most %d; %d rows, %d with queries", len(got), most, k.rows, k.queried)
		}
	}
}
