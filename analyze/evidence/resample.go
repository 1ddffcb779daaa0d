package evidence

// resampled is how many of a class are all taken after [Collector.Resample].
const resampled = 1 << 8

// Resample makes a collector take the next 256 transactions of each class all, whatever has been before.
func (c *Collector) Resample() {
	for class := range c.samples {
		if most := allOf(class) - resampled; c.samples[class].taken > most {
			c.samples[class] = sample{taken: most}
		}
	}
}
