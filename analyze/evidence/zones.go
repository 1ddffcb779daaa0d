package evidence

// zones keeps the text of zones by hash. A zone beyond the limit has no name in the facts.
type zones struct {
	text  map[uint64]string
	limit int
}

func newZones(limit int) zones { return zones{text: make(map[uint64]string), limit: limit} }

func (z *zones) add(hash uint64, name []byte) {
	if len(z.text) >= z.limit {
		return
	}
	if _, ok := z.text[hash]; !ok {
		z.text[hash] = string(name)
	}
}

// merge adds the zones of rows: in their order, so that those which find no room are the same in each run.
func (z *zones) merge(o *zones, rows *rows) {
	for i := range rows.keys {
		h := rows.keys[i].zone
		name, ok := o.text[h]
		if _, have := z.text[h]; ok && !have && len(z.text) < z.limit {
			z.text[h] = name
		}
	}
}

func (z *zones) reset() { clear(z.text) }
