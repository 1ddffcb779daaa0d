package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/dnssniff/dnssniff/capture/live/privilege/opener"
)

// saver creates what the application writes.
type saver struct {
	dir   string // absolute
	start string // where relative paths begin
	files creator
	err   error // why there are none
}

// newSaver makes a saver to a directory, "" for the one it was started in. Where it cannot create files, it says so when it is asked to.
func newSaver(dir string, keepsRights bool) *saver {
	s := &saver{}
	if s.start, s.err = os.Getwd(); s.err != nil {
		return s
	}
	s.dir = s.path(dir)
	s.files, s.err = newCreator(opener.Config{Dir: s.dir}, keepsRights)
	return s
}

// path makes a path absolute.
func (s *saver) path(p string) string {
	if filepath.IsAbs(p) {
		return filepath.Clean(p)
	}
	return filepath.Join(s.start, p)
}

// create creates a file that is not there yet.
func (s *saver) create(path string) (*os.File, error) {
	if s.err != nil {
		return nil, s.err
	}
	if _, direct := s.files.(*directCreator); direct {
		return createNew(path)
	}
	if filepath.Base(path) == path {
		path = filepath.Join(s.dir, path)
	}
	if filepath.Dir(s.path(path)) != s.dir {
		return nil, fmt.Errorf("rights are given up: files can be written to %s only (--save-dir names another)", s.dir)
	}
	return s.files.Create(filepath.Base(path))
}

func (s *saver) close() error {
	if s == nil || s.files == nil {
		return nil
	}
	return s.files.Close()
}
