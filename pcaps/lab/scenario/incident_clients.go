//go:build linux

package scenario

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"time"

	"github.com/dnssniff/dnssniff/pcaps/lab/server"
	"github.com/dnssniff/dnssniff/pcaps/lab/stage"
	"github.com/dnssniff/dnssniff/pcaps/lab/zone"
	"github.com/miekg/dns"
)

// clientIncidents are faults of clients.
func clientIncidents() []incident {
	broken := stage.ClientIPv4(16).String()
	return []incident{
		{
			name: "broken-client", title: "one client with a broken DNS library",
			teaches: "that FORMERR for one client of many is the client's fault",
			played: fmt.Sprintf(`Twenty-four devices use BIND as their resolver; captured there. An appliance at %s has a library of its own that writes names of four labels and more without the root label,
				and counts an OPT record in its AAAA queries that it does not write; what else it asks is well formed. After an error or a second it asks once more, the same way.`, broken),
			cause: "formerr-broken-client", scope: map[string]string{"client": broken},
			world: stage.World{Clients: 24, Resolver: server.BIND}, crowd: crowd{rate: 4.6}, length: 35 * time.Second,
			beside: brokenLibrary(netip.MustParseAddr(broken)),
		},
		{
			name: "search-suffix", title: "a branch with a mistyped search suffix",
			teaches: "that NXDOMAIN of many names under one suffix is a client's search list",
			played: `Twenty devices, and twelve of a branch (10.54.7.0/24), use PowerDNS Recursor; captured there. Then the branch gets search corp.exmaple and ndots:5 by DHCP: each name is first tried with the suffix, which is
				NXDOMAIN, then without. One of the branch's devices (10.54.9.21) is a real glibc that has it from the first packet on. Mistyped names and browsers' probes are NXDOMAIN, too, but few and of all clients.`,
			cause: "search-suffix", scope: map[string]string{"suffix": "corp.exmaple."},
			world: stage.World{Clients: 20, Resolver: server.Recursor}, crowd: crowd{rate: 4}, length: 36 * time.Second,
			cast: branches("branch", "10.54.7.", 12, "desk", "10.54.9.", 1), onset: 12 * time.Second,
			beside: suffixBefore, breaks: suffixAfter,
		},
		{
			name: "tsig-skew", title: "one client's UPDATEs with a clock that is seven minutes slow",
			teaches: "that BADTIME for one of the clients is its clock, and by how much",
			played: `Two DHCP servers, 10.54.1.5 and 10.54.2.5, register their leases in leases.example at BIND with nsupdate and knsupdate, signed with the same key; resolvers ask the same server for names; captured there. The clock of
				10.54.2.5 is 412 seconds slow (fudge: 300): the server answers its updates with NOTAUTH and BADTIME. Those of 10.54.1.5 succeed.`,
			cause: "tsig-clock-skew", scope: map[string]string{"client": "10.54.2.5", "skew_s": "-412"},
			at: "bind", alone: true, cast: leasesCast,
			crowd:  crowd{hosts: []string{"resolvers"}, habits: recursives(), to: "bind", errand: recursion, rate: 6, names: namesAt("bind")},
			length: 36 * time.Second, beside: leases,
		},
	}
}

// branches are more hosts with clients: name, first three bytes of the addresses, and how many, three arguments each.
func branches(what ...any) func(context.Context, *stage.Stage) error {
	return func(_ context.Context, s *stage.Stage) error {
		for i := 0; i < len(what); i += 3 {
			var all []string
			for n := range what[i+2].(int) {
				all = append(all, fmt.Sprintf("%s%d/24", what[i+1], 21+n))
			}
			if _, err := s.Host(what[i].(string), all...); err != nil {
				return err
			}
		}
		return nil
	}
}

// brokenLibrary is a client that asks for one thing after the other, some of it malformed.
func brokenLibrary(from netip.Addr) func(context.Context, *stage.Stage) error {
	return func(ctx context.Context, s *stage.Stage) error {
		names := []string{"www.cloud.example.", "fw.u017.user.cloud.example.", "api.cloud.example.", "log.u017.user.cloud.example.", "login.cloud.example."}
		r := rand.New(rand.NewPCG(s.Net.Seed, 33))
		return poisson(ctx, r, 1.2, 34*time.Second, func() {
			name := names[r.IntN(len(names))]
			for _, t := range []uint16{dns.TypeA, dns.TypeAAAA} {
				b, bad := brokenQuery(name, t, uint16(r.IntN(1<<16)))
				s.Go(func() error {
					for range 2 {
						if a, err := s.Send(ctx, "clients", "udp", from, stage.Resolver(from), b, time.Second); err == nil && !bad && len(a) > 0 {
							break
						}
					}
					return nil
				})
			}
		})
	}
}

