//go:build linux

package scenario

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/dnssniff/dnssniff/pcaps"
	"github.com/dnssniff/dnssniff/pcaps/lab/hostile"
	"github.com/dnssniff/dnssniff/pcaps/lab/server"
	"github.com/dnssniff/dnssniff/pcaps/lab/stage"
	"github.com/dnssniff/dnssniff/pcaps/lab/zone"
)

// Hostile are the scenarios that send each query of package hostile to one server.
func Hostile() []stage.Scenario {
	var out []stage.Scenario
	for _, v := range victims() {
		a := &attack{victim: v}
		out = append(out, stage.Scenario{
			Name:    "hostile-" + v.name,
			Title:   "every hostile query of the catalogue, sent to " + v.title,
			Teaches: fmt.Sprintf("what %s answers to malformed and odd queries, and what it ignores", v.title),
			Played: fmt.Sprintf(`%s sends %d queries to %s, each from a port of its own and with an ID of its own: one for each way to have an anomaly of the catalogue.
				Where no answer comes at once, %s asks for %s, to show that the server lives. %s`,
				badClient, len(hostile.Cases()), v.addr, goodClient, strings.TrimSuffix(hostile.Host, "."), v.setting),
			At: "victim", Cast: a.cast, Play: a.play, Linger: 2 * time.Second, After: a.after,
		})
	}
	return out
}

// The addresses of the client that sends the hostile queries, and of another one.
const (
	badClient  = "10.53.1.66"
	goodClient = "10.53.1.11"
)

// victim is a server that hostile queries are sent to.
type victim struct {
	name    string // of the scenario
	title   string
	pkg     server.Kind // Debian's package
	addr    string      // its address
	setting string      // of what is not as installed, a sentence
	start   func(context.Context, *stage.Stage, netip.Addr) error
}

const (
	servesZone    = "It serves example.com, knows the TSIG key that the queries are signed with, and takes updates and transfers from anybody."
	resolvesZone  = "It resolves for anybody, through the one server (NSD) that has the root and example.com."
	authoritative = "198.51.100.2"
	resolver      = "10.53.0.53"
	upstream      = "192.0.2.2"
)

func victims() []victim {
	return []victim{
		{"bind", "BIND", server.BIND, authoritative, servesZone, bindVictim},
		{"nsd", "NSD", server.NSD, authoritative, servesZone + " Cookies are on.", nsdVictim},
		{"knot", "Knot DNS", server.Knot, authoritative, servesZone + " ECS is on.", knotVictim},
		{"powerdns", "PowerDNS Authoritative Server", server.PowerDNS, authoritative, servesZone + " Cookies are on; the zone is in SQLite.", powerdnsVictim},
		{"unbound", "Unbound", server.Unbound, resolver, resolvesZone, resolverVictim(server.Unbound)},
		{"recursor", "PowerDNS Recursor", server.Recursor, resolver, resolvesZone, resolverVictim(server.Recursor)},
		{"dnsmasq", "dnsmasq", server.Dnsmasq, resolver, "It has the address of www.example.com itself and forwards the rest to Unbound, behind it in the capture.", dnsmasqVictim},
		{"dnsdist", "dnsdist", dnsdist, resolver, "It passes queries to BIND, behind it in the capture, which is as hostile-bind has it.", dnsdistVictim},
	}
}

// dnsdist is a load balancer, which package server does not know.
const dnsdist server.Kind = "dnsdist"

// cast makes the clients and the victim.
func (a *attack) cast(ctx context.Context, s *stage.Stage) error {
	if _, err := s.Host("clients", badClient+"/24", goodClient+"/24"); err != nil {
		return err
	}
	length := "/28"
	if a.victim.addr == resolver {
		length = "/24"
	}
	if _, err := s.Host("victim", a.victim.addr+length); err != nil {
		return err
	}
	up, err := s.Host("upstream", upstream+"/28")
	if err != nil {
		return err
	}
	ns := []zone.Server{{Name: "ns1.example.com.", Addrs: []netip.Addr{netip.MustParseAddr(a.victim.addr)}}}
	if a.victim.addr == resolver {
		ns[0].Addrs = up.Addrs
	}
	s.Zones = zone.Tree{{Name: ".", Servers: ns}, {Name: hostile.Zone, Servers: ns, Records: "@ A 203.0.113.10\nwww A 203.0.113.10\nmail A 203.0.113.25\n"}}
	if s.Files, err = s.Zones.Write(s.Dir); err != nil {
		return err
	}
	return a.victim.start(ctx, s, up.Addrs[0])
}

