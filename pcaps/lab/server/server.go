//go:build linux

// Package server configures and starts name servers of the vendors that Debian packages, inside hosts of a lab.
package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"text/template"
	"time"

	"github.com/dnssniff/dnssniff/pcaps/lab/netns"
	"github.com/miekg/dns"
)

// Kind is a server's family, by the name of its Debian package.
type Kind string

// The families.
const (
	BIND     Kind = "bind9"
	Unbound  Kind = "unbound"
	NSD      Kind = "nsd"
	Knot     Kind = "knot"
	PowerDNS Kind = "pdns-server"
	Recursor Kind = "pdns-recursor"
	Dnsmasq  Kind = "dnsmasq"
)

// Kinds are all families, in the order of the matrices.
func Kinds() []Kind { return []Kind{BIND, Unbound, NSD, Knot, PowerDNS, Recursor, Dnsmasq} }

// Zone is a zone that a server has authority for.
type Zone struct {
	Name      string
	File      string
	Primaries []netip.Addr // makes it a secondary
	Notify    []netip.Addr // secondaries that are told of changes
	Transfer  []netip.Addr // who may transfer it, beside those with a key
	Update    string       // the key that may update it (BIND, Knot)
	Extra     string       // verbatim, in the zone's clause
}

// Key is a TSIG key.
type Key struct{ Name, Algorithm, Secret string }

// Config is what a server is to be, in words common to all families. What a family has no word for goes to Extra and Tail.
type Config struct {
	Zones   []Zone
	Keys    []Key
	Roots   []netip.Addr // makes it recursive, with these root servers
	Anchors []string     // DS records to validate with
	Forward []netip.Addr // makes it a forwarder
	Allow   []string     // networks that may ask; empty: all
	Extra   string       // verbatim in the main clause: options, server:, and so on
	Tail    string       // verbatim at the end of the file
	Env     []string     // such as faketime's
}

// Server is one that runs.
type Server struct {
	Kind Kind
	Host *netns.Host
	Dir  string // its files
	*netns.Process
	cfg Config
}

// Start starts a server on all addresses of a host and waits until it answers. Its files are in a directory below dir.
func Start(ctx context.Context, h *netns.Host, kind Kind, dir string, cfg Config) (*Server, error) {
	s := &Server{Kind: kind, Host: h, Dir: filepath.Join(dir, h.Name), cfg: cfg}
	if err := os.MkdirAll(s.Dir, 0o755); err != nil {
		return nil, err
	}
	text, err := s.config()
	if err != nil {
		return nil, err
	}
	f, ok := families[kind]
	if !ok {
		return nil, fmt.Errorf("server %s: not known", kind)
	}
	file := filepath.Join(s.Dir, f.file)
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		return nil, err
	}
	for name, text := range f.beside(s) {
		if err := os.WriteFile(filepath.Join(s.Dir, name), []byte(text), 0o644); err != nil {
			return nil, err
		}
	}
	return s, s.Restart(ctx)
}

// Restart starts the server, again if need be, and waits until it answers.
func (s *Server) Restart(ctx context.Context) error {
	if s.Process != nil {
		if err := s.Stop(); err != nil {
			return err
		}
	}
	f := families[s.Kind]
	args := make([]string, len(f.args))
	for i, a := range f.args {
		args[i] = strings.NewReplacer("FILE", filepath.Join(s.Dir, f.file), "DIR", s.Dir).Replace(a)
	}
	var err error
	if s.Process, err = s.Host.StartEnv(s.cfg.Env, f.program, args...); err != nil {
		return err
	}
	return s.wait(ctx)
}

// wait asks the server about the root until it answers, whatever it answers. The packets stay on the host's loopback interface.
func (s *Server) wait(ctx context.Context) error {
	query := new(dns.Msg).SetQuestion("version.bind.", dns.TypeTXT)
	query.Question[0].Qclass = dns.ClassCHAOS
	for _, a := range s.Host.Addrs {
		err := errors.New("not asked")
		for range 100 {
			if log, ended := s.Ended(); ended {
				return fmt.Errorf("%s on %s ended: %s", s.Kind, s.Host.Name, log)
			}
			if err = s.ask(ctx, a, query); err == nil || ctx.Err() != nil {
				break
			}
			time.Sleep(100 * time.Millisecond)
		}
		if err != nil {
			log, _ := os.ReadFile(s.Log)
			return fmt.Errorf("%s on %s does not answer at %s: %w: %s", s.Kind, s.Host.Name, a, err, log)
		}
	}
	return nil
}

func (s *Server) ask(ctx context.Context, a netip.Addr, query *dns.Msg) error {
	conn, err := s.Host.Dial(ctx, "udp", netip.Addr{}, netip.AddrPortFrom(a, 53))
	if err != nil {
		return err
	}
	defer conn.Close()
	client := dns.Client{Timeout: 300 * time.Millisecond}
	_, _, err = client.ExchangeWithConnContext(ctx, query, &dns.Conn{Conn: conn})
	return err
}

// config renders the family's template.
func (s *Server) config() (string, error) {
	t, err := template.New(string(s.Kind)).Funcs(template.FuncMap{"fields": strings.Fields, "contains": strings.Contains}).Parse(families[s.Kind].config)
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	err = t.Execute(&b, struct {
		Config
		Dir, Host string
		Listen    []netip.Addr
	}{s.cfg, s.Dir, s.Host.Name, s.Host.Addrs})
	return b.String(), err
}

// Version is that of a Debian package, or "" if it is not installed.
func Version(ctx context.Context, pkg string) string {
	if pkg == string(Dnsmasq) {
		pkg = "dnsmasq-base" // the program; dnsmasq is its service
	}
	out, err := exec.CommandContext(ctx, "dpkg-query", "-W", "-f", "${Version}", pkg).Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}
