//go:build linux

// Package netns builds a small internet out of Linux network namespaces: hosts, each on a link of its own to one router, with
// processes and Go code inside. It needs root, iproute2, util-linux, ethtool, and nftables and tcpdump for what they do. No
// packet leaves the namespaces, and Close takes everything away that was started.
package netns

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// Lab is a router and the hosts around it. Its methods may be called from several goroutines.
type Lab struct {
	tag string
	dir string // for logs
	// Seed makes the impairments of links the same in each run. It is read by [Host.Impair].
	Seed uint64

	starts chan func() // see start
	router *Host
	mu     sync.Mutex
	hosts  []*Host
	procs  []*Process
	wires  []*wire
}

// New makes a lab with nothing but its router. Namespaces are named tag-HOST; logs go to dir. The caller calls Close.
func New(tag, dir string) (*Lab, error) {
	l := &Lab{tag: tag, dir: dir, starts: make(chan func())}
	go l.starter()
	router, err := l.namespace("router")
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	l.router = router
	if err := router.sysctl("net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1", "net.ipv4.icmp_ratelimit=0", "net.ipv6.icmp.ratelimit=0"); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// Sweep deletes what labs of killed processes have left: the namespaces PREFIXpid-HOST whose process is no more. Their daemons went with it.
func Sweep(prefix string) error {
	entries, err := os.ReadDir("/run/netns")
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var errs []error
	for _, e := range entries {
		if pid, ok := owner(e.Name(), prefix); ok && errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
			errs = append(errs, ip("netns", "del", e.Name()))
		}
	}
	return errors.Join(errs...)
}

// owner is the process whose lab has a namespace.
func owner(space, prefix string) (pid int, ok bool) {
	number, ok := strings.CutPrefix(space, prefix)
	if !ok {
		return 0, false
	}
	number, _, ok = strings.Cut(number, "-")
	if !ok {
		return 0, false
	}
	pid, err := strconv.Atoi(number)
	return pid, err == nil && pid > 0
}

// Router is the host that all links lead to. It has the first address of each host's networks.
func (l *Lab) Router() *Host { return l.router }

// Close stops every process, in the order opposite to their start, and deletes the namespaces. It is called once.
func (l *Lab) Close() error {
	l.mu.Lock()
	procs, wires, hosts := l.procs, l.wires, l.hosts
	l.procs, l.wires, l.hosts = nil, nil, nil
	l.mu.Unlock()
	var errs []error
	for i := len(procs) - 1; i >= 0; i-- {
		errs = append(errs, procs[i].Stop())
	}
	for _, w := range wires {
		w.close()
	}
	for _, h := range hosts {
		errs = append(errs, h.delete())
	}
	close(l.starts)
	return errors.Join(errs...)
}

// Nft loads nftables rules in the router: a file in nft's syntax, such as
//
//	table inet lab { chain c { type filter hook forward priority 0; tcp dport 53 drop
//	} }
func (l *Lab) Nft(rules string) error {
	cmd := l.router.Command(context.Background(), "nft", "-f", "-")
	cmd.Stdin = strings.NewReader(strings.TrimSpace(rules) + "\n")
	return run(cmd)
}

// Host is a network namespace.
type Host struct {
	Name string
	// Addrs are the addresses of its link, in the order given; the first of a family is the source of what does not choose.
	Addrs []netip.Addr

	lab      *Lab
	space    string // the namespace's name
	prefixes []netip.Prefix
	wire     *wire // nil while nothing impairs the link
}

// namespace makes an empty one.
func (l *Lab) namespace(name string) (*Host, error) {
	h := &Host{Name: name, lab: l, space: l.tag + "-" + name}
	if err := ip("netns", "add", h.space); err != nil {
		return nil, err
	}
	l.mu.Lock()
	l.hosts = append(l.hosts, h)
	l.mu.Unlock()
	return h, errors.Join(ip("-n", h.space, "link", "set", "dev", "lo", "up"), h.sysctl("net.ipv6.conf.default.accept_dad=0", "net.ipv6.conf.default.accept_ra=0",
		"net.ipv6.conf.default.router_solicitations=0", "net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.default.rp_filter=0"))
}

