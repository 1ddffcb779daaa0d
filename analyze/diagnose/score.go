package diagnose

import "math"

// sure turns a number of like observations into confidence, up to most: three give four fifths of it, ten 19 of 20.
func sure(most float64, n uint64) float64 { return most * float64(n) / (float64(n) + 0.6) }

// byChance says how likely n of total are, or which ones, if each is as likely as among the peers: where many are compared with each other some stand out by
// chance. The peers are given one observation for the benefit of the doubt.
func byChance(n, total, peerN, peerTotal uint64) float64 {
	p := (float64(peerN) + 0.5) / (float64(peerTotal) + 10)
	ways, _ := math.Lgamma(float64(total) + 1)
	for _, k := range []uint64{n, total - min(n, total)} {
		of, _ := math.Lgamma(float64(k) + 1)
		ways -= of
	}
	return math.Min(1, math.Exp(ways+float64(n)*math.Log(p)))
}

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

// beyond says that n of total are more than chance makes of the peers' share: among hundreds of networks some have twice as many as the rest. seen is how
// many of the n were looked at.
func beyond(seen, n, total, peerN, peerTotal uint64) bool {
	expected := float64(total) * (float64(peerN) + 0.5) / (float64(peerTotal) + 10) * float64(seen) / float64(max(n, 1))
	return float64(seen) > expected+4*math.Sqrt(expected)+1
}
