package analyze

// directCodes is how many codes a counter counts by index: RCODEs, types and options in use lie below.
const directCodes = 260

// counter counts 16-bit codes. It is exact for all of them: 4 KiB, and 2 KiB for each 256 codes of which one above directCodes is there, so at
// most 516 KiB.
type counter struct {
	direct [directCodes]uint64
	pages  [256]*[256]uint64 // by the upper octet
}

func (c *counter) inc(code uint16) {
	if code < directCodes {
		c.direct[code]++
		return
	}
	c.add(code, 1)
}

func (c *counter) add(code uint16, n uint64) {
	if code < directCodes {
		c.direct[code] += n
		return
	}
	p := &c.pages[code>>8]
	if *p == nil {
		*p = new([256]uint64)
	}
	(*p)[code&0xff] += n
}

// reset makes the counter empty; its room stays.
func (c *counter) reset() {
	clear(c.direct[:])
	for _, p := range c.pages {
		if p != nil {
			clear(p[:])
		}
	}
}

func (c *counter) merge(o *counter) {
	for code, n := range o.all {
		c.add(code, n)
	}
}

// all yields the counts that are not zero, by code.
func (c *counter) all(yield func(uint16, uint64) bool) {
	for i, n := range c.direct {
		if n > 0 && !yield(uint16(i), n) {
			return
		}
	}
	for i, p := range c.pages {
		if p == nil {
			continue
		}
		for j, n := range p {
			if n > 0 && !yield(uint16(i<<8|j), n) {
				return
			}
		}
	}
}

// named returns the counts that are not zero, by name. Codes of one name are added up.
func (c *counter) named(name func(uint16) string) map[string]uint64 {
	m := make(map[string]uint64)
	for code, n := range c.all {
		m[name(code)] += n
	}
	return m
}
