package lookup

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/dnssniff/dnssniff/decode"
	"github.com/dnssniff/dnssniff/decode/anomaly"
	"github.com/dnssniff/dnssniff/decode/wire"
)

// diary notes what a tracker tells of lookups that took more than one try, or failed.
type diary []string

func (d *diary) Anomaly(id anomaly.ID, l *Lookup) { d.add(id.String(), l) }

func (d *diary) Settled(l *Lookup, answered bool) {
	if l.Tries > 1 || !answered {
		d.add(fmt.Sprint(answered), l)
	}
}

func (d *diary) add(what string, l *Lookup) {
	*d = append(*d, fmt.Sprintf("%s %v %d %d %d %+v", what, l.Client, l.Name, l.Type, l.Tries, l.Kept()))
}

// TestShortcutsChangeNothing plays the same traffic to a tracker that keeps all lookups as stories and to one that does not.
func TestShortcutsChangeNothing(t *testing.T) {
	forgotten := uint64(0)
	for n := range uint64(20) {
		var told [2]diary
		var counts [2]Counts
		for i := range told {
			tr := New(seed, 5e9, minRoom, &told[i])
			if i == 1 {
				tr.Every()
			}
			randomTraffic(rand.New(rand.NewPCG(n, 1)), tr, 50e6<<(n%3))
			counts[i] = tr.Counts()
		}
		if counts[0] != counts[1] {
			t.Fatalf("traffic %d: %+v, with stories %+v", n, counts[0], counts[1])
		}
		if !slices.Equal(told[0], told[1]) {
			t.Fatalf("traffic %d: told\n%s\nwith stories\n%s", n, strings.Join(told[0], "\n"), strings.Join(told[1], "\n"))
		}
		if c := counts[0]; c.Answered == 0 || c.Failed == 0 || c.Retried == 0 {
			t.Errorf("traffic %d is too tame: %+v", n, c)
		}
		forgotten += counts[0].Forgotten
	}
	if forgotten == 0 {
		t.Error("there was room for all")
	}
}

// randomTraffic has a few questions of a few clients, in packet time that goes on, by less than step (ns) at once, and now and then back, and all ends
// that transactions have.
func randomTraffic(r *rand.Rand, tr *Tracker, step int64) {
	now, open := int64(1e18), []*decode.Message(nil)
	for range 4000 {
		now += r.Int64N(step) - step/20
		tr.Tick(now)
		if len(open) > 0 && r.IntN(2) == 0 {
			at := r.IntN(len(open))
			settleAtRandom(r, tr, open[at], now)
			if r.IntN(8) > 0 { // else it is settled again
				open = slices.Delete(open, at, at+1)
			}
			continue
		}
		client, names := 1+r.IntN(3), uint64(1)<<(2+r.IntN(8))
		m := &decode.Message{Message: &wire.Message{ID: uint16(r.IntN(3))}, Time: now, Number: uint64(now), NameHash: r.Uint64N(names), Client: addr(client),
			Server: addr(101 + r.IntN(2)), ClientPort: uint16(r.IntN(3)), Proto: decode.Proto(r.IntN(2))}
		m.Question.Type = 1
		if m.HasOPT = r.IntN(2) == 0; m.HasOPT {
			m.EDNS.UDPSize, m.EDNS.Has = 1232, uint32(r.IntN(2))<<10
		}
		m.ClientHash, m.ServerHash = decode.HashAddr(seed, &m.Client), decode.HashAddr(seed, &m.Server)
		tr.Query(m)
		open = append(open, m)
	}
}

func settleAtRandom(r *rand.Rand, tr *Tracker, m *decode.Message, now int64) {
	x := &decode.Transaction{Status: decode.Unanswered, Client: m.Client, ClientPort: m.ClientPort,
		Query: &decode.Query{ID: m.ID, Time: m.Time, HasQuestion: true, Type: 1, NameHash: m.NameHash}}
	if r.IntN(4) > 0 {
		answer := *m
		answer.Message = &wire.Message{Flags: wire.FlagQR | uint16([]int{0, 2, 3, 5}[r.IntN(4)])}
		if r.IntN(8) == 0 {
			answer.Flags |= wire.FlagTC
		}
		answer.Time = now
		x.Status, x.Response, x.RTT = decode.Answered, &answer, now-m.Time
	}
	tr.Settle(x)
}

// TestIndexGivesUpNoKey fills groups until keys go on to others, over and over.
func TestIndexGivesUpNoKey(t *testing.T) {
	tab := newTable(1 << 10)
	const crowd = 900
	key := func(i int) uint64 { return uint64(i)<<8 | 7 } // of one group, with one tag
	for range 3 {
		for i := range crowd {
			tab.add(key(i))
		}
		for i := range crowd {
			n, at := tab.find(key(i))
			if n == 0 {
				t.Fatalf("key %d is lost", i)
			}
			tab.remove(n, at)
		}
		if n, _ := tab.find(key(1)); n != 0 || tab.index.n != 0 {
			t.Fatalf("found %d among %d", n, tab.index.n)
		}
	}
}
