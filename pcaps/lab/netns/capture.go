//go:build linux

package netns

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"syscall"
	"time"
)

// CaptureOptions say how a capture is taken.
type CaptureOptions struct {
	Interface string // default eth0; "any" gives cooked captures
	LinkType  string // tcpdump's -y, such as LINUX_SLL; default: the interface's
	Nano      bool   // nanoseconds
	Snaplen   int    // 0: whole packets
	Filter    string // a tcpdump expression; empty: all
}

// Capture records at one of the host's interfaces until stop is called. The file's ending says the format: .pcap (tcpdump), .pcapng
// (dumpcap), either with .gz behind. It is complete when stop has returned nil; a packet that the kernel dropped is an error.
func (h *Host) Capture(file string, o CaptureOptions) (stop func() error, err error) {
	plain := strings.TrimSuffix(file, ".gz")
	name, args, ready := "tcpdump", tcpdump(plain, o), "listening on"
	if strings.HasSuffix(plain, ".pcapng") {
		name, args, ready = "dumpcap", dumpcap(plain, o), "File: "
	}
	p, err := h.Start(name, args...)
	if err != nil {
		return nil, err
	}
	if err := p.says(ready); err != nil {
		return nil, err
	}
	return func() error {
		time.Sleep(300 * time.Millisecond) // what is in the ring comes out
		if err := p.end(syscall.SIGINT); err != nil {
			return err
		}
		log, _ := p.Ended()
		if m := lost.FindString(log); m != "" {
			return fmt.Errorf("%s: %s", file, m)
		}
		if plain != file {
			return pack(plain, file)
		}
		return nil
	}, nil
}

var lost = regexp.MustCompile(`[1-9]\d* packets? dropped by kernel|[1-9]\d* dropped`)

func tcpdump(file string, o CaptureOptions) []string {
	args := []string{"-n", "-p", "-Z", "root", "-U", "--immediate-mode", "-B", "8192", "-i", o.dev(), "-s", fmt.Sprint(o.Snaplen), "-w", file}
	if o.LinkType != "" {
		args = append(args, "-y", o.LinkType)
	}
	precision := "micro"
	if o.Nano {
		precision = "nano"
	}
	return append(append(args, "--time-stamp-precision="+precision), strings.Fields(o.Filter)...)
}

func dumpcap(file string, o CaptureOptions) []string {
	args := []string{"-q", "-p", "-i", o.dev(), "-w", file}
	if o.Snaplen > 0 {
		args = append(args, "-s", fmt.Sprint(o.Snaplen))
	}
	if o.Filter != "" {
		args = append(args, "-f", o.Filter)
	}
	return args
}

func (o CaptureOptions) dev() string {
	if o.Interface == "" {
		return "eth0"
	}
	return o.Interface
}

// says waits until a process has written a word to its log.
func (p *Process) says(word string) error {
	for range 100 {
		b, err := os.ReadFile(p.Log)
		if err != nil {
			return err
		}
		if bytes.Contains(b, []byte(word)) {
			return nil
		}
		if log, ended := p.Ended(); ended {
			return fmt.Errorf("%v: ended: %s", p.cmd.Args, log)
		}
		time.Sleep(50 * time.Millisecond)
	}
	return fmt.Errorf("%v: does not say %q", p.cmd.Args, word)
}

// pack compresses a file and removes it.
func pack(from, to string) error {
	in, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return err
	}
	_, err = z.Write(in)
	return errors.Join(err, z.Close(), os.WriteFile(to, b.Bytes(), 0o644), os.Remove(from))
}
