package decode

// Two captures of one packet lie at most this far apart (ns), and no more than recentPackets packets of the shard.
const (
	sameWithin    = 1e6
	recentPackets = 256
)

// recent remembers the last packets of a shard by the hash of what makes them the same IP packet. Packets whose hashes end alike are chained,
// the youngest first; while times are in order, a chain is followed for the last millisecond, which is hardly ever as far as its first packet. So that a time
// is all that has to be looked at, links have it. What else is in a chain differs from run to run, and may not matter.
type recent struct {
	chain    [recentPackets]link // by the last byte of the hash
	ring     [recentPackets]past // by number
	n        uint32              // packets so far; the first has number 1
	latest   int64               // time so far
	disorder uint32              // for how many packets more one is remembered that was earlier than the latest
}

type past struct {
	hash uint64
	next link // of the chain
}

type link struct {
	time   int64
	number uint32
}

// seen says whether a packet with that hash came within the last millisecond, and remembers it.
func (r *recent) seen(hash uint64, now int64) bool {
	first, dup := &r.chain[hash%recentPackets], false
	if now < r.latest {
		r.disorder = recentPackets + 1
	}
	r.latest = max(r.latest, now)
	ordered := r.disorder == 0 // behind a packet that is too old are older ones only
	for at := *first; (at.near(now) || !ordered) && r.n-at.number < recentPackets && at.number != 0; {
		p := &r.ring[at.number%recentPackets]
		if p.hash == hash && at.near(now) {
			dup = true
			break
		}
		at = p.next
	}
	if !ordered {
		r.disorder--
	}
	r.n++
	r.ring[r.n%recentPackets] = past{hash, *first}
	*first = link{now, r.n}
	return dup
}

func (l link) near(now int64) bool {
	age := now - l.time
	return age <= sameWithin && age >= -sameWithin
}