// Host makes a host with a link to the router, named eth0 inside and r-NAME at the router, without checksum offload, so that captures
// hold the checksums of the wire. Addresses are in CIDR notation; the router takes the first address of each network, so no two hosts
// can have addresses in one network. A name has at most 12 characters.
func (l *Lab) Host(name string, addrs ...string) (*Host, error) {
	h, err := l.namespace(name)
	if err != nil {
		return nil, err
	}
	for _, a := range addrs {
		p, err := netip.ParsePrefix(a)
		if err != nil {
			return nil, fmt.Errorf("host %s: %w", name, err)
		}
		h.prefixes, h.Addrs = append(h.prefixes, p), append(h.Addrs, p.Addr())
	}
	if err := ip("link", "add", "name", h.link(), "netns", l.router.space, "type", "veth", "peer", "name", "eth0", "netns", h.space); err != nil {
		return nil, err
	}
	if err := errors.Join(h.plain("eth0"), l.router.plain(h.link())); err != nil {
		return nil, err
	}
	for _, p := range h.prefixes {
		if err := h.address("eth0", p); err != nil {
			return nil, err
		}
	}
	return h, errors.Join(h.attach(), h.routes())
}

// link is the name of the router's end.
func (h *Host) link() string { return "r-" + h.Name }

// plain brings an interface up without offloads.
func (h *Host) plain(dev string) error {
	return errors.Join(run(h.Command(context.Background(), "ethtool", "-K", dev, "tx", "off", "rx", "off", "gso", "off", "gro", "off", "tso", "off")),
		ip("-n", h.space, "link", "set", "dev", dev, "up"))
}

func (h *Host) address(dev string, p netip.Prefix) error {
	args := []string{"-n", h.space, "addr", "add", p.String(), "dev", dev}
	if p.Addr().Is6() {
		args = append(args, "nodad")
	}
	return ip(args...)
}

// attach gives the router's end of the link the first address of each network.
func (h *Host) attach() error {
	for _, p := range h.networks() {
		if err := h.lab.router.address(h.link(), gateway(p)); err != nil {
			return err
		}
	}
	return nil
}

func (h *Host) routes() error {
	var errs []error
	var has [2]bool
	for _, p := range h.networks() {
		family := 0
		if p.Addr().Is6() {
			family = 1
		}
		if !has[family] {
			errs = append(errs, ip("-n", h.space, "route", "add", "default", "via", gateway(p).Addr().String(), "dev", "eth0"))
		}
		has[family] = true
	}
	return errors.Join(errs...)
}

// networks are those of the host's addresses, each once.
func (h *Host) networks() []netip.Prefix {
	var out []netip.Prefix
	seen := map[netip.Prefix]bool{}
	for _, p := range h.prefixes {
		if n := p.Masked(); !seen[n] {
			seen[n] = true
			out = append(out, n)
		}
	}
	return out
}

// gateway is the first address of a network, the router's.
func gateway(network netip.Prefix) netip.Prefix {
	return netip.PrefixFrom(network.Masked().Addr().Next(), network.Bits())
}

// IPv4 and IPv6 are the host's first address of the family, or the zero Addr.
func (h *Host) IPv4() netip.Addr { return h.first(netip.Addr.Is4) }

// IPv6 is the host's first IPv6 address, or the zero Addr.
func (h *Host) IPv6() netip.Addr { return h.first(netip.Addr.Is6) }

func (h *Host) first(is func(netip.Addr) bool) netip.Addr {
	for _, a := range h.Addrs {
		if is(a) {
			return a
		}
	}
	return netip.Addr{}
}

func (h *Host) sysctl(settings ...string) error {
	return h.Do(func() error {
		for _, s := range settings {
			key, value, _ := strings.Cut(s, "=")
			path := filepath.Join("/proc/sys", strings.ReplaceAll(key, ".", "/"))
			if err := os.WriteFile(path, []byte(value), 0o644); err != nil && !errors.Is(err, os.ErrNotExist) {
				return err
			}
		}
		return nil
	})
}

func (h *Host) delete() error { return ip("netns", "del", h.space) }

func ip(args ...string) error { return run(exec.Command("ip", args...)) }

// run reports what a command said when it failed.
func run(cmd *exec.Cmd) error {
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(cmd.Args, " "), err, strings.TrimSpace(string(out)))
	}
	return nil
}
