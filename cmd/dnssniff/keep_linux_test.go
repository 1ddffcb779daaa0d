package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/dnssniff/dnssniff/analyze"
	"github.com/dnssniff/dnssniff/capture"
)

// keptIn returns the number of packets in a capture file, which is to be without fault.
func keptIn(t *testing.T, path string) (n uint64) {
	t.Helper()
	in, err := capture.Open([]string{path}, capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	src := in.Sources(1)[0]
	batch := make([]capture.Packet, 100)
	for {
		k, err := src.ReadBatch(batch)
		n += uint64(k)
		if err != nil {
			break
		}
	}
	for _, f := range in.Faults() {
		t.Error(f)
	}
	return n
}

// reportOf is the report that a command has printed as JSON.
func reportOf(s *sniffer) (r analyze.Report) {
	s.Helper()
	if err := json.Unmarshal([]byte(s.out.String()), &r); err != nil {
		s.Fatalf("%v: %s", err, s.out.String())
	}
	return r
}

func TestKeepsThePacketsItCounts(t *testing.T) {
	namespace(t)
	path := filepath.Join(t.TempDir(), "x.pcapng")
	s := sniff(t, "report", "-i", "vB", "-w", path, "-c", "500", "--format", "json")
	s.ask("keepsall", never)
	s.end()
	if r := reportOf(s); r.Packets.Read != 500 || keptIn(t, path) != 500 || r.Packets.NotWritten != 0 {
		t.Errorf("%+v, and %d packets in the file", r.Packets, keptIn(t, path))
	}
	s.wait(&s.errs, "500 packets written to "+path)
}

// TestKeepsUpToTheInterrupt: what was captured is in the file, and the file is whole.
func TestKeepsUpToTheInterrupt(t *testing.T) {
	namespace(t)
	path := filepath.Join(t.TempDir(), "x.pcapng")
	s := sniff(t, "print", "-i", "vB", "-w", path, "--json", "--timeout", "10ms")
	s.ask("untilend", func() bool { return strings.Contains(s.out.String(), "untilend") })
	s.interrupt()
	s.end()
	if n, lines := keptIn(t, path), strings.Count(s.out.String(), "\n"); n == 0 || int(n) < lines {
		t.Errorf("%d packets, %d lines", n, lines)
	}
}

// TestRotatesWithoutRights: in root's own directory, which nobody else may even enter, files are made though the capture is nobody by then.
func TestRotatesWithoutRights(t *testing.T) {
	namespace(t)
	dir := filepath.Join(t.TempDir(), "private")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	s := sniff(t, "print", "-i", "vB", "-w", filepath.Join(dir, "x"), "-C", "4k", "-W", "3")
	s.ask("rotation", func() bool { _, err := os.Stat(filepath.Join(dir, "x2")); return err == nil })
	if !hasCgo {
		status, err := os.ReadFile("/proc/" + strconv.Itoa(s.cmd.Process.Pid) + "/status")
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"Uid:\t65534\t65534\t65534\t65534\n", "CapEff:\t0000000000000000\n", "CapPrm:\t0000000000000000\n", "NoNewPrivs:\t1\n"} {
			if !strings.Contains(string(status), want) {
				t.Errorf("no %q in %s", want, status)
			}
		}
	}
	s.interrupt()
	s.end()
	var names []string
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		names = append(names, e.Name())
		if n := keptIn(t, filepath.Join(dir, e.Name())); n > 40 || n == 0 {
			t.Errorf("%s has %d packets", e.Name(), n)
		}
	}
	if !slices.Equal(names, []string{"x0", "x1", "x2"}) {
		t.Error(names)
	}
}

// TestLastFileEndsTheCapture: -G with -W, as tcpdump's users know it.
func TestLastFileEndsTheCapture(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes a second of packet time")
	}
	namespace(t)
	dir := t.TempDir()
	s := sniff(t, "report", "-i", "vB", "-w", filepath.Join(dir, "x-%Y"), "-G", "1", "-W", "1", "--format", "json")
	s.ask("lastfile", never)
	s.end()
	files, _ := filepath.Glob(filepath.Join(dir, "x-20*"))
	if len(files) != 1 || keptIn(t, files[0]) == 0 {
		t.Errorf("%v: %s", files, s.errs.String())
	}
}

// TestFullDisk: the packets are lost to the file, and to nothing else.
func TestFullDisk(t *testing.T) {
	namespace(t)
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=64k"); err != nil {
		t.Skipf("no file system of 64 KiB here: %v", err)
	}
	defer func() { _ = syscall.Unmount(dir, 0) }()
	path := filepath.Join(dir, "x")
	s := sniff(t, "report", "-i", "vB", "-w", path, "-c", "3000", "--format", "json")
	s.ask("fulldisk", never)
	s.end()
	r, kept := reportOf(s), keptIn(t, path)
	if r.Packets.Read != 3000 || kept == 0 || r.Packets.NotWritten != 3000-kept {
		t.Errorf("%+v, and %d packets in the file", r.Packets, kept)
	}
	s.wait(&s.errs, "not written: no space left on device\n")
}

// TestAppGoesOnWhenTheFilesAreFull: the end of -W is not that of the tables, and is said.
func TestAppGoesOnWhenTheFilesAreFull(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes a second of packet time")
	}
	namespace(t)
	args := "-i vB --timeout 10ms -G 1 -W 1 -w " + filepath.Join(t.TempDir(), "x")
	if hasCgo {
		args += " --keep-rights"
	}
	term := openTerminal(t, args)
	term.wait("nopacketyet")
	s := &sniffer{T: t, cmd: term.cmd, ended: term.ended}
	s.ask("filefull", func() bool { return strings.Contains(term.drawn(), "arewritten") })
	term.press("0")
	term.wait("filefull.example.")
	term.quit("q")
}
