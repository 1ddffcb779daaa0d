package diagnose

import (
	"net/netip"
	"strings"

	"github.com/dnssniff/dnssniff/analyze/evidence"
	"github.com/dnssniff/dnssniff/decode/packet"
)

// row is a row of evidence that a finding may have explained.
type row struct {
	*evidence.Row
	claimed bool
	back    bool // the client is a resolver that asks for others
}

// caseFile is what rules look at.
type caseFile struct {
	Input
	rows     map[evidence.Symptom][]*row
	byServer map[packet.Addr][]*row
	byClient map[packet.Addr][]*row
	all      []*row
	// asking and serving are what each address does.
	asking  map[packet.Addr]*role
	serving map[packet.Addr]*role

	seenFrom Vantage
}

// role sums up how an address asks, or answers.
type role struct {
	total, rd, ra, aa uint64
}

func newCase(in Input) *caseFile {
	c := &caseFile{Input: in, rows: make(map[evidence.Symptom][]*row), byServer: make(map[packet.Addr][]*row), byClient: make(map[packet.Addr][]*row),
		asking: make(map[packet.Addr]*role), serving: make(map[packet.Addr]*role)}
	list := make([]row, len(in.Facts.Rows))
	for i := range in.Facts.Rows {
		r := &list[i]
		r.Row = &in.Facts.Rows[i]
		c.all = append(c.all, r)
		c.rows[r.Symptom] = append(c.rows[r.Symptom], r)
		c.byServer[r.Server] = append(c.byServer[r.Server], r)
		c.byClient[r.Client] = append(c.byClient[r.Client], r)
		c.learn(r)
	}
	for _, r := range c.all {
		r.back = c.back(r.Client)
	}
	c.seenFrom = c.vantage()
	return c
}

// learn notes what a row says about its client's and its server's roles.
func (c *caseFile) learn(r *row) {
	if r.Kind != evidence.Query {
		return
	}
	if _, ok := r.Symptom.IsRCODE(); !ok && r.Symptom != evidence.Unanswered {
		return
	}
	for i, x := range []*role{roleOf(c.asking, r.Client), roleOf(c.serving, r.Server)} {
		if i == 0 || r.Symptom != evidence.Unanswered { // silence does not tell what a server is
			x.total += r.Count
		}
		x.rd += uint64(r.RD)
		x.ra += uint64(r.RA)
		x.aa += uint64(r.AA)
	}
}

func roleOf(m map[packet.Addr]*role, a packet.Addr) *role {
	x := m[a]
	if x == nil {
		x = new(role)
		m[a] = x
	}
	return x
}

// back says that an address asks for others: most of its queries do not desire recursion (RFC 1034 section 5.3.3), or it offers recursion itself.
func (c *caseFile) back(client packet.Addr) bool {
	if x := c.asking[client]; x == nil || client == (packet.Addr{}) {
		return false
	} else if x.total > 0 && x.rd*2 < x.total {
		return true
	}
	x := c.serving[client]
	return x != nil && x.ra > 0
}

// resolver says that an address answers for others.
func (c *caseFile) resolver(server packet.Addr) bool {
	x := c.serving[server]
	return x != nil && x.ra*2 > x.total
}

// Vantage says where a capture was made, as far as the roles of its addresses tell.
type Vantage string

// The vantages.
const (
	Unknown       Vantage = ""
	Stub          Vantage = "stub"          // one client's own traffic
	Clients       Vantage = "clients"       // of a resolver, whose upstream side is elsewhere
	Recursive     Vantage = "recursive"     // a resolver, both sides
	Upstream      Vantage = "upstream"      // a resolver, its upstream side only
	Forwarder     Vantage = "forwarder"     // a resolver that asks another one
	Authoritative Vantage = "authoritative" // a name server
	Mixed         Vantage = "mixed"
)

