package diagnose

import "math"

// sure turns a number of like observations into confidence, up to most: three give four fifths of it, ten 19 of 20.
func sure(most float64, n uint64) float64 { return most * float64(n) / (float64(n) + 0.6) }

// contrast says how much a share of n of total is above that of a peer group: 0 if it is not, near 1 if the peers have next to none. The peers are
// given one observation for the benefit of the doubt.
func contrast(n, total, peerN, peerTotal uint64) float64 {
	if total == 0 || n == 0 {
		return 0
	}
	own := float64(n) / float64(total)
	peer := (float64(peerN) + 0.5) / (float64(peerTotal) + 10)
	return math.Max(0, 1-peer/own)
}
