package main

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/dnssniff/dnssniff/capture"
	"github.com/dnssniff/dnssniff/capture/dump"
	"github.com/dnssniff/dnssniff/capture/live/privilege/opener"
)

// keepOptions are the flags about files that the packets of an interface are written to. They mean what they mean to tcpdump.
type keepOptions struct {
	path    string
	size    string
	seconds uint32
	count   int
}

func (o *keepOptions) flags(f *pflag.FlagSet) {
	f.StringVarP(&o.path, "write", "w", "", "keep the interface's packets in `FILE` (pcapng)")
	f.StringVarP(&o.size, "file-size", "C", "", "next file after `N` million bytes (or 9k, 9m, 9g)")
	f.Uint32VarP(&o.seconds, "rotate", "G", 0, "next file after `N` seconds; see strftime(3)")
	f.IntVarP(&o.count, "file-count", "W", 0, "ring of `N` files (-C), or end after N (-G)")
}

// Units of -C, as tcpdump has them.
var sizeUnits = map[byte]float64{'k': 1 << 10, 'K': 1 << 10, 'm': 1 << 20, 'M': 1 << 20, 'g': 1 << 30, 'G': 1 << 30}

// bytes returns what -C says.
func (o *keepOptions) bytes() (int64, error) {
	if o.size == "" {
		return 0, nil
	}
	number, unit := o.size, 1e6
	if u, ok := sizeUnits[number[len(number)-1]]; ok {
		number, unit = number[:len(number)-1], u
	}
	n, err := strconv.ParseUint(number, 10, 32)
	if size := float64(n) * unit; err == nil && n > 0 && size < math.MaxInt64 {
		return int64(size), nil
	}
	return 0, usageError{fmt.Errorf("-C is a number of million bytes, or one with k, m or g behind it, not %q", o.size)}
}

// rotates says whether there is more than one file.
func (o *keepOptions) rotates() bool { return o.size != "" || o.seconds > 0 }

// check judges the flags.
func (o *keepOptions) check(live bool) error {
	switch {
	case o.path == "" && (o.rotates() || o.count != 0):
		return usageError{errors.New("-C, -G and -W are about the files of -w: give its name")}
	case o.path == "":
		return nil
	case !live:
		return usageError{errors.New("-w writes the packets of an interface: give -i IFACE")}
	case o.path == "-":
		return usageError{errors.New("-w - is not possible, as the output goes there: give a file, or use tcpdump -w - | dnssniff print -")}
	case o.count < 0 || o.count > 0 && !o.rotates():
		return usageError{errors.New("-W N is for N files of -C or -G")}
	case o.count > 0 && o.size != "" && o.seconds > 0:
		return usageError{errors.New("-W goes with -C or with -G, not with both")}
	case o.rotates() && (strings.HasPrefix(filepath.Base(o.path), ".") || strings.Contains(filepath.Dir(o.path), "%") && o.seconds > 0):
		return usageError{fmt.Errorf("-w %s: files in turn are in one directory, and not hidden", o.path)}
	}
	_, err := o.bytes()
	return err
}

// pattern returns how the files are named.
func (o *keepOptions) pattern() dump.Pattern {
	p := dump.Pattern{Text: filepath.Base(o.path), Timed: o.seconds > 0}
	if o.size != "" {
		for n := o.count - 1; n > 0; n /= 10 {
			p.Digits++
		}
	}
	return p
}

// keeper keeps packets.
type keeper struct {
	*dump.Dump
	name  string
	ring  int // files, 0 for no ring
	files creator
	done  chan struct{} // closed when all is written; nil before there are packets
}

// creator makes files. An [*opener.Opener] is one.
type creator interface {
	Create(name string) (*os.File, error)
	Rotate(at dump.Slot, name string) (*os.File, error)
	Close() error
}

// keep opens the first file, and what opens those after it when the rights are gone. ended is called at the end of -W.
func (o *keepOptions) keep(about capture.Interface, packets uint64, keepsRights bool, ended func()) (*keeper, error) {
	size, err := o.bytes()
	if err != nil {
		return nil, err
	}
	k := &keeper{name: o.path}
	if o.size != "" {
		k.ring = o.count
	}
	p := o.pattern()
	first := dump.Slot{Time: time.Now()}
	open := func(dump.Slot) (dump.File, error) { return os.Create(o.path) }
	if o.rotates() {
		if k.files, err = newCreator(opener.Config{Dir: filepath.Dir(o.path), Pattern: p}, keepsRights); err != nil {
			return nil, fmt.Errorf("-w %s: %w", o.path, err)
		}
		open = func(at dump.Slot) (dump.File, error) {
			return k.files.Rotate(at, filepath.Join(filepath.Dir(o.path), p.Name(at)))
		}
	}
	at, err := open(first)
	if err != nil {
		return nil, errors.Join(err, k.close())
	}
	k.Dump, err = dump.New(dump.Options{
		Rotation:  dump.Rotation{Size: size, Every: time.Duration(o.seconds) * time.Second, Count: o.count, Numbered: !strings.Contains(p.Text, "%")},
		Interface: about, Packets: packets, Ended: ended, Start: first.Time,
		Open: func(s dump.Slot) (dump.File, error) {
			if f := at; f != nil {
				at = nil
				return f, nil
			}
			return open(s)
		},
	})
	return k, err
}

// run writes the packets of a source, beside the caller.
func (k *keeper) run(src capture.Source) {
	k.done = make(chan struct{})
	go func() {
		_ = k.Run(src) // the others have the same error
		close(k.done)
	}()
}

// wait waits until all is written.
func (k *keeper) wait() {
	if k != nil && k.done != nil {
		<-k.done
	}
}

func (k *keeper) close() error {
	if k == nil || k.files == nil {
		return nil
	}
	return k.files.Close()
}

// summary says what was written.
func (k *keeper) summary() string {
	st := k.Stats()
	where := k.name
	if st.Files != 1 {
		where = fmt.Sprintf("%d files of %s", st.Files, k.name)
	}
	if ring := uint64(k.ring); ring > 0 && st.Files > ring {
		where += fmt.Sprintf(", of which the last %d are kept", ring)
	}
	said := fmt.Sprintf("%d packets written to %s", st.Packets, where)
	if st.Lost > 0 {
		said += fmt.Sprintf("; %d not written%s", st.Lost, k.why(st))
	}
	return said
}

// why says what keeps packets from being written, after a colon.
func (k *keeper) why(st dump.Stats) string {
	var path *os.PathError
	switch {
	case st.Trouble == nil:
		return ""
	case errors.As(st.Trouble, &path):
		return ": " + path.Err.Error()
	}
	return ": " + st.Trouble.Error()
}
