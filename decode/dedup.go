package decode

// Two captures of one packet lie at most this far apart (ns), and no more than recentPackets packets of the shard.
const (
	sameWithin    = 1e6
	recentPackets = 256
)

// recent remembers the last packets of a shard by the hash of what makes them the same IP packet.
type recent struct {
	hash [recentPackets]uint64
	time [recentPackets]int64
	next uint8
}

// seen says whether a packet with that hash came within the last millisecond, and remembers it.
func (r *recent) seen(hash uint64, now int64) bool {
	dup := false
	for i := range recentPackets {
		at := r.next - 1 - uint8(i)
		if age := now - r.time[at]; age > sameWithin || age < -sameWithin {
			break
		}
		if r.hash[at] == hash {
			dup = true
			break
		}
	}
	r.hash[r.next], r.time[r.next] = hash, now
	r.next++
	return dup
}
