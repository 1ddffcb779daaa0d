package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestInterfaceGoesAndComes: each change is said when it comes, and the capture goes on.
func TestInterfaceGoesAndComes(t *testing.T) {
	namespace(t)
	s := sniff(t, "print", "-i", "vB", "--timeout", "10ms")
	seen := func(name string) func() bool {
		return func() bool { return strings.Contains(s.out.String(), name) }
	}
	s.ask("thefirst", seen("thefirst"))
	commands(t, "ip link set vB down")
	s.wait(&s.errs, "vB is down: the capture goes on when it is up again\n")
	commands(t, "ip link set vB up")
	s.wait(&s.errs, "vB is up again\n")
	s.ask("secondly", seen("secondly"))
	commands(t, "ip link del vA")
	s.wait(&s.errs, "vB is away: the capture goes on when it is up again\n")
	pair(t)
	s.until("not up a second time", func() bool { return strings.Count(s.errs.String(), "vB is up again\n") == 2 })
	s.ask("thethird", seen("thethird"))
	commands(t, "ip link del vA")
	s.until("not away a second time", func() bool { return strings.Count(s.errs.String(), "vB is away") == 2 })
	s.interrupt()
	s.end()
	s.wait(&s.errs, "warning: vB was not up all the time: 3 times away or down, and now away\n")
}

// TestEndsWhileTheInterfaceIsAway: with what was counted until then.
func TestEndsWhileTheInterfaceIsAway(t *testing.T) {
	namespace(t)
	path := filepath.Join(t.TempDir(), "x")
	s := sniff(t, "report", "-i", "vB", "-w", path)
	s.ask("counted1", func() bool {
		info, err := os.Stat(path)
		return err == nil && info.Size() > 4000
	})
	commands(t, "ip link del vA")
	s.wait(&s.errs, "is away")
	s.interrupt()
	s.end()
	if out := s.out.String(); !strings.Contains(out, "counted1") || !strings.Contains(out, "1 client") {
		t.Error(out)
	}
}

func TestInspectFirstMatch(t *testing.T) {
	namespace(t)
	s := sniff(t, "inspect", "-i", "vB", "--where", `name == "thematch.example." && status == "unanswered"`, "--timeout", "10ms")
	s.wait(&s.errs, "listening on vB, link type EN10MB, buffer 64 MiB; rights: ")
	s.ask("nomatch1", s.captures)
	s.ask("thematch", never)
	s.end()
	if out := s.out.String(); !strings.Contains(out, "QNAME: thematch.example.\n") || strings.Contains(out, "nomatch1") {
		t.Error(out)
	}
}

func TestAdapterTimeOfNoAdapter(t *testing.T) {
	namespace(t)
	s := sniff(t, "report", "-i", "vB", "--time-stamp-type", "adapter")
	if err := <-s.ended; err == nil {
		t.Error("it captures")
	}
	if got, want := s.errs.String(), "dnssniff: vB: no adapter time: the adapter does not stamp all packets: "+
		"--time-stamp-type host takes times from this machine\n"; got != want {
		t.Errorf("%q", got)
	}
}

// TestAppSavesWithoutRights: w and r write to the directory that was given, and say why they do not elsewhere.
func TestAppSavesWithoutRights(t *testing.T) {
	namespace(t)
	dir := filepath.Join(t.TempDir(), "private")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	args := "-i vB --timeout 10ms --save-dir " + dir
	if hasCgo {
		args += " --keep-rights"
	}
	term := openTerminal(t, args)
	term.wait("nopacketyet")
	s := &sniffer{T: t, cmd: term.cmd, ended: term.ended}
	s.ask("savethis", func() bool { return strings.Contains(term.drawn(), "unanswered") })
	term.press("0")
	term.wait("savethis.example.")
	const clear = "\x15"
	if !hasCgo {
		term.press("w" + clear + "kept.pcapng\r")
		term.wait("writtentokept.pcapng")
		term.press("r" + clear + "kept.json\r")
		term.wait("reportwrittentokept.json")
		term.press("r" + clear + "kept.json\r")
		term.wait("fileexists")
		term.press("r" + clear + "/tmp/kept.json\r")
		term.wait("rightsaregivenup")
	} else {
		there := func(name string) func() bool { // the message is too long for the screen
			return func() bool { _, err := os.Stat(filepath.Join(dir, name)); return err == nil }
		}
		term.press("w" + clear + dir + "/kept.pcapng\r")
		s.until("nothing is saved", there("kept.pcapng"))
		term.press("r" + clear + dir + "/kept.json\r")
		s.until("nothing is saved", there("kept.json"))
	}
	term.quit("q")
	if keptIn(t, filepath.Join(dir, "kept.pcapng")) == 0 {
		t.Error("no packets")
	}
	if raw, err := os.ReadFile(filepath.Join(dir, "kept.json")); err != nil || !strings.Contains(string(raw), "savethis.example.") {
		t.Errorf("%v: %s", err, raw)
	}
}
