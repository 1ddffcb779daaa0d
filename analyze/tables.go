package analyze

import (
	"math"
	"slices"

	"github.com/dnssniff/dnssniff/analyze/zone"
	"github.com/dnssniff/dnssniff/decode/packet"
	"github.com/dnssniff/dnssniff/decode/wire"
)

// fillTables makes the tables by client, server, name and zone, and says what is distinct and what was lost.
func (r *Report) fillTables(all []*Summary, o Options) {
	if o.Tables != nil {
		r.takeTables(o.Tables)
		return
	}
	workers := max(o.Workers, 1)
	clients := unionOf(all, func(s *Summary) *table { return s.clients })
	servers := unionOf(all, func(s *Summary) *table { return s.servers })
	names := unionOf(all, func(s *Summary) *table { return s.names })

	c, v := clients.rank(workers, o.Top, nil), servers.rank(workers, o.Top, nil)
	by := make([]byZone, workers)
	n := names.rank(workers, o.Top, func(w int, part *table) { by[w].add(names, part, all[0].seed) })
	zones := zonesOf(all, by)
	z := zones.rank(workers, o.Top, nil)

	r.Clients, r.Servers = clients.report(c, addressRow), servers.report(v, addressRow)
	r.Names = names.report(n, func(out *Row, key []byte) { out.Name = string(wire.AppendName(nil, key)) })
	r.Zones = zones.report(z, func(out *Row, key []byte) { out.Zone = string(wire.AppendName(nil, key)) })
	r.Rows = TableRows{Clients: clients.distinct(c.rows), Servers: servers.distinct(v.rows), Names: names.distinct(n.rows), Zones: zones.distinct(z.rows)}
	d := &r.Distinct
	d.Clients, d.Servers, d.Names, d.Zones = clients.distinct(c.queried), servers.distinct(v.rows), names.distinct(n.queried), zones.distinct(z.queried)
	for _, t := range []struct {
		what string
		lost bool
	}{{"clients", clients.estimate != nil}, {"servers", servers.estimate != nil}, {"names", names.estimate != nil}, {"zones", zones.estimate != nil || names.estimate != nil}} {
		if t.lost {
			d.Approximate = append(d.Approximate, t.what)
		}
	}
	l := &r.Limits
	l.ClientsError, l.ServersError, l.NamesError = uint64(clients.weightLost), uint64(servers.weightLost), uint64(names.weightLost)
	l.ZonesError = uint64(zones.weightLost)
}

// takeTables takes over the tables of an earlier report.
func (r *Report) takeTables(o *Report) {
	r.Clients, r.Servers, r.Names, r.Zones, r.Rows, r.Distinct = o.Clients, o.Servers, o.Names, o.Zones, o.Rows, o.Distinct
	l := &r.Limits
	l.ClientsError, l.ServersError, l.NamesError, l.ZonesError = o.Limits.ClientsError, o.Limits.ServersError, o.Limits.NamesError, o.Limits.ZonesError
}

func addressRow(out *Row, key []byte) { out.Address = packet.Addr(key).String() }

// Bounds on the memory that the finders of zones have of parent names: of a shard's summary, and of each core at work at a report.
const (
	shardZoneBytes  = 1 << 20
	reportZoneBytes = 16 << 20
)

// byZone adds up names by zone, for one goroutine.
type byZone struct {
	zones  *table
	finder *zone.Finder
}

// add adds the names of a part.
func (b *byZone) add(names *union, part *table, seed uint64) {
	if b.zones == nil {
		b.zones, b.finder = newTable(math.MaxInt/keyBytes), zone.NewFinder(reportZoneBytes)
	}
	for rows := range slices.Chunk(part.rows, maxAhead) {
		for i := range rows { // the waits for the keys overlap
			part.read += uint32(names.key(&rows[i])[0])
		}
		for i := range rows {
			b.name(names, &rows[i], seed)
		}
	}
}

func (b *byZone) name(names *union, n *row, seed uint64) {
	key := b.finder.Of(names.key(n))
	hash := wire.HashName(seed, key)
	r := b.zones.row(hash, key)
	r.add(&n.counts)
	if n.queries > 0 {
		inc(&r.names)
	}
	for _, o := range names.rares[names.hash(n)] {
		b.zones.countRare(rare{hash, o.rcode}, names.rare[o])
	}
}

// zonesOf returns the union of the zones of names and of those that have left the table of names, which are not in its numbers of names.
func zonesOf(all []*Summary, by []byZone) *union {
	var tables []*table
	for i := range by {
		if by[i].zones != nil {
			tables = append(tables, by[i].zones)
		}
	}
	for _, s := range all {
		tables = append(tables, s.zones)
	}
	return newUnion(tables)
}
