package diagnose

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/net/publicsuffix"

	"github.com/dnssniff/dnssniff/analyze/evidence"
	"github.com/dnssniff/dnssniff/decode/mnemonic"
)

func answerRules() []rule {
	return []rule{
		{"forged-answers", marked, forgedAnswers, []string{"RFC 5452 sections 3 and 9", "RFC 3833 section 2.1"}},
		{"dns-rebinding", atServer, rebinding, []string{"RFC 1918 section 3", "RFC 2181 section 8"}},
		{"answers-differ-by-server", atServer, answersDiffer, []string{"RFC 1034 section 4.3.5"}},
		{"stale-answers", general, staleAnswers, []string{"RFC 8767 section 4", "RFC 8914 sections 4.4 and 4.20"}},
		{"nodata-confusion", remarks, nodataConfusion, []string{"RFC 2308 sections 2.2 and 5", "RFC 4074 section 3"}},
		{"answers-by-subnet", remarks, answersBySubnet, []string{"RFC 7871 section 7.2", "RFC 9499 section 6"}},
		{"answers-change", remarks, answersChange, []string{"RFC 1034 section 3.6", "RFC 2181 section 5.2"}},
		{"private-answer", remarks, privateAnswers, []string{"RFC 1918 section 3", "RFC 4193 section 4.4"}},
		{"ttl-zero", remarks, ttlZero, []string{"RFC 1035 section 3.2.1", "RFC 2181 section 8"}},
	}
}

// What is compared has at most fewSets answers, each seen often times or more. A name with more of them has other ones each time: a content network, or
// addresses that are drawn by lot.
const (
	fewSets = 4
	often   = 2
)

// comparable yields the questions whose answers can be compared.
func (c *caseFile) comparable(yield func(*evidence.Answer) bool) {
	for i := range c.Facts.Answers {
		if a := &c.Facts.Answers[i]; a.More == 0 && len(a.Sets) > 1 && distinct(a.Sets) <= fewSets && !yield(a) {
			return
		}
	}
}

// content is what an answer says, whoever says it.
type content struct {
	kind evidence.AnswerKind
	hash uint64
}

func contentOf(s *evidence.AnswerSet) content { return content{s.Kind, s.Hash} }

func distinct(sets []evidence.AnswerSet) int {
	var list []content
	for i := range sets {
		if k := contentOf(&sets[i]); !slices.Contains(list, k) {
			list = append(list, k)
		}
	}
	return len(list)
}

// contents writes what an answer is: its first address, or that there is none.
func contents(a *evidence.Answer, s *evidence.AnswerSet) string {
	switch {
	case s.Kind == evidence.NoSuchName:
		return "NXDOMAIN"
	case s.Kind == evidence.NoSuchType:
		return "no " + mnemonic.Type(a.Type) + " record"
	case s.Example != (addr{}):
		return s.Example.String()
	}
	return fmt.Sprintf("%s records of another content (%08x)", mnemonic.Type(a.Type), uint32(s.Hash))
}

// question writes a name with its type as arguments of dig.
func question(a *evidence.Answer) string { return command("%s %s", a.Name, mnemonic.Type(a.Type)) }

func answerFilter(a *evidence.Answer) string {
	return both(fmt.Sprintf("dns.qry.name == %q", strings.TrimSuffix(a.Name, ".")), fmt.Sprintf("dns.qry.type == %d", a.Type))
}

// frameOf is the packet of the first response with an answer.
func frameOf(s *evidence.AnswerSet) uint64 { return frame(s.File, s.Packet) }

func overlapping(a, b *evidence.AnswerSet) bool { return a.First <= b.Last && b.First <= a.Last }

// disagreement is a question that two servers answer in two ways, each always in its own.
type disagreement struct {
	*evidence.Answer
	a, b *evidence.AnswerSet
}

// answersDiffer looks for servers that speak for a zone and do not say the same, at the same time.
func answersDiffer(c *caseFile) (all []Finding) {
	type pair struct {
		zone string
		a, b addr
	}
	var order []pair
	found := make(map[pair][]disagreement)
	for x := range c.comparable {
		if d, ok := disagree(x); ok && !c.serialsDiffer(x.Name, d.a.Server, d.b.Server) {
			k := pair{x.Zone, d.a.Server, d.b.Server}
			if found[k] == nil {
				order = append(order, k)
			}
			found[k] = append(found[k], d)
		}
	}
	for _, k := range order {
		all = append(all, differs(k.zone, found[k]))
	}
	return all
}

