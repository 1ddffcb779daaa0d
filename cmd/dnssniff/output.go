package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// openOutput opens what -o names, or returns standard output where it names nothing. The caller calls done, whose error is that of the last
// writes.
func openOutput(path string, std streams) (w io.Writer, done func() error, err error) {
	if path == "" {
		return std.out, func() error { return nil }, nil
	}
	f, err := os.Create(path)
	if err != nil {
		return nil, nil, err
	}
	return f, f.Close, nil
}

// checkOutput refuses to write over a file that is to be read, by whatever name.
func checkOutput(path string, files []string, std streams) error {
	out := statOf(std.out)
	if path != "" {
		out, _ = os.Stat(path) // what cannot be found is no input either
	}
	if out == nil || !out.Mode().IsRegular() {
		return nil
	}
	for _, f := range files {
		if in := statInput(f, std.in); in != nil && os.SameFile(in, out) {
			return usageError{fmt.Errorf("%s would be read and written over: give another output", f)}
		}
	}
	return nil
}

// statInput says what an input is; nil where that is not to be known.
func statInput(path string, stdin io.Reader) os.FileInfo {
	if path == "-" {
		return statOf(stdin)
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil
	}
	return info
}

// statOf says what a stream is, where it is a file at all.
func statOf(stream any) os.FileInfo {
	f, ok := stream.(*os.File)
	if !ok {
		return nil
	}
	info, err := f.Stat()
	if err != nil {
		return nil
	}
	return info
}

// look is how text may look on what it is written to.
type look struct {
	terminal bool
	width    int // columns, where it is a terminal
	color    bool
	ascii    bool
}

// lookOf decides by what is written to, and by the environment.
func lookOf(w io.Writer) look {
	width, terminal := isTerminal(w)
	return look{
		terminal: terminal,
		width:    width,
		color:    terminal && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb",
		ascii:    !utf8Locale(),
	}
}

// utf8Locale says whether the environment's character set is UTF-8; where nothing is set it is taken to be.
func utf8Locale() bool {
	names := []string{os.Getenv("LC_ALL"), os.Getenv("LC_CTYPE"), os.Getenv("LANG")}
	i := slices.IndexFunc(names, func(s string) bool { return s != "" })
	if i < 0 {
		return true
	}
	up := strings.ToUpper(names[i])
	return strings.Contains(up, "UTF-8") || strings.Contains(up, "UTF8")
}
