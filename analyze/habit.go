package analyze

import (
	"encoding/binary"

	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/decode/packet"
	"github.com/dnssniff/dnssniff/decode/wire"
)

// The entries of the catalogue that the habits of a client or a server show.
var (
	idsPredictable   = anomaly.Make('H', 19)
	portsPredictable = anomaly.Make('P', 12)
	idFlood          = anomaly.Make('P', 7)
	retryStorm       = anomaly.Make('Q', 13)
	cookieStopped    = anomaly.Make('O', 18)
	hopLimitOutlier  = anomaly.Make('X', 17)
	errorLoop        = anomaly.Make('X', 18)
	nxdomainFlip     = anomaly.Make('S', 3)
	deniedParent     = anomaly.Make('S', 4)
	refusedBurst     = anomaly.Make('S', 10)
	llmnr            = anomaly.Make('M', 2)
	tunnel           = anomaly.Make('M', 6)
)

// Bounds on what is remembered of habits: 6 KiB of clients, 8 KiB of questions, 1 KiB of bursts and 8 KiB of parents per summary. Who comes to another's place takes it, so that
// in a crowd the busy ones stay.
const (
	habitClients   = 1 << 8
	habitRough     = 1 << 11
	habitQuestions = 1 << 8
	habitBursts    = 1 << 6
	habitParents   = 1 << 10
)

// habitQueries is how many queries of a client are looked at before a word is said, and habitShare how many of ten have to follow a pattern.
const (
	habitQueries = 64
	habitShare   = 9
)

// What is too often within a second: one question of one client, responses that a client's port has not asked for, error responses between two servers'
// ports, and refusals of one server.
const (
	stormRate   = 20
	floodRate   = 16
	loopRate    = 4
	refusalRate = 20
)

// habits watches how clients choose IDs and ports, and how often they ask the same.
type habits struct {
	clients   [habitClients]habit
	rough     [habitRough]rough
	questions [habitQuestions]asked
	bursts    [habitBursts]asked
	parents   [habitParents]uint64 // hashes of a server and a name below which it has a name
}

// habit is how a client chooses what should be random (RFC 5452 section 9.2).
type habit struct {
	client           uint64 // hash
	name             uint32 // of the last question
	id, port         uint16 // last
	n                uint8  // queries, up to habitQueries, as are the others
	constant, rising uint8  // IDs equal to the one before, or one higher
	onePort, inOrder uint8  // ports likewise
	told             bool
}

// asked counts what has one hash within a second, such as one question of one client.
type asked struct {
	hash   uint64
	second uint32
	n      uint32
}

// rough counts, in two bytes, the questions of one hash within a second: exact counting begins where it is half of too much.
type rough struct{ second, n uint8 }

// count counts one more, and returns how many there were within the second.
func (a *asked) count(hash uint64, now int64) uint32 {
	if second := uint32(now / 1e9); a.hash != hash || a.second != second {
		*a = asked{hash, second, 0}
	}
	a.n++
	return a.n
}

// The upper bits of the flags of a client's row count the queries that are passed over after each look that found nothing.
const (
	pauseStep = 2 // bit 0 is offends
	pauseBits = 0xff &^ offends
)

// query looks at a query over UDP and returns the anomalies that are now sure, each told once: of the client, and of the second.
func (h *habits) query(m *decode.Message, r *row, found []anomaly.ID) []anomaly.ID {
	if h.storm(m) {
		found = append(found, retryStorm)
	}
	if r.flags&pauseBits != 0 {
		r.flags -= pauseStep
		return found
	}
	c := &h.clients[placeOf(&m.Client)>>54%habitClients]
	if c.client != m.ClientHash || c.n == 0 && !c.told {
		*c = habit{n: 1, client: m.ClientHash, name: uint32(m.NameHash), id: m.ID, port: m.ClientPort}
		return found
	}
	if c.id == m.ID && c.port == m.ClientPort && c.name == uint32(m.NameHash) || c.told {
		return found // a retransmission
	}
	if c.observe(m); c.n < habitQueries {
		return found
	}
	if 10*int(max(c.constant, c.rising)) >= habitShare*habitQueries {
		found = append(found, idsPredictable)
		c.told = true
	}
	if 10*int(max(c.onePort, c.inOrder)) >= habitShare*habitQueries {
		found = append(found, portsPredictable)
		c.told = true
	}
	*c = habit{told: c.told, client: c.client}
	r.flags |= pauseBits
	return found
}

