//go:build linux

package scenario

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/dnssniff/dnssniff/pcaps/lab/server"
	"github.com/dnssniff/dnssniff/pcaps/lab/stage"
	"github.com/dnssniff/dnssniff/pcaps/lab/zone"
)

// key is the TSIG key of the lab's servers.
func key() server.Key {
	return server.Key{Name: "lab-key.", Algorithm: "hmac-sha256", Secret: "ZG5zc25pZmYgbGFiIGtleSwgMzIgYnl0ZXMgbG9uZyAwMDE="}
}

// signed is dig's and nsupdate's argument for a key.
func signed(k server.Key) []string {
	return []string{"-y", k.Algorithm + ":" + k.Name + ":" + k.Secret}
}

// at is the IPv4 address of one of the world's name servers, and at6 the other.
func at(host string) string  { return stage.NameServer(host).Addrs[0].String() }
func at6(host string) string { return stage.NameServer(host).Addrs[1].String() }

// digs runs dig on host clients for each line, one after the other, with some time between.
func digs(ctx context.Context, s *stage.Stage, lines []string) error {
	for _, l := range lines {
		if _, err := s.Dig(ctx, "clients", strings.Fields(l)...); err != nil {
			return err
		}
		time.Sleep(30 * time.Millisecond)
	}
	return nil
}

// update sends one UPDATE with nsupdate from host clients. The steps are nsupdate's.
func update(ctx context.Context, s *stage.Stage, server, zone string, args []string, steps ...string) error {
	script := fmt.Sprintf("server %s\nzone %s\n%s\nsend\n", server, zone, strings.Join(steps, "\n"))
	_, err := s.Nsupdate(ctx, "clients", script, args...)
	time.Sleep(30 * time.Millisecond)
	return err
}

// world changes one of the world's zones.
func world(name string, change func(*zone.Zone)) zone.Zone {
	z, _ := stage.Zones().Find(name)
	change(&z)
	return z
}

// vendors are the hosts of the four authoritative servers, with the zone of each.
func vendors() [][2]string {
	return [][2]string{{"bind", "example.com."}, {"nsd", "example.net."}, {"knot", "example.org."}, {"powerdns", "corp.example."}}
}

// writable is a world whose zones are not signed, where BIND, Knot and PowerDNS take updates with the key, and all know it.
func writable(ctx context.Context, s *stage.Stage, more func(*stage.World)) error {
	w := stage.World{Configs: map[string]server.Config{}}
	file := func(name string) string { return zone.Files{Dir: s.Dir}.Path(name) }
	for _, v := range vendors() {
		w.Zones = append(w.Zones, world(v[1], func(z *zone.Zone) {
			z.Signing = zone.Unsigned
			z.Records += "elsewhere DNAME " + strings.Repeat("far-far-away.", 14) + "example.\n"
		}))
		w.Configs[v[0]] = server.Config{Keys: []server.Key{key()}, Zones: []server.Zone{{Name: v[1], File: file(v[1]), Update: key().Name}}}
	}
	sqlite, err := database(ctx, s, filepath.Join(s.Dir, "powerdns.db"), "corp.example.", key())
	if err != nil {
		return err
	}
	w.Configs["powerdns"] = server.Config{Zones: w.Configs["powerdns"].Zones, Extra: sqlite + "dnsupdate=yes\nallow-dnsupdate-from=0.0.0.0/0\ndname-processing=yes\n"}
	if more != nil {
		more(&w)
	}
	return s.Make(ctx, w)
}

// database makes PowerDNS's SQLite database of one zone, as the BIND backend takes no updates, and returns the settings that use it.
func database(ctx context.Context, s *stage.Stage, db, name string, k server.Key) (settings string, err error) {
	settings = "launch=gsqlite3\ngsqlite3-database=" + db + "\n"
	dir := db + ".conf"
	if err := os.Mkdir(dir, 0o755); err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(dir, "pdns.conf"), []byte(settings), 0o644); err != nil {
		return "", err
	}
	z, _ := stage.Zones().Find(name)
	text, err := s.Write("powerdns.zone", zone.Tree{z}.Text(z))
	if err != nil {
		return "", err
	}
	util := []string{"pdnsutil", "--config-dir=" + dir}
	for _, words := range [][]string{
		{"python3", "-c", "import sqlite3, sys; sqlite3.connect(sys.argv[1]).executescript(open(sys.argv[2]).read())", db, "/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql"},
		slices.Concat(util, []string{"load-zone", name, text}),
		slices.Concat(util, []string{"import-tsig-key", k.Name, k.Algorithm, k.Secret}),
		slices.Concat(util, []string{"set-meta", name, "TSIG-ALLOW-AXFR", k.Name}),
		slices.Concat(util, []string{"set-meta", name, "TSIG-ALLOW-DNSUPDATE", k.Name}),
	} {
		if out, err := s.Run(ctx, "router", "", words[0], words[1:]...); err != nil {
			return "", fmt.Errorf("%s: %w: %s", words, err, out)
		}
	}
	s.Uses("pdns-backend-sqlite3")
	return settings, nil
}

// addrs parses addresses that are written here, so that none is wrong.
func addrs(text ...string) []netip.Addr {
	out := make([]netip.Addr, len(text))
	for i, t := range text {
		out[i] = netip.MustParseAddr(t)
	}
	return out
}

// outlast waits for all parts of the play and for what is still to come, and then makes one more lookup, so that the end of the capture is not
// what queries without an answer ended with.
func outlast(ctx context.Context, s *stage.Stage, d time.Duration) error {
	if err := s.Wait(); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
	}
	return digs(ctx, s, []string{"@" + stage.ResolverIPv4 + " +tries=5 +timeout=1 www.example.com"})
}
