package decode

// Two captures of one packet lie at most this far apart (ns), and no more than recentPackets packets of the shard.
const (
	sameWithin    = 1e6
	recentPackets = 256
)

// recent remembers the last packets of a shard by the hash of what makes them the same IP packet. Packets whose hashes end alike are chained,
// the youngest first; a chain is followed for the last millisecond, which is hardly ever further than its first packet.
type recent struct {
	ring  [recentPackets]past
	chain [recentPackets]uint32 // by the last byte of the hash: the youngest packet's number
	n     uint32                // packets so far; the first has number 1
}

type past struct {
	hash uint64
	time int64
	next uint32 // number of the next older packet of the chain
}

// seen says whether a packet with that hash came within the last millisecond, and remembers it.
func (r *recent) seen(hash uint64, now int64) bool {
	slot := hash % recentPackets
	first, dup := r.chain[slot], false
	for at := first; r.n-at < recentPackets && at != 0; {
		p := &r.ring[at%recentPackets]
		if age := now - p.time; age > sameWithin || age < -sameWithin {
			break
		}
		if p.hash == hash {
			dup = true
			break
		}
		at = p.next
	}
	r.n++
	r.ring[r.n%recentPackets] = past{hash, now, first}
	r.chain[slot] = r.n
	return dup
}