func (c *habit) observe(m *decode.Message) {
	c.n++
	c.constant += uint8(bit(m.ID == c.id))
	c.rising += uint8(bit(m.ID == c.id+1))
	c.onePort += uint8(bit(m.ClientPort == c.port))
	c.inOrder += uint8(bit(m.ClientPort == c.port+1))
	c.id, c.port, c.name = m.ID, m.ClientPort, uint32(m.NameHash)
}

// placeOf and placeOfName say where in these tables something goes. They have no seed: who takes whose place is the same in each run.
func placeOf(a *packet.Addr) uint64 { return decode.HashAddr(0, a) }

func placeOfName(name []byte) uint64 {
	var first [8]byte
	copy(first[:], name)
	const lower = 0x2020202020202020
	return (binary.LittleEndian.Uint64(first[:])|lower)*spreading ^ uint64(len(name))*spreading<<7
}

// spreading is an odd constant that spreads what it multiplies over the upper bits.
const spreading = 0x9e3779b97f4a7c15

// storm says that this is the query with which a client has asked a question too often within the second.
func (h *habits) storm(m *decode.Message) bool {
	place := (placeOf(&m.Client) ^ placeOfName(m.Question.Name) ^ uint64(m.Question.Type)) * spreading
	n := &h.rough[place>>48%habitRough]
	if second := uint8(m.Time / 1e9); n.second != second {
		*n = rough{second: second}
	}
	if n.n++; n.n < stormRate/2 {
		return false
	}
	n.n = stormRate / 2 // not to wrap
	question := (m.ClientHash ^ m.NameHash*spreading ^ uint64(m.Question.Type)) * spreading
	return h.questions[place>>52%habitQuestions].count(question, m.Time) == stormRate-stormRate/2+1
}

// flood says that this is the response with which a client's port has had too many within the second that nobody had asked for.
func (h *habits) flood(m *decode.Message) bool {
	place := (placeOf(&m.Client) ^ uint64(m.ClientPort)) * spreading
	return h.bursts[place>>56%habitBursts].count((m.ClientHash^uint64(m.ClientPort))*spreading, m.Time) == floodRate
}

// refusals says that this is the REFUSED with which a server has given too many within the second. Each shard counts those to its clients: of a burst over
// many clients it takes up to [decode.Shards] times as many.
func (h *habits) refusals(m *decode.Message) bool {
	return h.bursts[placeOf(&m.Server)>>56%habitBursts].count(^m.ServerHash, m.Time) == refusalRate
}

// loop says that this is the error response with which two servers have exchanged too many within the second, each taking the other's for a query.
func (h *habits) loop(m *decode.Message) bool {
	place := placeOf(&m.Client) ^ placeOf(&m.Server)
	return h.bursts[place>>56%habitBursts].count((m.ClientHash^m.ServerHash)*spreading, m.Time) == loopRate
}

// Bits of a server's row.
const sendsCookies = 1

// Hop limits of a server's responses differ by this much on one path, and after so many others in a row the path is another.
const (
	hopSlack  = 2
	hopChange = 8
)

// hop looks at the hop limit of a server's response and says whether it is an outlier.
func (r *row) hop(limit uint8) bool {
	switch d := int(limit) - int(r.more); {
	case limit == 0:
		return false
	case r.more == 0:
		r.more = limit
		return false
	case d >= -hopSlack && d <= hopSlack:
		r.hopOdd = 0
		return false
	}
	if r.hopOdd++; r.hopOdd == hopChange {
		r.more, r.hopOdd = limit, 0
	}
	return true
}

// Bits of a name's row: for which types it was seen to exist, and for which not, at the server whose tag is in the row's hopOdd.
const (
	existsForA = 1 << iota
	existsForAAAA
	existsForOther
	deniedForA
	deniedForAAAA
	deniedForOther
	flipTold
)

const (
	existsBits = existsForA | existsForAAAA | existsForOther
	deniedBits = existsBits << 3
)

// existsFor is the bit of a name's row for what a response says: that it exists for a type, or for none (NXDOMAIN).
func existsFor(typ, rcode uint16) uint8 {
	bit := uint8(existsForOther)
	switch typ {
	case qtypeA:
		bit = existsForA
	case qtypeAAAA:
		bit = existsForAAAA
	}
	if rcode != 0 {
		bit <<= 3
	}
	return bit
}