// exampleCom is the configuration of a server that has the zone and the key.
func exampleCom(s *stage.Stage) server.Config {
	return server.Config{
		Zones: []server.Zone{{Name: hostile.Zone, File: s.Files.Path(hostile.Zone)}},
		Keys:  []server.Key{{Name: hostile.KeyName, Algorithm: "hmac-sha256", Secret: hostile.SecretBase64}},
	}
}

func bindVictim(ctx context.Context, s *stage.Stage, _ netip.Addr) error {
	cfg := exampleCom(s)
	cfg.Zones[0].Extra = "allow-update { any; }; allow-transfer { any; };"
	_, err := s.Serve(ctx, "victim", server.BIND, cfg)
	return err
}

func nsdVictim(ctx context.Context, s *stage.Stage, _ netip.Addr) error {
	cfg := exampleCom(s)
	cfg.Extra = "  answer-cookie: yes\n"
	cfg.Zones[0].Extra = "  provide-xfr: 0.0.0.0/0 NOKEY\n  allow-notify: 0.0.0.0/0 NOKEY\n"
	_, err := s.Serve(ctx, "victim", server.NSD, cfg)
	return err
}

func knotVictim(ctx context.Context, s *stage.Stage, _ netip.Addr) error {
	cfg := exampleCom(s)
	cfg.Extra = "    edns-client-subnet: on\n"
	cfg.Tail = fmt.Sprintf(`acl:
  - id: anybody
    action: [update, notify, transfer]
  - id: signed
    key: %s
    action: [update, notify, transfer]
zone:
  - domain: %s
    storage: %q
    file: %q
    zonefile-load: whole
    zonefile-sync: -1
    journal-content: none
    acl: [signed, anybody]
`, hostile.KeyName, hostile.Zone, s.Dir, s.Files.Path(hostile.Zone))
	cfg.Zones = nil
	_, err := s.Serve(ctx, "victim", server.Knot, cfg)
	return err
}

// powerdnsVictim keeps the zone in SQLite: the BIND backend takes no updates.
func powerdnsVictim(ctx context.Context, s *stage.Stage, _ netip.Addr) error {
	db, dir := filepath.Join(s.Dir, "powerdns.db"), filepath.Join(s.Dir, "pdnsutil")
	backend := "launch=gsqlite3\ngsqlite3-database=" + db + "\n"
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "pdns.conf"), []byte(backend), 0o644); err != nil {
		return err
	}
	for _, words := range [][]string{
		{"python3", "-c", "import sqlite3, sys; sqlite3.connect(sys.argv[1]).executescript(open(sys.argv[2]).read())", db, "/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql"},
		{"pdnsutil", "--config-dir=" + dir, "load-zone", hostile.Zone, s.Files.Path(hostile.Zone)},
		{"pdnsutil", "--config-dir=" + dir, "import-tsig-key", hostile.KeyName, "hmac-sha256", hostile.SecretBase64},
		{"pdnsutil", "--config-dir=" + dir, "set-meta", hostile.Zone, "TSIG-ALLOW-AXFR", hostile.KeyName},
	} {
		if out, err := exec.CommandContext(ctx, words[0], words[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w: %s", strings.Join(words, " "), err, out)
		}
	}
	s.Uses("pdns-backend-sqlite3")
	_, err := s.Serve(ctx, "victim", server.PowerDNS, server.Config{Extra: backend +
		"dnsupdate=yes\nallow-dnsupdate-from=0.0.0.0/0\nallow-axfr-ips=0.0.0.0/0\nedns-cookie-secret=000102030405060708090a0b0c0d0e0f\n"})
	return err
}

// rootAndZone starts a server for the root and the zone upstream.
func rootAndZone(ctx context.Context, s *stage.Stage, kind server.Kind) error {
	_, err := s.Serve(ctx, "upstream", kind, server.Config{Zones: []server.Zone{
		{Name: ".", File: s.Files.Path(".")}, {Name: hostile.Zone, File: s.Files.Path(hostile.Zone)},
	}})
	return err
}