// brokenQuery is a query as the broken library writes it, and whether it is malformed.
func brokenQuery(name string, kind, id uint16) (b []byte, bad bool) {
	b = binary.BigEndian.AppendUint16(nil, id)
	b = append(b, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0)
	labels := strings.Split(strings.TrimSuffix(name, "."), ".")
	for _, l := range labels {
		b = append(append(b, byte(len(l))), l...)
	}
	if len(labels) < 4 {
		b = append(b, 0)
	}
	b = binary.BigEndian.AppendUint16(b, kind)
	b = binary.BigEndian.AppendUint16(b, dns.ClassINET)
	if kind == dns.TypeAAAA {
		b[11] = 1
	}
	return b, len(labels) >= 4 || kind == dns.TypeAAAA
}

const wrongSuffix = "corp.exmaple."

// suffixBefore is the branch as it should be, and the desk that is wrong already.
func suffixBefore(ctx context.Context, s *stage.Stage) error {
	conf, err := s.Write("resolv.conf", "nameserver "+stage.ResolverIPv4+"\nsearch "+strings.TrimSuffix(wrongSuffix, ".")+"\noptions ndots:5\n")
	if err != nil {
		return err
	}
	s.Go(func() error {
		for i := range 9 {
			if err := pause(ctx, 4*time.Second); err != nil {
				return err
			}
			if _, err := getent(ctx, s, "desk", conf, strings.TrimSuffix(visited()[5*i], ".")); err != nil {
				return err
			}
		}
		return nil
	})
	return crowd{hosts: []string{"branch"}, rate: 2.5, salt: 1}.talk(ctx, s, 12*time.Second)
}

// suffixAfter is the branch with the wrong suffix.
func suffixAfter(ctx context.Context, s *stage.Stage) error {
	return crowd{hosts: []string{"branch"}, rate: 2.5, salt: 2, suffix: wrongSuffix}.talk(ctx, s, 24*time.Second)
}

// getent looks a name up with the C library, which reads the resolv.conf given. That there is no such name is no error.
func getent(ctx context.Context, s *stage.Stage, host, conf, name string) (string, error) {
	cmd := s.Hosts[host].Command(ctx, "unshare", "-m", "sh", "-c", `mount --bind "$0" /etc/resolv.conf && exec getent -s dns ahosts "$1"`, conf, name)
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() == 1 {
		return "", fmt.Errorf("getent: %w: %s", err, out)
	}
	return string(out), nil
}

func leaseKey() server.Key {
	return server.Key{Name: "dhcp.leases.example.", Algorithm: "hmac-sha256", Secret: "bGVhc2VzIGFyZSByZWdpc3RlcmVkIHdpdGggdGhpcyBrZXk="}
}

func leasesCast(ctx context.Context, s *stage.Stage) error {
	k := leaseKey()
	z := zone.Zone{Name: "leases.example.", Servers: []zone.Server{nameServer("ns1.leases.example.", serverAt("bind"))}, Records: "printer A 203.0.113.90\n"}
	file := zone.Files{Dir: s.Dir}.Path(z.Name)
	err := resolversWith(ctx, s, stage.World{Zones: []zone.Zone{z}, Configs: map[string]server.Config{
		"bind": {Keys: []server.Key{k}, Zones: []server.Zone{{Name: z.Name, File: file, Update: k.Name}}},
	}})
	if err != nil {
		return err
	}
	for name, addr := range map[string]string{"dhcp1": "10.54.1.5/24", "dhcp2": "10.54.2.5/24"} {
		if _, err := s.Host(name, addr); err != nil {
			return err
		}
	}
	return nil
}

// leases are the updates of two DHCP servers.
func leases(ctx context.Context, s *stage.Stage) error {
	s.Uses("bind9-dnsutils")
	s.Uses("knot-dnsutils")
	s.Uses("faketime")
	for host, program := range map[string][]string{
		"dhcp1": {"nsupdate", "-t", "3", "-u", "2", "-r", "1"},
		"dhcp2": {"faketime", "-f", "-412s", "knsupdate", "-t", "2", "-r", "1"}, // nsupdate does not bear faketime
	} {
		s.Go(func() error {
			for i := range 14 {
				if err := pause(ctx, 2500*time.Millisecond); err != nil {
					return err
				}
				if err := register(ctx, s, host, program, i); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return nil
}

// register sends one UPDATE. That the server refuses it is no error.
func register(ctx context.Context, s *stage.Stage, host string, program []string, i int) error {
	k := leaseKey()
	words := append(program[:len(program):len(program)], "-y", k.Algorithm+":"+k.Name+":"+k.Secret)
	cmd := s.Hosts[host].Command(ctx, words[0], words[1:]...)
	cmd.WaitDelay = time.Second // should a child live longer
	cmd.Stdin = strings.NewReader(fmt.Sprintf("server %s\nzone leases.example.\nupdate delete %s-%02d.leases.example. A\nupdate add %[2]s-%02[3]d.leases.example. 600 A 10.54.8.%d\nsend\n",
		serverAt("bind"), host, i, 10+i))
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		return fmt.Errorf("nsupdate: %w: %s", err, out)
	}
	return nil
}
