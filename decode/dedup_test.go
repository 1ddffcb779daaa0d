package decode

import (
	"math/rand/v2"
	"testing"
)

// TestSeenWhateverTheSeed compares the chains with a look at all packets that can be remembered: which packets share a chain depends on the seed of the
// hashes, and what is counted may not. Times are in order, jitter, or jump.
func TestSeenWhateverTheSeed(t *testing.T) {
	times := map[string]func(last int64) int64{
		"in_order":           func(last int64) int64 { return last + rand.Int64N(sameWithin/8) },
		"all_at_once":        func(last int64) int64 { return last },
		"two_capture_queues": func(last int64) int64 { return last + rand.Int64N(sameWithin*2) - sameWithin*9/10 },
		"clock_set_back": func(last int64) int64 {
			if rand.IntN(300) == 0 {
				return last - 3600e9
			}
			return last + rand.Int64N(sameWithin/8)
		},
		"one_from_the_future": func(last int64) int64 {
			if rand.IntN(200) == 0 {
				return last + 3600e9
			}
			if last > 3600e9 {
				return last%3600e9 + 1
			}
			return last + rand.Int64N(sameWithin/8)
		},
	}
	for name, next := range times {
		t.Run(name, func(t *testing.T) {
			type packet struct {
				hash uint64
				time int64
			}
			var r recent
			var all []packet
			now, dups := int64(1e9), 0
			for i := range 20_000 {
				now = next(now)
				p := packet{rand.Uint64N(400) * 0x9e3779b97f4a7c15, now} // 400 packets over and over: some share a chain
				want := false
				for _, q := range all[max(0, len(all)-recentPackets):] {
					age := now - q.time
					want = want || q.hash == p.hash && age <= sameWithin && age >= -sameWithin
				}
				if got := r.seen(p.hash, p.time); got != want {
					t.Fatalf("packet %d: %v, want %v", i, got, want)
				}
				if want {
					dups++
				}
				all = append(all, p)
			}
			if dups == 0 || dups == len(all) {
				t.Fatalf("%d of %d", dups, len(all))
			}
		})
	}
}
