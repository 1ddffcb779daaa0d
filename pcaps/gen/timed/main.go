//go:build unix

// Command timed runs a command once, its output thrown away, and prints what it cost on one line, with tabs between: the label, wall,
// user and system time in seconds, the greatest resident set and, on Linux, the greatest anonymous memory, both in KiB. The second is
// what a program takes beyond the files that it maps.
//
//	timed [-stdin FILE] LABEL COMMAND [ARGUMENT...]
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"
)

func main() {
	stdin := flag.String("stdin", "", "`file` to give to the command as standard input")
	flag.Parse()
	if flag.NArg() < 2 {
		fmt.Fprintln(os.Stderr, "usage: timed [-stdin FILE] LABEL COMMAND [ARGUMENT...]")
		os.Exit(2)
	}
	if err := run(flag.Arg(0), *stdin, flag.Args()[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "timed:", err)
		os.Exit(1)
	}
}

func run(label, stdin string, args []string) error {
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stderr = os.Stderr
	if stdin != "" {
		f, err := os.Open(stdin)
		if err != nil {
			return err
		}
		defer f.Close()
		cmd.Stdin = f
	}
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return err
	}
	done, peak := make(chan struct{}), make(chan int)
	go func() { peak <- watch(cmd.Process.Pid, done) }()
	err := cmd.Wait()
	wall := time.Since(began)
	close(done)
	anonymous := <-peak
	if err != nil {
		return fmt.Errorf("%s: %w", strings.Join(args, " "), err)
	}
	s := cmd.ProcessState
	fmt.Printf("%s\t%.4f\t%.4f\t%.4f\t%d\t%d\n", label, wall.Seconds(), s.UserTime().Seconds(), s.SystemTime().Seconds(), resident(s), anonymous)
	return nil
}

// resident returns the greatest resident set in KiB.
func resident(s *os.ProcessState) int64 {
	usage, ok := s.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	kib := int64(usage.Maxrss)    //nolint:unconvert // it has 32 bits on some systems
	if runtime.GOOS == "darwin" { // bytes there
		kib /= 1024
	}
	return kib
}

// watch looks at a process's anonymous memory every few milliseconds until done is closed, and returns the greatest, in KiB.
func watch(pid int, done <-chan struct{}) (peak int) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return peak
		case <-tick.C:
			peak = max(peak, anonymous(pid))
		}
	}
}

// anonymous returns a process's anonymous memory in KiB; 0 where the system does not say.
func anonymous(pid int) (kib int) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, rest, found := strings.Cut(string(b), "RssAnon:")
	if !found {
		return 0
	}
	if _, err := fmt.Sscan(rest, &kib); err != nil {
		return 0
	}
	return kib
}