// vantage infers where the capture was made.
func (c *caseFile) vantage() Vantage {
	var fronts, backs, forwarding, servers int
	for a, x := range c.asking {
		switch {
		case a == packet.Addr{}:
		case !c.back(a):
			fronts++
		case x.rd*2 > x.total:
			forwarding++
		default:
			backs++
		}
	}
	recursive := false
	for a := range c.serving {
		servers++
		recursive = recursive || c.resolver(a)
	}
	switch {
	case fronts > 0 && recursive && forwarding > backs:
		return Forwarder
	case fronts > 0 && recursive && backs > 0:
		return Recursive
	case recursive && fronts == 1 && backs == 0:
		return Stub
	case recursive && fronts > 0:
		return Clients
	case backs > 0 && servers > 2*(fronts+backs):
		return Upstream
	case fronts+backs > 0 && servers <= fronts+backs:
		return Authoritative
	case fronts+backs > 0:
		return Mixed
	}
	return Unknown
}

// where narrows rows down. The zero value of a field means any.
type where struct {
	client, server packet.Addr
	subnet         netip.Prefix
	zone           string // or below it
	side           side
	kind           kinds
	also           func(*row) bool
}

// side is the side of a resolver on which a transaction is.
type side uint8

const (
	anySide side = iota
	front        // between clients and who answers them
	back         // between a resolver and the servers that it asks
)

// kinds are what sort of queries: those of opcode QUERY that are no transfers unless something else is said.
type kinds uint8

const (
	queries kinds = iota
	anyKind
	updates
	transfers
)

func (k kinds) has(x evidence.Kind) bool {
	switch k {
	case queries:
		return x == evidence.Query
	case updates:
		return x == evidence.Update
	case transfers:
		return x == evidence.Transfer
	}
	return true
}

func (w *where) has(r *row) bool {
	return (w.client == packet.Addr{} || w.client == r.Client) && (w.server == packet.Addr{} || w.server == r.Server) &&
		(w.zone == "" || within(r.Zone, w.zone)) && (w.side == anySide || (w.side == back) == r.back) && w.kind.has(r.Kind) &&
		(!w.subnet.IsValid() || w.subnet.Contains(r.Client.Netip())) && (w.also == nil || w.also(r))
}

// within says that a name is a zone's, or below it.
func within(name, zone string) bool {
	return zone == "." || strings.HasSuffix(name, zone) && (len(name) == len(zone) || name[len(name)-len(zone)-1] == '.')
}

// of yields the rows of symptoms, symptom by symptom.
func (c *caseFile) of(w where, symptoms ...evidence.Symptom) func(func(*row) bool) {
	return func(yield func(*row) bool) {
		for _, s := range symptoms {
			for _, r := range c.fewest(&w, s) {
				if r.Symptom == s && w.has(r) && !yield(r) {
					return
				}
			}
		}
	}
}

// fewest returns the shortest list that has all rows of a symptom that w may have.
func (c *caseFile) fewest(w *where, s evidence.Symptom) []*row {
	list := c.rows[s]
	if l := c.byServer[w.server]; w.server != (packet.Addr{}) && len(l) < len(list) {
		list = l
	}
	if l := c.byClient[w.client]; w.client != (packet.Addr{}) && len(l) < len(list) {
		list = l
	}
	return list
}

// each yields the rows of symptoms that no finding has explained.
func (c *caseFile) each(w where, symptoms ...evidence.Symptom) func(func(*row) bool) {
	return func(yield func(*row) bool) {
		for r := range c.of(w, symptoms...) {
			if !r.claimed && !yield(r) {
				return
			}
		}
	}
}

// total adds up the rows of symptoms, also those that a finding has explained.
func (c *caseFile) total(w where, symptoms ...evidence.Symptom) evidence.Tally {
	t := evidence.NewTally()
	for r := range c.of(w, symptoms...) {
		t.Merge(&r.Tally)
	}
	return t
}