// disagree finds two servers with authority whose answers differ while neither changes its own.
func disagree(x *evidence.Answer) (d disagreement, ok bool) {
	steady := func(s *evidence.AnswerSet) bool {
		if s.Count < often || s.Authority < s.Count {
			return false
		}
		for i := range x.Sets {
			if o := &x.Sets[i]; o != s && o.Server == s.Server {
				return false
			}
		}
		return true
	}
	for i := range x.Sets {
		for j := range x.Sets[:i] {
			a, b := &x.Sets[j], &x.Sets[i]
			if a.Server != b.Server && contentOf(a) != contentOf(b) && steady(a) && steady(b) && overlapping(a, b) {
				return disagreement{x, a, b}, true
			}
		}
	}
	return d, false
}

// serialsDiffer says that two servers have two versions of a name's zone: that is a secondary behind its primary.
func (c *caseFile) serialsDiffer(name string, a, b addr) bool {
	last := make(map[string]uint32)
	for i := range c.Facts.Serials {
		s := &c.Facts.Serials[i]
		if !within(name, s.Zone) || s.Server != a && s.Server != b {
			continue
		}
		if have, ok := last[s.Zone]; ok && have != s.Last {
			return true
		}
		last[s.Zone] = s.Last
	}
	return false
}

func differs(zone string, list []disagreement) Finding {
	d := list[0]
	n := uint64(0)
	for _, x := range list {
		n += min(x.a.Count, x.b.Count)
	}
	f := Finding{
		Severity: Warning,
		Title:    fmt.Sprintf("%s and %s answer differently for %s", d.a.Server, d.b.Server, bare(d.Name)),
		Cause: "Both speak with authority for the zone, and each always says the same: they have different copies of it, by hand, by views, or because one of them " +
			"gets no transfers. Who is told what depends on which server is asked.",
		Confidence: sure(0.93, n),
		Scope:      Scope{Zone: zone, Name: d.Name},
		Packets:    []uint64{frameOf(d.a), frameOf(d.b)},
		Wireshark:  answerFilter(d.Answer),
		Next: []string{
			command("dig @%s ", d.a.Server) + question(d.Answer) + command(" +norecurse; dig @%s ", d.b.Server) + question(d.Answer) + " +norecurse",
			command("dig %s SOA +nssearch", zone) + "   # the serial at each server",
			command("named-checkzone %s FILE", zone) + "   # and diff the servers' copies: rndc zonestatus, knotc zone-read, nsd-control zonestatus",
		},
		Against: []string{"servers that choose by the asker's place or by load differ on purpose: then one server, too, gives several answers over time"},
	}
	slices.Sort(f.Packets)
	if d.a.Kind != evidence.Data || d.b.Kind != evidence.Data {
		f.Title = fmt.Sprintf("%s exists at one of %s and %s, and not at the other", bare(d.Name), d.a.Server, d.b.Server)
	}
	f.say(fmt.Sprintf("%s %s: %s from %s (%s), %s from %s (%s)", bare(d.Name), mnemonic.Type(d.Type), contents(d.Answer, d.a), d.a.Server, plural(d.a.Count, "response"),
		contents(d.Answer, d.b), d.b.Server, plural(d.b.Count, "response")))
	if len(list) > 1 {
		f.say("the same with " + plural(uint64(len(list)-1), "other question") + " of the zone")
	}
	f.Affected = n
	f.during(d.a, d.b)
	return f
}

// during fills in when answers were seen.
func (f *Finding) during(sets ...*evidence.AnswerSet) {
	t := evidence.NewTally()
	for _, s := range sets {
		t.First, t.Last = min(t.First, s.First), max(t.Last, s.Last)
	}
	f.seen(&t)
}

// parted are the answers of one server to a question, each to networks of its own.
type parted struct {
	*evidence.Answer
	sets []*evidence.AnswerSet
}

// answersBySubnet looks for servers whose answer depends on where the question comes from.
func answersBySubnet(c *caseFile) (all []Finding) {
	found := make(map[serverZone][]parted)
	var order []serverZone
	for x := range c.comparable {
		for _, sets := range byServerOf(x) {
			if !apart(sets) {
				continue
			}
			k := serverZone{sets[0].Server, x.Zone}
			if found[k] == nil {
				order = append(order, k)
			}
			found[k] = append(found[k], parted{x, sets})
		}
	}
	for _, k := range order {
		all = append(all, bySubnet(k, found[k]))
	}
	slices.SortStableFunc(all, func(a, b Finding) int { return cmp.Compare(b.Affected, a.Affected) })
	return atMost(all, 5)
}