// flip says whether it is now known that a name exists for a type, and for none by NXDOMAIN, which cannot be (RFC 8020). A name that comes or goes shows
// both for one type.
func (r *row) flip() bool {
	exists, denied := r.flags&existsBits, r.flags&deniedBits>>3
	if exists == 0 || denied == 0 || exists&denied != 0 || r.flags&flipTold != 0 {
		return false
	}
	r.flags |= flipTold
	return true
}

// tagOf tells servers apart in a byte that is not 0; 1 in 255 is taken for another. It has no seed, as placeOf.
func tagOf(server *packet.Addr) uint8 { return uint8(max(placeOf(server)>>56, 1)) }

// Bits of a name's row that tell what is odd about the name: for all questions, for those of addresses, and for those of names (PTR).
const (
	oddAlways = 1 << iota
	oddForAddress
	oddForPTR
	oddTunnel
)

var (
	oddOctets = anomaly.Make('N', 15)
	localName = anomaly.Make('N', 16)
)

// arpa ends the names of addresses (RFC 3172).
const arpa = "\x04arpa\x00"

// Types of questions (IANA).
const (
	qtypeA    = 1
	qtypePTR  = 12
	qtypeAAAA = 28
)

// oddities returns what is odd about a name. It is asked once for each row.
func oddities(name []byte) (bits uint8) {
	if _, odd := wire.OddOctet(name); odd {
		bits |= oddAlways
	}
	if wire.MisdirectedName(name, qtypeA) {
		bits |= oddForAddress
	}
	if n := len(name) - len(arpa); n > 0 && wire.EqualFold(name[n:], []byte(arpa)) && wire.MisdirectedName(name, qtypePTR) {
		bits |= oddForPTR
	}
	if wire.TunnelName(name) {
		bits |= oddTunnel
	}
	return bits
}

// below notes that a server has a name, and says whether it has denied a name right above it, or one more (RFC 8020). It is asked once for each row.
func (s *Summary) below(m *decode.Message, tag uint8) bool {
	rest, denied := m.Question.Name, false
	for range 2 {
		if wire.Labels(rest) < 3 {
			break
		}
		rest = rest[1+int(rest[0]):]
		hash := wire.HashName(s.seed, rest)
		s.habits.parents[placeOfName(rest)>>52%habitParents] = hash ^ m.ServerHash
		if r := s.names.find(hash); r != nil && r.hopOdd == tag && r.flags&deniedBits != 0 && r.flags&existsBits == 0 {
			denied = true
		}
	}
	return denied
}

// deniedAbove says that a server denied a name below which it has one.
func (h *habits) deniedAbove(m *decode.Message) bool {
	return h.parents[placeOfName(m.Question.Name)>>52%habitParents] == m.NameHash^m.ServerHash
}

// existence takes what a response says of its name's existence. It listens to the server that it first heard of the name: another one may have other
// data, as the inside and the outside of a network.
func (s *Summary) existence(r *row, m *decode.Message, rcode uint16) {
	fresh := existsFor(m.Question.Type, rcode) &^ r.flags
	if fresh == 0 {
		return
	}
	tag := tagOf(&m.Server)
	if r.hopOdd == 0 {
		r.hopOdd = tag
	}
	if r.hopOdd != tag {
		return
	}
	before := r.flags
	r.flags |= fresh
	if r.flip() {
		s.anomaly.inc(uint16(nxdomainFlip))
		s.evidence.NameHabit(nxdomainFlip, m)
	}
	switch {
	case fresh&existsBits != 0 && before&existsBits == 0 && s.below(m, tag),
		fresh&deniedBits != 0 && before&deniedBits == 0 && s.habits.deniedAbove(m):
		s.anomaly.inc(uint16(deniedParent))
	}
}

// oddName counts a question for a name that is odd. A resolver that asks for one label more at a time (RFC 9156) does not want recursion.
func (s *Summary) oddName(bits uint8, m *decode.Message) {
	typ := m.Question.Type
	if bits&oddAlways != 0 {
		s.anomaly.inc(uint16(oddOctets))
	}
	if bits&oddTunnel != 0 {
		s.anomaly.inc(uint16(tunnel))
	}
	if m.Flags&wire.FlagRD == 0 {
		return
	}
	if bits&oddForAddress != 0 && (typ == qtypeA || typ == qtypeAAAA) || bits&oddForPTR != 0 && typ == qtypePTR {
		s.anomaly.inc(uint16(localName))
	}
}