func resolverVictim(kind server.Kind) func(context.Context, *stage.Stage, netip.Addr) error {
	return func(ctx context.Context, s *stage.Stage, up netip.Addr) error {
		if err := rootAndZone(ctx, s, server.NSD); err != nil {
			return err
		}
		_, err := s.Serve(ctx, "victim", kind, server.Config{Roots: []netip.Addr{up}})
		return err
	}
}

func dnsmasqVictim(ctx context.Context, s *stage.Stage, up netip.Addr) error {
	if err := rootAndZone(ctx, s, server.Unbound); err != nil {
		return err
	}
	_, err := s.Serve(ctx, "victim", server.Dnsmasq, server.Config{Forward: []netip.Addr{up}, Extra: "host-record=" + strings.TrimSuffix(hostile.Host, ".") + ",203.0.113.10\n"})
	return err
}

func dnsdistVictim(ctx context.Context, s *stage.Stage, up netip.Addr) error {
	cfg := exampleCom(s)
	cfg.Zones[0].Extra = "allow-update { any; }; allow-transfer { any; };"
	if _, err := s.Serve(ctx, "upstream", server.BIND, cfg); err != nil {
		return err
	}
	file, err := s.Write("dnsdist.conf", fmt.Sprintf(`
setLocal("%s:53")
setACL("0.0.0.0/0")
setSecurityPollSuffix("")
newServer({address="%s:53", checkName="%s", checkInterval=60})
`, resolver, up, hostile.Host))
	if err != nil {
		return err
	}
	s.Uses(string(dnsdist))
	p, err := s.Hosts["victim"].Start("dnsdist", "--supervised", "--disable-syslog", "-C", file)
	if err != nil {
		return err
	}
	for range 50 { // until it has found its server alive
		if log, ended := p.Ended(); ended {
			return errors.New("dnsdist ended: " + log)
		}
		if b, err := s.Send(ctx, "victim", "udp", netip.Addr{}, netip.MustParseAddr(resolver), hostile.Control(1), 200*time.Millisecond); err == nil && b[3]&15 == 0 {
			return nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return errors.New("dnsdist does not answer")
}

// describe makes the messages of the capture's description from what tshark finds in it.
func (a *attack) describe(all []hostile.Packet, d *pcaps.Description) error {
	for i, c := range hostile.Cases() {
		m := pcaps.Message{Anomaly: c.Anomaly, Case: c.Name, Server: string(a.victim.pkg), Answer: pcaps.NoAnswer, Crashed: a.seen[i].crashed}
		offset := c.Offset()
		m.Offset = &offset
		query, reply := pair(all, a.port(i))
		if query == nil {
			return fmt.Errorf("%s: no packet from port %d", c.Name, a.port(i))
		}
		m.Packet = query.Number
		if err := agree(c, a.seen[i], reply); err != nil {
			return err
		}
		if reply != nil {
			m.Answer, m.Replied = hostile.RCode(reply.RCode), reply.Number
		}
		d.Messages = append(d.Messages, m)
	}
	return nil
}

// debatable are the counts in which tshark and dnssniff differ over the hostile queries, by at most so many, and why.
func debatable() []pcaps.Debatable {
	const (
		behind = "tshark reads on behind names that it cannot follow, and finds types and names there that nobody asked for"
		short  = "tshark calls a message with an option of a wrong length malformed, or follows an OPT in a wrong place, and counts.sh leaves it out or in"
		broken = "a message that ends before its length prefix says is one for dnssniff, and none for tshark"
	)
	return []pcaps.Debatable{
		{Path: "qtypes", Most: 12, Why: behind},
		{Path: "distinct.names", Most: 6, Why: behind},
		{Path: "edns.options", Most: 4, Why: short},
		{Path: "edns.queries", Most: 2, Why: short},
		{Path: "edns.udp_sizes", Most: 2, Why: short},
		{Path: "edns.versions", Most: 2, Why: short},
		{Path: "messages.total", Most: 1, Why: broken},
		{Path: "messages.queries", Most: 1, Why: broken},
		{Path: "messages.tcp", Most: 1, Why: broken},
		{Path: "messages.ipv4", Most: 1, Why: broken},
		{Path: "opcodes.QUERY", Most: 1, Why: broken},
		{Path: "packets.short_dns", Most: 2, Why: "TCP units of less than 12 bytes are counted by dnssniff alone"},
	}
}
