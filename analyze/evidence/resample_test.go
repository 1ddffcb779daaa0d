package evidence

import "testing"

// TestResample has a class of which there is plenty: of what comes after, the first are all taken, and the weights still add up.
func TestResample(t *testing.T) {
	c := New(1, 1<<10, nil)
	const many = 10 * exact
	for range many {
		c.weight(classOdd)
	}
	c.Resample()
	sum := uint32(0)
	for i := range resampled + 4*period {
		w := c.weight(classOdd)
		if sum += w; i < resampled && w != 1 {
			t.Fatalf("the transaction number %d weighs %d", i, w)
		}
	}
	if want := uint32(resampled + 4*period); sum < want || sum > want+want/8 {
		t.Errorf("%d transactions weigh %d", want, sum)
	}
	c = New(1, 1<<10, nil)
	c.Resample()
	if c.weight(classOdd) != 1 || c.samples[classOdd].taken != 1 {
		t.Error("what is new is counted anew")
	}
}

// TestWeights adds up what transactions of a class stand for: it is near their number whenever one stops, and in the long run exact.
func TestWeights(t *testing.T) {
	c := New(1, 1<<10, nil)
	sum, taken := uint32(0), 0
	for n := range uint32(300 * period) {
		w := c.weight(classOdd)
		if sum += w; w > 0 {
			taken++
		}
		if sum < n+1 || sum > (n+1)+(n+1)/8 {
			t.Fatalf("%d transactions weigh %d", n+1, sum)
		}
	}
	if most := exact + alike*block*doubled + 300*block; taken > most {
		t.Errorf("%d were taken, want %d at most", taken, most)
	}
}