// bySubnet is the finding about a server and a zone.
func bySubnet(k serverZone, list []parted) Finding {
	x := list[0]
	a, b := x.sets[0], x.sets[1]
	f := Finding{
		Severity:  Info,
		Title:     fmt.Sprintf("%s answers for %s by where the client is", k.server, bare(x.Name)),
		Cause:     "Each network always gets the same answer, and another than the others: views (split horizon), or a choice of the nearest address. It is meant to be so, as a rule.",
		Scope:     Scope{Server: k.server.String(), Zone: k.zone, Name: x.Name},
		Packets:   []uint64{min(frameOf(a), frameOf(b)), max(frameOf(a), frameOf(b))},
		Wireshark: both(answerFilter(x.Answer), addressFilter(k.server)),
		Next: []string{
			command("dig @%s ", k.server) + question(x.Answer) + command(" +subnet=%s; dig @%s ", a.Subnets[0], k.server) + question(x.Answer) + command(" +subnet=%s", b.Subnets[0]),
			"named-checkconf -p | grep -A3 -E 'view|match-clients'   # unbound.conf: access-control-view; Knot: mod-geoip",
		},
		Against: []string{"a cache that was filled anew between the two: then the networks' answers change places over time"},
	}
	for _, s := range x.sets {
		f.say(fmt.Sprintf("%s to %s (%s)", contents(x.Answer, s), some(prefixes(s.Subnets), 3), plural(s.Count, "response")))
	}
	if a.Scoped > 0 {
		f.say("the server says so: client subnet option with a scope in " + plural(a.Scoped+b.Scoped, "response"))
	}
	if len(list) > 1 {
		f.Scope.Name = ""
		f.say(fmt.Sprintf("the same with %s of %s", plural(uint64(len(list)-1), "other question"), bare(k.zone)))
	}
	least := uint64(0)
	var all []*evidence.AnswerSet
	for _, x := range list {
		least += min(x.sets[0].Count, x.sets[1].Count)
		for _, s := range x.sets {
			f.Affected += s.Count
			all = append(all, s)
		}
	}
	f.Confidence = sure(0.92, least)
	f.during(all...)
	return f
}

// byServerOf sorts the answers to a question by server, in order.
func byServerOf(x *evidence.Answer) (list [][]*evidence.AnswerSet) {
	for i := range x.Sets {
		s := &x.Sets[i]
		if n := len(list); n > 0 && list[n-1][0].Server == s.Server {
			list[n-1] = append(list[n-1], s)
		} else {
			list = append(list, []*evidence.AnswerSet{s})
		}
	}
	return list
}

// apart says that several answers of a server go to networks of their own each, at the same time.
func apart(sets []*evidence.AnswerSet) bool {
	networks := make(map[netip.Prefix]bool)
	answers := uint64(0)
	for i, s := range sets {
		answers += s.Count
		if s.Count < often || s.Everywhere || len(s.Subnets) == 0 || i > 0 && !overlapping(s, sets[i-1]) {
			return false
		}
		for _, p := range s.Subnets {
			if networks[p] {
				return false
			}
			networks[p] = true
		}
	}
	return len(sets) > 1 && answers >= uint64(len(networks))+4 // networks that asked once might have been told anything
}

func prefixes(list []netip.Prefix) []string {
	out := make([]string, len(list))
	for i, p := range list {
		out[i] = p.String()
	}
	return out
}

// atMost keeps the first of many findings of a kind that is harmless.
func atMost(all []Finding, n int) []Finding { return all[:min(len(all), n)] }

// public says that a name is one of the public DNS: below a suffix of the Internet, or example, which stands for one.
func public(name string) bool {
	name = strings.TrimSuffix(name, ".")
	if name == "home.arpa" || strings.HasSuffix(name, ".home.arpa") || strings.HasSuffix(name, ".in-addr.arpa") || strings.HasSuffix(name, ".ip6.arpa") {
		return false
	}
	_, icann := publicsuffix.PublicSuffix(name)
	return icann || strings.HasSuffix(name, ".example")
}
