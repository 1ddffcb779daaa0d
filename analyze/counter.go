package analyze

// directCodes is how many codes a counter counts by index: RCODEs, types and options in use lie below.
const directCodes = 260

// counter counts 16-bit codes. It is exact for all of them and at most 4 MiB large.
type counter struct {
	direct [directCodes]uint64
	others map[uint16]uint64
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
	if c.others == nil {
		c.others = make(map[uint16]uint64)
	}
	c.others[code] += n
}

func (c *counter) merge(o *counter) {
	for i, n := range o.direct {
		c.direct[i] += n
	}
	for code, n := range o.others {
		c.add(code, n)
	}
}

// named returns the counts that are not zero, by name. Codes of one name are added up.
func (c *counter) named(name func(uint16) string) map[string]uint64 {
	m := make(map[string]uint64)
	for i, n := range c.direct {
		if n > 0 {
			m[name(uint16(i))] += n
		}
	}
	for code, n := range c.others {
		m[name(code)] += n
	}
	return m
}
