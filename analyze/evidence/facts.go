package evidence

import (
	"bytes"
	"cmp"
	"maps"
	"net/netip"
	"slices"

	"github.com/dnssniff/dnssniff/decode/packet"
	"github.com/dnssniff/dnssniff/decode/wire"
)

// Row is a tally and what it is about. The zero Addr stands for any, the empty zone for any or an unknown one.
type Row struct {
	Client, Server packet.Addr
	Zone           string // absolute, lower case
	Symptom        Symptom
	Kind           Kind
	Tally
}

// Event is a [Moment] with its zone's name.
type Event struct {
	Moment
	ZoneName string // absolute, lower case
}

// Facts are what the collectors of all shards gathered, in an order that does not depend on the run's seed.
type Facts struct {
	Rows    []Row
	Moments []Event // by time
	Serials []Serial
	Signed  []Signed
	Answers []Answer
	Quotas  []Quota
	// Paces are of answers without RA, and with it: those of resolvers.
	Paces [2]Pace
	// Folded counts rows that were put together for want of room, Lost moments, serials, signed zones and answers that were not kept.
	Folded, Lost uint64
}

// Gather adds up collectors of one seed. They are not changed, and the facts share nothing with them.
func Gather(all []*Collector) *Facts {
	limit := 0
	for _, c := range all {
		limit += c.rows.limit
	}
	sum := newHarvest(limit)
	for _, c := range all {
		sum.zones.merge(&c.zones, &c.rows)
		sum.rows.merge(&c.rows)
		sum.moments.merge(&c.moments)
		sum.serials.merge(&c.serials)
		sum.signed.merge(&c.signed)
		sum.replies.merge(&c.replies)
		sum.quotas.merge(&c.quotas)
		sum.quotas.underWay(&c.meters)
		for i := range sum.pace {
			sum.pace[i].merge(c.pace[i])
		}
	}
	f := &Facts{Folded: sum.rows.folded, Lost: sum.moments.lost + sum.serials.lost + sum.signed.lost + sum.replies.lost + sum.quotas.lost}
	text := make(map[uint64]string, len(sum.zones.text))
	for h, name := range sum.zones.text {
		text[h] = string(wire.AppendName(nil, []byte(name)))
	}
	f.rows(&sum.rows, text)
	for _, m := range sum.moments.list {
		f.Moments = append(f.Moments, Event{Moment: m, ZoneName: text[m.Zone]})
	}
	slices.SortFunc(f.Moments, compareMoments)
	for i := range f.Paces {
		f.Paces[i] = sum.pace[i].facts()
	}
	f.content(&sum)
	f.answers(&sum, text)
	f.quotas(&sum.quotas)
	return f
}

// rows copies the rows in their order. They are large: what is sorted are their numbers.
func (f *Facts) rows(r *rows, text map[uint64]string) {
	zones, order := make([]string, len(r.keys)), make([]int, len(r.keys))
	for n := range r.keys {
		zones[n], order[n] = text[r.keys[n].zone], n
	}
	slices.SortFunc(order, func(a, b int) int {
		x, y := &r.keys[a], &r.keys[b]
		if c := cmp.Or(cmp.Compare(x.symptom, y.symptom), bytes.Compare(x.client[:], y.client[:])); c != 0 {
			return c
		}
		return cmp.Or(bytes.Compare(x.server[:], y.server[:]), cmp.Compare(zones[a], zones[b]), cmp.Compare(x.kind, y.kind),
			cmp.Compare(r.tally(a).Count, r.tally(b).Count))
	})
	f.Rows = make([]Row, len(order))
	for i, n := range order {
		k, x := &r.keys[n], &f.Rows[i]
		x.Client, x.Server, x.Zone, x.Symptom, x.Kind, x.Tally = k.client, k.server, zones[n], k.symptom, k.kind, *r.tally(n)
	}
}

func (f *Facts) answers(sum *harvest, text map[uint64]string) {
	for _, a := range sum.replies.by {
		a.Zone = text[a.zone]
		slices.SortFunc(a.Sets, func(a, b AnswerSet) int {
			return cmp.Or(bytes.Compare(a.Server[:], b.Server[:]), cmp.Compare(a.First, b.First), cmp.Compare(a.Packet, b.Packet), cmp.Compare(a.Hash, b.Hash))
		})
		for i := range a.Sets {
			slices.SortFunc(a.Sets[i].Subnets, netip.Prefix.Compare)
		}
		f.Answers = append(f.Answers, *a)
	}
	slices.SortFunc(f.Answers, func(a, b Answer) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Type, b.Type)) })
}

func (f *Facts) content(sum *harvest) {
	for _, s := range sum.serials.by {
		f.Serials = append(f.Serials, *s)
	}
	slices.SortFunc(f.Serials, func(a, b Serial) int {
		return cmp.Or(cmp.Compare(a.Zone, b.Zone), bytes.Compare(a.Server[:], b.Server[:]))
	})
	for _, name := range slices.Sorted(maps.Keys(sum.signed.by)) {
		f.Signed = append(f.Signed, *sum.signed.by[name])
	}
}

func compareMoments(a, b Event) int {
	return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.File, b.File), cmp.Compare(a.Packet, b.Packet), cmp.Compare(a.To, b.To))
}