// count is total, of numbers only.
func (c *caseFile) count(w where, symptoms ...evidence.Symptom) (n uint64) {
	for r := range c.of(w, symptoms...) {
		n += r.Count
	}
	return n
}

// countLeft is count, of what no finding has explained.
func (c *caseFile) countLeft(w where, symptoms ...evidence.Symptom) (n uint64) {
	for r := range c.each(w, symptoms...) {
		n += r.Count
	}
	return n
}

// fine adds up what was answered well: with NOERROR or NXDOMAIN.
func (c *caseFile) fine(w where) evidence.Tally {
	good := evidence.RCODE(0)
	if w.zone != "" { // rows of NOERROR have no zone
		good = evidence.ZoneFine
		w.client, w.subnet, w.side = packet.Addr{}, netip.Prefix{}, anySide
	}
	return c.total(w, good, evidence.RCODE(3))
}

// claim marks the rows of symptoms as explained, and adds up those that no other finding has.
func (c *caseFile) claim(w where, symptoms ...evidence.Symptom) evidence.Tally {
	t := evidence.NewTally()
	for r := range c.each(w, symptoms...) {
		r.claimed = true
		t.Merge(&r.Tally)
	}
	return t
}

// group is what rows with one key have together.
type group[K comparable] struct {
	key     K
	clients []packet.Addr
	zones   []string
	rows    []*row
	evidence.Tally
}

// groupBy adds up the rows of symptoms that no finding has explained by a key, in the order of the rows. Rows whose key has an address that is not known are
// left out: they are of many, put together for want of room, and nothing can be said of an address that nobody has.
func groupBy[K comparable](c *caseFile, w where, key func(*row) K, symptoms ...evidence.Symptom) []*group[K] {
	type pair struct {
		group  *group[K]
		client packet.Addr
		zone   string
	}
	var list []*group[K]
	index, seen := make(map[K]*group[K]), make(map[pair]bool)
	first := func(p pair) bool {
		known := seen[p]
		seen[p] = true
		return !known
	}
	for r := range c.each(w, symptoms...) {
		k := key(r)
		if ofMany(k) {
			continue
		}
		g := index[k]
		if g == nil {
			g = &group[K]{key: k, Tally: evidence.NewTally()}
			index[k] = g
			list = append(list, g)
		}
		g.Merge(&r.Tally)
		g.rows = append(g.rows, r)
		if r.Client != (packet.Addr{}) && first(pair{group: g, client: r.Client}) {
			g.clients = append(g.clients, r.Client)
		}
		if r.Zone != "" && first(pair{group: g, zone: r.Zone}) {
			g.zones = append(g.zones, r.Zone)
		}
	}
	return list
}

// ofMany says that a key has the zero Addr, which stands for any.
func ofMany[K comparable](key K) bool {
	switch k := any(key).(type) {
	case packet.Addr:
		return k == packet.Addr{}
	case clientServer:
		return k.client == packet.Addr{} || k.server == packet.Addr{}
	case tunnel:
		return k.client == packet.Addr{} || k.server == packet.Addr{}
	case serverZone:
		return k.server == packet.Addr{}
	case subnetAt:
		return k.server == packet.Addr{}
	case clientZone:
		return k.client == packet.Addr{} || k.server == packet.Addr{}
	}
	return false
}

// addTo adds a value that is not the zero one, once.
func addTo[T comparable](list []T, v T) []T {
	var zero T
	if v == zero {
		return list
	}
	for _, have := range list {
		if have == v {
			return list
		}
	}
	return append(list, v)
}

// serverZone is a key.
type serverZone struct {
	server packet.Addr
	zone   string
}

// addr is short for the address of a client or server.
type addr = packet.Addr

func byServer(r *row) packet.Addr    { return r.Server }
func byClient(r *row) packet.Addr    { return r.Client }
func byZone(r *row) string           { return r.Zone }
func byServerZone(r *row) serverZone { return serverZone{r.Server, r.Zone} }
