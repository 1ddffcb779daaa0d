package lookup

// Take returns what became of the lookups that were settled since the last Take, and begins to count anew. Pending is left to Counts.
func (t *Tracker) Take() Counts {
	c := t.counts
	t.counts = Counts{}
	return c
}
