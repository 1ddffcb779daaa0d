//go:build linux

package stage

import (
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/dnssniff/dnssniff/pcaps/lab/netns"
	"github.com/dnssniff/dnssniff/pcaps/lab/server"
	"github.com/dnssniff/dnssniff/pcaps/lab/zone"
)

// Stage is what a scenario is given: a lab, and the hosts and servers that its cast has put there.
type Stage struct {
	Net     *netns.Lab
	Dir     string     // for files; removed afterwards
	Rand    *rand.Rand // seeded by the scenario's name; for one goroutine
	Hosts   map[string]*netns.Host
	Servers map[string]*server.Server // by host
	Zones   zone.Tree
	Files   zone.Files // of Zones
	Clients []netip.Addr

	mu   sync.Mutex
	used map[string]bool // Debian packages of what spoke
	jobs sync.WaitGroup
	errs []error
}

// tag begins the names of the lab's namespaces; the process ID follows.
const tag = "lab"

func newStage(name, dir string) (*Stage, error) {
	hash := fnv.New64a()
	_, _ = hash.Write([]byte(name))
	seed := hash.Sum64()
	if err := netns.Sweep(tag); err != nil {
		return nil, err
	}
	net, err := netns.New(fmt.Sprintf("%s%d", tag, os.Getpid()), dir)
	if err != nil {
		return nil, err
	}
	net.Seed = seed
	return &Stage{
		Net: net, Dir: dir, Rand: rand.New(rand.NewPCG(seed, 53)), Hosts: map[string]*netns.Host{"router": net.Router()},
		Servers: map[string]*server.Server{}, used: map[string]bool{},
	}, nil
}

// Host makes a host, or returns the one that there is.
func (s *Stage) Host(name string, addrs ...string) (*netns.Host, error) {
	if h := s.Hosts[name]; h != nil {
		return h, nil
	}
	h, err := s.Net.Host(name, addrs...)
	if err != nil {
		return nil, err
	}
	s.Hosts[name] = h
	return h, nil
}

// Serve starts a server on a host.
func (s *Stage) Serve(ctx context.Context, host string, kind server.Kind, cfg server.Config) (*server.Server, error) {
	h := s.Hosts[host]
	if h == nil {
		return nil, fmt.Errorf("no host %s to run %s", host, kind)
	}
	s.Uses(string(kind))
	srv, err := server.Start(ctx, h, kind, s.Dir, cfg)
	if err != nil {
		return nil, err
	}
	s.Servers[host] = srv
	return srv, nil
}

// Uses notes that a Debian package takes part, so that the description has its version.
func (s *Stage) Uses(pkg string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used[pkg] = true
}

// Go runs a part of the play in the background. Wait waits for all, and so does the end of the play.
func (s *Stage) Go(part func() error) {
	s.jobs.Go(func() {
		if err := part(); err != nil {
			s.mu.Lock()
			s.errs = append(s.errs, err)
			s.mu.Unlock()
		}
	})
}

// Wait waits for what Go started, and returns the first error.
func (s *Stage) Wait() error {
	s.jobs.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.errs) == 0 {
		return nil
	}
	return s.errs[0]
}

// Write writes a file into the stage's directory and returns its path.
func (s *Stage) Write(name, text string) (string, error) {
	path := filepath.Join(s.Dir, name)
	return path, os.WriteFile(path, []byte(strings.TrimLeft(text, "\n")), 0o644)
}
