package evidence

// zones keeps the text of zones by hash, at most maxZones of them. A zone beyond has no name in the facts.
type zones map[uint64]string

func newZones() zones { return make(zones) }

func (z zones) add(hash uint64, name []byte) {
	if _, ok := z[hash]; !ok && len(z) < maxZones {
		z[hash] = string(name)
	}
}

func (z zones) merge(o *zones) {
	for h, name := range *o {
		if _, ok := z[h]; !ok && len(z) < 8*maxZones {
			z[h] = name
		}
	}
}

func (z zones) reset() { clear(z) }
