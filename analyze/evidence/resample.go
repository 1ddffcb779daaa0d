package evidence

// Resample makes a collector take each transaction again, until there are many of a kind.
func (c *Collector) Resample() { clear(c.seen[:]) }
